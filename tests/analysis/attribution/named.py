"""Models of several targets and named outputs, so small that their attributions are written down by hand."""

import torch
from torch import nn


class Targets(nn.Module):
    """Σ w·x of each target, with a factor per step ahead; returns (window, horizon, target).

    Args:
        weights: shape (target, time, feature).
        ahead: of each step ahead.
    """

    def __init__(self, weights: torch.Tensor, ahead: tuple[float, ...] = (1.0,)):
        super().__init__()
        self.weights = nn.Parameter(weights.clone())
        self.register_buffer("ahead", torch.tensor(ahead, dtype=weights.dtype))

    def forward(self, x):
        sums = torch.einsum("btf,ktf->bk", x, self.weights)
        return sums[:, None] * self.ahead[None, :, None]


class Named(Targets):
    """The same as one of several outputs in a dict, beside its mean over the targets and what is no output."""

    def forward(self, x):
        flow = super().forward(x)
        states = (flow[None, :, 0], flow[None, :, 0])
        return {"flow": flow, "all": {"mean": flow.mean(dim=2)}, "loss": flow.mean(), "states": states}


class Remembering(nn.Module):
    """An LSTM whose head forecasts two targets; returns the forecast and the LSTM's states, or a dict of both."""

    def __init__(self, horizon: int = 4, as_dict: bool = False):
        super().__init__()
        self.lstm, self.head = nn.LSTM(3, 6, batch_first=True), nn.Linear(6, 2 * horizon)
        self.as_dict = as_dict

    def forward(self, x):
        states, final = self.lstm(x)
        ahead = self.head(states[:, -1]).reshape(len(x), -1, 2)
        return {"ahead": ahead, "final": final} if self.as_dict else (ahead, final)
