"""What each gate of an LSTM reads from its inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from lstmkit.analysis.weights.layers import (
    DRAWS,
    GATES,
    as_initialised,
    color_limit,
    find_called,
    layers_of,
)
from lstmkit.errors import LstmkitError
from lstmkit.internals.called_lstms import CalledLSTMs, called_lstms
from lstmkit.internals.recurrent import lstm_calls

CLEARLY = 1.2  # times as much


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
        lstm: name of the LSTM, where the model calls several; else empty.
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
    lstm: str = ""

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


def input_weights(
    model: nn.Module,
    features: tuple[str, ...],
    seed: int,
    x: Float[Tensor, "batch time feature"] | None = None,
    lstm: str | None = None,
) -> InputWeights:
    """What the first layer of one of a model's LSTMs reads from its inputs.

    Args:
        model: with an `nn.LSTM`.
        features: labels of the model's inputs.
        seed: of the random matrices.
        x: some inputs of the model; not needed where it has one LSTM.
        lstm: name of the LSTM, as in `model.named_modules()`; the one that the model calls first if not given.

    Raises:
        LstmkitError: as `read_weights`.
    """
    found = find_called(model, x)
    name = found.first if lstm is None else lstm
    chosen = found.only(name).called[name]
    layers = layers_of(chosen, name if len(found.called) > 1 else "")[: 2 if chosen.bidirectional else 1]
    order = [_by_strongest_input(layer.read) for layer in layers]
    weights = np.concatenate(
        [layer.read[:, units] for layer, units in zip(layers, order, strict=True)], axis=1
    )
    n_units, n_inputs = layers[0].read.shape[1:]
    squares = weights**2
    random = as_initialised((len(GATES), DRAWS * n_units, n_inputs), n_units, np.random.default_rng(seed))
    return InputWeights(
        _input_labels(model, features, n_inputs, x, found, name),
        weights,
        np.concatenate(order),
        n_units,
        _percent(squares.sum(axis=1)),
        _percent(squares.sum(axis=(0, 1))),
        _focus(weights),
        _focus(random),
        color_limit([weights]),
        name if len(found.called) > 1 else "",
    )


def every_input_weights(
    model: nn.Module, features: tuple[str, ...], seed: int, x: Float[Tensor, "batch time feature"]
) -> tuple[InputWeights, ...]:
    """What the first layer of each LSTM that a model calls reads from its inputs, in the order of the calls.

    Args:
        model: with an `nn.LSTM`.
        features: labels of the model's inputs.
        seed: of the random matrices.
        x: some inputs of the model.

    Raises:
        LstmkitError: as `read_weights`.
    """
    return tuple(input_weights(model, features, seed, x, name) for name in called_lstms(model, x).called)


def input_weights_frame(weights: Sequence[InputWeights]) -> pd.DataFrame:
    """The table of each LSTM's inputs, one below the other, with the LSTM's name where there are several.

    Args:
        weights: of the first layer of each LSTM.
    """
    if len(weights) == 1:
        return weights[0].to_frame()
    return pd.concat({each.lstm: each.to_frame() for each in weights}, names=["lstm"])


def _input_labels(
    model: nn.Module,
    features: tuple[str, ...],
    n_inputs: int,
    x: Float[Tensor, "batch time feature"] | None,
    found: CalledLSTMs,
    name: str,
) -> tuple[str, ...]:
    """Features where the LSTM reads these, channels behind convolutions; of several LSTMs the first may read either."""
    numbered = tuple(f"input {k}" for k in range(n_inputs))
    if x is not None and len(found.called) > 1:
        if len(features) == n_inputs and _reads_inputs(model, x, found.called[name]):
            return features
        if name != found.first:
            return numbered
    if any(isinstance(module, nn.Conv1d) for module in model.modules()):
        return tuple(f"channel {k}" for k in range(n_inputs))
    return features if len(features) == n_inputs else numbered


@torch.no_grad()
def _reads_inputs(model: nn.Module, x: Float[Tensor, "batch time feature"], lstm: nn.LSTM) -> bool:
    """Whether each step that an LSTM reads is one of the window's."""
    try:
        read = next(call.x for call in lstm_calls(model, x) if call.lstm is lstm)
    except LstmkitError:  # a packed sequence, whose steps are not known
        return False
    same_width = read.shape[2] == x.shape[2]
    return same_width and bool((read[:, :, None] == x[:, None]).all(dim=3).any(dim=2).all())


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
