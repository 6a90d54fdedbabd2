"""The CNN-LSTM forecaster: local pattern detectors in front of a recurrent memory."""

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.models.causal_convolution import CausalConv1d


class CNNLSTMForecaster(nn.Module):
    """Two causal convolutions, a pool, a stacked LSTM, and a fully connected head on its last hidden state.

    Every stage has a name and every ReLU is a module of its own, so that each can be recorded and guided.
    A number of steps that the pool does not divide would lose its newest ones: the oldest is repeated instead.

    Args:
        n_features: inputs per step.
        horizon: steps ahead.
        channels: filters of the two convolutions.
        kernels: their widths in steps.
        pool: steps that the pool joins.
        hidden: hidden units per LSTM layer.
        layers: stacked LSTM layers.
        head: units of the head's hidden layer.
        dropout: between the LSTM's layers, and in the head.
        targets: that are forecast.
    """

    stages: ClassVar[dict[str, str]] = {"CNN layer 1": "relu1", "CNN layer 2": "relu2", "LSTM input": "pool"}

    def __init__(
        self,
        n_features: int,
        horizon: int,
        channels: tuple[int, int] = (32, 64),
        kernels: tuple[int, int] = (7, 5),
        pool: int = 2,
        hidden: int = 128,
        layers: int = 2,
        head: int = 64,
        dropout: float = 0.1,
        targets: int = 1,
    ):
        super().__init__()
        first, second = channels
        self.conv1 = CausalConv1d(n_features, first, kernels[0])
        self.norm1 = nn.BatchNorm1d(first)
        self.relu1 = nn.ReLU()
        self.conv2 = CausalConv1d(first, second, kernels[1])
        self.norm2 = nn.BatchNorm1d(second)
        self.relu2 = nn.ReLU()
        self.pool = nn.MaxPool1d(pool)
        self.lstm = nn.LSTM(second, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.dropout = nn.Dropout(dropout)
        self.fc1 = nn.Linear(hidden, head)
        self.relu3 = nn.ReLU()
        self.fc2 = nn.Linear(head, horizon * targets)
        self.shape = (horizon, targets)

    def states(self, x: Float[Tensor, "batch time feature"]) -> Float[Tensor, "batch pooled_time hidden"]:
        """Hidden state of the last layer at every step of the LSTM."""
        maps = self.relu1(self.norm1(self.conv1(x.transpose(1, 2))))  # (batch, 32, time)
        maps = self.relu2(self.norm2(self.conv2(maps)))  # (batch, 64, time)
        pooled = pool_steps(self.pool, maps)  # (batch, 64, time / 2)
        return self.lstm(pooled.transpose(1, 2))[0]

    def head(self, states: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch horizon target"]:
        """Forecast scaled differences from a hidden state."""
        return self.fc2(self.relu3(self.fc1(self.dropout(states)))).unflatten(-1, self.shape)

    def forward(self, x: Float[Tensor, "batch time feature"]) -> Float[Tensor, "batch horizon target"]:
        """Forecast scaled differences from scaled features."""
        return self.head(self.states(x)[:, -1])


def pool_steps(
    pool: nn.MaxPool1d, maps: Float[Tensor, "batch channel time"]
) -> Float[Tensor, "batch channel pooled_time"]:
    """Pool neighbouring steps; where the pool does not divide their number the oldest is repeated.

    Args:
        pool: the module, so that its output can be recorded.
        maps: to be pooled along time.
    """
    size = pool.kernel_size if isinstance(pool.kernel_size, int) else pool.kernel_size[0]
    missing = -maps.shape[-1] % size
    return pool(nn.functional.pad(maps, (missing, 0), mode="replicate") if missing else maps)
