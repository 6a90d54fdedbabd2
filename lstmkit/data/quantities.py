"""Quantities: what a column measures, which values it can take, and the words that belong to it."""

from dataclasses import dataclass

import pandas as pd

from lstmkit.params import Column


@dataclass(frozen=True)
class Quantity:
    """What a column measures, and which values it can take.

    Attributes:
        label: as messages name it.
        symbol: as sentences and figures name it.
        unit: the canonical one.
        lowest: that can be, in this unit.
        highest: that can be, in this unit.
        tolerance: by which a sound sensor may read less or more; such values are kept as they are.
        warning_level: in this unit, of which forecasts warn by default; None where none is customary.
    """

    label: str
    symbol: str
    unit: str
    lowest: float
    highest: float
    tolerance: float = 0.0
    warning_level: float | None = None


HYGROMETER_ACCURACY = 3.0  # percentage points, of capacitive sensors in moist and in dry air
CO2_LEVEL = 1000.0  # ppm, above which indoor air is taken to need ventilation

QUANTITIES = {
    "co2": Quantity("CO2 in air", "CO₂", "ppm", 150.0, 40_000.0, warning_level=CO2_LEVEL),
    "air_temperature": Quantity("air temperature", "air temperature", "degC", -60.0, 60.0),
    "relative_humidity": Quantity(
        "relative humidity", "relative humidity", "percent", 0.0, 100.0, HYGROMETER_ACCURACY
    ),
}
QUANTITY_OF_NAME = {"co2": "co2", "temperature": "air_temperature", "humidity": "relative_humidity"}


def quantity_of(name: str, column: Column | None = None) -> Quantity | None:
    """What a column measures: what the YAML states, else what its name says, unless the YAML takes that back.

    Args:
        name: of the column in the study.
        column: as the YAML states it; none where no file is read.
    """
    stated = None if column is None else column.quantity
    if stated is None and column is not None and column.range == "none":
        return None
    key = stated or QUANTITY_OF_NAME.get(name)
    return None if key is None else QUANTITIES[key]


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
