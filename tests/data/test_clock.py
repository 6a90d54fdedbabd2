"""The site's clock, where clocks change and where midnight is no time."""

import numpy as np
import pandas as pd
import pytest

from lstmkit.data.clock import hour_of_day, is_whole_days, step_starts, steps_to_same_time, time_of_day


def local(*stamps, timezone="Europe/Berlin") -> pd.DatetimeIndex:
    return pd.DatetimeIndex([pd.Timestamp(stamp, tz=timezone) for stamp in stamps])


def starts_on_the_clock(first, last, interval, timezone) -> list[str]:
    """Local begin of each step that lies between the first and the last stamp."""
    first, last = pd.Timestamp(first, tz=timezone), pd.Timestamp(last, tz=timezone)
    starts = step_starts(first.tz_convert("UTC"), last.tz_convert("UTC"), pd.Timedelta(interval), timezone)
    assert str(starts.tz) == "UTC"
    assert starts[1] <= first
    assert starts[-1] > last
    return [f"{start:%m-%d %H:%M}" for start in starts.tz_convert(timezone) if first <= start <= last]


def test_seconds_count():
    found = hour_of_day(local("2025-06-05 06:30:36", "2025-06-05 00:00:00.9", "2025-06-05 23:59:59"))
    np.testing.assert_allclose(found, [6.51, 0.9 / 3600, 24 - 1 / 3600], rtol=1e-12)


def test_whole_minutes_are_to_the_bit_what_they_were():
    day = pd.date_range("2025-06-05", periods=1440, freq="1min", tz="UTC")
    np.testing.assert_array_equal(hour_of_day(day), day.hour + day.minute / 60)


def test_the_clock_shows_its_own_time_on_a_day_of_23_hours():
    # Sunday, 30 March 2025: 3:00 is two hours after midnight
    found = time_of_day(local("2025-03-30 03:00", "2025-03-30 23:59:59.5"))
    assert found.tolist() == [pd.Timedelta("3h"), pd.Timedelta("23:59:59.5")]


@pytest.mark.parametrize(
    ("interval", "whole"), [("1D", True), ("7D", True), ("24h", True), ("36h", False), ("1h", False)]
)
def test_whole_days(interval, whole):
    assert is_whole_days(pd.Timedelta(interval)) is whole


@pytest.mark.parametrize(
    ("interval", "steps"),
    [
        ("5min", 288), ("1h", 24), ("45min", 32), ("7min", 206), ("5h", 5), ("16h", 3), ("36h", 2), ("7h", 7),
        ("30h", 4), ("1D", 1), ("7D", 1), ("10s", 8640),
    ],
)  # fmt: skip
def test_steps_after_which_the_clock_shows_the_same_time(interval, steps):
    assert steps_to_same_time(pd.Timedelta(interval)) == steps


def test_days_begin_at_local_midnight_through_both_changes():
    for first, last in (("2025-03-28", "2025-04-01"), ("2025-10-24", "2025-10-28")):
        days = [f"{day:%m-%d} 00:00" for day in pd.date_range(first, last)]
        assert starts_on_the_clock(first, last, "1D", "Europe/Berlin") == days


def test_weeks_begin_at_the_midnight_before_the_first_stamp():
    found = starts_on_the_clock("2025-03-19 08:00", "2025-04-03 00:00", "7D", "Europe/Berlin")
    assert found == ["03-26 00:00", "04-02 00:00"]


def test_hours_are_those_of_a_clock_that_is_half_an_hour_off():
    assert starts_on_the_clock("2024-01-01", "2024-01-01 03:00", "1h", "Asia/Kolkata") == [
        f"01-01 0{hour}:00" for hour in range(4)
    ]
    found = starts_on_the_clock("2024-01-01", "2024-01-01 12:00", "6h", "Asia/Kathmandu")  # UTC+5:45
    assert found == ["01-01 00:00", "01-01 06:00", "01-01 12:00"]


def test_shorter_steps_stay_equally_long_where_the_clocks_change():
    found = starts_on_the_clock("2025-03-30", "2025-03-30 19:00", "6h", "Europe/Berlin")
    assert found == ["03-30 00:00", "03-30 07:00", "03-30 13:00", "03-30 19:00"]


def test_a_day_whose_midnight_does_not_exist_begins_when_the_clock_does():
    # São Paulo, 4 November 2018: the clock goes from 0:00 to 1:00
    found = starts_on_the_clock("2018-11-03", "2018-11-05", "1D", "America/Sao_Paulo")
    assert found == ["11-03 00:00", "11-04 01:00", "11-05 00:00"]


def test_a_day_whose_midnight_comes_twice_begins_with_the_first():
    # Havana, 2 November 2025: the clock goes from 1:00 back to 0:00
    days = step_starts(
        pd.Timestamp("2025-11-01 12:00", tz="UTC"),
        pd.Timestamp("2025-11-03 12:00", tz="UTC"),
        pd.Timedelta("1D"),
        "America/Havana",
    )
    assert [f"{day:%m-%d %H:%M}" for day in days[1:4]] == ["11-01 04:00", "11-02 04:00", "11-03 05:00"]


def test_a_day_that_the_zone_skipped_is_no_step():
    # Apia went from 29 to 31 December 2011
    found = starts_on_the_clock("2011-12-28", "2012-01-01", "1D", "Pacific/Apia")
    assert found == ["12-28 00:00", "12-29 00:00", "12-31 00:00", "01-01 00:00"]
