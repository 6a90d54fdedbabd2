"""The grid: gaps counted and filled by hand, and what holds for every series."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmkit.data.dataset import GapReport
from lstmkit.data.grid import LONGEST_INTERPOLATED, make_dataset, to_grid

FIVE = pd.Timedelta("5min")


def index_of(steps, interval: pd.Timedelta = FIVE) -> pd.DatetimeIndex:
    return pd.Timestamp("2025-06-05", tz="UTC") + interval * np.asarray(steps)


def series_of(steps, **columns) -> pd.DataFrame:
    return pd.DataFrame(
        {name: np.asarray(values, float) for name, values in columns.items()}, index=index_of(steps)
    )


def dataset_of(frame: pd.DataFrame, **changed):
    described = {"target": "co2", "interval": FIVE, "site_timezone": "UTC", "units": {"co2": "ppm"}}
    return make_dataset("test", frame, **(described | changed))


def test_a_step_is_the_mean_over_its_interval():
    stamps = pd.to_datetime(["18:00", "18:04:59", "18:05", "18:11"], format="mixed").tz_localize("UTC")
    frame, observed, _ = to_grid(pd.DataFrame({"co2": [400.0, 500, 600, 700]}, index=stamps), FIVE)
    assert frame["co2"].tolist() == [450, 600, 700]
    assert [f"{stamp:%H:%M}" for stamp in frame.index] == ["18:00", "18:05", "18:10"]
    assert observed.all()


def test_gaps_of_55_minutes_an_hour_and_65_minutes():
    # missing steps: 2…12 (11 × 5 min = 55 min), 14…25 (12, exactly 1 h), 27…39 (13, 65 min)
    steps = [0, 1, 13, 26, 40, 41]
    frame, observed, gaps = to_grid(series_of(steps, co2=[400, 412, 424, 450, 500, 501]), FIVE)
    co2 = frame["co2"].to_numpy()
    assert len(frame) == 42
    np.testing.assert_allclose(co2[1:14], 412 + np.arange(13))  # from 412 to 424 in 12 steps of 1
    np.testing.assert_allclose(co2[13:27], 424 + 2 * np.arange(14))  # from 424 to 450 in 13 steps of 2
    assert np.isnan(co2[27:40]).all()
    np.testing.assert_array_equal(np.flatnonzero(observed), steps)
    assert (gaps.interpolated, gaps.interpolated_steps) == (2, 23)
    assert (gaps.splits, gaps.missing_steps) == (1, 13)
    assert gaps.longest == pd.Timedelta("65min")


def test_a_series_without_gaps():
    _, observed, gaps = to_grid(series_of(range(5), co2=range(5)), FIVE)
    assert observed.all()
    assert gaps == GapReport(0, 0, 0, 0, pd.Timedelta(0))


def test_one_missing_value_of_a_row_is_filled_and_the_row_is_not_observed():
    frame, observed, gaps = to_grid(series_of(range(3), co2=[400, np.nan, 410], humidity=[50, 80, 20]), FIVE)
    assert frame.iloc[1].tolist() == [405, 80]
    assert observed.tolist() == [True, False, True]
    assert (gaps.interpolated, gaps.interpolated_steps) == (1, 1)


def test_missing_values_of_several_columns_make_one_gap():
    co2, humidity = np.full(20, 400.0), np.full(20, 50.0)
    co2[2:10], humidity[10:16] = np.nan, np.nan  # 40 min and 30 min, back to back: 70 min
    frame, _, gaps = to_grid(series_of(range(20), co2=co2, humidity=humidity), FIVE)
    assert frame.iloc[2:16].isna().all(axis=None)
    assert (gaps.interpolated, gaps.splits, gaps.missing_steps) == (0, 1, 14)


def test_missing_values_at_the_ends_have_no_neighbour_and_stay_missing():
    nan = np.nan
    frame, observed, gaps = to_grid(series_of(range(6), co2=[nan, nan, 400, nan, 410, nan]), FIVE)
    np.testing.assert_array_equal(frame["co2"], [nan, nan, 400, 405, 410, nan])
    assert observed.tolist() == [False, False, True, False, True, False]
    assert (gaps.interpolated, gaps.interpolated_steps) == (1, 1)
    assert (gaps.splits, gaps.missing_steps) == (2, 3)


def test_a_single_missing_step_of_a_coarse_grid_is_too_long_to_fill():
    coarse = pd.Timedelta("2h")
    frame, _, gaps = to_grid(pd.DataFrame({"co2": [1.0, 2]}, index=index_of([0, 2], coarse)), coarse)
    assert np.isnan(frame["co2"].iloc[1])
    assert (gaps.interpolated, gaps.splits, gaps.longest) == (0, 1, coarse)


@st.composite
def series_with_gaps(draw) -> pd.DataFrame:
    jumps = draw(st.lists(st.integers(1, 16), min_size=1, max_size=12))
    steps = np.cumsum([0, *jumps])
    value = st.floats(150, 40_000) | st.just(np.nan)
    values = [draw(st.lists(value, min_size=len(steps), max_size=len(steps))) for _ in range(2)]
    return series_of(steps, co2=values[0], humidity=values[1])


@settings(max_examples=200, deadline=None)
@given(series_with_gaps())
def test_filled_values_lie_between_their_neighbours_and_long_gaps_stay(measurements):
    frame, observed, gaps = to_grid(measurements, FIVE)
    measured = measurements.reindex(frame.index)
    present = frame.notna().all(axis=1).to_numpy()
    is_observed = observed.to_numpy()
    seen = np.flatnonzero(is_observed)
    counted = {"filled": 0, "missing": 0}
    for row in np.flatnonzero(~is_observed):
        before, after = seen[seen < row], seen[seen > row]
        is_short = len(before) and len(after) and (after[0] - before[-1] - 1) * FIVE <= LONGEST_INTERPOLATED
        assert present[row] == bool(is_short)
        counted["filled" if is_short else "missing"] += 1
        if is_short:
            neighbours = frame.iloc[[before[-1], after[0]]]
            inside = measured.iloc[before[-1] : after[0] + 1]  # with what single columns hold within the gap
            low, high = inside.min(), inside.max()
            assert (neighbours.notna()).all(axis=None)
            assert ((frame.iloc[row] >= low * (1 - 1e-12)) & (frame.iloc[row] <= high * (1 + 1e-12))).all()
    np.testing.assert_array_equal(frame[is_observed], measured[is_observed])
    assert (gaps.interpolated_steps, gaps.missing_steps) == (counted["filled"], counted["missing"])


# The dataset and its fingerprint


def test_latents_follow_the_grid():
    people = pd.DataFrame({"occupancy": [0.0, 2, 4, 6]}, index=index_of(range(4), pd.Timedelta("150s")))
    dataset = dataset_of(series_of([0, 1], co2=[400, 410]), latents=people)
    assert dataset.latents["occupancy"].tolist() == [1, 5]
    assert dataset_of(series_of([0, 1], co2=[400, 410])).latents.shape == (2, 0)


def test_whole_numbers_become_floats():
    whole = pd.DataFrame({"co2": [400, 410]}, index=index_of([0, 1]))
    assert dataset_of(whole).frame["co2"].dtype == "float64"


@settings(max_examples=50, deadline=None)
@given(row=st.integers(0, 19), column=st.sampled_from(["co2", "humidity"]), change=st.floats(0.01, 100))
def test_the_fingerprint_changes_with_any_value(row, column, change):
    frame = series_of(range(20), co2=np.linspace(400, 900, 20), humidity=np.linspace(20, 60, 20))
    other = frame.copy()
    other.loc[other.index[row], column] += change
    assert dataset_of(frame).fingerprint == dataset_of(frame.copy()).fingerprint
    assert dataset_of(frame).fingerprint != dataset_of(other).fingerprint


@pytest.mark.parametrize(
    "changed",
    [
        lambda frame: frame.rename(columns={"co2": "co2_indoor"}),
        lambda frame: frame.shift(freq=FIVE),
        lambda frame: frame.iloc[:-1],
        lambda frame: frame.iloc[::-1].set_axis(frame.index),
    ],
    ids=["name", "time", "length", "order"],
)
def test_the_fingerprint_changes_with_names_times_and_order(changed):
    frame = series_of(range(20), co2=np.linspace(400, 900, 20))
    assert dataset_of(changed(frame)).fingerprint != dataset_of(frame).fingerprint


def test_the_fingerprint_does_not_know_how_finely_a_file_states_its_times():
    frame = series_of(range(20), co2=np.linspace(400, 900, 20))
    fingerprints = {
        dataset_of(frame.set_axis(frame.index.as_unit(unit))).fingerprint for unit in ("s", "ms", "us", "ns")
    }
    assert len(fingerprints) == 1
