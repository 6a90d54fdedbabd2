"""Figure of what the filters do with each period."""

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from lstmkit.analysis.filters.frequency_response import KINDS, FrequencyResponse
from lstmkit.data.calendar import Calendar
from lstmkit.plots.style import INK, MUTED, SEQUENCE, axes_grid, time_ticks
from lstmkit.wording import feature_label

COLORS = dict(
    zip(KINDS, (SEQUENCE[0], SEQUENCE[2], SEQUENCE[5], SEQUENCE[3], SEQUENCE[1], SEQUENCE[4]), strict=True)
)
TICKS = (5, 10, 20, 30, 60, 120, 240, 480, 720, 1440, 2880, 4320, 10080)  # minutes
SPARSE = 1.9  # ratio of neighbouring ticks


def plot_frequency_response(response: FrequencyResponse) -> Figure:
    """Gain of every filter by period, and what the filters do with each feature.

    Args:
        response: of the first layer.
    """
    height = max(1.8, 0.14 * max(len(response.strongest), len(response.shares)))
    figure, ((left, right), (below_left, below_right)) = axes_grid(
        2, 2, height=1.5 + height, width_ratios=[1.35, 1], height_ratios=[height, 0.5]
    )
    mesh = _gains(left, response)
    _kinds(right, response)
    bar = figure.colorbar(mesh, cax=below_left.inset_axes((0, 0.6, 1, 0.3)), orientation="horizontal")
    bar.outline.set_visible(False)
    bar.set_label("gain relative to the filter's largest", color=MUTED, fontsize=8)
    below_right.legend(*right.get_legend_handles_labels(), loc="upper center", ncols=3, fontsize=8)
    for axes in (below_left, below_right):
        axes.axis("off")
    return figure


def _gains(axes: Axes, response: FrequencyResponse) -> QuadMesh:
    order = response.order
    mesh = axes.pcolormesh(
        response.periods,
        np.arange(len(order)),
        response.relative_gain[order],
        cmap="Blues",
        vmin=0,
        vmax=1,
        shading="nearest",
        rasterized=True,
    )
    axes.set_xscale("log")
    axes.set_xlim(response.periods[0], response.periods[-1])  # slow on the left, as low frequencies
    axes.set_xticks(_ticks(response))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(partial(_period, calendar=response.calendar)))
    names = [f"{number} {feature_label(response.strongest[number])}" for number in order]
    axes.set_yticks(range(len(order)), names, fontsize=6)
    for label, number in zip(axes.get_yticklabels(), order, strict=True):
        label.set_color(COLORS[response.kind[number]])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("period")
    axes.set_title("Gain for the feature weighed most")
    return mesh


def _kinds(axes: Axes, response: FrequencyResponse) -> None:
    shares = response.shares
    left = np.zeros(len(shares))
    for kind in shares.columns:
        axes.barh(range(len(shares)), shares[kind], left=left, height=0.75, color=COLORS[kind], label=kind)
        left += shares[kind].to_numpy()
    axes.set_yticks(range(len(shares)), [feature_label(name) for name in shares.index])
    axes.get_yticklabels()[-1].set_fontstyle("italic")
    axes.axhline(len(shares) - 1.5, color=INK, lw=0.8)
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("filters (%)")
    axes.set_title("Kinds of filter by feature")


def _ticks(response: FrequencyResponse) -> list[float]:
    """Round periods in hours, far enough apart to be read."""
    ticks: list[float] = []
    periods = response.periods
    for hours in time_ticks([minutes / 60 for minutes in TICKS], response.calendar):
        inside = periods[-1] <= 1.001 * hours and hours <= periods[0]
        if inside and (not ticks or hours >= SPARSE * ticks[-1]):
            ticks.append(hours)
    return ticks


def _period(hours: float, _: int | None, calendar: Calendar) -> str:
    if not calendar.is_within_days:
        return calendar.duration(hours)
    return f"{60 * hours:.0f} min" if hours < 0.999 else f"{hours:g} h"
