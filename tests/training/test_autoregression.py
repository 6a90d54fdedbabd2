"""Autoregression, against least squares by other means."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lstmkit.data.calendar import Calendar
from lstmkit.data.residual import fit_residual_baseline
from lstmkit.params import SplitParams
from lstmkit.training.autoregression import fit_autoregression, recent_lags
from tests.series import dataset_of, raw_windows

HALF = SplitParams(validation_blocks=1, train=0.5, validation=0.2)
ZERO = np.zeros


@pytest.mark.parametrize(
    ("interval", "lookback", "lags"),
    [
        ("5min", 288, [0, 1, 2, 6, 12]),
        ("5min", 3, [0, 1, 2]),
        ("1h", 24, [0, 1]),
        ("18s", 250, [0, 17, 33, 100, 200]),
        ("1D", 7, [0, 1, 2, 3]),
        ("month", 12, [0, 1, 2, 3]),
        ("5min", 1, [0]),
    ],
)
def test_the_recent_lags_are_those_within_the_lookback(interval, lookback, lags):
    assert recent_lags(Calendar(interval), lookback) == lags


def fitted(values, interval, horizon, lookback, usual=None):
    dataset = dataset_of({"co2": values}, interval=interval)
    windows = raw_windows(dataset, horizon, HALF, lookback=lookback)
    train = windows["train"]
    usual = np.zeros(len(values)) if usual is None else usual
    damped = fit_residual_baseline(
        "damped",
        values[:, None],
        usual[:, None],
        np.arange(len(values) // 2),
        train.origin_rows.numpy(),
        horizon,
    )
    return fit_autoregression(damped, train, windows["validation"]), windows, damped


def test_an_autoregression_of_two_lags_is_found():
    """Hourly, x_t = 1.2 x_{t−1} − .5 x_{t−2} exactly, from the lags 0 and 1 h."""
    values, noise = np.zeros(1200), np.random.default_rng(0).normal(size=1200)
    for t in range(2, 1200):
        values[t] = 1.2 * values[t - 1] - 0.5 * values[t - 2] + noise[t]
    model, _, _ = fitted(values, "1h", 2, 4)
    first, second = np.array([1.2, -0.5]), np.array([1.2 * 1.2 - 0.5, -1.2 * 0.5])
    np.testing.assert_allclose(model.weights[:, :2], [first, second], atol=0.1)
    np.testing.assert_array_equal(
        model.weights[:, 2], 0
    )  # a day before lies before the lookback of four hours
    assert model.gain > 0.9


def test_the_gain_is_that_of_the_held_out_windows_from_the_damped_climatology():
    values = 500 + np.cumsum(np.random.default_rng(1).normal(size=900)) + 5 * np.arange(900) % 7
    usual = 500 + 3 * np.sin(np.arange(900) / 4)
    model, windows, damped = fitted(values, "1h", 3, 30, usual)
    held_out, test = windows["validation"], windows["test"]
    by_hand = {}
    for name, some in (("train", windows["train"]), ("held out", held_out), ("test", test)):
        origin = some.origin_rows.numpy()
        ahead = origin[:, None] + np.arange(1, 4)
        now = (values - usual)[origin]
        terms = [now, (values - usual)[origin - 1]]
        earlier = (values - usual)[ahead - 24]
        by_hand[name] = (
            [np.column_stack([*terms, earlier[:, k]]) for k in range(3)],
            (values - usual)[ahead],
            now[:, None] * damped.rate ** np.arange(1, 4),
            usual[ahead],
        )
    x, y, _, _ = by_hand["train"]
    weights = [np.linalg.solve(x[k].T @ x[k], x[k].T @ y[:, k]) for k in range(3)]
    plain = {n: np.stack([x[k] @ weights[k] for k in range(3)], 1) for n, (x, *_) in by_hand.items()}
    _, true, rule, _ = by_hand["held out"]
    difference = plain["held out"] - rule
    gain = (difference * (true - rule)).sum() / (difference**2).sum()
    assert 0 < gain < 1
    _, _, rule, expected = by_hand["test"]
    np.testing.assert_allclose(
        model(test), (expected + rule + gain * (plain["test"] - rule))[..., None], rtol=1e-5, atol=1e-3
    )


@pytest.mark.parametrize("seed", [0, 4])
def test_where_the_day_before_is_one_of_the_recent_values_the_fit_is_the_best_and_the_smallest(seed):
    """A day ahead less a lag both name the same value, and infinitely many weights fit alike."""
    steps = np.arange(2400 + seed)
    values = np.sin(steps / 90) + np.cumsum(np.random.default_rng(seed).normal(size=len(steps))) / 60
    day = 48
    model, windows, _ = fitted(values, "30min", day, day)
    origin = windows["train"].origin_rows.numpy()
    recent = np.stack([values[origin - lag] for lag in (0, 1, 2)], axis=1)
    for term, lag in enumerate((0, 1, 2)):
        ahead = values[origin + day - lag]
        best = np.linalg.solve(recent.T @ recent, recent.T @ ahead)
        best[term] /= 2  # the value stands in two columns
        np.testing.assert_allclose(model.weights[day - 1 - lag], [*best, best[term]], rtol=1e-4, atol=1e-8)


def test_it_reads_nothing_before_the_lookback_and_nothing_ahead():
    values = np.random.default_rng(0).normal(size=600)
    model, windows, damped = fitted(values, "1h", 3, 24)
    test = windows["test"].select(torch.tensor([40]))
    forecast = model(test)
    start = test.starts.item()
    values = values.copy()
    values[:start], values[start + 24 :] = 1e6, -1e6
    values = values[:, None]
    rule = replace(damped, deviations=torch.from_numpy(values / damped.scale).float())
    others = replace(test, values=values)
    np.testing.assert_array_equal(replace(model, damped=rule)(others), forecast)
