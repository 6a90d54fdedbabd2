"""What the filters of the convolutions look like: their taps, their norms, and which of them are read."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from scipy.stats import spearmanr
from torch import nn

from lstmkit.analysis.filters.activity import FilterActivity
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.convolutions import Convolution, find_convolutions
from lstmkit.wording import count, feature_label, signed

LARGEST_SHARE = 0.1  # of the connections whose part of the weight is told


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
    """

    layer: str
    weights: Float[np.ndarray, "filter channel tap"]
    bias: Float[np.ndarray, "filter"]
    channels: tuple[str, ...]
    offsets: Int[np.ndarray, "tap"]
    interval: pd.Timedelta

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

    @property
    def caption(self) -> str:
        """What is shown."""
        return (
            f"Effective weights of the {count(len(self.weights), 'filter')} of {self.layer}, largest norm first; "
            f"numbers count from 0."
        )

    def to_frame(self) -> pd.DataFrame:
        """The weights in long form: one row per filter, channel and tap."""
        n_filters = range(len(self.weights))
        index = pd.MultiIndex.from_product(
            [n_filters, self.channels, self.offsets], names=["filter", "channel", "step"]
        )
        return pd.DataFrame({"weight": self.weights.ravel()}, index=index)

    def finding(self) -> str:
        """How far the filters look, which features they weigh most, and how much their norms differ."""
        head = (
            f"The {count(len(self.weights), 'filter')} of {self.layer} read {count(len(self.channels), 'feature')} "
            f"over {count(len(self.offsets), 'step')}, {self._reach()}. "
        )
        if not self.weights.any():
            return f"{head}All weights are zero."
        (first, most), *others = self.share.items()
        second = f", {feature_label(others[0][0])} {others[0][1]:.0f} %" if others else ""
        even = f"; an even split would give each {100 / len(self.channels):.0f} %" if others else ""
        top, bottom = self.order[[0, -1]]
        return (
            f"{head}{feature_label(first)} holds {most:.0f} % of the squared weights{second}{even}. The norms lie "
            f"between {self.norms[bottom]:.2f} (filter {bottom}) and {self.norms[top]:.2f} (filter {top})."
        )

    def _reach(self) -> str:
        before, after = -self.minutes[0], self.minutes[-1]
        if after == 0:
            return (
                f"from {before:.0f} min before the step that they describe to that step, and none after it"
                if before
                else "the step that they describe"
            )
        ends = [
            f"{abs(minutes):.0f} min {'after' if minutes > 0 else 'before'}" for minutes in (-before, after)
        ]
        return f"from {ends[0]} to {ends[1]} the step that they describe"

    def facts(self) -> dict[str, Any]:
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
    return FilterBank(convolution.label, weights, bias, read, convolution.offsets(), windows.interval)


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

    def rank_correlation(self, layer: int) -> float:
        """Spearman's correlation of norm and mean activation over the filters; zero where either is constant.

        Args:
            layer: position of the layer.
        """
        norms, activity = self.norms[layer], self.activity[layer]
        if np.ptp(norms) == 0 or np.ptp(activity) == 0:
            return 0.0
        return float(spearmanr(norms, activity).statistic)

    def finding(self) -> str:
        """How the norms spread, whether a large norm means much activity, and which filters are dormant."""
        sentences = []
        for position, (layer, norms) in enumerate(zip(self.layers, self.norms, strict=True)):
            sentences.append(
                f"{layer}: norms from {norms.min():.2f} to {norms.max():.2f}, median {np.median(norms):.2f}; their "
                f"rank correlation with the mean activation is {signed(self.rank_correlation(position), 2)}."
            )
        asleep = [
            f"{count(int(dormant.sum()), 'filter')} of {layer} ({', '.join(map(str, np.flatnonzero(dormant)))})"
            for layer, dormant in zip(self.layers, self.dormant, strict=True)
            if dormant.any()
        ]
        seen = f"the {self.n_windows:,} test windows"
        if not asleep:
            return " ".join([*sentences, f"No filter is dormant: each fires somewhere in {seen}."])
        return " ".join([*sentences, f"Dormant, at no step of {seen} active: {'; '.join(asleep)}."])

    def facts(self) -> dict[str, Any]:
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

    def finding(self) -> str:
        """On how few of its inputs a filter concentrates, and which inputs are read most."""
        n_read, inputs = self.norms.shape[1], self.effective_inputs
        most = ", ".join(str(n) for n in self.columns[:3])
        return (
            f"In effect a filter of {self.layer} reads {np.median(inputs):.1f} of the {count(n_read, 'filter')} "
            f"before it (median; from {inputs.min():.1f} to {inputs.max():.1f}); untrained weights would give "
            f"{self.untrained_inputs:.1f}. The largest tenth of the {self.norms.size:,} connections holds "
            f"{self.concentration():.0f} % of the squared weights. Read most strongly: {most}; least: "
            f"{self.columns[-1]}."
        )

    def facts(self) -> dict[str, Any]:
        """Inputs that a filter reads in effect, of how many."""
        return {
            "inputs_read": float(np.median(self.effective_inputs)),
            "inputs": self.norms.shape[1],
            "inputs_untrained": self.untrained_inputs,
        }


def connections(bank: FilterBank) -> Connections:
    """Collapse the taps of a layer that reads another one.

    Args:
        bank: of the second layer or a later one.
    """
    return Connections(bank.layer, np.sqrt((bank.weights**2).sum(axis=2)), len(bank.offsets))
