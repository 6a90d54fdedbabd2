"""Units and quantities of measured columns: into which unit a column is brought, and which values it can take."""

from collections.abc import Callable
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Quantity:
    """What a column measures, and which values it can take.

    Attributes:
        label: as messages name it.
        unit: the canonical one.
        lowest: that can be, in this unit.
        highest: that can be, in this unit.
        tolerance: by which a sound sensor may read less or more; such values are kept as they are.
    """

    label: str
    unit: str
    lowest: float
    highest: float
    tolerance: float = 0.0


HYGROMETER_ACCURACY = 3.0  # percentage points, of capacitive sensors in moist and in dry air

QUANTITIES = {
    "co2": Quantity("CO2 in air", "ppm", 150.0, 40_000.0),
    "air_temperature": Quantity("air temperature", "degC", -60.0, 60.0),
    "relative_humidity": Quantity("relative humidity", "percent", 0.0, 100.0, HYGROMETER_ACCURACY),
}
QUANTITY_OF_NAME = {"co2": "co2", "temperature": "air_temperature", "humidity": "relative_humidity"}


def to_canonical(values: pd.Series, unit: str) -> tuple[pd.Series, str]:
    """Bring values into the canonical unit of their kind: degC, ppm or percent.

    Args:
        values: in `unit`, of any length.
        unit: degC, degF, K, ppm, percent or fraction; any other unit is kept as it is.

    Returns:
        The values and the unit in which they now are.
    """
    canonical, convert = _TO_CANONICAL.get(unit, (unit, lambda same: same))
    return convert(values), canonical


def can_be_converted(unit: str) -> bool:
    """Whether a unit is one that `to_canonical` knows.

    Args:
        unit: as a study's YAML states it.
    """
    return unit in _TO_CANONICAL


def out_of_range(values: pd.Series, quantity: Quantity) -> pd.Series:
    """Mark values that cannot be, even as a sound sensor reads them.

    Args:
        values: in the quantity's unit, NaN where missing.
        quantity: what they measure.

    Returns:
        One truth value per value, false where it is missing.
    """
    lowest, highest = quantity.lowest - quantity.tolerance, quantity.highest + quantity.tolerance
    return (values < lowest) | (values > highest)


def stated_as(canonical: str) -> list[str]:
    """List the units that a study's YAML can state for a canonical unit.

    Args:
        canonical: ppm, degC or percent.
    """
    return [unit for unit, (target, _) in _TO_CANONICAL.items() if target == canonical]
