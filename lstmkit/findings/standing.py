"""Where a forecast stands against the best baseline, and how sure that is."""

from enum import StrEnum
from typing import Any

from lstmkit.wording import signed


class Standing(StrEnum):
    """What the interval of a skill says; better and worse only where it excludes zero."""

    BETTER = "better"
    WORSE = "worse"
    OPEN = "open"
    UNKNOWN = "unknown"


def standing(skill: dict[str, Any]) -> Standing:
    """Where a forecast stands against the best baseline.

    Args:
        skill: `value`, `low` and `high`, as in `metrics.json`; `low` is None where there are too few days.
    """
    if skill["low"] is None:
        return Standing.UNKNOWN
    if skill["low"] > 0:
        return Standing.BETTER
    return Standing.WORSE if skill["high"] < 0 else Standing.OPEN


def interval(skill: dict[str, Any], confidence: float) -> str:
    """The interval of a skill, for example `95 % interval +1.2 to +3.4 %`.

    Args:
        skill: `low` and `high`, as in `metrics.json`.
        confidence: of the interval; 1 is certain.
    """
    if skill["low"] is None:
        return "too few test days for an interval"
    ends = f"{signed(100 * skill['low'])} to {signed(100 * skill['high'])} %"
    return f"{100 * confidence:.0f} % interval {ends}"
