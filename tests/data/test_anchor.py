"""The rule that a forecast starts from."""

import numpy as np
import pandas as pd
import pytest
import torch

from lstmkit.data.anchor import fit_autoregression

DAY = 288


@pytest.mark.parametrize(
    ("interval", "season"),
    [("3h", 8), ("5h", 5), ("7h", None), ("16h", None), ("36h", None), ("1D", 1), ("7D", None)],
)
def test_the_day_before_is_a_day_before(interval, season):
    deviations = torch.from_numpy(np.random.default_rng(0).normal(size=200)).float()
    anchor = fit_autoregression(
        np.zeros(200), deviations, torch.arange(20, 190), 1, 10, pd.Timedelta(interval)
    )
    assert anchor.season == season


@pytest.mark.parametrize("seed", [0, 4])
def test_where_the_day_before_is_one_of_the_recent_values_the_fit_is_the_best_and_the_smallest(seed):
    """Up to an hour short of a day ahead both name the same value, and infinitely many weights fit alike."""
    steps = np.arange(10_241 + seed)
    drift = np.cumsum(np.random.default_rng(seed).normal(size=len(steps))) / 60
    deviations = torch.from_numpy(np.sin(steps / 90) + drift).float()
    origin = torch.arange(DAY, len(steps) - DAY)
    anchor = fit_autoregression(np.zeros(len(steps)), deviations, origin, DAY, DAY, pd.Timedelta("5min"))
    values = deviations.double().numpy()
    recent = np.stack([values[origin - lag] for lag in anchor.recent], axis=1)
    for term, lag in enumerate(anchor.recent):
        ahead = values[origin + DAY - lag]
        best = np.linalg.solve(recent.T @ recent, recent.T @ ahead)
        best[term] /= 2  # the value stands in two columns
        np.testing.assert_allclose(anchor.weights[DAY - 1 - lag], [*best, best[term]], rtol=1e-4)
