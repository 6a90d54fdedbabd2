"""Held-out windows share no input step with those to fit on, whatever the gaps, and rearranged days keep nothing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmkit.analysis.resampling.holdout import folds_in_time, rearrange_days, split_in_time
from lstmkit.analysis.resampling.statistics import local_days
from lstmkit.errors import LstmkitError


def hours(n: int, start: str = "2025-03-01", zone: str = "America/New_York") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=n, freq="h", tz=zone)


def input_hours(origin: pd.DatetimeIndex, lookback: int) -> set[pd.Timestamp]:
    """Every hour that is an input step of some of the windows."""
    return {end - pd.Timedelta(hours=k) for end in origin for k in range(lookback)}


@settings(max_examples=25, deadline=None)
@given(
    kept=st.lists(st.booleans(), min_size=150, max_size=150),
    lookback=st.integers(1, 12),
    folds=st.integers(2, 5),
)
def test_no_input_step_belongs_to_both_sides(kept, lookback, folds):
    # hours are missing at random, and the clocks go forward on 9 March
    origin = hours(300, "2025-03-07")[np.flatnonzero([*kept, *[True] * 150])]
    gap = pd.Timedelta(hours=lookback)
    for fit, held_out in [split_in_time(origin, gap), *folds_in_time(origin, gap, folds)]:
        assert not input_hours(origin[fit], lookback) & input_hours(origin[held_out], lookback)
        assert min(len(fit), len(held_out)) >= 8


def test_the_latest_three_tenths_are_held_out_and_nothing_else_is_lost_than_the_gap():
    fit, held_out = split_in_time(hours(100), pd.Timedelta("5h"))
    assert held_out.tolist() == list(range(70, 100))
    assert fit.tolist() == list(range(66))  # origin 65 lies five hours before 70; 66 to 69 are too near


def test_folds_hold_each_window_back_once_with_the_gap_on_both_sides():
    folds = folds_in_time(hours(60), pd.Timedelta("3h"), 3)
    assert [held_out.tolist() for _, held_out in folds] == [
        list(range(0, 20)),
        list(range(20, 40)),
        list(range(40, 60)),
    ]
    assert folds[1][0].tolist() == [*range(18), *range(42, 60)]


def test_folds_that_leave_too_little_to_fit_on_are_left_out():
    assert folds_in_time(hours(20), pd.Timedelta("30h"), 2) == []
    assert len(folds_in_time(hours(30), pd.Timedelta("7h"), 3)) == 3
    assert len(folds_in_time(hours(30), pd.Timedelta("9h"), 3)) == 2  # the middle has nothing around it


@pytest.mark.parametrize(("n", "gap"), [(100, "70h"), (20, "1h"), (1, "1h"), (2, "0h")])
def test_too_short_a_span_is_refused_with_its_dates(n, gap):
    with pytest.raises(
        LstmkitError, match=rf"{n} windows from 2025-03-01 00:00 to .* are too few .* longer test part"
    ):
        split_in_time(hours(n), pd.Timedelta(gap))


def test_the_gap_is_time_and_not_a_number_of_windows():
    origin = hours(100)[[*range(60), *range(90, 100)]]
    fit, held_out = split_in_time(origin.append(hours(20, "2025-03-10")), pd.Timedelta("5h"))
    assert held_out[0] == 63  # 93 hours after the start, 34 after the hole began
    assert fit[-1] == 59


@settings(max_examples=30, deadline=None)
@given(kept=st.lists(st.booleans(), min_size=240, max_size=240), seed=st.integers(0, 99))
def test_rearranged_days_are_a_permutation_in_which_each_day_stays_one_turned_stretch(kept, seed):
    origin = hours(241)[np.flatnonzero([*kept, True])]
    order = rearrange_days(origin, np.random.default_rng(seed))
    assert sorted(order.tolist()) == list(range(len(origin)))
    days = local_days(origin)[0][order]
    assert len(np.flatnonzero(np.diff(days))) == len(np.unique(days)) - 1
    for day in np.unique(days):
        inside = order[days == day]
        assert (np.diff(inside) != 1).sum() <= 1  # in order of time but for the one turn


def test_rearranged_days_tell_neither_hour_nor_day():
    origin = hours(24 * 300, "2024-01-01", "UTC")
    order = rearrange_days(origin, np.random.default_rng(0))
    angle = 2 * np.pi * (origin.hour - origin[order].hour).to_numpy() / 24
    assert abs(np.exp(1j * angle).mean()) < 0.1
    assert abs(np.corrcoef(np.arange(len(order)), order)[0, 1]) < 0.1


def test_days_are_counted_on_a_clock_that_skips_midnight():
    origin = pd.date_range("2024-09-07 20:00", periods=10, freq="h", tz="America/Santiago")
    assert origin[4].strftime("%d %H") == "08 01"  # at midnight the clocks went forward to one
    assert local_days(origin)[0].tolist() == [0] * 4 + [1] * 6
