"""What the forecasts leave: how errors are distributed, and whether the clock or the calendar explains them."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict, cast

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
    side_of_zero,
)
from lstmkit.data.calendar import Cycle
from lstmkit.data.clock import DAY, place_in, place_name
from lstmkit.params import EvaluationParams

BINS, MOST_BLOCKS = 61, 120
SLACK = 0.99  # of a cycle, for years have no whole number of days
FEWEST_CYCLES = 2  # that longer steps must cover to be grouped by a cycle
QUANTILES = {"q10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "q90": 0.9}
FAR, REACH = 3.0, 8.0  # standard deviations: of a tail, and of the histogram
NORMALLY_FAR = 2 * float(norm.sf(FAR))  # share of a normal distribution that lies as far from the mean


class ResidualsFacts(TypedDict):
    """Centre, spread and tails of the errors at the last step, and what the cycles that the steps resolve explain."""

    bias: float
    bias_interval: list[float] | None
    sd: float
    share_beyond_three_sd: float
    excess_kurtosis: float | None
    variance_explained_by_hour: NotRequired[float | None]
    variance_explained_by_weekday: NotRequired[float | None]
    variance_explained_by_month: NotRequired[float | None]
    variance_explained_by_quarter: NotRequired[float | None]
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
        over_time: quantiles by the local day or longer step, or block of them, of the time that the forecast is for.
        block_size: days per block, or steps where these are longer.
        block_days: its length in days.
        groups: quantiles and mean by the `hour` of that time, its `weekday` (Monday is 0), its `month` or `quarter`
            (the first is 0), as the steps resolve them, with the interval of the mean.
        too_short: for which of these groups the errors cover too little time, each with its cycle.
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
    block_size: int
    block_days: float
    groups: dict[str, pd.DataFrame]
    too_short: dict[str, str]
    confidence: float
    last: LastStep

    @property
    def normal(self) -> Float[np.ndarray, "edge"] | None:
        """Density at the edges of a normal distribution of the same mean and spread; none where there is no spread."""
        return norm.pdf(self.edges, self.mean, self.sd) if self.sd > 0 else None

    def to_frame(self) -> pd.DataFrame:
        """Errors by the groups in long form; all of them alone where there are none."""
        named = {
            name: groups
            if name == "hour"
            else groups.rename(index={at: place_name(name, int(at)) for at in groups.index})
            for name, groups in self.groups.items()
        }
        whole = {"all": describe_groups(self.last.error, np.zeros(len(self.last), int))}
        return pd.concat(named or whole, names=["by", "group"])

    @property
    def middle_half(self) -> tuple[float, float]:
        """Between which half of the errors lie, a quarter below and a quarter above."""
        low, high = np.quantile(self.last.error, [0.25, 0.75])
        return float(low), float(high)

    @property
    def span(self) -> pd.Series:
        """From the 10 % to the 90 % quantile of the errors, by the first of the groups, such as the local hour."""
        first = next(iter(self.groups.values()))
        return first["q90"] - first["q10"]

    @property
    def most_biased_block(self) -> pd.Timestamp:
        """The middle of the day or step, or block of them, whose median error is farthest from zero."""
        return self.over_time["median"].abs().idxmax()

    def biased(self, groups: pd.DataFrame) -> pd.DataFrame | None:
        """The groups whose interval leaves zero out; none where there are no intervals.

        Args:
            groups: one of `groups`.
        """
        if "mean_low" not in groups:
            return None
        low, high = (groups[name].to_numpy() for name in ("mean_low", "mean_high"))
        return groups[side_of_zero(low, high) != 0]

    def explained_by(self, groups: pd.DataFrame) -> float:
        """Share of the variance that lies between the groups' means.

        Args:
            groups: one of `groups`.
        """
        between = (groups["windows"] * (groups["mean"] - self.mean) ** 2).sum()
        return float(between / (len(self.last) * self.sd**2))

    def facts(self) -> ResidualsFacts:
        """Centre, spread and tails, and what the groups explain."""
        constant = self.excess_kurtosis is None
        explained = {
            f"variance_explained_by_{name}": None if constant else self.explained_by(groups)
            for name, groups in self.groups.items()
        }
        facts = {
            "bias": self.mean,
            "bias_interval": None if self.mean_interval is None else list(self.mean_interval),
            "sd": self.sd,
            "share_beyond_three_sd": self.far,
            "excess_kurtosis": self.excess_kurtosis,
            **explained,
            "unit": self.last.unit,
        }
        return cast(ResidualsFacts, facts)  # keys name the groups


def residuals(last: LastStep, params: EvaluationParams, seed: int) -> Residuals:
    """Describe the errors at the last step.

    Args:
        last: forecasts and true values.
        params: resamplings of the days that the forecasts are for, and their confidence.
        seed: of the resamplings.
    """
    error = last.error
    mean, sd = float(error.mean()), float(error.std()) if varies(error, last.observed) else 0.0
    distance = np.abs(error - mean)
    reach = min(distance.max(), REACH * sd) or 1.0
    edges = mean + np.linspace(-reach, reach, BINS + 1)
    density = np.histogram(error, bins=edges)[0] / (len(error) * np.diff(edges))
    over_time, block_size, block_days = _blocks(last)
    kinds = {cycle: last.calendar.place_kind(cycle) for cycle in last.calendar.rhythms}
    positions = {kind: place_in(kind, last.time) for cycle, kind in kinds.items() if _is_covered(last, cycle)}
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
        over_time=over_time,
        block_size=block_size,
        block_days=block_days,
        too_short={kind: cycle.name for cycle, kind in kinds.items() if kind not in positions},
        groups={
            name: _with_intervals(error, group, last.time, params, seed) for name, group in positions.items()
        },
        confidence=params.confidence,
        last=last,
    )


def _blocks(last: LastStep) -> tuple[pd.DataFrame, int, float]:
    """Errors by the middle of each day or block of days, how many days a block has, and its length in days.

    Of steps longer than a day, blocks have whole steps.
    """
    clock = last.time.tz_localize(None)
    if last.calendar.step <= DAY:
        day = (clock.normalize() - clock[0].normalize()).days.to_numpy()
        size = int(-(-(day[-1] + 1) // MOST_BLOCKS))
        blocks = describe_groups(last.error, day // size)
        blocks.index = clock[0].normalize() + pd.to_timedelta((blocks.index + 0.5) * size, unit="D")
        return blocks, size, float(size)
    step = pd.factorize(clock)[0]
    size = -(-(int(step[-1]) + 1) // MOST_BLOCKS)
    blocks = describe_groups(last.error, step // size)
    half = (size - 1) * last.calendar.step / 2
    blocks.index = pd.DatetimeIndex(pd.Series(clock).groupby(step // size).min()) + half
    return blocks, size, size * last.calendar.step / DAY


def _is_covered(last: LastStep, cycle: Cycle) -> bool:
    """Whether longer steps cover a cycle often enough: each month seen once is a course, and no season."""
    span = last.time[-1] - last.time[0] + last.calendar.step
    return last.calendar.is_within_days or span >= FEWEST_CYCLES * cycle.length * SLACK


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
