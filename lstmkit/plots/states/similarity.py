"""Figures that set two representations of the same windows side by side."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from lstmkit.analysis.states.compactness import MOST, VarianceComparison
from lstmkit.analysis.states.similarity import CanonicalCorrelations, Similarity
from lstmkit.plots.style import ACCENT, INK, MUTED, SEQUENCE, WARM, axes_grid, canvas, light_grid

PALE = "#b9cfe0"


def plot_variance_comparison(comparison: VarianceComparison) -> Figure:
    """The share of the variance that the first components of each representation hold.

    Args:
        comparison: of two representations.
    """
    figure, axes = canvas(height=3.4)
    axes.axhline(100 * MOST, color=MUTED, lw=0.8, ls="--")
    for name, curve, enough, color in zip(
        comparison.names, comparison.cumulative, comparison.components, SEQUENCE[1::-1], strict=True
    ):
        label = f"{name}: {100 * MOST:.0f} % in {enough} of {len(curve):,}"
        axes.plot(np.arange(1, len(curve) + 1), 100 * curve, color=color, lw=1.8, label=label)
        if enough:
            axes.plot(enough, 100 * curve[enough - 1], "o", color=color, ms=6)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(0, 104)
    axes.set_xlabel("number of principal components (logarithmic scale)")
    axes.set_ylabel("share of the variance\nthat they hold together (%)")
    axes.set_title("How many directions each representation fills")
    axes.legend(loc="lower right")
    light_grid(axes, "both")
    return figure


def plot_similarity(similarity: Similarity) -> Figure:
    """Canonical correlations where they were fitted and in later windows, and the centred kernel alignment.

    Args:
        similarity: of two representations.
    """
    figure, (left, right) = axes_grid(1, 2, height=3.4, width_ratios=[6, 1], sharey=True)
    if similarity.canonical is None:
        left.text(0.5, 0.5, "no canonical correlations", transform=left.transAxes, ha="center", color=MUTED)
        left.set_xticks([])
    else:
        _pairs(left, similarity.canonical)
    left.set_ylabel("correlation")
    left.set_title(f"{similarity.names[0]} and {similarity.names[1]}: canonical correlations")
    right.bar([0], [similarity.cka], color=ACCENT, width=0.5)
    _mark(right, np.zeros(1), np.array([similarity.cka_shifted]), 0.35)
    right.set_xlim(-0.6, 0.6)
    right.set_xticks([0], ["all\nwindows"])
    right.set_title("linear CKA")
    lowest = 0.0 if similarity.canonical is None else similarity.canonical.held_out.min()
    left.set_ylim(min(0.0, lowest - 0.03), 1)
    for axes in (left, right):
        light_grid(axes)
        axes.axhline(0, color=INK, lw=0.8)
    shifted, *bars = left.get_legend_handles_labels()[0] or [None]
    if bars:
        figure.legend(handles=[*bars, shifted], loc="outside lower center", ncols=3, fontsize=8)
    return figure


def _pairs(axes: Axes, pairs: CanonicalCorrelations) -> None:
    number = np.arange(1, len(pairs.held_out) + 1)
    axes.bar(
        number - 0.2,
        pairs.in_sample,
        width=0.36,
        color=PALE,
        label=f"{pairs.n_fit} windows they are fitted on",
    )
    axes.bar(
        number + 0.2,
        pairs.held_out,
        width=0.36,
        color=ACCENT,
        label=f"{pairs.n_held_out} held-out later windows",
    )
    _mark(axes, number + 0.2, pairs.shifted, 0.26, label="held-out, shifted in time (95th percentile)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(0.4, len(number) + 0.6)
    axes.set_xlabel("pair of directions")


def _mark(axes: Axes, places: np.ndarray, heights: np.ndarray, half: float, **named) -> None:
    axes.hlines(heights, places - half, places + half, color=WARM, lw=2, **named)
