"""Files that were damaged on their way: each is read as a valid series, or refused in one line.

`LSTMKIT_MUTATIONS=1000 pytest tests/data/test_mutated_files.py` damages more of them than each test run does.
"""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstmkit.data.reading.files import read_measurements
from lstmkit.errors import LstmkitError
from lstmkit.params import DataParams

ROWS = 40
LONGEST_MESSAGE = 5000
SINGLE = float(np.finfo(np.float32).max)
COLUMNS = {
    "co2": {"column": "co2", "unit": "ppm"},
    "temperature": {"column": "temp", "unit": "degF"},
    "wind": {"column": "wind", "unit": "m/s"},
}

mutated = settings(
    max_examples=int(os.environ.get("LSTMKIT_MUTATIONS", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def table() -> pd.DataFrame:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"when": pd.date_range("2025-10-25 12:00", periods=ROWS, freq="h", tz="Europe/Berlin")}
    )
    frame["co2"] = random.integers(400, 900, ROWS)
    frame["temp"] = np.round(random.uniform(60, 75, ROWS), 1)
    frame["note"] = "an ordinary hour"
    frame["wind"] = np.round(random.exponential(3, ROWS), 2)
    return frame


def cells_of(frame: pd.DataFrame) -> list[list[str]]:
    rows = frame.assign(when=frame["when"].dt.strftime("%Y-%m-%d %H:%M")).astype(str).to_numpy().tolist()
    return [list(frame.columns), *rows]


PLAIN = "\n".join(map(",".join, cells_of(table()))).encode() + b"\n"
STORED = pa.BufferOutputStream()
pq.write_table(pa.Table.from_pandas(table()), STORED)
STORED = STORED.getvalue().to_pybytes()


def block(**changed) -> DataParams:
    time = {"column": "when", "timezone": "Europe/Berlin"}
    return DataParams.model_validate({"source": "x", "columns": COLUMNS, "time": time} | changed)


def read_or_refuse(path: Path, data: DataParams) -> bool:
    """Whether a file is read; what is read must be a series, and what is not must be refused in one line."""
    try:
        frame, units = read_measurements(path, data)
    except LstmkitError as error:
        message = str(error)
        assert message.isprintable(), repr(message)
        assert message.startswith(str(path)), message
        assert len(message) < LONGEST_MESSAGE, message
        return False
    assert list(frame) == list(units) == list(COLUMNS)
    assert str(frame.index.tz) == "UTC"
    assert frame.index.is_monotonic_increasing
    assert frame.index.is_unique
    assert not frame.index.hasnans
    assert (frame.dtypes == "float64").all()
    assert frame.notna().any().all()
    assert (frame.isna() | (frame.abs() <= SINGLE)).all(axis=None)
    assert frame["co2"].dropna().between(150, 40_000).all()
    assert frame["temperature"].dropna().between(-60, 60).all()
    return True


def test_the_files_that_are_mutated_are_sound(tmp_path):
    (tmp_path / "plain.csv").write_bytes(PLAIN)
    (tmp_path / "stored.parquet").write_bytes(STORED)
    assert read_or_refuse(tmp_path / "plain.csv", block())
    assert read_or_refuse(tmp_path / "stored.parquet", block())


DIGITS = st.text("0123456789.", min_size=1, max_size=2).map(str.encode)


@st.composite
def damaged(draw: Callable, content: bytes) -> bytes:
    """Some bytes of the content deleted, written over, inserted, repeated or moved."""
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["delete", "overwrite", "insert", "repeat", "move", "cut"]))
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(1, 3) | st.integers(1, 40)))
        piece, new = content[start:end], draw(st.binary(min_size=1, max_size=9) | DIGITS)
        content = {
            "delete": content[:start] + content[end:],
            "overwrite": content[:start] + new + content[start + len(new) :],
            "insert": content[:start] + new + content[start:],
            "repeat": content[:end] + piece * 3 + content[end:],
            "move": piece + content[:start] + content[end:],
            "cut": content[:start],
        }[kind]
    return content


@mutated
@given(damaged(PLAIN))
def test_bytes_of_text(tmp_path, content):
    (tmp_path / "logger.csv").write_bytes(content)
    read_or_refuse(tmp_path / "logger.csv", block())


@mutated
@given(damaged(gzip.compress(PLAIN, mtime=0)))
def test_bytes_of_compressed_text(tmp_path, content):
    (tmp_path / "logger.csv.gz").write_bytes(content)
    read_or_refuse(tmp_path / "logger.csv.gz", block())


@mutated
@given(damaged(STORED))
def test_bytes_of_parquet(tmp_path, content):
    (tmp_path / "logger.parquet").write_bytes(content)
    read_or_refuse(tmp_path / "logger.parquet", block())


NUMBERS = [
    "NaN",
    "NAN",
    "inf",
    "-INF",
    "1e308",
    "-1e39",
    "9" * 400,
    "0x1F",
    "1_000",
    "1,5",
    "²",
    "٣",
    "True",
    "-9999",
]
MARKS = [
    "",
    " ",
    "=1+1",
    "'",
    '"',
    '"a',
    "\n",
    "a\nb",
    "\r",
    "\0",
    "\ufeff",
    "\u202e",
    "x" * 5000,
    "when",
    "co2",
    "wind",
]
DATES = [
    "2025-10-26 02:30",
    "0000-00-00",
    "2025-02-30",
    "9999-12-31 23:59",
    "0001-01-01T00:00Z",
    "now",
    "1749146458",
]
OFFSETS = ["2025-10-26T02:00+99:99", "2025-10-26T02:00+02:00", "2025-10-26 24:00Z"]
FLOATS = st.floats(allow_subnormal=False)
NASTY = st.sampled_from([*NUMBERS, *MARKS, *DATES, *OFFSETS])
CELL = NASTY | st.text(max_size=8) | FLOATS.map(repr) | st.datetimes().map(str)


@st.composite
def rewritten(draw: Callable) -> list[list[str]]:
    """Cells, rows and columns of the table replaced, deleted, inserted, swapped or repeated."""
    cells = cells_of(table())
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(
            st.sampled_from(
                ["cell", "cell", "drop row", "row", "swap rows", "repeat row", "column", "swap columns"]
            )
        )
        row, other = draw(st.integers(0, len(cells) - 1)), draw(st.integers(0, len(cells) - 1))
        column, second = draw(st.integers(0, 4)), draw(st.integers(0, 4))
        if kind == "cell":
            cells[row] = [*cells[row][:column], draw(CELL), *cells[row][column + 1 :]]
        elif kind == "drop row" and len(cells) > 1:
            del cells[row]
        elif kind == "row":
            cells.insert(row, draw(st.lists(CELL, max_size=7)))
        elif kind == "swap rows":
            cells[row], cells[other] = cells[other], cells[row]
        elif kind == "repeat row":
            cells.insert(row, list(cells[other]))
        elif kind == "column":
            cells = [[*line[:column], *line[column + 1 :]] for line in cells]
        elif kind == "swap columns":
            for line in cells:
                if max(column, second) < len(line):
                    line[column], line[second] = line[second], line[column]
    return cells


@mutated
@given(
    cells=rewritten(),
    separator=st.sampled_from([",", ",", ";", "tab", "whitespace"]),
    encoding=st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "utf-7"]),
    stated=st.sampled_from([None, "utf-8", "utf-16", "cp1252", "shift_jis", "unicode_escape"]),
    reading=st.fixed_dictionaries(
        {},
        optional={
            "decimal": st.sampled_from([".", ","]),
            "comment": st.sampled_from(["#", ";"]),
            "skip_lines": st.integers(0, 50) | st.lists(st.integers(1, 50), max_size=4),
            "names": st.just(["when", "co2", "temp", "note", "wind"]),
            "where": st.just({"note": "an ordinary hour"}),
        },
    ),
)
def test_cells_of_text_in_whatever_way_it_is_written_and_read(
    tmp_path, cells, separator, encoding, stated, reading
):
    sign = {"tab": "\t", "whitespace": " "}.get(separator, separator)
    text = "\n".join(sign.join(line) for line in cells)
    (tmp_path / "logger.txt").write_bytes(text.encode(encoding, errors="replace"))
    reading = reading | {"separator": separator} | ({"encoding": stated} if stated else {})
    read_or_refuse(tmp_path / "logger.txt", block(read=reading))


def arrays(kind: pa.DataType, values: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(st.none() | values, min_size=1, max_size=12).map(lambda given: pa.array(given, kind))


LARGE = st.integers(-(2**63), 2**63 - 1)
ARRAYS = st.one_of(
    arrays(pa.float32(), st.floats(400, 900, width=32)),
    arrays(pa.int16(), st.integers(150, 900)),
    arrays(pa.float64(), FLOATS),
    arrays(pa.float32(), st.floats(width=32, allow_subnormal=False)),
    arrays(pa.int64(), LARGE),
    arrays(pa.uint16(), st.integers(0, 2**16 - 1)),
    arrays(pa.bool_(), st.booleans()),
    arrays(pa.string(), CELL),
    arrays(pa.binary(), st.binary(max_size=6)),
    arrays(pa.list_(pa.float64()), st.lists(FLOATS, max_size=3)),
    arrays(pa.struct([("a", pa.int64())]), st.fixed_dictionaries({"a": LARGE})),
    arrays(pa.date32(), st.dates()),
    arrays(pa.time64("us"), st.times()),
    arrays(pa.duration("us"), LARGE),
    arrays(pa.decimal128(9, 2), st.decimals(-1000, 1000, places=2)),
    arrays(pa.timestamp("s"), st.integers(-(10**15), 10**15)),  # stored as milliseconds
    *(arrays(pa.timestamp(unit), LARGE) for unit in ("ms", "us", "ns")),
    arrays(pa.timestamp("us", "Europe/Berlin"), LARGE),
    arrays(pa.timestamp("us", "Nowhere/At-all"), LARGE),
    arrays(pa.string(), CELL).map(lambda array: array.dictionary_encode()),
)


@mutated
@given(
    replaced=st.dictionaries(
        st.sampled_from(["when", "co2", "temp", "wind"]), ARRAYS, min_size=1, max_size=2
    ),
    time=st.sampled_from(
        [{}, {"format": "%Y %m %d"}, {"column": ["when", "note"]}, {"column": ["wind", "when"]}]
    ),
    where=st.sampled_from([{}, {"note": "an ordinary hour"}, {"co2": 1}]),
)
def test_columns_of_parquet_of_every_kind(tmp_path, replaced, time, where):
    rows = min(map(len, replaced.values()))
    columns = {name: pa.array(values) for name, values in table().head(rows).items()}
    whole = {name: replaced.get(name, values)[:rows] for name, values in columns.items()}
    pq.write_table(pa.table(whole), tmp_path / "logger.parquet")
    time = {"column": "when", "timezone": "Europe/Berlin"} | time
    read_or_refuse(tmp_path / "logger.parquet", block(time=time, read={"where": where}))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_mutations_leave_some_files_readable(tmp_path, kind):
    """Otherwise the tests above would only see refusals."""
    path, content = tmp_path / f"logger.{kind}", {"csv": PLAIN, "parquet": STORED}[kind]
    path.write_bytes(content.replace(b"ordinary", b"orderly?", 1))
    assert read_or_refuse(path, block())
