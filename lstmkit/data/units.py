"""Units of measured columns: into which unit a column is brought, and which values it can take there."""

from collections.abc import Callable

import pandas as pd

Conversion = Callable[[pd.Series], pd.Series]

_TO_CANONICAL: dict[str, tuple[str, Conversion]] = {
    "ppm": ("ppm", lambda ppm: ppm),
    "degC": ("degC", lambda celsius: celsius),
    "degF": ("degC", lambda fahrenheit: (fahrenheit - 32) / 1.8),
    "K": ("degC", lambda kelvin: kelvin - 273.15),
    "percent": ("percent", lambda percent: percent),
    "fraction": ("percent", lambda fraction: 100 * fraction),
}

PHYSICAL_RANGE = {"ppm": (150.0, 40_000.0), "degC": (-60.0, 60.0), "percent": (0.0, 100.0)}


def to_canonical(values: pd.Series, unit: str) -> tuple[pd.Series, str]:
    """Bring values into the canonical unit of their quantity: degC, ppm or percent.

    Args:
        values: in `unit`, of any length.
        unit: degC, degF, K, ppm, percent or fraction; any other unit is kept as it is.

    Returns:
        The values and the unit in which they now are.
    """
    canonical, convert = _TO_CANONICAL.get(unit, (unit, lambda same: same))
    return convert(values), canonical


def out_of_range(values: pd.Series, canonical: str) -> pd.Series:
    """Mark values that cannot be: CO2 outside 150 to 40000 ppm, -60 to 60 degC, 0 to 100 percent.

    Args:
        values: in the canonical unit, NaN where missing.
        canonical: the unit; one without a range marks nothing.

    Returns:
        One truth value per value, false where it is missing.
    """
    lowest, highest = PHYSICAL_RANGE.get(canonical, (float("-inf"), float("inf")))
    return (values < lowest) | (values > highest)


def stated_as(canonical: str) -> list[str]:
    """List the units that a study's YAML can state for a canonical unit.

    Args:
        canonical: ppm, degC or percent.
    """
    return [unit for unit, (target, _) in _TO_CANONICAL.items() if target == canonical]
