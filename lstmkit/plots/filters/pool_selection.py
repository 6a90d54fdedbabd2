"""Figure of the steps that a max pool selects."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lstmkit.analysis.filters.pool_selection import PoolSelection
from lstmkit.plots.style import ACCENT, INK, MUTED, SEQUENCE, axes_grid, hours_axis, light_grid

PADDED = "#e4e7eb"


def plot_pool_selection(selection: PoolSelection) -> Figure:
    """How often each step is selected, and the share of the newest step along the lookback and by filter.

    Args:
        selection: of a model's max pool.
    """
    figure, (histogram, lookback, filters) = axes_grid(3, 1, height=7.4)
    step = _step(selection)
    centres = -selection.hours_before - step / 2
    for axes in (histogram, lookback):
        for group in selection.hours_before[selection.padded]:
            axes.axvspan(-group[0] - step, -group[-1], color=PADDED, lw=0)
        hours_axis(axes, float(selection.hours_before[0, 0] + step), calendar=selection.calendar)
        axes.set_xlim(-selection.hours_before[0, 0] - step, 0)
    _histogram(histogram, selection, centres)
    _along_the_lookback(lookback, selection, centres[:, -1])
    _by_filter(filters, selection)
    for axes in (histogram, lookback, filters):
        light_grid(axes)
    return figure


def _histogram(axes: Axes, selection: PoolSelection, centres: np.ndarray) -> None:
    for place, label in enumerate(_places(selection.size)):
        share = 100 * selection.frequency[:, place]
        axes.plot(centres[:, place], share, color=SEQUENCE[place % len(SEQUENCE)], lw=1.2, label=label)
    axes.plot(centres[:, -1], 100 * (1 - selection.decided), color=MUTED, lw=1.2, ls=":", label="tie")
    axes.set_ylim(0, 105)
    axes.set_ylabel("windows and filters (%)")
    axes.set_title("What is selected from each group of steps")
    axes.legend(loc="upper center", ncols=selection.size + 1, fontsize=8)


def _along_the_lookback(axes: Axes, selection: PoolSelection, centres: np.ndarray) -> None:
    chosen = selection.decided > 0
    x, share, error = centres[chosen], 100 * selection.newest[chosen], 100 * selection.newest_error[chosen]
    axes.axhline(100 * selection.chance, color=INK, lw=0.8, ls="--")
    axes.fill_between(
        x, *np.clip([share - 2 * error, share + 2 * error], 0, 100), color=ACCENT, alpha=0.25, lw=0
    )
    axes.plot(x, share, color=ACCENT, lw=1.2, marker="o", ms=2)
    axes.set_ylabel("newest of the group (%)")
    axes.set_title("Share of the newest step along the lookback, without ties")


def _by_filter(axes: Axes, selection: PoolSelection) -> None:
    filters = selection.choosing
    share, error = 100 * selection.by_filter[filters], 200 * selection.by_filter_error[filters]
    axes.axhline(100 * selection.chance, color=INK, lw=0.8, ls="--")
    whiskers = np.minimum(error, [share, 100 - share])  # no share lies outside
    axes.errorbar(range(len(filters)), share, yerr=whiskers, fmt="o", ms=3, color=ACCENT, ecolor=MUTED, lw=1)
    axes.set_xticks(range(len(filters)), filters, rotation=90, fontsize=6)
    axes.set_xlim(-0.7, max(len(filters), 1) - 0.3)
    axes.set_xlabel("filter of the second layer")
    axes.set_ylabel("newest of the group (%)")
    axes.set_title("Share of the newest step by filter, without ties")


def _places(size: int) -> list[str]:
    if size == 2:
        return ["older step", "newer step"]
    return [f"step {place + 1} of {size}" for place in range(size)]


def _step(selection: PoolSelection) -> float:
    """Hours from step to step."""
    hours = selection.hours_before.ravel()
    return float(hours[0] - hours[1]) if len(hours) > 1 else 1.0
