"""Finds and reads the YAML of a study."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lstmkit.errors import LstmkitError
from lstmkit.params.base import folder_name
from lstmkit.params.strict_yaml import read_yaml
from lstmkit.params.study import ARRAYS, SERIES, StudyParams

RESULTS_OF_A_MODEL = (
    "_interpretability"  # the default study keeps its models' results beside the other studies
)
MOST_FAULTS = 10  # that one message names
LONGEST_SHOWN = 80  # characters of a value
UNSAID = ("[key]", SERIES, ARRAYS)  # of where a fault is


def find_params(study: str | Path) -> Path:
    """Find the YAML of a study by its name or its path.

    A name is looked for in `params/` of the working directory and of each directory above it.

    Args:
        study: a name such as `co2`, or the path of a YAML file.

    Raises:
        LstmkitError: there is none, and the message lists the studies that there are; or its name cannot be a
            folder's.
    """
    path = Path(study)
    if path.suffix in {".yml", ".yaml"}:
        return _named_as_a_folder(_existing(path.absolute()))
    for folder in [Path.cwd(), *Path.cwd().parents]:
        if _is_name(str(study)) and (found := folder / "params" / f"{study}.yml").is_file():
            return _named_as_a_folder(found)
    known = sorted(
        {p.stem for folder in [Path.cwd(), *Path.cwd().parents] for p in folder.glob("params/*.yml")}
    )
    raise LstmkitError(
        f"unknown study {_short(str(study))}; known here: {', '.join(map(_shown, known)) or 'none'}. "
        "Give one of these names, or the path of a .yml file."
    )


def load_params(study: str | Path) -> StudyParams:
    """Read and check the YAML of a study.

    Args:
        study: a name such as `co2`, or the path of a YAML file.

    Raises:
        LstmkitError: the file is missing, is no YAML, or says something that the schema does not know.
    """
    path = find_params(study)
    content = read_yaml(path)
    if not isinstance(content, dict):
        found = "nothing" if content is None else type(content).__name__
        raise LstmkitError(f"{path}: expected keys such as `title` and `data`, found {found}")
    try:
        return checked(StudyParams, content)
    except LstmkitError as error:
        raise LstmkitError(f"{path}: {error}") from None


def checked(schema: type[BaseModel], content: Any) -> Any:
    """Check what a study, or a block of it, states.

    Args:
        schema: of the study or the block.
        content: keys and values as in a YAML.

    Returns:
        An instance of the schema.

    Raises:
        LstmkitError: it holds something that the schema does not know.
    """
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        raise LstmkitError(_readable(error)) from None


def _is_name(study: str) -> bool:
    return bool(study) and study.isprintable() and len(study) < 200


def _existing(path: Path) -> Path:
    try:
        is_file, is_folder = path.is_file(), path.is_dir()
    except OSError as error:
        raise LstmkitError(f"{_short(str(path))}: cannot be read: {error.strerror}") from None
    if not is_file:
        shown = _shown(str(path))
        raise LstmkitError(f"{shown}: this is a folder" if is_folder else f"there is no study file {shown}")
    return path


def _named_as_a_folder(path: Path) -> Path:
    try:
        folder_name(path.stem)
    except ValueError as error:
        raise LstmkitError(f"{_shown(str(path))}: rename the file: {error}") from None
    if path.stem.endswith(RESULTS_OF_A_MODEL):
        raise LstmkitError(
            f"{path}: rename the file: names that end in {RESULTS_OF_A_MODEL} are those of results"
        )
    return path


def _readable(error: ValidationError) -> str:
    faults = [_fault(item) for item in error.errors(include_url=False)]
    more = [f"and {len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []
    return "; ".join(faults[:MOST_FAULTS] + more)


def _fault(item: ErrorDetails) -> str:
    where = ".".join(_shown(str(part)) for part in item["loc"] if part not in UNSAID)
    said = " ".join(item["msg"].removeprefix("Value error, ").split())  # it may quote what the file holds
    if item["type"] == "extra_forbidden":
        said = "this key is not known"
    if not where:
        return said
    return f"{where}: {said}" + ("" if item["type"] == "missing" else f" (given: {_short(item['input'])})")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _shown(text: str) -> str:
    """A name as it is, or as Python writes it where it would not stay in its line."""
    short = text if len(text) <= 200 else f"{text[:200]}…"
    return short if short.isprintable() else repr(short)
