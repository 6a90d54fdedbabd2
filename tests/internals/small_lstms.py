"""LSTMs of every shape, and what they read."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.analysis.tiny import stirred

SHAPES = {
    "one layer": {},
    "three layers": {"num_layers": 3},
    "both directions": {"num_layers": 2, "bidirectional": True},
    "projection": {"num_layers": 2, "proj_size": 3},
    "both directions, projection": {"num_layers": 2, "bidirectional": True, "proj_size": 2},
    "no bias": {"bias": False},
    "time first": {"num_layers": 2, "batch_first": False},
}
every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
every_precision = pytest.mark.parametrize(("dtype", "most"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])


def lstm_of(dtype=torch.float64, **shape) -> nn.LSTM:
    """With weights so large that it is chaotic; in float32, where that would amplify rounding, as PyTorch makes it."""
    torch.manual_seed(4)
    lstm = nn.LSTM(4, 5, dtype=dtype, **({"batch_first": True} | shape)).eval()
    return stirred(lstm) if dtype == torch.float64 else lstm


def noise(*shape: int, dtype=torch.float64, seed: int = 2) -> torch.Tensor:
    """Standard normal, the same in either precision."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)


def inputs(batch: int, time: int = 9, dtype=torch.float64) -> torch.Tensor:
    return noise(batch, time, 4, dtype=dtype)


def state_for(lstm: nn.LSTM, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Initial hidden and cell states, other than zero, as `nn.LSTM` takes them."""
    parts = lstm.num_layers * (2 if lstm.bidirectional else 1)
    widths = (lstm.proj_size or lstm.hidden_size, lstm.hidden_size)
    dtype = lstm.weight_ih_l0.dtype
    return tuple(noise(parts, batch, width, dtype=dtype, seed=width) for width in widths)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def written_out(lstm: nn.LSTM, x: np.ndarray, state=None, weights=None) -> list[dict[str, np.ndarray]]:
    """Gates and states of one window, one step at a time; x is (time, feature), weights those of the LSTM or others."""
    weights = weights or {name: value.detach().numpy() for name, value in lstm.named_parameters()}
    traces = []
    for layer in range(lstm.num_layers):
        outputs = []
        for way, suffix in enumerate(["", "_reverse"][: 1 + lstm.bidirectional]):
            W, U = weights[f"weight_ih_l{layer}{suffix}"], weights[f"weight_hh_l{layer}{suffix}"]
            b = weights.get(f"bias_ih_l{layer}{suffix}", 0) + weights.get(f"bias_hh_l{layer}{suffix}", 0)
            P = weights.get(f"weight_hr_l{layer}{suffix}", np.eye(5))
            h, c = np.zeros(len(P)), np.zeros(5)
            if state is not None:
                h, c = (s[len(traces)] for s in state)
            steps = []
            for x_t in x[::-1] if way else x:
                i, f, g, o = np.split(W @ x_t + U @ h + b, 4)
                i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
                c = f * c + i * g
                h = P @ (o * np.tanh(c))
                steps.append(dict(zip("ifgoch", (i, f, g, o, c, h), strict=True)))
            steps = steps[::-1] if way else steps
            traces.append({name: np.array([step[name] for step in steps]) for name in "ifgoch"})
            outputs.append(traces[-1]["h"])
        x = np.hstack(outputs)
    return traces
