"""What the forecasts leave: how errors are distributed, and whether the clock or the calendar explains them."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.stats import kurtosis, norm

from lstmkit.analysis.errors.predictions import LastStep, varies
from lstmkit.analysis.resampling.statistics import (
    FEWEST_DAYS,
    DailySums,
    central_interval,
    contributions_to_mean,
    resample_blocks,
)
from lstmkit.data.overview import WEEKDAYS
from lstmkit.params import EvaluationParams

BINS, MOST_BLOCKS = 61, 120
QUANTILES = {"q10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "q90": 0.9}
FAR, REACH = 3.0, 8.0  # standard deviations: of a tail, and of the histogram
NORMALLY_FAR = 2 * float(norm.sf(FAR))  # share of a normal distribution that lies as far from the mean


class ResidualsFacts(TypedDict):
    """Centre, spread and tails of the errors at the last step, and what hour and weekday explain."""

    bias: float
    bias_interval: list[float] | None
    sd: float
    share_beyond_three_sd: float
    excess_kurtosis: float | None
    variance_explained_by_hour: float | None
    variance_explained_by_weekday: float | None
    unit: str


@dataclass(frozen=True)
class Residuals:
    """Errors at the last step, forecast minus true value.

    Attributes:
        edges: of the histogram's cells, in the target's unit.
        density: share of windows per cell and unit.
        beyond: windows whose error lies outside the histogram.
        mean: of the errors.
        mean_interval: of the mean, over resampled blocks of days; none where there are too few.
        sd: standard deviation.
        far: share of errors more than three standard deviations from the mean.
        excess_kurtosis: zero for a normal distribution; none where the errors are constant.
        over_time: quantiles by the local day, or block of days, of the time that the forecast is for.
        block_days: days per block.
        by_hour: quantiles and mean by the local hour of that time, with the interval of the mean.
        by_weekday: the same by its weekday, Monday is 0.
        confidence: of the intervals.
        last: the forecasts.
    """

    edges: Float[np.ndarray, "edge"]
    density: Float[np.ndarray, "cell"]
    beyond: int
    mean: float
    mean_interval: tuple[float, float] | None
    sd: float
    far: float
    excess_kurtosis: float | None
    over_time: pd.DataFrame
    block_days: int
    by_hour: pd.DataFrame
    by_weekday: pd.DataFrame
    confidence: float
    last: LastStep

    @property
    def normal(self) -> Float[np.ndarray, "edge"] | None:
        """Density at the edges of a normal distribution of the same mean and spread; none where there is no spread."""
        return norm.pdf(self.edges, self.mean, self.sd) if self.sd > 0 else None

    def to_frame(self) -> pd.DataFrame:
        """Errors by hour and weekday in long form."""
        named = self.by_weekday.rename(index=dict(enumerate(WEEKDAYS)))
        return pd.concat({"hour": self.by_hour, "weekday": named}, names=["by", "group"])

    @property
    def middle_half(self) -> tuple[float, float]:
        """Between which half of the errors lie, a quarter below and a quarter above."""
        low, high = np.quantile(self.last.error, [0.25, 0.75])
        return float(low), float(high)

    @property
    def span_by_hour(self) -> pd.Series:
        """From the 10 % to the 90 % quantile of the errors, by local hour."""
        return self.by_hour["q90"] - self.by_hour["q10"]

    @property
    def most_biased_block(self) -> pd.Timestamp:
        """The middle of the day, or block of days, whose median error is farthest from zero."""
        return self.over_time["median"].abs().idxmax()

    def biased(self, groups: pd.DataFrame) -> pd.DataFrame | None:
        """The groups whose interval leaves zero out; none where there are no intervals.

        Args:
            groups: `by_hour` or `by_weekday`.
        """
        if "mean_low" not in groups:
            return None
        return groups[(groups["mean_low"] > 0) | (groups["mean_high"] < 0)]

    def explained_by(self, groups: pd.DataFrame) -> float:
        """Share of the variance that lies between the groups' means.

        Args:
            groups: `by_hour` or `by_weekday`.
        """
        between = (groups["windows"] * (groups["mean"] - self.mean) ** 2).sum()
        return float(between / (len(self.last) * self.sd**2))

    def facts(self) -> ResidualsFacts:
        """Centre, spread and tails, and what hour and weekday explain."""
        constant = self.excess_kurtosis is None
        return {
            "bias": self.mean,
            "bias_interval": None if self.mean_interval is None else list(self.mean_interval),
            "sd": self.sd,
            "share_beyond_three_sd": self.far,
            "excess_kurtosis": self.excess_kurtosis,
            "variance_explained_by_hour": None if constant else self.explained_by(self.by_hour),
            "variance_explained_by_weekday": None if constant else self.explained_by(self.by_weekday),
            "unit": self.last.unit,
        }


def residuals(last: LastStep, params: EvaluationParams, seed: int) -> Residuals:
    """Describe the errors at the last step.

    Args:
        last: forecasts and true values.
        params: resamplings of the days that the forecasts are for, and their confidence.
        seed: of the resamplings.
    """
    error, clock = last.error, last.time.tz_localize(None)
    mean, sd = float(error.mean()), float(error.std()) if varies(error, last.observed) else 0.0
    distance = np.abs(error - mean)
    reach = min(distance.max(), REACH * sd) or 1.0
    edges = mean + np.linspace(-reach, reach, BINS + 1)
    density = np.histogram(error, bins=edges)[0] / (len(error) * np.diff(edges))
    day = (clock.normalize() - clock[0].normalize()).days.to_numpy()
    block_days = -(-(day[-1] + 1) // MOST_BLOCKS)
    blocks = describe_groups(error, day // block_days)
    blocks.index = clock[0].normalize() + pd.to_timedelta((blocks.index + 0.5) * block_days, unit="D")
    alone = _with_intervals(error, np.zeros(len(error), int), last.time, params, seed).iloc[0]
    return Residuals(
        edges=edges,
        density=density,
        beyond=int((distance > reach).sum()) if sd > 0 else 0,
        mean=mean,
        mean_interval=(float(alone["mean_low"]), float(alone["mean_high"])) if "mean_low" in alone else None,
        sd=sd,
        far=float((distance > FAR * sd).mean()) if sd > 0 else 0.0,
        excess_kurtosis=float(kurtosis(error)) if sd > 0 else None,
        over_time=blocks,
        block_days=int(block_days),
        by_hour=_with_intervals(error, clock.hour.to_numpy(), last.time, params, seed),
        by_weekday=_with_intervals(error, clock.day_of_week.to_numpy(), last.time, params, seed),
        confidence=params.confidence,
        last=last,
    )


def describe_groups(values: Float[np.ndarray, "window"], group: np.ndarray) -> pd.DataFrame:
    """Number, mean and quantiles of each group.

    Args:
        values: per window.
        group: to which each belongs.

    Returns:
        One row per group, with `windows`, `mean`, `q10`, `q25`, `median`, `q75` and `q90`.
    """
    grouped = pd.Series(values).groupby(group)
    quantiles = grouped.quantile(list(QUANTILES.values())).unstack().set_axis(list(QUANTILES), axis=1)
    return pd.concat([grouped.size().rename("windows"), grouped.mean().rename("mean"), quantiles], axis=1)


def _with_intervals(
    error: Float[np.ndarray, "window"],
    group: np.ndarray,
    time: pd.DatetimeIndex,
    params: EvaluationParams,
    seed: int,
) -> pd.DataFrame:
    """Groups with the interval of each mean over resampled blocks of days, where all of them come up on enough days."""
    described = describe_groups(error, group)
    inside = group[:, None] == described.index.to_numpy()
    days = DailySums()
    days.add(time, np.stack([inside * error[:, None], inside.astype(float)], axis=1))
    by_day = days.total
    if (by_day[:, 1] > 0).sum(axis=0).min() < FEWEST_DAYS:
        return described
    draws = resample_blocks(contributions_to_mean(by_day[:, 0], by_day[:, 1]), params.bootstrap, seed)
    sums, sizes = np.moveaxis(np.tensordot(draws, by_day, 1), 1, 0)
    ends = [
        central_interval(total[size > 0] / size[size > 0], params.confidence)
        for total, size in zip(sums.T, sizes.T, strict=True)
    ]
    return described.assign(mean_low=[low for low, _ in ends], mean_high=[high for _, high in ends])
