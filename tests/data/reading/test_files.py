"""Files in: hand-made series; what comes out is computed by hand, what is refused is named."""

import gzip
import pickle
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lstmkit.data.reading.files import read_measurements
from lstmkit.errors import LstmkitError
from lstmkit.params import DataParams

STAMPS = ["2025-06-05 18:00", "2025-06-05 18:05", "2025-06-05 18:10"]


def data_params(timezone: str = "UTC", **units: str) -> DataParams:
    columns = {
        name: {"column": f"my {name}", "unit": unit} for name, unit in (units or {"co2": "ppm"}).items()
    }
    time = {"column": "when", "timezone": timezone}
    return DataParams(source="office.csv", target=next(iter(columns)), time=time, columns=columns)


def named(name: str, unit: str) -> DataParams:
    """Our name and the unit of the one column that `csv_of` writes."""
    columns = {name: {"column": "my co2", "unit": unit}}
    return DataParams(source="office.csv", target=name, time={"column": "when"}, columns=columns)


def write_csv(folder: Path, text: str) -> Path:
    path = folder / "office.csv"
    path.write_text(text)
    return path


def csv_of(folder: Path, stamps: list[str], values: list | None = None) -> Path:
    values = [500 + n for n in range(len(stamps))] if values is None else values
    rows = [f"{stamp},{value}" for stamp, value in zip(stamps, values, strict=True)]
    return write_csv(folder, "\n".join(["when,my co2", *rows]) + "\n")


def parquet_of(folder: Path, stamps, values) -> Path:
    path = folder / "office.parquet"
    pq.write_table(pa.table({"when": stamps, "my co2": values}), path)
    return path


def refused(path: Path, data: DataParams, *named: str) -> None:
    with pytest.raises(LstmkitError) as caught:
        read_measurements(path, data)
    message = str(caught.value)
    for part in (str(path), *named):
        assert part in message, f"{part!r} is not in: {message}"


# What is read


def test_columns_are_renamed_converted_and_indexed_in_utc(tmp_path):
    path = write_csv(
        tmp_path,
        "room,my humidity,when,my co2,my temperature\n"
        "gym,0.5,2025-06-05 18:00,415,68\n"
        "gym,,2025-06-05 18:05,420.5,212e-1\n"
        "gym,1,2025-06-05 18:10,NA,-40\n",
    )
    frame, units = read_measurements(path, data_params(co2="ppm", temperature="degF", humidity="fraction"))
    expected = pd.DataFrame(
        {
            "co2": [415, 420.5, np.nan],
            "temperature": [20.0, -6, -40],  # (21.2 - 32) / 1.8 = -6
            "humidity": [50, np.nan, 100],
        },
        index=pd.DatetimeIndex(STAMPS, tz="UTC").as_unit("us"),
    )
    pd.testing.assert_frame_equal(frame, expected, check_freq=False)
    assert units == {"co2": "ppm", "temperature": "degC", "humidity": "percent"}


@pytest.mark.parametrize(
    ("unit", "stated", "canonical", "expected"),
    [
        ("degF", 32, "degC", 0),
        ("degF", 98.6, "degC", 37),
        ("K", 273.15, "degC", 0),
        ("K", 300, "degC", 26.85),
        ("degC", 21.5, "degC", 21.5),
        ("fraction", 0.425, "percent", 42.5),
        ("percent", 42.5, "percent", 42.5),
        ("ppm", 415, "ppm", 415),
        ("ppb", 1e6, "ppb", 1e6),
        ("µg/m³", -3, "µg/m³", -3),
    ],
)
def test_units(tmp_path, unit, stated, canonical, expected):
    frame, units = read_measurements(csv_of(tmp_path, STAMPS[:1], [stated]), named("reading", unit))
    assert frame["reading"].iloc[0] == pytest.approx(expected, abs=1e-12)
    assert units == {"reading": canonical}


def test_the_three_kinds_of_file_give_the_same_frame(tmp_path):
    random = np.random.default_rng(0)
    stamps = pd.date_range("2025-06-05 18:00:00.5", periods=500, freq="61s", unit="ns")
    table = pd.DataFrame(
        {"when": stamps, "my co2": random.normal(600, 50, 500), "my temperature": random.uniform(50, 90, 500)}
    )
    table.loc[[0, 7, 499], "my co2"] = np.nan
    table.to_csv(tmp_path / "office.csv", index=False)
    (tmp_path / "office.CSV.gz").write_bytes(gzip.compress((tmp_path / "office.csv").read_bytes()))
    table.set_index("when").to_parquet(tmp_path / "office.parquet")  # the time column as pandas' index
    data = data_params(co2="ppm", temperature="degF")
    plain, units = read_measurements(tmp_path / "office.csv", data)
    assert len(plain) == 500
    assert plain["co2"].isna().sum() == 3
    assert plain["temperature"].iloc[3] == (table["my temperature"].iloc[3] - 32) / 1.8
    for name in ("office.CSV.gz", "office.parquet"):
        other, other_units = read_measurements(tmp_path / name, data)
        pd.testing.assert_frame_equal(other, plain, check_exact=True)
        assert other_units == units


@pytest.mark.parametrize(
    "values",
    [
        pa.array([415, None, 417], pa.int32()),
        pa.array([415, None, 417], pa.float32()),
        pa.array([Decimal("415"), None, Decimal("417")], pa.decimal128(9, 2)),
    ],
)
def test_every_kind_of_number_in_parquet_becomes_float64(tmp_path, values):
    frame, _ = read_measurements(parquet_of(tmp_path, STAMPS, values), data_params())
    assert frame["co2"].dtype == "float64"
    np.testing.assert_array_equal(frame["co2"], [415, np.nan, 417])


def test_blank_lines_are_skipped_and_do_not_shift_the_line_in_messages(tmp_path):
    path = write_csv(tmp_path, "when,my co2\n2025-06-05 18:00,500\n\n2025-06-05 18:05,501\n\n")
    assert len(read_measurements(path, data_params())[0]) == 2
    path = write_csv(tmp_path, "when,my co2\n2025-06-05 18:00,500\n\n2025-06-05 18:05,high\n")
    refused(path, data_params(), "'my co2'", "row 2 (line 4 of the file)", "'high'")


# Time stamps


def utc_of(path: Path, timezone: str) -> list[str]:
    index = read_measurements(path, data_params(timezone))[0].index
    assert str(index.tz) == "UTC"
    return [f"{stamp:%m-%d %H:%M}" for stamp in index]


def test_naive_stamps_are_in_the_stated_zone(tmp_path):
    path = csv_of(
        tmp_path, ["2025-01-05 23:30", "2025-06-05 23:30"]
    )  # New York: UTC-5 in winter, UTC-4 in summer
    assert utc_of(path, "America/New_York") == ["01-06 04:30", "06-06 03:30"]


def test_aware_stamps_are_converted_whatever_zone_is_stated(tmp_path):
    stamps = [
        "2025-06-05T18:00+02:00",
        "2025-06-05 16:05:00Z",
        "2025-06-05 18:10:00 +0200",
        "2025-06-05T12:15:00-04",
    ]
    path = csv_of(tmp_path, stamps)
    assert utc_of(path, "Asia/Tokyo") == ["06-05 16:00", "06-05 16:05", "06-05 16:10", "06-05 16:15"]


def test_a_file_may_mix_naive_and_aware_stamps(tmp_path):
    path = csv_of(tmp_path, ["2025-06-05 18:00", "2025-06-05T22:05Z", "2025-06-06"])
    assert utc_of(path, "America/New_York") == ["06-05 22:00", "06-05 22:05", "06-06 04:00"]


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        (pa.array(pd.to_datetime(STAMPS[:2])), ["06-05 22:00", "06-05 22:05"]),
        (pa.array(pd.to_datetime(STAMPS[:2]).tz_localize("Asia/Tokyo")), ["06-05 09:00", "06-05 09:05"]),
        (pa.array(STAMPS[:2]), ["06-05 22:00", "06-05 22:05"]),
        (pa.array([date(2025, 6, 5), date(2025, 6, 6)]), ["06-05 04:00", "06-06 04:00"]),
    ],
    ids=["naive", "aware", "text", "dates"],
)
def test_every_kind_of_stamp_in_parquet(tmp_path, stamps, expected):
    assert utc_of(parquet_of(tmp_path, stamps, [500, 501]), "America/New_York") == expected


def test_the_hour_that_happens_twice_is_told_apart_by_the_order_of_rows(tmp_path):
    stamps = ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"]  # New York, UTC-4 until 06:00 UTC
    path = csv_of(tmp_path, [f"2025-11-02 {stamp}" for stamp in stamps])
    expected = ["11-02 04:30", "11-02 05:00", "11-02 05:30", "11-02 06:00", "11-02 06:30", "11-02 07:00"]
    assert utc_of(path, "America/New_York") == expected


def test_hourly_stamps_repeat_themselves_when_the_clocks_go_back(tmp_path):
    path = csv_of(tmp_path, [f"2025-11-02 {hour}:00" for hour in ("00", "01", "01", "02")])
    assert utc_of(path, "America/New_York") == ["11-02 04:00", "11-02 05:00", "11-02 06:00", "11-02 07:00"]


@pytest.mark.parametrize("times", [("00:30", "01:00", "01:30", "02:00"), ("00:30", "01:30", "03:00")])
def test_an_hour_that_could_be_either_is_refused(tmp_path, times):
    path = csv_of(tmp_path, [f"2025-11-02 {time}" for time in times])
    refused(
        path,
        data_params("America/New_York"),
        "'when'",
        "row 1 (line 3 of the file)",
        "happens twice",
        times[1],
    )
    utc_of(path, "UTC")


def test_an_hour_that_the_clocks_skip_is_refused(tmp_path):
    stamps = ["2025-03-09 01:55", "2025-03-09 02:30", "2025-03-09 03:00"]
    path = csv_of(tmp_path, stamps)
    named = ("'when'", "row 1 (line 3 of the file)", "2025-03-09 02:30", "America/New_York")
    refused(path, data_params("America/New_York"), *named)
    path = parquet_of(tmp_path, pa.array(pd.to_datetime(stamps)), [1, 2, 3])
    refused(
        path, data_params("America/New_York"), "'when'", "row 1", "2025-03-09 02:30:00", "America/New_York"
    )


@pytest.mark.parametrize(
    "stamp",
    ["05.06.2025 18:10", "06/05/2025", "now", "1749146458", "20", "2025-06-31 10:00", "2025-06-05 25:00"],
)
def test_unreadable_stamps(tmp_path, stamp):
    path = csv_of(tmp_path, [*STAMPS, stamp])
    refused(path, data_params(), "'when'", "row 3 (line 5 of the file)", repr(stamp), "ISO 8601")
    path = parquet_of(tmp_path, [*STAMPS, stamp], [1, 2, 3, 4])
    refused(path, data_params(), "'when'", "row 3", repr(stamp), "ISO 8601")


def test_a_missing_stamp(tmp_path):
    refused(
        csv_of(tmp_path, [STAMPS[0], ""]),
        data_params(),
        "'when'",
        "row 1 (line 3 of the file)",
        "an empty cell",
    )
    path = parquet_of(tmp_path, pa.array([*pd.to_datetime(STAMPS[:2]), None]), [1, 2, 3])
    refused(path, data_params(), "'when'", "row 2", "an empty cell")


def test_numbers_for_stamps(tmp_path):
    path = parquet_of(tmp_path, [1749146458, 1749146518], [1, 2])
    refused(path, data_params(), "'when'", "row 0", "1749146458", "no time stamp")


def test_stamps_that_do_not_increase(tmp_path):
    path = csv_of(tmp_path, [STAMPS[0], STAMPS[2], STAMPS[1]])
    refused(path, data_params(), "'when'", "row 2 (line 4 of the file)", repr(STAMPS[1]), "must increase")


def test_duplicate_stamps(tmp_path):
    path = csv_of(tmp_path, [STAMPS[0], STAMPS[1], "2025-06-05T18:05:00Z"])
    refused(path, data_params(), "'when'", "row 2 (line 4 of the file)", "2025-06-05T18:05:00Z", "duplicate")


# Values


def test_text_in_a_numeric_column(tmp_path):
    path = csv_of(tmp_path, STAMPS, [500, "unavailable", "n.v."])
    refused(path, data_params(), "'my co2'", "row 1 (line 3 of the file)", "'unavailable'", "2 such rows")
    path = parquet_of(tmp_path, STAMPS, [None, "415", "416"])
    refused(path, data_params(), "'my co2'", "row 1", "'415'", "not a number")


@pytest.mark.parametrize("values", [["True", "False", "True"], [500, "True", 501]])
def test_truth_values_in_csv(tmp_path, values):
    row = values.index("True")
    refused(
        csv_of(tmp_path, STAMPS, values), data_params(), "'my co2'", f"row {row} (line {row + 2}", "'True'"
    )


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ([True, False, True], ("row 0", "True")),
        ([None, False, True], ("row 1", "False")),
        (pd.to_datetime(STAMPS), ("row 0", "2025-06-05 18:00:00")),
        ([[500.0], [501.0], [502.0]], ("row 0", "[500.]")),
    ],
    ids=["truth", "truth and nothing", "dates", "lists"],
)
def test_what_is_no_number_in_parquet(tmp_path, values, named):
    path = parquet_of(tmp_path, STAMPS, pa.array(values))
    refused(path, data_params(co2="anything"), "'my co2'", "is not a number", *named)


def test_infinite_values(tmp_path):
    path = csv_of(tmp_path, STAMPS, [500, "-inf", 502])
    refused(path, data_params(co2="anything"), "'my co2'", "row 1 (line 3 of the file)", "-inf", "not finite")
    path = parquet_of(tmp_path, STAMPS, [500, 501, float("inf")])
    refused(path, data_params(), "'my co2'", "row 2", "inf", "not finite")


@pytest.mark.parametrize(
    ("name", "unit", "allowed", "value"),
    [
        ("co2", "ppm", 150, 149.9),
        ("co2", "ppm", 40000, 40001),
        ("temperature", "degC", -60, -60.1),
        ("temperature", "degC", 60, 71.8),  # a room in degF stated as degC
        ("temperature", "degF", 140, 140.2),  # 60 degC
        ("temperature", "K", 214, 21),  # degC stated as K
        ("humidity", "percent", -3, -3.1),
        ("humidity", "percent", 103, 103.1),
        ("humidity", "fraction", 1.03, 1.04),
        ("humidity", "fraction", 1, 45),  # percent stated as fraction
    ],
)
def test_values_outside_the_physical_range(tmp_path, name, unit, allowed, value):
    read_measurements(csv_of(tmp_path, STAMPS, [allowed] * 3), named(name, unit))
    path = csv_of(tmp_path, STAMPS, [allowed, "", value])
    place = ("'my co2'", "row 2 (line 4 of the file)", f"'{value}' as {unit} is outside", f"unit of '{name}'")
    refused(path, named(name, unit), *place, "write `range: none`")


def test_the_range_error_says_which_units_there_are(tmp_path):
    refused(csv_of(tmp_path, STAMPS[:1], [95]), named("temperature", "degC"), "degC or degF or K")


def test_a_column_without_values(tmp_path):
    refused(csv_of(tmp_path, STAMPS, ["", "", ""]), data_params(), "'my co2'", "no values")
    refused(parquet_of(tmp_path, STAMPS, pa.nulls(3)), data_params(), "'my co2'", "no values")


# Files


def test_a_missing_file(tmp_path):
    refused(tmp_path / "office.csv", data_params(), "no such file")


@pytest.mark.parametrize("name", ["office.xlsx", "office", "office.gz", "office.pkl"])
def test_an_unsupported_suffix(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK")
    refused(tmp_path / name, data_params(), ".csv, .txt", ".gz", ".parquet")


@pytest.mark.parametrize("name", ["office.csv", "office.csv.gz", "office.parquet"])
def test_an_empty_file(tmp_path, name):
    (tmp_path / name).touch()
    refused(tmp_path / name, data_params(), "empty")


def test_a_file_without_rows(tmp_path):
    refused(csv_of(tmp_path, []), data_params(), "no rows")
    nothing = pa.array([], pa.float64())
    refused(parquet_of(tmp_path, nothing, nothing), data_params(), "no rows")


class _Trap:
    """An object whose unpickling leaves a trace."""

    def __reduce__(self):
        return (Path.touch, (Path("sprung"),))


@pytest.mark.parametrize("name", ["office.csv", "office.csv.gz", "office.parquet"])
def test_a_pickle_under_another_name_is_refused_and_never_run(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(pickle.dumps(_Trap()))
    refused(tmp_path / name, data_params())
    assert not (tmp_path / "sprung").exists()


def test_files_that_break_off(tmp_path):
    whole = gzip.compress(csv_of(tmp_path, STAMPS * 50).read_bytes())
    (tmp_path / "half.csv.gz").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "half.csv.gz", data_params(), "not readable as CSV")
    (tmp_path / "rotten.csv.gz").write_bytes(whole[:10] + b"\xff" * 20)
    refused(tmp_path / "rotten.csv.gz", data_params(), "not readable as CSV")
    whole = parquet_of(tmp_path, STAMPS, [1, 2, 3]).read_bytes()
    (tmp_path / "half.parquet").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "half.parquet", data_params(), "not readable as Parquet")


@pytest.mark.parametrize("rows", ["2025-06-05,21,5\n2025-06-06,21,6\n", "2025-06-05,21\n2025-06-06,21,6\n"])
def test_more_cells_than_columns_never_shift_a_column(tmp_path, rows):
    line = 2 if rows.startswith("2025-06-05,21,5") else 3
    refused(write_csv(tmp_path, "when,my co2\n" + rows), data_params(), f"line {line}", "saw 3")


def test_text_that_is_not_utf8(tmp_path):
    (tmp_path / "office.csv").write_bytes("when,my co2,°C\n2025-06-05,415,20\n".encode("latin-1"))
    refused(tmp_path / "office.csv", data_params(), "UTF-8")


def test_a_missing_column_names_those_there_are(tmp_path):
    path = write_csv(tmp_path, "when,CO2 (ppm)\n2025-06-05,415\n")
    refused(path, data_params(), "'my co2'", "'when', 'CO2 (ppm)'")
    pq.write_table(pa.table({"when": STAMPS, "CO2": [1, 2, 3]}), tmp_path / "office.parquet")
    refused(tmp_path / "office.parquet", data_params(), "'my co2'", "'when', 'CO2'")
    refused(write_csv(tmp_path, "time;my co2\n2025-06-05;415\n"), data_params(), "'when'", "'time;my co2'")


def test_two_columns_of_one_name(tmp_path):
    refused(
        write_csv(tmp_path, "when,my co2,my co2\n2025-06-05,1,2\n"), data_params(), "2 columns", "'my co2'"
    )
    twice = pa.table([STAMPS, [1, 2, 3], [4, 5, 6]], names=["when", "my co2", "my co2"])
    pq.write_table(twice, tmp_path / "office.parquet")
    refused(tmp_path / "office.parquet", data_params(), "2 columns", "'my co2'")
