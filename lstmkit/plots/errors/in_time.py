"""Figures of a model's errors over the test part and over the day, the week or the year."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from lstmkit.analysis.errors.in_time import RollingError
from lstmkit.analysis.errors.phase import PhaseError
from lstmkit.findings.errors.in_time import rolling_error_finding
from lstmkit.findings.errors.phase import phase_error_finding
from lstmkit.plots.rhythms.spectra import notice
from lstmkit.plots.style import ACCENT, INK, MUTED, WARM, axes_grid, date_axis, light_grid
from lstmkit.wording import digits


def plot_rolling_error(result: RollingError) -> Figure:
    """RMSE of the forecasts of each day, or other shortest cycle, and how many of them see the group change.

    Args:
        result: over the test part.
    """
    if result.is_empty:
        return notice(rolling_error_finding(result))
    figure, (top, bottom) = axes_grid(2, 1, height=4.0, sharex=True, height_ratios=[2.2, 1])
    clock = result.time.tz_localize(None)  # matplotlib would write the dates in UTC
    top.plot(clock, result.rmse, color=ACCENT, lw=1.2)
    top.axhline(result.overall, color=MUTED, lw=1, ls="--")
    worst = result.worst
    top.plot(clock[worst], result.rmse[worst], "o", ms=5, color=WARM)
    top.annotate(
        f"{digits(result.rmse[worst])} {result.unit}",
        (clock[worst], result.rmse[worst]),
        xytext=(7, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
    )
    top.set_ylim(0, 1.1 * result.rmse[worst] or 1)
    top.set_ylabel(f"RMSE ({result.unit})")
    top.set_title(f"Error of the forecasts that start within {result.calendar.duration(result.span_hours)}")
    bottom.fill_between(clock, 0, 100 * result.crossing, color=MUTED, alpha=0.45, lw=0)
    bottom.set_ylim(0, 105)
    bottom.set_ylabel(f"change of\n{result.groups.noun} (%)")
    date_axis(bottom, clock[0], clock[-1])
    for axes in (top, bottom):
        light_grid(axes)
    return figure


def plot_phase_error(result: PhaseError) -> Figure:
    """Mean error and RMSE by the time of day, the weekday or the month of the target, with their intervals.

    Args:
        result: of the last step ahead.
    """
    if result.is_empty:
        return notice(phase_error_finding(result))
    figure, (top, bottom) = axes_grid(2, 1, height=4.2, sharex=True)
    _profile(top, result, result.bias, result.bias_interval)
    top.axhline(0, color=INK, lw=0.8)
    top.set_ylabel(f"forecast − observed\n({result.unit})")
    top.set_title(f"Mean error by {result.calendar.position_kind}")
    _profile(bottom, result, result.rmse, result.rmse_interval)
    bottom.set_ylim(bottom=0)
    bottom.set_ylabel(f"RMSE ({result.unit})")
    bottom.set_title(f"RMSE by {result.calendar.position_kind}")
    bottom.set_xlim(0, result.begins[-1] + result.width)
    if result.calendar.is_within_days:
        bottom.xaxis.set_major_locator(MultipleLocator(3))
        bottom.set_xlabel("local hour of the target")
    else:
        names = [result.name(at)[:3] for at in range(len(result.begins))]
        quarters = [result.name(at) for at in range(len(result.begins))]
        bottom.set_xticks(result.begins + result.width / 2, quarters if len(names) == 4 else names)
        bottom.set_xlabel(f"{result.calendar.position_kind} of the target")
    return figure


def _profile(axes: Axes, result: PhaseError, values: np.ndarray, interval: np.ndarray) -> None:
    middle = result.begins + result.width / 2
    axes.fill_between(middle, *interval, color=ACCENT, alpha=0.22, lw=0)
    axes.plot(middle, values, "o-", color=ACCENT, lw=1.3, ms=2.5)
    light_grid(axes, "both")
