"""Reads sensors' text and Parquet files, and refuses what it cannot trust by file, column and row."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pandas as pd

from lstmkit.data.reading.classes import UNIT, indicators
from lstmkit.data.reading.compressed import COMPRESSIONS, PARQUET, TEXT_SUFFIXES, kind_of
from lstmkit.data.reading.parquet_files import read_parquet_file
from lstmkit.data.reading.stamps import time_index
from lstmkit.data.reading.tables import Table, as_text
from lstmkit.data.reading.text_files import read_text_file
from lstmkit.data.reading.values import measured, stands_for_missing
from lstmkit.errors import LstmkitError
from lstmkit.params import DataParams
from lstmkit.wording import one_line, shown


def read_measurements(files: Path | Sequence[Path], data: DataParams) -> tuple[pd.DataFrame, dict[str, str]]:
    """Read the columns that a study names, in canonical units and in UTC.

    Time stamps are ISO 8601 text, text of the stated format, or Parquet's own; those with an offset are converted,
    those without are in `data.time.timezone`. Where the clocks go back, an hour happens twice: its first pass ends
    where the rows step back, and where they do not step back exactly once the file is refused. Blank cells, `NA`,
    `NaN`, `null` and their like in any case of letters are missing values. In messages rows are counted from 0.

    Args:
        files: one file, or several that follow each other in time, in any order.
        data: how the files are written, the time column, and name, column and unit of each measurement.

    Returns:
        Float columns under the study's names on a strictly increasing UTC index, NaN where a value is missing;
        and the unit of each column.

    Raises:
        LstmkitError: a file, a column, a time stamp or a value cannot be used.
    """
    tables = [_read(path, data) for path in ([files] if isinstance(files, Path) else files)]
    units, groups = {}, []
    for conditions, names in _conditions(data):
        parts = _in_time(_where(tables, conditions), data)
        columns = {}
        for name in names:
            cells = [table.cells(data.columns[name].column) for table, _ in parts]
            if data.columns[name].classes is None:
                columns[name], units[name] = measured(cells, name, data)
            else:
                columns |= (of_classes := indicators(cells, name, data))
                units |= dict.fromkeys(of_classes, UNIT)
        index = parts[0][1].append([index for _, index in parts[1:]])
        groups.append(pd.DataFrame(columns, index=index))
    frame = groups[0] if len(groups) == 1 else pd.concat(groups, axis=1, sort=True)
    names = [each for name, column in data.columns.items() for each in column.names(name)]
    return frame[names], {name: units[name] for name in names}


def read_texts(files: Sequence[Path], data: DataParams) -> pd.Series:
    """Read the one column that is named as text, NaN where the text is one for a missing value.

    Args:
        files: one or several that follow each other in time, in any order.
        data: how the files are written, the time column, and the column.

    Returns:
        On a strictly increasing UTC index.

    Raises:
        LstmkitError: a file, the column or a time stamp cannot be used.
    """
    (column,) = data.columns.values()
    parts = _in_time(_where([_read(path, data) for path in files], data.read.where), data)
    texts = pd.concat([as_text(table.frame[column.column]).set_axis(index) for table, index in parts])
    return texts.mask(stands_for_missing(texts, data.missing))


def _read(path: Path, data: DataParams) -> Table:
    name = one_line(path)
    if not path.is_file():
        raise LstmkitError(f"{name}: there is no such file")
    if (kind := kind_of(path)) is None:
        kinds = f"{', '.join(TEXT_SUFFIXES)} (also with {', '.join(COMPRESSIONS)} behind it) or .parquet"
        raise LstmkitError(f"{name}: the name must end in {kinds}")
    if path.stat().st_size == 0:
        raise LstmkitError(f"{name}: the file is empty")
    wanted = [*data.time.column, *data.read.where]
    for column in data.columns.values():
        wanted += [column.column, *column.where]
    read = read_parquet_file if kind == PARQUET else read_text_file
    table = read(path, list(dict.fromkeys(wanted)), data.read)
    if table.frame.empty:
        raise LstmkitError(f"{name}: the file holds no rows")
    return table


def _conditions(data: DataParams) -> list[tuple[dict[str, str | int], list[str]]]:
    """The rows that columns belong to, each with our names of these columns."""
    groups: list[tuple[dict[str, str | int], list[str]]] = []
    for name, column in data.columns.items():
        conditions = data.read.where | column.where
        together = next((names for known, names in groups if known == conditions), None)
        if together is None:
            groups.append((conditions, [name]))
        else:
            together.append(name)
    return groups


def _where(tables: list[Table], conditions: dict[str, str | int]) -> list[Table]:
    kept = [table.where(conditions) for table in tables]
    if all(table.frame.empty for table in kept):
        tables[0].refuse_conditions(conditions)
    return [table for table in kept if not table.frame.empty]


def _in_time(tables: list[Table], data: DataParams) -> list[tuple[Table, pd.DatetimeIndex]]:
    """Each table with its time stamps, the earliest table first; none may begin before another ends."""
    parts = sorted(((table, time_index(table, data.time)) for table in tables), key=lambda part: part[1][0])
    for (earlier, before), (later, after) in pairwise(parts):
        if after[0] <= before[-1]:
            row = later.frame.index[0]
            said = (
                f"begins at {after[0]:%Y-%m-%d %H:%M:%S} UTC, before {shown(earlier.path.name)} ends at "
                f"{before[-1]:%Y-%m-%d %H:%M:%S}: files that belong together follow each other in time"
            )
            later.cells(data.time.column[0]).refuse(pd.Series([True], [row]), said)
    return parts
