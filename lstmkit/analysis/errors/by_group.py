"""Where the errors lie: by the group at the last step ahead, and by the group from which the forecast started."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from lstmkit.analysis.errors.predictions import LastStep
from lstmkit.data.groups import Groups

WHISKERS = {"q5": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}


class RegimeErrorFacts(TypedDict):
    """Errors at steps of one group, and its shares of the windows and of the squared error."""

    windows: int
    share: float
    bias: float
    mae: float
    rmse: float
    error_share: float


class ErrorByRegimeFacts(TypedDict):
    """Errors by the group at the last step, and what the changes of group hold.

    Attributes:
        regimes: per group that is not empty.
        labels: of all groups.
        changing_windows_share: windows that change their group between origin and last step.
        changing_error_share: what they hold of the squared error.
        unit: of the target.
        noun: what one of the groups is called, where they are no ranges of the target.
        n_ranges: how many of the groups are ranges, where they are no ranges of the target.
    """

    regimes: dict[str, RegimeErrorFacts]
    labels: list[str]
    changing_windows_share: float
    changing_error_share: float
    unit: str
    noun: NotRequired[str]
    n_ranges: NotRequired[int]


@dataclass(frozen=True)
class ErrorByRegime:
    """Errors at the last step, forecast minus true value, by group.

    Attributes:
        table: one row per group at the last step, with `windows`, `share` of all windows, `bias`, `mae`, `rmse` and
            `error_share`, the share of the summed squared error; only `windows` and `share` count where it is empty.
        boxes: quantiles of the error, one row per group that is not empty.
        windows: number by group at the origin (rows) and at the last step (columns), shape (group, group).
        squares: sum of squared errors, of the same shape.
        errors: sum of errors, of the same shape.
        groups: of the steps.
        last: the forecasts.
    """

    table: pd.DataFrame
    boxes: pd.DataFrame
    windows: Int[np.ndarray, "group group"]
    squares: Float[np.ndarray, "group group"]
    errors: Float[np.ndarray, "group group"]
    groups: Groups
    last: LastStep

    @property
    def error_shares(self) -> Float[np.ndarray, "group group"]:
        """Share of the summed squared error by group at the origin and at the last step."""
        return self.squares / (self.squares.sum() or 1.0)

    @property
    def window_shares(self) -> Float[np.ndarray, "group group"]:
        """Share of the windows by group at the origin and at the last step."""
        return self.windows / self.windows.sum()

    @property
    def changing_windows_share(self) -> float:
        """Share of the windows that change their group between origin and last step."""
        return float(self.window_shares[self._changes].sum())

    @property
    def changing_error_share(self) -> float:
        """Share of the summed squared error that these windows hold."""
        return float(self.error_shares[self._changes].sum())

    @property
    def worst(self) -> str:
        """The group at the last step that holds most of the squared error."""
        return self.table["error_share"].idxmax()

    @property
    def worst_change(self) -> tuple[int, int]:
        """Positions of the two groups, at the origin and at the last step, whose change holds most of it."""
        shares = np.where(self._changes, self.error_shares, -1)
        start, end = np.unravel_index(shares.argmax(), shares.shape)
        return int(start), int(end)

    @property
    def _changes(self) -> Bool[np.ndarray, "group group"]:
        """From one group to another."""
        return ~np.eye(len(self.groups), dtype=bool)

    @property
    def empty(self) -> list[str]:
        """Groups in which no last step lies."""
        return [name for name, windows in self.table["windows"].items() if not windows]

    def to_frame(self) -> pd.DataFrame:
        """One row per way from a group at the origin to one at the last step that is taken."""
        index = pd.MultiIndex.from_product([self.groups.labels] * 2, names=["at origin", "at last step"])
        columns = {"windows": self.windows, "share": self.window_shares, "error_share": self.error_shares}
        frame = pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=index)
        frame = frame[frame["windows"] > 0]
        taken = self.windows.ravel() > 0
        count = self.windows.ravel()[taken]
        return frame.assign(
            bias=self.errors.ravel()[taken] / count, rmse=np.sqrt(self.squares.ravel()[taken] / count)
        )

    def table_frame(self) -> pd.DataFrame:
        """The table that a reader sees, one row per group at the last step."""
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
        return shown.rename(columns=names).rename_axis(
            f"{self.groups.noun} that came true"
            if self.groups.of_target
            else f"{self.groups.noun} at the last step"
        )

    def facts(self) -> ErrorByRegimeFacts:
        """Per group that is not empty its errors, all groups' labels, and what the changes of group hold."""
        found = self.table[self.table["windows"] > 0]
        facts: ErrorByRegimeFacts = {
            "regimes": {name: _group_facts(row) for name, row in found.iterrows()},
            "labels": list(self.groups.labels),
            "changing_windows_share": self.changing_windows_share,
            "changing_error_share": self.changing_error_share,
            "unit": self.last.unit,
        }
        if not self.groups.of_target:
            facts |= {"noun": self.groups.noun, "n_ranges": self.groups.n_ranges}
        return facts


def _group_facts(row: pd.Series) -> RegimeErrorFacts:
    return {
        "windows": int(row["windows"]),
        "share": float(row["share"]),
        "bias": float(row["bias"]),
        "mae": float(row["mae"]),
        "rmse": float(row["rmse"]),
        "error_share": float(row["error_share"]),
    }


def error_by_regime(last: LastStep, groups: Groups) -> ErrorByRegime:
    """Part the errors at the last step by group.

    Args:
        last: forecasts and true values.
        groups: of the steps.
    """
    error, end, start, n = last.error, groups.at(last.rows), groups.at(last.origin_rows), len(groups)
    way = n * start + end
    windows, squares, errors = (
        np.bincount(way, weights, minlength=n * n).reshape(n, n) for weights in (None, error**2, error)
    )
    labels = list(groups.labels)
    grouped = pd.Series(error).groupby(end)
    boxes = grouped.quantile(list(WHISKERS.values())).unstack().set_axis(list(WHISKERS), axis=1)
    return ErrorByRegime(
        table=_table(error, end, labels),
        boxes=boxes.set_axis([labels[group] for group in boxes.index], axis=0),
        windows=windows,
        squares=squares,
        errors=errors,
        groups=groups,
        last=last,
    )


def _table(
    error: Float[np.ndarray, "window"], group: Int[np.ndarray, "window"], labels: list[str]
) -> pd.DataFrame:
    windows, absolute, squares, sums = (
        np.bincount(group, weights, minlength=len(labels))
        for weights in (None, np.abs(error), error**2, error)
    )
    filled = np.where(windows > 0, windows, np.nan)  # of an empty group nothing is known
    columns = {
        "windows": windows,
        "share": windows / len(error),
        "bias": sums / filled,
        "mae": absolute / filled,
        "rmse": np.sqrt(squares / filled),
        "error_share": squares / (squares.sum() or 1.0),
    }
    return pd.DataFrame(columns, index=labels)
