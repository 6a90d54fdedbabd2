"""Files of sensors that do not exist, the `data` blocks that describe them, and the one line that refuses them."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from lstmkit.data.files import read_measurements
from lstmkit.errors import LstmkitError
from lstmkit.params import DataParams


def data_block(**changed) -> DataParams:
    """A block for a file with the columns `when` and `wind`; `changed` is laid over it key by key."""
    columns = {"wind": {"column": "wind", "unit": "m/s"}}
    block = {
        "source": "logger.csv",
        "target": "wind",
        "time": {"column": "when"},
        "columns": columns,
    } | changed
    if block["target"] not in block["columns"]:
        block["target"] = next(iter(block["columns"]))
    return DataParams.model_validate(block)


def column_block(name: str = "wind", unit: str = "m/s", **changed) -> DataParams:
    """A block whose one column `wind` of the file has our name, a unit, and other settings."""
    return data_block(columns={name: {"column": "wind", "unit": unit, **changed}})


def write(folder: Path, text: str, name: str = "logger.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def hourly(folder: Path, values: Sequence) -> Path:
    stamps = pd.date_range("2025-06-05", periods=len(values), freq="h").strftime("%Y-%m-%d %H:%M")
    rows = [f"{stamp},{value}" for stamp, value in zip(stamps, values, strict=True)]
    return write(folder, "\n".join(["when,wind", *rows]) + "\n")


def refusal(files: Path | Sequence[Path], data: DataParams) -> str:
    """The message with which files are refused: one printable line that names the file."""
    with pytest.raises(LstmkitError) as caught:
        read_measurements(files, data)
    message = str(caught.value)
    assert message.isprintable(), message
    named = [files] if isinstance(files, Path) else files
    assert any(str(path) in message for path in named), message
    return message
