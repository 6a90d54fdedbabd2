"""The climatology, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from lstmkit.data.calendar import Calendar
from lstmkit.data.climatology import climatology


def expected(stamps, values, n_training, interval="2h", timezone="UTC"):
    """An interval of two hours is not smoothed."""
    local = pd.DatetimeIndex(stamps).tz_localize("UTC").tz_convert(timezone)
    series = pd.Series(np.asarray(values, float))
    return climatology(series, local, np.arange(n_training), Calendar(interval, "UTC")).tolist()


def test_working_days_and_weekends_apart():
    stamps = [
        "2025-06-05 08:00",  # Thursday
        "2025-06-06 08:00",  # Friday
        "2025-06-06 10:00",
        "2025-06-07 08:00",  # Saturday
        "2025-06-08 08:00",  # Sunday
        "2025-06-09 08:00",  # Monday: looked up
        "2025-06-09 10:00",
        "2025-06-14 08:00",  # Saturday
    ]
    found = expected(stamps, [400, 500, 900, 100, 300, 0, 0, 0], 5)
    assert found == [450, 450, 900, 200, 200, 450, 900, 200]


def test_a_time_of_day_that_training_lacks_gets_the_mean():
    stamps = ["2025-06-05 08:00", "2025-06-05 10:00", "2025-06-05 12:00", "2025-06-07 08:00"]
    assert expected(stamps, [100, 400, 7, 8], 2) == [100, 400, 250, 250]


def test_missing_values_are_left_out():
    stamps = ["2025-06-03 08:00", "2025-06-04 08:00", "2025-06-05 08:00", "2025-06-05 10:00"]
    assert expected(stamps, [100, np.nan, 300, np.nan], 4) == [200, 200, 200, 200]


def test_it_is_the_sites_clock_that_counts():
    # 08:00 in New York is 12:00 UTC in summer and 13:00 UTC in winter; Monday 01:00 UTC is still Sunday there
    stamps = ["2025-10-31 12:00", "2025-11-03 13:00", "2025-11-03 01:00", "2025-11-02 01:00"]
    values = [100, 300, 50, 0]
    assert expected(stamps, values, 3, "1h", "America/New_York") == pytest.approx([200, 200, 50, 150])
    assert expected(stamps, values, 4, "1h", "America/New_York") == pytest.approx([200, 200, 50, 0])
    assert expected(stamps, values, 3, "1h", "UTC") == pytest.approx([100, 300, 50, 150])


def test_half_hours_are_smoothed_with_their_neighbours_around_midnight_too():
    day = np.zeros(48)
    day[[0, 20]] = [300, 30]
    stamps = pd.date_range("2025-06-02", periods=96, freq="30min")  # Monday and Tuesday
    found = expected(stamps, np.tile(day, 2), 96, "30min")
    by_hand = np.zeros(48)
    by_hand[[47, 0, 1]] = 100
    by_hand[[19, 20, 21]] = 10
    np.testing.assert_allclose(found, np.tile(by_hand, 2), atol=1e-12)


def test_five_minutes_are_smoothed_over_an_hour():
    day = np.zeros(288)
    day[100] = 13
    stamps = pd.date_range("2025-06-02", periods=288, freq="5min")
    found = np.array(expected(stamps, day, 288, "5min"))
    assert np.flatnonzero(found > 1e-9).tolist() == list(range(94, 107))  # half an hour to either side
    np.testing.assert_allclose(found[94:107], 1)


@pytest.mark.parametrize("interval", ["7h", "100min", "35min", "7min", "24h", "36h"])
def test_the_interval_need_not_divide_the_day(interval):
    stamps = pd.date_range("2025-06-02", periods=100, freq=interval)
    assert expected(stamps, np.full(100, 500.0), 60, interval) == pytest.approx([500] * 100)


@pytest.mark.parametrize(("interval", "steps"), [("30s", 120), ("10s", 360), ("90s", 40), ("7s", 514)])
def test_seconds_have_their_own_time_of_day(interval, steps):
    """From 8:00 to 11:00, with one spike some seconds after 9:30: it is smoothed over 30 min to either side."""
    stamps = pd.date_range("2025-06-02 08:00", "2025-06-02 11:00", freq=interval)
    spike = int(np.searchsorted(stamps, pd.Timestamp("2025-06-02 09:30:01")))
    values = np.zeros(len(stamps))
    values[spike] = steps + 1
    found = np.array(expected(stamps, values, len(stamps), interval))
    whole = slice(
        steps // 2, len(stamps) - steps // 2
    )  # an hour around each of these lies in the training part
    near = np.abs(np.arange(len(stamps)) - spike) <= steps // 2
    np.testing.assert_allclose(found[whole], near[whole].astype(float), atol=1e-9)
