"""How active the filters are: after their ReLU, over many windows, in a stream."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from torch import nn

from lstmkit.analysis.resampling.statistics import RunningMean
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.activations import record
from lstmkit.internals.convolutions import Convolution, find_convolutions

NEAR_ZERO = 0.05  # in the unit of the activations, which batch norm brings to about one
RARELY = 95  # percent of steps at zero from which a filter is said to fire rarely
EXTREMES = 3  # filters at either end of the short table
BATCH = 64  # windows per pass


class ActivityFacts(TypedDict):
    """Mean share of the steps at which the filters of each layer are at zero."""

    zero_percent: list[float]


@dataclass(frozen=True)
class LayerActivity:
    """Activations of the filters of one layer after the ReLU, over all steps of many windows.

    Attributes:
        layer: its name.
        mean: over windows and steps, shape (filter,).
        largest: over windows and steps, shape (filter,).
        zero: percent of the steps at which a filter is exactly zero, shape (filter,).
        near_zero: percent of the steps at which it is at most `NEAR_ZERO`, those of zero among them.
        by_window: mean over the steps of each window, shape (window, filter).
        newest: mean over the steps of the newest hour of each window, or its newest step, shape (window, filter).
    """

    layer: str
    mean: Float[np.ndarray, "filter"]
    largest: Float[np.ndarray, "filter"]
    zero: Float[np.ndarray, "filter"]
    near_zero: Float[np.ndarray, "filter"]
    by_window: Float[np.ndarray, "window filter"]
    newest: Float[np.ndarray, "window filter"]

    @property
    def order(self) -> Int[np.ndarray, "filter"]:
        """Numbers of the filters, the most active first."""
        return np.argsort(-self.mean, kind="stable")

    @property
    def rare(self) -> Bool[np.ndarray, "filter"]:
        """Which filters are at zero for more than `RARELY` percent of the steps."""
        return self.zero > RARELY

    @property
    def linear(self) -> Bool[np.ndarray, "filter"]:
        """Which filters are never at zero."""
        return self.zero == 0


@dataclass(frozen=True)
class FilterActivity:
    """Activity of every layer on one sample of windows.

    Attributes:
        layers: in the order of a forward pass.
        n_windows: windows in the sample.
    """

    layers: tuple[LayerActivity, ...]
    n_windows: int

    def to_frame(self) -> pd.DataFrame:
        """One row per layer and filter."""
        parts = [
            pd.DataFrame(
                {
                    "mean": layer.mean,
                    "largest": layer.largest,
                    "zero_percent": layer.zero,
                    "near_zero_percent": layer.near_zero,
                }
            )
            for layer in self.layers
        ]
        return pd.concat(parts, keys=[layer.layer for layer in self.layers], names=["layer", "filter"])

    def extremes_frame(self) -> pd.DataFrame:
        """The three most and the three least active filters of each layer, as a reader sees them."""
        chosen = [
            (layer.layer, number)
            for layer in self.layers
            for number in dict.fromkeys([*layer.order[:EXTREMES], *layer.order[-EXTREMES:]])
        ]
        names = {
            "zero_percent": "at zero (% of steps)",
            "near_zero_percent": f"at most {NEAR_ZERO} (% of steps)",
        }
        return self.to_frame().loc[chosen].rename(columns=names)

    def require(self, windows: Windows) -> None:
        """Refuse a sample of another size than the one that was measured.

        Args:
            windows: that a caller wants to combine with this activity.

        Raises:
            LstmkitError: it is another sample.
        """
        if self.n_windows != len(windows):
            raise LstmkitError(
                f"the activity was measured on {self.n_windows} windows, not on these {len(windows)}"
            )

    def facts(self) -> ActivityFacts:
        """Mean share of steps at zero, per layer."""
        return {"zero_percent": [float(layer.zero.mean()) for layer in self.layers]}


def measure_activity(model: nn.Module, windows: Windows) -> FilterActivity:
    """Measure the activation of every filter on all of some windows, batch by batch.

    Args:
        model: in evaluation mode.
        windows: the sample, for example `windows.spread(2048)`.

    Raises:
        LstmkitError: the model has no convolution, or one without an `nn.ReLU` after it, or an activation that is not
            finite.
    """
    relus = rectified(model, windows)
    newest = windows.calendar.steps("1h")
    streams = [_Stream(newest) for _ in relus]
    with torch.no_grad(), record(model, list(relus.values())) as outputs:
        for x, _ in windows.batches(BATCH):
            model(x)
            for stream, (layer, relu) in zip(streams, relus.items(), strict=True):
                maps = outputs[relu].double().cpu().numpy()
                if not np.isfinite(maps).all():
                    raise LstmkitError(
                        f"an activation of {layer} is NaN or infinite: look at the model's weights and inputs"
                    )
                stream.add(maps)
    layers = tuple(stream.result(layer) for layer, stream in zip(relus, streams, strict=True))
    return FilterActivity(layers, len(windows))


def rectified(model: nn.Module, windows: Windows) -> dict[str, str]:
    """The ReLU of each layer of convolutions, by the layer's label.

    Args:
        model: in evaluation mode.
        windows: any of those that the model reads.

    Raises:
        LstmkitError: the model has no convolution, or one without an `nn.ReLU` after it.
    """
    x, _ = windows.gather(torch.tensor([0]))
    return {convolution.label: _relu_of(convolution) for convolution in find_convolutions(model, x)}


def _relu_of(convolution: Convolution) -> str:
    if convolution.relu is None:
        raise LstmkitError(
            f"{convolution.name} and its norm are not followed by an nn.ReLU module, whose output would be the "
            f"filters' activation"
        )
    return convolution.relu


class _Stream:
    """Gathers the statistics of one layer; keeps two numbers per window and filter."""

    def __init__(self, newest: int) -> None:
        self.newest = newest
        self.largest: np.ndarray | float = 0.0
        self.zero, self.near_zero = RunningMean(), RunningMean()
        self.by_window: list[np.ndarray] = []
        self.by_newest: list[np.ndarray] = []

    def add(self, maps: Float[np.ndarray, "window filter step"]) -> None:
        self.largest = np.maximum(self.largest, maps.max(axis=(0, 2)))
        self.zero.add((maps == 0).mean(axis=2))
        self.near_zero.add((maps <= NEAR_ZERO).mean(axis=2))
        self.by_window.append(maps.mean(axis=2))
        self.by_newest.append(maps[:, :, -self.newest :].mean(axis=2))

    def result(self, layer: str) -> LayerActivity:
        by_window = np.concatenate(self.by_window)
        return LayerActivity(
            layer=layer,
            mean=by_window.mean(axis=0),
            largest=np.asarray(self.largest),
            zero=np.asarray(100 * self.zero.mean),
            near_zero=np.asarray(100 * self.near_zero.mean),
            by_window=by_window,
            newest=np.concatenate(self.by_newest),
        )
