"""Which filters fire when, in one window that stands for many."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import nn

from lstmkit.analysis.filters.activity import FilterActivity, rectified
from lstmkit.data.regimes import Regimes
from lstmkit.data.windows import Windows
from lstmkit.internals.activations import record
from lstmkit.wording import count, digits, feature_label

FOLLOWS = 0.5  # correlation from which a filter is said to follow the target


@dataclass(frozen=True)
class Example:
    """A window that stands for many, with the course of the target in it.

    Attributes:
        window: the window alone.
        origin: local time from which its forecast starts.
        latest: the target's value there, in its unit.
        regime: of that value.
        target: the target's values in the lookback, in its unit, shape (time,).
        hours_before: of these values, shape (time,).
        name: of the target.
        unit: of the target.
        rule: by which the window was chosen.
    """

    window: Windows
    origin: pd.Timestamp
    latest: float
    regime: str
    target: Float[np.ndarray, "time"]
    hours_before: Float[np.ndarray, "time"]
    name: str
    unit: str
    rule: str

    @property
    def hours(self) -> float:
        """Length of the lookback."""
        return self.window.lookback * (self.window.interval / pd.Timedelta("1h"))

    def finding(self) -> str:
        """Which window it is, and why this one."""
        return (
            f"The window that ends on {self.origin:%d %B %Y at %H:%M}, at {digits(self.latest)} {self.unit} "
            f"({self.regime}): {self.rule}."
        )


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
    def order(self) -> Int[np.ndarray, "filter"]:
        """Numbers of the filters, those that rise with the target first and those that stay silent last."""
        return np.lexsort([-self.follows, ~self.activation.any(axis=1)])

    @property
    def caption(self) -> str:
        """What is shown."""
        example = self.example
        return (
            f"Activations of {self.layer} in the window before {example.origin:%d %B %Y, %H:%M}, "
            f"{digits(example.latest)} {example.unit}; filters ordered by their correlation with "
            f"{feature_label(example.name)}, silent ones last."
        )

    def to_frame(self) -> pd.DataFrame:
        """Activations, one row per filter in the order of the drawing, one column per step."""
        columns = pd.Index(self.hours_before, name="hours_before")
        frame = pd.DataFrame(self.activation, columns=columns).rename_axis("filter")
        return frame.iloc[self.order]

    def finding(self) -> str:
        """How many filters rise and fall with the target, and how many are silent."""
        n_filters, silent = len(self.activation), int((~self.activation.any(axis=1)).sum())
        target = feature_label(self.example.name)
        if np.ptp(self.example.target) == 0:
            return (
                f"{target} is constant in this window: nothing follows it, and {silent} of "
                f"{count(n_filters, 'filter')} {'is' if silent == 1 else 'are'} silent."
            )
        rise, fall = int((self.follows >= FOLLOWS).sum()), int((self.follows <= -FOLLOWS).sum())
        neither = n_filters - rise - fall - silent
        return (
            f"Of the {count(n_filters, 'filter')} of {self.layer}, {count(rise, 'rises', 'rise')} and "
            f"{count(fall, 'falls', 'fall')} with {target} in this window (correlation beyond ±{FOLLOWS}), "
            f"{count(neither, 'does', 'do')} neither, and {count(silent, 'stays', 'stay')} silent throughout."
        )

    def facts(self) -> dict[str, Any]:
        """Filters that rise and fall with the target."""
        return {
            "rise_with_target": int((self.follows >= FOLLOWS).sum()),
            "fall_with_target": int((self.follows <= -FOLLOWS).sum()),
        }


def representative(activity: FilterActivity, windows: Windows, regimes: Regimes, unit: str) -> Example:
    """The window of the middle regime whose mean activations are nearest their median there.

    Distances are Euclidean over the filters of all layers, each in its own standard deviations.

    Args:
        activity: on these windows.
        windows: the sample.
        regimes: of the target; where no window starts its forecast in the middle one, all windows compete.
        unit: of the target.

    Raises:
        LstmkitError: the activity belongs to another sample.
    """
    activity.require(windows)
    latest = windows.latest()
    regime = regimes.of(latest)
    candidates = np.flatnonzero(regime == 1)
    among = f"those in the regime {regimes.labels[1]}"
    if not len(candidates):
        candidates, among = np.arange(len(windows)), f"all, for none is in the regime {regimes.labels[1]}"
    means = np.concatenate([layer.by_window for layer in activity.layers], axis=1)
    spread = means.std(axis=0)
    scaled = means[candidates] / np.where(spread > 0, spread, 1.0)
    chosen = int(candidates[((scaled - np.median(scaled, axis=0)) ** 2).sum(axis=1).argmin()])
    alone = windows.select(torch.tensor([chosen]))
    return Example(
        window=alone,
        origin=windows.origin[chosen],
        latest=float(latest[chosen]),
        regime=regimes.labels[regime[chosen]],
        target=alone.past()[0],
        hours_before=windows.hours_before(),
        name=windows.features[0],
        unit=unit,
        rule=(
            f"of {len(windows):,} test windows, the one whose mean activations lie nearest the median of {among}"
        ),
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
    target = np.interp(-hours, -example.hours_before, example.target)
    return ActivationMap(layer, values, hours, _correlation(values, target), example)


def _correlation(
    values: Float[np.ndarray, "filter step"], target: Float[np.ndarray, "step"]
) -> Float[np.ndarray, "filter"]:
    values, target = values - values.mean(axis=1, keepdims=True), target - target.mean()
    size = np.sqrt((values**2).sum(axis=1) * (target**2).sum())
    return np.divide(values @ target, size, out=np.zeros(len(values)), where=size > 1e-12)
