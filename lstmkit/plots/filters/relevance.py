"""Figure of the filters' relation to the forecast: correlation, mutual information, and effect."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lstmkit.analysis.filters.importance import FilterImportance
from lstmkit.analysis.filters.relevance import FilterRelevance
from lstmkit.plots.style import ACCENT, INK, MUTED, axes_grid, light_grid


def plot_filter_correlation(relevance: FilterRelevance, importance: FilterImportance) -> Figure:
    """One row per filter, by the size of its correlation with the network's deviation.

    Args:
        relevance: of the second layer's filters.
        importance: of the same filters.
    """
    order = relevance.order
    figure, panels = axes_grid(1, 4, height=max(2.8, 1.3 + 0.122 * len(order)), sharey=True)
    for target, title in enumerate(("network's deviation", "whole forecast")):
        _correlations(panels[target], relevance, target)
        panels[target].set_title(f"Correlation with the\n{title}", fontsize=9)
    panels[0].sharex(panels[1])
    _information(panels[2], relevance)
    _changes(panels[3], importance, order)
    panels[0].set_yticks(range(len(order)), order, fontsize=6)
    panels[0].set_ylabel("filter of the second layer")
    panels[0].set_ylim(len(order) - 0.4, -0.6)
    for axes in panels:
        axes.tick_params(axis="y", length=0)
        light_grid(axes, "x")
    return figure


def _correlations(axes: Axes, relevance: FilterRelevance, target: int) -> None:
    order, rows = relevance.order, np.arange(len(relevance.order))
    r, low, high = (
        values[target, order] for values in (relevance.correlation, relevance.low, relevance.high)
    )
    colors = np.where(relevance.certain[target, order], ACCENT, MUTED)
    axes.axvline(0, color=INK, lw=0.8)
    axes.hlines(rows, low, high, color=colors, lw=1)
    axes.scatter(r, rows, color=colors, s=9, zorder=3)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel("Pearson's r")


def _information(axes: Axes, relevance: FilterRelevance) -> None:
    order, rows = relevance.order, np.arange(len(relevance.order))
    colors = np.where(relevance.informative[order], ACCENT, MUTED)
    axes.barh(rows, relevance.information[order], color=colors, height=0.7)
    axes.scatter(
        relevance.baseline[order], rows, marker="|", color=INK, s=26, lw=1.2, zorder=3, label="baseline"
    )
    axes.set_xlim(left=0)
    axes.set_xlabel("bits")
    axes.set_title("Mutual information\nwith the deviation", fontsize=9)


def _changes(axes: Axes, importance: FilterImportance, order: np.ndarray) -> None:
    rows = np.arange(len(order))
    axes.barh(rows, importance.change[order], color=ACCENT, height=0.7)
    axes.errorbar(
        importance.change[order], rows, xerr=importance.change_error[order], fmt="none", ecolor=INK, lw=0.8
    )
    axes.set_xlim(left=0)
    axes.set_xlabel(importance.unit)
    axes.set_title("Change of the forecast\nwithout the filter", fontsize=9)
