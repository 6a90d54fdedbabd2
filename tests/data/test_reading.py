"""The ways in which files are written: each is stated in the YAML, and none is guessed."""

import bz2
import gzip
import io
import lzma
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lstmkit.data.reading.files import read_measurements
from tests.data.recordings import (
    PLAIN,
    STAMPS,
    as_plain,
    column_block,
    data_block,
    hourly,
    read,
    refusal,
    write,
)

# Missing values


SPELLINGS = [
    "NAN",
    '"NAN"',
    " NaN",
    "NaN ",
    '" nan "',
    "-nan",
    "NA",
    "na",
    "N/A",
    "#N/A",
    "null",
    "NULL",
    "None",
]
BLANKS = ["", " ", "\t", '""', '"  "']


@pytest.mark.parametrize("cell", [*SPELLINGS, "<NA>", "1.#IND", "-1.#QNAN", *BLANKS])
def test_blank_cells_and_the_words_for_nothing_are_missing_however_they_are_written(tmp_path, cell):
    _, values = read(hourly(tmp_path, [3.5, cell, 4]), column_block())
    np.testing.assert_array_equal(values, [3.5, np.nan, 4])


@pytest.mark.parametrize("cell", ["?", "-", "--", "*", "err", "NaNs", "n.v.", "nothing"])
def test_other_words_are_refused_with_the_way_to_state_them(tmp_path, cell):
    message = refusal(hourly(tmp_path, [3.5, cell, 4]), column_block())
    assert f"row 1 (line 3 of the file): '{cell}' is not a number" in message
    assert "list it in `missing` in the YAML" in message


def test_rows_of_commas_alone_are_no_rows(tmp_path):
    path = write(tmp_path, "when,wind,note\n2025-06-05 18:00,3.5,a\n,,\n2025-06-05 18:05,4,b\n,,\n , ,\n")
    message = refusal(path, data_block())
    assert "row 4 (line 6 of the file): ' ' is no readable time stamp" in message
    path = write(tmp_path, "when,wind,note\n2025-06-05 18:00,3.5,a\n,,\n2025-06-05 18:05,4,b\n,,\n")
    assert read(path, data_block())[1] == [3.5, 4]


# Time stamps


def test_date_and_time_in_two_columns(tmp_path):
    text = "Date,Time,wind\n2025-06-05,18:00,3.5\n2025-06-05,18:05:00,4\n 2025-06-05 , 18:10,\n"
    as_plain(write(tmp_path, text), data_block(time={"column": ["Date", "Time"]}))


def test_a_date_column_that_repeats_itself_tells_how_to_join_it_with_the_time(tmp_path):
    path = write(tmp_path, "Date,Time,wind\n2025-06-05,18:00,3.5\n2025-06-05,18:05,4\n2025-06-05,18:10,\n")
    message = refusal(path, data_block(time={"column": "Date"}))
    assert "column 'Date', row 1 (line 3 of the file): '2025-06-05' is a duplicate" in message
    assert "if the time of day stands in column 'Time', write `column: [Date, Time]` under `time`" in message
    as_plain(path, data_block(time={"column": ["Date", "Time"]}))


def test_a_repeated_date_without_a_column_that_looks_like_a_time(tmp_path):
    path = write(tmp_path, "Date,b,wind\n2025-06-05,18:00,3.5\n2025-06-05,18:05,4\n")
    assert "write `column: [Date, …]` under `time`" in refusal(path, data_block(time={"column": "Date"}))
    path = write(tmp_path, "when,Time,wind\n2025-06-05 18:00,1,3.5\n2025-06-05 18:00,2,4\n")
    assert refusal(path, data_block()).endswith("is a duplicate of the time stamp in the row before")


def test_a_refused_stamp_of_two_columns_names_both(tmp_path):
    path = write(tmp_path, "Date,Time,wind\n2025-06-05,18:00,3.5\n2025-06-05,noon,4\n")
    message = refusal(path, data_block(time={"column": ["Date", "Time"]}))
    assert "columns 'Date' + 'Time', row 1 (line 3 of the file): '2025-06-05 noon' is no readable" in message


def test_date_and_time_in_two_columns_of_parquet(tmp_path):
    day = pd.Timestamp("2025-06-05").date()
    times = [pd.Timestamp(f"2025-06-05 18:{minute:02d}").time() for minute in (0, 5, 10)]
    table = pa.table({"Date": [day] * 3, "Time": pa.array(times), "wind": [3.5, 4, None]})
    pq.write_table(table, tmp_path / "logger.parquet")
    as_plain(tmp_path / "logger.parquet", data_block(time={"column": ["Date", "Time"]}))
    message = refusal(tmp_path / "logger.parquet", data_block(time={"column": "Date"}))
    assert "write `column: [Date, Time]`" in message


@pytest.mark.parametrize("kind", ["csv", "parquet", "parquet of floats"])
def test_year_month_day_and_hour_in_four_columns(tmp_path, kind):
    stamps = pd.date_range("2010-12-30 20:00", periods=60, freq="h")  # over the end of a year
    parts = {part: getattr(stamps, part) for part in ("year", "month", "day", "hour")}
    table = pd.DataFrame({**parts, "wind": range(60)})
    path = tmp_path / ("logger.csv" if kind == "csv" else "logger.parquet")
    if kind == "csv":
        table.to_csv(path, index=False)
    else:
        table.astype("float64" if "floats" in kind else "int64").to_parquet(path)
    time = {"column": list(parts), "format": "%Y %m %d %H", "timezone": "Asia/Shanghai"}
    frame, _ = read_measurements(path, data_block(time=time))
    assert list(frame.index) == list(stamps.tz_localize("Asia/Shanghai").tz_convert("UTC"))


@pytest.mark.parametrize(
    ("written", "stamps"),
    [
        ("%d.%m.%Y %H:%M", ["05.06.2025 18:00", "05.06.2025 18:05", "5.6.2025 18:10"]),
        ("%m/%d/%Y %I:%M %p", ["06/05/2025 06:00 PM", "6/5/2025 6:05 PM", "6/5/2025 6:10 pm"]),
        ("%d-%b-%y %H.%M", ["05-Jun-25 18.00", "05-Jun-25 18.05", "05-Jun-25 18.10"]),
        ("%Y%m%d%H%M", ["202506051800", "202506051805", "202506051810"]),
        ("%Y %j %H:%M", ["2025 156 18:00", "2025 156 18:05", "2025 156 18:10"]),
        ("%Y/%m/%d %H:%M %z", ["2025/06/05 20:00 +0200", "2025/06/05 18:05 +00:00", "2025/06/05 18:10 Z"]),
        ("%A %d %B %Y %H:%M:%S", [f"Thursday 05 June 2025 18:{minute}:00" for minute in ("00", "05", "10")]),
    ],
)
def test_stamps_of_a_stated_format(tmp_path, written, stamps):
    lines = [f"{stamp},{value}" for stamp, value in zip(stamps, ("3.5", "4", ""), strict=True)]
    path = write(tmp_path, "\n".join(["when,wind", *lines]))
    as_plain(path, data_block(time={"column": "when", "format": written}))
    message = refusal(
        write(tmp_path, "when,wind\n05|06|2025,1\n"), data_block(time={"column": "when", "format": written})
    )
    assert f"row 0 (line 2 of the file): '05|06|2025' is not written in the `format` '{written}'" in message


def test_the_order_of_day_and_month_is_never_guessed(tmp_path):
    path = write(tmp_path, "when,wind\n05/06/2025 18:00,1\n13/06/2025 18:00,2\n")
    assert "state the `format` of the time stamps under `time`" in refusal(path, data_block())
    message = refusal(path, data_block(time={"column": "when", "format": "%m/%d/%Y %H:%M"}))
    assert "row 1 (line 3 of the file): '13/06/2025 18:00' is not written in the `format`" in message


def test_numbers_without_separators_are_read_in_full_width_alone(tmp_path):
    path = write(
        tmp_path, "when,wind\n20251101,1\n2025111,2\n"
    )  # the first of November, or the eleventh of January
    message = refusal(path, data_block(time={"column": "when", "format": "%Y%m%d"}))
    assert "row 1 (line 3 of the file): '2025111' is not written" in message
    pq.write_table(pa.table({"when": [20250605, 20250606], "wind": [1, 2]}), tmp_path / "logger.parquet")
    data = data_block(time={"column": "when", "format": "%Y%m%d"})
    assert read(tmp_path / "logger.parquet", data)[0] == ["06-05 00:00", "06-06 00:00"]


# Text


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"separator": ";"}, PLAIN.replace(",", ";")),
        ({"separator": ";", "decimal": ","}, PLAIN.replace(",", ";").replace("3.5", "3,5")),
        ({"decimal": ","}, PLAIN.replace("3.5", '"3,5"')),
        ({"separator": "tab"}, PLAIN.replace(",", "\t")),
        ({"separator": "|"}, PLAIN.replace(",", "|")),
        ({"skip_lines": 2}, 'Logger 5"\nno, it, is, not\n' + PLAIN),
        (
            {"skip_lines": [1, 3, 4]},
            '"TOA5","CR1000"\n' + PLAIN.replace("\n2", '\n"TS","m/s"\n"","Avg"\n2', 1),
        ),
        ({"comment": "#"}, "# logger 7, 5'\n#\n" + PLAIN.replace("\n2", "\n # restarted\n2", 1)),
        ({"header": False, "names": ["when", "wind"]}, PLAIN.removeprefix("when,wind\n")),
        ({"names": ["when", "wind"]}, PLAIN.replace("when,wind", "Zeit,Wind (m/s)")),
        ({}, "\n \n" + PLAIN),
        ({}, PLAIN.replace("when,wind", " when , wind")),
        ({}, PLAIN.replace("\n", "\r\n")),
    ],
)
def test_the_ways_in_which_text_is_written(tmp_path, settings, text):
    as_plain(write(tmp_path, text), data_block(read=settings))


def test_columns_of_fixed_width(tmp_path):
    text = "date        time    wind\n2025-06-05  18:00    3.5\n2025-06-05  18:05   14\n2025-06-05  18:10   NaN\n"
    data = data_block(time={"column": ["date", "time"]}, read={"separator": "whitespace"})
    stamps, values = read(write(tmp_path, text, "logger.txt"), data_block(**data.model_dump()))
    assert stamps == STAMPS
    np.testing.assert_array_equal(values, [3.5, 14, np.nan])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "iso-8859-15"])
def test_the_encodings_of_text(tmp_path, encoding):
    text = PLAIN.replace("wind", "Böe µ")
    columns = {"wind": {"column": "Böe µ", "unit": "m/s"}}
    stated = {} if encoding.startswith("utf-8") else {"encoding": encoding}
    as_plain(write(tmp_path, text, encoding=encoding), data_block(columns=columns, read=stated))


@pytest.mark.parametrize(("encoding", "named"), [("cp1252", "cp1252"), ("utf-16", "utf-16")])
def test_text_in_another_encoding_is_refused_with_what_to_state(tmp_path, encoding, named):
    message = refusal(write(tmp_path, PLAIN.replace("wind", "Böe"), encoding=encoding), data_block())
    assert (
        f"the text is not UTF-8: save it as UTF-8, or state its encoding, such as `encoding: {named}`"
        in message
    )


@pytest.mark.parametrize(("sign", "stated"), [(";", "';'"), ("\t", "tab"), ("|", "'|'")])
def test_another_separator_is_refused_with_what_to_state(tmp_path, sign, stated):
    for text in (PLAIN, PLAIN.replace("3.5", '"3,5"').replace(",", sign).replace("18:05", "18,05,1")):
        message = refusal(write(tmp_path, text.replace(",", sign)), data_block())
        assert f"write `separator: {stated}` under `read`" in message


def test_a_decimal_comma_is_refused_with_what_to_state(tmp_path):
    path = write(tmp_path, PLAIN.replace(",", ";").replace("3.5", "3,5"))
    message = refusal(path, data_block(read={"separator": ";"}))
    assert (
        "'3,5' is not a number; if its comma is the decimal sign, write `decimal: ','` under `read`"
        in message
    )


def test_points_between_thousands_are_not_guessed(tmp_path):
    path = write(tmp_path, "when;wind\n2025-06-05 18:00;1.234,5\n")
    message = refusal(path, data_block(read={"separator": ";", "decimal": ","}))
    assert "row 0 (line 2 of the file): '1.234,5' is not a number" in message


def test_skipped_and_commented_lines_do_not_shift_the_line_in_messages(tmp_path):
    text = "logger\n# when it was\nwhen,wind\n\n2025-06-05 18:00,3.5\n# restarted\n2025-06-05 18:05,high\n"
    message = refusal(write(tmp_path, text), data_block(read={"skip_lines": 1, "comment": "#"}))
    assert text.splitlines()[6].endswith("high")
    assert "row 3 (line 7 of the file): 'high'" in message
    text = "x\n2025-06-05 18:00,3.5\n2025-06-05 18:05,high\n"
    settings = {"skip_lines": [1], "header": False, "names": ["when", "wind"]}
    assert "row 1 (line 3 of the file): 'high'" in refusal(write(tmp_path, text), data_block(read=settings))


UCI = (
    '"date","wind","Occupancy"\n"1","2025-06-05 18:00:00",3.5,1\n"2","2025-06-05 18:05:00",4,1\n'
    '"3","2025-06-05 18:10:00",,0\n'
)


def test_a_column_without_a_name_before_the_others(tmp_path):
    path = write(tmp_path, UCI, "datatraining.txt")
    message = refusal(path, data_block(time={"column": "date"}))
    assert "Expected 3 fields in line 2, saw 4" in message
    assert "if the header lacks a name, name all columns in `names` under `read`" in message
    names = ["row", "date", "wind", "occupancy"]
    as_plain(path, data_block(time={"column": "date"}, read={"names": names}))
    message = refusal(path, data_block(time={"column": "date"}, read={"names": names[1:]}))
    assert (
        "`names` under `read` has 3 names, but the lines have 4 cells: '1', '2025-06-05 18:00:00', '3.5', '1'"
        in message
    )


def test_a_header_that_begins_with_an_empty_name(tmp_path):
    path = write(tmp_path, ",when,wind\n0,2025-06-05 18:00,3.5\n1,2025-06-05 18:05,4\n2,2025-06-05 18:10,\n")
    as_plain(path, data_block())


@pytest.mark.parametrize("suffix", [".csv", ".txt", ".tsv", ".dat", ".TXT"])
def test_the_suffixes_of_text(tmp_path, suffix):
    text = PLAIN.replace(",", "\t") if suffix == ".tsv" else PLAIN
    as_plain(write(tmp_path, text, f"logger{suffix}"), data_block())


def test_commas_in_a_file_of_tabs_are_refused_with_what_to_state(tmp_path):
    path = write(tmp_path, PLAIN, "logger.tsv")
    assert "write `separator: ','` under `read` in the YAML" in refusal(path, data_block())
    as_plain(path, data_block(read={"separator": ","}))


def test_compressed_files_of_tabs_and_those_in_archives_are_read_as_such(tmp_path):
    content = PLAIN.replace(",", "\t").encode()
    (tmp_path / "logger.tsv.gz").write_bytes(gzip.compress(content))
    with ZipFile(tmp_path / "logger.zip", "w") as archive:
        archive.writestr("export/logger.TSV", content)
    for name in ("logger.tsv.gz", "logger.zip"):
        as_plain(tmp_path / name, data_block())


def zstandard(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("logger.txt", content)
    return file.getvalue()


COMPRESSIONS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard,
    ".zip": zipped,
}


@pytest.mark.parametrize("suffix", COMPRESSIONS)
@pytest.mark.parametrize("settings", [{}, {"comment": "#"}])
def test_compressed_text(tmp_path, suffix, settings):
    rows = "".join(f"2025-06-05 {n // 60:02d}:{n % 60:02d},{n % 9}\n" for n in range(1200))
    content = ("when,wind\n" + rows).encode()
    path = tmp_path / f"logger.txt{suffix}"
    path.write_bytes(COMPRESSIONS[suffix](content))
    assert read(path, data_block(read=settings))[1] == [n % 9 for n in range(1200)]
    whole = path.read_bytes()
    for torn in (whole[: len(whole) // 2], whole[:-1], b"\xff" * 40, whole[:12]):
        path.write_bytes(torn)
        assert "not readable as CSV" in refusal(path, data_block(read=settings))
    path.write_bytes(COMPRESSIONS[suffix](b""))
    assert "holds nothing but blank or skipped lines" in refusal(path, data_block(read=settings))


def test_parquet_needs_no_way_of_reading(tmp_path):
    pq.write_table(pa.table({"when": ["2025-06-05"], "wind": [1.5]}), tmp_path / "logger.parquet")
    message = refusal(tmp_path / "logger.parquet", data_block(read={"separator": ";", "decimal": ","}))
    assert "a Parquet file needs no `decimal`: remove it from `read`" in message


# Messages


def test_messages_are_one_line_however_the_cells_look(tmp_path):
    nasty = ["x" * 100_000, '"a\nb"', "\u202egnp", "\x07\x1b[31m"]
    for cell in nasty:
        assert len(refusal(hourly(tmp_path, [3.5, cell, 4]), column_block())) < 400
        refusal(write(tmp_path, f"when,wind\n{cell},3\n"), data_block())
    header = ",".join(f"{n}{'y' * 500}" for n in range(5000))
    assert len(refusal(write(tmp_path, f"{header}\n"), data_block())) < 3000
    pq.write_table(pa.table({"when": ["2025-06-05"], "a\nb" * 300: [1]}), tmp_path / "logger.parquet")
    refusal(tmp_path / "logger.parquet", data_block())
