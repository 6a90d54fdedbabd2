"""Files of sensors that do not exist, the `data` blocks that describe them, and the one line that refuses them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstmkit.data.reading.files import read_measurements
from lstmkit.errors import LstmkitError
from lstmkit.params import DataParams

PLAIN = "when,wind\n2025-06-05 18:00,3.5\n2025-06-05 18:05,4\n2025-06-05 18:10,\n"
STAMPS = ["06-05 18:00", "06-05 18:05", "06-05 18:10"]


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


def read(path, data) -> tuple[list[str], list]:
    frame, _ = read_measurements(path, data)
    return [f"{stamp:%m-%d %H:%M}" for stamp in frame.index], frame.iloc[:, 0].tolist()


def as_plain(path, data) -> None:
    stamps, values = read(path, data)
    assert stamps == STAMPS
    np.testing.assert_array_equal(values, [3.5, 4, np.nan])
