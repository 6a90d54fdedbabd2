"""Text files under all their names: plain, compressed, or alone in a ZIP archive."""

import bz2
import gzip
import io
import lzma
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zipfile import ZipFile, ZipInfo

import pyarrow as pa

from lstmkit.data.reading.tables import some
from lstmkit.errors import LstmkitError
from lstmkit.wording import count, one_line, shown

TEXT_SUFFIXES = (".csv", ".txt", ".tsv", ".dat")
COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst", ".zip")
PARQUET, ZIP = ".parquet", ".zip"

_ENCRYPTED = 0x1  # a flag of a file in an archive
_OPENS: dict[str, Callable[..., IO[str]]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}  # type: ignore[dict-item]  # text for mode "rt"


def kind_of(path: Path) -> str | None:
    """Which kind of table a file's name promises: `.parquet`, a suffix of text, or `.zip` for an archive of one text.

    Args:
        path: of the file; the case of its letters does not count.

    Returns:
        The suffix, or None where the name promises no table.
    """
    last, before = path.suffix.lower(), Path(path.stem).suffix.lower()
    if last == PARQUET or last in TEXT_SUFFIXES:
        return last
    if last in COMPRESSIONS and before in TEXT_SUFFIXES:
        return before
    return ZIP if last == ZIP else None


def bare_name(path: Path) -> str:
    """A file's name without the suffixes that say how it is written.

    Args:
        path: of the file.
    """
    inner = Path(path.stem) if path.suffix.lower() in COMPRESSIONS else path
    return inner.stem if inner is path or inner.suffix.lower() in TEXT_SUFFIXES else inner.name


def text_suffix(path: Path) -> str:
    """The suffix of a text file without that of its compression; in an archive that of the file that it holds.

    Args:
        path: of the file, of a kind that `kind_of` knows.

    Raises:
        LstmkitError: it is an archive that does not hold one text file.
    """
    kind = kind_of(path)
    if kind != ZIP:
        return kind or ""
    with ZipFile(path) as archive:
        return Path(_only_text(archive, path).filename).suffix.lower()


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[IO[str]]:
    """Open the text of a file, however it is compressed.

    Args:
        path: of the file; its last suffix says whether it is compressed.
        encoding: of the text; UTF-8 may begin with a byte order mark.

    Raises:
        LstmkitError: it is an archive that does not hold one text file.
    """
    encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    suffix = path.suffix.lower()
    if suffix == ".zst":
        with pa.input_stream(str(path), compression="zstd") as stream:
            yield io.TextIOWrapper(stream, encoding, newline="")
    elif suffix == ZIP:
        with ZipFile(path) as archive, archive.open(_only_text(archive, path)) as member:
            yield io.TextIOWrapper(member, encoding, newline="")
    else:
        with _OPENS.get(suffix, open)(path, "rt", encoding=encoding, newline="") as text:
            yield text


def _only_text(archive: ZipFile, path: Path) -> ZipInfo:
    inside = [each for each in archive.infolist() if not each.is_dir() and not _is_hidden(each.filename)]
    named = some([each.filename for each in inside])
    if len(inside) != 1:
        held = f"{count(len(inside), 'file')}{f' ({named})' if inside else ''}"
        raise LstmkitError(
            f"{one_line(path)}: the archive holds {held}; one text file can be read from it: unpack it, and name what "
            "to read in `source` in the YAML"
        )
    if not inside[0].filename.lower().endswith(TEXT_SUFFIXES):
        said = f"the archive holds {shown(inside[0].filename)}, whose name does not end in {', '.join(TEXT_SUFFIXES)}"
        raise LstmkitError(
            f"{one_line(path)}: {said}: unpack it, and name what to read in `source` in the YAML"
        )
    if inside[0].flag_bits & _ENCRYPTED:
        raise LstmkitError(f"{one_line(path)}: {named} is encrypted in the archive: unpack it")
    return inside[0]


def _is_hidden(name: str) -> bool:
    """Whether a file of an archive is one that systems add by themselves."""
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
