"""Readings and their steps: clocks that jitter, lag, drift and start again, with the right step known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmkit.data.clock import step_starts
from lstmkit.data.steps import containing_steps, is_finer, nearest_steps

MINUTE = pd.Timedelta("1min")
MIDNIGHT = pd.Timestamp("2025-06-05", tz="UTC")


def thousandths(least: float, most: float) -> st.SearchStrategy[float]:
    """Steps of a thousandth; hypothesis refuses floats about zero where the processor drops subnormal ones."""
    return st.integers(round(1000 * least), round(1000 * most)).map(lambda n: n / 1000)


seeds = st.integers(0, 2**32 - 1)


def stamps_at(positions) -> pd.DatetimeIndex:
    """Time stamps at positions counted in minutes since midnight."""
    return MIDNIGHT + pd.to_timedelta(np.round(60e6 * np.asarray(positions, float)), unit="us")


def steps_of(positions) -> np.ndarray:
    """Steps of one minute since midnight."""
    stamps = stamps_at(positions)
    starts = step_starts(stamps[0], stamps[-1], MINUTE, "UTC")
    return nearest_steps(stamps, starts) - int(starts.get_loc(stamps[0].normalize()))


def jitter(seed: int, size: int, share: float) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-share, share, size)


def test_a_clock_that_is_a_second_early():
    assert steps_of(np.array([0, 59, 120, 179, 240]) / 60).tolist() == [0, 1, 2, 3, 4]


def test_late_readings_belong_to_the_step_during_which_they_come():
    assert steps_of(np.arange(10) + 0.5).tolist() == list(range(10))
    assert steps_of(np.arange(10) + 0.3).tolist() == list(range(10))


def test_readings_just_before_a_step_belong_to_it():
    assert steps_of(np.arange(10) + 0.98).tolist() == list(range(1, 11))
    assert steps_of(np.arange(10) + 0.87).tolist() == list(range(1, 11))


@settings(max_examples=300, deadline=None)
@given(seed=seeds, size=st.integers(1, 300), share=thousandths(0, 0.249))
def test_with_jitter_below_a_quarter_every_reading_has_its_own_step(seed, size, share):
    assert steps_of(10 + np.arange(size) + jitter(seed, size, share)).tolist() == list(range(10, 10 + size))


@settings(max_examples=300, deadline=None)
@given(jitters=st.lists(thousandths(-0.24, 0.24), min_size=1, max_size=120))
def test_the_jitter_need_not_be_random(jitters):
    n = np.arange(len(jitters))
    assert steps_of(10 + n + jitters).tolist() == (10 + n).tolist()


@pytest.mark.parametrize("seed", range(20))
def test_jitter_of_nearly_half_a_step(seed):
    """Around a lag of zero, which is estimated from neighbours, nearly every reading still has its own step."""
    n = np.arange(1000)
    found = steps_of(10 + n + jitter(seed, len(n), 0.4))
    assert np.mean(found == 10 + n) > 0.99


@settings(max_examples=300, deadline=None)
@given(seed=seeds, size=st.integers(1, 300), lag=thousandths(0, 1), share=thousandths(0, 0.2))
def test_with_any_constant_lag_readings_follow_each_other_step_by_step(seed, size, lag, share):
    found = steps_of(10 + np.arange(size) + lag + jitter(seed, size, share))
    assert np.diff(found).tolist() == [1] * (size - 1)
    assert abs(found[0] - 10 - lag) <= 0.9


@settings(max_examples=100, deadline=None)
@given(seed=seeds, lag=thousandths(0, 1), drift=thousandths(-0.01, 0.01), share=thousandths(0, 0.1))
def test_a_drifting_clock_skips_or_doubles_a_step_once_per_turn(seed, lag, drift, share):
    positions = 50 + lag + np.arange(600) * (1 + drift) + jitter(seed, 600, share)
    found = steps_of(positions)
    jumps = np.diff(found) - 1
    assert (jumps >= 0).all() or (jumps <= 0).all()  # no double beside an empty step
    assert set(np.abs(jumps)) <= {0, 1}
    late = (
        positions - found
    )  # early readings go ahead by half a step, late ones back by nine tenths, and jitter
    assert late.min() > -0.8
    assert late.max() < 1.1


def test_a_clock_that_starts_again_at_another_lag_keeps_its_readings_apart():
    before, after = 10 + np.arange(200) + 0.1, 300 + np.arange(200) + 0.45
    found = steps_of(np.concatenate([before, after]) + jitter(1, 400, 0.1))
    assert found.tolist() == [*range(10, 210), *range(300, 500)]


def test_missing_readings_leave_their_steps_empty():
    positions = np.delete(np.arange(60) + jitter(2, 60, 0.2), [7, 20, 21, 40])
    assert steps_of(10 + positions).tolist() == np.delete(np.arange(10, 70), [7, 20, 21, 40]).tolist()


def test_of_two_readings_beside_an_empty_step_the_nearer_moves():
    # the reading of minute 20 comes 0.6 minutes late, then one 0.6 minutes early
    late, early = 10.0 + np.arange(40), 10.0 + np.arange(40)
    late[10] += 0.6
    early[10] -= 0.6
    assert steps_of(late).tolist() == steps_of(early).tolist() == list(range(10, 50))


def test_a_second_reading_is_not_moved_to_a_step_that_was_missed():
    positions = np.insert(np.delete(10.0 + np.arange(40), 10), 10, 21.1)  # 20 is missing, 21 comes twice
    assert steps_of(np.sort(positions)).tolist() == sorted([*range(10, 20), 21, 21, *range(22, 50)])


@settings(max_examples=200, deadline=None)
@given(st.lists(thousandths(0, 500), min_size=1, max_size=200, unique=True))
def test_whatever_the_stamps_no_reading_is_moved_by_more_than_a_step_or_past_another(positions):
    positions = np.unique(np.round(positions, 3))
    found = steps_of(positions)
    assert (np.diff(found) >= 0).all()
    assert (np.abs(found - positions) <= 1.5).all()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50, unique=True))
def test_a_containing_step_is_the_last_that_has_begun(microseconds):
    stamps = MIDNIGHT + pd.to_timedelta(np.sort(microseconds), unit="us")
    starts = step_starts(stamps[0], stamps[-1], MINUTE, "UTC")
    for stamp, step in zip(stamps, containing_steps(stamps, starts), strict=True):
        assert starts[step] <= stamp < starts[step + 1]


@pytest.mark.parametrize(
    ("seconds", "finer"),
    [
        ([0, 60, 120, 180], False),
        ([0, 30, 60, 90], True),
        ([0, 20, 40, 60], True),
        ([0, 1, 60, 61, 120, 121], True),  # two readings at a time
        ([0, 59, 120, 179, 240], False),
        ([0, 60, 120, 130, 180, 240, 300, 360], False),  # one reading too many
        ([0, 300, 600, 900], False),
        ([0], False),
    ],
)
def test_what_counts_as_finer_than_a_minute(seconds, finer):
    assert is_finer(MIDNIGHT + pd.to_timedelta(seconds, unit="s"), MINUTE) is finer
