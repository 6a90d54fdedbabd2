"""Rules that need no fitting, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from lstmkit.data.residual import fit_residual_baseline
from lstmkit.params import SplitParams
from lstmkit.training.simple_rules import at_targets, day_before, persistence, rule_alone, seasonal_naive
from tests.series import dataset_of, raw_windows

HALF = SplitParams(validation_blocks=1, train=0.4, validation=0.2)


def windows_of(values, horizon, part="test", interval="6h", lookback=2):
    """Four steps are a day."""
    dataset = dataset_of({"co2": values}, interval=interval)
    return raw_windows(dataset, horizon, HALF, lookback=lookback)[part]


def starting_at(windows, row):
    return windows.select((windows.starts == row).nonzero().flatten())


def test_persistence_repeats_the_last_value():
    test = windows_of(np.arange(30.0) * 10, 3)
    forecast = persistence(test)
    assert test.starts.tolist() == [16, 17, 18, 19, 20, 21, 22, 23, 24, 25]
    assert forecast[:2].tolist() == [[[170]] * 3, [[180]] * 3]
    assert forecast[-1].tolist() == [[260]] * 3


def test_the_day_before_and_again_where_the_horizon_is_longer_than_a_day():
    test = starting_at(windows_of(np.arange(40.0), 6), 24)  # the origin is row 25
    # rows 26…31: 22, 23, 24, 25 are known; 26 and 27 are not, so 22 and 23 again
    assert seasonal_naive(test).tolist() == [[[22], [23], [24], [25], [22], [23]]]


def test_a_day_before_in_a_gap_gives_way_to_the_one_before_it():
    test = starting_at(windows_of(np.arange(40.0), 4), 24)
    values = test.values.copy()
    values[22] = np.nan  # for row 26: then row 18
    values[[23, 19]] = np.nan  # for row 27: then row 15
    values[[24, 20, 16]] = np.nan  # for row 28: no day is known, so the last value, row 25
    assert seasonal_naive(replace(test, values=values)).tolist() == [[[18], [15], [25], [25]]]


def test_before_the_series_begins_there_is_no_day():
    train = starting_at(windows_of(np.arange(20.0), 2, "train"), 0)
    assert seasonal_naive(train).tolist() == [[[1], [1]]]


def test_seasonal_naive_never_looks_past_the_origin():
    test = windows_of(np.random.default_rng(0).normal(size=60), 9)
    forecasts = seasonal_naive(test)
    for forecast, start in zip(forecasts, test.starts.tolist(), strict=True):
        known = test.values.copy()
        known[start + 2 :] = 1e9
        assert np.array_equal(seasonal_naive(starting_at(replace(test, values=known), start))[0], forecast)


@pytest.mark.parametrize(
    ("lookback", "known"),
    [(2, [0, 0, 24, 25, 0, 0]), (3, [0, 23, 24, 25, 0, 23]), (4, [22, 23, 24, 25, 22, 23])],
)
def test_the_day_before_is_known_within_the_lookback_alone(lookback, known):
    test = starting_at(windows_of(np.arange(40.0), 6, lookback=lookback), 26 - lookback)
    assert np.nan_to_num(day_before(test.values, test)).tolist() == [[[row] for row in known]]


@pytest.mark.parametrize(
    ("interval", "lookback", "known", "naive"),
    [
        ("8h", 4, [188, 189], [188, 189]),
        ("1D", 8, [184, 185], [184, 185]),
        ("1D", 6, [np.nan, 185], [184, 185]),
        ("1D", 4, [np.nan, np.nan], [184, 185]),
        ("7D", 52, [139, 140], [139, 140]),
        ("7D", 51, [np.nan, 140], [139, 140]),
        ("7D", 4, [np.nan, np.nan], [139, 140]),
    ],
)
def test_where_a_step_is_a_day_or_more_a_week_or_a_year_stands_for_the_day_before(
    interval, lookback, known, naive
):
    """The shortest cycle that the steps resolve: seven steps of a day, 52 of a week. The origin is row 190."""
    windows = windows_of(np.arange(300.0), 2, interval=interval, lookback=lookback)
    test = starting_at(windows, 191 - lookback)
    np.testing.assert_array_equal(day_before(test.values, test), [[[row] for row in known]])
    assert seasonal_naive(test).tolist() == [[[row] for row in naive]]


def test_a_series_that_is_known_in_advance_is_read_at_the_targets():
    test = starting_at(windows_of(np.arange(40.0), 3), 24)
    assert at_targets(np.arange(40.0)[:, None] ** 2, test).tolist() == [[[26**2], [27**2], [28**2]]]


def test_a_rule_alone_is_what_it_says():
    test = starting_at(windows_of(np.arange(40.0), 3), 24)
    usual = np.full((40, 1), 10.0)
    damped = fit_residual_baseline("damped", test.values, usual, np.arange(16), np.arange(8), 3)
    ahead = 10 + damped.rate ** np.arange(1, 4) * (25 - 10)
    np.testing.assert_allclose(rule_alone(damped, test), ahead[None, :, None], rtol=1e-6)
