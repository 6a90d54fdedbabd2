"""How good the forecasts are, against every baseline and with an interval."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.analysis.added import Added, Network
from lstmkit.analysis.compared import RANGES, Compared, Forecast
from lstmkit.analysis.error_sums import ErrorSums
from lstmkit.analysis.statistics import FEWEST_DAYS, DailySums, central_interval, resample_blocks
from lstmkit.errors import LstmkitError
from lstmkit.wording import count, digits, signed

METRICS = ("rmse", "mae", "r2", "mape")


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
class Scored:
    """How good one network is, or several together.

    Attributes:
        metrics: by (range, metric); MAPE in percent.
        skill: against the best baseline, by range (`all_steps`, `last_step`).
    """

    metrics: pd.Series
    skill: dict[str, Skill]

    def to_json(self) -> dict[str, Any]:
        """Metrics by name and range, and the skill."""
        return {
            **_by_metric(self.metrics),
            "skill": {name: vars(skill) for name, skill in self.skill.items()},
        }


@dataclass(frozen=True)
class Evaluation:
    """Metrics of a model and its baselines on the test part.

    Attributes:
        model: the model's label.
        unit: the target's unit.
        metrics: rows are forecasters (the model first), columns (range, metric); MAPE in percent.
        seeds: of each network of the model, by its seed; the first is the one that is explained.
        ensemble: of the mean of their forecasts; None where there is one alone.
        n_windows: test windows.
        n_days: days on which they start, the blocks of the resampling.
        validation_days: days on which the validation windows start.
        confidence: of the skill's interval.
        network: what it adds to the residual baseline; None where that is not known.
    """

    model: str
    unit: str
    metrics: pd.DataFrame
    seeds: dict[int, Scored]
    ensemble: Scored | None
    n_windows: int
    n_days: int
    validation_days: int
    confidence: float
    network: Network | None = None

    @property
    def skill(self) -> dict[str, Skill]:
        """Of the network that is explained, by range."""
        return next(iter(self.seeds.values())).skill

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

    def to_json(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        first, *_ = self.seeds.values()
        return {
            **first.to_json(),
            "baselines": {n: _by_metric(self.metrics.loc[n]) for n in self.metrics.index if n != self.model},
            "seeds": [{"seed": seed, **each.to_json()} for seed, each in self.seeds.items()],
            **({} if self.ensemble is None else {"ensemble": self.ensemble.to_json()}),
            **({"network": vars(self.network)} if self.network else {}),
            "unit": self.unit,
            "test_windows": self.n_windows,
            "test_days": self.n_days,
            "validation_days": self.validation_days,
            "confidence": self.confidence,
        }

    def finding(self) -> str:
        """Whether the model beats every baseline, with the figures, and how far its seeds differ."""
        return " ".join(
            [*(_sentence(self, name) for name in RANGES), *self._seeds(), *self._without_network()]
        )

    def _seeds(self) -> list[str]:
        if self.ensemble is None:
            return []
        rmse = [digits(each.metrics["all_steps", "rmse"]) for each in self.seeds.values()]
        together, skill = self.ensemble.metrics["all_steps", "rmse"], self.ensemble.skill["all_steps"]
        interval = (
            ""
            if skill.low is None
            else f", interval {signed(100 * skill.low)} to {signed(100 * skill.high)} %"
        )
        return [
            f"Trained from {count(len(rmse), 'seed')}, it reaches {', '.join(rmse)} {self.unit} over all steps; the "
            f"mean of their forecasts reaches {digits(together)} {self.unit} (skill {signed(100 * skill.value)} %"
            f"{interval})."
        ]

    def _without_network(self) -> list[str]:
        if self.network is None:
            return []
        model, alone = self.metrics["all_steps", "rmse"][self.model], self.network.without["all_steps"]
        return [
            f"Without its network, {self.network.rule} alone reaches {digits(alone)} {self.unit} over all steps, "
            f"{signed(100 * (alone / model - 1))} %."
        ]


def evaluate(
    model: str,
    unit: str,
    chunks: Iterable[Compared],
    *,
    bootstrap: int,
    confidence: float,
    seed: int,
    seeds: Sequence[int] = (0,),
    rule: str = "the mean of the training part",
    gain: float = 1.0,
    validation_days: int = 0,
) -> Evaluation:
    """Compare a model's forecasts with those of the baselines.

    Of each chunk only sums are kept, so memory does not depend on the number of windows.

    Args:
        model: which of the forecasters is the model.
        unit: the target's unit.
        chunks: all windows, some at a time, with the forecasts of every network of the model.
        bootstrap: number of resamplings; forecasts that start on one day, and days in succession whose errors are
            correlated, are resampled together.
        confidence: of the interval.
        seed: of the resamplings.
        seeds: of the model's networks.
        rule: the residual baseline in words.
        gain: by which the network's outputs were multiplied after training.
        validation_days: days on which the validation windows start.

    Raises:
        LstmkitError: a baseline makes no error at all.
    """
    sums, added, n_windows = {steps: _Sums() for steps in RANGES}, Added(), 0
    for chunk in chunks:
        n_windows += len(chunk.observed)
        added.add(chunk, model)
        for steps, part in RANGES.items():
            sums[steps].add(chunk, chunk.networks or (chunk.forecasts[model],), part)
    metrics = pd.concat({steps: each.everyone.metrics() for steps, each in sums.items()}, axis=1)
    networks = pd.concat({steps: each.networks.metrics() for steps, each in sums.items()}, axis=1)
    baselines = [name for name in metrics.index if name != model]
    best = {steps: _best_baseline(metrics.loc[baselines, (steps, "rmse")]) for steps in RANGES}

    def scored(network: int) -> Scored:
        skill = {}
        for steps, name in best.items():
            of_both = sums[steps].daily.total[:, [len(metrics) + network, metrics.index.get_loc(name)]]
            low, high = None, None
            if len(sums[steps].daily) >= FEWEST_DAYS:
                low, high = _interval(of_both, bootstrap, confidence, seed)
            value = 1 - networks.loc[network, (steps, "rmse")] / metrics.loc[name, (steps, "rmse")]
            skill[steps] = Skill(float(value), low, high, name)
        return Scored(networks.loc[network], skill)

    return Evaluation(
        model=model,
        unit=unit,
        metrics=metrics.loc[[model, *baselines]],
        seeds={number: scored(k) for k, number in enumerate(seeds)},
        ensemble=scored(len(seeds)) if len(seeds) > 1 else None,
        n_windows=n_windows,
        n_days=len(sums["all_steps"].daily),
        validation_days=validation_days,
        confidence=confidence,
        network=added.network(rule, gain),
    )


class _Sums:
    """What one range of steps adds up to: of the forecasters, and of the model's networks and their mean."""

    def __init__(self) -> None:
        self.everyone, self.networks, self.daily = ErrorSums(), ErrorSums(), DailySums()

    def add(self, chunk: Compared, networks: tuple[Forecast, ...], part: slice) -> None:
        if len(networks) > 1:
            networks = (*networks, np.mean(networks, axis=0))
        squares = [
            self.everyone.add(
                chunk.observed[:, part], {name: each[:, part] for name, each in chunk.forecasts.items()}
            ),
            self.networks.add(chunk.observed[:, part], {k: each[:, part] for k, each in enumerate(networks)}),
        ]
        self.daily.add(chunk.origin, np.concatenate(squares, axis=1))


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
    if skill.low is None:
        verdict, interval = "is compared on too few days to be told from the best baseline", "no interval"
    else:
        ends = f"{signed(100 * skill.low)} to {signed(100 * skill.high)} %"
        interval = f"{100 * evaluation.confidence:.0f} % interval {ends}"
        verdict = "beats every baseline" if skill.low > 0 else "is worse than the best baseline"
        if skill.is_open:
            verdict = "cannot be told from the best baseline"
    return (
        f"{where} the model {verdict}: RMSE {model} against {best} for {skill.best_baseline}, "
        f"a skill of {value} % ({interval})."
    )


def _by_metric(row: pd.Series) -> dict[str, dict[str, float | None]]:
    return {metric: {steps: _finite(row[steps, metric]) for steps in RANGES} for metric in METRICS}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
