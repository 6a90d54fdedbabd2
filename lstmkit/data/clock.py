"""The site's clock: what hour, weekday and month it shows, and where the steps of a grid begin on it."""

from calendar import day_name, month_name

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

HOUR, DAY = pd.Timedelta("1h"), pd.Timedelta("1D")


def hour_of_day(local_time: pd.DatetimeIndex) -> Float[np.ndarray, "time"]:
    """Hours that the clock shows, with minutes and seconds as a fraction.

    Args:
        local_time: time stamps on the site's clock, shape (time,).
    """
    seconds = local_time.second + local_time.microsecond / 1e6
    return (local_time.hour + local_time.minute / 60 + seconds / 3600).to_numpy("float64")


def time_of_day(local_time: pd.DatetimeIndex) -> pd.TimedeltaIndex:
    """What the clock shows, as a duration since 0:00.

    Args:
        local_time: time stamps on the site's clock, shape (time,).
    """
    # not the time since midnight: on days of 23 or 25 hours the two differ
    clock = local_time.tz_localize(None)
    return clock - clock.normalize()


def place_in(kind: str, local_time: pd.DatetimeIndex) -> Int[np.ndarray, "time"]:
    """Which hour of the day, weekday, month or quarter each time stamp lies in, counted from 0.

    Args:
        kind: `hour`, `weekday`, `month` or `quarter`.
        local_time: time stamps on the site's clock.
    """
    found = {
        "hour": local_time.hour,
        "weekday": local_time.day_of_week,
        "month": local_time.month - 1,
        "quarter": local_time.quarter - 1,
    }
    return np.asarray(found[kind], "int64")


def place_name(kind: str, place: int) -> str:
    """What people call such a part of a cycle: `9:00`, `Monday`, `January` or `quarter 1`.

    Args:
        kind: as for `place_in`.
        place: counted from 0.
    """
    if kind == "hour":
        return f"{place}:00"
    if kind == "weekday":
        return day_name[place]
    return f"quarter {place + 1}" if kind == "quarter" else month_name[place + 1]


def phase_of_year(local_time: pd.DatetimeIndex) -> Float[np.ndarray, "time"]:
    """How much of its year has passed at each time stamp, from 0 to 1.

    Args:
        local_time: time stamps on the site's clock.
    """
    days = local_time.day_of_year.to_numpy() - 1 + hour_of_day(local_time) / 24
    return days / np.where(local_time.is_leap_year, 366, 365)


def is_whole_days(interval: pd.Timedelta) -> bool:
    """Whether steps of this length follow the local days, which have 23 or 25 hours where the clocks change.

    Args:
        interval: time between rows of the grid.
    """
    return interval % DAY == pd.Timedelta(0)


def steps_to_same_time(interval: pd.Timedelta) -> int:
    """Fewest steps, of about a day or more, after which the clock shows the same time again, to within an hour.

    Args:
        interval: time between rows of the grid.
    """
    steps = max(1, round(DAY / interval))
    while not HOUR <= (steps * interval + 2 * HOUR) % DAY <= 3 * HOUR:
        steps += 1
    return steps


def localized(times: pd.DatetimeIndex, timezone: str) -> pd.DatetimeIndex:
    """Place times without a zone on the clocks of a zone: of two the first, for none the next that there is.

    Args:
        times: without a zone.
        timezone: IANA zone.
    """
    return times.tz_localize(timezone, ambiguous=np.ones(len(times), dtype=bool), nonexistent="shift_forward")


def midnights(days: pd.DatetimeIndex, timezone: str) -> pd.DatetimeIndex:
    """When local days begin, in UTC; a day that the zone skipped is left out.

    Args:
        days: dates without a zone, increasing.
        timezone: IANA zone of the site.
    """
    begin = localized(days, timezone)
    return begin[begin.tz_localize(None).normalize() == days].tz_convert("UTC")


def step_starts(
    first: pd.Timestamp, last: pd.Timestamp, interval: pd.Timedelta, timezone: str
) -> pd.DatetimeIndex:
    """When each step of the grid begins, in UTC, from the step before `first` to the one after `last`.

    Steps are counted from the local midnight before `first`. Steps of whole days begin at local midnight, so one may
    last 23 or 25 hours; shorter ones are equally long, also where the clocks change.

    Args:
        first: the first time stamp.
        last: the last time stamp.
        interval: time between rows of the grid.
        timezone: IANA zone of the site.
    """
    day, end = (time.tz_convert(timezone).tz_localize(None) for time in (first, last))
    day = day.normalize()
    if is_whole_days(interval):
        starts = midnights(pd.date_range(day - interval, end + 2 * interval, freq=interval), timezone)
    else:
        midnight = midnights(pd.DatetimeIndex([day]), timezone)[0]
        starts = pd.date_range(midnight - interval, last + 2 * interval, freq=interval)
    return starts.as_unit("us")
