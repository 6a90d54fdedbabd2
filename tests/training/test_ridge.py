"""Ridge, against normal equations and series with a known answer."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lstmkit.data.climatology import climatologies
from lstmkit.data.residual import fit_residual_baseline
from lstmkit.params import SplitParams
from lstmkit.training.regression_inputs import ridge_inputs
from lstmkit.training.ridge import ALPHAS, fit_ridge
from lstmkit.training.simple_rules import rule_alone
from tests.series import dataset_of, raw_windows

HALF = SplitParams(validation_blocks=1, train=0.4, validation=0.2)


def expected_and_rules(dataset, windows, kinds):
    train = windows["train"]
    usual = climatologies(dataset, train.rows)
    origin = train.origin_rows.numpy()
    return usual, [
        fit_residual_baseline(kind, train.values, usual, train.rows, origin, train.horizon) for kind in kinds
    ]


def ridge_of(dataset, horizon, lookback, kinds=("none",)):
    windows = raw_windows(dataset, horizon, HALF, lookback=lookback)
    usual, rules = expected_and_rules(dataset, windows, kinds)
    return fit_ridge(rules, usual, windows["train"], windows["validation"], seed=0), windows


@pytest.fixture(scope="module")
def sinusoid():
    """x_t = 2 cos(ω) x_{t-1} − x_{t-2}: any later value is a linear function of two earlier ones."""
    return dataset_of({"co2": 600 + 80 * np.sin(2 * np.pi * np.arange(500) / 17.3)}, interval="30min")


def test_it_finds_an_exactly_linear_relation(sinusoid):
    windows = raw_windows(sinusoid, 5, HALF, lookback=6)
    _, rules = expected_and_rules(sinusoid, windows, ["none"])
    level = np.full((500, 1), 600.0)
    ridge = fit_ridge(rules, level, windows["train"], windows["validation"], seed=0)
    forecast, observed = ridge(windows["test"]), windows["test"].observed()
    naive = np.sqrt(np.mean((observed - observed.mean()) ** 2))
    # its smallest penalty, 1 against some 200 windows, shrinks by half a percent at the most
    assert np.sqrt(np.mean((forecast - observed) ** 2)) < 0.01 * naive


@pytest.mark.parametrize("horizon", [1, 3])
def test_rule_penalty_and_gain_are_those_that_serve_the_held_out_windows_best(horizon):
    noise = np.random.default_rng(3).normal(size=600)
    values = 500 + 20 * np.convolve(noise, [0.9, 0.6, 0.3, 0.1], mode="same")
    dataset = dataset_of({"co2": values}, interval="30min")
    ridge, windows = ridge_of(dataset, horizon, 4, ("none", "last"))
    usual, rules = expected_and_rules(dataset, windows, ("none", "last"))
    inputs = {part: ridge_inputs(some, usual) for part, some in windows.items()}

    def outputs(rule, alpha, part):
        x = inputs["train"]
        y = (windows["train"].observed() - rule_alone(rule, windows["train"]))[..., 0]
        spread = x.std(axis=0)
        scale = np.where(spread > 0, spread, 1)
        z, new = (x - x.mean(axis=0)) / scale, (inputs[part] - x.mean(axis=0)) / scale
        weights = np.linalg.solve(z.T @ z + alpha * np.eye(z.shape[1]), z.T @ (y - y.mean(axis=0)))
        return new @ weights + y.mean(axis=0)

    candidates = []
    for rule in rules:
        true = (windows["validation"].observed() - rule_alone(rule, windows["validation"]))[..., 0]
        for alpha in ALPHAS:
            out = outputs(rule, alpha, "validation")
            gain = min(1.0, max(0.0, (out * true).sum() / (out**2).sum()))
            candidates.append((np.mean((gain * out - true) ** 2), rule, alpha, gain))
    _, rule, alpha, gain = min(candidates, key=lambda candidate: candidate[0])
    assert ALPHAS[0] < alpha < ALPHAS[-1]
    assert ridge.rule.kind == rule.kind
    by_hand = rule_alone(rule, windows["test"]) + gain * outputs(rule, alpha, "test")[..., None]
    np.testing.assert_allclose(ridge(windows["test"]), by_hand, rtol=1e-6)


def test_where_the_level_walks_off_it_starts_from_the_last_value():
    values = 500 + np.cumsum(np.random.default_rng(0).normal(size=900))
    ridge, windows = ridge_of(dataset_of({"co2": values}, interval="30min"), 2, 4, ("climatology", "last"))
    assert ridge.rule.kind == "last"
    test = windows["test"]
    error = np.sqrt(np.mean((ridge(test) - test.observed()) ** 2))
    assert error < 1.1 * np.sqrt(np.mean((test.latest()[:, None] - test.observed()) ** 2))


def test_what_only_learned_noise_is_its_rule():
    """Where what it learned comes true with the other sign, the gain is zero."""
    signal = np.random.default_rng(0).normal(size=1500)
    share = np.where(np.arange(1500) < 600, 1.0, -1.0)
    co2 = 500 + np.concatenate([[0], (40 * share * signal)[:-1]])
    dataset = dataset_of({"co2": co2, "sign": signal}, interval="30min")
    ridge, windows = ridge_of(dataset, 1, 2)
    assert ridge.gain == 0
    np.testing.assert_allclose(ridge(windows["test"]), co2[:600].mean(), rtol=1e-6)


def test_a_value_a_day_before_the_target_is_among_the_inputs():
    """Every value is nine tenths of the one a day before, and noise of .1; others tell nothing of it."""
    rng = np.random.default_rng(0)
    days = [rng.normal(0, 0.23, 48)]
    for _ in range(60):
        days.append(0.9 * days[-1] + rng.normal(0, 0.1, 48))
    ridge, windows = ridge_of(dataset_of({"co2": 500 + np.concatenate(days)}, interval="30min"), 3, 48)
    observed = windows["test"].observed()
    assert (observed - ridge(windows["test"])).std() < 0.115 < 0.2 < observed.std()


def test_the_clock_keeps_its_seconds():
    windows = raw_windows(dataset_of({"co2": np.arange(400.0) % 7}, interval="18s"), 1, HALF, lookback=2)
    chosen = windows["test"]
    # after the weekend come four harmonics, then these on weekends
    sine = ridge_inputs(chosen, np.zeros((400, 1)))[:, -2 * 2 * 4]
    seconds = 18 * (chosen.starts.numpy() + 1)
    np.testing.assert_allclose(sine, np.sin(2 * np.pi * seconds / 86_400), atol=1e-12)


def test_the_order_of_the_columns_does_not_matter():
    rng = np.random.default_rng(0)
    noise, co2 = rng.normal(size=600), rng.normal(size=600)
    frames = ({"noise": noise, "co2": co2}, {"co2": co2, "noise": noise})
    forecasts = []
    for frame in frames:
        ridge, windows = ridge_of(dataset_of(frame, interval="30min"), 1, 4)
        forecasts.append(ridge(windows["test"]))
    np.testing.assert_array_equal(*forecasts)


def test_it_reads_no_target_ahead_and_nothing_before_the_lookback(sinusoid):
    ridge, windows = ridge_of(sinusoid, 5, 60, ("damped",))
    test = windows["test"].select(torch.tensor([60]))
    forecast, start = ridge(test), test.starts.item()
    values = test.values.copy()
    values[:start], values[start + 60 :] = 1e6, -1e6
    np.testing.assert_array_equal(ridge(replace(test, values=values)), forecast)
