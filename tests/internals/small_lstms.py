"""LSTMs of every shape, and what they read."""

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
