"""How lengths of time and the gaps of a series are written in sentences and titles."""

from lstmkit.analysis.rhythms.series import Gaps
from lstmkit.wording import count, duration

LONG = 336.0  # hours from which one counts in days


def days_or_hours(hours: float) -> str:
    """A length of time, in days from two weeks on.

    Args:
        hours: its length.
    """
    return f"{hours / 24:.3g} days" if hours >= LONG else duration(hours)


def gaps_in_words(gaps: Gaps) -> str:
    """How much of a series is missing.

    Args:
        gaps: of the series.
    """
    if not gaps.number:
        return "nothing missing"
    return (
        f"{gaps.missing:,} of {gaps.steps:,} missing in {count(gaps.number, 'gap')}, the longest "
        f"{days_or_hours(gaps.longest_hours)}"
    )
