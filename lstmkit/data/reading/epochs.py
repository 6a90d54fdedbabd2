"""Time stamps that count seconds, or parts of them, since the beginning of 1970 in UTC."""

import numpy as np
import pandas as pd

from lstmkit.data.reading.tables import Cells
from lstmkit.params import EPOCHS

YEARS = (1678, 2261)  # that can be counted in nanoseconds

_LIKELY = (1980, 2100)  # years of a series, where the unit of its counts is in question
_START = pd.Timestamp("1970-01-01", tz="UTC")


def counted(cells: Cells, written: str) -> pd.Series:
    """Read time stamps that are counted from the beginning of 1970 in UTC.

    Args:
        cells: text or numbers.
        written: the `format`, a key of `EPOCHS`.

    Returns:
        One per cell, in UTC.

    Raises:
        LstmkitError: a cell is no number, its year is out of range, or all of them seem to be counted in another unit.
    """
    counts = _numbers(cells.values)
    cells.refuse(
        counts.isna() | np.isinf(counts.astype("float64")),
        f"is no number, as the `format` {written!r} that the YAML states under `time` needs",
    )
    other = next((each for each in EPOCHS if each != written and _are_likely(counts, each)), None)
    is_other = not _are_likely(counts, written) and other is not None
    advice = f": write `format: {other}` under `time` in the YAML" if is_other else ""
    low, high = _bounds(written)
    cells.refuse(
        (counts < low) | (counts > high),
        f"is outside the years {YEARS[0]} to {YEARS[1]} in which times are computed, counted as {written}{advice}",
    )
    if is_other:
        first = _stamps(counts.iloc[:1], written).iloc[0]
        likely = f"counted as {other}, all rows lie between {_LIKELY[0]} and {_LIKELY[1]}"
        said = f"is {first:%Y-%m-%d %H:%M:%S} UTC, counted as {written}; {likely}{advice}"
        cells.refuse(pd.Series(True, counts.index), said)
    return _stamps(counts, written)


def advice_on_counts(values: pd.Series) -> str:
    """What to state where numbers stand in place of time stamps that may be counts since 1970.

    Args:
        values: text or numbers.
    """
    counts = _numbers(values)
    if not len(counts) or counts.isna().any():
        return ""
    likely = next((each for each in EPOCHS if _are_likely(counts, each)), None)
    return f"if it counts since 1970, write `format: {likely}` under `time` in the YAML" if likely else ""


def _numbers(values: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return pd.Series(np.nan, values.index)
    return pd.to_numeric(values, errors="coerce")


def _bounds(unit: str) -> tuple[float, float]:
    low, high = (pd.Timestamp(f"{year}-01-01", tz="UTC") - _START for year in (YEARS[0], YEARS[1] + 1))
    return low.total_seconds() * EPOCHS[unit], high.total_seconds() * EPOCHS[unit] - 1


def _are_likely(counts: pd.Series, unit: str) -> bool:
    low, high = (pd.Timestamp(f"{year}-01-01", tz="UTC") - _START for year in _LIKELY)
    found = counts.astype("float64") / EPOCHS[unit]
    return bool(found.between(low.total_seconds(), high.total_seconds()).all())


def _stamps(counts: pd.Series, unit: str) -> pd.Series:
    """Whole counts exactly, others to the microsecond."""
    finer = EPOCHS[unit] // 1_000_000
    if finer:
        microseconds = (counts // finer).astype("int64")
    else:
        scaled = counts * (1_000_000 // EPOCHS[unit])
        microseconds = scaled.round().astype("int64")
    return pd.Series(pd.DatetimeIndex(microseconds.to_numpy("datetime64[us]"), tz="UTC"), counts.index)
