"""Where a forecast stands against the best baseline, and how sure that is."""

from enum import StrEnum

from lstmkit.analysis.errors.metrics import SkillMetrics
from lstmkit.analysis.resampling.statistics import side_of_zero
from lstmkit.wording import signed


class Standing(StrEnum):
    """What the interval of a skill says; better and worse only where it excludes zero."""

    BETTER = "better"
    WORSE = "worse"
    OPEN = "open"
    UNKNOWN = "unknown"


def standing(skill: SkillMetrics) -> Standing:
    """Where a forecast stands against the best baseline.

    Args:
        skill: `value`, `low` and `high`, as in `metrics.json`; `low` is None where there are too few days.
    """
    low, high = skill["low"], skill["high"]
    if low is None or high is None:
        return Standing.UNKNOWN
    return {1: Standing.BETTER, 0: Standing.OPEN, -1: Standing.WORSE}[int(side_of_zero(low, high))]


def interval(skill: SkillMetrics, confidence: float, block: str = "day") -> str:
    """The interval of a skill, for example `95 % interval +1.2 to +3.4 %`.

    Args:
        skill: `low` and `high`, as in `metrics.json`.
        confidence: of the interval; 1 is certain.
        block: what a part of the test part is that is resampled as one, a day or a longer step.
    """
    low, high = skill["low"], skill["high"]
    if low is None or high is None:
        return f"too few test {block}s for an interval"
    ends = f"{signed(100 * low)} to {signed(100 * high)} %"
    return f"{100 * confidence:.0f} % interval {ends}"
