"""Whether the forecasts are calibrated: true values against forecasts, and the line between them."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.analysis.errors.predictions import LastStep, varies
from lstmkit.analysis.errors.sums import score
from lstmkit.analysis.resampling.statistics import FEWEST_DAYS, DailySums, central_interval, resample_blocks
from lstmkit.params import EvaluationParams

FEWEST_BINS, MOST_BINS, GROUPS = 10, 70, 10
EIGHT_OF_TEN = (0.1, 0.9)


@dataclass(frozen=True)
class Line:
    """Least-squares line of the true values on the forecasts (Mincer & Zarnowitz 1969).

    Attributes:
        intercept: in the target's unit.
        slope: one where a forecast that is higher by one comes true higher by one.
        low: lower end of the slope's interval over resampled blocks of days; none where there are too few.
        high: upper end.
    """

    intercept: float
    slope: float
    low: float | None
    high: float | None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both ends of the slope's interval; none where there are too few days."""
        return None if self.low is None or self.high is None else (self.low, self.high)


class CalibrationFacts(TypedDict):
    """Errors at the last step, and the slope of the true values on the forecasts."""

    r2: float | None
    rmse: float
    mae: float
    bias: float
    forecast_sd: float
    observed_sd: float
    slope: float | None
    slope_interval: list[float] | None
    windows: int
    unit: str


@dataclass(frozen=True)
class Calibration:
    """True values against forecasts at the last step.

    Attributes:
        counts: windows per cell, shape (forecast, observed).
        edges: of the cells, the same for both, in the target's unit.
        groups: tenths of the windows, from the lowest forecasts to the highest: means of forecast and true value, and
            the 10 % and 90 % quantiles of the error.
        r2: share of the variance that is explained; none where the target is constant.
        rmse: root mean square error.
        mae: mean absolute error.
        bias: mean error.
        spread: standard deviation of the forecasts and of the true values.
        line: none where the forecasts are constant.
        confidence: of the slope's interval.
        last: what is drawn.
    """

    counts: Float[np.ndarray, "bin bin"]
    edges: Float[np.ndarray, "edge"]
    groups: pd.DataFrame
    r2: float | None
    rmse: float
    mae: float
    bias: float
    spread: tuple[float, float]
    line: Line | None
    confidence: float
    last: LastStep

    def to_frame(self) -> pd.DataFrame:
        """The groups of windows, from the lowest forecasts to the highest."""
        return self.groups

    def facts(self) -> CalibrationFacts:
        """R², RMSE, MAE, bias, spreads and slope."""
        line = self.line
        return {
            "r2": self.r2,
            "rmse": self.rmse,
            "mae": self.mae,
            "bias": self.bias,
            "forecast_sd": self.spread[0],
            "observed_sd": self.spread[1],
            "slope": None if line is None else line.slope,
            "slope_interval": None if line is None or line.interval is None else list(line.interval),
            "windows": len(self.last),
            "unit": self.last.unit,
        }


def calibration(last: LastStep, params: EvaluationParams, seed: int) -> Calibration:
    """Hold true values against forecasts.

    Args:
        last: forecasts and true values.
        params: resamplings of the days, and their confidence.
        seed: of the resamplings.
    """
    bins = int(np.clip(np.sqrt(len(last)), FEWEST_BINS, MOST_BINS))
    edges = np.linspace(*_range(last), bins + 1)
    metrics = score(last.observed[:, None], last.forecast[:, None])
    return Calibration(
        counts=np.histogram2d(last.forecast, last.observed, bins=[edges, edges])[0],
        edges=edges,
        groups=_groups(last),
        r2=metrics["r2"] if np.isfinite(metrics["r2"]) else None,
        rmse=metrics["rmse"],
        mae=metrics["mae"],
        bias=float(last.error.mean()),
        spread=(float(last.forecast.std()), float(last.observed.std())),
        line=_line(last, params, seed),
        confidence=params.confidence,
        last=last,
    )


def _range(last: LastStep) -> tuple[float, float]:
    low = min(last.forecast.min(), last.observed.min())
    high = max(last.forecast.max(), last.observed.max())
    margin = 0.02 * (high - low) or 1.0
    return float(low - margin), float(high + margin)


def _groups(last: LastStep) -> pd.DataFrame:
    parts = np.array_split(np.argsort(last.forecast, kind="stable"), min(GROUPS, len(last)))
    rows = [
        [last.forecast[part].mean(), last.observed[part].mean(), *np.quantile(last.error[part], EIGHT_OF_TEN)]
        for part in parts
    ]
    index = pd.RangeIndex(1, len(rows) + 1, name="group")
    frame = pd.DataFrame(rows, columns=["forecast", "observed", "error_low", "error_high"], index=index)
    return frame.assign(windows=[len(part) for part in parts])


def _line(last: LastStep, params: EvaluationParams, seed: int) -> Line | None:
    if not varies(last.forecast, last.observed):
        return None
    x, y = last.forecast - last.forecast.mean(), last.observed - last.observed.mean()
    days = DailySums()
    days.add(last.origin, np.column_stack([np.ones(len(x)), x, y, x * x, x * y]))
    slope = _slopes(days.total.sum(axis=0, keepdims=True))[0]
    low = high = None
    if len(days) >= FEWEST_DAYS:
        scores = days.total[:, 4] - slope * days.total[:, 3]  # x times what the line leaves
        drawn = _slopes(resample_blocks(scores, params.bootstrap, seed) @ days.total)
        low, high = (float(end) for end in central_interval(drawn, params.confidence))
    return Line(float(last.observed.mean() - slope * last.forecast.mean()), float(slope), low, high)


def _slopes(sums: Float[np.ndarray, "draw 5"]) -> Float[np.ndarray, "known"]:
    """Slopes from sums of 1, x, y, x² and x·y; without the draws in which x is constant."""
    n, x, y, xx, xy = sums.T
    spread, common = xx - x * x / n, xy - x * y / n
    known = spread > 1e-9 * np.maximum(xx, np.finfo(float).tiny)
    return common[known] / spread[known]
