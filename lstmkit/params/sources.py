"""Which files of the user's a `data` block names; cheap to import, as the workflow asks at every start."""

from pathlib import Path

from lstmkit.errors import LstmkitError
from lstmkit.params.arrays import ArraysParams
from lstmkit.params.data import DataParams
from lstmkit.wording import one_line


def source_files(data: DataParams | ArraysParams, folder: Path) -> list[Path]:
    """List the files that a study reads and that lie on this computer without lstmkit's doing.

    Args:
        data: its source: paths and patterns such as `logger/*.csv`, or a name that is neither.
        folder: the folder against which relative paths are resolved.

    Returns:
        Each file once; none for the simulated office and for a recording of the catalog.

    Raises:
        LstmkitError: a path holds braces, which are wildcards to the workflow wherever they stand.
    """
    found = [path for source in data.sources for path in matching_files(source, folder)]
    if braces := [path for path in found if set("{}") & set(str(path))]:
        raise LstmkitError(f"{one_line(braces[0])}: the workflow cannot list a path with {{ or }}: rename it")
    return list(dict.fromkeys(found))


def matching_files(source: str, folder: Path) -> list[Path]:
    """List the files that one path or pattern names, sorted by name.

    Args:
        source: a path, of which a leading `~` is the user's home, or a pattern with `*`, `?` or `[]`.
        folder: the folder against which a relative one is resolved.
    """
    try:
        path = Path(source).expanduser()
        if (folder / path).is_file():
            return [folder / path]
        if not path.name:  # `/` or the folder itself
            return []
        start, pattern = (
            (Path(path.anchor), path.relative_to(path.anchor)) if path.is_absolute() else (folder, path)
        )
        return sorted(p for p in start.glob(str(pattern)) if p.is_file() and not p.name.startswith("."))
    except (OSError, ValueError, RuntimeError):  # too long for a path; a null byte; a home that is not known
        return []
