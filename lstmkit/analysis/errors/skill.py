"""How good the forecasts are, against every baseline and with an interval."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.analysis.errors.added import Added, Network
from lstmkit.analysis.errors.compared import RANGES, Compared, Forecast
from lstmkit.analysis.errors.metrics import (
    ByRange,
    Metrics,
    MetricsByName,
    ScoredMetrics,
    SkillByRange,
    SkillMetrics,
    WhereDefined,
)
from lstmkit.analysis.errors.sums import ErrorSums, best_baseline
from lstmkit.analysis.resampling.statistics import FEWEST_DAYS, DailySums, central_interval, resample_blocks
from lstmkit.data.calendar import HOURLY, Calendar


class Resampling(TypedDict):
    """How the days on which forecasts start are resampled."""

    bootstrap: int
    confidence: float
    seed: int


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
    def interval(self) -> tuple[float, float] | None:
        """Both ends of the interval; None where there are too few days."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def to_json(self) -> SkillMetrics:
        """The value, its interval and the best baseline."""
        return {"value": self.value, "low": self.low, "high": self.high, "best_baseline": self.best_baseline}


@dataclass(frozen=True)
class Scored:
    """How good one network is, or several together.

    Attributes:
        metrics: by (range, metric); MAPE in percent.
        skill: against the best baseline, by range (`all_steps`, `last_step`).
    """

    metrics: pd.Series
    skill: dict[str, Skill]

    def to_json(self) -> ScoredMetrics:
        """Metrics by name and range, and the skill."""
        skill: SkillByRange = {
            "all_steps": self.skill["all_steps"].to_json(),
            "last_step": self.skill["last_step"].to_json(),
        }
        return {**_by_metric(self.metrics), "skill": skill}


@dataclass(frozen=True)
class Evaluation:
    """Metrics of a model and its baselines on the test part.

    Attributes:
        model: the model's label.
        unit: the target's unit.
        metrics: rows are forecasters (the model first), columns (range, metric); MAPE in percent.
        skill: of the model, by range.
        seeds: of each network of the model, by its seed; the first is the one that is explained.
        ensemble: of the mean of their forecasts; None where there is one alone.
        n_windows: test windows.
        n_shared: those on which the networks of the model are compared.
        n_days: days on which they start, or steps that are longer, the blocks of the resampling.
        validation_days: days on which the validation windows start.
        confidence: of the skill's interval.
        network: what it adds to the residual baseline; None where that is not known.
        calendar: of the series.
    """

    model: str
    unit: str
    metrics: pd.DataFrame
    skill: dict[str, Skill]
    seeds: dict[int, Scored]
    ensemble: Scored | None
    n_windows: int
    n_shared: int
    n_days: int
    validation_days: int
    confidence: float
    network: Network | None = None
    calendar: Calendar = HOURLY

    def to_frame(self) -> pd.DataFrame:
        """The table that a reader sees: RMSE, MAE, R² and MAPE for each forecaster and range."""
        labels = {"all_steps": "all steps", "last_step": "last step"}
        names = {"rmse": f"RMSE ({self.unit})", "mae": f"MAE ({self.unit})", "r2": "R²", "mape": "MAPE (%)"}
        others = {f"{self.model}, seed {seed}": each for seed, each in [*self.seeds.items()][1:]}
        if self.ensemble is not None:
            others[f"{self.model}, {len(self.seeds)} seeds together"] = self.ensemble
        rows = pd.DataFrame({name: each.metrics for name, each in others.items()}).T
        table = pd.concat([self.metrics.iloc[:1], rows, self.metrics.iloc[1:]])
        return table.rename(columns=labels, level=0).rename(columns=names, level=1)

    @property
    def baselines(self) -> list[str]:
        """Names of the baselines."""
        return [name for name in self.metrics.index if name != self.model]

    @property
    def worse_without_network(self) -> float | None:
        """By which share of the model's RMSE over all steps that of the residual baseline alone is larger."""
        if self.network is None:
            return None
        return float(self.network.without["all_steps"] / self.metrics["all_steps", "rmse"][self.model] - 1)

    def to_json(self) -> Metrics:
        """The content of `metrics.json`."""
        found: Metrics = {
            **Scored(self.metrics.loc[self.model], self.skill).to_json(),
            "baselines": {n: _by_metric(self.metrics.loc[n]) for n in self.baselines},
            "seeds": [{"seed": seed, **each.to_json()} for seed, each in self.seeds.items()],
            "unit": self.unit,
            "test_windows": self.n_windows,
            "shared_windows": self.n_shared,
            "test_days": self.n_days,
            "validation_days": self.validation_days,
            "confidence": self.confidence,
        }
        if self.calendar.block != "day":
            found["block"] = self.calendar.block
        if self.ensemble is not None:
            found["ensemble"] = self.ensemble.to_json()
        if self.network is not None:
            found["network"] = self.network.to_json()
        return found


def evaluate(
    model: str,
    unit: str,
    chunks: Iterable[Compared],
    *,
    bootstrap: int,
    confidence: float,
    seed: int,
    seeds: Sequence[int] = (0,),
    shared: Iterable[Compared] = (),
    rule: str = "the mean of the training part",
    gain: float = 1.0,
    validation_days: int = 0,
    calendar: Calendar = HOURLY,
) -> Evaluation:
    """Compare a model's forecasts with those of the baselines; of each chunk only sums are kept.

    Args:
        model: which of the forecasters is the model.
        unit: the target's unit.
        chunks: all windows, some at a time.
        bootstrap: number of resamplings, of blocks of days whose errors are correlated.
        confidence: of the interval.
        seed: of the resamplings.
        seeds: of the model's networks.
        shared: windows with the forecasts of every network, some at a time; needed where there are several networks.
        rule: the residual baseline in words.
        gain: by which the network's outputs were multiplied after training.
        validation_days: days on which the validation windows start.
        calendar: of the series.

    Raises:
        LstmkitError: a baseline makes no error at all.
    """
    sums, added = _Sums(), Added()
    for chunk in chunks:
        added.add(chunk, model)
        sums.add(chunk, chunk.forecasts)
    metrics = sums.metrics()
    baselines = metrics.drop(index=model)
    best = {steps: best_baseline(baselines[steps, "rmse"]) for steps in RANGES}
    resampling: Resampling = {"bootstrap": bootstrap, "confidence": confidence, "seed": seed}
    skill = sums.skill(metrics, model, best, **resampling)
    networks: dict[int, Scored] = {seeds[0]: Scored(metrics.loc[model], skill)}
    ensemble: Scored | None = None
    n_shared = sums.n_windows
    if len(seeds) > 1:
        networks, ensemble, n_shared = _side_by_side(shared, seeds, best, resampling)
    return Evaluation(
        model=model,
        unit=unit,
        metrics=metrics.loc[[model, *baselines.index]],
        skill=skill,
        seeds=networks,
        ensemble=ensemble,
        n_windows=sums.n_windows,
        n_shared=n_shared,
        n_days=sums.n_days,
        validation_days=validation_days,
        confidence=confidence,
        network=added.network(rule, gain),
        calendar=calendar,
    )


def _side_by_side(
    shared: Iterable[Compared], seeds: Sequence[int], best: dict[str, str], resampling: Resampling
) -> tuple[dict[int, Scored], Scored, int]:
    """Of each network, of their mean, and on how many windows."""
    sums, names = _Sums(), [f"seed {seed}" for seed in seeds]
    for chunk in shared:
        networks = dict(zip(names, chunk.networks, strict=True))
        baselines = {name: chunk.forecasts[name] for name in {*best.values()}}
        sums.add(chunk, {**networks, "mean": np.mean(chunk.networks, axis=0), **baselines})
    metrics = sums.metrics()
    *each, ensemble = (
        Scored(metrics.loc[name], sums.skill(metrics, name, best, **resampling)) for name in (*names, "mean")
    )
    return dict(zip(seeds, each, strict=True)), ensemble, sums.n_windows


class _Sums:
    """What the errors of several forecasters add up to, over all steps and at the last."""

    def __init__(self) -> None:
        self.n_windows = 0
        self._errors = {steps: ErrorSums() for steps in RANGES}
        self._daily = {steps: DailySums() for steps in RANGES}

    def add(self, chunk: Compared, forecasts: dict[str, Forecast]) -> None:
        self.n_windows += len(chunk.observed)
        for steps, part in RANGES.items():
            parts = {name: forecast[:, part] for name, forecast in forecasts.items()}
            squares = self._errors[steps].add(chunk.observed[:, part], parts)
            self._daily[steps].add(chunk.origin, squares)

    def metrics(self) -> pd.DataFrame:
        return pd.concat({steps: errors.metrics() for steps, errors in self._errors.items()}, axis=1)

    @property
    def n_days(self) -> int:
        return len(self._daily["all_steps"])

    def skill(
        self,
        metrics: pd.DataFrame,
        name: str,
        best: dict[str, str],
        bootstrap: int,
        confidence: float,
        seed: int,
    ) -> dict[str, Skill]:
        """Of one forecaster against the best baseline of each range."""
        skill = {}
        for steps, baseline in best.items():
            low, high = None, None
            if self.n_days >= FEWEST_DAYS:
                of_both = self._daily[steps].total[:, metrics.index.get_indexer([name, baseline])]
                low, high = _interval(of_both, bootstrap, confidence, seed)
            value = 1 - metrics.loc[name, (steps, "rmse")] / metrics.loc[baseline, (steps, "rmse")]
            skill[steps] = Skill(float(value), low, high, baseline)
        return skill


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
    known = of_best > 0  # days without any error of the baseline may be drawn alone
    low, high = central_interval(1 - np.sqrt(of_model[known] / of_best[known]), confidence)
    return float(low), float(high)


def _by_metric(row: pd.Series) -> MetricsByName:
    return {
        "rmse": _by_range(row, "rmse"),
        "mae": _by_range(row, "mae"),
        "r2": _where_defined(row, "r2"),
        "mape": _where_defined(row, "mape"),
    }


def _by_range(row: pd.Series, metric: str) -> ByRange:
    return {"all_steps": float(row["all_steps", metric]), "last_step": float(row["last_step", metric])}


def _where_defined(row: pd.Series, metric: str) -> WhereDefined:
    return {"all_steps": _finite(row["all_steps", metric]), "last_step": _finite(row["last_step", metric])}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
