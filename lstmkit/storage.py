"""Files that are written whole or not at all, and arrays in files that are read piece by piece."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import BufferedIOBase
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pandas as pd


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; put it in place when the body ends, remove it when the body raises.

    Args:
        path: where the file shall be; its folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.chmod(0o666 & ~_umask())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write JSON; NaN and infinity are refused.

    Args:
        path: where the file shall be.
        content: what `json` can say.
    """
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    write_whole(path, lambda draft: draft.write_text(text))


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a table with its index, to six significant digits.

    Args:
        path: where the file shall be.
        frame: the table.
    """
    write_whole(path, lambda draft: frame.to_csv(draft, float_format="%.6g"))


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Let `write` fill a temporary file and put it in place.

    Args:
        path: where the file shall be.
        write: fills the path that it is given.
    """
    with whole_file(path) as draft:
        write(draft)


@dataclass(frozen=True)
class Rows:
    """An array in a `.npy` file, or in an uncompressed `.npz`, whose rows are read piece by piece.

    Attributes:
        path: of the file.
        member: name of the array, for a `.npz`.
    """

    path: Path
    member: str | None = None

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Of the whole array."""
        with self._content() as content:
            return _read_header(content)[0]

    def __len__(self) -> int:
        return self.shape[0]

    def chunks(self, size: int = 2048) -> Iterator[np.ndarray]:
        """The rows in order, some at a time.

        Args:
            size: rows per chunk; the last holds what is left.
        """
        with self._content() as content:
            (n_rows, *row_shape), dtype = _read_header(content)
            row_bytes = dtype.itemsize * int(np.prod(row_shape))
            for start in range(0, n_rows, size):
                rows = min(size, n_rows - start)
                yield np.frombuffer(content.read(rows * row_bytes), dtype).reshape(rows, *row_shape)

    def take(self, index: np.ndarray) -> np.ndarray:
        """Some of the rows.

        Args:
            index: positions of the rows, in rising order.
        """
        found, first = [], 0
        for chunk in self.chunks():
            inside = index[np.searchsorted(index, first) : np.searchsorted(index, first + len(chunk))]
            found.append(chunk[inside - first])
            first += len(chunk)
        return np.concatenate(found)

    @contextmanager
    def _content(self) -> Iterator[BufferedIOBase]:
        if self.member is None:
            with self.path.open("rb") as content:
                yield content
        else:
            with ZipFile(self.path) as archive, archive.open(f"{self.member}.npy") as content:
                yield content


class RowWriter:
    """Writes a `.npy` file as its rows arrive.

    Args:
        path: of the file.
        shape: of the whole array.
        dtype: of the array.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: str = "<f4"):
        self.file, self.dtype = path.open("wb"), np.dtype(dtype)
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_2_0(self.file, header)

    def add(self, rows: np.ndarray) -> None:
        """Write the next rows.

        Args:
            rows: some of the array's rows.
        """
        self.file.write(np.ascontiguousarray(rows, self.dtype).tobytes())

    def __enter__(self) -> "RowWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def _read_header(content: BufferedIOBase) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(content)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran_order, dtype = read(content)
    if dtype.hasobject or (fortran_order and len(shape) > 1):
        raise ValueError(
            f"an array of {dtype} in {'columns' if fortran_order else 'rows'} cannot be read in pieces"
        )
    return shape, dtype


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
