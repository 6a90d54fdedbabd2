"""Figure of the errors: their distribution, and their course over time, hours and weekdays."""

import numpy as np
import pandas as pd
from matplotlib import dates as mdates
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lstmkit.analysis.errors.residuals import Residuals
from lstmkit.plots.style import ACCENT, INK, WARM, axes_grid, date_axis, light_grid, power_ticks
from lstmkit.wording import digits, signed_beside

WEEKDAY_TICKS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def plot_residuals(residuals: Residuals) -> Figure:
    """Four panels of errors: distribution, by day, by hour and by weekday.

    Args:
        residuals: of one model.
    """
    figure, ((first, second), (third, fourth)) = axes_grid(2, 2, height=5.6)
    _distribution(first, residuals)
    days = mdates.date2num(residuals.over_time.index)
    _boxes(second, residuals.over_time, days, 0.9 * residuals.block_days)
    margin = pd.Timedelta(days=0.7 * residuals.block_days)
    date_axis(
        second, residuals.over_time.index[0] - margin, residuals.over_time.index[-1] + margin, most_ticks=6
    )
    second.set_title("Over time")
    _boxes(third, residuals.by_hour, residuals.by_hour.index, 0.8)
    third.set_xticks(range(0, 24, 3))
    third.set_xlim(-0.6, 23.6)
    third.set_xlabel("local hour")
    third.set_title("By hour of the day")
    _boxes(fourth, residuals.by_weekday, residuals.by_weekday.index, 0.6)
    fourth.set_xticks(range(7), WEEKDAY_TICKS)
    fourth.set_xlim(-0.6, 6.6)
    fourth.set_title("By weekday")
    for axes in (second, third, fourth):
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
