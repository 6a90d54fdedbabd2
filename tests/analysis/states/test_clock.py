"""The clock of each interval: what it reads, and what of the states follows it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lstmkit.analysis.states.clock import clock_of
from lstmkit.analysis.states.clusters import find_clusters
from lstmkit.analysis.states.geometry import Geometry, geometry
from lstmkit.analysis.states.probes import phase_concepts, weekend_concepts
from lstmkit.analysis.states.representation import Representation
from lstmkit.data.calendar import Calendar
from lstmkit.findings.states.geometry import (
    geometry_finding,
    geometry_hour_finding,
    geometry_weekend_finding,
)
from lstmkit.findings.states.moment import moment
from tests.analysis.states.clouds import cloud

STEPS = {"1h": "h", "1D": "D", "business day": "B", "7D": "7D", "month": "MS", "quarter": "QS", "year": "YS"}


def states_of(interval: str, values: np.ndarray) -> Representation:
    """One state per step from Monday, 2 June 2025, or from January 2025 on."""
    start = "2025-01-01" if interval in ("month", "quarter", "year") else "2025-06-02"
    origin = pd.date_range(start, periods=len(values), freq=STEPS[interval], tz="America/New_York")
    calendar = Calendar(interval, "America/New_York")
    return replace(cloud(values, np.linspace(400, 600, len(values))), origin=origin, calendar=calendar)


def found(interval: str, values: np.ndarray) -> Geometry:
    return geometry(states_of(interval, values), np.random.default_rng(0).normal(size=len(values)))


@pytest.mark.parametrize(
    ("interval", "name", "period", "phases"),
    [
        ("1h", "hour of day", 24, [0, 1, 2]),
        ("1D", "day of week", 7, [0, 1, 2]),
        ("business day", "day of week", 7, [0, 1, 2]),
        ("7D", "time of year", 12, [12 * day / 365 for day in (152, 159, 166)]),
        ("month", "time of year", 12, [12 * day / 365 for day in (0, 31, 59)]),
        ("quarter", "time of year", 12, [12 * day / 365 for day in (0, 90, 181)]),
    ],
)
def test_the_clock_is_that_of_the_shortest_cycle(interval, name, period, phases):
    states = states_of(interval, np.zeros((3, 1)))
    assert (states.clock.name, states.clock.period) == (name, period)
    np.testing.assert_allclose(states.phase, phases)
    (concept,) = phase_concepts(states)
    angle = 2 * np.pi * np.array(phases) / period
    np.testing.assert_allclose(concept.truth, np.stack([np.sin(angle), np.cos(angle)], axis=1), atol=1e-12)
    assert (concept.name, concept.unit) == (name, {24: "h", 7: "days", 12: "months"}[period])


def test_a_probe_that_is_a_quarter_of_the_cycle_off_errs_by_that():
    (concept,) = phase_concepts(states_of("1D", np.zeros((7, 1))))
    ahead = concept.truth @ np.array([[0.0, -1], [1, 0]])  # by a quarter turn
    assert concept.error(np.arange(7), ahead) == pytest.approx(7 / 4)


@pytest.mark.parametrize(
    ("interval", "rows", "together"),
    [
        ("1h", ["regime", "hour of day", "weekend", "these three"], "Regime, hour and weekend together"),
        ("1D", ["regime", "day of week", "weekend", "these three"], "Regime, day of the week and weekend together"),
        ("business day", ["regime", "day of week", "these two"], "Regime and day of the week together"),
        ("7D", ["regime", "time of year", "these two"], "Regime and time of the year together"),
        ("month", ["regime", "time of year", "these two"], "Regime and time of the year together"),
        ("quarter", ["regime", "time of year", "these two"], "Regime and time of the year together"),
        ("year", ["regime"], "Regime accounts for"),
    ],
)  # fmt: skip
def test_states_are_held_against_what_the_steps_resolve(interval, rows, together):
    result = found(interval, np.random.default_rng(1).normal(size=(90, 3)))
    assert result.explained.index.tolist() == [*rows, "correction"]
    assert result.together == rows[-1]
    assert together in geometry_finding(result)
    facts = result.facts()
    assert facts[f"{rows[-1].replace(' ', '_')}_percent"] == result.percent_following(rows[-1])
    known = [row for row in rows if not row.startswith("these")]
    assert facts.get("explained_by", ["regime", "hour of day", "weekend"]) == known


def test_states_that_are_the_day_of_the_week_follow_it_and_the_weekend_in_part():
    values = np.eye(7)[np.arange(140) % 7]
    result = found("1D", values)
    assert result.percent_following("day of week") == pytest.approx(100)
    # of seven equal directions one tells weekend from weekday: a sixth of the variance, corrected for its regressor
    unexplained = (5 / 6) * 139 / 138
    assert result.percent_following("weekend") == pytest.approx(100 * (1 - unexplained))
    assert "The day of the week, as 3 harmonics of 7 days, accounts for 100 %" in geometry_hour_finding(
        result
    )


def test_states_that_are_the_month_follow_the_time_of_year():
    result = found("month", np.cos(2 * np.pi * np.arange(120) / 12)[:, None])
    assert result.percent_following("time of year") > 99.9
    assert "The time of the year, as 3 harmonics of 12 months, accounts for 100 %" in geometry_hour_finding(
        result
    )


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        ("business day", "The series has no weekends, so weekdays and weekends are not compared."),
        ("7D", "The steps of the series are too long for weekends, so weekdays and weekends are not compared."),
        ("month", "The steps of the series are too long for weekends, so weekdays and weekends are not compared."),
    ],
)  # fmt: skip
def test_what_does_not_apply_is_left_out_with_one_sentence(interval, said):
    result = found(interval, np.random.default_rng(1).normal(size=(40, 2)))
    assert geometry_weekend_finding(result) == said
    assert weekend_concepts(result.representation) == []


def test_without_a_cycle_nothing_is_told_by_the_clock():
    result = found("year", np.random.default_rng(1).normal(size=(40, 2)))
    assert clock_of(result.representation.calendar) is None
    assert phase_concepts(result.representation) == []
    assert geometry_hour_finding(result) == (
        "The steps of the series are too long for any cycle of day, week or year, so nothing is said of the clock."
    )


@pytest.mark.parametrize(
    ("interval", "column", "first", "second"),
    [("1h", "typical_hour", "02:00", "14:00"), ("1D", "typical_day_of_week", "Monday", "Thursday"),
     ("month", "typical_time_of_year", "February", "August")],
)  # fmt: skip
def test_clusters_name_the_phase_around_which_they_lie(interval, column, first, second):
    period = {"1h": 24, "1D": 7, "month": 12}[interval]
    early = {"1h": [1, 2, 3], "1D": [0], "month": [0, 1, 2]}[interval]
    late = {"1h": [13, 14, 15], "1D": [2, 3, 4], "month": [6, 7, 8]}[interval]
    place = np.arange(10 * period) % period
    kept = np.isin(place, early + late)
    states = states_of(interval, np.isin(place, late).astype(float)[:, None])
    latest = np.where(np.isin(place, late), 600.0, 400.0)[kept]
    some = replace(
        states,
        values=states.values[kept],
        origin=states.origin[kept],
        latest=latest,
        group=states.group[kept],
    )
    table = find_clusters(geometry(some, np.zeros(kept.sum())), 2, seed=0).to_frame()
    assert table[column].tolist() == [first, second]
    assert ("weekend_percent" in table) == (interval != "month")


@pytest.mark.parametrize(
    ("interval", "hours", "length", "unit"),
    [
        ("1h", 36.0, "36 h", (1, "hour")),
        ("5min", 0.25, "15 min", (1, "hour")),
        ("1D", 24.0, "1 day", (24, "day")),
        ("1D", 72.0, "3 days", (24, "day")),
        ("2D", 96.0, "4 days", (24, "day")),
        ("7D", 336.0, "2 weeks", (168, "week")),
        ("business day", 5 * 33.6, "5 business days", (33.6, "business day")),
        ("month", 3 * 730.485, "3 months", (730.485, "month")),
        ("quarter", 2 * 2191.455, "2 quarters", (2191.455, "quarter")),
        ("year", 2 * 8765.82, "2 years", (8765.82, "year")),
    ],
)
def test_lengths_are_in_the_unit_of_the_steps(interval, hours, length, unit):
    calendar = Calendar(interval)
    assert calendar.duration(hours) == length
    assert (pytest.approx(calendar.unit_hours), calendar.unit) == unit


def test_moments_have_a_clock_within_days_alone():
    time = pd.Timestamp("2025-06-02 14:05", tz="UTC")
    assert moment(time, Calendar("5min")) == "Mon 02 Jun, 14:05"
    assert moment(time, Calendar("1D")) == "2 Jun 2025"
