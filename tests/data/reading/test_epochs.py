"""Time stamps that count from the beginning of 1970, and what is said of counts that nobody announced."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from lstmkit.data.reading.files import read_measurements
from lstmkit.params import EPOCHS, TimeColumn
from tests.data.recordings import as_plain, data_block, read, refusal, write

FIRST = 1_749_146_400  # 2025-06-05 18:00 UTC
COUNTS = [FIRST, FIRST + 300, FIRST + 600]


def counted(written: str) -> dict:
    return {"time": {"column": "when", "format": written}}


def table(folder, counts):
    lines = [f"{count},{value}" for count, value in zip(counts, ("3.5", "4", ""), strict=True)]
    return write(folder, "\n".join(["when,wind", *lines]))


@pytest.mark.parametrize("written", EPOCHS)
def test_counts_are_time_stamps(tmp_path, written):
    counts = [count * EPOCHS[written] for count in COUNTS]
    as_plain(table(tmp_path, counts), data_block(**counted(written)))
    as_plain(table(tmp_path, [f" {count} " for count in counts]), data_block(**counted(written)))
    pq.write_table(pa.table({"when": counts, "wind": [3.5, 4, None]}), tmp_path / "logger.parquet")
    as_plain(tmp_path / "logger.parquet", data_block(**counted(written)))


def test_fractions_of_a_second_are_kept(tmp_path):
    path = table(tmp_path, ["1749146400.25", "1.7491467e9", FIRST + 600])
    frame, _ = read_measurements(path, data_block(**counted("epoch seconds")))
    assert frame.index[0] == pd.Timestamp("2025-06-05 18:00:00.25", tz="UTC")
    assert frame.index[1] == pd.Timestamp("2025-06-05 18:05", tz="UTC")
    nanoseconds = [FIRST * 10**9 + 123_456_789, FIRST * 10**9 + 10**9, FIRST * 10**9 + 2 * 10**9]
    frame, _ = read_measurements(table(tmp_path, nanoseconds), data_block(**counted("epoch nanoseconds")))
    assert frame.index[0] == pd.Timestamp("2025-06-05 18:00:00.123456", tz="UTC")


def test_counts_before_1970_are_negative(tmp_path):
    path = table(tmp_path, [-3600, 0, 3600])
    assert read(path, data_block(**counted("epoch seconds")))[0] == [
        "12-31 23:00",
        "01-01 00:00",
        "01-01 01:00",
    ]


@pytest.mark.parametrize("cell", ["", "NaN", "2025-06-05 18:05", "inf", "x"])
def test_a_cell_that_is_no_count_is_refused(tmp_path, cell):
    message = refusal(table(tmp_path, [FIRST, cell, FIRST + 600]), data_block(**counted("epoch seconds")))
    assert "column 'when', row 1 (line 3 of the file): " in message
    assert "is no number, as the `format` 'epoch seconds' that the YAML states" in message


@pytest.mark.parametrize(("stated", "true"), [(a, b) for a in EPOCHS for b in EPOCHS if a != b])
def test_counts_in_another_unit_than_stated_are_refused_with_theirs(tmp_path, stated, true):
    path = table(tmp_path, [count * EPOCHS[true] for count in COUNTS])
    message = refusal(path, data_block(**counted(stated)))
    assert f"counted as {stated}" in message
    assert message.endswith(f"write `format: {true}` under `time` in the YAML (3 such rows)")


def test_a_single_count_that_cannot_be_is_named(tmp_path):
    message = refusal(table(tmp_path, [FIRST, FIRST + 300, 10**12]), data_block(**counted("epoch seconds")))
    assert "row 2 (line 4 of the file): '1000000000000' is outside the years 1678 to 2261" in message
    assert "`format:" not in message


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("true", EPOCHS)
def test_counts_that_nobody_announced_are_refused_with_what_to_state(tmp_path, kind, true):
    counts = [count * EPOCHS[true] for count in COUNTS]
    path = table(tmp_path, counts)
    if kind == "parquet":
        path = tmp_path / "logger.parquet"
        pq.write_table(pa.table({"when": counts, "wind": [3.5, 4, None]}), path)
    message = refusal(path, data_block())
    assert f"if it counts since 1970, write `format: {true}` under `time`" in message
    as_plain(path, data_block(**counted(true)))


def test_numbers_that_are_no_counts_keep_the_advice_on_iso_8601(tmp_path):
    assert "write ISO 8601" in refusal(table(tmp_path, [1, 2, 3]), data_block())
    pq.write_table(pa.table({"when": [True, False], "wind": [1.0, 2.0]}), tmp_path / "logger.parquet")
    assert "write ISO 8601" in refusal(tmp_path / "logger.parquet", data_block())
    message = refusal(tmp_path / "logger.parquet", data_block(**counted("epoch seconds")))
    assert "is no number" in message


@pytest.mark.parametrize(
    ("parts", "written"),
    [(["year", "month", "day"], "%Y %m %d"), (["year", "month", "day", "hour"], "%Y %m %d %H")],
)
def test_parts_of_a_date_in_columns_of_their_own_are_refused_with_their_format(tmp_path, parts, written):
    stamps = pd.date_range("2010-12-30", periods=9, freq="D")
    frame = pd.DataFrame({part: getattr(stamps, part) for part in parts} | {"wind": np.arange(9.0)})
    path = tmp_path / "logger.csv"
    frame.to_csv(path, index=False)
    message = refusal(path, data_block(time={"column": parts}))
    assert f"write `format: '{written}'` under `time` in the YAML" in message
    stamped, _ = read_measurements(path, data_block(time={"column": parts, "format": written}))
    assert list(stamped.index.tz_localize(None)) == list(stamps)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"format": "epoch"}, "there are epoch seconds, epoch milliseconds"),
        ({"format": "epoch hours"}, "there are epoch seconds"),
        ({"format": "epoch seconds", "column": ["a", "b"]}, "counts in one column, not in 2"),
        (
            {"format": "epoch seconds", "timezone": "Europe/Zurich"},
            "counts in UTC: remove `timezone: Europe/Zurich`",
        ),
    ],
)
def test_what_cannot_be_a_count(settings, said):
    with pytest.raises(ValidationError, match="1 validation error") as caught:
        TimeColumn.model_validate(settings)
    assert said in str(caught.value)
