"""Which filters specialise: their activity where the target is low, medium and high."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from lstmkit.analysis.filters.activity import FilterActivity
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.regimes import Regimes
from lstmkit.data.windows import Windows


class RegimeFacts(TypedDict, total=False):
    """Per layer the most specialised filter and what the regime explains of it; nothing for a single regime."""

    most_specialised_filter: list[int]
    most_explained_percent: list[float]


@dataclass(frozen=True)
class LayerByRegime:
    """Activity of one layer by regime.

    Attributes:
        layer: its name.
        mean: activation in the newest hour, averaged over the windows of a regime, shape (regime, filter).
        error: its standard error, NaN for a regime of one window.
        explained: η², the share of a filter's variance between windows that lies between regimes, zero where the
            filter is constant, shape (filter,).
    """

    layer: str
    mean: Float[np.ndarray, "regime filter"]
    error: Float[np.ndarray, "regime filter"]
    explained: Float[np.ndarray, "filter"]

    @property
    def specialisation(self) -> Float[np.ndarray, "filter"]:
        """η² with the sign of the difference between the highest regime and the lowest."""
        return np.sign(self.mean[-1] - self.mean[0]) * self.explained

    @property
    def order(self) -> Int[np.ndarray, "filter"]:
        """Numbers of the filters, from those of the lowest regime to those of the highest."""
        return np.argsort(self.specialisation, kind="stable")

    @property
    def best(self) -> int:
        """Number of the filter of whose variance the regime explains most."""
        return int(self.explained.argmax())

    @property
    def median_explained(self) -> float:
        """Share of a filter's variance that the regime explains, the median over filters."""
        return float(np.median(self.explained))

    @property
    def highest(self) -> Int[np.ndarray, "_"]:
        """Numbers of the filters that are more active in the highest regime than in the lowest, the clearest first."""
        reverse = self.order[::-1]
        return reverse[self.specialisation[reverse] > 0]

    @property
    def lowest(self) -> Int[np.ndarray, "_"]:
        """Numbers of the filters that are more active in the lowest regime than in the highest, the clearest first."""
        return self.order[self.specialisation[self.order] < 0]


@dataclass(frozen=True)
class FilterRegimes:
    """Activity of every layer by the regime at the forecast's origin.

    Attributes:
        labels: regimes that hold a window, from low to high.
        colors: position of each of them among all regimes.
        left_out: regimes without a window.
        n_windows: windows per regime shown, shape (regime,).
        layers: in the order of a forward pass.
        spacing: median time between the origins of neighbouring windows of the sample.
        calendar: of the series.
    """

    labels: tuple[str, ...]
    colors: tuple[int, ...]
    left_out: tuple[str, ...]
    n_windows: Int[np.ndarray, "regime"]
    layers: tuple[LayerByRegime, ...]
    spacing: pd.Timedelta
    calendar: Calendar = HOURLY

    @property
    def newest(self) -> str:
        """Over which newest time of each window the activation is a mean: an hour, or a longer step."""
        return "hour" if self.calendar.is_within_days else "step"

    def to_frame(self) -> pd.DataFrame:
        """One row per layer and filter: mean and standard error by regime, and η² with its sign."""
        parts = []
        for layer in self.layers:
            columns = {f"mean_{label}": mean for label, mean in zip(self.labels, layer.mean, strict=True)}
            columns |= {
                f"error_{label}": error for label, error in zip(self.labels, layer.error, strict=True)
            }
            parts.append(pd.DataFrame(columns | {"specialisation": layer.specialisation}))
        return pd.concat(parts, keys=[layer.layer for layer in self.layers], names=["layer", "filter"])

    def facts(self) -> RegimeFacts:
        """Per layer the most specialised filter and what the regime explains of it; nothing for a single regime."""
        if len(self.labels) == 1:
            return {}
        return {
            "most_specialised_filter": [layer.best for layer in self.layers],
            "most_explained_percent": [float(100 * layer.explained.max()) for layer in self.layers],
        }


def filter_regimes(activity: FilterActivity, windows: Windows, regimes: Regimes) -> FilterRegimes:
    """Compare the activity in the newest hour between the regimes at the forecast's origin.

    Args:
        activity: on these windows.
        windows: the sample, spread evenly over time.
        regimes: of the target.

    Raises:
        LstmkitError: the activity belongs to another sample.
    """
    activity.require(windows)
    regime = regimes.of(windows.one(windows.latest()))
    sizes = np.bincount(regime, minlength=len(regimes.labels))
    present = np.flatnonzero(sizes)
    gaps = np.diff(windows.origin.to_numpy())
    return FilterRegimes(
        labels=tuple(regimes.labels[n] for n in present),
        colors=tuple(int(n) for n in present),
        left_out=tuple(label for n, label in enumerate(regimes.labels) if not sizes[n]),
        n_windows=sizes[present],
        layers=tuple(_by_regime(layer.layer, layer.newest, regime) for layer in activity.layers),
        spacing=pd.Timedelta(np.median(gaps)) if len(gaps) else pd.Timedelta(0),
        calendar=windows.calendar,
    )


def _by_regime(
    layer: str, values: Float[np.ndarray, "window filter"], regime: Int[np.ndarray, "window"]
) -> LayerByRegime:
    groups = [values[regime == n] for n in np.unique(regime)]
    mean = np.stack([group.mean(axis=0) for group in groups])
    error = np.stack([_standard_error(group) for group in groups])
    sizes = np.array([len(group) for group in groups])
    total = ((values - values.mean(axis=0)) ** 2).sum(axis=0)
    between = (sizes[:, None] * (mean - values.mean(axis=0)) ** 2).sum(axis=0)
    explained = np.divide(between, total, out=np.zeros_like(total), where=np.ptp(values, axis=0) > 0)
    return LayerByRegime(layer, mean, error, explained)


def _standard_error(group: Float[np.ndarray, "window filter"]) -> Float[np.ndarray, "filter"]:
    if len(group) < 2:
        return np.full(group.shape[1], np.nan)
    return group.std(axis=0, ddof=1) / np.sqrt(len(group))
