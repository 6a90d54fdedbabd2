"""How lengths of time and the gaps of a series are written in sentences and titles."""

from lstmkit.analysis.rhythms.series import Gaps
from lstmkit.data.calendar import Calendar
from lstmkit.wording import count

LONG = 336.0  # hours from which one counts in days


def span_in_words(hours: float, calendar: Calendar) -> str:
    """A length of time, in days from two weeks on where steps are shorter than a day.

    Args:
        hours: its length.
        calendar: of the series.
    """
    return f"{hours / 24:.3g} days" if calendar.is_within_days and hours >= LONG else calendar.duration(hours)


def gaps_in_words(gaps: Gaps, calendar: Calendar) -> str:
    """How much of a series is missing.

    Args:
        gaps: of the series.
        calendar: of the series.
    """
    if not gaps.number:
        return "nothing missing"
    return (
        f"{gaps.missing:,} of {gaps.steps:,} missing in {count(gaps.number, 'gap')}, the longest "
        f"{span_in_words(gaps.longest_hours, calendar)}"
    )
