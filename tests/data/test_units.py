"""Spellings of units, and what becomes of values in them."""

import pandas as pd
import pytest

from lstmkit.data.reading.files import read_measurements
from lstmkit.data.units import known_unit, similar_unit, to_canonical
from tests.data.recordings import column_block, hourly

SPELLINGS = {
    "degC": ["°C", "℃", "º C", "˚C", "Deg C", "deg. c", "deg_C", "Celsius", "degrees Celsius", "degree C"],
    "degF": ["°F", "℉", "Deg F", "fahrenheit", "degrees Fahrenheit"],
    "K": ["Kelvin", "°K", "deg K"],
    "percent": ["%", "％", "Percent", "pct", "pct.", "%RH", "% rh", "RH%"],
    "ppm": ["PPM", "ppmv", "ppm CO2", "parts per million"],
    "fraction": ["Fraction"],
}


@pytest.mark.parametrize(
    ("spelling", "unit"), [(text, unit) for unit in SPELLINGS for text in [unit, *SPELLINGS[unit]]]
)
def test_a_unit_has_many_spellings(spelling, unit):
    assert known_unit(spelling) == unit
    values = pd.Series([1.0, 50.0])
    spelled, plain = to_canonical(values, spelling), to_canonical(values, unit)
    pd.testing.assert_series_equal(spelled[0], plain[0])
    assert spelled[1] == plain[1]


@pytest.mark.parametrize(
    "unit", ["C", "F", "k", "1", "kW", "m/s", "", "deg", "°", "mg/m3", "ppb", "%/h", "GK"]
)
def test_what_may_mean_something_else_is_left_alone(unit):
    assert known_unit(unit) is None
    assert to_canonical(pd.Series([1.0]), unit)[1] == unit


@pytest.mark.parametrize(
    ("unit", "kind", "known"),
    [
        ("C", "degC", "degC"),
        ("F", "degC", "degF"),
        ("k", "degC", "K"),
        ("1", "percent", "fraction"),
        ("1", "degC", None),
        ("F", "ppm", None),
    ],
)
def test_letters_have_a_meaning_where_it_is_known_what_is_measured(unit, kind, known):
    assert known_unit(unit, kind) == known


@pytest.mark.parametrize(
    ("unit", "kind", "near"),
    [("Celcius", "degC", "degC"), ("farenheit", "degC", "degF"), ("deg", "degC", None), ("kW", "ppm", None)],
)
def test_a_misspelt_unit_is_like_one_that_is_known(unit, kind, near):
    assert similar_unit(unit, kind) == near


@pytest.mark.parametrize(
    ("name", "unit", "changed", "values", "canonical"),
    [
        ("temperature", "F", {}, [20.0], "degC"),
        ("boiler", "°F", {}, [20.0], "degC"),
        ("boiler", "F", {}, [68.0], "F"),  # farad
        ("boiler", "F", {"quantity": "air_temperature"}, [20.0], "degC"),
        ("temperature", "F", {"range": "none"}, [68.0], "F"),
        ("temperature", "°F", {"range": "none"}, [20.0], "degC"),
        ("humidity", "%", {}, [68.0], "percent"),
    ],
)
def test_a_files_values_are_converted_by_what_the_study_says_of_them(
    tmp_path, name, unit, changed, values, canonical
):
    frame, units = read_measurements(hourly(tmp_path, [68]), column_block(name, unit, **changed))
    assert frame[name].tolist() == pytest.approx(values)
    assert units == {name: canonical}
