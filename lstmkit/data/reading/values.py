"""The numbers of a measured column: what is missing, what is no measurement, and what cannot be."""

import numpy as np
import pandas as pd

from lstmkit.data.quantities import Quantity, out_of_range, quantity_of
from lstmkit.data.reading.sentinels import sentinels
from lstmkit.data.reading.tables import Cells
from lstmkit.data.units import known_unit, similar_unit, stated_as, to_canonical
from lstmkit.errors import LstmkitError
from lstmkit.params import Column, DataParams, Missing
from lstmkit.wording import one_line, shown

_WORDS = ("", "na", "n/a", "<na>", "#na", "#n/a", "#n/a n/a", "null", "none", "nan", "-nan")
_WORDS_OF_WINDOWS = ("1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan")
MISSING_WORDS = frozenset(_WORDS + _WORDS_OF_WINDOWS)
LARGEST = float(np.finfo(np.float32).max)


def measured(parts: list[Cells], name: str, data: DataParams) -> tuple[np.ndarray, str]:
    """Read a column's numbers in its canonical unit.

    Args:
        parts: its cells, one part per file, in the order of time.
        name: of the column in the study.
        data: the column's unit, range and codes for missing values.

    Returns:
        One number per row of all parts, NaN where it is missing; and their unit.

    Raises:
        LstmkitError: a cell is no number, a number is no measurement, or the column holds none.
    """
    column = data.columns[name]
    missing = data.missing if column.missing is None else column.missing
    stated = [_numbers(cells, missing, data.read.decimal) for cells in parts]
    together = np.concatenate(stated)
    if np.isnan(together).all():
        raise LstmkitError(f"{one_line(parts[0].path)}: {parts[0].label} holds no values")
    if missing != "none":
        _refuse_sentinels(parts, stated, together)
    for cells, numbers in zip(parts, stated, strict=True):
        cells.refuse(
            np.isinf(numbers),
            "is not finite; if it stands for a missing value, list it in `missing` in the YAML",
        )
        cells.refuse(numbers.abs() > LARGEST, "is too large for single precision, in which networks compute")
        _refuse_impossible(cells, numbers, name, column)
    quantity = quantity_of(name, column)
    kind = None if quantity is None else quantity.unit
    values, unit = to_canonical(pd.Series(together), column.unit, kind)
    return values.to_numpy(), unit


def stands_for_missing(texts: pd.Series, missing: Missing) -> pd.Series:
    """Whether each text is a word for a missing value, or a code as a file writes it.

    Args:
        texts: of a column.
        missing: codes and words that the YAML lists, beside those that are known.
    """
    listed = () if missing is None or missing == "none" else missing
    codes = [item if isinstance(item, str) else f"{item:g}" for item in listed]
    return texts.str.casefold().isin(MISSING_WORDS) | texts.isin(codes)


def _numbers(cells: Cells, missing: Missing, decimal: str) -> pd.Series:
    words = {item for item in missing or () if isinstance(item, str)} if missing != "none" else set()
    numbers = _parsed(cells, words, decimal) if cells.first_line is not None else _typed(cells)
    codes = (
        []
        if missing is None or missing == "none"
        else [code for item in missing for code in _as_stored(item)]
    )
    return numbers.mask(numbers.isin(codes)) if codes else numbers


def _parsed(cells: Cells, words: set[str], decimal: str) -> pd.Series:
    written = cells.values
    if decimal == ",":
        written = written.where(~written.str.contains(".", regex=False), "?").str.replace(
            ",", ".", regex=False
        )
    numbers = pd.to_numeric(written, errors="coerce").astype("float64")
    left = cells.values[numbers.isna()].str.strip()
    is_word = left.str.casefold().isin(MISSING_WORDS) | left.isin(words)
    advice = "if it stands for a missing value, list it in `missing` in the YAML"
    if decimal == "." and left.str.fullmatch(r"[-+]?\d+,\d+").any():
        advice = "if its comma is the decimal sign, write `decimal: ','` under `read` in the YAML"
    cells.refuse(~is_word.reindex(numbers.index, fill_value=True), f"is not a number; {advice}")
    return numbers


def _typed(cells: Cells) -> pd.Series:
    values = cells.values
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        cells.refuse(values.notna(), "is not a number")
        return pd.Series(np.nan, values.index)
    return values.astype("float64")


def _as_stored(code: float | str) -> list[float]:
    """A code as a number in double and in single precision; none if it is a word."""
    try:
        number = float(code)
    except ValueError:
        return []
    with np.errstate(over="ignore"):
        return [number, float(np.float32(number))]


def _refuse_sentinels(parts: list[Cells], stated: list[pd.Series], together: np.ndarray) -> None:
    found = sentinels(together)
    if not found.size:
        return
    others = together[~np.isin(together, found) & np.isfinite(together)]
    said = (
        f"looks like a logger's code for a missing value, as all other values lie between {others.min():g} and "
        f"{others.max():g}: write `missing: [{', '.join(map(_written, found))}]` for this column in the YAML, or "
        "`missing: none` if it is a measurement"
    )
    for cells, numbers in zip(parts, stated, strict=True):
        cells.refuse(numbers.isin(found), said)


def _written(code: float) -> str:
    text = f"{code:.7g}"
    return text if code in _as_stored(text) else repr(float(code)).removesuffix(".0")


def _refuse_impossible(cells: Cells, numbers: pd.Series, name: str, column: Column) -> None:
    if isinstance(column.range, tuple):
        lowest, highest = column.range
        said = f"is outside the range of {lowest:g} to {highest:g} {column.unit} that the YAML states for {shown(name)}"
        cells.refuse((numbers < lowest) | (numbers > highest), f"{said}; `range: none` there checks nothing")
    elif column.range is None and (quantity := quantity_of(name, column)):
        _refuse_unphysical(cells, numbers, name, column.unit, quantity)


def _refuse_unphysical(cells: Cells, numbers: pd.Series, name: str, unit: str, quantity: Quantity) -> None:
    if known_unit(unit, quantity.unit) is None:
        raise LstmkitError(f"{one_line(cells.path)}: {cells.label}: {_unknown(unit, name, quantity)}")
    way_out = f"if {shown(name)} is not {quantity.label}, write `range: none` for it in the YAML"
    values, canonical = to_canonical(numbers, unit, quantity.unit)
    units = " or ".join(stated_as(quantity.unit))
    if canonical != quantity.unit:
        said = f"{quantity.label} is not measured in {unit}, but in {units}; {way_out}"
        raise LstmkitError(f"{one_line(cells.path)}: {cells.label}: {said}")
    tolerated = f" (±{quantity.tolerance:g} are tolerated)" if quantity.tolerance else ""
    said = (
        f"as {unit} is outside the range of {quantity.label}, {quantity.lowest:g} to {quantity.highest:g} {canonical}"
        f"{tolerated}: is the unit of {shown(name)} in the YAML right? It can be {units}; {way_out}"
    )
    cells.refuse(out_of_range(values, quantity), said)


def _unknown(unit: str, name: str, quantity: Quantity) -> str:
    near = similar_unit(unit, quantity.unit)
    advice = f"write {near}" if near else f"it can be {' or '.join(stated_as(quantity.unit))}"
    return (
        f"the unit {shown(unit)} of {shown(name)} cannot be converted to {quantity.unit}, as is done for "
        f"{quantity.label}: {advice}, or write `range: none` for {shown(name)} in the YAML to keep it as it is"
    )
