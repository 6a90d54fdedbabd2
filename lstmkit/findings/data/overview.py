"""What the data look like, in sentences."""

import math

import pandas as pd

from lstmkit.data.clock import place_name
from lstmkit.data.dataset import GapReport
from lstmkit.data.overview import HOUR, Overview
from lstmkit.findings.groups import groups_sentence
from lstmkit.wording import count, digits, feature_label, percent, sentence_case, with_error

MEANS = {
    "hour": "hourly means",
    "day": "daily means",
    "week": "weekly means",
    "month": "monthly means",
    "quarter": "quarterly means",
    "year": "yearly means",
    "business day": "means of business days",
}
LONG = pd.Timedelta("14D")  # from which one counts in days


def averages(overview: Overview) -> str:
    """What the means over the series are.

    Args:
        overview: of a dataset.
    """
    calendar, hours = overview.calendar, overview.averaged_over / HOUR
    if calendar.unit in MEANS and math.isclose(hours, calendar.unit_hours):
        return MEANS[calendar.unit]
    return f"means over {calendar.duration(hours)}"


def overview_caption(overview: Overview) -> str:
    """What is drawn.

    Args:
        overview: of a dataset.
    """
    below = f"its {overview.cycle}" if overview.cycle else "the spread of the training part"
    return (
        f"The series in {averages(overview)}, with its training, validation and test parts (above), and {below} "
        f"(below), local time."
    )


def overview_finding(overview: Overview) -> str:
    """Span, level, rhythm, groups and gaps of the series.

    Args:
        overview: of a dataset.
    """
    _, end = overview.stretches["test"][-1]
    return (
        f"{sentence_case(overview.name)}: {overview.means.index[0]:%d %B %Y} to {end:%d %B %Y}, "
        f"{feature_label(overview.target)} {with_error(overview.means.mean(), overview.means.std())} {overview.unit}. "
        f"{_rhythm(overview)} {groups_sentence(overview.groups)} {_missing(overview)}"
    )


def _missing(overview: Overview) -> str:
    if overview.measured is None:
        return gap_sentence(overview.gaps)
    measured = f"{feature_label(overview.target)} is measured at {percent(overview.measured)} of the steps."
    return f"{measured} {gap_sentence(overview.gaps, ' of the inputs')}"


def gap_sentence(gaps: GapReport, of: str = "") -> str:
    """What was missing.

    Args:
        gaps: of the series.
        of: of what, where it is not of the whole series.
    """
    if not gaps.interpolated and not gaps.splits:
        return f"Nothing is missing{of}."
    is_long = gaps.longest >= LONG
    longest = f"the longest {f'{gaps.longest.days:,} days' if is_long else f'{gaps.longest / HOUR:.1f} h'}"
    filled = count(gaps.interpolated_steps, "step")
    short = f"{count(gaps.interpolated, 'gap')} of up to an hour ({filled}) interpolated"
    long = f"{count(gaps.splits, 'longer gap')} ({count(gaps.missing_steps, 'step')}, {longest}) splitting the series"
    return f"Missing{of}: {'; '.join(text for text, n in ((short, gaps.interpolated), (long, gaps.splits)) if n)}."


def _rhythm(overview: Overview) -> str:
    middle, unit, row = overview.profile["50 %"], overview.unit, overview.row
    highest, lowest = f"{digits(middle.max())} {unit}", f"{digits(middle.min())} {unit}"
    if overview.cycle is None:
        return f"In the training part the median is {highest}."
    peak = overview.peak
    if overview.cycle == "year":
        first, last = (place_name("month", month) for month in (peak, peak + row - 1))
        when = f"in {first}" if row == 1 else f"from {first} to {last}"
        return f"In the training part the median over the year is highest {when} ({highest}) and lowest at {lowest}."
    when = place_name("weekday", peak // 24)
    if row == 1:
        when += f" at {peak % 24}:00"
    elif row < 24:
        when += f" from {peak % 24}:00 to {peak % 24 + row}:00"
    return f"In the training part the weekly median is highest on {when} ({highest}) and lowest at {lowest}."
