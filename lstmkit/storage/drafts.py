"""Files that are being written: named and locked so that those of killed processes can be recognised and removed."""

import fcntl
import os
import re
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from io import BufferedIOBase
from pathlib import Path

# `.<stem>-<random><suffix>` as `tempfile` names them; a random part of digits alone is taken for a date, as in
# `.notes-20240131.txt`, so `open_draft` gives no draft such a name
_DRAFT = re.compile(r"\..+-(?=\d*[a-z_])[a-z0-9_]{8}\.\w+")
_DRAFT_FOLDER = re.compile(r"\.outputs-[a-z0-9_]{8}")  # earlier versions drafted arrays in these
_DAY_SECONDS = 24 * 60 * 60


def open_draft(path: Path) -> tuple[int, Path]:
    """Make a new file beside a path, locked for as long as it is open.

    Args:
        path: where the file shall be in the end; its folder is there.

    Returns:
        The handle of the open file, and its path.
    """
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
        draft = Path(name)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        is_recognised = not draft.stem[-8:].isdigit()
        if is_recognised and draft.exists():  # or else `remove_drafts` came before the lock
            return handle, draft
        draft.unlink(missing_ok=True)
        os.close(handle)


def remove_drafts(folder: Path) -> list[Path]:
    """Remove what killed processes left half-written; what a living process is writing is left alone.

    Where the file system knows no locks, drafts are removed a day after they were last changed.

    Args:
        folder: is searched with all folders below it; symbolic links are not followed.

    Returns:
        The drafts that were removed.
    """
    removed = []
    for parent, folders, files in os.walk(folder):
        drafts = [Path(parent, name) for name in files if _DRAFT.fullmatch(name)]
        removed += [draft for draft in drafts if _remove_if_abandoned(draft)]
        for name in filter(_DRAFT_FOLDER.fullmatch, folders):
            shutil.rmtree(Path(parent, name), ignore_errors=True)
            removed.append(Path(parent, name))
    return removed


def _remove_if_abandoned(draft: Path) -> bool:
    """Whether a draft had no living writer, and was removed."""
    with suppress(OSError):  # put in place in this moment, or not ours to remove
        if stat.S_ISREG(draft.lstat().st_mode):
            with draft.open("r+b") as file:  # NFS locks only what is open for writing
                if not _has_writer(file):
                    draft.unlink()
                    return True
    return False


def _has_writer(file: BufferedIOBase) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return time.time() - os.fstat(file.fileno()).st_mtime < _DAY_SECONDS
    return False
