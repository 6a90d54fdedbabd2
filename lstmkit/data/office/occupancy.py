"""The people of the simulated office: who comes on which day, and who is in the room at which minute."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import holidays
import numpy as np
import pandas as pd
from scipy.signal import lfilter
from scipy.special import expit

FRIDAY, SATURDAY = 4, 5
LATEST = 23.5  # h, when the building is locked


@dataclass(frozen=True)
class Team:
    """Who works in the office and when, on the site's clock; values without a source are chosen."""

    people: int = 16  # one desk each
    weekdays: tuple[float, ...] = (0.1, 0.9, 0.8, 0.5, -0.7)  # inclination to come; Kastle barometer, 2023
    habit_spread: float = 0.8  # inclination, between persons on one weekday
    mood_spread: float = 1.5  # inclination, shared by all: projects, weather, colleagues
    mood_memory: float = 14.0  # days until the autocorrelation has fallen to 1/e
    personal_spread: float = 1.4  # inclination, each person's own
    personal_memory: float = 6.0  # days
    vacation: float = -1.6  # inclination in the weeks around Christmas; half of it in August
    bridge_day: float = -1.6  # inclination on a working day between two free ones
    leave_rate: float = 0.01  # 1/day, absences for illness, travel or leave; fourfold around Christmas
    leave_length: float = 7.0  # days
    workload_memory: float = 12.0  # days; the workload is a standard normal that all share
    workload_pull: float = (
        0.6  # logarithm of the visits' rates, and log-odds of evenings, per unit of workload
    )
    arrival: float = 8.7  # h
    arrival_spread: float = 0.6  # h, between persons
    daily_spread: float = 0.4  # h, of one person's arrival and departure from day to day
    stay: float = 8.7  # h from arrival to departure
    friday_stay: float = 7.7  # h
    workload_stay: float = 0.4  # h longer per unit of workload
    lunch: float = 12.2  # h
    lunch_day_spread: float = 0.2  # h, shared by all from day to day
    lunch_spread: float = 0.3  # h, between persons
    lunch_out: float = 0.75  # share of lunches outside the room
    lunch_length: tuple[float, float] = (0.35, 1.05)  # h, least and most
    break_window: tuple[float, float] = (0.2, 0.8)  # share of each half-day in which its break begins
    break_length: float = 0.4  # h, mean: coffee, meetings elsewhere
    evening: float = -3.2  # log-odds of staying late at a usual workload
    evening_length: float = 2.5  # h, mean
    meeting_day: int = 1  # weekday of the weekly meeting, Tuesday
    meeting_begin: float = 10.0  # h
    meeting_end: float = 11.5  # h
    meeting_guests: int = 5  # people, mean
    meeting_held: float = 0.85  # share of weeks
    visits: float = 0.3  # 1/day, other meetings with guests, at a usual workload
    vacation_visits: float = 0.8  # share of them that the weeks around Christmas lack
    visit_begins: tuple[float, float] = (9.0, 16.5)  # h, on the half-hour
    visit_lengths: tuple[float, ...] = (0.5, 1.0, 1.5, 2.0)  # h, equally likely
    visit_guests: tuple[int, int] = (2, 8)  # people, least and most
    free_day_visits: float = 0.5  # 1/day, one person on a weekend or holiday, at a usual workload
    free_day_begins: tuple[float, float] = (9.0, 18.0)  # h
    free_day_stay: float = 2.2  # h, mean


class Calendar(NamedTuple):
    """The days of the series, which of them are free, how much vacation is taken (0 to 1), and the workload."""

    days: pd.DatetimeIndex
    free: np.ndarray
    season: np.ndarray
    workload: np.ndarray


def red_noise(
    rng: np.random.Generator, shape: tuple[int, ...], memory: float, deviation: float
) -> np.ndarray:
    """Draw stationary first-order autoregressive series with mean zero.

    Args:
        rng: source of randomness.
        shape: number of steps, then of independent series.
        memory: steps after which the autocorrelation has fallen to 1/e.
        deviation: standard deviation of each series.

    Returns:
        The series, of this shape, in the unit of `deviation`.
    """
    persistence = math.exp(-1 / memory)
    shocks = deviation * rng.normal(size=shape)
    shocks[1:] *= math.sqrt(1 - persistence**2)
    return lfilter([1.0], [1.0, -persistence], shocks, axis=0)


def draw_occupancy(team: Team, local_time: pd.DatetimeIndex, rng: np.random.Generator) -> np.ndarray:
    """Draw how many people are in the room: the running sum of arrivals minus departures.

    Args:
        team: who works there.
        local_time: begin of each step on the site's clock, shape (n,).
        rng: source of randomness.

    Returns:
        People during each step, shape (n,), integer.
    """
    calendar = _calendar(team, local_time, rng)
    stays = pd.concat([draw(team, calendar, rng) for draw in (_staff, _meetings, _visits, _free_day_visits)])
    change = np.zeros(len(local_time) + 1, dtype=int)
    for side, sign in (("begin", 1), ("end", -1)):
        step = _first_step(calendar.days[stays["day"]], stays[side], local_time)
        np.add.at(change, step, sign * stays["people"])
    return change.cumsum()[:-1]


def _calendar(team: Team, local_time: pd.DatetimeIndex, rng: np.random.Generator) -> Calendar:
    days = pd.DatetimeIndex(local_time.tz_localize(None).normalize().unique())
    public = pd.to_datetime(list(holidays.US(years=days.year.unique())))
    christmas = ((days.month == 12) & (days.day >= 20)) | ((days.month == 1) & (days.day <= 3))
    return Calendar(
        days=days,
        free=(days.day_of_week >= SATURDAY) | days.isin(public),
        season=1.0 * christmas + 0.5 * (days.month == 8),
        workload=red_noise(rng, days.shape, team.workload_memory, 1.0),
    )


def _first_step(day: pd.DatetimeIndex, hour: pd.Series, local_time: pd.DatetimeIndex) -> np.ndarray:
    clock = day + pd.to_timedelta((3600 * hour.to_numpy()).round(), unit="s")
    standard_time = np.zeros(len(clock), dtype=bool)
    moment = clock.tz_localize(local_time.tz, ambiguous=standard_time, nonexistent="shift_forward")
    return local_time.searchsorted(moment)


def _attendance(team: Team, calendar: Calendar, rng: np.random.Generator) -> np.ndarray:
    days, free, season, _ = calendar
    bridge = ~free & np.r_[False, free[:-1]] & np.r_[free[1:], False]
    shared = red_noise(rng, days.shape, team.mood_memory, team.mood_spread)
    shared += np.array([*team.weekdays, 0, 0])[days.day_of_week]
    shared += team.vacation * season + team.bridge_day * bridge
    habit = rng.normal(0, team.habit_spread, (7, team.people))[days.day_of_week]
    personal = red_noise(rng, habit.shape, team.personal_memory, team.personal_spread)
    willing = shared[:, None] + habit + personal > 0
    return willing & ~_on_leave(team, season, rng) & ~free[:, None]


def _on_leave(team: Team, season: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    draws = rng.random((len(season), team.people))
    away = np.zeros((len(season) + 1, team.people), dtype=bool)
    for day, begins in enumerate(team.leave_rate * (1 + 3 * season)):
        away[day + 1] = np.where(away[day], draws[day] > 1 / team.leave_length, draws[day] < begins)
    return away[1:]


def _staff(team: Team, calendar: Calendar, rng: np.random.Generator) -> pd.DataFrame:
    """Four stays for each person and day, between arrival, a break, lunch, another break and departure."""
    day, person = np.nonzero(_attendance(team, calendar, rng))
    size = len(day)
    usual = rng.normal(team.arrival, team.arrival_spread, team.people)
    arrival = usual[person] + rng.normal(0, team.daily_spread, size)
    late = rng.random(size) < expit(team.evening + team.workload_pull * calendar.workload[day])
    leave = arrival + np.where(calendar.days.day_of_week[day] == FRIDAY, team.friday_stay, team.stay)
    leave += team.workload_stay * calendar.workload[day] + rng.normal(0, team.daily_spread, size)
    leave += late * rng.exponential(team.evening_length, size)
    lunch = team.lunch + rng.normal(0, team.lunch_day_spread, len(calendar.days))[day]
    lunch += rng.normal(0, team.lunch_spread, size)
    back = lunch + (rng.random(size) < team.lunch_out) * rng.uniform(*team.lunch_length, size)
    morning, afternoon = (_break(team, *half, rng) for half in ((arrival, lunch), (back, leave)))
    bounds = np.stack([arrival, *morning, lunch, back, *afternoon, leave], axis=1)
    bounds = np.minimum(np.maximum.accumulate(bounds, axis=1), np.minimum(leave, LATEST)[:, None])
    begin, end = bounds.reshape(-1, 2).T
    return pd.DataFrame({"day": day.repeat(4), "begin": begin, "end": end, "people": 1})


def _break(
    team: Team, begin: np.ndarray, end: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    pause = begin + rng.uniform(*team.break_window, len(begin)) * (end - begin)
    return pause, pause + rng.exponential(team.break_length, len(begin))


def _meetings(team: Team, calendar: Calendar, rng: np.random.Generator) -> pd.DataFrame:
    held = rng.random(len(calendar.days)) < team.meeting_held
    day = np.flatnonzero((calendar.days.day_of_week == team.meeting_day) & ~calendar.free & held)
    guests = rng.binomial(2 * team.meeting_guests, 0.5, len(day))
    return pd.DataFrame({"day": day, "begin": team.meeting_begin, "end": team.meeting_end, "people": guests})


def _visits(team: Team, calendar: Calendar, rng: np.random.Generator) -> pd.DataFrame:
    rate = team.visits * np.exp(team.workload_pull * calendar.workload) * ~calendar.free
    day = np.repeat(np.arange(len(rate)), rng.poisson(rate * (1 - team.vacation_visits * calendar.season)))
    begin = np.round(2 * rng.uniform(*team.visit_begins, len(day))) / 2
    end = begin + rng.choice(team.visit_lengths, len(day))
    guests = rng.integers(*team.visit_guests, len(day), endpoint=True)
    return pd.DataFrame({"day": day, "begin": begin, "end": end, "people": guests})


def _free_day_visits(team: Team, calendar: Calendar, rng: np.random.Generator) -> pd.DataFrame:
    rate = team.free_day_visits * np.exp(team.workload_pull * calendar.workload) * calendar.free
    day = np.repeat(np.arange(len(rate)), rng.poisson(rate))
    begin = rng.uniform(*team.free_day_begins, len(day))
    end = np.minimum(begin + rng.exponential(team.free_day_stay, len(day)), LATEST)
    return pd.DataFrame({"day": day, "begin": begin, "end": end, "people": 1})
