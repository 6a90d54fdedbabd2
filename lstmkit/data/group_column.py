"""The column by whose values windows are grouped, which no model needs to see."""

from pathlib import Path

import pandas as pd

from lstmkit.data.catalog import locate
from lstmkit.data.dataset import Dataset
from lstmkit.data.grid import LONGEST_INTERPOLATED, beside, last_in_steps
from lstmkit.data.labels import unit_label
from lstmkit.data.reading.files import read_measurements, read_texts
from lstmkit.errors import LstmkitError
from lstmkit.params import ArraysParams, Column, ColumnGroups, DataParams
from lstmkit.wording import shown


def column_values(
    params: ColumnGroups, dataset: Dataset, data: DataParams | ArraysParams, folder: Path
) -> tuple[pd.Series, str]:
    """The value of a column at each step of a series, and its unit.

    The column is one of the dataset's, or a latent, or else the file's own: there a step has the last value that was
    read in it, or the mean of numbers that are parted by edges. A gap of up to an hour, which is filled in the series,
    has the value before it.

    Args:
        params: the column, and edges where it is one of numbers.
        dataset: the series on its grid.
        data: where the series comes from.
        folder: the folder against which relative paths are resolved.

    Returns:
        Numbers or texts, NaN where there are none, on the index of the dataset; and the unit, empty where unknown.

    Raises:
        LstmkitError: there is no such column, or it is none of numbers although it is parted by edges.
    """
    name, rows = params.column, dataset.frame.index
    known = next((frame[name] for frame in (dataset.frame, dataset.latents) if name in frame), None)
    if known is None:
        if isinstance(data, ArraysParams) or data.source == "simulated":
            names = ", ".join([*dataset.frame, *dataset.latents])
            raise LstmkitError(f"groups: there is no column {shown(name)}; {dataset.subject} has {names}")
        known = _of_file(params, dataset, data, folder)
    limit = LONGEST_INTERPOLATED // dataset.interval
    filled = known.ffill(limit=limit) if limit else known
    return filled.reindex(rows), unit_label(dataset.units.get(name, ""))


def _of_file(params: ColumnGroups, dataset: Dataset, data: DataParams, folder: Path) -> pd.Series:
    _, files = locate(data, folder)
    column, rows = Column(column=params.column, unit=""), dataset.frame.index
    alone = data.model_copy(update={"columns": {params.column: column}, "latents": {}})
    if params.edges is None:
        return last_in_steps(read_texts(files, alone), rows, dataset.calendar)
    numbers, _ = read_measurements(files, alone)
    return beside(numbers, rows, dataset.calendar)[params.column]
