"""Loggers' codes for a missing value: found where they stand far outside, and left alone where they are ordinary."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmkit.data.reading.files import read_measurements
from lstmkit.data.reading.sentinels import CODES, sentinels
from tests.data.recordings import column_block, data_block, hourly, refusal

WIND = [3.1, 4.0, 0.2, 5.5, 2.4, 7.7, 1.0, 0.0, 12.5, 6.2]


def with_code(values: list, code: float, times: int = 3) -> list:
    """The values with a code in places 1, 3, 5, …"""
    mixed = list(values)
    for place in range(times):
        mixed.insert(2 * place + 1, code)
    return mixed


@pytest.mark.parametrize(
    ("values", "code", "unit"),
    [
        (WIND, -9999, "m/s"),
        (WIND, -999, "m/s"),
        (WIND, -99.9, "m/s"),
        (WIND, 999.9, "m/s"),
        (WIND, 9999, "m/s"),
        (WIND, 65535, "m/s"),
        (WIND, -3276.8, "m/s"),  # the least integer of 16 bits, in tenths
        (WIND, 7999, "m/s"),  # Campbell's
        (WIND, 1e20, "m/s"),  # netCDF's
        ([2.6, 11.9, 0.1, 1.4, 3.3], -200, "mg/m3"),
        ([2, 1479, 166, 1071, 103, 800, 500, 1300], -200, "ppb"),  # spans more than the code is off
        ([-12.5, 3.1, 31.0, 18.2, -2.2, 9.9, 25.1], -999, "unit"),
        ([947.1, 1013.2, 1030.4, 990.0], 9999, "hPa"),
        ([0, 0, 0, 0], -9999, "mm"),
    ],
)
@pytest.mark.parametrize("times", [1, 3])
def test_a_code_far_outside_is_refused_with_row_count_and_both_ways_out(tmp_path, values, code, unit, times):
    path = hourly(tmp_path, with_code(values, code, times))
    message = refusal(path, column_block(unit=unit))
    assert "column 'wind', row 1 (line 3 of the file)" in message
    assert f"'{code}' looks like a logger's code for a missing value" in message
    assert ("(3 such rows)" in message) == (times == 3)
    assert f"write `missing: [{code:.7g}]`" in message
    assert "`missing: none`" in message


@pytest.mark.parametrize(
    "values",
    [
        [-150.5, -200, -180.2, -200, -90.0, 20.1, -210.7],  # -200 is ordinary
        [-250.5, -200, -180.2, -200, -190.0, -199.5],
        [-200, -200, -200, -200],  # nothing else to judge by
        [99, 98.5, 100, 99, 99.9, 97, 99],  # percent of battery
        [40, 55.5, 99.9, 99.9, 99.9, 61],  # a saturated hygrometer
        [120, 340, 610, 850, 999, 999, 720],  # a particle counter at its end
        [990.5, 1013.2, 999, 999.9, 1002.3],  # hectopascals
        [65535, 52000, 60000, 41000, 30000],  # lux
        [0, 0, 0, 0, 0, 0, 1, 2],
        [0, 0, 0, 0, 0, 40.5],
        [1, 1, 1, 1, 0],
        [9998, 9999, 10000, 10001],  # a counter
    ],
)
def test_values_that_are_no_codes_are_accepted(tmp_path, values):
    frame, _ = read_measurements(hourly(tmp_path, values), column_block())
    np.testing.assert_array_equal(frame["wind"], values)


@given(st.lists(st.floats(-1e6, 1e6, width=32, allow_subnormal=False), min_size=1, max_size=60))
def test_zero_and_values_between_others_are_never_codes(values):
    found = sentinels(np.array([*values, 0.0, 0.0]))
    assert 0.0 not in found
    assert set(found) <= set(CODES.tolist()) | set(np.float32(CODES).astype(float))
    ordinary = [value for value in values if not np.isin(np.float32(value), np.float32(CODES))]
    assert not any(min(ordinary, default=0) <= code <= max(ordinary, default=0) for code in found)


@given(
    st.lists(st.floats(0, 500, allow_subnormal=False), min_size=5, max_size=60),
    st.sampled_from([-9999.0, -999.0, -200.0]),
)
def test_a_negative_code_among_values_that_are_not_negative_is_always_found(values, code):
    assert sentinels(np.array([*values, code])).tolist() == [code]


def test_a_year_of_normal_values_holds_no_code():
    random = np.random.default_rng(0)
    for scale in (1, 30, 1000, 1e5):
        values = np.round(random.normal(0, scale, 100_000), 1)
        assert sentinels(values).size == 0


def test_several_codes_are_all_found(tmp_path):
    message = refusal(hourly(tmp_path, [-9999, *WIND, -999, 65535, -9999]), column_block())
    assert "`missing: [-9999, -999, 65535]`" in message


def test_what_the_message_says_to_write_works(tmp_path):
    path = hourly(tmp_path, with_code(WIND, -9999))
    expected = with_code(WIND, np.nan)
    for data in (column_block(missing=[-9999]), data_block(missing=[-9999])):
        np.testing.assert_array_equal(read_measurements(path, data)[0]["wind"], expected)
    kept, _ = read_measurements(path, column_block(missing="none"))
    np.testing.assert_array_equal(kept["wind"], with_code(WIND, -9999))


def test_a_column_states_its_own_codes_in_place_of_those_of_all(tmp_path):
    path = tmp_path / "logger.csv"
    path.write_text("when,a,b\n2025-06-05 00:00,-9999,-5\n2025-06-05 01:00,1,-9999\n2025-06-05 02:00,2,3\n")
    columns = {
        "a": {"column": "a", "unit": "V"},
        "b": {"column": "b", "unit": "V", "missing": [-5]},
    }
    message = refusal(path, data_block(columns=columns, missing=[-9999]))
    assert "column 'b', row 1 (line 3 of the file): '-9999'" in message
    columns["b"]["missing"] = [-5, -9999]
    frame, _ = read_measurements(path, data_block(columns=columns, missing=[-9999]))
    np.testing.assert_array_equal(frame, [[np.nan, np.nan], [1, np.nan], [2, 3]])


def test_codes_come_before_the_physical_range_and_are_compared_in_the_unit_of_the_file(tmp_path):
    path = hourly(tmp_path, [68, 70.5, -9999, 71])
    assert "looks like a logger's code" in refusal(path, column_block("temperature", "degF"))
    frame, _ = read_measurements(path, column_block("temperature", "degF", missing=[-9999]))
    np.testing.assert_allclose(frame["temperature"], [20, 38.5 / 1.8, np.nan, 39 / 1.8], rtol=1e-15)


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32()])
def test_codes_in_parquet_of_either_precision(tmp_path, kind):
    stamps = [f"2025-06-05 0{hour}:00" for hour in range(6)]
    values = pa.array([3.5, 999.9, 4.25, None, 999.9, 0.5], kind)
    pq.write_table(pa.table({"when": stamps, "wind": values}), tmp_path / "logger.parquet")
    message = refusal(tmp_path / "logger.parquet", column_block())
    assert "row 1 (counted from 0): 999.9" in message
    assert "`missing: [999.9]`" in message
    frame, _ = read_measurements(tmp_path / "logger.parquet", column_block(missing=[999.9]))
    np.testing.assert_array_equal(frame["wind"], [3.5, np.nan, 4.25, np.nan, np.nan, 0.5])


def test_a_word_that_stands_for_a_missing_value(tmp_path):
    path = hourly(tmp_path, [3.5, "?", 4.5])
    message = refusal(path, column_block())
    assert "row 1 (line 3 of the file): '?' is not a number" in message
    assert "list it in `missing`" in message
    for missing in (["?"], [" ? "], [-1, "?"]):
        frame, _ = read_measurements(path, column_block(missing=missing))
        np.testing.assert_array_equal(frame["wind"], [3.5, np.nan, 4.5])


def test_a_column_of_codes_alone_holds_no_values(tmp_path):
    message = refusal(hourly(tmp_path, [-9999, -9999]), column_block(missing=[-9999]))
    assert "column 'wind' holds no values" in message


def test_numbers_beyond_single_precision_are_refused(tmp_path):
    message = refusal(hourly(tmp_path, [1, "1e39", 2]), column_block())
    assert "row 1 (line 3 of the file): '1e39' is too large for single precision" in message


def test_zero_is_missing_where_the_study_says_so(tmp_path):
    path = hourly(tmp_path, ["4", "-200", "0", "-200.0", "0.00", "-0", "7"])
    frame, _ = read_measurements(path, column_block(missing=[-200, 0]))
    np.testing.assert_array_equal(frame["wind"], [4, np.nan, np.nan, np.nan, np.nan, np.nan, 7])
    frame, _ = read_measurements(path, data_block(missing=[-200]))
    np.testing.assert_array_equal(frame["wind"], [4, np.nan, 0, np.nan, 0, 0, 7])
