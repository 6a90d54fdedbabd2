"""Where windows may start: no value is missing in inputs or targets, and forecasts start at observed steps."""

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from lstmkit.data.dataset import Dataset
from lstmkit.data.gaps import no_window
from lstmkit.data.split import PARTS, PartRows
from lstmkit.errors import LstmkitError


def window_starts(
    dataset: Dataset,
    features: pd.DataFrame,
    values: Float[np.ndarray, "time target"],
    parts: dict[str, PartRows],
    lookback: int,
    horizon: int,
) -> tuple[dict[str, Bool[np.ndarray, "time"]], dict[str, Int[np.ndarray, "_"]]]:
    """Rows of each part at which a forecast may start, and the first row of each of its windows.

    Args:
        dataset: the series on its grid.
        features: of the dataset, on the same index.
        values: of the targets.
        parts: rows of each part.
        lookback: number of input steps.
        horizon: number of steps ahead.

    Raises:
        LstmkitError: a part holds no window.
    """
    known_inputs = _runs_of_true(features.notna().all(axis=1).to_numpy(), lookback)
    measured = dataset.observed.to_numpy()
    rows = {
        name: _forecast_rows(measured, values, _inside(part, len(values)), horizon)
        for name, part in parts.items()
    }
    starts = {name: np.flatnonzero(known_inputs & each[lookback - 1 :]) for name, each in rows.items()}
    if empty := [name for name in PARTS if not len(starts[name])]:
        raise LstmkitError(no_window(empty[0], parts[empty[0]], dataset, features, lookback, horizon))
    return rows, starts


def _inside(rows: PartRows, n_rows: int) -> Bool[np.ndarray, "time"]:
    inside = np.zeros(n_rows, dtype=bool)
    inside[rows] = True
    return inside


def _forecast_rows(
    measured: Bool[np.ndarray, "time"],
    values: Float[np.ndarray, "time target"],
    inside: Bool[np.ndarray, "time"],
    horizon: int,
) -> Bool[np.ndarray, "time"]:
    """Rows that hold a measurement, and whose targets are all known and inside the part."""
    whole = _runs_of_true(inside & ~np.isnan(values).any(axis=1), horizon)  # from each row on
    rows = np.zeros(len(values), dtype=bool)
    ahead = whole[1:]
    rows[: len(ahead)] = ahead
    return rows & measured


def newest(values: Float[np.ndarray, "time target"]) -> Float[np.ndarray, "time target"]:
    """The latest known value of each target at every step; the first one before there is any.

    Args:
        values: of the targets, NaN where one is missing.
    """
    return pd.DataFrame(values).ffill().bfill().to_numpy()


def _runs_of_true(flags: np.ndarray, length: int) -> np.ndarray:
    """Whether the `length` flags from each position on are all true; shape (len(flags) - length + 1,)."""
    wrong = np.concatenate([[0], np.cumsum(~flags)])
    return wrong[length:] == wrong[:-length]
