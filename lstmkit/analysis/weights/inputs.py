"""The weights of an LSTM: what each gate reads from the inputs, from the units themselves, and from its biases."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.special import expit
from torch import Tensor, nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.lstm_weights import lstm_weights, part_names
from lstmkit.internals.recurrent import find_lstms

GATES = ("input gate i", "forget gate f", "candidate g", "output gate o")  # PyTorch's order of the rows
DRAWS = 20  # random matrices that a trained one is held against
CLEARLY = 1.2  # times as much
SATURATES = 99.5  # percentile of the absolute weights at which colours end


@dataclass(frozen=True)
class LayerWeights:
    """One direction of one layer of an `nn.LSTM`.

    Attributes:
        label: for example `layer 1`, or `layer 2 backward` where there are two directions.
        read: weights of what the layer reads, W_ih.
        recurrent: weights of its own last state, W_hh; the state is narrower than the units where it is projected.
        bias: the sum of both biases; zero where the layer has none.
        projection: from the units to the state, W_hr; None where the state is the units.
    """

    label: str
    read: Float[np.ndarray, "gate unit input"]
    recurrent: Float[np.ndarray, "gate unit state"]
    bias: Float[np.ndarray, "gate unit"]
    projection: Float[np.ndarray, "state unit"] | None = None

    @property
    def loop(self) -> Float[np.ndarray, "gate unit source"]:
        """From each unit to the gates of each unit, through the projection where there is one."""
        return self.recurrent if self.projection is None else self.recurrent @ self.projection


def read_weights(model: nn.Module) -> tuple[LayerWeights, ...]:
    """Weights with which a model's LSTM computes, layer by layer, a layer's two directions one after the other.

    Args:
        model: with one `nn.LSTM`, or itself one.

    Raises:
        LstmkitError: the model has none or several, or one whose weights are not finite or not set yet.
    """
    lstms = find_lstms(model)
    if len(lstms) > 1:
        raise LstmkitError(
            f"{type(model).__name__} contains {len(lstms)} LSTMs: give one of {', '.join(lstms)}, not the whole model"
        )
    (lstm,) = lstms.values()
    return tuple(
        _layer(label, _finite(label, weights))
        for label, weights in zip(part_names(lstm), lstm_weights(lstm), strict=True)
    )


def _finite(label: str, weights: dict[str, Tensor]) -> dict[str, Float[np.ndarray, "..."]]:
    values = {kind: weight.cpu().double().numpy() for kind, weight in weights.items()}
    if wrong := [kind for kind, weight in values.items() if not np.isfinite(weight).all()]:
        raise LstmkitError(f"{wrong[0]} of the LSTM's {label} holds NaN or infinity: train the model anew")
    return values


def _layer(label: str, weights: dict[str, Float[np.ndarray, "..."]]) -> LayerWeights:
    by_gate = {
        kind: np.stack(np.split(values, len(GATES)))
        for kind, values in weights.items()
        if kind != "weight_hr"
    }
    without = np.zeros(by_gate["weight_hh"].shape[:2])
    return LayerWeights(
        label,
        by_gate["weight_ih"],
        by_gate["weight_hh"],
        by_gate.get("bias_ih", without) + by_gate.get("bias_hh", without),
        weights.get("weight_hr"),
    )


def as_initialised(
    shape: tuple[int, ...], hidden: int, random: np.random.Generator
) -> Float[np.ndarray, "..."]:
    """Random weights as PyTorch's LSTM begins with: uniform within one over the square root of its units.

    Args:
        shape: of the weights.
        hidden: units of the LSTM.
        random: source of the numbers.
    """
    return random.uniform(-(hidden**-0.5), hidden**-0.5, shape)


class InputWeightFacts(TypedDict):
    """What the first layer of an LSTM reads most.

    Attributes:
        leading_input: the input with the largest share of the squared weights.
        leading_input_share_percent: its share.
    """

    leading_input: str
    leading_input_share_percent: float


@dataclass(frozen=True)
class InputWeights:
    """W_ih of the first layer, its units sorted by the input that they weigh most, then by that input's weights.

    Attributes:
        inputs: labels, of features or of the convolutions' channels.
        weights: sorted.
        units: numbers of the sorted units, from 0; of a bidirectional layer each direction is sorted by itself.
        per_direction: units of one direction.
        share: percent of the squared weights of each gate.
        total_share: percent of the squared weights of all gates.
        focus: percent of a unit's squared weights on its strongest input, mean over units.
        initial_focus: the same in random matrices as at initialisation.
        limit: absolute weight at which colours end.
    """

    inputs: tuple[str, ...]
    weights: Float[np.ndarray, "gate unit input"]
    units: Int[np.ndarray, "unit"]
    per_direction: int
    share: Float[np.ndarray, "gate input"]
    total_share: Float[np.ndarray, "input"]
    focus: float
    initial_focus: float
    limit: float

    def to_frame(self) -> pd.DataFrame:
        """Percent of the squared weights per input, of each gate and of all, largest first."""
        frame = pd.DataFrame(self.share.T, index=pd.Index(self.inputs, name="input"), columns=list(GATES))
        return frame.assign(**{"all gates": self.total_share}).sort_values("all gates", ascending=False)

    @property
    def holding_half(self) -> int:
        """How many inputs hold half of all squared weights."""
        return int(np.searchsorted(np.cumsum(np.sort(self.total_share)[::-1]), 50 - 1e-9) + 1)

    @property
    def unread(self) -> list[str]:
        """Inputs that no gate reads."""
        total = self.to_frame()["all gates"]
        return list(total.index[total == 0])

    @property
    def other_leaders(self) -> dict[str, str]:
        """Gates that clearly weigh another input more than the one that leads over all gates, and that input."""
        table = self.to_frame()
        leaders = {gate: str(table[gate].idxmax()) for gate in GATES}
        return {
            gate: leader
            for gate, leader in leaders.items()
            if table[gate][leader] > CLEARLY * table[gate].iloc[0]
        }

    def facts(self) -> InputWeightFacts:
        """The leading input and its share."""
        leading = int(self.total_share.argmax())
        return {
            "leading_input": self.inputs[leading],
            "leading_input_share_percent": float(self.total_share[leading]),
        }


def input_weights(model: nn.Module, features: tuple[str, ...], seed: int) -> InputWeights:
    """What the first layer of a model's LSTM reads from its inputs.

    Args:
        model: with an `nn.LSTM`.
        features: labels of the model's inputs.
        seed: of the random matrices.

    Raises:
        LstmkitError: the model has no `nn.LSTM`.
    """
    layers = [layer for layer in read_weights(model) if layer.label.split()[1] == "1"]
    order = [_by_strongest_input(layer.read) for layer in layers]
    weights = np.concatenate(
        [layer.read[:, units] for layer, units in zip(layers, order, strict=True)], axis=1
    )
    n_units, n_inputs = layers[0].read.shape[1:]
    squares = weights**2
    random = as_initialised((len(GATES), DRAWS * n_units, n_inputs), n_units, np.random.default_rng(seed))
    return InputWeights(
        _input_labels(model, features, n_inputs),
        weights,
        np.concatenate(order),
        n_units,
        _percent(squares.sum(axis=1)),
        _percent(squares.sum(axis=(0, 1))),
        _focus(weights),
        _focus(random),
        color_limit([weights]),
    )


def _input_labels(model: nn.Module, features: tuple[str, ...], n_inputs: int) -> tuple[str, ...]:
    if any(isinstance(module, nn.Conv1d) for module in model.modules()):
        return tuple(f"channel {k}" for k in range(n_inputs))
    if len(features) == n_inputs:
        return features
    return tuple(f"input {k}" for k in range(n_inputs))


def _by_strongest_input(weights: Float[np.ndarray, "gate unit input"]) -> Int[np.ndarray, "unit"]:
    """By strongest input; those of the same input by its weight in the candidate, which has a sign of its own."""
    strongest = (weights**2).sum(axis=0).argmax(axis=1)
    candidate = weights[2, np.arange(len(strongest)), strongest]
    return np.lexsort((candidate, strongest))


def _focus(weights: Float[np.ndarray, "gate unit input"]) -> float:
    return float(_percent((weights**2).sum(axis=0)).max(axis=1).mean())


def _percent(parts: Float[np.ndarray, "... input"]) -> Float[np.ndarray, "... input"]:
    total = parts.sum(axis=-1, keepdims=True)
    return 100 * parts / np.where(total > 0, total, 1.0)


def color_limit(weights: list[np.ndarray]) -> float:
    """The absolute weight at which colours end, so that a few large weights do not make all others pale.

    Args:
        weights: of one figure.
    """
    return float(np.percentile(np.abs(np.concatenate([w.ravel() for w in weights])), SATURATES)) or 1.0


class BiasFacts(TypedDict):
    """Where the forget gates stand while input and state are zero.

    Attributes:
        forget_bias: mean over layers and units.
        kept_by_bias: share of the cell state that it keeps per step, mean over layers and units.
    """

    forget_bias: float
    kept_by_bias: float


@dataclass(frozen=True)
class Biases:
    """Where the gates stand while input and state are zero.

    Attributes:
        layers: labels.
        values: sums of both biases.
    """

    layers: tuple[str, ...]
    values: Float[np.ndarray, "layer gate unit"]

    def to_frame(self) -> pd.DataFrame:
        """Mean and spread over units, and the mean opening of the gates (the candidate has its mean value)."""
        opening = expit(self.values)
        opening[:, 2] = np.tanh(self.values[:, 2])
        columns = {
            "mean bias": self.values.mean(axis=2),
            "standard deviation": self.values.std(axis=2),
            "smallest": self.values.min(axis=2),
            "largest": self.values.max(axis=2),
            "value at zero input": opening.mean(axis=2),
        }
        index = pd.MultiIndex.from_product([self.layers, GATES], names=["layer", "gate"])
        return pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=index)

    def facts(self) -> BiasFacts:
        """The mean bias of the forget gates, and the share that it keeps per step."""
        forget = self.values[:, 1]
        return {"forget_bias": float(forget.mean()), "kept_by_bias": float(expit(forget).mean())}


def biases(model: nn.Module) -> Biases:
    """Biases of every layer of a model's LSTM.

    Args:
        model: with an `nn.LSTM`.

    Raises:
        LstmkitError: the model has none.
    """
    layers = read_weights(model)
    return Biases(tuple(layer.label for layer in layers), np.stack([layer.bias for layer in layers]))
