"""The CNN-LSTM forecaster without its convolutions, which shows what they add."""

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn


class BypassForecaster(nn.Module):
    """The stacked LSTM and the head of a CNN-LSTM, on neighbouring raw steps side by side.

    One step of the LSTM reads a patch: all inputs of as many steps as the pool of the CNN-LSTM joins. So the LSTM has
    as many steps to remember as there, and nothing is lost on the way to it. Where the patch does not divide the number
    of steps, the oldest one is repeated.

    Args:
        n_features: inputs per step.
        horizon: steps ahead.
        patch: steps that one step of the LSTM reads.
        hidden: hidden units per LSTM layer.
        layers: stacked LSTM layers.
        head: units of the head's hidden layer.
        dropout: between the LSTM's layers, and in the head.
        targets: that are forecast.
    """

    stages: ClassVar[dict[str, str]] = {}

    def __init__(
        self,
        n_features: int,
        horizon: int,
        patch: int = 2,
        hidden: int = 128,
        layers: int = 2,
        head: int = 64,
        dropout: float = 0.1,
        targets: int = 1,
    ):
        super().__init__()
        self.patch = patch
        self.lstm = nn.LSTM(
            patch * n_features, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0
        )
        self.dropout = nn.Dropout(dropout)
        self.fc1 = nn.Linear(hidden, head)
        self.relu3 = nn.ReLU()
        self.fc2 = nn.Linear(head, horizon * targets)
        self.shape = (horizon, targets)

    def states(self, x: Float[Tensor, "batch time feature"]) -> Float[Tensor, "batch patch hidden"]:
        """Hidden state of the last layer at every step of the LSTM."""
        oldest = x[:, :1].expand(-1, -x.shape[1] % self.patch, -1)
        steps = torch.cat([oldest, x], dim=1).unflatten(1, (-1, self.patch))  # (batch, time / 2, 2, feature)
        return self.lstm(steps.flatten(2))[0]

    def head(self, states: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch horizon target"]:
        """Forecast scaled differences from a hidden state."""
        return self.fc2(self.relu3(self.fc1(self.dropout(states)))).unflatten(-1, self.shape)

    def forward(self, x: Float[Tensor, "batch time feature"]) -> Float[Tensor, "batch horizon target"]:
        """Forecast scaled differences from scaled features."""
        return self.head(self.states(x)[:, -1])
