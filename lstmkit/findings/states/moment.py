"""What is known of the moment of a window, in words: its group, the clock and the weekend."""

import pandas as pd

from lstmkit.analysis.states.clock import Clock
from lstmkit.analysis.states.geometry import Geometry
from lstmkit.analysis.states.representation import Representation
from lstmkit.data.calendar import Calendar
from lstmkit.findings.known import SHORT, known_listed
from lstmkit.wording import sentence_case


def clock_words(clock: Clock) -> str:
    """The phase of the shortest cycle in a sentence: `hour of day`, `day of the week` or `time of the year`.

    Args:
        clock: of the cycle.
    """
    return clock.name if clock.cycle == "day" else SHORT[clock.name]


def cycle_words(clock: Clock) -> str:
    """The length of the shortest cycle, for example `24 h`.

    Args:
        clock: of the cycle.
    """
    return f"{clock.period:g} {clock.unit}"


def together_clause(geometry: Geometry) -> str:
    """What is known of a moment, with its verb: `Regime, hour and weekend together account for`.

    Args:
        geometry: of some states.
    """
    names = [geometry.called(name) for name in geometry.known]
    verb = "together account for" if len(names) > 1 else "accounts for"
    return f"{sentence_case(known_listed(names))} {verb}"


def without_clock(representation: Representation) -> str:
    """Why nothing is said of the clock: one sentence, empty where there is a clock.

    Args:
        representation: of some windows.
    """
    if representation.clock is not None:
        return ""
    return "The steps of the series are too long for any cycle of day, week or year, so nothing is said of the clock."


def without_weekend(representation: Representation) -> str:
    """Why nothing is said of weekends: one sentence, empty where weekends are compared.

    Args:
        representation: of some windows.
    """
    if representation.has_weekends:
        return ""
    if representation.calendar.has_business_days:
        return "The series has no weekends, so weekdays and weekends are not compared."
    return "The steps of the series are too long for weekends, so weekdays and weekends are not compared."


def moment(time: pd.Timestamp, calendar: Calendar) -> str:
    """A time stamp as a label: with its clock where steps are shorter than a day.

    Args:
        time: on the site's clock.
        calendar: of the series.
    """
    return f"{time:%a %d %b, %H:%M}" if calendar.is_within_days else f"{time.day} {time:%b %Y}"
