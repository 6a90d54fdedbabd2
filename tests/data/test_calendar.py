"""Cycles, steps and labels of calendars from seconds to years, derived by hand."""

import numpy as np
import pandas as pd
import pytest

from lstmkit.data.calendar import Calendar
from lstmkit.data.climatology import climatology
from lstmkit.data.clock import phase_of_year
from lstmkit.data.grid import make_dataset
from lstmkit.params import DataParams


@pytest.mark.parametrize(
    ("interval", "cycles", "season_steps"),
    [
        ("5min", ["day", "week", "year"], 288),
        ("1h", ["day", "week", "year"], 24),
        ("7h", ["day", "week", "year"], 7),  # 49 hours: the same time to within an hour
        ("12h", ["day", "week", "year"], 2),
        ("1D", ["week", "year"], 7),
        ("2D", ["week", "year"], 7),
        ("7D", ["year"], 52),
        ("business day", ["week", "year"], 5),
        ("month", ["year"], 12),
        ("quarter", ["year"], 4),
        ("year", [], 1),
    ],
)
def test_cycles_that_the_steps_resolve(interval, cycles, season_steps):
    calendar = Calendar(interval, "UTC")
    assert [cycle.name for cycle in calendar.cycles] == cycles
    assert calendar.season_steps == season_steps


@pytest.mark.parametrize(
    ("interval", "steps", "label", "folder"),
    [
        ("5min", 12, "1 h", "h1"),
        ("5min", 5, "5 steps", "5steps"),
        ("1h", 24, "24 h", "h24"),
        ("1D", 3, "3 days", "h72"),
        ("1D", 1, "1 day", "h24"),
        ("7D", 1, "1 week", "1steps"),
        ("14D", 2, "4 weeks", "2steps"),
        ("3D", 2, "6 days", "2steps"),
        ("month", 6, "6 months", "6steps"),
        ("quarter", 1, "1 quarter", "1steps"),
        ("year", 2, "24 months", "2steps"),
        ("business day", 5, "5 business days", "5steps"),
    ],
)
def test_horizons_are_called_what_people_call_them(interval, steps, label, folder):
    calendar = Calendar(interval, "UTC")
    assert (calendar.label(steps), calendar.folder(steps)) == (label, folder)


def test_months_begin_at_local_midnight_of_their_first_day():
    starts = Calendar("month", "Europe/Berlin").starts(
        pd.Timestamp("2024-02-10 12:00", tz="UTC"), pd.Timestamp("2024-05-01", tz="UTC")
    )
    assert starts.tolist()[:4] == [
        pd.Timestamp(time, tz="UTC")
        for time in ("2023-12-31 23:00", "2024-01-31 23:00", "2024-02-29 23:00", "2024-03-31 22:00")
    ]
    assert starts[-1] > pd.Timestamp("2024-05-01", tz="UTC")


def test_quarters_begin_in_january_april_july_and_october():
    starts = Calendar("quarter", "UTC").starts(
        *(pd.Timestamp(day, tz="UTC") for day in ("2024-05-20", "2024-11-02"))
    )
    assert {start.month for start in starts} <= {1, 4, 7, 10}
    assert starts[0] < pd.Timestamp("2024-04-01", tz="UTC") <= starts[1]


def test_business_days_leave_weekends_out():
    friday, tuesday = pd.Timestamp("2024-06-07", tz="UTC"), pd.Timestamp("2024-06-11", tz="UTC")
    starts = Calendar("business day", "UTC").starts(friday, tuesday)
    assert not {5, 6} & {start.day_of_week for start in starts}
    assert [start.day for start in starts if friday <= start <= tuesday] == [7, 10, 11]


@pytest.mark.parametrize(
    ("interval", "times", "positions"),
    [
        ("6h", ["2024-01-01 00:00", "2024-01-01 07:00", "2024-01-02 23:59"], [0, 1, 3]),
        ("1D", ["2024-01-01", "2024-01-07", "2024-01-08"], [0, 6, 0]),
        ("business day", ["2024-01-05", "2024-01-08"], [4, 0]),
        ("month", ["2024-01-31", "2024-12-01"], [0, 11]),
        ("quarter", ["2024-03-31", "2024-04-01"], [0, 1]),
        ("7D", ["2024-01-01", "2024-02-05", "2024-12-31"], [0, 1, 11]),
        ("year", ["2024-01-01", "2025-01-01"], [0, 0]),
    ],
)
def test_position_in_the_shortest_cycle(interval, times, positions):
    calendar = Calendar(interval, "UTC")
    found = calendar.position(pd.DatetimeIndex(times, tz="UTC"))
    assert found.tolist() == positions
    assert found.max() < calendar.n_positions


@pytest.mark.parametrize(
    ("interval", "position", "name", "kind"),
    [
        ("5min", 114, "9:30", "time of day"),
        ("1D", 6, "Sunday", "weekday"),
        ("business day", 4, "Friday", "weekday"),
        ("7D", 11, "December", "month"),
        ("month", 0, "January", "month"),
        ("quarter", 3, "quarter 4", "quarter"),
    ],
)
def test_positions_are_called_what_people_call_them(interval, position, name, kind):
    calendar = Calendar(interval, "UTC")
    assert (calendar.position_name(position), calendar.position_kind) == (name, kind)


@pytest.mark.parametrize(
    ("interval", "hours", "told", "block"),
    [
        ("5min", 24 / 288, "5 min", "day"),
        ("1h", 168.0, "168 h", "day"),
        ("1D", 24.0, "1 day", "day"),
        ("1D", 36.0, "1.5 days", "day"),
        ("1D", 3 * 365.2425 * 24, "3 years", "day"),
        ("2D", 96.0, "4 days", "step"),
        ("7D", 26 * 168.0, "26 weeks", "week"),
        ("14D", 4 * 168.0, "4 weeks", "step"),
        ("business day", 168.0, "5 business days", "business day"),
        ("month", 365.2425 * 2, "1 month", "month"),
        ("month", 365.2425 * 24, "12 months", "month"),
        ("month", 365.2425 * 60, "2.5 years", "month"),
        ("quarter", 365.2425 * 12, "2 quarters", "quarter"),
        ("year", 365.2425 * 24, "1 year", "year"),
    ],
)
def test_lengths_of_time_are_told_as_people_count_them(interval, hours, told, block):
    calendar = Calendar(interval, "UTC")
    assert (calendar.duration(hours), calendar.block) == (told, block)


@pytest.mark.parametrize(
    ("interval", "begins", "steps", "reached"),
    [
        ("1h", "2025-03-30 00:00", 3, "2025-03-30 04:00"),  # the clock leaves out an hour
        ("1D", "2025-03-29", 2, "2025-03-31"),  # one of the days has 23 hours
        ("1D", "2025-10-25", 2, "2025-10-27"),  # one has 25
        ("7D", "2025-03-24", 1, "2025-03-31"),
        ("business day", "2025-03-28", 1, "2025-03-31"),
        ("month", "2025-01-01", 3, "2025-04-01"),
        ("quarter", "2025-10-01", 2, "2026-04-01"),
        ("year", "2023-01-01", 2, "2025-01-01"),
    ],
)
def test_steps_are_counted_on_the_clock_of_the_site(interval, begins, steps, reached):
    zone = "Europe/Berlin"
    times = pd.DatetimeIndex([begins, begins], tz=zone)
    found = Calendar(interval, zone).after(times, np.array([0, steps]))
    assert found.tolist() == [pd.Timestamp(begins, tz=zone), pd.Timestamp(reached, tz=zone)]


@pytest.mark.parametrize(
    ("interval", "name", "short"),
    [
        ("1h", "Monday, 2 June 2025, 14:00", "Mon 02 Jun 2025, 14:00"),
        ("1D", "Monday, 2 June 2025", "Mon 02 Jun 2025"),
        ("business day", "Monday, 2 June 2025", "Mon 02 Jun 2025"),
        ("month", "June 2025", "Jun 2025"),
        ("year", "2025", "2025"),
    ],
)
def test_a_step_is_dated_as_exactly_as_it_is_long(interval, name, short):
    calendar, time = Calendar(interval, "UTC"), pd.Timestamp("2025-06-02 14:00", tz="UTC")
    assert calendar.date_name(time) == name
    assert f"{time:{calendar.date_format}}" == short


def test_phase_of_the_year_knows_leap_years():
    times = pd.DatetimeIndex(["2023-07-02 12:00", "2024-07-02 00:00"], tz="UTC")
    assert phase_of_year(times) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("interval", ["1D", "business day", "7D", "month"])
def test_climatology_of_long_steps_knows_week_and_year(interval):
    calendar = Calendar(interval, "UTC")
    time = calendar.starts(pd.Timestamp("2015-01-01", tz="UTC"), pd.Timestamp("2020-12-31", tz="UTC"))
    values = 10 + 3 * np.cos(2 * np.pi * phase_of_year(time))
    if calendar.resolves("week"):
        values = values + 2.0 * (time.day_of_week == 4)
    training = np.arange(len(time) * 2 // 3)
    expected = climatology(pd.Series(values), time, training, calendar)
    assert np.abs(expected - values).max() < 1e-9


def test_climatology_of_less_than_two_years_knows_no_season():
    calendar = Calendar("month", "UTC")
    time = calendar.starts(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2021-06-30", tz="UTC"))
    values = np.arange(len(time), dtype=float)
    expected = climatology(pd.Series(values), time, np.arange(12), calendar)
    assert expected == pytest.approx(np.full(len(time), 5.5))


def test_monthly_readings_lie_on_their_months():
    days = pd.date_range("2020-01-31", periods=18, freq="ME", tz="UTC")
    frame = pd.DataFrame({"co2": np.arange(18.0)}, index=days)
    dataset = make_dataset(
        "Hand", frame, target="co2", interval="month", site_timezone="UTC", units={"co2": "ppm"}
    )
    assert dataset.frame["co2"].tolist() == list(range(18))
    assert [stamp.day for stamp in dataset.local_time] == [1] * 18
    assert dataset.observed.all()


def test_an_unknown_interval_is_refused_with_those_that_there_are():
    with pytest.raises(ValueError, match="month, quarter, year or 'business day'"):
        DataParams(source="simulated", interval="fortnight")
    assert DataParams(source="simulated", interval="month").interval == "month"
