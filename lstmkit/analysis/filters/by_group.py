"""Which filters specialise: their activity in each group of windows."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from lstmkit.analysis.filters.activity import FilterActivity
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.groups import Groups
from lstmkit.data.windows import Windows


class RegimeFacts(TypedDict, total=False):
    """Per layer the most specialised filter and what the group explains of it; nothing for a single group."""

    most_specialised_filter: list[int]
    most_explained_percent: list[float]


@dataclass(frozen=True)
class LayerByRegime:
    """Activity of one layer by group.

    Attributes:
        layer: its name.
        mean: activation in the newest hour, averaged over the windows of a group, shape (group, filter).
        error: its standard error, NaN for a group of one window.
        explained: η², the share of a filter's variance between windows that lies between groups, zero where the
            filter is constant, shape (filter,).
        compared: positions, among the groups that are shown, of the two that sentences compare.
    """

    layer: str
    mean: Float[np.ndarray, "group filter"]
    error: Float[np.ndarray, "group filter"]
    explained: Float[np.ndarray, "filter"]
    compared: tuple[int, int]

    @property
    def specialisation(self) -> Float[np.ndarray, "filter"]:
        """η² with the sign of the difference between the two groups that are compared, the second less the first."""
        first, second = self.compared
        return np.sign(self.mean[second] - self.mean[first]) * self.explained

    @property
    def order(self) -> Int[np.ndarray, "filter"]:
        """Numbers of the filters, from those of the first of the two groups to those of the second."""
        return np.argsort(self.specialisation, kind="stable")

    @property
    def best(self) -> int:
        """Number of the filter of whose variance the group explains most."""
        return int(self.explained.argmax())

    @property
    def median_explained(self) -> float:
        """Share of a filter's variance that the group explains, the median over filters."""
        return float(np.median(self.explained))

    @property
    def of_second(self) -> Int[np.ndarray, "_"]:
        """Numbers of the filters that are more active in the second of the two groups, the clearest first."""
        reverse = self.order[::-1]
        return reverse[self.specialisation[reverse] > 0]

    @property
    def of_first(self) -> Int[np.ndarray, "_"]:
        """Numbers of the filters that are more active in the first of the two groups, the clearest first."""
        return self.order[self.specialisation[self.order] < 0]


@dataclass(frozen=True)
class FilterRegimes:
    """Activity of every layer by the group at the forecast's origin.

    Attributes:
        groups: of the windows.
        present: positions of the groups that hold a window.
        n_windows: windows per group shown, shape (group,).
        layers: in the order of a forward pass.
        spacing: median time between the origins of neighbouring windows of the sample.
        calendar: of the series.
    """

    groups: Groups
    present: tuple[int, ...]
    n_windows: Int[np.ndarray, "group"]
    layers: tuple[LayerByRegime, ...]
    spacing: pd.Timedelta
    calendar: Calendar = HOURLY

    @property
    def newest(self) -> str:
        """Over which newest time of each window the activation is a mean, an hour or a longer step."""
        return "hour" if self.calendar.is_within_days else "step"

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the groups that hold a window."""
        return tuple(self.groups.labels[group] for group in self.present)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Labels of the groups without a window."""
        return tuple(label for group, label in enumerate(self.groups.labels) if group not in self.present)

    @property
    def compared(self) -> tuple[int, int]:
        """Positions of the two groups that sentences compare; twice the same where there are not two."""
        first, second = self.layers[0].compared
        return self.present[first], self.present[second]

    def to_frame(self) -> pd.DataFrame:
        """One row per layer and filter: mean and standard error by group, and η² with its sign."""
        parts = []
        for layer in self.layers:
            columns = {f"mean_{label}": mean for label, mean in zip(self.labels, layer.mean, strict=True)}
            columns |= {
                f"error_{label}": error for label, error in zip(self.labels, layer.error, strict=True)
            }
            parts.append(pd.DataFrame(columns | {"specialisation": layer.specialisation}))
        return pd.concat(parts, keys=[layer.layer for layer in self.layers], names=["layer", "filter"])

    def facts(self) -> RegimeFacts:
        """Per layer the most specialised filter and what the group explains of it; nothing of a single group."""
        if len(set(self.compared)) == 1:
            return {}
        return {
            "most_specialised_filter": [layer.best for layer in self.layers],
            "most_explained_percent": [float(100 * layer.explained.max()) for layer in self.layers],
        }


def filter_regimes(activity: FilterActivity, windows: Windows, groups: Groups) -> FilterRegimes:
    """Compare the activity in the newest hour between the groups at the forecast's origin.

    Args:
        activity: on these windows.
        windows: the sample, spread evenly over time.
        groups: of the windows.

    Raises:
        LstmkitError: the activity belongs to another sample.
    """
    activity.require(windows)
    group = groups.of_windows(windows)
    sizes = np.bincount(group, minlength=len(groups))
    present = np.flatnonzero(sizes)
    first, second = np.searchsorted(present, groups.compared(sizes) or (present[0], present[0]))
    gaps = np.diff(windows.origin.to_numpy())
    return FilterRegimes(
        groups=groups,
        present=tuple(int(n) for n in present),
        n_windows=sizes[present],
        layers=tuple(
            _by_group(layer.layer, layer.newest, group, (int(first), int(second)))
            for layer in activity.layers
        ),
        spacing=pd.Timedelta(np.median(gaps)) if len(gaps) else pd.Timedelta(0),
        calendar=windows.calendar,
    )


def _by_group(
    layer: str,
    values: Float[np.ndarray, "window filter"],
    group: Int[np.ndarray, "window"],
    compared: tuple[int, int],
) -> LayerByRegime:
    groups = [values[group == n] for n in np.unique(group)]
    mean = np.stack([group.mean(axis=0) for group in groups])
    error = np.stack([_standard_error(group) for group in groups])
    sizes = np.array([len(group) for group in groups])
    total = ((values - values.mean(axis=0)) ** 2).sum(axis=0)
    between = (sizes[:, None] * (mean - values.mean(axis=0)) ** 2).sum(axis=0)
    explained = np.divide(between, total, out=np.zeros_like(total), where=np.ptp(values, axis=0) > 0)
    return LayerByRegime(layer, mean, error, explained, compared)


def _standard_error(group: Float[np.ndarray, "window filter"]) -> Float[np.ndarray, "filter"]:
    if len(group) < 2:
        return np.full(group.shape[1], np.nan)
    return group.std(axis=0, ddof=1) / np.sqrt(len(group))
