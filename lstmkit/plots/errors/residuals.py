"""Figure of the errors: their distribution, and their course over time, and over the cycles of the calendar."""

import numpy as np
import pandas as pd
from matplotlib import dates as mdates
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lstmkit.analysis.errors.residuals import Residuals
from lstmkit.plots.style import ACCENT, INK, WARM, axes_grid, date_axis, light_grid, power_ticks
from lstmkit.wording import digits, signed_beside

TICKS = {
    "weekday": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "month": tuple("JFMAMJJASOND"),
    "quarter": ("Q1", "Q2", "Q3", "Q4"),
}


def plot_residuals(residuals: Residuals) -> Figure:
    """Panels of errors: distribution, over time, and by hour and weekday, or what of the calendar the steps resolve.

    Args:
        residuals: of one model.
    """
    rows = 1 if not residuals.groups else 2
    figure, panels = axes_grid(rows, 2, height=2.8 * rows, squeeze=False)
    first, second, *others = panels.ravel()
    _distribution(first, residuals)
    days = mdates.date2num(residuals.over_time.index)
    _boxes(second, residuals.over_time, days, 0.9 * residuals.block_days)
    margin = pd.Timedelta(days=0.7 * residuals.block_days)
    date_axis(
        second, residuals.over_time.index[0] - margin, residuals.over_time.index[-1] + margin, most_ticks=6
    )
    second.set_title("Over time")
    for axes in others[len(residuals.groups) :]:
        axes.remove()
    drawn = others[: len(residuals.groups)]
    for axes, (kind, groups) in zip(drawn, residuals.groups.items(), strict=True):
        _groups(axes, kind, groups)
    for axes in (second, *drawn):
        axes.set_ylabel(f"error ({residuals.last.unit})")
        light_grid(axes)
    return figure


def _distribution(axes: Axes, residuals: Residuals) -> None:
    unit = residuals.last.unit
    axes.stairs(residuals.density, residuals.edges, fill=True, color=ACCENT, alpha=0.6, label="errors")
    if residuals.normal is not None:
        axes.plot(residuals.edges, residuals.normal, color=INK, lw=1, ls="--", label="normal")
    axes.axvline(residuals.mean, color=WARM, lw=1.3)
    axes.set_yscale("log")
    power_ticks(axes.yaxis)
    smallest = residuals.density[residuals.density > 0].min()
    axes.set_ylim(smallest / 2, residuals.density.max() * 4)
    axes.annotate(
        f"mean {signed_beside(residuals.mean, residuals.sd)} {unit}\nsd {digits(residuals.sd)} {unit}",
        (0.03, 0.97), xycoords="axes fraction", va="top", fontsize=8, linespacing=1.4,
    )  # fmt: skip
    axes.legend(loc="upper right", fontsize=8)
    axes.set_xlabel(f"error: forecast − observed ({unit})")
    axes.set_ylabel(f"share per {unit}\n(logarithmic scale)")
    axes.set_title("Distribution")


def _groups(axes: Axes, kind: str, groups: pd.DataFrame) -> None:
    """Errors by the parts of one cycle."""
    _boxes(axes, groups, groups.index, 0.8 if kind == "hour" else 0.6)
    if kind == "hour":
        axes.set_xticks(range(0, 24, 3))
        axes.set_xlabel("local hour")
    else:
        axes.set_xticks(range(len(TICKS[kind])), TICKS[kind])
    axes.set_xlim(-0.6, (23 if kind == "hour" else len(TICKS[kind]) - 1) + 0.6)
    axes.set_title(f"By {'hour of the day' if kind == 'hour' else kind}")


def _boxes(axes: Axes, groups: pd.DataFrame, x: np.ndarray | pd.Index, width: float) -> None:
    """Eight tenths, half and median of each group; its mean with an interval, where it has one."""
    axes.use_sticky_edges = False
    for low, high, strength in (("q10", "q90", 0.25), ("q25", "q75", 0.4)):
        axes.bar(x, groups[high] - groups[low], width, groups[low], color=ACCENT, alpha=strength, lw=0)
    axes.hlines(groups["median"], x - width / 2, x + width / 2, color=ACCENT, lw=1.2)
    axes.axhline(0, color=INK, lw=0.8)
    if "mean_low" in groups:
        axes.vlines(x, groups["mean_low"], groups["mean_high"], color=WARM, lw=1.2)
        axes.plot(x, groups["mean"], "o", color=WARM, ms=3)
