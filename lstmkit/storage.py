"""Files that are written whole or not at all."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
