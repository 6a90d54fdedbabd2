"""Columns of classes: each class becomes a column, 1 where a row is of it and 0 where it is of another."""

import numpy as np
import pandas as pd

from lstmkit.data.reading.tables import Cells, as_text, some
from lstmkit.data.reading.values import stands_for_missing
from lstmkit.errors import LstmkitError
from lstmkit.params import DataParams, Missing
from lstmkit.wording import one_line, shown

UNIT = "probability"


def indicators(parts: list[Cells], name: str, data: DataParams) -> dict[str, np.ndarray]:
    """Read a column of classes.

    Args:
        parts: its cells, one part per file, in the order of time.
        name: of the column in the study.
        data: the column's classes and codes for missing values.

    Returns:
        Per class, under the name of its column, 1 or 0 per row of all parts, NaN where it is missing.

    Raises:
        LstmkitError: a cell is none of the classes, or the column holds none.
    """
    column = data.columns[name]
    missing = data.missing if column.missing is None else column.missing
    labels = pd.concat([_labels(cells, name, column.classes or (), missing) for cells in parts])
    if labels.isna().all():
        raise LstmkitError(f"{one_line(parts[0].path)}: {parts[0].label} holds no values")
    return {
        indicator: (labels == label).astype("float64").where(labels.notna()).to_numpy()
        for indicator, label in zip(column.names(name), column.classes or (), strict=True)
    }


def _labels(cells: Cells, name: str, classes: tuple[str, ...], missing: Missing) -> pd.Series:
    """The class of each row, None where it is missing."""
    text = as_text(cells.values)
    is_class = text.isin(classes)
    is_missing = ~is_class & stands_for_missing(text, missing)
    advice = f"is none of the classes of {shown(name)} in the YAML, {some(list(classes))}"
    cells.refuse(~is_class & ~is_missing, f"{advice}; if it stands for a missing value, list it in `missing`")
    return text.where(is_class, None)
