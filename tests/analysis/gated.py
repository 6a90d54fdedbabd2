"""LSTMs whose gates are known, and statistics of gates set by hand."""

import math

import torch
from torch import nn

from lstmkit.analysis.gates.statistics import GateStatistics, gate_statistics
from lstmkit.data.windows import Windows
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.tiny import stirred
from tests.groups import by_edges

EDGES = (-0.4, 0.4)


def walked(model: nn.Module, windows: Windows, lstm: str | None = None) -> GateStatistics:
    """Gates by ranges of the target."""
    return gate_statistics(model, windows, by_edges(windows, EDGES), lstm)


class Gated(nn.Module):
    """An LSTM of any shape, by default of two layers of five units, which may start from a state of its own."""

    def __init__(self, starts_from_inputs: bool = False, **shape):
        super().__init__()
        self.lstm = nn.LSTM(2, **({"hidden_size": 5, "num_layers": 2, "batch_first": True} | shape))
        self.starts_from_inputs = starts_from_inputs

    def starts(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
        """A hidden and a cell state made of each window's mean, another in every part."""
        if not self.starts_from_inputs:
            return None
        parts = self.lstm.num_layers * (2 if self.lstm.bidirectional else 1)
        means = x.mean(dim=(1, 2))[None, :, None] * torch.arange(1.0, parts + 1)[:, None, None]
        hidden = self.lstm.hidden_size
        return means.expand(-1, -1, self.lstm.proj_size or hidden), -3 * means.expand(-1, -1, hidden)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states, _ = self.lstm(input=x if self.lstm.batch_first else x.transpose(0, 1), hx=self.starts(x))
        return states.flatten(1)[:, :2]


def calm(model: nn.Module) -> nn.Module:
    """Stirred, but with weights small enough not to amplify rounding, which a projection can do without bound."""
    stirred(model)
    with torch.no_grad():
        for values in model.parameters():
            values.mul_(0.5)
    return model


def constant_gates(i: float, f: float, o: float) -> LSTMForecaster:
    """An LSTM of two units whose gates are the same at every step."""
    model = LSTMForecaster(2, 1, hidden=2, layers=1)
    with torch.no_grad():
        for values in model.parameters():
            values.zero_()
        logit = [math.log(value / (1 - value)) for value in (i, f, 0.75, o)]
        model.lstm.bias_ih_l0.copy_(torch.tensor(logit).repeat_interleave(2))
    return model.eval()
