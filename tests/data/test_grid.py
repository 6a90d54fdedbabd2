"""The grid: gaps counted and filled by hand, and what holds for every series."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lstmkit.data.calendar import Calendar
from lstmkit.data.dataset import GapReport
from lstmkit.data.grid import LONGEST_INTERPOLATED, make_dataset, to_grid

FIVE = pd.Timedelta("5min")


def index_of(steps, interval: pd.Timedelta = FIVE) -> pd.DatetimeIndex:
    return pd.Timestamp("2025-06-05", tz="UTC") + interval * np.asarray(steps)


def grid_of(measurements: pd.DataFrame, interval: pd.Timedelta, timezone: str):
    return to_grid(measurements, Calendar(str(interval), timezone))


def series_of(steps, **columns) -> pd.DataFrame:
    return pd.DataFrame(
        {name: np.asarray(values, float) for name, values in columns.items()}, index=index_of(steps)
    )


def dataset_of(frame: pd.DataFrame, **changed):
    described = {"target": "co2", "interval": FIVE, "site_timezone": "UTC", "units": {"co2": "ppm"}}
    return make_dataset("test", frame, **(described | changed))


def test_a_step_is_the_mean_over_its_interval():
    stamps = pd.to_datetime(["18:00", "18:04:59", "18:05", "18:11"], format="mixed").tz_localize("UTC")
    frame, observed, _ = grid_of(pd.DataFrame({"co2": [400.0, 500, 600, 700]}, index=stamps), FIVE, "UTC")
    assert frame["co2"].tolist() == [450, 600, 700]
    assert [f"{stamp:%H:%M}" for stamp in frame.index] == ["18:00", "18:05", "18:10"]
    assert observed.all()


def test_gaps_of_55_minutes_an_hour_and_65_minutes():
    # missing steps: 2…12 (11 × 5 min = 55 min), 14…25 (12, exactly 1 h), 27…39 (13, 65 min)
    steps = [0, 1, 13, 26, 40, 41]
    frame, observed, gaps = grid_of(series_of(steps, co2=[400, 412, 424, 450, 500, 501]), FIVE, "UTC")
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
    _, observed, gaps = grid_of(series_of(range(5), co2=range(5)), FIVE, "UTC")
    assert observed.all()
    assert gaps == GapReport(0, 0, 0, 0, pd.Timedelta(0))


def test_one_missing_value_of_a_row_is_filled_and_the_row_is_not_observed():
    frame, observed, gaps = grid_of(
        series_of(range(3), co2=[400, np.nan, 410], humidity=[50, 80, 20]), FIVE, "UTC"
    )
    assert frame.iloc[1].tolist() == [405, 80]
    assert observed.tolist() == [True, False, True]
    assert (gaps.interpolated, gaps.interpolated_steps) == (1, 1)


def test_missing_values_of_several_columns_make_one_gap():
    co2, humidity = np.full(20, 400.0), np.full(20, 50.0)
    co2[2:10], humidity[10:16] = np.nan, np.nan  # 40 min and 30 min, back to back: 70 min
    frame, _, gaps = grid_of(series_of(range(20), co2=co2, humidity=humidity), FIVE, "UTC")
    assert frame.iloc[2:16].isna().all(axis=None)
    assert (gaps.interpolated, gaps.splits, gaps.missing_steps) == (0, 1, 14)


def test_missing_values_at_the_ends_have_no_neighbour_and_stay_missing():
    nan = np.nan
    frame, observed, gaps = grid_of(series_of(range(6), co2=[nan, nan, 400, nan, 410, nan]), FIVE, "UTC")
    np.testing.assert_array_equal(frame["co2"], [nan, nan, 400, 405, 410, nan])
    assert observed.tolist() == [False, False, True, False, True, False]
    assert (gaps.interpolated, gaps.interpolated_steps) == (1, 1)
    assert (gaps.splits, gaps.missing_steps) == (2, 3)


def test_a_single_missing_step_of_a_coarse_grid_is_too_long_to_fill():
    coarse = pd.Timedelta("2h")
    frame, _, gaps = grid_of(pd.DataFrame({"co2": [1.0, 2]}, index=index_of([0, 2], coarse)), coarse, "UTC")
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
    frame, observed, gaps = grid_of(measurements, FIVE, "UTC")
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


# The site's clock


def local_readings(days_or_stamps, values, timezone) -> pd.DataFrame:
    stamps = pd.DatetimeIndex(days_or_stamps).tz_localize(timezone).tz_convert("UTC")
    return pd.DataFrame({"co2": np.asarray(values, float)}, index=stamps)


def on_the_clock(frame: pd.DataFrame, timezone: str) -> list[str]:
    return [f"{stamp:%Y-%m-%d %H:%M}" for stamp in frame.index.tz_convert(timezone)]


@pytest.mark.parametrize(
    "timezone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"]
)
def test_daily_values_keep_their_local_day_through_a_whole_year(timezone):
    days = pd.date_range("2024-01-01", "2024-12-31")
    frame, observed, gaps = grid_of(
        local_readings(days, np.arange(366), timezone), pd.Timedelta("1D"), timezone
    )
    assert on_the_clock(frame, timezone) == [f"{day:%Y-%m-%d} 00:00" for day in days]
    assert frame["co2"].tolist() == list(range(366))
    assert observed.all()
    assert gaps == GapReport(0, 0, 0, 0, pd.Timedelta(0))


@pytest.mark.parametrize(("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25), ("2025-06-05", 24)])
def test_the_mean_of_a_day_is_that_of_its_own_hours(day, hours):
    begin, end = (pd.Timestamp(day, tz="Europe/Berlin") + pd.DateOffset(days=n) for n in (-1, 2))
    stamps = pd.date_range(begin.tz_convert("UTC"), end.tz_convert("UTC"), freq="1h", inclusive="left")
    inside = np.asarray(stamps.tz_convert("Europe/Berlin").strftime("%Y-%m-%d") == day)
    frame, _, _ = grid_of(
        pd.DataFrame({"co2": np.where(inside, 1000.0, 0)}, index=stamps), pd.Timedelta("1D"), "Europe/Berlin"
    )
    assert inside.sum() == hours
    assert frame["co2"].tolist() == [0, 1000, 0]


def test_weeks_begin_at_local_midnight():
    days = pd.date_range("2025-03-17", periods=28)  # from a Monday on, over the change of the clocks
    frame, _, _ = grid_of(
        local_readings(days, np.arange(28) // 7, "Europe/Berlin"), pd.Timedelta("7D"), "Europe/Berlin"
    )
    assert frame["co2"].tolist() == [0, 1, 2, 3]
    assert on_the_clock(frame, "Europe/Berlin") == [
        f"2025-{day} 00:00" for day in ("03-17", "03-24", "03-31", "04-07")
    ]


def test_hourly_values_of_a_clock_that_is_half_an_hour_off():
    hours = pd.date_range("2024-01-01", periods=48, freq="1h")
    frame, observed, _ = grid_of(
        local_readings(hours, np.arange(48), "Asia/Kolkata"), pd.Timedelta("1h"), "Asia/Kolkata"
    )
    assert on_the_clock(frame, "Asia/Kolkata") == [f"{hour:%Y-%m-%d %H:%M}" for hour in hours]
    assert frame["co2"].tolist() == list(range(48))
    assert observed.all()


def test_a_day_without_a_reading_is_a_gap_of_a_day_also_where_it_has_23_hours():
    days = pd.date_range("2025-03-27", periods=7).delete(3)  # without 30 March
    frame, observed, gaps = grid_of(
        local_readings(days, np.arange(6), "Europe/Berlin"), pd.Timedelta("1D"), "Europe/Berlin"
    )
    assert observed.tolist() == [True, True, True, False, True, True, True]
    assert np.isnan(frame["co2"].iloc[3])
    assert gaps == GapReport(0, 0, 1, 1, pd.Timedelta("1D"))


@pytest.mark.parametrize("clock", ["00:00", "12:00", "23:59", "23:59:59"])
def test_a_daily_reading_belongs_to_its_date(clock):
    days = pd.date_range("2025-03-20", periods=30)
    stamps = [f"{day:%Y-%m-%d} {clock}" for day in days]
    readings = local_readings(stamps, np.arange(30), "Europe/Berlin")
    twice = local_readings(["2025-04-05 11:00"], [16], "Europe/Berlin")  # as the value of that day
    for measured in (readings, pd.concat([readings, twice]).sort_index()):
        frame, observed, _ = grid_of(measured, pd.Timedelta("1D"), "Europe/Berlin")
        assert on_the_clock(frame, "Europe/Berlin") == [f"{day:%Y-%m-%d} 00:00" for day in days]
        assert frame["co2"].tolist() == list(range(30))
        assert observed.all()


@settings(max_examples=100, deadline=None)
@given(seconds=st.lists(st.integers(-3600, 3600), min_size=2, max_size=60))
def test_daily_readings_around_midnight_have_a_day_each(seconds):
    midnights = pd.date_range("2025-03-20", periods=len(seconds), tz="Europe/Berlin").tz_convert("UTC")
    stamps = midnights + pd.to_timedelta(seconds, unit="s")
    readings = pd.DataFrame({"co2": np.arange(float(len(seconds)))}, index=stamps)
    assume(np.mean(np.diff(stamps.tz_convert("Europe/Berlin").day_of_year) == 0) > 0.1)  # often two on a date
    frame, observed, _ = grid_of(readings, pd.Timedelta("1D"), "Europe/Berlin")
    assert frame["co2"].tolist() == list(range(len(seconds)))
    assert observed.all()


def test_a_logger_in_winter_time_has_one_value_per_local_day():
    days = pd.date_range("2025-03-01", periods=60)
    readings = local_readings(days, np.arange(60), "Etc/GMT-1")  # midnight is 1:00 in summer
    frame, observed, _ = grid_of(readings, pd.Timedelta("1D"), "Europe/Berlin")
    assert frame["co2"].tolist() == list(range(60))
    assert observed.all()


def test_three_hourly_values_of_the_local_clock_keep_a_step_each_over_the_year():
    stamps = pd.date_range("2025-01-01", "2025-12-31 21:00", freq="3h")
    frame, observed, _ = grid_of(
        local_readings(stamps, np.arange(len(stamps)), "Europe/Berlin"), pd.Timedelta("3h"), "Europe/Berlin"
    )
    assert frame["co2"].tolist() == list(range(len(stamps)))
    assert observed.all()


def test_latents_are_averaged_over_the_same_days():
    hours = pd.date_range(
        "2025-03-28 23:00", "2025-03-31 21:00", freq="1h", tz="UTC"
    )  # three local days, 71 hours
    day = np.asarray(hours.tz_convert("Europe/Berlin").day, float)
    dataset = dataset_of(
        pd.DataFrame({"co2": day}, index=hours),
        latents=pd.DataFrame({"occupancy": day}, index=hours),
        interval=pd.Timedelta("1D"),
        site_timezone="Europe/Berlin",
    )
    assert dataset.frame["co2"].tolist() == dataset.latents["occupancy"].tolist() == [29, 30, 31]
    assert dataset.local_time.hour.tolist() == [0, 0, 0]


# The sensor's clock


def test_a_sensors_clock_may_be_a_second_early():
    stamps = pd.Timestamp("2025-06-05", tz="UTC") + pd.to_timedelta([0, 59, 120, 179, 240], unit="s")
    frame, observed, gaps = grid_of(
        pd.DataFrame({"co2": [0.0, 1, 2, 3, 4]}, index=stamps), pd.Timedelta("1min"), "UTC"
    )
    assert frame["co2"].tolist() == [0, 1, 2, 3, 4]
    assert on_the_clock(frame, "UTC") == [f"2025-06-05 00:0{minute}" for minute in range(5)]
    assert observed.all()
    assert gaps == GapReport(0, 0, 0, 0, pd.Timedelta(0))


def test_a_series_that_begins_a_second_early_begins_on_its_step():
    stamps = index_of(range(12)) - pd.Timedelta("1s")
    frame, observed, _ = grid_of(pd.DataFrame({"co2": np.arange(12.0)}, index=stamps), FIVE, "UTC")
    assert frame.index.tolist() == index_of(range(12)).tolist()
    assert observed.all()


def test_a_column_that_is_read_less_often_than_the_others_has_its_own_steps():
    minutes = pd.date_range("2025-06-05", periods=60, freq="1min", tz="UTC")
    early = pd.DataFrame({"co2": np.arange(12.0)}, index=index_of(range(12)) - pd.Timedelta("1s"))
    both = pd.DataFrame({"temperature": np.arange(60.0)}, index=minutes).join(early, how="outer")
    frame, observed, _ = grid_of(both, FIVE, "UTC")
    assert frame["co2"].tolist() == list(range(12))
    assert frame["temperature"].tolist() == [2 + 5 * step for step in range(12)]
    assert list(frame) == ["temperature", "co2"]
    assert observed.all()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spacing=st.integers(5, 140))
def test_means_of_readings_that_come_more_often_are_those_of_pandas(seed, spacing):
    rng = np.random.default_rng(seed)
    stamps = pd.Timestamp("2025-06-05", tz="UTC") + pd.to_timedelta(
        np.cumsum(rng.uniform(1, spacing, 500)), unit="s"
    )
    readings = pd.DataFrame(
        {"co2": rng.normal(600, 90, 500), "humidity": rng.normal(50, 9, 500)}, index=stamps
    )
    readings = readings.mask(rng.random(readings.shape) < 0.1)
    frame, observed, _ = grid_of(readings, FIVE, "UTC")
    expected = readings.resample(FIVE).mean()
    pd.testing.assert_frame_equal(
        frame[observed], expected[observed.to_numpy()], check_freq=False, check_index_type=False
    )


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
