"""Where the errors live: by the regime that came true, and by the regime from which the forecast started."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from lstmkit.analysis.errors.predictions import LastStep
from lstmkit.data.regimes import Regimes

WHISKERS = {"q5": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
CHANGES = ~np.eye(3, dtype=bool)  # from one regime to another


class RegimeErrorFacts(TypedDict):
    """Errors where the true value lies in one regime, and its shares of the windows and of the squared error."""

    windows: int
    share: float
    bias: float
    mae: float
    rmse: float
    error_share: float


class ErrorByRegimeFacts(TypedDict):
    """Errors by the regime of the true value, and what the changes of regime hold."""

    regimes: dict[str, RegimeErrorFacts]  # that are not empty
    labels: list[str]
    changing_windows_share: float
    changing_error_share: float
    unit: str


@dataclass(frozen=True)
class ErrorByRegime:
    """Errors at the last step, forecast minus true value, by regime.

    Attributes:
        table: one row per regime of the true value, with `windows`, `share` of all windows, `bias`, `mae`, `rmse` and
            `error_share`, the share of the summed squared error; only `windows` and `share` count where it is empty.
        boxes: quantiles of the error, one row per regime that is not empty.
        windows: number by regime at the origin (rows) and of the true value (columns), shape (3, 3).
        squares: sum of squared errors, of the same shape.
        errors: sum of errors, of the same shape.
        regimes: their labels and edges.
        last: the forecasts.
    """

    table: pd.DataFrame
    boxes: pd.DataFrame
    windows: Int[np.ndarray, "3 3"]
    squares: Float[np.ndarray, "3 3"]
    errors: Float[np.ndarray, "3 3"]
    regimes: Regimes
    last: LastStep

    @property
    def error_shares(self) -> Float[np.ndarray, "3 3"]:
        """Share of the summed squared error by regime at the origin and of the true value."""
        return self.squares / (self.squares.sum() or 1.0)

    @property
    def window_shares(self) -> Float[np.ndarray, "3 3"]:
        """Share of the windows by regime at the origin and of the true value."""
        return self.windows / self.windows.sum()

    @property
    def changing_windows_share(self) -> float:
        """Share of the windows that change their regime between origin and last step."""
        return float(self.window_shares[CHANGES].sum())

    @property
    def changing_error_share(self) -> float:
        """Share of the summed squared error that these windows hold."""
        return float(self.error_shares[CHANGES].sum())

    @property
    def worst(self) -> str:
        """The regime of the true value that holds most of the squared error."""
        return self.table["error_share"].idxmax()

    @property
    def worst_change(self) -> tuple[int, int]:
        """Positions of the two regimes, at the origin and of the true value, whose change holds most of it."""
        start, end = np.unravel_index(np.where(CHANGES, self.error_shares, -1).argmax(), (3, 3))
        return int(start), int(end)

    @property
    def empty(self) -> list[str]:
        """Regimes in which no true value lies."""
        return [name for name, windows in self.table["windows"].items() if not windows]

    def to_frame(self) -> pd.DataFrame:
        """One row per way from a regime at the origin to one at the last step that is taken."""
        index = pd.MultiIndex.from_product([self.regimes.labels] * 2, names=["at origin", "at last step"])
        columns = {"windows": self.windows, "share": self.window_shares, "error_share": self.error_shares}
        frame = pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=index)
        frame = frame[frame["windows"] > 0]
        taken = self.windows.ravel() > 0
        count = self.windows.ravel()[taken]
        return frame.assign(
            bias=self.errors.ravel()[taken] / count, rmse=np.sqrt(self.squares.ravel()[taken] / count)
        )

    def table_frame(self) -> pd.DataFrame:
        """The table that a reader sees, one row per regime of the true value."""
        unit = self.last.unit
        shown = self.table.assign(
            share=100 * self.table["share"], error_share=100 * self.table["error_share"]
        )
        names = {
            "share": "share of windows (%)",
            "bias": f"bias ({unit})",
            "mae": f"MAE ({unit})",
            "rmse": f"RMSE ({unit})",
            "error_share": "share of squared error (%)",
        }
        return shown.rename(columns=names).rename_axis("regime that came true")

    def facts(self) -> ErrorByRegimeFacts:
        """Per regime that is not empty its errors, all regimes' labels, and what the changes of regime hold."""
        found = self.table[self.table["windows"] > 0]
        return {
            "regimes": {name: _regime_facts(row) for name, row in found.iterrows()},
            "labels": list(self.regimes.labels),
            "changing_windows_share": self.changing_windows_share,
            "changing_error_share": self.changing_error_share,
            "unit": self.last.unit,
        }


def _regime_facts(row: pd.Series) -> RegimeErrorFacts:
    return {
        "windows": int(row["windows"]),
        "share": float(row["share"]),
        "bias": float(row["bias"]),
        "mae": float(row["mae"]),
        "rmse": float(row["rmse"]),
        "error_share": float(row["error_share"]),
    }


def error_by_regime(last: LastStep, regimes: Regimes) -> ErrorByRegime:
    """Part the errors at the last step by regime.

    Args:
        last: forecasts and true values.
        regimes: of the target.
    """
    error, true, start = last.error, regimes.of(last.observed), regimes.of(last.latest)
    way = 3 * start + true
    windows, squares, errors = (
        np.bincount(way, weights, minlength=9).reshape(3, 3) for weights in (None, error**2, error)
    )
    labels = list(regimes.labels)
    grouped = pd.Series(error).groupby(true)
    boxes = grouped.quantile(list(WHISKERS.values())).unstack().set_axis(list(WHISKERS), axis=1)
    return ErrorByRegime(
        table=_table(error, true, labels),
        boxes=boxes.set_axis([labels[regime] for regime in boxes.index], axis=0),
        windows=windows,
        squares=squares,
        errors=errors,
        regimes=regimes,
        last=last,
    )


def _table(
    error: Float[np.ndarray, "window"], true: Int[np.ndarray, "window"], labels: list[str]
) -> pd.DataFrame:
    windows = np.bincount(true, minlength=3)
    absolute, squares, sums = (np.bincount(true, w, minlength=3) for w in (np.abs(error), error**2, error))
    filled = np.where(windows > 0, windows, np.nan)  # of an empty regime nothing is known
    columns = {
        "windows": windows,
        "share": windows / len(error),
        "bias": sums / filled,
        "mae": absolute / filled,
        "rmse": np.sqrt(squares / filled),
        "error_share": squares / (squares.sum() or 1.0),
    }
    return pd.DataFrame(columns, index=labels)
