"""Names of columns and lengths of time as tables and figures show them."""

import re

from lstmkit.wording import duration, feature_label

NAMES_OF_UNITS = {"degC": "°C", "percent": "%"}
POWERS = {"2": "²", "3": "³"}


def column_label(name: str) -> str:
    """The name of a column as people write it.

    Args:
        name: for example `co2_lag_24h`.
    """
    return feature_label(name)


def unit_label(unit: str) -> str:
    """A unit as people write it.

    Args:
        unit: for example `degC`, `percent` or `m3/h`.
    """
    return re.sub(
        r"(?<![^\W\d_])m([23])\b", lambda power: f"m{POWERS[power[1]]}", NAMES_OF_UNITS.get(unit, unit)
    )


def hours_label(hours: float) -> str:
    """The name of a length of time such as a horizon, for example `24 h` or `5 min`.

    Args:
        hours: its length.
    """
    return duration(hours)
