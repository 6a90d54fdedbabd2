"""How good the forecasts are, against every baseline and with an interval."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.errors import LstmkitError
from lstmkit.wording import signed

Forecast = Float[np.ndarray, "window horizon"]
RANGES = ("all_steps", "last_step")
ANCHOR = "anchor alone"
METRICS = ("rmse", "mae", "r2", "mape")


@dataclass(frozen=True)
class Skill:
    """1 − RMSE / RMSE of the best baseline: positive is better than every baseline.

    Attributes:
        value: of the test part.
        low: lower end of the interval over resampled days.
        high: upper end.
        best_baseline: the baseline with the lowest RMSE.
    """

    value: float
    low: float
    high: float
    best_baseline: str


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
    """

    model: str
    unit: str
    metrics: pd.DataFrame
    anchor: str | None
    skill: dict[str, Skill]
    n_windows: int
    n_days: int
    confidence: float

    @property
    def beats_all(self) -> bool:
        """Whether the model's RMSE over all steps is below that of every baseline."""
        return self.skill["all_steps"].value > 0

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
        return [
            f"The anchor alone reaches {anchor:.1f} {self.unit} over all steps; the network "
            f"{'lowers' if change < 0 else 'raises'} that by {abs(change):.1f} %."
        ]


def evaluate(
    model: str,
    unit: str,
    observed: Forecast,
    forecasts: dict[str, Forecast],
    origin: pd.DatetimeIndex,
    *,
    bootstrap: int,
    confidence: float,
    seed: int,
    anchor: Forecast | None = None,
) -> Evaluation:
    """Compare a model's forecasts with those of the baselines.

    Args:
        model: which of `forecasts` is the model's.
        unit: the target's unit.
        observed: true values.
        forecasts: by forecaster.
        origin: local time of each forecast's start; forecasts of one day are resampled together.
        bootstrap: number of resamplings.
        confidence: of the interval.
        seed: of the resamplings.
        anchor: forecast of the rule from which the model deviates; shown, but no baseline.

    Raises:
        LstmkitError: a baseline makes no error at all.
    """
    order = [model, *[name for name in forecasts if name != model]]
    if anchor is not None:
        order, forecasts = [*order, ANCHOR], forecasts | {ANCHOR: anchor}
    metrics = pd.DataFrame(
        {
            (steps, metric): [score(observed[:, part], forecasts[name][:, part])[metric] for name in order]
            for steps, part in (("all_steps", slice(None)), ("last_step", slice(-1, None)))
            for metric in METRICS
        },
        index=order,
    )
    days = pd.factorize(origin.normalize())[0]
    skill = {}
    for steps, part in (("all_steps", slice(None)), ("last_step", slice(-1, None))):
        best = metrics[steps, "rmse"].drop([model, ANCHOR], errors="ignore").idxmin()
        if not metrics[steps, "rmse"][best]:
            raise LstmkitError(
                f"{best} forecasts the test part without any error (is the target constant there, as of a dead "
                f"sensor?), so no model can be compared with it: choose another split or another span"
            )
        errors = [((forecasts[name] - observed)[:, part] ** 2).mean(axis=1) for name in (model, best)]
        low, high = _skill_interval(*errors, days, bootstrap, confidence, seed)
        value = 1 - metrics[steps, "rmse"][model] / metrics[steps, "rmse"][best]
        skill[steps] = Skill(float(value), low, high, best)
    return Evaluation(
        model,
        unit,
        metrics,
        ANCHOR if anchor is not None else None,
        skill,
        len(observed),
        int(days.max()) + 1,
        confidence,
    )


def score(observed: Forecast, forecast: Forecast) -> dict[str, float]:
    """RMSE and MAE in the target's unit, R², and MAPE in percent (NaN where a true value is zero).

    Args:
        observed: true values.
        forecast: of the same shape.
    """
    error = forecast - observed
    spread = np.sum((observed - observed.mean()) ** 2)
    return {
        "rmse": float(np.sqrt(np.mean(error**2))),
        "mae": float(np.mean(np.abs(error))),
        "r2": float(1 - np.sum(error**2) / spread) if np.ptp(observed) > 0 else float("nan"),
        "mape": float(100 * np.mean(np.abs(error / observed))) if np.all(observed != 0) else float("nan"),
    }


def _skill_interval(
    model_errors: Float[np.ndarray, "window"],
    baseline_errors: Float[np.ndarray, "window"],
    days: np.ndarray,
    bootstrap: int,
    confidence: float,
    seed: int,
) -> tuple[float, float]:
    sums = [np.bincount(days, weights=errors) for errors in (model_errors, baseline_errors)]
    draws = np.random.default_rng(seed).integers(len(sums[0]), size=(bootstrap, len(sums[0])))
    model, baseline = (total[draws].sum(axis=1) for total in sums)
    tail = (1 - confidence) / 2
    low, high = np.quantile(1 - np.sqrt(model / baseline), [tail, 1 - tail])
    return float(low), float(high)


def _sentence(evaluation: Evaluation, steps: str) -> str:
    skill = evaluation.skill[steps]
    rmse = evaluation.metrics[steps, "rmse"]
    where = "Over all steps" if steps == "all_steps" else "At the last step"
    model, best = f"{rmse[evaluation.model]:.1f}", f"{rmse[skill.best_baseline]:.1f} {evaluation.unit}"
    interval = f"{100 * evaluation.confidence:.0f} % interval {signed(100 * skill.low)} to {signed(100 * skill.high)} %"
    verdict = "beats every baseline" if skill.value > 0 else "does **not** beat the best baseline"
    sure = (
        "" if skill.low * skill.high > 0 else "; zero lies inside, so this test part cannot tell them apart"
    )
    return (
        f"{where} the model {verdict}: RMSE {model} against {best} for {skill.best_baseline}, "
        f"a skill of {signed(100 * skill.value)} % ({interval}{sure})."
    )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
