"""Reads columns of a text file: CSV and its relatives, also compressed."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pandas as pd

from lstmkit.data.reading.compressed import opened, text_suffix
from lstmkit.data.reading.tables import Table, check_columns, reading, some
from lstmkit.errors import LstmkitError
from lstmkit.params import ReadParams
from lstmkit.wording import one_line

_SEPARATORS = {"tab": "\t", "space": " ", "whitespace": r"\s+"}
_STATED_AS = {";": "';'", "\t": "tab", "|": "'|'", ",": "','"}


def read_text_file(path: Path, wanted: list[str], read: ReadParams) -> Table:
    """Read columns as the file has them, every cell as text.

    Args:
        path: of the file; its last suffix says whether it is compressed.
        wanted: the columns' names.
        read: how the file is written.

    Raises:
        LstmkitError: the file is not written as `read` says, or a column is not there once.
    """
    with reading(path, "a ZIP archive"):
        read = _with_separator(path, read)
    kind = f"CSV ({read.encoding.upper()}, columns separated by {_written(_separator(read))})"
    with reading(path, kind), _decoding(path, read):
        before, first = _first_line(path, read)
    before += read.header and bool(read.names)
    with reading(path, kind, _advice(first, read)), _decoding(path, read):
        cells = _cells(path, read, before)
    names = [name.strip() for name in read.names or cells.iloc[0]]
    if len(names) != cells.shape[1]:
        said = f"`names` under `read` has {len(names)} names, but the lines have {cells.shape[1]} cells"
        raise LstmkitError(f"{one_line(path)}: {said}: {some(cells.iloc[0].tolist())}")
    check_columns(path, [column.strip() for column in wanted], names, _advice_on_separator(first, read))
    named = int(not read.names)
    rows = cells.iloc[named:]
    rows.index = rows.index - named
    rows = rows[(rows != "").any(axis=1)]
    frame = pd.DataFrame({column: rows[names.index(column.strip())] for column in wanted})
    return Table(path, frame, names, first_line=before + named + 1)


def _cells(path: Path, read: ReadParams, skipped: int) -> pd.DataFrame:
    settings: dict[str, Any] = {
        "header": None,
        "dtype": str,
        "na_filter": False,
        "index_col": False,
        "skip_blank_lines": False,
        "skiprows": skipped,
        "sep": _SEPARATORS.get(_separator(read), _separator(read)),
    }
    suffix = path.suffix.lower()
    if suffix in (".zst", ".zip") or read.skip_lines or read.comment is not None:
        with _lines(path, read) as text:
            return pd.read_csv(text, **settings)
    compression = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz"}.get(suffix)
    return pd.read_csv(
        path, encoding=read.encoding, compression=compression, **settings
    )  # faster than from `text`


@contextmanager
def _decoding(path: Path, read: ReadParams) -> Iterator[None]:
    try:
        yield
    except UnicodeError:
        with path.open("rb") as file:
            is_utf16 = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
        said = f"the text is not {read.encoding.upper()}: save it as UTF-8, or state its encoding, such as "
        said += f"`encoding: {'utf-16' if is_utf16 else 'cp1252'}`, under `read` in the YAML"
        raise LstmkitError(f"{one_line(path)}: {said}") from None


@contextmanager
def _lines(path: Path, read: ReadParams) -> Iterator[IO[str]]:
    """The file's text; skipped lines are blank, so that all others keep their numbers."""
    with opened(path, read.encoding) as text:
        kept = ("\n" if _is_skipped(before, line, read) else line for before, line in enumerate(text))
        yield io.StringIO("".join(kept), newline="")


def _first_line(path: Path, read: ReadParams) -> tuple[int, str]:
    """How many lines stand before the first that is not skipped, and that line."""
    with opened(path, read.encoding) as text:
        for before, line in enumerate(text):
            if not _is_skipped(before, line, read):
                return before, line
    raise LstmkitError(f"{one_line(path)}: the file holds nothing but blank or skipped lines")


def _is_skipped(before: int, line: str, read: ReadParams) -> bool:
    is_comment = read.comment is not None and line.lstrip().startswith(read.comment)
    return is_comment or before + 1 in read.skip_lines or not line.strip()


def _with_separator(path: Path, read: ReadParams) -> ReadParams:
    """How the file is written, with the separator of its suffix where the YAML states none."""
    if read.separator is not None:
        return read
    return read.model_copy(update={"separator": "tab" if text_suffix(path) == ".tsv" else ","})


def _separator(read: ReadParams) -> str:
    return read.separator or ","


def _written(separator: str) -> str:
    return separator if separator in _SEPARATORS else repr(separator)


def _advice(line: str, read: ReadParams) -> str:
    names = "; if the header lacks a name, name all columns in `names` under `read` in the YAML"
    return _advice_on_separator(line, read) or names


def _advice_on_separator(line: str, read: ReadParams) -> str:
    """What to state where the header holds the separator nowhere, but another one."""
    if read.separator == "whitespace" or _SEPARATORS.get(_separator(read), _separator(read)) in line:
        return ""
    other = next((stated for sign, stated in _STATED_AS.items() if sign in line), None)
    return f"; write `separator: {other}` under `read` in the YAML" if other else ""
