"""The tables that sensors' files hold, as text or Parquet; nothing that a file contains is ever executed."""

import lzma
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from lstmkit.errors import LstmkitError
from lstmkit.wording import one_line, shown

MOST_NAMES = 30  # of columns or groups of rows in a message

_YEARS_OF_TEXT = (1, 9999)
_WHOLE = 2**53  # below it, floats hold every whole number

_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    OverflowError,
    MemoryError,
    pd.errors.ParserWarning,
    zlib.error,
    zipfile.BadZipFile,
    NotImplementedError,  # a compression that Python cannot undo
    lzma.LZMAError,
    pa.ArrowException,
)


@dataclass(frozen=True)
class Cells:
    """One column, or several that are joined, as the file has them.

    Attributes:
        path: of the file.
        label: as messages name it.
        values: the index counts the file's rows from 0, below any header line.
        first_line: of the text file, on which row 0 stands; none in Parquet.
    """

    path: Path
    label: str
    values: pd.Series
    first_line: int | None

    def place(self, row: int, last: int | None = None) -> str:
        """Name a row, or a stretch of rows up to `last`, as a reader of the file counts them."""
        beside = "" if last is None or last == row else "s"
        rows = f"row{beside} {row}" + (f" to {last}" if beside else "")
        if self.first_line is None:
            return f"{rows} (counted from 0)"
        lines = f"line{beside} {row + self.first_line}"
        if last is not None and last != row:
            lines += f" to {last + self.first_line}"
        return f"{rows} ({lines} of the file)"

    def refuse(self, bad: pd.Series, complaint: str) -> None:
        """Raise for the first bad row, if there is one: the file, where in it, the value, the complaint."""
        if not bad.any():
            return
        row = int(bad.idxmax())
        value = self.values.loc[row]
        if isinstance(value, pd.Timestamp) and not _YEARS_OF_TEXT[0] <= value.year <= _YEARS_OF_TEXT[1]:
            value = value.to_datetime64()  # pandas cannot write it
        is_empty = pd.api.types.is_scalar(value) and (pd.isna(value) or value == "")
        others = f" ({bad.sum()} such rows)" if bad.sum() > 1 else ""
        said = f"{'an empty cell' if is_empty else shown(value)} {complaint}{others}"
        raise LstmkitError(f"{one_line(self.path)}: {self.label}, {self.place(row)}: {said}")


@dataclass(frozen=True)
class Table:
    """The wanted columns of a file, as it has them.

    Attributes:
        path: of the file.
        frame: the index counts the file's rows from 0, below any header line.
        names: of all columns of the file.
        first_line: of the text file, on which row 0 stands; none in Parquet.
    """

    path: Path
    frame: pd.DataFrame
    names: list[str]
    first_line: int | None

    def cells(self, column: str) -> Cells:
        """Take one column."""
        return Cells(self.path, f"column {shown(column)}", self.frame[column], self.first_line)

    def where(self, conditions: dict[str, str | int]) -> "Table":
        """Keep the rows in which other columns hold the stated text; none may be left."""
        kept = pd.Series(True, self.frame.index)
        for column, wanted in conditions.items():
            kept &= as_text(self.frame[column]) == str(wanted)
        return replace(self, frame=self.frame[kept])

    def refuse_conditions(self, conditions: dict[str, str | int]) -> None:
        """Raise as no row meets the conditions; the message lists what their columns hold."""
        asked = " and ".join(
            f"{shown(wanted)} in column {shown(column)}" for column, wanted in conditions.items()
        )
        held = [
            f"{shown(column)} holds {some(as_text(self.frame[column]).unique().tolist())}"
            for column in conditions
        ]
        raise LstmkitError(f"{one_line(self.path)}: no row holds {asked}: {'; '.join(held)}")


def as_text(cells: pd.Series) -> pd.Series:
    """Write cells as text files have them: whole numbers without a point, midnights as dates, nothing as nothing."""
    kinds = pd.api.types
    if kinds.is_datetime64_any_dtype(cells):
        cells = cells.where(cells.dt.year.between(*_YEARS_OF_TEXT))
        is_date = (cells == cells.dt.normalize()) | cells.isna()
        cells = cells.dt.strftime("%Y-%m-%d") if is_date.all() else cells
    elif kinds.is_float_dtype(cells) and ((cells % 1 == 0) & (cells.abs() < _WHOLE) | cells.isna()).all():
        cells = cells.astype("Int64")
    elif kinds.is_object_dtype(cells):  # of bytes pandas would decode
        cells = cells.where(cells.isna(), cells.map(str))
    return cells.astype("str").str.strip().where(cells.notna(), "")


def some(names: list[str]) -> str:
    """List names for a message, not too many of them."""
    others = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(map(shown, names[:MOST_NAMES])) + others


@contextmanager
def reading(path: Path, kind: str, advice: str = "") -> Iterator[None]:
    """Turn whatever a library finds wrong with a file into one line.

    Args:
        path: of the file.
        kind: as what it is read.
        advice: what to do where the rows do not fit the header.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            yield
    except LstmkitError:
        raise
    except _UNREADABLE as error:
        found = one_line(error) or type(error).__name__
        is_uneven = isinstance(error, pd.errors.ParserError | pd.errors.ParserWarning)
        raise LstmkitError(
            f"{one_line(path)}: not readable as {kind}: {found}{advice if is_uneven else ''}"
        ) from None


def check_columns(path: Path, wanted: list[str], names: list[str], advice: str = "") -> None:
    """Raise unless each wanted column is there exactly once.

    Args:
        path: of the file.
        wanted: the columns that a study needs.
        names: the columns that the file has.
        advice: what to do if one is not there.
    """
    for column in wanted:
        if column not in names:
            said = f"there is no column {shown(column)}; the file has {some(names)}"
            raise LstmkitError(f"{one_line(path)}: {said}{advice}")
        if names.count(column) > 1:
            said = f"{names.count(column)} columns are called {shown(column)}"
            raise LstmkitError(f"{one_line(path)}: {said}")
