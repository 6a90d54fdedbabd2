"""LSTMs that derive weights from others, each with those weights worked out in NumPy."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

Values = dict[str, np.ndarray]


class DropsWeights(nn.Module):
    """As in fastai: the raw weight is the wrapper's, and a copy of it is set before each call."""

    def __init__(self, lstm: nn.LSTM, names: list[str]):
        super().__init__()
        self.lstm, self.names = lstm, names
        for name in names:
            raw = getattr(lstm, name)
            delattr(lstm, name)
            self.register_parameter(f"{name}_raw", nn.Parameter(raw.detach().clone()))
            setattr(lstm, name, raw.detach().clone())

    def forward(self, x, state=None):
        for name in self.names:
            raw = getattr(self, f"{name}_raw")
            setattr(self.lstm, name, nn.functional.dropout(raw, 0.5) if self.training else raw.clone())
        return self.lstm(x, state)


class DropsWeightsInPlace(nn.Module):
    """As in AWD-LSTM: the raw weight lies in the LSTM, which has no other until it is called."""

    def __init__(self, lstm: nn.LSTM, names: list[str]):
        super().__init__()
        self.lstm, self.names = lstm, names
        for name in names:
            raw = getattr(lstm, name)
            del lstm._parameters[name]
            lstm.register_parameter(f"{name}_raw", nn.Parameter(raw.detach().clone()))

    def forward(self, x, state=None):
        for name in self.names:
            raw = getattr(self.lstm, f"{name}_raw")
            setattr(self.lstm, name, nn.functional.dropout(raw, 0.5) if self.training else raw.clone())
        return self.lstm(x, state)


@dataclass(frozen=True)
class Kind:
    """How weights are derived: what does it to an LSTM, and the weights of a state dictionary by hand."""

    apply: Callable[[nn.LSTM, str], object]
    by_hand: Callable[[Values, str], np.ndarray]
    wrapper: type[nn.Module] | None = None


def normed(v: np.ndarray, g: np.ndarray) -> np.ndarray:
    return g * v / np.sqrt((v**2).sum(axis=1, keepdims=True))


def without_largest(weight: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return weight / (u @ weight @ v)


def spectral_by_hand(s: Values, n: str) -> np.ndarray:
    kept = f"parametrizations.{n}"
    return without_largest(s[f"{kept}.original"], s[f"{kept}.0._u"], s[f"{kept}.0._v"])


KINDS = {
    "weight_norm by a hook": Kind(nn.utils.weight_norm, lambda s, n: normed(s[f"{n}_v"], s[f"{n}_g"])),
    "weight_norm": Kind(
        parametrizations.weight_norm,
        lambda s, n: normed(s[f"parametrizations.{n}.original1"], s[f"parametrizations.{n}.original0"]),
    ),
    "spectral_norm by a hook": Kind(
        nn.utils.spectral_norm, lambda s, n: without_largest(s[f"{n}_orig"], s[f"{n}_u"], s[f"{n}_v"])
    ),
    "spectral_norm": Kind(parametrizations.spectral_norm, spectral_by_hand),
    "pruned": Kind(
        lambda lstm, n: prune.l1_unstructured(lstm, n, amount=0.5),
        lambda s, n: s[f"{n}_orig"] * s[f"{n}_mask"],
    ),
    "weights dropped": Kind(DropsWeights, lambda s, n: s[f"{n}_raw"], DropsWeights),
    "weights dropped in place": Kind(
        DropsWeightsInPlace, lambda s, n: s[f"lstm.{n}_raw"], DropsWeightsInPlace
    ),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def matrices(lstm: nn.LSTM) -> list[str]:
    return [name for name, _ in lstm.named_parameters() if name.startswith("weight")]


def derive(kind: Kind, lstm: nn.LSTM) -> tuple[nn.Module, nn.LSTM]:
    """The LSTM with all its matrices derived, and the module that is called, which may wrap it."""
    names = matrices(lstm)
    if kind.wrapper is not None:
        return kind.wrapper(lstm, names).eval(), lstm
    for name in names:
        kind.apply(lstm, name)
    x = torch.zeros(1, 1, lstm.input_size, dtype=torch.float64)
    for _ in range(
        30
    ):  # spectral_norm goes one step towards the largest singular value in each pass of training
        lstm.train()(x)
    return lstm.eval(), lstm


def change(model: nn.Module) -> None:
    """Give it other weights in place, as `load_state_dict` does, which nothing that was derived before knows of."""
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for values in model.parameters():
            values.add_(0.1 * torch.randn(values.shape, generator=generator, dtype=torch.float64))


def weights_by_hand(kind: Kind, model: nn.Module, names: list[str]) -> Values:
    """All weights of the LSTM, the derived ones from what is kept."""
    kept = {name: value.detach().double().numpy() for name, value in model.state_dict().items()}
    biases = {name.removeprefix("lstm."): value for name, value in kept.items() if "bias" in name}
    return biases | {name: kind.by_hand(kept, name) for name in names}
