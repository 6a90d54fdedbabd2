"""Which filters specialise: their activity where the target is low, medium and high."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from lstmkit.analysis.filters.activity import FilterActivity
from lstmkit.data.regimes import Regimes
from lstmkit.data.windows import Windows
from lstmkit.wording import count

NAMED = 3  # most specialised filters that a sentence lists


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

    def finding(self, low: str, high: str) -> str:
        """The most specialised filters.

        Args:
            low: label of the lowest regime shown.
            high: label of the highest.
        """
        special, best = self.specialisation, int(self.explained.argmax())
        if not self.explained[best]:
            return f"No filter of {self.layer} tells the regimes apart."
        sides = {
            high: self.order[::-1][special[self.order[::-1]] > 0],
            low: self.order[special[self.order] < 0],
        }
        named = "".join(
            f"; most for {label}: {', '.join(str(number) for number in numbers[:NAMED])}"
            for label, numbers in sides.items()
            if len(numbers)
        )
        more = int((special > 0).sum())
        return (
            f"In {self.layer} the regime explains {100 * np.median(self.explained):.0f} % of a filter's variance "
            f"(median), at most {100 * self.explained[best]:.0f} % (filter {best}: mean {self.mean[-1, best]:.2f} in "
            f"{high}, {self.mean[0, best]:.2f} in {low}). {more} of {count(len(special), 'filter')} "
            f"{'is' if more == 1 else 'are'} more active in {high} than in {low}{named}."
        )


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
    """

    labels: tuple[str, ...]
    colors: tuple[int, ...]
    left_out: tuple[str, ...]
    n_windows: Int[np.ndarray, "regime"]
    layers: tuple[LayerByRegime, ...]
    spacing: pd.Timedelta

    @property
    def caption(self) -> str:
        """What was averaged."""
        sizes = ", ".join(f"{n:,} {label}" for n, label in zip(self.n_windows, self.labels, strict=True))
        return (
            f"Mean activation in the newest hour by the regime at the origin ({sizes} windows), with standard errors; "
            f"filters ordered from those of the lowest regime to those of the highest."
        )

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

    def finding(self) -> str:
        """The most specialised filters of each layer, and what the numbers do not say."""
        missing = "".join(f" {label} holds no window and is left out." for label in self.left_out)
        if len(self.labels) == 1:
            return f"All windows lie in the regime {self.labels[0]}: there is nothing to compare.{missing}"
        layers = " ".join(layer.finding(self.labels[0], self.labels[-1]) for layer in self.layers)
        minutes = self.spacing / pd.Timedelta("1min")
        return (
            f"{layers}{missing} The {count(int(self.n_windows.sum()), 'window')} lie {minutes:.0f} min apart, so their "
            f"newest hours {'overlap' if minutes < 60 else 'do not overlap'}; neighbours still resemble each other, "
            f"and the standard errors, which take them as independent, are too small."
        )

    def facts(self) -> dict[str, Any]:
        """Per layer the most specialised filter and what the regime explains of it; nothing for a single regime."""
        if len(self.labels) == 1:
            return {}
        return {
            "most_specialised_filter": [int(layer.explained.argmax()) for layer in self.layers],
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
    regime = regimes.of(windows.latest())
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
