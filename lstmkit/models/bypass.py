"""The CNN-LSTM forecaster without its convolutions, which shows what they add."""

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.models.cnn_lstm import pool_steps


class BypassForecaster(nn.Module):
    """The pool, the stacked LSTM and the head of a CNN-LSTM, on the raw inputs.

    Args:
        n_features: inputs per step.
        horizon: steps ahead.
        pool: steps that the pool joins.
        hidden: hidden units per LSTM layer.
        layers: stacked LSTM layers.
        head: units of the head's hidden layer.
        dropout: between the LSTM's layers, and in the head.
    """

    stages: ClassVar[dict[str, str]] = {}

    def __init__(
        self,
        n_features: int,
        horizon: int,
        pool: int = 2,
        hidden: int = 128,
        layers: int = 2,
        head: int = 64,
        dropout: float = 0.1,
    ):
        super().__init__()
        self.pool = nn.MaxPool1d(pool)
        self.lstm = nn.LSTM(
            n_features, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0
        )
        self.dropout = nn.Dropout(dropout)
        self.fc1 = nn.Linear(hidden, head)
        self.relu3 = nn.ReLU()
        self.fc2 = nn.Linear(head, horizon)

    def forward(self, x: Float[Tensor, "batch time feature"]) -> Float[Tensor, "batch horizon"]:
        """Forecast scaled deviations from scaled features."""
        pooled = pool_steps(self.pool, x.transpose(1, 2))  # (batch, feature, time / 2)
        states, _ = self.lstm(pooled.transpose(1, 2))  # (batch, time / 2, hidden)
        return self.fc2(self.relu3(self.fc1(self.dropout(states[:, -1]))))
