"""Where the gates of an LSTM stand on their own: its biases."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.special import expit
from torch import Tensor, nn

from lstmkit.analysis.weights.layers import GATES, read_weights


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
        values: per layer, sums of both biases.
    """

    layers: tuple[str, ...]
    values: tuple[Float[np.ndarray, "gate _"], ...]

    def to_frame(self) -> pd.DataFrame:
        """Mean and spread over units, and the mean opening of the gates (the candidate has its mean value)."""
        rows = [
            {
                "mean bias": bias.mean(),
                "standard deviation": bias.std(),
                "smallest": bias.min(),
                "largest": bias.max(),
                "value at zero input": (np.tanh(bias) if gate == GATES[2] else expit(bias)).mean(),
            }
            for layer in self.values
            for gate, bias in zip(GATES, layer, strict=True)
        ]
        index = pd.MultiIndex.from_product([self.layers, GATES], names=["layer", "gate"])
        return pd.DataFrame(rows, index=index)

    def facts(self) -> BiasFacts:
        """The mean bias of the forget gates, and the share that it keeps per step."""
        forget = np.concatenate([layer[GATES.index("forget gate f")] for layer in self.values])
        return {"forget_bias": float(forget.mean()), "kept_by_bias": float(expit(forget).mean())}


def biases(model: nn.Module, x: Float[Tensor, "batch time feature"] | None = None) -> Biases:
    """Biases of every layer of every LSTM that a model calls.

    Args:
        model: with an `nn.LSTM`.
        x: some inputs of the model; not needed where it has one LSTM.

    Raises:
        LstmkitError: as `read_weights`.
    """
    layers = read_weights(model, x)
    return Biases(tuple(layer.label for layer in layers), tuple(layer.bias for layer in layers))
