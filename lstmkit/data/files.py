"""Reads a sensor's CSV or Parquet file, and refuses what it cannot trust by file, column and row."""

import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lstmkit.data.units import PHYSICAL_RANGE, out_of_range, stated_as, to_canonical
from lstmkit.errors import LstmkitError
from lstmkit.params import Column, DataParams, TimeColumn

SUFFIXES = (".csv", ".csv.gz", ".parquet")

_DATE = r"\d{4}-\d"
_OFFSET = r"[T ].*(?:[Zz]|[+-]\d{2}:?(?:\d{2})?)$"
_ISO_8601 = "write ISO 8601, such as 2025-06-05 18:00 or 2025-06-05T18:00+02:00"


def read_measurements(path: Path, data: DataParams) -> tuple[pd.DataFrame, dict[str, str]]:
    """Read the columns that a study names, in canonical units and in UTC.

    Time stamps are ISO 8601 text or Parquet's own; those with an offset are converted, those without are in
    `data.time.timezone`. Where the clocks go back, an hour happens twice: its first pass ends where the rows
    step back, and where they do not step back exactly once the file is refused. Empty cells and the usual
    words for them (`NA`, `null`, `nan`) are missing values. In messages rows are counted from 0.

    Args:
        path: a .csv (UTF-8, commas, one header line), .csv.gz or .parquet file.
        data: the time column, and name, column and unit of each measurement.

    Returns:
        Float columns under the study's names on a strictly increasing UTC index, NaN where a value is missing;
        and the unit of each column.

    Raises:
        LstmkitError: the file, a column, a time stamp or a value cannot be used.
    """
    stated = [data.time.column, *(column.column for column in data.columns.values())]
    table = _read(path, list(dict.fromkeys(stated)))
    index = _time_index(table, data.time)
    measurements, units = {}, {}
    for name, column in data.columns.items():
        values, units[name] = _measured(table, name, column)
        measurements[name] = values.to_numpy()
    return pd.DataFrame(measurements, index=index), units


@dataclass(frozen=True)
class _Table:
    """The wanted columns as the file has them; the index counts its rows from 0, below any header line."""

    path: Path
    frame: pd.DataFrame
    is_text: bool

    def refuse(self, column: str, bad: pd.Series, complaint: str) -> None:
        """Raise for the first bad row, if there is one: the file, where in it, the value, the complaint."""
        if not bad.any():
            return
        row = bad.idxmax()
        place = f"row {row} (line {row + 2} of the file)" if self.is_text else f"row {row} (counted from 0)"
        value = self.frame.loc[row, column]
        shown = "an empty cell" if pd.isna(value) else repr(value) if isinstance(value, str) else str(value)
        others = f" ({bad.sum()} such rows)" if bad.sum() > 1 else ""
        raise LstmkitError(f"{self.path}: column {column!r}, {place}: {shown} {complaint}{others}")


def _read(path: Path, wanted: list[str]) -> _Table:
    if not path.is_file():
        raise LstmkitError(f"{path}: there is no such file")
    if not path.name.lower().endswith(SUFFIXES):
        raise LstmkitError(f"{path}: the name must end in one of {', '.join(SUFFIXES)}")
    if path.stat().st_size == 0:
        raise LstmkitError(f"{path}: the file is empty")
    table = _read_parquet(path, wanted) if path.suffix.lower() == ".parquet" else _read_csv(path, wanted)
    if table.frame.empty:
        raise LstmkitError(f"{path}: the file holds no rows")
    return table


def _read_csv(path: Path, wanted: list[str]) -> _Table:
    with _reading(path, "CSV (UTF-8, commas between columns, one header line)"):
        cells = pd.read_csv(
            path,
            header=None,
            dtype=str,
            index_col=False,
            skip_blank_lines=False,
            compression="gzip" if path.suffix.lower() == ".gz" else None,
        )
    header = cells.iloc[0].fillna("").tolist()
    _check_columns(path, wanted, header)
    cells.index -= 1
    rows = cells.iloc[1:].dropna(how="all")
    frame = pd.DataFrame({column: rows[header.index(column)] for column in wanted})
    return _Table(path, frame, is_text=True)


def _read_parquet(path: Path, wanted: list[str]) -> _Table:
    with _reading(path, "Parquet"):
        names = pq.read_schema(path).names
    _check_columns(path, wanted, names)
    with _reading(path, "Parquet"), pq.ParquetFile(path) as file:
        stored = _without_decimals(file.read(columns=wanted).select(wanted))
        frame = stored.to_pandas(ignore_metadata=True, date_as_object=False)
    return _Table(path, frame, is_text=False)


def _without_decimals(stored: pa.Table) -> pa.Table:
    is_decimal = pa.types.is_decimal
    fields = [field.with_type(pa.float64()) if is_decimal(field.type) else field for field in stored.schema]
    return stored.cast(pa.schema(fields))


@contextmanager
def _reading(path: Path, kind: str) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            yield
    except (OSError, EOFError, ValueError, pd.errors.ParserWarning, zlib.error, pa.ArrowException) as error:
        raise LstmkitError(f"{path}: not readable as {kind}: {str(error).strip()}") from None


def _check_columns(path: Path, wanted: list[str], names: list[str]) -> None:
    for column in wanted:
        if column not in names:
            known = ", ".join(repr(name) for name in names)
            raise LstmkitError(f"{path}: there is no column {column!r}; the file has {known}")
        if names.count(column) > 1:
            raise LstmkitError(f"{path}: {names.count(column)} columns are called {column!r}")


def _time_index(table: _Table, time: TimeColumn) -> pd.DatetimeIndex:
    stamps = table.frame[time.column]
    is_typed = pd.api.types.is_datetime64_any_dtype(stamps)
    if not is_typed and not pd.api.types.is_string_dtype(stamps):
        table.refuse(time.column, pd.Series(True, stamps.index), f"is no time stamp: {_ISO_8601}")
    utc = _typed_stamps(table, time) if is_typed else _text_stamps(table, time)
    step = utc.diff()
    table.refuse(time.column, step == pd.Timedelta(0), "is a duplicate of the time stamp in the row before")
    late = "is earlier than the time stamp in the row before: time stamps must increase"
    table.refuse(time.column, step < pd.Timedelta(0), late)
    return pd.DatetimeIndex(utc).rename(None)


def _typed_stamps(table: _Table, time: TimeColumn) -> pd.Series:
    stamps = table.frame[time.column]
    table.refuse(time.column, stamps.isna(), "is no time stamp")
    if stamps.dt.tz is None:
        stamps = _localized(table, time, stamps)
    return stamps.dt.tz_convert("UTC").dt.as_unit("us")


def _text_stamps(table: _Table, time: TimeColumn) -> pd.Series:
    text = table.frame[time.column].str.strip()
    dated = text.where(text.str.match(_DATE, na=False))
    stamps = pd.to_datetime(dated, format="ISO8601", utc=True, errors="coerce").dt.as_unit("us")
    table.refuse(time.column, stamps.isna(), f"is no readable time stamp: {_ISO_8601}")
    naive = stamps[~text.str.contains(_OFFSET)].dt.tz_localize(None)
    return stamps.where(~stamps.index.isin(naive.index), _localized(table, time, naive))


def _localized(table: _Table, time: TimeColumn, naive: pd.Series) -> pd.Series:
    """Place naive stamps on the clocks of a zone, which skip an hour in spring and repeat one in autumn."""
    everywhere = np.ones(len(naive), dtype=bool)
    skipped = naive.dt.tz_localize(time.timezone, ambiguous=everywhere, nonexistent="NaT").isna()
    wrong_zone = "does not exist in {}, where the clocks skip it: is `time.timezone` in the YAML right?"
    table.refuse(time.column, skipped, wrong_zone.format(time.timezone))
    repeated = naive.dt.tz_localize(time.timezone, ambiguous="NaT").isna()
    stretch = (repeated != repeated.shift()).cumsum()
    steps_back = repeated & repeated.shift(fill_value=False) & (naive.diff() <= pd.Timedelta(0))
    undecided = repeated & (steps_back.groupby(stretch).transform("sum") != 1)
    twice = "happens twice in {}, where the clocks go back, and the rows do not say which is meant: "
    table.refuse(time.column, undecided, twice.format(time.timezone) + "write it in UTC or with its offset")
    first_pass = steps_back.groupby(stretch).cumsum() == 0
    return naive.dt.tz_localize(time.timezone, ambiguous=first_pass.to_numpy()).dt.tz_convert("UTC")


def _measured(table: _Table, name: str, column: Column) -> tuple[pd.Series, str]:
    stated = _numbers(table, column.column)
    table.refuse(column.column, np.isinf(stated), "is not finite")
    values, unit = to_canonical(stated, column.unit)
    if unit in PHYSICAL_RANGE:
        lowest, highest = PHYSICAL_RANGE[unit]
        complaint = (
            f"as {column.unit} is outside the physical range of {lowest:g} to {highest:g} {unit}: is the unit of "
            f"{name!r} in the YAML right? It can be {' or '.join(stated_as(unit))}"
        )
        table.refuse(column.column, out_of_range(values, unit), complaint)
    return values, unit


def _numbers(table: _Table, column: str) -> pd.Series:
    cells = table.frame[column]
    if cells.isna().all():
        raise LstmkitError(f"{table.path}: column {column!r} holds no values")
    if table.is_text:
        numbers = pd.to_numeric(cells, errors="coerce")
        table.refuse(column, cells.notna() & numbers.isna(), "is not a number")
        return numbers.astype("float64")
    if pd.api.types.is_bool_dtype(cells) or not pd.api.types.is_numeric_dtype(cells):
        table.refuse(column, cells.notna(), "is not a number")
    return cells.astype("float64")
