"""What the data look like, in sentences."""

import pandas as pd

from lstmkit.data.dataset import GapReport
from lstmkit.data.overview import HOUR, WEEK, WEEKDAYS, Overview
from lstmkit.wording import count, digits, duration, feature_label, percent, sentence_case, with_error

LONG = pd.Timedelta("14D")  # from which one counts in days


def averages(overview: Overview) -> str:
    """What the means over the series are.

    Args:
        overview: of a dataset.
    """
    named = {"1h": "hourly means", "1D": "daily means", "7D": "weekly means"}
    for length, words in named.items():
        if overview.averaged_over == pd.Timedelta(length):
            return words
    return f"means over {duration(overview.averaged_over / HOUR)}"


def overview_caption(overview: Overview) -> str:
    """What is drawn.

    Args:
        overview: of a dataset.
    """
    below = "its week" if overview.week_hours < WEEK else "the spread of the training part"
    return (
        f"The series in {averages(overview)}, with its training, validation and test parts (above), and {below} "
        f"(below), local time."
    )


def overview_finding(overview: Overview) -> str:
    """Span, level, rhythm, regimes and gaps of the series.

    Args:
        overview: of a dataset.
    """
    low, high = overview.regimes.edges
    _, end = overview.stretches["test"][-1]
    empty = f" {overview.regimes.empty_sentence}" if overview.regimes.empty else ""
    return (
        f"{sentence_case(overview.name)}: {overview.means.index[0]:%d %B %Y} to {end:%d %B %Y}, "
        f"{feature_label(overview.target)} {with_error(overview.means.mean(), overview.means.std())} {overview.unit}. "
        f"{_rhythm(overview)} "
        f"Regimes: {overview.regimes.labels[0]} below {digits(low)}, "
        f"{overview.regimes.labels[2]} from {digits(high)} {overview.unit} on.{empty} {_missing(overview)}"
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
    middle, unit, hours = overview.week["50 %"], overview.unit, overview.week_hours
    highest, lowest = f"{digits(middle.max())} {unit}", f"{digits(middle.min())} {unit}"
    if hours == WEEK:
        return f"In the training part the median is {highest}."
    peak = overview.peak_hour
    when = WEEKDAYS[peak // 24]
    if hours == 1:
        when += f" at {peak % 24}:00"
    elif hours < 24:
        when += f" from {peak % 24}:00 to {peak % 24 + hours}:00"
    return f"In the training part the weekly median is highest on {when} ({highest}) and lowest at {lowest}."
