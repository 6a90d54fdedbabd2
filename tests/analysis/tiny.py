"""Models and windows so small that their attributions are written down by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import nn

from lstmkit.data.cutting import make_windows
from lstmkit.data.features import build_features
from lstmkit.data.grid import make_dataset
from lstmkit.data.residual import ResidualBaseline
from lstmkit.data.windows import Windows
from lstmkit.params import SplitParams, WindowParams
from tests.series import BEGINNINGS, stamps_of

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class Weighted(nn.Module):
    """Σ w·x, repeated with a factor per step ahead."""

    def __init__(self, weights: torch.Tensor, ahead: tuple[float, ...] = (1.0,)):
        super().__init__()
        self.weights = nn.Parameter(weights.clone())
        self.register_buffer("ahead", torch.tensor(ahead, dtype=weights.dtype))

    def forward(self, x):
        return (x * self.weights).sum(dim=(1, 2))[:, None] * self.ahead


class Squared(Weighted):
    """Σ w·x²."""

    def forward(self, x):
        return super().forward(x**2)


def make_test_windows(
    n: int = 40,
    lookback: int = 6,
    horizon: int = 2,
    features: tuple[str, ...] = ("co2", "temperature"),
    interval: str = "5min",
    target_scale: float | tuple[float, ...] = 1.0,
    targets: tuple[str, ...] = (),
) -> Windows:
    """Overlapping windows of white noise, whose forecasts start from zero; of the first feature, if no target
    is named."""
    rows = n + lookback + horizon - 1
    stamps = stamps_of("2025-01-06" if interval not in BEGINNINGS else "1990-01-01", 3 * rows, interval)
    noise = np.random.default_rng(5).normal(size=(3 * rows, len(features)))
    dataset = make_dataset(
        "noise",
        pd.DataFrame(noise, index=stamps, columns=list(features)),
        target=targets or features[0],
        interval=interval,
        site_timezone="UTC",
        units={"co2": "ppm", "temperature": "degC", "humidity": "percent"},
    )
    params = WindowParams(lookback=lookback, scaling="standard", residual="none")
    split = SplitParams(validation_blocks=1, train=1 / 3, validation=1 / 3)
    windows = make_windows(dataset, build_features(dataset, "raw"), horizon, params, split)["train"]
    assert len(windows) == n
    scale = np.broadcast_to(np.array(target_scale, float), len(windows.task)).copy()
    deviations = torch.from_numpy((windows.values / scale).astype("float32"))
    zero = ResidualBaseline("none", np.zeros_like(windows.values), np.zeros(len(scale)), scale, deviations)
    return replace(windows, residual=zero)


def stirred(model: nn.Module, seed: int = 0) -> nn.Module:
    """The model in evaluation mode with weights large enough to bend, and batch norms that do something."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean.normal_(0, 0.3, generator=generator)
                module.running_var.uniform_(0.5, 2, generator=generator)
        for values in model.parameters():
            values.copy_(2.5 * values.shape[-1] ** -0.5 * torch.randn(values.shape, generator=generator))
    return model.eval()


def count_hooks(model: nn.Module) -> int:
    """Hooks of every kind on every module."""
    return sum(len(getattr(module, kind)) for module in model.modules() for kind in HOOKS)


def state_of(model: nn.Module) -> tuple:
    """What a measurement must leave as it was: mode, gradients, what is trained, values, hooks."""
    return (
        [module.training for module in model.modules()],
        [p.grad is None for p in model.parameters()],
        [p.requires_grad for p in model.parameters()],
        [v.double().sum().item() for v in model.state_dict().values()],
        count_hooks(model),
    )
