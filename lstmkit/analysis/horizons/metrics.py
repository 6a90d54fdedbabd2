"""The same model at several horizons: how good it is at each, and on which windows horizons are compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from scipy.stats import rankdata

from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.task import METRICS
from lstmkit.data.windows import Windows, spread_evenly
from lstmkit.errors import LstmkitError

RANGE_LABELS = {"all_steps": "all steps", "last_step": "last step"}


@dataclass(frozen=True)
class MetricsSummary:
    """Metrics of one model at every horizon, beside the best baseline of each.

    Attributes:
        model: label.
        unit: the target's.
        table: rows (horizon, range); columns rmse, mae, r2 and mape (percent), the same with `baseline_` before them,
            skill, its interval's ends skill_low and skill_high (percent), and best_baseline. NaN where undefined, the
            interval's ends also where there are too few days for one.
        confidence: of the skill's interval.
        test_days: days of the test part, or steps that are longer, by horizon.
        block: what these are, `day` or a longer step.
    """

    model: str
    unit: str
    table: pd.DataFrame
    confidence: float
    test_days: dict[str, int]
    block: str = "day"

    @property
    def overall(self) -> pd.DataFrame:
        """The rows of the table that are over all steps, by horizon."""
        return self.table.xs(RANGE_LABELS["all_steps"], level="range")

    @property
    def growth(self) -> float:
        """RMSE over all steps at the last horizon, as a multiple of that at the first."""
        rmse = self.overall["rmse"]
        return float(rmse.iloc[-1] / rmse.iloc[0])

    def to_frame(self) -> pd.DataFrame:
        """The table that a reader sees."""
        names = {"rmse": f"RMSE ({self.unit})", "mae": f"MAE ({self.unit})", "r2": "R²", "mape": "MAPE (%)"}
        level = f"{100 * self.confidence:.0f} %"
        return self.table.rename(
            columns={
                **names,
                **{f"baseline_{name}": f"best baseline's {label}" for name, label in names.items()},
                "skill": "skill (%)",
                "skill_low": f"skill, low end of {level} (%)",
                "skill_high": f"skill, high end of {level} (%)",
                "best_baseline": "best baseline",
            }
        )

    def facts(self) -> dict[str, float]:
        """RMSE and skill over all steps, by horizon."""
        columns = {"rmse": "rmse", "skill": "skill_percent"}
        return {
            f"{name} {horizon}": float(row[column])
            for horizon, row in self.overall.iterrows()
            for column, name in columns.items()
        }


def metrics_summary(
    model: str, metrics: dict[float, dict[str, Any]], calendar: Calendar = HOURLY
) -> MetricsSummary:
    """Bring the metrics of all horizons together.

    Args:
        model: label.
        metrics: by horizon in hours, the content of its `metrics.json`.
        calendar: of the series.
    """
    rows = {
        (calendar.duration(hours), RANGE_LABELS[steps]): _row(content, steps)
        for hours, content in sorted(metrics.items())
        for steps in RANGE_LABELS
    }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(["horizon", "range"])
    first = next(iter(metrics.values()))
    days = {calendar.duration(hours): content["test_days"] for hours, content in sorted(metrics.items())}
    return MetricsSummary(model, first["unit"], table, first["confidence"], days, calendar.block)


def _row(content: dict[str, Any], steps: str) -> dict[str, float | str]:
    skill = content["skill"][steps]
    baseline = content["baselines"][skill["best_baseline"]]
    return {
        **{name: _number(content[name][steps]) for name in METRICS},
        **{f"baseline_{name}": _number(baseline[name][steps]) for name in METRICS},
        "skill": 100 * skill["value"],
        "skill_low": 100 * _number(skill["low"]),
        "skill_high": 100 * _number(skill["high"]),
        "best_baseline": skill["best_baseline"],
    }


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def shared_windows(windows: Sequence[Windows], size: int) -> list[Windows]:
    """Windows with the same inputs at every horizon, spread evenly over time.

    A longer horizon has fewer windows, and its own sample; differences between samples would look like differences
    between horizons.

    Args:
        windows: of each horizon, on the same series with the same lookback.
        size: number of windows.

    Raises:
        LstmkitError: the horizons have no window in common.
    """
    return [
        each.select(torch.from_numpy(chosen))
        for each, chosen in zip(windows, shared_positions(windows, size), strict=True)
    ]


def shared_positions(windows: Sequence[Windows], size: int) -> list[Int[np.ndarray, "window"]]:
    """Where the windows that `shared_windows` gives stand among all of each horizon, in rising order.

    Args:
        windows: of each horizon, on the same series with the same lookback.
        size: number of windows.

    Raises:
        LstmkitError: the horizons have no window in common.
    """
    starts = [each.starts.cpu().numpy() for each in windows]
    shared = reduce(np.intersect1d, starts)
    if not len(shared):
        raise LstmkitError(
            "no test window serves every horizon: give a longer test part, or compare horizons that are closer"
        )
    chosen = shared[spread_evenly(len(shared), size)]
    return [np.searchsorted(rows, chosen) for rows in starts]


def shares(sums: Float[np.ndarray, "*draw item"]) -> Float[np.ndarray, "*draw item"]:
    """Percent of the total over all items; zero where that is zero.

    Args:
        sums: of each item.
    """
    total = sums.sum(axis=-1, keepdims=True)
    return 100 * sums / np.where(total == 0, 1.0, total)


def ranks(sums: Float[np.ndarray, "*draw item"]) -> Float[np.ndarray, "*draw item"]:
    """Ranks of the items: 1 is the largest, and equal ones share their mean rank.

    Args:
        sums: of each item.
    """
    return rankdata(-sums, axis=-1)
