"""Maps of single windows, averaged in a stream, and what the averages say of features and past hours."""

from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.analysis.resampling.statistics import RunningMean
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.windows import Windows

TOLERABLE_GAP = 0.05  # of the completeness of integrated gradients
ROUNDING = 1e-9  # hours; keeps whole hours whole


class MethodFacts(TypedDict):
    """What one method attributes to features and hours.

    Attributes:
        shares: percent of the whole absolute attribution, by feature.
        hours_of_half: how many of the newest hours hold half of it.
        hours_of_nine_tenths: how many hold nine tenths.
    """

    shares: dict[str, float]
    hours_of_half: float
    hours_of_nine_tenths: float


@dataclass(frozen=True)
class Attribution:
    """Attributions of one method, averaged over windows.

    In the target's unit per standard deviation of the feature (gradients) or in the target's unit (all others).

    Attributes:
        method: name for titles.
        unit: of the values.
        magnitude: mean absolute attribution, shape (time, feature).
        magnitude_error: its standard error.
        signed: mean signed attribution, shape (time, feature).
        signed_error: its standard error.
        by_feature: mean over windows of the absolute attribution summed over time, shape (feature,).
        by_feature_error: its standard error.
        by_step: mean over windows of the absolute attribution summed over features, shape (time,).
        by_step_error: its standard error.
        by_hour: the same summed over each whole hour before the origin, newest hour last, shape (hour,).
        by_hour_error: its standard error.
        features: names.
        hours_before: hours from each input step to the forecast's origin, shape (time,); zero is the newest.
        explained: what the scalar is.
        n_windows: windows that were averaged.
        completeness_error: for integrated gradients, the mean over windows of the absolute difference between the sum
            of the attributions and the change of the forecast from the baseline, relative to the mean absolute change;
            None for methods that promise no such sum.
        baseline: what the windows are compared with: "centre", "window mean" or "given values"; None for methods that
            do not compare.
        calendar: of the series.
    """

    method: str
    unit: str
    magnitude: Float[np.ndarray, "time feature"]
    magnitude_error: Float[np.ndarray, "time feature"]
    signed: Float[np.ndarray, "time feature"]
    signed_error: Float[np.ndarray, "time feature"]
    by_feature: Float[np.ndarray, "feature"]
    by_feature_error: Float[np.ndarray, "feature"]
    by_step: Float[np.ndarray, "time"]
    by_step_error: Float[np.ndarray, "time"]
    by_hour: Float[np.ndarray, "hour"]
    by_hour_error: Float[np.ndarray, "hour"]
    features: tuple[str, ...]
    hours_before: Float[np.ndarray, "time"]
    explained: str
    n_windows: int
    completeness_error: float | None = None
    baseline: str | None = None
    calendar: Calendar = HOURLY

    @property
    def share(self) -> pd.Series:
        """Percent of the whole absolute attribution that each feature holds, largest first; zero where all is zero."""
        share = 100 * self.by_feature / (self.by_feature.sum() or 1.0)
        return pd.Series(share, index=list(self.features)).sort_values(ascending=False)

    @property
    def incomplete(self) -> bool:
        """Whether the attributions miss what they promise to add up to, so that nothing can be read from them."""
        return self.completeness_error is not None and self.completeness_error > TOLERABLE_GAP

    @property
    def hours(self) -> Float[np.ndarray, "hour"]:
        """Hours before the origin at which the newest step of each entry of `by_hour` can lie, oldest first."""
        return np.unique(np.floor(self.hours_before + ROUNDING))[::-1]

    def to_frame(self) -> pd.DataFrame:
        """The heatmaps in long form: one row per step and feature."""
        index = pd.MultiIndex.from_product(
            [self.hours_before, self.features], names=["hours_before", "feature"]
        )
        columns = ["magnitude", "magnitude_error", "signed", "signed_error"]
        return pd.DataFrame({name: getattr(self, name).ravel() for name in columns}, index=index)

    def features_frame(self) -> pd.DataFrame:
        """Absolute attribution per feature, its standard error, and the share in percent, largest first."""
        frame = pd.DataFrame(
            {"total": self.by_feature, "standard_error": self.by_feature_error},
            index=pd.Index(self.features, name="feature"),
        )
        frame["share_percent"] = self.share
        return frame.sort_values("total", ascending=False)

    def steps_frame(self) -> pd.DataFrame:
        """Absolute attribution per step and its standard error."""
        index = pd.Index(self.hours_before, name="hours_before")
        return pd.DataFrame({"total": self.by_step, "standard_error": self.by_step_error}, index=index)

    def facts(self) -> MethodFacts:
        """Shares in percent, and the newest hours that hold half and nine tenths, for the summary."""
        return {
            "shares": {str(name): float(share) for name, share in self.share.items()},
            "hours_of_half": self.hours_holding(0.5),
            "hours_of_nine_tenths": self.hours_holding(0.9),
        }

    def hours_holding(self, share: float) -> float:
        """How many of the newest hours hold a share of the whole absolute attribution.

        Args:
            share: between 0 and 1.
        """
        newest_first = np.cumsum(self.by_step[::-1])
        step = self.hours_before[0] / max(1, len(self.hours_before) - 1)
        enough = np.searchsorted(newest_first, share * newest_first[-1])
        return float(self.hours_before[::-1][enough] + step)


class MeansOfMaps:
    """Means over windows of maps, and of their sums over time, features and hours; keeps no map.

    Args:
        windows: which the maps are of, for the hours of their steps.
    """

    def __init__(self, windows: Windows):
        self._hour_starts = _hour_starts(windows)
        self._means = {
            name: RunningMean() for name in ("magnitude", "signed", "by_feature", "by_step", "by_hour")
        }

    def add(self, maps: Float[np.ndarray, "window time feature"]) -> None:
        """Take in the maps of a batch.

        Args:
            maps: signed, in the unit of the averages.
        """
        absolute = np.abs(maps)
        by_step = absolute.sum(axis=2)
        by_hour = np.add.reduceat(by_step, self._hour_starts, axis=1)
        batch = (absolute, maps, absolute.sum(axis=1), by_step, by_hour)
        for mean, values in zip(self._means.values(), batch, strict=True):
            mean.add(values)

    def fields(self) -> dict[str, Any]:
        """The means and their standard errors, by their names in `Attribution`."""
        errors = {f"{name}_error": mean.standard_error for name, mean in self._means.items()}
        return {name: mean.mean for name, mean in self._means.items()} | errors


def _hour_starts(windows: Windows) -> np.ndarray:
    hour = np.floor(windows.hours_before() + ROUNDING)
    return np.flatnonzero(np.diff(hour, prepend=np.inf))
