"""Units as tables and figures show them."""

import re

NAMES_OF_UNITS = {"degC": "°C", "percent": "%"}
POWERS = {"2": "²", "3": "³"}


def unit_label(unit: str) -> str:
    """A unit as people write it.

    Args:
        unit: for example `degC`, `percent` or `m3/h`.
    """
    return re.sub(
        r"(?<![^\W\d_])m([23])\b", lambda power: f"m{POWERS[power[1]]}", NAMES_OF_UNITS.get(unit, unit)
    )
