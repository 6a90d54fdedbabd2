"""At what time of day a model errs: its error aligned to the clock of the time that is forecast."""

from dataclasses import dataclass
from typing import TypedDict

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
)
from lstmkit.params import EvaluationParams

BIN_MINUTES = (30, 60, 120, 180, 240, 360, 480, 720, 1440)


class PhaseErrorFacts(TypedDict, total=False):
    """Extremes of the mean error and of the RMSE over the day; empty where no time of day was seen often enough."""

    highest_bias: float
    highest_bias_at: str
    lowest_bias: float
    lowest_bias_at: str
    largest_rmse: float
    largest_rmse_at: str
    bias_by_time_of_day_percent: float


@dataclass(frozen=True)
class PhaseError:
    """Mean error and RMSE at the last step ahead, by the local time of day of the target.

    Attributes:
        hours: of the day at which each bin begins.
        bin_hours: width of the bins.
        bias: mean of forecast − observed in the target's unit; NaN in bins seen on fewer than `FEWEST_DAYS` days.
        bias_interval: lower and upper end, from resampled blocks of days, shape (2, bin).
        rmse: root mean square error.
        rmse_interval: lower and upper end, from resampled blocks of days, shape (2, bin).
        explained: part of all squared error that the mean error by time of day holds.
        n_days: local days of the targets.
        confidence: of the intervals, at each time of day alone.
        hours_ahead: how far ahead the last step is.
        unit: of the target.
    """

    hours: Float[np.ndarray, "bin"]
    bin_hours: float
    bias: Float[np.ndarray, "bin"]
    bias_interval: Float[np.ndarray, "2 bin"]
    rmse: Float[np.ndarray, "bin"]
    rmse_interval: Float[np.ndarray, "2 bin"]
    explained: float
    n_days: int
    confidence: float
    hours_ahead: float
    unit: str

    @property
    def is_empty(self) -> bool:
        """Whether no time of day was seen often enough."""
        return not np.isfinite(self.bias).any()

    @property
    def differs(self) -> Bool[np.ndarray, "bin"]:
        """Whether zero lies outside the interval of the mean error."""
        low, high = self.bias_interval
        return (low > 0) | (high < 0)

    @property
    def n_seen(self) -> int:
        """How many times of day were seen often enough."""
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

    def clock(self, at: int) -> str:
        """The time of day at which a bin begins, as a label, for example `9:30`.

        Args:
            at: its position.
        """
        return f"{int(self.hours[at])}:{round(60 * (self.hours[at] % 1)):02d}"

    def to_frame(self) -> pd.DataFrame:
        """One row per time of day that was seen often enough."""
        columns = {"bias": self.bias, "rmse": self.rmse}
        for name, (low, high) in (("bias", self.bias_interval), ("rmse", self.rmse_interval)):
            columns |= {f"{name}_low": low, f"{name}_high": high}
        return pd.DataFrame(columns, index=pd.Index(self.hours, name="hour")).dropna()

    def facts(self) -> PhaseErrorFacts:
        """Extremes of the mean error and of the RMSE over the day, and how much the mean error holds."""
        if self.is_empty:
            return {}
        return {
            "highest_bias": float(self.bias[self.highest]),
            "highest_bias_at": self.clock(self.highest),
            "lowest_bias": float(self.bias[self.lowest]),
            "lowest_bias_at": self.clock(self.lowest),
            "largest_rmse": float(self.rmse[self.hardest]),
            "largest_rmse_at": self.clock(self.hardest),
            "bias_by_time_of_day_percent": 100 * self.explained,
        }


def phase_error(errors: Errors, params: EvaluationParams, seed: int) -> PhaseError:
    """Align the errors of the last step to the clock of the site.

    Args:
        errors: of every forecast.
        params: number of resamplings, and the confidence of the bands.
        seed: of the resamplings.
    """
    clock = errors.target_time.tz_localize(None)
    interval = errors.windows.interval / pd.Timedelta("1min")
    width = next((minutes for minutes in BIN_MINUTES if minutes >= interval), BIN_MINUTES[-1])
    at = np.asarray((clock.hour * 60 + clock.minute) // width)
    day, days = local_days(errors.target_time)
    counts, sums, squares = (
        _by_day(day, at, values, 1440 // width)
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
    is_seen = (counts > 0).sum(axis=0) >= FEWEST_DAYS
    intervals = [_interval(values, is_seen, params.confidence) for values in (drawn_bias[0], drawn_rmse[1])]
    held = np.nansum(counts.sum(axis=0) * bias**2) / (squares.sum() or 1.0)
    return PhaseError(
        hours=np.arange(1440 // width) * width / 60,
        bin_hours=width / 60,
        bias=np.where(is_seen, bias, np.nan),
        bias_interval=intervals[0],
        rmse=np.where(is_seen, rmse, np.nan),
        rmse_interval=intervals[1],
        explained=float(held),
        n_days=len(days),
        confidence=params.confidence,
        hours_ahead=errors.windows.hours_ahead,
        unit=errors.unit,
    )


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
