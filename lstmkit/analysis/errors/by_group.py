"""Where the errors live: by the regime that came true, and by the regime from which the forecast started."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from lstmkit.analysis.errors.predictions import LastStep
from lstmkit.data.regimes import Regimes
from lstmkit.wording import digits, signed_alike, signed_digits

WHISKERS = {"q5": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}


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
    def labels(self) -> list[str]:
        """The regimes with their ranges."""
        (low, high), unit = self.regimes.edges, self.last.unit
        between = f"{digits(low)} to {digits(high)} {unit}" if low < high else "no value"
        ranges = (f"below {digits(low)} {unit}", between, f"from {digits(high)} {unit}")
        return [f"{name}\n{span}" for name, span in zip(self.regimes.labels, ranges, strict=True)]

    @property
    def caption(self) -> str:
        """What is drawn."""
        return (
            f"Errors (forecast − observed) at the last step, {self.last.lead} ahead, of {self.last.windows_named}. "
            f"Left, by regime of the true value: median, half (box) and nine in ten (whiskers). Right, which share of "
            f"the squared error lies in windows that go from one regime at the origin to another at the last step."
        )

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

    def finding(self) -> str:
        """Which regime and which change of regime holds most of the squared error."""
        if not self.squares.any():
            return f"There is no error at all. {self._empty()}".strip()
        return " ".join(filter(None, [self._most(), self._opposite(), self._changes(), self._empty()]))

    def _most(self) -> str:
        name, unit = self.table["error_share"].idxmax(), self.last.unit
        row = self.table.loc[name]
        others = ", ".join(
            f"{digits(rmse)} {unit} in {label}"
            for label, rmse in self.table["rmse"].dropna().drop(name).items()
        )
        return (
            f"{name} holds {100 * row['error_share']:.0f} % of the squared error in {100 * row['share']:.0f} % of the "
            f"windows: RMSE {digits(row['rmse'])} {unit}{f', against {others}' if others else ''}."
        )

    def _opposite(self) -> str:
        known = self.table["bias"].dropna()
        if len(known) < 2:
            return ""
        biases = zip(signed_alike(*known), known.index, strict=True)
        return f"The bias is {', '.join(f'{bias} {self.last.unit} in {name}' for bias, name in biases)}."

    def _changes(self) -> str:
        stays = np.eye(3, dtype=bool)
        changed, held = (100 * shares[~stays].sum() for shares in (self.window_shares, self.error_shares))
        if not changed:
            return "No window changes its regime between origin and last step."
        text = (
            f"Windows that change their regime between origin and last step are {changed:.0f} % of all and hold "
            f"{held:.0f} % of the squared error"
        )
        if not held:
            return f"{text}."
        start, end = np.unravel_index(np.where(stays, -1, self.error_shares).argmax(), (3, 3))
        names, there = self.regimes.labels, (start, end)
        return (
            f"{text}; among them {names[start]} to {names[end]} weighs most "
            f"({100 * self.window_shares[there]:.1f} % of the windows, {100 * self.error_shares[there]:.0f} % of the "
            f"squared error, bias {signed_digits(self.errors[there] / self.windows[there])} {self.last.unit})."
        )

    def _empty(self) -> str:
        empty = [name for name, windows in self.table["windows"].items() if not windows]
        if not empty:
            return ""
        return f"No true value of the test part at this step lies in {' or '.join(empty)}, so nothing is said of it."

    def facts(self) -> dict[str, Any]:
        """Per regime that is not empty its errors, all regimes' labels, and what the changes of regime hold."""
        changes = ~np.eye(3, dtype=bool)
        found = self.table[self.table["windows"] > 0]
        return {
            "regimes": {
                name: row.to_dict() | {"windows": int(row["windows"])} for name, row in found.iterrows()
            },
            "labels": list(self.regimes.labels),
            "changing_windows_share": float(self.window_shares[changes].sum()),
            "changing_error_share": float(self.error_shares[changes].sum()),
            "unit": self.last.unit,
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
