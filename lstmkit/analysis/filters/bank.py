"""What the filters of the convolutions look like: their taps, their norms, and which of them are read."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from scipy.stats import spearmanr
from torch import nn

from lstmkit.analysis.filters.activity import FilterActivity
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.convolutions import Convolution, find_convolutions

LARGEST_SHARE = 0.1  # of the connections whose part of the weight is stated


class BankFacts(TypedDict):
    """The leading feature and its share of the squared weights."""

    filters: int
    leading_feature: str
    leading_feature_percent: float


class NormFacts(TypedDict):
    """Dormant filters per layer."""

    dormant_filters: list[int]


class ConnectionFacts(TypedDict):
    """Inputs that a filter reads in effect, of how many."""

    inputs_read: float
    inputs: int
    inputs_untrained: float


@dataclass(frozen=True)
class FilterBank:
    """The effective filters of one convolution: its weights times the scale of the batch norm that follows it.

    Attributes:
        layer: `CNN layer 1` for the first.
        weights: effective, per scaled input, shape (filter, channel, tap).
        bias: effective, shape (filter,).
        channels: what the filters read: features, or filters of the layer before.
        offsets: steps from a filter's output to the input that each tap reads, negative before it, shape (tap,).
        interval: between the steps of the model's input.
        calendar: of the series.
    """

    layer: str
    weights: Float[np.ndarray, "filter channel tap"]
    bias: Float[np.ndarray, "filter"]
    channels: tuple[str, ...]
    offsets: Int[np.ndarray, "tap"]
    interval: pd.Timedelta
    calendar: Calendar = HOURLY

    @property
    def norms(self) -> Float[np.ndarray, "filter"]:
        """Euclidean norm of each filter."""
        return np.sqrt((self.weights**2).sum(axis=(1, 2)))

    @property
    def order(self) -> Int[np.ndarray, "filter"]:
        """Numbers of the filters, the largest norm first."""
        return np.argsort(-self.norms, kind="stable")

    @property
    def minutes(self) -> Float[np.ndarray, "tap"]:
        """Minutes from a filter's output to the input that each tap reads."""
        return self.offsets * (self.interval / pd.Timedelta("1min"))

    @property
    def share(self) -> pd.Series:
        """Percent of all squared weights that each channel holds, largest first; zero where all weights are."""
        squares = (self.weights**2).sum(axis=(0, 2))
        share = 100 * squares / (squares.sum() or 1.0)
        return pd.Series(share, index=list(self.channels)).sort_values(ascending=False, kind="stable")

    def to_frame(self) -> pd.DataFrame:
        """The weights in long form: one row per filter, channel and tap."""
        n_filters = range(len(self.weights))
        index = pd.MultiIndex.from_product(
            [n_filters, self.channels, self.offsets], names=["filter", "channel", "step"]
        )
        return pd.DataFrame({"weight": self.weights.ravel()}, index=index)

    def facts(self) -> BankFacts:
        """The leading feature and its share of the squared weights."""
        return {
            "filters": len(self.weights),
            "leading_feature": str(self.share.index[0]),
            "leading_feature_percent": float(self.share.iloc[0]),
        }


def filter_banks(model: nn.Module, windows: Windows) -> tuple[FilterBank, ...]:
    """The effective filters of every convolution, in the order of a forward pass.

    Args:
        model: in evaluation mode.
        windows: any of those that the model reads.

    Raises:
        LstmkitError: the model has no convolution, or its first one does not read the features.
    """
    x, _ = windows.gather(torch.tensor([0]))
    convolutions = find_convolutions(model, x)
    first = convolutions[0].module
    if first.in_channels != len(windows.features):
        raise LstmkitError(
            f"the first convolution reads {first.in_channels} channels, not the {len(windows.features)} features: "
            f"its filters cannot be named"
        )
    return tuple(_bank(convolution, windows) for convolution in convolutions)


def _bank(convolution: Convolution, windows: Windows) -> FilterBank:
    weights, bias = convolution.effective()
    is_first = convolution.label == "CNN layer 1"
    read = windows.features if is_first else tuple(f"filter {n}" for n in range(weights.shape[1]))
    return FilterBank(
        convolution.label, weights, bias, read, convolution.offsets(), windows.interval, windows.calendar
    )


@dataclass(frozen=True)
class FilterNorms:
    """Norms of the filters of every layer, and which of them never fire.

    Attributes:
        layers: names.
        norms: per layer, Euclidean norm of each effective filter.
        dormant: per layer, whether a filter was active at no step of any examined window.
        activity: per layer, mean activation of each filter.
        n_windows: windows that were examined.
    """

    layers: tuple[str, ...]
    norms: tuple[Float[np.ndarray, "_"], ...]
    dormant: tuple[Bool[np.ndarray, "_"], ...]
    activity: tuple[Float[np.ndarray, "_"], ...]
    n_windows: int

    def to_frame(self) -> pd.DataFrame:
        """One row per layer and filter."""
        parts = [
            pd.DataFrame({"norm": norms, "mean_activation": activity, "dormant": dormant})
            for norms, activity, dormant in zip(self.norms, self.activity, self.dormant, strict=True)
        ]
        return pd.concat(parts, keys=self.layers, names=["layer", "filter"])

    @property
    def medians(self) -> tuple[float, ...]:
        """Median norm of each layer."""
        return tuple(float(np.median(norms)) for norms in self.norms)

    def rank_correlation(self, layer: int) -> float:
        """Spearman's correlation of norm and mean activation over the filters; zero where either is constant.

        Args:
            layer: position of the layer.
        """
        norms, activity = self.norms[layer], self.activity[layer]
        if np.ptp(norms) == 0 or np.ptp(activity) == 0:
            return 0.0
        return float(spearmanr(norms, activity).statistic)

    def facts(self) -> NormFacts:
        """Dormant filters per layer."""
        return {"dormant_filters": [int(dormant.sum()) for dormant in self.dormant]}


def filter_norms(banks: tuple[FilterBank, ...], activity: FilterActivity) -> FilterNorms:
    """Set norms beside activity; a filter is dormant that was active at no step of the measured windows.

    Args:
        banks: effective filters of every layer.
        activity: of the same layers.
    """
    return FilterNorms(
        layers=tuple(bank.layer for bank in banks),
        norms=tuple(bank.norms for bank in banks),
        dormant=tuple(layer.largest == 0 for layer in activity.layers),
        activity=tuple(layer.mean for layer in activity.layers),
        n_windows=activity.n_windows,
    )


@dataclass(frozen=True)
class Connections:
    """How strongly each filter of a layer reads each filter of the layer before.

    Attributes:
        layer: that reads.
        norms: Euclidean norm over the taps, shape (filter, channel).
        taps: of each connection.
    """

    layer: str
    norms: Float[np.ndarray, "filter channel"]
    taps: int

    @property
    def rows(self) -> Int[np.ndarray, "filter"]:
        """Numbers of the reading filters, the largest norm first."""
        return np.argsort(-self.by_filter, kind="stable")

    @property
    def columns(self) -> Int[np.ndarray, "channel"]:
        """Numbers of the filters that are read, the most strongly read first."""
        return np.argsort(-self.by_channel, kind="stable")

    @property
    def by_filter(self) -> Float[np.ndarray, "filter"]:
        """Euclidean norm of each reading filter."""
        return np.sqrt((self.norms**2).sum(axis=1))

    @property
    def by_channel(self) -> Float[np.ndarray, "channel"]:
        """Euclidean norm of everything that reads a channel."""
        return np.sqrt((self.norms**2).sum(axis=0))

    @property
    def effective_inputs(self) -> Float[np.ndarray, "filter"]:
        """How many channels each filter reads in effect, the participation ratio of its squared norms; 0 of none."""
        squares = self.norms**2
        fourth = (squares**2).sum(axis=1)
        return np.divide(squares.sum(axis=1) ** 2, fourth, out=np.zeros(len(squares)), where=fourth > 0)

    @property
    def median_inputs(self) -> float:
        """How many channels a filter reads in effect, the median over filters."""
        return float(np.median(self.effective_inputs))

    @property
    def untrained_inputs(self) -> float:
        """The participation ratio to be expected of freshly initialised, uniformly distributed weights."""
        return 1 + (self.norms.shape[1] - 1) * self.taps / (self.taps + 0.8)

    def to_frame(self) -> pd.DataFrame:
        """The norms in the order of the drawing: filters that read as rows, filters that are read as columns."""
        frame = pd.DataFrame(self.norms).rename_axis(index="filter", columns="reads filter")
        return frame.iloc[self.rows, self.columns]

    def concentration(self) -> float:
        """Percent of the squared weights in the largest tenth of the connections."""
        squares = np.sort((self.norms**2).ravel())[::-1]
        largest = max(1, round(LARGEST_SHARE * len(squares)))
        return float(100 * squares[:largest].sum() / (squares.sum() or 1.0))

    def facts(self) -> ConnectionFacts:
        """Inputs that a filter reads in effect, of how many."""
        return {
            "inputs_read": self.median_inputs,
            "inputs": self.norms.shape[1],
            "inputs_untrained": self.untrained_inputs,
        }


def connections(bank: FilterBank) -> Connections:
    """Collapse the taps of a layer that reads another one.

    Args:
        bank: of the second layer or a later one.
    """
    return Connections(bank.layer, np.sqrt((bank.weights**2).sum(axis=2)), len(bank.offsets))
