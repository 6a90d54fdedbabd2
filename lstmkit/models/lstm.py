"""The vanilla LSTM forecaster."""

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn


class LSTMForecaster(nn.Module):
    """A stacked LSTM whose last hidden state is projected to all steps ahead at once.

    Args:
        n_features: inputs per step.
        horizon: steps ahead.
        hidden: hidden units per layer.
        layers: stacked layers.
        dropout: between the layers, and before the projection.
        targets: that are forecast.

    Reference:
        Hochreiter & Schmidhuber (1997), Long Short-Term Memory, Neural Computation 9:1735.
    """

    stages: ClassVar[dict[str, str]] = {}

    def __init__(
        self,
        n_features: int,
        horizon: int,
        hidden: int = 128,
        layers: int = 2,
        dropout: float = 0.1,
        targets: int = 1,
    ):
        super().__init__()
        self.lstm = nn.LSTM(
            n_features, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0
        )
        self.dropout = nn.Dropout(dropout)
        self.projection = nn.Linear(hidden, horizon * targets)
        self.shape = (horizon, targets)

    def states(self, x: Float[Tensor, "batch time feature"]) -> Float[Tensor, "batch time hidden"]:
        """Hidden state of the last layer at every step."""
        return self.lstm(x)[0]

    def head(self, states: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch horizon target"]:
        """Forecast scaled differences from a hidden state."""
        return self.projection(self.dropout(states)).unflatten(-1, self.shape)

    def forward(self, x: Float[Tensor, "batch time feature"]) -> Float[Tensor, "batch horizon target"]:
        """Forecast scaled differences from scaled features."""
        return self.head(self.states(x)[:, -1])
