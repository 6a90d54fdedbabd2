"""Boosted trees, on series whose next step only they can tell."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from lstmkit.params import SplitParams
from lstmkit.training.boosted_trees import fit_boosted_trees
from lstmkit.training.regression_inputs import step_inputs, tree_inputs
from lstmkit.training.simple_rules import persistence
from tests.series import dataset_of, raw_windows

HALF = SplitParams(validation_blocks=1, train=0.5, validation=0.2)


def windows_of(values, horizon, lookback=4, interval="30min", **others):
    return raw_windows(
        dataset_of({"co2": values, **others}, interval=interval), horizon, HALF, lookback=lookback
    )


def trees_of(windows, base=persistence, expected=None, seed=0):
    expected = np.zeros((len(windows["train"].values), 1)) if expected is None else expected
    return fit_boosted_trees(base, expected, windows["train"], windows["validation"], seed)


def rmse(forecast, windows):
    return np.sqrt(np.mean((forecast - windows.observed()) ** 2))


def test_a_product_of_two_inputs_is_found():
    """x_t = 6 a_{t-1} b_{t-1}, each 0 or 1, and noise of .5: the best linear rule leaves 1.5."""
    a, b = np.random.default_rng(0).choice([0.0, 1.0], (2, 4000))
    noise = np.random.default_rng(1).normal(0, 0.5, 4000)
    values = 500 + np.concatenate([[0], 6 * (a * b)[:-1]]) + noise
    windows = windows_of(values, 1, a=a, b=b)
    trees, test = trees_of(windows, base=lambda w: np.full((len(w), 1, 1), 501.5)), windows["test"]
    assert rmse(trees(test), test) < 0.55 < 2.5 < rmse(trees.ridge(test), test)
    assert trees.gain > 0.95


def test_what_does_not_recur_leaves_the_base_as_it_is():
    """Where what the trees learned comes true with the other sign, the held-out windows stop them at once."""
    signal = np.random.default_rng(0).normal(size=3000)
    share = np.where(np.arange(3000) < 1500, 1.0, -1.0)
    values = 500 + np.concatenate([[0], (40 * share * signal)[:-1]])
    windows = windows_of(values, 1, sign=signal)
    base = lambda w: np.full((len(w), 1, 1), 500.0)  # noqa: E731
    trees = trees_of(windows, base)
    assert [each.rounds for each in trees.trees] == [0]
    np.testing.assert_array_equal(trees(windows["test"]), base(windows["test"]))


def test_each_step_has_its_forecast_and_those_between_are_interpolated():
    values = 500 + 100 * np.sin(2 * np.pi * np.arange(1200) / 70)
    windows = windows_of(values, 20)
    trees, test = trees_of(windows), windows["test"]
    assert [each.steps.tolist() for each in trees.trees][:6] == [[1], [2], [3], [6], [9], [12]]
    assert trees.trees[6].steps.tolist() == list(range(13, 21))
    error = np.sqrt(np.mean((trees(test) - test.observed()) ** 2, axis=0))
    assert (error < 0.15 * np.sqrt(np.mean((trees.ridge(test) - test.observed()) ** 2, axis=0))).all()
    assert trees.outputs(test).shape == (len(test), 20, 1)
    outputs = trees.outputs(test)[..., 0]
    np.testing.assert_allclose(outputs[:, 3], outputs[:, [2, 5]] @ [2 / 3, 1 / 3], atol=1e-9)
    np.testing.assert_allclose(outputs[:, 9], outputs[:, [8, 11]] @ [2 / 3, 1 / 3], atol=1e-9)


@pytest.mark.parametrize(
    ("horizon", "steps"),
    [
        (1, [[1]]),
        (5, [[1], [2], [3], [5]]),
        (12, [[1], [2], [3], [6], [9], [12]]),
        (13, [[1], [2], [3], [6], [9], [12], [13]]),
        (100, [[1], [2], [3], [6], [9], [12], [13, 21, 29, 37, 45, 53, 60, 68, 76, 84, 92, 100]]),
    ],
)
def test_the_last_step_is_always_asked(horizon, steps):
    windows = windows_of(np.random.default_rng(0).normal(size=1000), horizon)
    assert [each.steps.tolist() for each in trees_of(windows).trees] == steps


def test_few_windows_split_nothing():
    windows = windows_of(500 + np.random.default_rng(0).normal(size=80), 2)
    trees, test = trees_of(windows), windows["test"]
    assert len(windows["train"]) < 60
    np.testing.assert_array_equal(trees(test), persistence(test))


def test_inputs_are_those_that_they_say():
    values = np.random.default_rng(0).normal(size=400).cumsum()
    windows = windows_of(values, 2, lookback=48, interval="1h")
    test, expected = windows["test"].select(torch.tensor([30])), np.arange(400.0)
    origin = test.origin_rows.item()
    inputs, now = tree_inputs(test, expected[:, None])[0], values[origin]
    means = [values[origin - span + 1 : origin + 1].mean() - now for span in (2, 3, 6, 12, 24)]
    hour = test.time[origin].hour
    tail = [now, now - expected[origin], *means, hour, test.time[origin].day_of_week]
    np.testing.assert_allclose(inputs[-len(tail) :], tail)
    lags = inputs[1 : -len(tail)]  # after the only feature
    assert lags[0] == values[origin - 1] - now
    assert lags[-1] == values[origin - 47] - now
    of_steps = step_inputs(test, expected[:, None], np.array([[2, 30, 72]]))[0]
    assert of_steps[:, 0].tolist() == [2, 30, 72]
    assert of_steps[:, 1].tolist() == [origin + k - now for k in (2, 30, 72)]
    assert of_steps[:, 2].tolist() == [(hour + k) % 24 for k in (2, 30, 72)]
    earlier = [origin - 22, origin - 18, origin]
    np.testing.assert_allclose(of_steps[:, 3], values[earlier] - now)
    np.testing.assert_allclose(of_steps[:, 4], values[earlier] - expected[earlier])


def test_what_is_expected_stands_for_a_day_before_the_lookback():
    windows = windows_of(np.random.default_rng(0).normal(size=200), 2, lookback=4, interval="1h")
    test, expected = windows["test"], np.arange(200.0)
    of_steps = step_inputs(test, expected[:, None], np.full((len(test), 1), 2))[:, 0]
    now = test.latest()[:, 0]
    np.testing.assert_allclose(of_steps[:, 3], expected[test.origin_rows.numpy() + 2] - now)
    np.testing.assert_array_equal(of_steps[:, 4], 0)


def test_trees_read_nothing_before_the_lookback_and_no_target_ahead():
    rng = np.random.default_rng(0)
    values = 500 + 50 * np.sin(np.arange(2000) / 9) + rng.normal(size=2000)
    windows = windows_of(values, 3, lookback=60)
    trees = trees_of(windows)
    assert max(each.rounds for each in trees.trees) > 5
    test = windows["test"].select(torch.tensor([100]))
    forecast, start = trees(test), test.starts.item()
    others = values.copy()
    others[:start], others[start + 60 :] = 1e6, -1e6
    np.testing.assert_array_equal(trees(replace(test, values=others[:, None])), forecast)


def test_the_same_seed_gives_the_same_trees():
    values = 500 + 50 * np.sin(np.arange(2000) / 9) + np.random.default_rng(0).normal(size=2000)
    windows = windows_of(values, 15)
    first, again = (trees_of(windows)(windows["test"]) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert (trees_of(windows, seed=1)(windows["test"]) != first).any()


def test_hours_are_those_of_the_targets_clock():
    windows = windows_of(np.arange(400.0) % 7, 2, interval="18s")
    test = windows["test"]
    hours = step_inputs(test, np.zeros((400, 1)), np.full((len(test), 1), 2))[:, 0, 2]
    stamps = test.target_time
    seconds = (stamps - stamps.normalize()) / pd.Timedelta("1h")
    np.testing.assert_allclose(hours, seconds)
