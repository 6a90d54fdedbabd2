"""Forecasts beside what came true: the whole test part, and one week, month or year that stands for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict, cast

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int

from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.clock import DAY, HOUR
from lstmkit.data.finite import check_finite
from lstmkit.data.windows import Windows, spread_evenly
from lstmkit.storage.files import Rows

MOST_WINDOWS, MOST_POINTS = 200_000, 3_000
FULL = {"week": 0.9, "month": 0.8, "year": 0.9}  # of the windows of the fullest: a week or other span is full
SHORTEST_FAN, LATE = 6 * HOUR, HOUR
FAN_DAYS = (0, 2, 4)  # after Monday
FANS = 3  # of a month or a year
WEEKEND = 2 * DAY
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
        calendar: of the series.
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
    calendar: Calendar = HOURLY

    def __len__(self) -> int:
        return len(self.forecast)

    @property
    def lead(self) -> str:
        """How far ahead the last step is, as people write it."""
        return self.calendar.duration(self.hours_ahead)

    @property
    def error(self) -> Float[np.ndarray, "window"]:
        """Forecast minus true value."""
        return self.forecast - self.observed


class OverlayFacts(TypedDict, total=False):
    """RMSE of the full weeks, or of months or years where steps are longer, in the target's unit."""

    weeks: int
    lowest_weekly_rmse: float
    median_weekly_rmse: float
    highest_weekly_rmse: float
    hardest_week: str  # its Monday
    months: int
    lowest_monthly_rmse: float
    median_monthly_rmse: float
    highest_monthly_rmse: float
    hardest_month: str  # its first day
    years: int
    lowest_yearly_rmse: float
    median_yearly_rmse: float
    highest_yearly_rmse: float
    hardest_year: str  # its first day
    unit: str


@dataclass(frozen=True)
class Overlay:
    """Forecasts and true values at the time that they are for.

    Attributes:
        course: one row per point, indexed by local time, with `observed`, `forecast` and `stretch`, the number of the
            stretch between gaps.
        span: the same for every window of one span of time.
        fans: whole forecasts of that span, indexed by local time, from the origin on.
        spans: RMSE and number of windows by the first day of each full span.
        begin: first day of the span that is shown.
        kind: of the spans: `week`, `month` or `year`.
        thinned_to: time between the points of `course`.
        last: what is drawn.
    """

    course: pd.DataFrame
    span: pd.DataFrame
    fans: tuple[pd.Series, ...]
    spans: pd.DataFrame
    begin: pd.Timestamp
    kind: str
    thinned_to: pd.Timedelta
    last: LastStep

    def to_frame(self) -> pd.DataFrame:
        """True value and forecast by local time, as in the upper panel."""
        return self.course[["observed", "forecast"]].rename_axis("time")

    def facts(self) -> OverlayFacts:
        """RMSE of the easiest, the median and the hardest span."""
        rmse, kind = self.spans["rmse"], self.kind
        facts = {
            f"{kind}s": len(rmse),
            f"lowest_{kind}ly_rmse": float(rmse.min()),
            f"median_{kind}ly_rmse": float(rmse.median()),
            f"highest_{kind}ly_rmse": float(rmse.max()),
            f"hardest_{kind}": f"{rmse.idxmax():%Y-%m-%d}",
            "unit": self.last.unit,
        }
        return cast(OverlayFacts, facts)  # keys name the kind of span


def varies(values: Float[np.ndarray, "window"], observed: Float[np.ndarray, "window"]) -> bool:
    """Whether values differ by more than the rounding of the true values.

    Args:
        values: forecasts or errors.
        observed: the true values.
    """
    return bool(np.ptp(values) > ROUNDING * np.abs(observed).max())


def chunked(
    predictions: Rows, windows: Windows, size: int = 256
) -> Iterator[tuple[Windows, Float[np.ndarray, "window horizon *target"]]]:
    """Windows in order of time, some at a time, with their forecasts.

    Args:
        predictions: one row per window, in the target's unit; of all targets where the rows have no column.
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


def last_step(predictions: Rows, windows: Windows, most: int = MOST_WINDOWS) -> LastStep:
    """Take the last step of every forecast, or of some that are spread evenly over time.

    Args:
        predictions: one row per window, in the target's unit.
        windows: in order of time.
        most: windows to keep.
    """
    chosen = np.zeros(len(windows), dtype=bool)
    chosen[spread_evenly(len(windows), most)] = True
    forecast, observed, first = [], [], 0
    for some, predicted in chunked(predictions, windows):
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
        unit=windows.unit,
        calendar=windows.calendar,
    )


def overlay(last: LastStep, predictions: Rows, windows: Windows) -> Overlay:
    """Lay forecasts over the true values, and pick the week, or the month or year, that is nearest the median.

    Args:
        last: the last steps.
        predictions: whole forecasts, for the fans.
        windows: what they forecast.
    """
    kind = _kind(windows.calendar)
    begins = _begins(last.time, kind)
    spans = _spans(last, begins, kind)
    begin = (spans["rmse"] - spans["rmse"].median()).abs().idxmin()
    step, is_kept = _thinning(last)
    return Overlay(
        course=_points(last, is_kept, step),
        span=_points(last, begins == begin, last.calendar.step),
        fans=_fans(predictions, windows, _fan_origins(windows, begin, kind)),
        spans=spans,
        begin=begin,
        kind=kind,
        thinned_to=step,
        last=last,
    )


def _kind(calendar: Calendar) -> str:
    """Which spans hold enough steps to be looked at and few enough to be seen."""
    if calendar.is_within_days:
        return "week"
    return "month" if calendar.resolves("week") else "year"


def _begins(local_time: pd.DatetimeIndex, kind: str) -> pd.DatetimeIndex:
    """First day of the span in which each time stamp lies; weeks begin on Monday."""
    return local_time.tz_localize(None).to_period(kind[0].upper()).start_time


def _spans(last: LastStep, begins: pd.DatetimeIndex, kind: str) -> pd.DataFrame:
    """Errors by the first day of each full span."""
    squares = pd.Series(last.error**2).groupby(np.asarray(begins)).agg(["mean", "size"])
    full = squares[squares["size"] >= FULL[kind] * squares["size"].max()]
    name = "monday" if kind == "week" else kind
    return pd.DataFrame({"rmse": np.sqrt(full["mean"]), "windows": full["size"]}).rename_axis(name)


def _thinning(last: LastStep) -> tuple[pd.Timedelta, Bool[np.ndarray, "window"]]:
    """Time between points, so that there are not too many, and which they are: one per hour or some, or each step."""
    interval = last.calendar.step
    if not last.calendar.is_within_days:
        every = -(-len(last) // MOST_POINTS)
        return every * interval, np.arange(len(last)) % every == 0
    span = (last.time[-1] - last.time[0]) / MOST_POINTS
    step = max(interval, HOUR, span.ceil("1h"))
    return step, ~last.time.tz_convert("UTC").floor(step).duplicated() | (step <= interval)


def _points(last: LastStep, chosen: Bool[np.ndarray, "window"], step: pd.Timedelta) -> pd.DataFrame:
    time = last.time[chosen]
    longest = 2 * max(step, HOUR) + (WEEKEND if last.calendar.has_business_days else 0 * DAY)
    after_gap = (time.to_series().diff() > longest).to_numpy()
    columns = {
        "observed": last.observed[chosen],
        "forecast": last.forecast[chosen],
        "stretch": after_gap.cumsum(),
    }
    return pd.DataFrame(columns, index=time)


def _fan_origins(windows: Windows, begin: pd.Timestamp, kind: str) -> Int[np.ndarray, "fan"]:
    """Windows that start at some noons of the week, none in a gap; of a month or a year, spread evenly over it."""
    if kind != "week":
        inside = np.flatnonzero(_begins(windows.origin, kind) == begin)
        return inside[:: -(-len(inside) // FANS)] if windows.horizon > 1 and len(inside) else inside[:0]
    if windows.horizon * windows.interval < SHORTEST_FAN:
        return np.zeros(0, "int64")
    clock = windows.origin.tz_localize(None)
    noons = [begin + pd.Timedelta(days=day, hours=12) for day in FAN_DAYS]
    nearest = [int(np.abs(clock - noon).argmin()) for noon in noons]
    return np.array([p for p, noon in zip(nearest, noons, strict=True) if abs(clock[p] - noon) <= LATE], int)


def _fans(predictions: Rows, windows: Windows, positions: Int[np.ndarray, "fan"]) -> tuple[pd.Series, ...]:
    """Whole forecasts, each led by the true value at its origin."""
    if not len(positions):
        return ()
    some = windows.select(torch.from_numpy(positions))
    values = np.column_stack([some.one(some.latest()), predictions.take(positions)])
    rows = some.starts.numpy()[:, None] + windows.lookback - 1 + np.arange(windows.horizon + 1)
    return tuple(pd.Series(fan, index=windows.time[row]) for fan, row in zip(values, rows, strict=True))
