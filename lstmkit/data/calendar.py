"""The calendar of a series: how long its steps are, on which clock, and which cycles they can resolve."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from jaxtyping import Int

from lstmkit.data.clock import (
    DAY,
    HOUR,
    localized,
    place_in,
    place_name,
    step_starts,
    steps_to_same_time,
    time_of_day,
)
from lstmkit.params import BUSINESS_DAY, MONTHS
from lstmkit.wording import count, duration

WEEK, YEAR = 7 * DAY, pd.Timedelta("365.2425D")
ADJECTIVES = {"day": "daily", "week": "weekly", "year": "annual"}
CYCLES = {"day": DAY, "week": WEEK, "year": YEAR}
FEWEST_STEPS = 2  # in a cycle that is resolved
MONTH = YEAR / 12
UNITS = {"hour": HOUR, "day": DAY, "week": WEEK}
LONG_YEARS = 2  # from which on one counts in years


@dataclass(frozen=True)
class Cycle:
    """A cycle that the steps of a series resolve.

    Attributes:
        name: `day`, `week` or `year`.
        length: of the cycle.
        steps: in one cycle, not necessarily a whole number.
    """

    name: str
    length: pd.Timedelta
    steps: float

    @property
    def adjective(self) -> str:
        """Of what comes once in each, `daily`, `weekly` or `annual`."""
        return ADJECTIVES[self.name]


@dataclass(frozen=True)
class Calendar:
    """The sampling interval and the site's clock.

    Attributes:
        interval: as a study's YAML states it: a duration such as `5min` or `1D`, `month`, `quarter` or `business day`.
        timezone: IANA zone of the site, on which lengths, cycles and names do not depend.
    """

    interval: str
    timezone: str = "UTC"

    @property
    def months(self) -> int:
        """Months in a step; zero where steps are not counted in months."""
        return MONTHS.get(self.interval, 0)

    @property
    def has_business_days(self) -> bool:
        """Whether weekends are no steps."""
        return self.interval == BUSINESS_DAY

    @cached_property
    def step(self) -> pd.Timedelta:
        """The mean length of a step."""
        if self.months:
            return self.months * MONTH
        return WEEK / 5 if self.has_business_days else pd.Timedelta(self.interval)

    @property
    def is_within_days(self) -> bool:
        """Whether a day has several steps."""
        return self.step < DAY

    @cached_property
    def cycles(self) -> tuple[Cycle, ...]:
        """The cycles that the steps resolve, the shortest first."""
        found = (Cycle(name, length, length / self.step) for name, length in CYCLES.items())
        return tuple(cycle for cycle in found if cycle.steps >= FEWEST_STEPS)

    @property
    def rhythms(self) -> tuple[Cycle, ...]:
        """The two shortest cycles, of which a part of the series may hold enough to be analysed by."""
        return self.cycles[:2]

    @property
    def season(self) -> Cycle | None:
        """The shortest cycle that the steps resolve; None where a step is longer than half a year."""
        return next(iter(self.cycles), None)

    @cached_property
    def season_steps(self) -> int:
        """Fewest steps after which the shortest cycle comes to the same point again; one where there is no cycle."""
        if self.is_within_days:
            return steps_to_same_time(self.step)
        if self.season is None:
            return 1
        whole = self.season.name == "week" and not self.has_business_days
        return _smallest_multiple(self.step, WEEK) if whole else round(self.season.steps)

    def resolves(self, name: str) -> bool:
        """Whether the steps resolve a cycle.

        Args:
            name: `day`, `week` or `year`.
        """
        return any(cycle.name == name for cycle in self.cycles)

    def steps(self, duration: str | pd.Timedelta) -> int:
        """Number of steps in a duration, at least one.

        Args:
            duration: for example `1h`.
        """
        return max(1, round(pd.Timedelta(duration) / self.step))

    @property
    def unit(self) -> str:
        """The unit in which people count lengths of time of such a series, for example `hour` or `business day`."""
        if self.months or self.has_business_days:
            return self.interval
        if self.is_within_days:
            return "hour"
        return "week" if self.step % WEEK == 0 * DAY else "day"

    @property
    def unit_key(self) -> str:
        """The unit as names of columns hold it, for example `business_day`."""
        return self.unit.replace(" ", "_")

    @property
    def unit_hours(self) -> float:
        """Hours in this unit, on average."""
        return UNITS.get(self.unit, self.step) / HOUR

    @property
    def block(self) -> str:
        """What is drawn as one when windows are resampled, a day or a step that is longer."""
        if self.is_within_days:
            return "day"
        return self.unit if self.step / HOUR == self.unit_hours else "step"

    def duration(self, hours: float) -> str:
        """A length of time as people write it, for example `24 h`, `5 min`, `3 days`, `1.5 months` or `4 years`.

        Args:
            hours: its length.
        """
        if self.is_within_days:
            return duration(hours)
        is_long = hours >= LONG_YEARS * YEAR / HOUR
        unit, length = ("year", YEAR / HOUR) if is_long else (self.unit, self.unit_hours)
        number = f"{float(f'{hours / length:.3g}'):g}"
        return f"{number} {unit}" if number == "1" else f"{number} {unit}s"

    def starts(self, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
        """When each step begins, in UTC, from the step before `first` to the one after `last`.

        Args:
            first: the first time stamp.
            last: the last time stamp.
        """
        if not (self.months or self.has_business_days):
            return step_starts(first, last, self.step, self.timezone)
        day, end = (time.tz_convert(self.timezone).tz_localize(None).normalize() for time in (first, last))
        if self.has_business_days:
            days = pd.bdate_range(day - pd.offsets.BDay(2), end + pd.offsets.BDay(2))
        else:
            month = (day.month - 1) // self.months * self.months + 1
            begin = day.replace(month=month, day=1) - pd.DateOffset(months=self.months)
            days = pd.date_range(begin, end + pd.DateOffset(months=2 * self.months), freq=f"{self.months}MS")
        return localized(days, self.timezone).tz_convert("UTC").as_unit("us")

    def after(self, local_time: pd.DatetimeIndex, steps: Int[np.ndarray, "time"]) -> pd.DatetimeIndex:
        """When the step begins that is some steps after each time stamp.

        Args:
            local_time: beginnings of steps, on the site's clock.
            steps: after each.
        """
        if self.is_within_days:
            return local_time + steps * self.step
        found = np.array(local_time.tz_localize(None), "datetime64[ns]")
        for n in np.unique(steps).tolist():
            found[steps == n] = pd.DatetimeIndex(found[steps == n]) + n * self._offset
        return localized(pd.DatetimeIndex(found), str(local_time.tz))

    @property
    def _offset(self) -> pd.Timedelta | pd.offsets.BaseOffset:
        """A step on the clock without a zone."""
        if self.months:
            return pd.DateOffset(months=self.months)
        return pd.offsets.BDay() if self.has_business_days else self.step

    def date_name(self, local_time: pd.Timestamp) -> str:
        """The beginning of a step as people write it, for example `Monday, 2 June 2025, 14:00`, or `June 2025`.

        Args:
            local_time: on the site's clock.
        """
        if self.months:
            return f"{local_time:%Y}" if self.months >= 12 else f"{local_time:%B %Y}"
        time = f", {local_time:%H:%M}" if self.is_within_days else ""
        return f"{local_time:%A}, {local_time.day} {local_time:%B %Y}{time}"

    @property
    def date_format(self) -> str:
        """Of `strftime`, for the beginning of a step in short; with the clock where steps are shorter than a day."""
        if self.months:
            return "%Y" if self.months >= 12 else "%b %Y"
        return "%a %d %b %Y, %H:%M" if self.is_within_days else "%a %d %b %Y"

    def position(self, local_time: pd.DatetimeIndex) -> Int[np.ndarray, "time"]:
        """Which step of the shortest cycle each time stamp falls on, counted from 0; for steps of weeks, which month.

        Args:
            local_time: time stamps on the site's clock.
        """
        if self.is_within_days:
            return np.asarray(time_of_day(local_time) // self.step, "int64")
        if self.season is None:
            return np.zeros(len(local_time), "int64")
        return place_in(self.place_kind(self.season), local_time)

    @property
    def n_positions(self) -> int:
        """How many steps, or months, the shortest cycle has."""
        if self.is_within_days:
            return int(-(-DAY // self.step))
        if self.season is None:
            return 1
        return 7 if self.season.name == "week" else 12 // max(1, self.months)

    @property
    def position_kind(self) -> str:
        """What a step of the shortest cycle is, `time of day`, `weekday`, `month` or `quarter`."""
        if self.is_within_days:
            return "time of day"
        return "month" if self.season is None else self.place_kind(self.season)

    def place_kind(self, cycle: Cycle) -> str:
        """By what a cycle is divided: `hour`, `weekday`, `month` or `quarter`.

        Args:
            cycle: that the steps resolve.
        """
        if cycle.name == "year":
            return "quarter" if self.months == MONTHS["quarter"] else "month"
        return {"day": "hour", "week": "weekday"}[cycle.name]

    def position_name(self, position: int) -> str:
        """What people call a step of the shortest cycle: `9:30`, `Monday`, `January`, `the first quarter`.

        Args:
            position: of the step, from 0.
        """
        if self.is_within_days:
            minutes = round(position * self.step / pd.Timedelta("1min"))
            return f"{minutes // 60}:{minutes % 60:02d}"
        return place_name(self.position_kind, position)

    def folder(self, steps: int) -> str:
        """`h1` for an hour; `12steps` where the horizon is no whole number of hours or the steps exceed a day.

        Args:
            steps: ahead.
        """
        hours = steps * self.step / HOUR
        return f"h{hours:.0f}" if self.step <= DAY and hours.is_integer() else f"{steps}steps"

    def label(self, steps: int) -> str:
        """The horizon for people: `1 h`, `5 steps` where it is no whole number of hours; `3 months`, `2 weeks`.

        Args:
            steps: ahead.
        """
        if self.months:
            return count(steps, "quarter") if self.months == 3 else count(steps * self.months, "month")
        if self.has_business_days:
            return count(steps, "business day")
        if self.step >= DAY:
            whole = next(
                ((u, n) for u, n in (("week", WEEK), ("day", DAY)) if self.step % n == DAY * 0), None
            )
            return count(steps, "step") if whole is None else count(steps * (self.step // whole[1]), whole[0])
        hours = steps * self.step / HOUR
        return f"{hours:.0f} h" if hours.is_integer() else count(steps, "step")


HOURLY = Calendar("1h")  # lengths of time in hours


def _smallest_multiple(step: pd.Timedelta, cycle: pd.Timedelta) -> int:
    return next((n for n in range(1, 8) if (n * step) % cycle == 0 * DAY), round(cycle / step))
