"""Convolutional models made by hand."""

import torch
from torch import nn

from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from tests.analysis.tiny import stirred


class Stack(nn.Module):
    """Modules over (batch, channel, time), then a small LSTM whose last state is the forecast."""

    def __init__(self, *modules: nn.Module, channels: int):
        super().__init__()
        self.stack = nn.Sequential(*modules)
        self.lstm = nn.LSTM(channels, 1, batch_first=True)

    def forward(self, x):
        states, _ = self.lstm(self.stack(x.transpose(1, 2)).transpose(1, 2))
        return states[:, -1]


def small(features: int = 2, seed: int = 0, **changed) -> CNNLSTMForecaster:
    """A CNN-LSTM of a few units whose batch norms do something."""
    sizes = {"channels": (3, 4), "kernels": (3, 5), "hidden": 3, "head": 2} | changed
    return stirred(CNNLSTMForecaster(features, 2, **sizes), seed)


def set_filter(conv: nn.Conv1d, number: int, weights: list, bias: float = 0.0) -> None:
    """Write one filter by hand, (channel, tap)."""
    with torch.no_grad():
        conv.weight[number] = torch.tensor(weights, dtype=conv.weight.dtype)
        conv.bias[number] = bias
