"""Finds and reads the YAML of a study."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from lstmkit.errors import LstmkitError
from lstmkit.params.study import StudyParams


def find_params(study: str | Path) -> Path:
    """Find the YAML of a study by its name or its path.

    A name is looked for in `params/` of the working directory and of each directory above it.

    Args:
        study: a name such as `co2`, or the path of a YAML file.

    Raises:
        LstmkitError: there is none; the message lists the studies that there are.
    """
    path = Path(study)
    if path.suffix in {".yml", ".yaml"}:
        if not path.is_file():
            raise LstmkitError(f"there is no study file {path.absolute()}")
        return path.absolute()
    for folder in [Path.cwd(), *Path.cwd().parents]:
        if (found := folder / "params" / f"{study}.yml").is_file():
            return found
    known = sorted(
        {p.stem for folder in [Path.cwd(), *Path.cwd().parents] for p in folder.glob("params/*.yml")}
    )
    raise LstmkitError(
        f"unknown study {str(study)!r}; known here: {', '.join(known) or 'none'}. "
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
    try:
        content = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise LstmkitError(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(content, dict):
        raise LstmkitError(
            f"{path}: expected keys such as `title` and `data`, found {type(content).__name__}"
        )
    try:
        return StudyParams.model_validate(content)
    except ValidationError as error:
        raise LstmkitError(f"{path}: {_readable(error)}") from None


def _readable(error: ValidationError) -> str:
    lines = []
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"]) or "the file"
        said = "this key is not known" if item["type"] == "extra_forbidden" else item["msg"]
        lines.append(f"{where}: {said}" + (f" (given: {item['input']!r})" if item["loc"] else ""))
    return "\n  ".join(lines)
