"""Which filters fire when, in one window that stands for many."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from torch import nn

from lstmkit.analysis.filters.activity import FilterActivity, rectified
from lstmkit.data.groups import Groups
from lstmkit.data.windows import Windows
from lstmkit.internals.activations import record

FOLLOWS = 0.5  # correlation from which a filter is said to follow the target


class ActivationFacts(TypedDict):
    """Filters that rise and fall with the target."""

    rise_with_target: int
    fall_with_target: int


@dataclass(frozen=True)
class Example:
    """A window that stands for many, with the course of the target in it.

    Attributes:
        window: the window alone.
        origin: local time from which its forecast starts.
        latest: the target's value there, in its unit.
        group: label of its group.
        noun: what one of the groups is called.
        target: the target's values in the lookback, in its unit, shape (time,); NaN where it is not known.
        hours_before: of these values, shape (time,).
        name: of the target.
        unit: of the target.
        n_windows: of the sample that it was chosen from.
        typical: labels of the groups whose windows are preferred: the range in the middle, or the two of an even
            number, or the group with most windows.
        is_typical: whether it is of these groups; all windows competed where none is.
    """

    window: Windows
    origin: pd.Timestamp
    latest: float
    group: str
    noun: str
    target: Float[np.ndarray, "time"]
    hours_before: Float[np.ndarray, "time"]
    name: str
    unit: str
    n_windows: int
    typical: tuple[str, ...]
    is_typical: bool

    @property
    def is_measured(self) -> bool:
        """Whether the target is known at two steps of the lookback at least."""
        return int(np.isfinite(self.target).sum()) > 1

    @property
    def varies(self) -> bool:
        """Whether the target has two different values in the lookback."""
        return self.is_measured and bool(np.nanmax(self.target) > np.nanmin(self.target))

    @property
    def hours(self) -> float:
        """Length of the lookback."""
        return self.window.lookback_hours


@dataclass(frozen=True)
class ActivationMap:
    """Activations of the filters of one layer in one window.

    Attributes:
        layer: its name.
        activation: after the ReLU, shape (filter, step).
        hours_before: hours from each step to the origin, shape (step,).
        follows: correlation of each filter with the target over the window, zero where either is constant.
        example: the window.
    """

    layer: str
    activation: Float[np.ndarray, "filter step"]
    hours_before: Float[np.ndarray, "step"]
    follows: Float[np.ndarray, "filter"]
    example: Example

    @property
    def silent(self) -> Bool[np.ndarray, "filter"]:
        """Which filters are at zero throughout."""
        return (self.activation == 0).all(axis=1)

    @property
    def rising(self) -> Bool[np.ndarray, "filter"]:
        """Which filters rise with the target."""
        return self.follows >= FOLLOWS

    @property
    def falling(self) -> Bool[np.ndarray, "filter"]:
        """Which filters fall as the target rises."""
        return self.follows <= -FOLLOWS

    @property
    def order(self) -> Int[np.ndarray, "filter"]:
        """Numbers of the filters, those that rise with the target first and those that stay silent last."""
        return np.lexsort([-self.follows, self.silent])

    def to_frame(self) -> pd.DataFrame:
        """Activations, one row per filter in the order of the drawing, one column per step."""
        columns = pd.Index(self.hours_before, name="hours_before")
        frame = pd.DataFrame(self.activation, columns=columns).rename_axis("filter")
        return frame.iloc[self.order]

    def facts(self) -> ActivationFacts:
        """Filters that rise and fall with the target."""
        return {
            "rise_with_target": int(self.rising.sum()),
            "fall_with_target": int(self.falling.sum()),
        }


def representative(activity: FilterActivity, windows: Windows, groups: Groups) -> Example:
    """The window of the middle range whose mean activations are nearest their median there.

    Of groups without an order the one with most windows is taken.

    Distances are Euclidean over the filters of all layers, each in its own standard deviations.

    Args:
        activity: on these windows.
        windows: the sample.
        groups: of the windows; where no window starts its forecast in the middle one, all windows compete.

    Raises:
        LstmkitError: the activity belongs to another sample.
    """
    activity.require(windows)
    latest = windows.one(windows.latest())
    group = groups.of_windows(windows)
    typical = groups.typical(np.bincount(group, minlength=len(groups)))
    preferred = np.flatnonzero(np.isin(group, typical))
    candidates = preferred if len(preferred) else np.arange(len(windows))
    means = np.concatenate([layer.by_window for layer in activity.layers], axis=1)
    spread = means.std(axis=0)
    scaled = means[candidates] / np.where(spread > 0, spread, 1.0)
    chosen = int(candidates[((scaled - np.median(scaled, axis=0)) ** 2).sum(axis=1).argmin()])
    alone = windows.select(torch.tensor([chosen]))
    return Example(
        window=alone,
        origin=windows.origin[chosen],
        latest=float(latest[chosen]),
        group=groups.labels[group[chosen]],
        noun=groups.noun,
        target=alone.one(alone.past())[0],
        hours_before=windows.hours_before(),
        name=windows.task.targets[windows.target],
        unit=windows.unit,
        n_windows=len(windows),
        typical=tuple(groups.labels[each] for each in typical),
        is_typical=len(preferred) > 0,
    )


def activation_maps(model: nn.Module, example: Example) -> tuple[ActivationMap, ...]:
    """Activations of every layer in one window.

    Args:
        model: in evaluation mode.
        example: the window.

    Raises:
        LstmkitError: the model has no convolution, or one without an `nn.ReLU` after it.
    """
    relus = rectified(model, example.window)
    x, _ = example.window.gather(torch.tensor([0]))
    with torch.no_grad(), record(model, list(relus.values())) as outputs:
        model(x)
    maps = {layer: outputs[relu][0].double().cpu().numpy() for layer, relu in relus.items()}
    return tuple(_map(layer, values, example) for layer, values in maps.items())


def _map(layer: str, values: Float[np.ndarray, "filter step"], example: Example) -> ActivationMap:
    hours = example.window.hours_before(values.shape[1])
    follows = np.zeros(len(values))
    if example.varies:
        known = ~np.isnan(example.target)
        target = np.interp(-hours, -example.hours_before[known], example.target[known])
        follows = _correlation(values, target)
    return ActivationMap(layer, values, hours, follows, example)


def _correlation(
    values: Float[np.ndarray, "filter step"], target: Float[np.ndarray, "step"]
) -> Float[np.ndarray, "filter"]:
    values, target = values - values.mean(axis=1, keepdims=True), target - target.mean()
    size = np.sqrt((values**2).sum(axis=1) * (target**2).sum())
    return np.divide(values @ target, size, out=np.zeros(len(values)), where=size > 1e-12)
