"""Physical ranges belong to what is measured: CO2, air and its moisture are checked, everything else is not."""

import numpy as np
import pytest

from lstmkit.data.quantities import QUANTITIES, QUANTITY_OF_NAME
from lstmkit.data.reading.files import read_measurements
from lstmkit.params import Column
from tests.data.recordings import column_block, hourly, refusal


@pytest.mark.parametrize(
    ("name", "unit", "values"),
    [
        ("carbon_monoxide", "ppm", [0.4, 0.7, 2.1]),
        ("methane", "ppm", [1.9, 50_000, 2.0]),
        ("boiler", "degC", [80, 81.5, 62]),
        ("freezer", "degC", [-80, -79.5, -81]),
        ("exhaust", "degF", [400, 410, 380]),
        ("charge", "percent", [-20, 120, 40]),  # of a battery's rated capacity
        ("soil_moisture", "fraction", [0.1, 1.4, 0.2]),
    ],
)
def test_a_range_belongs_to_a_quantity_and_not_to_a_unit(tmp_path, name, unit, values):
    read_measurements(hourly(tmp_path, values), column_block(name, unit))


def test_humidity_a_little_above_saturation_is_kept_as_it_was_measured(tmp_path):
    path = hourly(tmp_path, [99.8, 100.3, 103, -0.4, 41])
    frame, _ = read_measurements(path, column_block("humidity", "percent"))
    assert frame["humidity"].tolist() == [99.8, 100.3, 103, -0.4, 41]
    message = refusal(hourly(tmp_path, [99.8, 103.1]), column_block("humidity", "percent"))
    assert (
        "'103.1' as percent is outside the range of relative humidity, 0 to 100 percent (±3 are tolerated)"
        in message
    )


@pytest.mark.parametrize(
    ("changed", "value"),
    [
        ({"quantity": "co2", "unit": "ppm"}, 0.4),
        ({"quantity": "air_temperature", "unit": "degF"}, 150),
        ({"quantity": "relative_humidity", "unit": "fraction"}, 45),
    ],
)
def test_a_quantity_can_be_stated_for_any_name(tmp_path, changed, value):
    path = hourly(tmp_path, [value])
    assert "is outside the range of" in refusal(path, column_block("room_7", **changed))
    read_measurements(path, column_block("room_7", unit=changed["unit"]))


@pytest.mark.parametrize(("name", "unit"), [("co2", "degC"), ("temperature", "ppm"), ("humidity", "K")])
def test_a_unit_of_another_quantity_is_refused(tmp_path, name, unit):
    path = hourly(tmp_path, [20])
    message = refusal(path, column_block(name, unit))
    assert f"is not measured in {unit}, but in {QUANTITIES[QUANTITY_OF_NAME[name]].unit}" in message
    assert f"if '{name}' is not" in message
    read_measurements(path, column_block(name, unit, range="none"))


@pytest.mark.parametrize(
    ("name", "unit", "changed", "said"),
    [
        (
            "co2",
            "mg/m3",
            {},
            "cannot be converted to ppm, as is done for CO2 in air: it can be ppm, or write",
        ),
        (
            "temperature",
            "Farenheit",
            {},
            "cannot be converted to degC, as is done for air temperature: write degF",
        ),
        ("temperature", "deg", {}, "it can be degC or degF or K, or write"),
        ("humidity", "g/kg", {}, "it can be percent or fraction, or write"),
        ("room_7", "degrees", {"quantity": "air_temperature"}, "it can be degC or degF or K, or write"),
    ],
)
def test_a_unit_from_which_nothing_can_be_converted_is_refused_with_a_way_out(
    tmp_path, name, unit, changed, said
):
    path = hourly(tmp_path, [20])
    message = refusal(path, column_block(name, unit, **changed))
    assert f"{path}: column 'wind': the unit '{unit}' of '{name}' cannot be converted" in message
    assert said in message
    assert message.endswith(f"write `range: none` for '{name}' in the YAML to keep it as it is")
    frame, units = read_measurements(path, column_block(name, unit, **changed, range="none"))
    assert (frame[name].tolist(), units) == ([20], {name: unit})
    read_measurements(path, column_block(name, unit, **changed, range=[0, 30]))


def test_a_column_that_asks_for_no_conversion_keeps_any_unit(tmp_path):
    for unit in ("mg/m3", "Farenheit", "kW", ""):
        assert read_measurements(hourly(tmp_path, [20]), column_block("load", unit))[1] == {"load": unit}


def test_every_range_error_names_a_way_out_that_works(tmp_path):
    path = hourly(tmp_path, [71.5, 80, 68])
    message = refusal(path, column_block("temperature", "degC"))
    assert (
        "row 0 (line 2 of the file): '71.5' as degC is outside the range of air temperature, -60 to 60 degC"
        in message
    )
    assert "(3 such rows)" in message
    assert "if 'temperature' is not air temperature, write `range: none`" in message
    frame, _ = read_measurements(path, column_block("temperature", "degC", range="none"))
    assert frame["temperature"].tolist() == [71.5, 80, 68]


def test_a_stated_range_is_in_the_unit_of_the_file_and_takes_the_place_of_the_quantitys(tmp_path):
    path = hourly(tmp_path, [150, 176, ""])  # degF: 65.6 and 80 degC
    frame, _ = read_measurements(path, column_block("temperature", "degF", range=[32, 212]))
    np.testing.assert_allclose(frame["temperature"], [118 / 1.8, 80, np.nan], rtol=1e-15)
    message = refusal(path, column_block("boiler", "degF", range=[32, 175]))
    assert (
        "row 1 (line 3 of the file): '176' is outside the range of 32 to 175 degF that the YAML states"
        in message
    )
    assert "`range: none`" in message


def test_the_schema_and_the_quantities_name_the_same():
    for name in QUANTITIES:
        assert Column(column="a", unit="b", quantity=name).quantity == name
    assert set(QUANTITY_OF_NAME.values()) == set(QUANTITIES)
