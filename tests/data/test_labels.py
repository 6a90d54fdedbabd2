"""Labels of columns and lengths of time."""

import pytest

from lstmkit.data.labels import unit_label
from lstmkit.wording import duration, feature_label


@pytest.mark.parametrize(("name", "label"), [("co2", "CO₂"), ("air_temperature", "air temperature")])
def test_columns_are_named_as_people_write_them(name, label):
    assert feature_label(name) == label


@pytest.mark.parametrize(("hours", "label"), [(24.0, "24 h"), (1 / 12, "5 min")])
def test_lengths_of_time_have_their_unit(hours, label):
    assert duration(hours) == label


@pytest.mark.parametrize(
    ("unit", "label"),
    [
        ("degC", "°C"),
        ("percent", "%"),
        ("m3/h", "m³/h"),
        ("W/m2", "W/m²"),
        ("km3", "km3"),
        ("kW", "kW"),
        ("ppm", "ppm"),
        ("", ""),
    ],
)
def test_units_are_written_as_people_write_them(unit, label):
    assert unit_label(unit) == label
