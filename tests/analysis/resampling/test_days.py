"""Resampled days: the same as writing every resampling out."""

import numpy as np
import pandas as pd
import pytest

from lstmkit.analysis.resampling.days import ResampledDays
from lstmkit.errors import LstmkitError
from lstmkit.wording import with_error
from tests.analysis.planted_filters import days_drawn, noise_windows


def test_sums_and_means_equal_those_of_windows_written_out():
    windows = noise_windows(400)["test"]
    values = np.random.default_rng(0).normal(size=(len(windows), 3, 2))
    days = ResampledDays(windows.origin, values, draws=25, seed=4)
    drawn = list(days_drawn(windows, values, 25, 4))
    assert days.n_days == len({stamp.date() for stamp in windows.origin})
    np.testing.assert_allclose(days.sums(values), [values[d].sum(axis=0) for d in drawn], atol=1e-12)
    np.testing.assert_allclose(days.means(values), [values[d].mean(axis=0) for d in drawn], atol=1e-12)
    np.testing.assert_allclose(
        days.means(values[:, 0, 0]), [values[d, 0, 0].mean() for d in drawn], atol=1e-12
    )


def test_days_are_those_of_the_local_clock():
    stamps = pd.date_range("2025-01-01 20:00", periods=8, freq="1h", tz="America/New_York")
    assert ResampledDays(stamps, np.arange(8.0), draws=3, seed=0).n_days == 2
    with pytest.raises(LstmkitError, match="all windows start on one day"):
        ResampledDays(stamps[:4], np.arange(4.0), draws=3, seed=0)


def test_a_midnight_that_does_not_exist_is_no_obstacle():
    stamps = pd.date_range(
        "2024-04-25 12:00", periods=30, freq="1h", tz="Africa/Cairo"
    )  # 26 April begins at 1:00
    assert ResampledDays(stamps, np.arange(30.0), draws=3, seed=0).n_days == 2


def test_what_is_the_same_on_all_days_has_no_spread():
    windows = noise_windows(400)["test"]
    same = np.full(len(windows), 3.0)
    assert np.ptp(ResampledDays(windows.origin, same, 30, 0).means(same)) < 1e-12


def test_weights_are_how_often_each_window_comes_up():
    windows = noise_windows(400)["test"]
    values = np.random.default_rng(1).normal(size=len(windows))
    days = ResampledDays(windows.origin, values, draws=25, seed=4)
    counts = [np.bincount(d, minlength=len(windows)) for d in days_drawn(windows, values, 25, 4)]
    np.testing.assert_array_equal(days.weights, counts)


def test_days_in_succession_that_go_together_widen_the_spread():
    """Runs of four days alike are a quarter of the evidence: the standard error is twice that of days in disorder."""
    rng = np.random.default_rng(0)
    stamps = pd.date_range("2025-01-01 12:00", periods=400, freq="1D", tz="UTC")
    runs = np.repeat(rng.normal(size=100), 4)
    spread = [ResampledDays(stamps, v, 1000, 0).means(v).std() for v in (runs, rng.permutation(runs))]
    assert spread[0] == pytest.approx(runs[::4].std() / np.sqrt(100), rel=0.15)
    assert spread[1] == pytest.approx(runs.std() / np.sqrt(400), rel=0.15)


@pytest.mark.parametrize(
    ("value", "error", "written"),
    [
        (7.8234, 2.98, "7.8 ± 3.0"),
        (0.91123, 0.0881, "0.911 ± 0.088"),
        (50.04, 0.056, "50.040 ± 0.056"),
        (1234.5, 56.7, "1,234 ± 57"),
        (-0.25, 0.5, "−0.25 ± 0.50"),
        (0.25, 0.0, "0.25 ± 0.00"),
    ],
)
def test_values_are_written_to_the_second_digit_of_their_error(value, error, written):
    assert with_error(value, error) == written
