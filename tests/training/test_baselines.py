"""Baselines, worked out by hand."""

import numpy as np
import pytest
import torch

from lstmkit.data.windows import split_rows
from lstmkit.params import SplitParams, TrainingParams
from lstmkit.training.baselines import (
    ALPHAS,
    fit_baselines,
    fit_ridge,
    persistence,
    ridge_inputs,
    seasonal_naive,
)
from lstmkit.training.gain import held_out_windows
from tests.series import dataset_of, raw_windows

HALF = SplitParams(train=0.4, validation=0.2)


def windows_of(values, horizon, lookback=2, keep=None, split=HALF, **params):
    dataset = dataset_of({"co2": values}, interval="6h", keep=keep)
    return dataset, raw_windows(dataset, horizon, split, lookback=lookback, anchor="none", **params)


def test_persistence_repeats_the_last_value():
    _, windows = windows_of(np.arange(30.0) * 10, 3)
    forecast = persistence(np.arange(30.0) * 10, windows["test"])
    assert windows["test"].starts.tolist() == [18, 19, 20, 21, 22, 23, 24, 25]
    assert forecast[:2].tolist() == [[190] * 3, [200] * 3]
    assert forecast[-1].tolist() == [260] * 3


def test_the_day_before_and_again_where_the_horizon_is_longer_than_a_day():
    values = np.arange(40.0)  # four steps are a day
    _, windows = windows_of(values, 6)
    test = windows["test"].select(windows["test"].starts.new_tensor([0]))
    assert test.starts.tolist() == [24]  # the origin is row 25
    forecast = seasonal_naive(values, test, season=4)
    # rows 26…31: 22, 23, 24, 25 are known; 26 and 27 are not, so 22 and 23 again
    assert forecast.tolist() == [[22, 23, 24, 25, 22, 23]]


def test_a_day_before_in_a_gap_gives_way_to_the_one_before_it():
    values = np.arange(40.0)
    _, windows = windows_of(values, 4)
    test = windows["test"].select(windows["test"].starts.new_tensor([0]))
    values[22] = np.nan  # for row 26: then row 18
    values[[23, 19]] = np.nan  # for row 27: then row 15
    values[[24, 20, 16]] = np.nan  # for row 28: no day is known, so the last value, row 25
    assert seasonal_naive(values, test, season=4).tolist() == [[18, 15, 25, 25]]


def test_before_the_series_begins_there_is_no_day():
    values = np.arange(20.0)
    _, windows = windows_of(values, 2)
    train = windows["train"].select(windows["train"].starts.new_tensor([0]))
    assert seasonal_naive(values, train, season=4).tolist() == [[1, 1]]


def test_seasonal_naive_never_looks_past_the_origin():
    values = np.random.default_rng(0).normal(size=60)
    _, windows = windows_of(values, 9)
    for n in range(len(windows["test"])):
        test = windows["test"].select(windows["test"].starts.new_tensor([n]))
        known = values.copy()
        known[test.starts.item() + 2 :] = 1e9
        assert np.array_equal(seasonal_naive(known, test, 4), seasonal_naive(values, test, 4))


def ridge(windows, steps_per_hour, seed):
    return fit_ridge(windows["train"], windows["validation"], steps_per_hour, seed)(windows["test"])


@pytest.fixture(scope="module")
def sinusoid():
    """x_t = 2 cos(ω) x_{t-1} − x_{t-2}: any later value is a linear function of two earlier ones."""
    values = 600 + 80 * np.sin(2 * np.pi * np.arange(500) / 17.3)
    dataset = dataset_of({"co2": values}, interval="30min")
    return dataset, raw_windows(dataset, 5, HALF, lookback=6, anchor="none")


def test_ridge_finds_an_exactly_linear_relation(sinusoid):
    _, windows = sinusoid
    forecast, observed = ridge(windows, 2, seed=0), windows["test"].observed()
    naive = np.sqrt(np.mean((observed - observed.mean()) ** 2))
    # its smallest penalty, 1 against some 200 windows, shrinks by half a percent at the most
    assert np.sqrt(np.mean((forecast - observed) ** 2)) < 0.01 * naive


@pytest.mark.parametrize("horizon", [1, 3])
def test_the_penalty_of_ridge_is_the_one_that_serves_the_validation_part_best(horizon):
    noise = np.random.default_rng(3).normal(size=600)
    values = 500 + 20 * np.convolve(noise, [0.9, 0.6, 0.3, 0.1], mode="same")
    dataset = dataset_of({"co2": values}, interval="30min")
    windows = raw_windows(dataset, horizon, HALF, lookback=4, anchor="none")
    inputs = {part: ridge_inputs(some, 2) for part, some in windows.items()}

    def forecast(alpha, part):
        x, y = inputs["train"], windows["train"].observed()
        spread = x.std(axis=0)
        scale = np.where(spread > 0, spread, 1)
        z, new = (x - x.mean(axis=0)) / scale, (inputs[part] - x.mean(axis=0)) / scale
        weights = np.linalg.solve(z.T @ z + alpha * np.eye(z.shape[1]), z.T @ (y - y.mean(axis=0)))
        return new @ weights + y.mean(axis=0)

    errors = [np.mean((forecast(a, "validation") - windows["validation"].observed()) ** 2) for a in ALPHAS]
    assert 0 < np.argmin(errors) < len(ALPHAS) - 1
    best, held_out = (forecast(ALPHAS[np.argmin(errors)], part) for part in ("test", "validation"))
    centre = windows["train"].target_scaler.center[0]  # deviations are from it, where there is no climatology
    true = windows["validation"].observed()
    gain = ((held_out - centre) * (true - centre)).sum() / ((held_out - centre) ** 2).sum()
    assert gain > 0
    np.testing.assert_allclose(ridge(windows, 2, seed=0), centre + min(gain, 1) * (best - centre), rtol=1e-4)


def test_ridge_that_only_learned_noise_is_the_climatology():
    """Where what it learned comes true with the other sign, the gain is zero."""
    signal = np.random.default_rng(0).normal(size=1500)
    share = np.where(np.arange(1500) < 600, 1.0, -1.0)
    co2 = 500 + np.concatenate([[0], (40 * share * signal)[:-1]])
    dataset = dataset_of({"co2": co2, "sign": signal}, interval="30min")
    windows = raw_windows(dataset, 1, HALF, lookback=2, anchor="none")
    np.testing.assert_allclose(ridge(windows, 2, seed=0), windows["test"].target_scaler.center[0])


def test_ridge_and_the_network_are_tuned_on_the_same_windows():
    """Validation windows that are not in the network's sample tell ridge nothing."""
    co2 = 600 + np.random.default_rng(0).normal(0, 30, 900)
    params = TrainingParams(validation_windows=20)
    dataset = dataset_of({"co2": co2}, interval="30min")
    windows = raw_windows(dataset, 1, HALF, lookback=2, anchor="none")
    chosen = held_out_windows(windows, params, seed=4)
    assert len(chosen) == 20
    alone = windows | {"validation": chosen}
    forecasts = [
        fit_baselines(dataset, some, HALF, params, seed=4)["ridge"](windows["test"])
        for some in (windows, alone)
    ]
    np.testing.assert_array_equal(*forecasts)


def test_the_clock_of_ridge_keeps_its_seconds():
    windows = raw_windows(
        dataset_of({"co2": np.arange(400.0) % 7}, interval="18s"), 1, HALF, lookback=2, anchor="none"
    )
    chosen = windows["test"]
    sine = ridge_inputs(chosen, 200)[
        :, -2 * 2 * 4
    ]  # after the weekend come four harmonics, then these on weekends
    seconds = 18 * (chosen.starts.numpy() + 1)
    np.testing.assert_allclose(sine, np.sin(2 * np.pi * seconds / 86_400), atol=1e-12)


def test_ridge_does_not_see_the_test_part(sinusoid):
    dataset, windows = sinusoid
    values = dataset.frame["co2"].to_numpy().copy()
    begin = split_rows(dataset.observed, HALF)["test"].start
    changed = values.copy()
    changed[begin + 100 :] = 5 * values[begin + 100 :] - 4000
    others = raw_windows(dataset_of({"co2": changed}, interval="30min"), 5, HALF, lookback=6, anchor="none")
    unchanged = (windows["test"].starts + 6 <= begin + 100).numpy()
    assert unchanged.sum() > 50
    np.testing.assert_array_equal(ridge(windows, 2, 0)[unchanged], ridge(others, 2, 0)[unchanged])


def test_ridge_reads_the_targets_lags_wherever_its_column_stands():
    rng = np.random.default_rng(0)
    noise, co2 = rng.normal(size=600), rng.normal(size=600)
    dataset = dataset_of({"noise": noise, "co2": co2}, interval="30min")
    first, second = (
        ridge(raw_windows(frame, 1, HALF, lookback=4), 2, seed=0)
        for frame in (dataset, dataset_of({"co2": co2, "noise": noise}, interval="30min"))
    )
    np.testing.assert_array_equal(first, second)


def test_all_baselines_together():
    day = 500 + 100 * np.sin(2 * np.pi * np.arange(24) / 24)
    co2 = np.tile(day, 21)  # three weeks, the same every day
    dataset = dataset_of({"co2": co2})
    windows = raw_windows(dataset, 3, SplitParams(train=0.7, validation=0.1), lookback=4)
    baselines = fit_baselines(
        dataset, windows, SplitParams(train=0.7, validation=0.1), TrainingParams(), seed=0
    )
    forecasts = {name: forecast(windows["test"]) for name, forecast in baselines.items()}
    assert list(forecasts) == ["persistence", "seasonal naive", "climatology", "ridge"]
    observed = windows["test"].observed()
    assert all(forecast.shape == observed.shape for forecast in forecasts.values())
    for name in ("seasonal naive", "climatology"):
        np.testing.assert_allclose(forecasts[name], observed, atol=1e-4)
    rows = windows["test"].starts.numpy() + 3
    np.testing.assert_array_equal(forecasts["persistence"], np.repeat(co2[rows][:, None], 3, axis=1))


def test_the_climatology_knows_the_training_part_alone():
    co2 = np.where(np.arange(480) < 240, 500.0, 900.0)  # half-hourly: the second half is another world
    dataset = dataset_of({"co2": co2}, interval="30min")
    split = SplitParams(train=0.5, validation=0.25)
    windows = raw_windows(dataset, 3, split, lookback=4)
    assert (
        fit_baselines(dataset, windows, split, TrainingParams(), seed=0)["climatology"](windows["test"])
        == 500
    ).all()


@pytest.mark.parametrize("size", [1, 7, 64])
def test_some_windows_are_forecast_as_they_are_among_all(size):
    co2 = 600 + np.random.default_rng(0).normal(0, 30, 500)
    dataset = dataset_of({"co2": co2}, interval="30min")
    windows = raw_windows(dataset, 3, HALF, lookback=6)
    test = windows["test"]
    for name, forecast in fit_baselines(dataset, windows, HALF, TrainingParams(), seed=0).items():
        parts = [forecast(test.select(index)) for index in torch.arange(len(test)).split(size)]
        # ridge is a matrix product, which rounds with its shape
        np.testing.assert_allclose(np.concatenate(parts), forecast(test), rtol=1e-12, err_msg=name)


def test_the_baselines_know_nothing_of_the_test_part():
    co2 = 600 + np.random.default_rng(0).normal(0, 30, 500)
    other = co2.copy()
    other[450:] += 1000  # the test part begins with row 300
    forecasts = []
    for values in (co2, other):
        dataset = dataset_of({"co2": values}, interval="30min")
        windows = raw_windows(dataset, 3, HALF, lookback=6)
        early = windows["test"].select(torch.arange(100))
        baselines = fit_baselines(dataset, windows, HALF, TrainingParams(), seed=0)
        forecasts.append({name: forecast(early) for name, forecast in baselines.items()})
    for name, values in forecasts[0].items():
        np.testing.assert_array_equal(values, forecasts[1][name], err_msg=name)
