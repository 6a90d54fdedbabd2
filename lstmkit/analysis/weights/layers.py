"""The weights of the LSTMs that a model calls, layer by layer, and the random weights that they are held against."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.called_lstms import CalledLSTMs, called_lstms, part_label
from lstmkit.internals.lstm_weights import lstm_weights, part_names
from lstmkit.internals.recurrent import find_lstms

GATES = ("input gate i", "forget gate f", "candidate g", "output gate o")  # PyTorch's order of the rows
DRAWS = 20  # random matrices that a trained one is held against
SATURATES = 99.5  # percentile of the absolute weights at which colours end


@dataclass(frozen=True)
class LayerWeights:
    """One direction of one layer of an `nn.LSTM`.

    Attributes:
        label: for example `layer 1`, or `layer 2 backward` where there are two directions, or `encoder, layer 1`
            where the model calls several LSTMs.
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


def read_weights(
    model: nn.Module, x: Float[Tensor, "batch time feature"] | None = None, lstm: str | None = None
) -> tuple[LayerWeights, ...]:
    """Weights with which a model's LSTMs compute, in the order of their first calls, layer by layer.

    A layer's two directions come one after the other. An LSTM that the model never calls is left out.

    Args:
        model: with an `nn.LSTM`, or itself one.
        x: some inputs of the model, from which it is known which LSTMs it calls, and in which order; not needed where
            it has one.
        lstm: name of one LSTM, as in `model.named_modules()`; all that the model calls if not given.

    Raises:
        LstmkitError: the model has none, or several and there is no `x`, or calls none of this name, or one whose
            weights are not finite or not set yet.
    """
    found = find_called(model, x)
    several = len(found.called) > 1
    chosen = found if lstm is None else found.only(lstm)
    return tuple(
        layer for name, each in chosen.called.items() for layer in layers_of(each, name if several else "")
    )


def find_called(model: nn.Module, x: Float[Tensor, "batch time feature"] | None) -> CalledLSTMs:
    """The LSTMs that a model calls; without inputs the only one that it has.

    Args:
        model: with an `nn.LSTM`.
        x: some inputs of the model.

    Raises:
        LstmkitError: the model has none, or several and there is no `x`.
    """
    if x is not None:
        return called_lstms(model, x)
    lstms = find_lstms(model)
    if len(lstms) > 1:
        raise LstmkitError(
            f"{type(model).__name__} contains {len(lstms)} LSTMs: give x, some inputs of the model, from which the "
            f"order of their calls is known, or give one of {', '.join(lstms)}, not the whole model"
        )
    return CalledLSTMs(lstms)


def layers_of(lstm: nn.LSTM, name: str) -> list[LayerWeights]:
    """Weights of one LSTM.

    Args:
        lstm: any.
        name: that stands in front of its layers, where it is not empty.

    Raises:
        LstmkitError: a weight is not finite or not set yet.
    """
    title = f"the LSTM {name}" if name else "the LSTM"
    pairs = zip(part_names(lstm), lstm_weights(lstm), strict=True)
    return [_layer(part_label(name, part), _finite(f"{title}'s {part}", weights)) for part, weights in pairs]


def _finite(title: str, weights: dict[str, Tensor]) -> dict[str, Float[np.ndarray, "..."]]:
    values = {kind: weight.cpu().double().numpy() for kind, weight in weights.items()}
    if wrong := [kind for kind, weight in values.items() if not np.isfinite(weight).all()]:
        raise LstmkitError(f"{wrong[0]} of {title} holds NaN or infinity: train the model anew")
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


def color_limit(weights: list[np.ndarray]) -> float:
    """The absolute weight at which colours end, so that a few large weights do not make all others pale.

    Args:
        weights: of one figure.
    """
    return float(np.percentile(np.abs(np.concatenate([w.ravel() for w in weights])), SATURATES)) or 1.0
