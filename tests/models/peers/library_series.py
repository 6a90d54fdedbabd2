"""The hourly series on which both libraries are fitted, and its last windows."""

import numpy as np
import pandas as pd
import torch

LOOKBACK, HORIZON = 24, 4
QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "enable_checkpointing": False,
}


def table(n: int = 300) -> pd.DataFrame:
    """A target around 600 and a column beside it around 20, by the hour."""
    rng, hours = np.random.default_rng(0), np.arange(n)
    columns = {"y": 600 + 80 * np.sin(hours / 4) + rng.normal(0, 5, n), "heat": 20 + np.cos(hours / 7)}
    return pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=n, freq="h")} | columns)


def assert_gradient_is_true(module: torch.nn.Module, x: torch.Tensor) -> None:
    """The gradient of the forecasts equals their differences when single inputs are changed."""
    module, x = module.double(), x.double().requires_grad_()
    (gradient,) = torch.autograd.grad(module(x).sum(), x)
    assert bool(gradient.isfinite().all())
    for step, feature in ((0, 0), (LOOKBACK - 1, 0), (LOOKBACK // 2, x.shape[2] - 1)):
        moved = torch.zeros_like(x)
        moved[0, step, feature] = 1e-4
        with torch.no_grad():
            slope = (module(x + moved).sum() - module(x - moved).sum()) / 2e-4
        torch.testing.assert_close(gradient[0, step, feature], slope, rtol=1e-4, atol=1e-7)


def newest_window(frame: pd.DataFrame, columns: list[str]) -> torch.Tensor:
    """Inputs of one window that ends where a table ends."""
    return torch.tensor(frame[columns].to_numpy("float32")[-LOOKBACK:].copy())[None]
