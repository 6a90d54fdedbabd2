"""Puts windows back into the series from which they were cut."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from lstmkit.data.calendar import Calendar
from lstmkit.data.grid import steps_of_single_readings
from lstmkit.errors import LstmkitError
from lstmkit.wording import shown

ROUNDING = 1e-5  # of a column's largest value, by which the same value may differ between windows
FIRST = pd.Timestamp("2001-01-01")  # a Monday, at which a series without time stamps begins


def place(
    windows: Float[np.ndarray, "window step column"], first: Int[np.ndarray, "window"], n_rows: int
) -> Float[np.ndarray, "row column"]:
    """A series that holds each window from a row on; NaN where no window is.

    Args:
        windows: to be put there.
        first: row of each window's first step.
        n_rows: of the series.
    """
    series = np.full((n_rows, windows.shape[2]), np.nan)
    for step in range(windows.shape[1]):
        series[first + step] = windows[:, step]
    return series


def differing(
    windows: Float[np.ndarray, "window step column"],
    first: Int[np.ndarray, "window"],
    series: Float[np.ndarray, "row column"],
) -> tuple[int, int, int] | None:
    """The first window, step and column that a series does not hold; None where it holds all.

    Args:
        windows: that were put there.
        first: row of each window's first step.
        series: from `place`.
    """
    allowed = ROUNDING * np.nanmax(np.abs(series), axis=0)
    for step in range(windows.shape[1]):
        wrong = np.abs(series[first + step] - windows[:, step]) > allowed
        if wrong.any():
            window, column = np.argwhere(wrong)[0].tolist()
            return window, step, column
    return None


def rows_without_clock(
    x: Float[np.ndarray, "window lookback feature"], y: Float[np.ndarray, "window horizon target"]
) -> Int[np.ndarray, "window"]:
    """First row of each window without a time stamp: by the steps that windows share, or one window after another.

    Args:
        x: inputs of windows in order of time.
        y: their targets.
    """
    (n, lookback, _), horizon = x.shape, y.shape[1]
    for shift in range(1, lookback):
        first = np.arange(n) * shift
        if np.allclose(x[1:2, :-shift], x[:1, shift:], rtol=ROUNDING, atol=0) and all(
            differing(windows, rows, place(windows, rows, int(rows[-1]) + windows.shape[1])) is None
            for windows, rows in ((x, first), (y, first))
        ):
            return first
    return np.arange(n) * (lookback + horizon)


def time_without_clock(calendar: Calendar, n_rows: int) -> pd.DatetimeIndex:
    """Time stamps of a series of which none is known, from a Monday on.

    Args:
        calendar: of the series.
        n_rows: of the series.
    """
    first = FIRST.tz_localize(calendar.timezone).tz_convert("UTC")
    return calendar.starts(first, first + (n_rows + 1) * 1.1 * calendar.step)[1 : n_rows + 1]


def rows_by_clock(
    origins: pd.DatetimeIndex, calendar: Calendar, lookback: int, horizon: int
) -> tuple[Int[np.ndarray, "window"], pd.DatetimeIndex]:
    """First row of each window, and the time stamps of the rows.

    Args:
        origins: time stamps of the windows' newest input steps, with a zone.
        calendar: of the series.
        lookback: input steps.
        horizon: steps ahead.

    Raises:
        LstmkitError: the time stamps do not increase, or two are in the same step.
    """
    _require_order(origins.asi8, origins, "is not later than")
    margin, times = 1.2 * calendar.step, origins.tz_convert("UTC")
    starts = calendar.starts(times[0] - (lookback + 1) * margin, times[-1] + (horizon + 2) * margin)
    newest = steps_of_single_readings(calendar)(times, starts)
    _require_order(newest, origins, f"is in the same step of {calendar.interval} as")
    first = newest - lookback + 1
    return first - first[0], starts[first[0] : newest[-1] + horizon + 1]


def _require_order(values: Int[np.ndarray, "window"], origins: pd.DatetimeIndex, said: str) -> None:
    wrong = np.diff(values) <= 0
    if wrong.any():
        at = int(wrong.argmax()) + 1
        raise LstmkitError(
            f"origins: that of window {at} ({origins[at]}) {said} that of window {at - 1} ({origins[at - 1]}); give "
            f"the windows of one series in order of time"
        )


def joined(
    windows: Float[np.ndarray, "window step column"],
    first: Int[np.ndarray, "window"],
    time: pd.DatetimeIndex,
    names: Sequence[str],
    array: str,
) -> Float[np.ndarray, "row column"]:
    """The series of which windows are parts.

    Args:
        windows: to be put there.
        first: row of each window's first step.
        time: of the rows.
        names: of the columns.
        array: what messages call the windows.

    Raises:
        LstmkitError: windows that overlap in time hold different values.
    """
    series = place(windows, first, len(time))
    if (found := differing(windows, first, series)) is not None:
        window, step, column = found
        row = first[window] + step
        raise LstmkitError(
            f"{array}: windows that overlap differ: {shown(names[column])} at {time[row]} is "
            f"{windows[window, step, column]:.6g} in window {window} and {series[row, column]:.6g} in a later one; "
            f"give windows of one series in one scale, or leave out `origins`"
        )
    return series
