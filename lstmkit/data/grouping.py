"""Finds the groups that a study asks for: shares or ranges of the target, values of a column, or spans of time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from pydantic import TypeAdapter, ValidationError

from lstmkit.data.dataset import Dataset
from lstmkit.data.equal_shares import equal_shares
from lstmkit.data.group_column import column_values
from lstmkit.data.groups import Groups
from lstmkit.data.labels import unit_label
from lstmkit.data.split import PartRows
from lstmkit.data.starts import newest
from lstmkit.errors import LstmkitError
from lstmkit.params import (
    ArraysParams,
    ColumnGroups,
    DataParams,
    EdgeGroups,
    GroupParams,
    QuantileGroups,
    SpanGroups,
)
from lstmkit.params.groups import MOST_GROUPS, OTHER, UNKNOWN, Labels
from lstmkit.wording import count, shown

LABELS: TypeAdapter[tuple[str, ...]] = TypeAdapter(Labels)


def find_groups(
    params: GroupParams,
    dataset: Dataset,
    target: str,
    training: PartRows,
    data: DataParams | ArraysParams,
    folder: Path,
) -> Groups:
    """Find to which group each step of a series belongs.

    Args:
        params: the study's `groups`.
        dataset: the series on its grid.
        target: that is explained; where its past is no input, a step has the latest value that was measured.
        training: rows of the training part, from which shares are taken.
        data: where the series comes from, for a column of its file.
        folder: the folder against which relative paths are resolved.

    Raises:
        LstmkitError: the training part holds no value of the target, or the column cannot be used.
    """
    if isinstance(params, SpanGroups):
        groups = _of_spans(params, dataset)
    elif isinstance(params, ColumnGroups):
        groups = _of_column(params, *column_values(params, dataset, data, folder))
    else:
        groups = _of_target(params, dataset, target, training)
    found = np.unique(groups.codes[training])
    empty = tuple(label for group, label in enumerate(groups.labels) if group not in found)
    return replace(groups, empty=empty)


def _of_target(
    params: QuantileGroups | EdgeGroups, dataset: Dataset, target: str, training: PartRows
) -> Groups:
    values = dataset.frame[target].to_numpy()
    known = values[training][~np.isnan(values[training])]
    if not len(known):
        raise LstmkitError("the target has no value in the training part, so it has no groups")
    edges = params.edges if isinstance(params, EdgeGroups) else equal_shares(known, len(params.labels))
    codes = _ranges(values if dataset.target_known else newest(values[:, None])[:, 0], edges)
    return Groups(params.labels, codes, edges=edges, unit=unit_label(dataset.units[target]), of_target=True)


def _ranges(values: Float[np.ndarray, "time"], edges: tuple[float, ...]) -> Int[np.ndarray, "time"]:
    return np.where(np.isnan(values), -1, np.digitize(values, edges))


def _of_spans(params: SpanGroups, dataset: Dataset) -> Groups:
    days = dataset.local_time.tz_localize(None).normalize()
    codes = np.full(len(days), len(params.spans))
    for group, spans in enumerate(params.spans.values()):
        for first, last in spans:
            codes[(days >= (first or days[0])) & (days <= (last or days[-1]))] = group
    has_others = len(params.spans) == 1 or codes.max() == len(params.spans)
    return Groups((*params.spans, *([OTHER] if has_others else [])), codes, params.noun)


def _of_column(params: ColumnGroups, values: pd.Series, unit: str) -> Groups:
    """Steps without a value are a group of their own, the last one."""
    if params.labels and params.edges:
        labels, edges = params.labels, params.edges
        codes = _ranges(values.to_numpy("float64"), edges)
    else:
        texts = values.map(_text, na_action="ignore")
        labels, edges = _labels(texts, params.column), ()
        codes = pd.Categorical(texts, labels).codes.astype("int64")
    if (codes < 0).any():
        labels = labels if UNKNOWN in labels else (*labels, UNKNOWN)
        codes = np.where(codes < 0, labels.index(UNKNOWN), codes)
    return Groups(labels, codes, params.noun, edges, unit)


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _labels(texts: pd.Series, column: str) -> tuple[str, ...]:
    """The values of a column, numbers by size and others by the alphabet."""
    values = sorted(texts.dropna().unique())
    numbers = pd.to_numeric(pd.Series(values, dtype="str"), errors="coerce")
    if numbers.notna().all():
        values = [values[place] for place in np.argsort(numbers, kind="stable")]
    found = [*values, *([UNKNOWN] if texts.isna().any() and UNKNOWN not in values else [])]
    what = f"the column {shown(column)} of `groups`"
    if len(found) < 2:
        held = f"{shown(found[0])} alone" if values else "no values"
        raise LstmkitError(f"{what} holds {held}: groups need two")
    if len(values) > MOST_GROUPS:
        raise LstmkitError(
            f"{what} holds {count(len(values), 'different value')}, {MOST_GROUPS} are the most: of a column of numbers "
            "write `labels` and the `edges` between them"
        )
    try:
        LABELS.validate_python(tuple(found[:MOST_GROUPS]))
    except ValidationError as error:
        fault = error.errors()[0]
        said = fault["msg"].removeprefix("Value error, ")
        raise LstmkitError(f"{what} holds {shown(fault['input'])}, which cannot be a label: {said}") from None
    return tuple(values)
