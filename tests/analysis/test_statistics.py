"""A stream's mean, standard error and sums per day are those of the whole; resamplings, worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmkit.analysis.statistics import DailySums, RunningMean, central_interval, resample_blocks


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


def test_each_resampling_draws_as_many_blocks_as_there_are():
    draws = resample_blocks(5, 3000, seed=0)
    assert draws.shape == (3000, 5)
    assert (draws.sum(axis=1) == 5).all()
    # each block comes up once on average, with the variance of a binomial, 5 · 1/5 · 4/5
    assert np.abs(draws.mean(axis=0) - 1).max() < 4 * np.sqrt(0.8 / 3000)
    np.testing.assert_array_equal(draws, resample_blocks(5, 3000, seed=0))
    assert not np.array_equal(draws, resample_blocks(5, 3000, seed=1))


def test_a_central_interval_leaves_as_much_on_either_side():
    values = np.stack([np.arange(101.0), -np.arange(101.0)], axis=1)
    np.testing.assert_allclose(central_interval(values, 0.9), [[5, -95], [95, -5]])
