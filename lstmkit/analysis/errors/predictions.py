"""Forecasts beside what came true: the whole test part, and one week that stands for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int

from lstmkit.data.finite import check_finite
from lstmkit.data.windows import Windows, spread_evenly
from lstmkit.storage.files import Rows

MOST_WINDOWS, MOST_POINTS = 200_000, 3_000
FULL = 0.9  # a week counts as full with this share of the windows of the fullest
HOUR = pd.Timedelta("1h")
SHORTEST_FAN, LATE = 6 * HOUR, HOUR
FAN_DAYS = (0, 2, 4)  # after Monday
ROUNDING = 1e-9


@dataclass(frozen=True)
class LastStep:
    """Forecasts of the last step of the horizon, in order of time.

    Attributes:
        forecast: in the target's unit, shape (window,).
        observed: the true values.
        latest: the true values at the origins.
        origin: local time from which each forecast starts.
        time: local time that each forecast is for.
        origin_rows: rows of the series from which the forecasts start.
        rows: that they are for.
        n_windows: windows that there are; where they are too many to keep, these are spread evenly over them.
        hours_ahead: from origin to time.
        unit: the target's.
    """

    forecast: Float[np.ndarray, "window"]
    observed: Float[np.ndarray, "window"]
    latest: Float[np.ndarray, "window"]
    origin: pd.DatetimeIndex
    time: pd.DatetimeIndex
    origin_rows: Int[np.ndarray, "window"]
    rows: Int[np.ndarray, "window"]
    n_windows: int
    hours_ahead: float
    unit: str

    def __len__(self) -> int:
        return len(self.forecast)

    @property
    def error(self) -> Float[np.ndarray, "window"]:
        """Forecast minus true value."""
        return self.forecast - self.observed


class OverlayFacts(TypedDict):
    """RMSE of the full weeks, in the target's unit."""

    weeks: int
    lowest_weekly_rmse: float
    median_weekly_rmse: float
    highest_weekly_rmse: float
    hardest_week: str  # its Monday
    unit: str


@dataclass(frozen=True)
class Overlay:
    """Forecasts and true values at the time that they are for.

    Attributes:
        course: one row per point, indexed by local time, with `observed`, `forecast` and `stretch`, the number of the
            stretch between gaps.
        week: the same for every window of one week.
        fans: whole forecasts of that week, indexed by local time, from the origin on.
        weeks: RMSE and number of windows by the Monday of each full week.
        monday: of the week that is shown.
        thinned_to: time between the points of `course`.
        last: what is drawn.
    """

    course: pd.DataFrame
    week: pd.DataFrame
    fans: tuple[pd.Series, ...]
    weeks: pd.DataFrame
    monday: pd.Timestamp
    thinned_to: pd.Timedelta
    last: LastStep

    def to_frame(self) -> pd.DataFrame:
        """True value and forecast by local time, as in the upper panel."""
        return self.course[["observed", "forecast"]].rename_axis("time")

    def facts(self) -> OverlayFacts:
        """RMSE of the easiest, the median and the hardest week."""
        rmse = self.weeks["rmse"]
        return {
            "weeks": len(rmse),
            "lowest_weekly_rmse": float(rmse.min()),
            "median_weekly_rmse": float(rmse.median()),
            "highest_weekly_rmse": float(rmse.max()),
            "hardest_week": f"{rmse.idxmax():%Y-%m-%d}",
            "unit": self.last.unit,
        }


def varies(values: Float[np.ndarray, "window"], observed: Float[np.ndarray, "window"]) -> bool:
    """Whether values differ by more than the rounding of the true values.

    Args:
        values: forecasts or errors.
        observed: the true values.
    """
    return bool(np.ptp(values) > ROUNDING * np.abs(observed).max())


def walk(
    predictions: Rows, windows: Windows, size: int = 256
) -> Iterator[tuple[Windows, Float[np.ndarray, "window horizon"]]]:
    """Windows in order of time, some at a time, with their forecasts.

    Args:
        predictions: one row per window, in the target's unit.
        windows: in order of time.
        size: windows at a time; blocks of megabytes fragment the C library's heap, which then grows with every chunk.

    Raises:
        LstmkitError: a forecast is NaN or infinite.
    """
    positions = torch.arange(len(windows)).split(size)
    for some, predicted in zip(positions, predictions.chunks(size), strict=True):
        chosen = windows.select(some)
        check_finite(predicted, chosen.origin, "forecasts")
        yield chosen, predicted.astype("float64")


def last_step(predictions: Rows, windows: Windows, unit: str, most: int = MOST_WINDOWS) -> LastStep:
    """Take the last step of every forecast, or of some that are spread evenly over time.

    Args:
        predictions: one row per window, in the target's unit.
        windows: in order of time.
        unit: the target's.
        most: windows to keep.
    """
    chosen = np.zeros(len(windows), dtype=bool)
    chosen[spread_evenly(len(windows), most)] = True
    forecast, observed, first = [], [], 0
    for some, predicted in walk(predictions, windows):
        wanted = np.flatnonzero(chosen[first : first + len(some)])
        forecast.append(predicted[wanted, -1])
        observed.append(some.one(some.select(torch.from_numpy(wanted)).observed())[:, -1])
        first += len(some)
    kept = windows.select(torch.from_numpy(np.flatnonzero(chosen)))
    origin_rows = kept.origin_rows.cpu().numpy()
    return LastStep(
        forecast=np.concatenate(forecast),
        observed=np.concatenate(observed),
        latest=kept.one(kept.latest()),
        origin=kept.origin,
        time=kept.target_time,
        origin_rows=origin_rows,
        rows=origin_rows + windows.horizon,
        n_windows=len(windows),
        hours_ahead=windows.hours_ahead,
        unit=unit,
    )


def overlay(last: LastStep, predictions: Rows, windows: Windows) -> Overlay:
    """Lay forecasts over the true values, and pick the week that is nearest the median.

    Args:
        last: the last steps.
        predictions: whole forecasts, for the fans.
        windows: what they forecast.
    """
    weeks, monday_of = _weeks(last)
    monday = (weeks["rmse"] - weeks["rmse"].median()).abs().idxmin()
    step = _thinning(last, windows.interval)
    # each step is a point of its own where none is left out: days of 23 hours may begin twice in one of UTC's
    is_thinned = step > windows.interval
    begins_bin = ~last.time.tz_convert("UTC").floor(step).duplicated() | (not is_thinned)
    return Overlay(
        course=_points(last, begins_bin, step),
        week=_points(last, monday_of == monday, windows.interval),
        fans=_fans(predictions, windows, monday)
        if windows.horizon * windows.interval >= SHORTEST_FAN
        else (),
        weeks=weeks,
        monday=monday,
        thinned_to=step,
        last=last,
    )


def _thinning(last: LastStep, interval: pd.Timedelta) -> pd.Timedelta:
    """Whole hours between points, so that there are not too many of them."""
    span = (last.time[-1] - last.time[0]) / MOST_POINTS
    return max(interval, HOUR, span.ceil("1h"))


def _points(last: LastStep, chosen: Bool[np.ndarray, "window"], step: pd.Timedelta) -> pd.DataFrame:
    time = last.time[chosen]
    after_gap = (time.to_series().diff() > 2 * max(step, HOUR)).to_numpy()
    columns = {
        "observed": last.observed[chosen],
        "forecast": last.forecast[chosen],
        "stretch": after_gap.cumsum(),
    }
    return pd.DataFrame(columns, index=time)


def _weeks(last: LastStep) -> tuple[pd.DataFrame, pd.DatetimeIndex]:
    """Errors by the Monday of each full week, and the Monday of every window."""
    clock = last.time.tz_localize(None).normalize()
    monday = clock - pd.to_timedelta(clock.day_of_week, unit="D")
    squares = pd.Series(last.error**2).groupby(np.asarray(monday)).agg(["mean", "size"])
    full = squares[squares["size"] >= FULL * squares["size"].max()]
    weeks = pd.DataFrame({"rmse": np.sqrt(full["mean"]), "windows": full["size"]}).rename_axis("monday")
    return weeks, monday


def _fans(predictions: Rows, windows: Windows, monday: pd.Timestamp) -> tuple[pd.Series, ...]:
    """Forecasts from some noons of the week; none from a noon in a gap."""
    clock = windows.origin.tz_localize(None)
    noons = [monday + pd.Timedelta(days=day, hours=12) for day in FAN_DAYS]
    nearest = [int(np.abs(clock - noon).argmin()) for noon in noons]
    positions = np.array(
        [p for p, noon in zip(nearest, noons, strict=True) if abs(clock[p] - noon) <= LATE], int
    )
    some = windows.select(torch.from_numpy(positions))
    values = np.column_stack([some.one(some.latest()), predictions.take(positions)])
    rows = some.starts.numpy()[:, None] + windows.lookback - 1 + np.arange(windows.horizon + 1)
    return tuple(pd.Series(fan, index=windows.time[row]) for fan, row in zip(values, rows, strict=True))
