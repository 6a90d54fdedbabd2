"""At what time of day, week or year a model errs: its error aligned to the shortest cycle of the time it is for."""

from dataclasses import dataclass
from typing import TypedDict, cast

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from lstmkit.analysis.errors.in_time import Errors
from lstmkit.analysis.resampling.statistics import (
    FEWEST_DAYS,
    central_interval,
    contributions_to_mean,
    local_days,
    resample_blocks,
    side_of_zero,
)
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.params import EvaluationParams

BIN_MINUTES = (30, 60, 120, 180, 240, 360, 480, 720, 1440)


class PhaseErrorFacts(TypedDict, total=False):
    """Extremes of the mean error and of the RMSE over the cycle; empty where no part of it was seen often enough."""

    highest_bias: float
    highest_bias_at: str
    lowest_bias: float
    lowest_bias_at: str
    largest_rmse: float
    largest_rmse_at: str
    bias_by_time_of_day_percent: float
    bias_by_time_of_week_percent: float
    bias_by_time_of_year_percent: float


@dataclass(frozen=True)
class PhaseError:
    """Mean error and RMSE at the last step ahead, by the part of the shortest cycle in which the target lies.

    Attributes:
        begins: of each bin: hours of the day, or positions of weekdays, months or quarters in their cycle.
        width: of the bins, in the same unit.
        bias: mean of forecast − observed in the target's unit; NaN in bins seen in fewer than `FEWEST_DAYS` cycles.
        bias_interval: lower and upper end, from resampled blocks of days, shape (2, bin).
        rmse: root mean square error.
        rmse_interval: lower and upper end, from resampled blocks of days, shape (2, bin).
        explained: part of all squared error that the mean error by bin holds.
        n_days: local days of the targets, or steps that are longer.
        confidence: of the intervals, in each bin alone.
        hours_ahead: how far ahead the last step is.
        unit: of the target.
        calendar: of the series.
    """

    begins: Float[np.ndarray, "bin"]
    width: float
    bias: Float[np.ndarray, "bin"]
    bias_interval: Float[np.ndarray, "2 bin"]
    rmse: Float[np.ndarray, "bin"]
    rmse_interval: Float[np.ndarray, "2 bin"]
    explained: float
    n_days: int
    confidence: float
    hours_ahead: float
    unit: str
    calendar: Calendar = HOURLY

    @property
    def is_empty(self) -> bool:
        """Whether no part of the cycle was seen often enough, or there is no cycle."""
        return not np.isfinite(self.bias).any()

    @property
    def differs(self) -> Bool[np.ndarray, "bin"]:
        """Whether zero lies outside the interval of the mean error."""
        return side_of_zero(*self.bias_interval) != 0

    @property
    def n_seen(self) -> int:
        """How many bins were seen often enough."""
        return int(np.isfinite(self.bias).sum())

    @property
    def expected_by_chance(self) -> float:
        """At how many of them the interval would leave zero out without any bias."""
        return (1 - self.confidence) * self.n_seen

    @property
    def highest(self) -> int:
        """Position of the bin with the highest mean error."""
        return int(np.nanargmax(self.bias))

    @property
    def lowest(self) -> int:
        """Position of the bin with the lowest mean error."""
        return int(np.nanargmin(self.bias))

    @property
    def hardest(self) -> int:
        """Position of the bin with the largest RMSE."""
        return int(np.nanargmax(self.rmse))

    @property
    def easiest(self) -> int:
        """Position of the bin with the smallest RMSE."""
        return int(np.nanargmin(self.rmse))

    def name(self, at: int) -> str:
        """A bin as a label, for example `9:30`, where it begins, or `Monday`.

        Args:
            at: its position.
        """
        if not self.calendar.is_within_days:
            return self.calendar.position_name(at)
        return f"{int(self.begins[at])}:{round(60 * (self.begins[at] % 1)):02d}"

    def to_frame(self) -> pd.DataFrame:
        """One row per bin that was seen often enough."""
        columns = {"bias": self.bias, "rmse": self.rmse}
        for name, (low, high) in (("bias", self.bias_interval), ("rmse", self.rmse_interval)):
            columns |= {f"{name}_low": low, f"{name}_high": high}
        if self.calendar.is_within_days:
            return pd.DataFrame(columns, index=pd.Index(self.begins, name="hour")).dropna()
        names = [self.name(at) for at in range(len(self.begins))]
        return pd.DataFrame(columns, index=pd.Index(names, name=self.calendar.position_kind)).dropna()

    def facts(self) -> PhaseErrorFacts:
        """Extremes of the mean error and of the RMSE over the cycle, and how much the mean error holds."""
        if self.is_empty or self.calendar.season is None:
            return {}
        facts = {
            "highest_bias": float(self.bias[self.highest]),
            "highest_bias_at": self.name(self.highest),
            "lowest_bias": float(self.bias[self.lowest]),
            "lowest_bias_at": self.name(self.lowest),
            "largest_rmse": float(self.rmse[self.hardest]),
            "largest_rmse_at": self.name(self.hardest),
            f"bias_by_time_of_{self.calendar.season.name}_percent": 100 * self.explained,
        }
        return cast(PhaseErrorFacts, facts)  # one key names the cycle


def phase_error(errors: Errors, params: EvaluationParams, seed: int) -> PhaseError:
    """Align the errors of the last step to the clock of the site, or to the week or the year where steps are longer.

    Args:
        errors: of every forecast.
        params: number of resamplings, and the confidence of the bands.
        seed: of the resamplings.
    """
    calendar = errors.windows.calendar
    at, n_bins, width = _bins(errors.target_time, calendar)
    day, days = local_days(errors.target_time)
    counts, sums, squares = (
        _by_day(day, at, values, n_bins)
        for values in (np.ones(len(errors.last)), errors.last, errors.last**2)
    )
    bias, rmse = _profile(counts.sum(axis=0), sums.sum(axis=0), squares.sum(axis=0))
    drawn_bias, drawn_rmse = (
        _profile(draws @ counts, draws @ sums, draws @ squares)
        for draws in (
            resample_blocks(contributions_to_mean(values, counts), params.bootstrap, seed)
            for values in (sums, squares)
        )
    )
    is_seen = _cycles_seen(errors.target_time, at, n_bins, calendar) >= FEWEST_DAYS
    intervals = [_interval(values, is_seen, params.confidence) for values in (drawn_bias[0], drawn_rmse[1])]
    held = np.nansum(counts.sum(axis=0) * bias**2) / (squares.sum() or 1.0)
    return PhaseError(
        begins=np.arange(n_bins) * width,
        width=width,
        bias=np.where(is_seen, bias, np.nan),
        bias_interval=intervals[0],
        rmse=np.where(is_seen, rmse, np.nan),
        rmse_interval=intervals[1],
        explained=float(held),
        n_days=len(days),
        confidence=params.confidence,
        hours_ahead=errors.windows.hours_ahead,
        unit=errors.windows.unit,
        calendar=calendar,
    )


def _bins(local_time: pd.DatetimeIndex, calendar: Calendar) -> tuple[Int[np.ndarray, "window"], int, float]:
    """The bin of each time stamp, how many bins there are, and their width: half hours, or longer steps."""
    if not calendar.is_within_days:
        return calendar.position(local_time), calendar.n_positions, 1.0
    interval = calendar.step / pd.Timedelta("1min")
    width = next((minutes for minutes in BIN_MINUTES if minutes >= interval), BIN_MINUTES[-1])
    clock = local_time.tz_localize(None)
    return np.asarray((clock.hour * 60 + clock.minute) // width), 1440 // width, width / 60


def _cycles_seen(
    local_time: pd.DatetimeIndex, at: Int[np.ndarray, "window"], n_bins: int, calendar: Calendar
) -> Int[np.ndarray, "bin"]:
    """In how many different cycles each bin comes up; none where the steps resolve no cycle."""
    if calendar.season is None:
        return np.zeros(n_bins, "int64")
    cycle = local_time.tz_localize(None).to_period(calendar.season.name[0].upper())
    pairs = np.unique(np.stack([at, pd.factorize(cycle)[0]]), axis=1)
    return np.bincount(pairs[0], minlength=n_bins)


def _by_day(
    day: Int[np.ndarray, "window"],
    at: Int[np.ndarray, "window"],
    values: Float[np.ndarray, "window"],
    n_bins: int,
) -> Float[np.ndarray, "day bin"]:
    n_days = int(day.max()) + 1
    return np.bincount(day * n_bins + at, values, n_days * n_bins).reshape(n_days, n_bins)


def _profile(counts: np.ndarray, sums: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and root mean square per bin; NaN where there is nothing."""
    known = np.where(counts > 0, counts, np.nan)
    return sums / known, np.sqrt(squares / known)


def _interval(
    values: Float[np.ndarray, "draw bin"], is_seen: Bool[np.ndarray, "bin"], confidence: float
) -> Float[np.ndarray, "2 bin"]:
    """Ends over the resamplings that contain the bin, for the bins that were seen often enough."""
    interval = np.full((2, values.shape[1]), np.nan)
    for at in np.flatnonzero(is_seen):
        drawn = values[:, at]
        interval[:, at] = central_interval(drawn[np.isfinite(drawn)], confidence)
    return interval
