"""A stream's mean, standard error and sums per day are those of the whole; resamplings, worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from lstmkit.analysis.resampling.statistics import (
    DailySums,
    RunningMean,
    block_length,
    central_interval,
    contributions_to_mean,
    resample_blocks,
    side_of_zero,
)
from tests.analysis.drawn import blocks_drawn


@settings(max_examples=50, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=8),
    shape=st.sampled_from([(), (3,), (2, 4)]),
    level=st.floats(-1e6, 1e6, allow_subnormal=False),
    dtype=st.sampled_from(["float32", "float64"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_split_into_batches_gives_the_same(sizes, shape, level, dtype, seed):
    rng = np.random.default_rng(seed)
    batches = [(level + rng.normal(size=(size, *shape))).astype(dtype) for size in sizes]
    mean = RunningMean()
    for batch in batches:
        mean.add(batch)
    whole = np.concatenate(batches).astype("float64")
    assert mean.count == len(whole)
    scale = max(1, abs(level))
    np.testing.assert_allclose(mean.mean, whole.mean(axis=0), rtol=0, atol=1e-14 * scale * len(whole))
    if len(whole) > 1:
        expected = whole.std(axis=0, ddof=1) / np.sqrt(len(whole))
        np.testing.assert_allclose(mean.standard_error, expected, rtol=1e-6, atol=1e-9 * scale)
    else:
        assert np.isnan(mean.standard_error).all()


def test_by_hand():
    mean = RunningMean()
    mean.add(np.array([[1.0, 10.0]]))
    mean.add(np.array([[2.0, 10.0], [6.0, 10.0]]))
    assert mean.mean.tolist() == [3, 10]
    assert mean.standard_error == pytest.approx([np.sqrt((4 + 1 + 9) / 2 / 3), 0])
    assert mean.spread == pytest.approx([4 + 1 + 9, 0])


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Africa/Cairo"])
@pytest.mark.parametrize("size", [1, 10, 96])
def test_sums_per_day_are_those_of_the_local_days(zone, size):
    """Two of these zones change their clocks in these days, one of them at midnight."""
    start = {"Africa/Cairo": "2024-04-24"}.get(zone, "2024-11-01")
    local = pd.date_range(start, periods=96, freq="1h", tz="UTC").tz_convert(zone)
    values = np.random.default_rng(0).normal(size=(96, 2, 3))
    sums = DailySums()
    for first in range(0, 96, size):
        sums.add(local[first : first + size], values[first : first + size])
    names = [f"{time:%F}" for time in local]
    expected = [
        sum(v for v, name in zip(values, names, strict=True) if name == day) for day in sorted(set(names))
    ]
    assert len(sums) == len(expected) == (4 if zone == "UTC" else 5)
    np.testing.assert_allclose(sums.total, expected, atol=1e-12)


def course(size, rho, seed):
    """AR(1) with a correlation of ρ between neighbours and variance one."""
    noise = np.random.default_rng(seed).normal(size=size + 50)
    return lfilter([np.sqrt(1 - rho**2)], [1, -rho], noise)[50:]


def test_days_without_correlation_are_drawn_one_by_one():
    alternating = np.array([1.0, -1, -1, 1, 1])  # products of neighbours: −1, 1, −1, 1
    draws = resample_blocks(alternating, 3000, seed=0)
    assert draws.shape == (3000, 5)
    assert (draws.sum(axis=1) == 4).all()  # one less than there are, or the spread would be too small
    # each comes up 4/5 times on average, with the variance of a binomial, 4 · 1/5 · 4/5
    assert np.abs(draws.mean(axis=0) - 0.8).max() < 4 * np.sqrt(0.64 / 3000)
    np.testing.assert_array_equal(draws, resample_blocks(alternating, 3000, seed=0))
    assert not np.array_equal(draws, resample_blocks(alternating, 3000, seed=1))


@pytest.mark.parametrize(("size", "rho"), [(60, 0.0), (60, 0.8), (23, 0.9), (200, 0.95)])
def test_blocks_are_those_that_are_written_out(size, rho):
    values = course(size, rho, seed=3)
    length = block_length(values)
    assert (length > 2) == (rho > 0)
    written_out = [np.bincount(drawn, minlength=size) for drawn in blocks_drawn(size, length, 40, seed=5)]
    np.testing.assert_array_equal(resample_blocks(values, 40, seed=5), written_out)


@pytest.mark.parametrize(
    ("size", "rho", "seed", "expected"),
    [
        (60, 0.0, 1, 2.81),
        (110, 0.35, 2, 3.75),
        (110, 0.35, 5, 5.26),
        (400, 0.9, 4, 32.29),
        (400, -0.5, 5, 7.15),
    ],
)
def test_the_length_of_blocks_is_that_of_another_implementation(size, rho, seed, expected):
    """`optimal_block_length` of arch 8.0.0, for the circular bootstrap; rounded, and at least one."""
    assert block_length(course(size, rho, seed)) == max(1, round(expected))


def test_the_length_of_blocks_by_hand():
    """Covariances 1, ½ and 0: M = 4, and λ = 1 at lag 1, so b³ = n (2 G²) / (4/3 g²) with G = 1 and g = 2."""
    noise = np.random.default_rng(1).normal(size=100_001)
    assert block_length(noise[1:] + noise[:-1]) == pytest.approx((1.5 * 100_000 / 4) ** (1 / 3), abs=2)


def test_what_does_not_vary_asks_for_no_blocks():
    assert block_length(np.full(30, 0.1)) == 1
    assert block_length(np.zeros((30, 4))) == 1
    assert block_length(np.array([2.0])) == 1
    varying = course(200, 0.9, seed=0)
    assert block_length(np.stack([np.ones(200), varying], axis=1)) == block_length(varying)


def test_contributions_to_a_mean_by_hand():
    # values 1, 2 | 6 on two days: the mean is 3, the first day holds 3 where 6 were expected
    assert contributions_to_mean(np.array([3.0, 6]), np.array([2.0, 1])).tolist() == [-3, 3]
    assert contributions_to_mean(np.zeros((2, 1)), np.zeros((2, 1))).tolist() == [[0], [0]]


def held(rho, size=150, times=400):
    """Share of nominal 90 % intervals of a mean that hold it, from blocks and from single days."""
    blocks = single = 0
    for seed in range(times):
        values = course(size, rho, seed)
        draws = resample_blocks(values - values.mean(), 300, times + seed)
        low, high = central_interval(draws @ values / draws.sum(axis=1), 0.9)
        blocks += low <= 0 <= high
        drawn = np.random.default_rng(2 * times + seed).integers(size, size=(300, size))
        low, high = central_interval(values[drawn].mean(axis=1), 0.9)
        single += low <= 0 <= high
    return blocks / times, single / times


@pytest.mark.parametrize(("rho", "too_rarely"), [(0.35, 0.75), (0.6, 0.59)])
def test_intervals_of_correlated_days_hold_the_truth_about_as_often_as_they_say(rho, too_rarely):
    """The spread of single days is √((1 − ρ) / (1 + ρ)) of the mean's: their intervals of 90 % hold 75 and 59 %."""
    blocks, single = held(rho, size=300)
    assert single == pytest.approx(too_rarely, abs=0.06)
    assert 0.83 < blocks < 0.93


def test_intervals_of_independent_days_are_about_as_they_were():
    blocks, single = held(0.0)
    assert blocks == pytest.approx(single, abs=0.02)
    assert blocks == pytest.approx(0.9, abs=0.04)


@pytest.mark.parametrize("rho", [0.0, 0.35, 0.6])
def test_the_spread_of_a_mean_is_that_of_its_process(rho):
    """The variance of a mean of AR(1) is (1 + ρ) / (1 − ρ) / n; single days would always give 1 / n."""
    size, spreads = 400, []
    for seed in range(100):
        values = course(size, rho, seed)
        draws = resample_blocks(values - values.mean(), 200, 100 + seed)
        spreads.append(np.var(draws @ values / draws.sum(axis=1)))
    assert np.mean(spreads) == pytest.approx((1 + rho) / (1 - rho) / size, rel=0.2)


def test_a_central_interval_leaves_as_much_on_either_side():
    values = np.stack([np.arange(101.0), -np.arange(101.0)], axis=1)
    np.testing.assert_allclose(central_interval(values, 0.9), [[5, -95], [95, -5]])


@pytest.mark.parametrize(
    ("low", "high", "side"),
    [
        (0.1, 0.2, 1),
        (-0.2, -0.1, -1),
        (-0.1, 0.2, 0),
        (0.0, 0.2, 0),  # an end at zero does not exclude it
        (-0.2, 0.0, 0),
        (0.0, 0.0, 0),
        (1e-300, 1.0, 1),
        (-np.inf, -1e-300, -1),
        (-np.inf, np.inf, 0),
        (np.nan, np.nan, 0),
    ],
)
def test_an_interval_lies_above_zero_or_below_or_around_it(low, high, side):
    assert side_of_zero(low, high) == side


def test_each_of_several_intervals_has_its_own_side():
    low, high = np.array([[0.5, -2.0], [-1.0, np.nan]]), np.array([[0.6, -1.0], [1.0, np.nan]])
    np.testing.assert_array_equal(side_of_zero(low, high), [[1, -1], [0, 0]])
