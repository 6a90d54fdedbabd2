"""Files that are written whole or not at all, and arrays in files that are read piece by piece."""

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import BufferedIOBase
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import numpy as np
import pandas as pd
from filelock import FileLock

from lstmkit.errors import LstmkitError
from lstmkit.storage.drafts import open_draft

_PROBE_BYTES = 1 << 20
_FREE = "free some space there, and run the same again"
_PERMIT = "make the folder writable, or copy the project to one that is"
Stream = IO[bytes] | BufferedIOBase  # a file, or a member of an archive
_REMEDIES = {
    errno.ENOSPC: _FREE,
    errno.EDQUOT: _FREE,
    errno.EFBIG: "raise the limit on the size of files (`ulimit -f`), and run the same again",
    errno.EROFS: _PERMIT,
    errno.EACCES: _PERMIT,
    errno.EPERM: _PERMIT,
    errno.EISDIR: "move away what is in its place",
    errno.ENOTDIR: "move away what is in its place",
    errno.EEXIST: "move away what is in its place",
}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one line which file could not be written, why, and what to do.

    Args:
        path: the file or folder that the body writes.

    Raises:
        LstmkitError: the operating system refused something in the body.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        elsewhere = error.filename and Path(error.filename).parent != path.parent
        where = f" ({error.filename})" if elsewhere else ""
        remedy = _REMEDIES.get(error.errno or 0, "check the folder and the disk")
        raise LstmkitError(
            f"{path} cannot be written: {reason[:1].lower()}{reason[1:]}{where}; {remedy}"
        ) from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes; wait for it where another holds it.

    Args:
        path: of the lock's file; its folder is made.

    Raises:
        LstmkitError: the file cannot be written.
    """
    lock = FileLock(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; put it in place when the body ends, remove it when the body raises.

    The draft is locked while its writer lives, by which `remove_drafts` knows what a killed process left behind.

    Args:
        path: where the file shall be; its folder is made.

    Raises:
        LstmkitError: the file cannot be written: a full disk, a read-only folder.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = open_draft(path)
        try:
            with _disk_faults_shown(handle):
                yield draft
            with draft.open("rb") as written:
                os.fsync(written.fileno())
            draft.chmod(0o666 & ~_umask())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
            os.close(handle)


def remove(path: Path) -> None:
    """Remove a file, a symbolic link or a folder with all that it holds, if there is one.

    Args:
        path: of the file or folder.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


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
        column: position on the last axis, of which alone the rows are; all of it if not given.
    """

    path: Path
    member: str | None = None
    column: int | None = None

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Of the whole array."""
        with self._content() as content:
            shape = _read_header(content)[0]
            return shape if self.column is None else shape[:-1]

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
                chunk = np.frombuffer(content.read(rows * row_bytes), dtype).reshape(rows, *row_shape)
                yield chunk if self.column is None else np.ascontiguousarray(chunk[..., self.column])

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
    def _content(self) -> Iterator[Stream]:
        try:
            if self.member is None:
                with self.path.open("rb") as content:
                    yield content
            else:
                with ZipFile(self.path) as archive, archive.open(f"{self.member}.npy") as content:
                    yield content
        except Exception as error:  # damaged bytes raise nearly anything, in `zipfile` and in NumPy
            reason = " ".join(str(error).split())
            raise LstmkitError(
                f"{self.path} cannot be read ({reason}); delete it, and it is made again"
            ) from None


class RowWriter:
    """Writes an array in NumPy's format as its rows arrive.

    Args:
        file: open for writing; a member of an archive will do.
        shape: of the whole array.
        dtype: of the array.
    """

    def __init__(self, file: Stream, shape: tuple[int, ...], dtype: str = "<f4"):
        self.file, self.dtype = file, np.dtype(dtype)
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_2_0(self.file, header)

    def add(self, rows: np.ndarray) -> None:
        """Write the next rows.

        Args:
            rows: some of the array's rows.
        """
        self.file.write(np.ascontiguousarray(rows, self.dtype).tobytes())


@contextmanager
def _disk_faults_shown(handle: int) -> Iterator[None]:
    """Let a full disk be seen behind a library's own error: whoever writes more meets the system's."""
    try:
        yield
    except (OSError, LstmkitError):
        raise
    except Exception:
        with open(handle, "ab", closefd=False) as end:
            end.write(bytes(_PROBE_BYTES))
        os.fsync(handle)
        raise


def _read_header(content: Stream) -> tuple[tuple[int, ...], np.dtype]:
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
