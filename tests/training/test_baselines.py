"""All baselines together: what they know, what they agree on, and that they work on any series."""

import numpy as np
import pytest
import torch

from lstmkit.params import SplitParams, TrainingParams
from lstmkit.training.baselines import fit_baselines
from lstmkit.training.gain import held_out_windows
from tests.series import dataset_of, raw_windows

HALF = SplitParams(validation_blocks=1, train=0.4, validation=0.2)
NAMES = [
    "persistence",
    "seasonal naive",
    "climatology",
    "damped climatology",
    "autoregression",
    "ridge",
    "boosted trees",
]
FITTED = NAMES[4:]


def baselines_of(dataset, windows, seed=0, **params):
    return fit_baselines(dataset, windows, TrainingParams(**params), seed)


def rmse(forecast, windows):
    return np.sqrt(np.mean((forecast(windows) - windows.observed()) ** 2))


def test_a_day_that_repeats_is_forecast_by_all_that_know_the_clock():
    day = 500 + 100 * np.sin(2 * np.pi * np.arange(24) / 24)
    split = SplitParams(validation_blocks=1, train=0.7, validation=0.1)
    dataset = dataset_of({"co2": np.tile(day, 21)})  # three weeks, the same every day
    windows = raw_windows(dataset, 3, split, lookback=4)
    baselines, test = baselines_of(dataset, windows), windows["test"]
    assert list(baselines) == NAMES
    for name in NAMES[1:]:
        assert rmse(baselines[name], test) < 0.1, name
    np.testing.assert_array_equal(
        baselines["persistence"](test), np.repeat(test.latest()[:, None], 3, axis=1)
    )


def test_the_climatology_knows_the_training_part_alone():
    co2 = np.where(np.arange(480) < 240, 500.0, 900.0)  # half-hourly: the second half is another world
    dataset = dataset_of({"co2": co2}, interval="30min")
    split = SplitParams(validation_blocks=1, train=0.5, validation=0.25)
    windows = raw_windows(dataset, 3, split, lookback=4)
    assert (baselines_of(dataset, windows)["climatology"](windows["test"]) == 500).all()


@pytest.mark.parametrize("size", [7, 64])
def test_some_windows_are_forecast_as_they_are_among_all(size):
    co2 = 600 + 30 * np.sin(np.arange(900) / 5) + np.random.default_rng(0).normal(0, 9, 900)
    dataset = dataset_of({"co2": co2}, interval="30min")
    windows = raw_windows(dataset, 14, HALF, lookback=6)
    test = windows["test"].select(torch.arange(100))
    for name, forecast in baselines_of(dataset, windows).items():
        parts = [forecast(test.select(index)) for index in torch.arange(len(test)).split(size)]
        # matrix products round with their shape
        np.testing.assert_allclose(np.concatenate(parts), forecast(test), rtol=1e-12, err_msg=name)


def test_the_baselines_know_nothing_of_the_test_part():
    co2 = 600 + 30 * np.sin(np.arange(1000) / 5) + np.random.default_rng(0).normal(0, 9, 1000)
    other = co2.copy()
    other[900:] += 1000  # the test part begins with row 600
    forecasts = []
    for values in (co2, other):
        dataset = dataset_of({"co2": values}, interval="30min")
        windows = raw_windows(dataset, 3, HALF, lookback=6)
        early = windows["test"].select(torch.arange(100))
        forecasts.append({n: forecast(early) for n, forecast in baselines_of(dataset, windows).items()})
    for name, values in forecasts[0].items():
        np.testing.assert_array_equal(values, forecasts[1][name], err_msg=name)


def test_all_are_tuned_on_the_windows_on_which_the_network_is_tuned():
    """Validation windows that are not in the network's sample tell nothing."""
    co2 = 600 + np.random.default_rng(0).normal(0, 30, 900)
    dataset = dataset_of({"co2": co2}, interval="30min")
    windows = raw_windows(dataset, 1, HALF, lookback=2)
    chosen = held_out_windows(windows, TrainingParams(validation_windows=20), seed=4)
    assert len(chosen) == 20
    alone = windows | {"validation": chosen}
    for name in FITTED:
        forecasts = [
            baselines_of(dataset, some, seed=4, validation_windows=20)[name](windows["test"])
            for some in (windows, alone)
        ]
        np.testing.assert_array_equal(*forecasts, err_msg=name)


def test_a_series_that_only_walks_is_left_to_the_last_value():
    """Eight weeks of hours: there is nothing to learn, and each regression may lose a few percent."""
    ratios = {"ridge": [], "boosted trees": []}
    for seed in range(4):
        co2 = 600 + np.cumsum(np.random.default_rng(seed).normal(0, 5, 1344))
        dataset = dataset_of({"co2": co2})
        windows = raw_windows(dataset, 2, SplitParams(validation_blocks=1), lookback=24)
        baselines, test = baselines_of(dataset, windows), windows["test"]
        for name, found in ratios.items():
            found.append(rmse(baselines[name], test) / rmse(baselines["persistence"], test))
    assert all(np.median(found) < 1.05 for found in ratios.values()), ratios


SERIES = {
    "constant": lambda rng, n: np.full(n, 612.3),
    "noise": lambda rng, n: 600 + rng.normal(0, 30, n),
    "mostly constant": lambda rng, n: np.where(rng.random(n) < 0.02, 900.0, 600.0),
    "large": lambda rng, n: 1e9 + np.cumsum(rng.normal(size=n)),
    "tiny": lambda rng, n: 1e-9 * rng.normal(size=n),
}


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize(
    ("interval", "horizon", "lookback", "rows"),
    [
        ("5min", 1, 2, 90),
        ("5min", 30, 1, 900),
        ("18s", 4, 250, 1500),
        ("1h", 14, 30, 300),
        ("7h", 3, 9, 200),
        ("1D", 2, 7, 120),
        ("7D", 1, 3, 60),
    ],
)
def test_they_forecast_any_series(series, interval, horizon, lookback, rows):
    co2 = SERIES[series](np.random.default_rng(0), rows)
    dataset = dataset_of({"co2": co2, "same": np.ones(rows)}, interval=interval)
    windows = raw_windows(dataset, horizon, HALF, lookback=lookback)
    test = windows["test"]
    reach = np.ptp(co2)
    for name, forecast in baselines_of(dataset, windows).items():
        values = forecast(test)
        assert values.shape == test.observed().shape, name
        assert np.isfinite(values).all(), name
        assert (np.abs(values - co2.mean()) <= 1.5 * reach + 1e-6 * np.abs(co2).max()).all(), name
