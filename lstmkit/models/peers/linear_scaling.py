"""The scaling in front of and behind a network, where it is linear."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.errors import LstmkitError

PROBED = np.arange(3.0)
ROUNDING = 1e-9


@dataclass(frozen=True)
class Linear:
    """How a column is scaled: `scaled = stretch * value + shift`."""

    stretch: float = 1.0
    shift: float = 0.0


def linear_of(transform: Callable[[Float[np.ndarray, "3"]], Float[np.ndarray, "3"]], what: str) -> Linear:
    """Find out how a scaler scales, from what it makes of three values.

    Args:
        transform: scales values of one column.
        what: messages call the scaler.

    Raises:
        LstmkitError: it is not linear.
    """
    scaled = np.asarray(transform(PROBED), np.float64)
    stretch, again = np.diff(scaled)
    if not np.isfinite(scaled).all() or abs(stretch - again) > ROUNDING * max(1.0, np.abs(scaled).max()):
        raise LstmkitError(f"{what} is not linear: fit with a linear one, for example a standard scaler")
    return Linear(float(stretch), float(scaled[0]))


class LinearlyScaled(nn.Module, ABC):
    """A network between values in units, whose library scales them in front of it and back behind it.

    Args:
        inputs: scaling of each feature.
        outputs: scaling of each target.
    """

    def __init__(self, inputs: Sequence[Linear], outputs: Sequence[Linear]):
        super().__init__()
        for name, columns in (("input", inputs), ("output", outputs)):
            self.register_buffer(f"{name}_stretch", torch.tensor([each.stretch for each in columns]))
            self.register_buffer(f"{name}_shift", torch.tensor([each.shift for each in columns]))

    input_stretch: Tensor
    input_shift: Tensor
    output_stretch: Tensor
    output_shift: Tensor

    def forward(self, x: Float[Tensor, "batch time feature"]) -> Float[Tensor, "batch horizon target"]:
        """Forecasts in the targets' units."""
        ahead = self.of_scaled(x * self.input_stretch + self.input_shift)
        return (ahead - self.output_shift) / self.output_stretch

    @abstractmethod
    def of_scaled(self, x: Float[Tensor, "batch time feature"]) -> Float[Tensor, "batch horizon target"]:
        """What the network makes of scaled features.

        Args:
            x: scaled.
        """
