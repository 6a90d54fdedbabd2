"""How good the forecasts are, against every baseline and with an interval."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.analysis.compared import Compared, Forecast
from lstmkit.analysis.statistics import FEWEST_DAYS, DailySums, RunningMean, central_interval, resample_blocks
from lstmkit.errors import LstmkitError
from lstmkit.wording import digits, signed

RANGES = {"all_steps": slice(None), "last_step": slice(-1, None)}
ANCHOR = "anchor alone"
METRICS = ("rmse", "mae", "r2", "mape")


@dataclass(frozen=True)
class Network:
    """What a model's network adds to the rule from which it deviates.

    Attributes:
        rule: in words, such as `its anchor`.
        gain: by which its outputs were multiplied after training.
        spread: standard deviation between windows of what it adds, over all steps, in the target's unit.
    """

    rule: str
    gain: float
    spread: float


@dataclass(frozen=True)
class Skill:
    """1 − RMSE / RMSE of the best baseline: positive is better than every baseline.

    Attributes:
        value: of the test part.
        low: lower end of the interval over resampled blocks of days; None where there are too few.
        high: upper end.
        best_baseline: the baseline with the lowest RMSE.
    """

    value: float
    low: float | None
    high: float | None
    best_baseline: str

    @property
    def is_open(self) -> bool:
        """Whether there is an interval, and zero lies inside."""
        return self.low is not None and self.low <= 0 <= self.high


@dataclass(frozen=True)
class Evaluation:
    """Metrics of a model and its baselines on the test part.

    Attributes:
        model: the model's label.
        unit: the target's unit.
        metrics: rows are forecasters (the model first), columns (range, metric); MAPE in percent.
        anchor: the row of the rule from which the model deviates, where it is none of the baselines.
        skill: of the model, by range (`all_steps`, `last_step`).
        n_windows: test windows.
        n_days: days on which they start, the blocks of the resampling.
        confidence: of the skill's interval.
        network: what it adds to the rule from which it deviates; None where that is not known.
    """

    model: str
    unit: str
    metrics: pd.DataFrame
    anchor: str | None
    skill: dict[str, Skill]
    n_windows: int
    n_days: int
    confidence: float
    network: Network | None = None

    def to_frame(self) -> pd.DataFrame:
        """The table that a reader sees: RMSE, MAE, R² and MAPE for each forecaster and range."""
        labels = {"all_steps": "all steps", "last_step": "last step"}
        names = {"rmse": f"RMSE ({self.unit})", "mae": f"MAE ({self.unit})", "r2": "R²", "mape": "MAPE (%)"}
        return self.metrics.rename(columns=labels, level=0).rename(columns=names, level=1)

    def to_json(self) -> dict[str, Any]:
        """The content of `metrics.json`."""

        def by_metric(name: str) -> dict[str, dict[str, float | None]]:
            row = self.metrics.loc[name]
            return {m: {r: _finite(row[r, m]) for r in RANGES} for m in METRICS}

        return {
            **by_metric(self.model),
            "skill": {name: vars(skill) for name, skill in self.skill.items()},
            "baselines": {n: by_metric(n) for n in self.metrics.index if n not in (self.model, self.anchor)},
            **({"anchor": by_metric(self.anchor)} if self.anchor else {}),
            **({"network": vars(self.network)} if self.network else {}),
            "unit": self.unit,
            "test_windows": self.n_windows,
            "test_days": self.n_days,
            "confidence": self.confidence,
        }

    def finding(self) -> str:
        """Whether the model beats every baseline, with the figures."""
        return " ".join([*(_sentence(self, name) for name in RANGES), *self._network_adds()])

    def _network_adds(self) -> list[str]:
        if self.anchor is None:
            return []
        model, anchor = (self.metrics["all_steps", "rmse"][name] for name in (self.model, self.anchor))
        change = 100 * (model / anchor - 1)
        effect = f"{'lowers' if change < 0 else 'raises'} that by {abs(change):.1f} %"
        if signed(change) == signed(0.0):
            effect = "changes nothing"
        return [
            f"The anchor alone reaches {digits(anchor)} {self.unit} over all steps; the network {effect}."
        ]


def evaluate(
    model: str,
    unit: str,
    chunks: Iterable[Compared],
    *,
    bootstrap: int,
    confidence: float,
    seed: int,
    rule: str = "its anchor",
    gain: float = 1.0,
) -> Evaluation:
    """Compare a model's forecasts with those of the baselines.

    Of each chunk only sums are kept, so memory does not depend on the number of windows.

    Args:
        model: which of the forecasters is the model.
        unit: the target's unit.
        chunks: all windows, some at a time; `anchor alone`, where it is among the forecasters, is no baseline.
        bootstrap: number of resamplings; forecasts that start on one day, and days in succession whose errors are
            correlated, are resampled together.
        confidence: of the interval.
        seed: of the resamplings.
        rule: what the network deviates from, in words.
        gain: by which the network's outputs were multiplied after training.

    Raises:
        LstmkitError: a baseline makes no error at all.
    """
    added = RunningMean()
    sums = {steps: ErrorSums() for steps in RANGES}
    daily = {steps: DailySums() for steps in RANGES}
    n_windows = 0
    for chunk in chunks:
        n_windows += len(chunk.observed)
        if chunk.rule is not None:
            added.add(chunk.forecasts[model] - chunk.rule)
        for steps, part in RANGES.items():
            squares = sums[steps].add(
                chunk.observed[:, part], {name: values[:, part] for name, values in chunk.forecasts.items()}
            )
            daily[steps].add(chunk.origin, squares)
    metrics = pd.concat({steps: of_range.metrics() for steps, of_range in sums.items()}, axis=1)
    known = [name for name in metrics.index if name not in (model, ANCHOR)]
    anchor = ANCHOR if ANCHOR in metrics.index else None
    n_days = len(daily["all_steps"])
    skill = {}
    for steps in RANGES:
        rmse = metrics[steps, "rmse"]
        best = _best_baseline(rmse[known])
        squares = daily[steps].total[:, rmse.index.get_indexer([model, best])]
        low, high = _interval(squares, bootstrap, confidence, seed) if n_days >= FEWEST_DAYS else (None, None)
        skill[steps] = Skill(float(1 - rmse[model] / rmse[best]), low, high, best)
    metrics = metrics.loc[[model, *known, *([anchor] if anchor else [])]]
    network = (
        Network(rule, gain, float(np.sqrt(np.mean(added.spread) / added.count))) if added.count else None
    )
    return Evaluation(model, unit, metrics, anchor, skill, n_windows, n_days, confidence, network)


class ErrorSums:
    """What the metrics of several forecasters need, of windows that arrive one chunk after the other."""

    def __init__(self) -> None:
        self._observed, self._lowest, self._highest, self._has_zero = RunningMean(), np.inf, -np.inf, False
        self._sums: dict[str, np.ndarray] = {}

    def add(
        self, observed: Forecast, forecasts: dict[str, Forecast]
    ) -> Float[np.ndarray, "window forecaster"]:
        """Take in a chunk.

        Args:
            observed: true values.
            forecasts: by forecaster, of the same shape.

        Returns:
            The mean squared error of each window, forecasters in the order of `forecasts`.
        """
        self._observed.add(observed.reshape(-1))
        self._lowest, self._highest = min(self._lowest, observed.min()), max(self._highest, observed.max())
        self._has_zero |= not observed.all()
        magnitude = np.abs(np.where(observed == 0, 1.0, observed))
        squares = []
        for name, forecast in forecasts.items():
            error = np.abs(forecast - observed)
            squares.append((error**2).mean(axis=1))
            added = [squares[-1].sum() * observed.shape[1], error.sum(), (error / magnitude).sum()]
            self._sums[name] = self._sums.get(name, 0.0) + np.array(added)
        return np.stack(squares, axis=1)

    def metrics(self) -> pd.DataFrame:
        """RMSE and MAE in the target's unit, R², and MAPE in percent (NaN where a true value is zero)."""
        squares, absolute, relative = np.stack(list(self._sums.values()), axis=1)
        count, nothing = self._observed.count, np.full(len(self._sums), np.nan)
        table = {
            "rmse": np.sqrt(squares / count),
            "mae": absolute / count,
            "r2": 1 - squares / self._observed.spread if self._highest > self._lowest else nothing,
            "mape": nothing if self._has_zero else 100 * relative / count,
        }
        return pd.DataFrame(table, index=list(self._sums))


def score(observed: Forecast, forecast: Forecast) -> dict[str, float]:
    """RMSE and MAE in the target's unit, R², and MAPE in percent (NaN where a true value is zero).

    Args:
        observed: true values.
        forecast: of the same shape.
    """
    sums = ErrorSums()
    sums.add(observed, {"forecast": forecast})
    return sums.metrics().loc["forecast"].to_dict()


def _best_baseline(rmse: pd.Series) -> str:
    best = rmse.idxmin()
    if not rmse[best]:
        raise LstmkitError(
            f"{best} forecasts the test part without any error (is the target constant there, as of a dead "
            f"sensor?), so no model can be compared with it: choose another split or another span"
        )
    return best


def skill_contributions(
    own: Float[np.ndarray, "day ..."], best: Float[np.ndarray, "day ..."]
) -> Float[np.ndarray, "day ..."]:
    """What each day contributes to the error of a skill, to first order and up to a factor.

    Args:
        own: squared errors of the model, summed per day.
        best: of the baseline.
    """
    model, baseline = own.sum(axis=0), best.sum(axis=0)
    return own / np.where(model > 0, model, 1.0) - best / np.where(baseline > 0, baseline, 1.0)


def _interval(
    squares: Float[np.ndarray, "day 2"], bootstrap: int, confidence: float, seed: int
) -> tuple[float, float]:
    """Ends of the skill's interval, from the squared errors of the model and the baseline per day."""
    draws = resample_blocks(skill_contributions(*squares.T), bootstrap, seed)
    of_model, of_best = (draws @ squares).T
    told = of_best > 0  # days without any error of the baseline may be drawn alone
    low, high = central_interval(1 - np.sqrt(of_model[told] / of_best[told]), confidence)
    return float(low), float(high)


def _sentence(evaluation: Evaluation, steps: str) -> str:
    skill = evaluation.skill[steps]
    rmse = evaluation.metrics[steps, "rmse"]
    where = "Over all steps" if steps == "all_steps" else "At the last step"
    model, best = digits(rmse[evaluation.model]), f"{digits(rmse[skill.best_baseline])} {evaluation.unit}"
    value = signed(100 * skill.value)
    verdict = "beats every baseline" if skill.value > 0 else "does not beat the best baseline"
    if value == signed(0.0) and (skill.is_open or skill.low is None):
        verdict = "is no different from the best baseline"
    interval = "too few days for an interval"
    if skill.low is not None:
        ends = f"{signed(100 * skill.low)} to {signed(100 * skill.high)} %"
        interval = f"{100 * evaluation.confidence:.0f} % interval {ends}"
    doubt = "; zero lies inside, so this test part cannot tell them apart" if skill.is_open else ""
    return (
        f"{where} the model {verdict}: RMSE {model} against {best} for {skill.best_baseline}, "
        f"a skill of {value} % ({interval}{doubt})."
    )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
