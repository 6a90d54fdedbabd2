"""How errors grow with the step ahead, for the model and everyone it is compared with."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.analysis.errors.compared import Compared
from lstmkit.analysis.errors.skill import skill_contributions
from lstmkit.analysis.resampling.statistics import (
    FEWEST_DAYS,
    DailySums,
    central_interval,
    contributions_to_mean,
    resample_blocks,
)
from lstmkit.errors import LstmkitError
from lstmkit.params import EvaluationParams
from lstmkit.wording import count, digits, duration, signed, signed_beside, signed_digits


@dataclass(frozen=True)
class StepErrors:
    """Errors of one forecaster by step ahead, forecast minus true value.

    Attributes:
        rmse: root mean square error, shape (step,).
        bias: mean error.
        rmse_ends: lower and upper end of its interval over resampled blocks of days; none where there are too few.
        bias_ends: the same of the bias.
    """

    rmse: Float[np.ndarray, "step"]
    bias: Float[np.ndarray, "step"]
    rmse_ends: Float[np.ndarray, "2 step"] | None
    bias_ends: Float[np.ndarray, "2 step"] | None


@dataclass(frozen=True)
class ErrorByStep:
    """Errors of the model and the baselines by step ahead.

    Attributes:
        model: the model's name.
        unit: the target's.
        hours: ahead of the origin, shape (step,).
        errors: by forecaster, the model first.
        best: at each step the baseline with the lowest RMSE.
        skill: 1 − RMSE / RMSE of that baseline.
        skill_ends: its interval over resampled blocks of days; none where there are too few.
        confidence: of the intervals.
        n_windows: test windows.
        n_days: days on which they start.
    """

    model: str
    unit: str
    hours: Float[np.ndarray, "step"]
    errors: dict[str, StepErrors]
    best: tuple[str, ...]
    skill: Float[np.ndarray, "step"]
    skill_ends: Float[np.ndarray, "2 step"] | None
    confidence: float
    n_windows: int
    n_days: int

    @property
    def caption(self) -> str:
        """What is drawn."""
        band = (
            f" Bands: {100 * self.confidence:.0f} % intervals over resampled blocks of days."
            if self.skill_ends is not None
            else f" No intervals: they need {FEWEST_DAYS} days, and the forecasts start on {count(self.n_days, 'day')}."
        )
        return (
            f"RMSE, skill against the best baseline of each step, and bias by step ahead, over all {self.n_windows:,} "
            f"test windows.{band}"
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per step, columns (forecaster, estimate)."""
        columns = {}
        for name, of in self.errors.items():
            columns |= {(name, "rmse"): of.rmse, (name, "bias"): of.bias}
            for key, ends in (("rmse", of.rmse_ends), ("bias", of.bias_ends)):
                if ends is not None:
                    columns |= {(name, f"{key}_low"): ends[0], (name, f"{key}_high"): ends[1]}
        columns |= {("skill", "value"): self.skill, ("skill", "best_baseline"): self.best}
        if self.skill_ends is not None:
            columns |= {("skill", "low"): self.skill_ends[0], ("skill", "high"): self.skill_ends[1]}
        return pd.DataFrame(columns, index=pd.Index(self.hours, name="hours_ahead"))

    def finding(self) -> str:
        """How the error grows, where the model is ahead of every baseline, and whether it leans to one side."""
        own, unit = self.errors[self.model], self.unit
        if len(self.hours) == 1:
            return (
                f"The horizon is a single step of {duration(self.hours[0])}: RMSE {digits(own.rmse[0])} {unit}, "
                f"skill {signed(100 * self.skill[0])} % against {self.best[0]}, bias "
                f"{signed_beside(own.bias[0], own.rmse[0])} {unit}; there is no growth with the step to be seen."
            )
        return " ".join([self._growth(), self._ahead(), self._rivals(), self._lean()])

    def _growth(self) -> str:
        rmse, unit = self.errors[self.model].rmse, self.unit
        half = rmse[0] + (rmse.max() - rmse[0]) / 2
        peak = int(rmse.argmax())
        text = (
            f"The model's RMSE is {digits(rmse[0])} {unit} at {duration(self.hours[0])} and {digits(rmse[-1])} "
            f"{unit} at {duration(self.hours[-1])}"
        )
        if peak == 0:
            return f"{text}; it is largest at the first step."
        reached = duration(self.hours[int(np.argmax(rmse >= half))])
        if peak < len(rmse) - 1:
            text += f", with its largest value, {digits(rmse[peak])} {unit}, at {duration(self.hours[peak])}"
        return f"{text}; half of the growth is reached at {reached}."

    def _ahead(self) -> str:
        positive = self.skill > 0
        text = f"It is ahead of every baseline at {_of_all(positive, 'step')}"
        if self.skill_ends is None:
            return f"{text}; there are too few days for an interval."
        surely, behind = self.skill_ends[0] > 0, self.skill_ends[1] < 0
        text += (
            f"; the interval of its skill lies above zero at {_of_all(surely, 'step')}{self._where(surely)}"
        )
        return text + (
            f" and below zero at {int(behind.sum()):,}{self._where(behind)}." if behind.any() else "."
        )

    def _where(self, steps: np.ndarray) -> str:
        """The hours of some steps, where they are not all."""
        if not steps.any() or steps.all():
            return ""
        found = np.flatnonzero(steps)
        if len(found) == 1:
            return f" (at {duration(self.hours[found[0]])})"
        if (np.diff(found) > 1).any():
            return f" (between {duration(self.hours[found[0]])} and {duration(self.hours[found[-1]])}, with breaks)"
        return f" ({duration(self.hours[found[0]])} to {duration(self.hours[found[-1]])})"

    def _rivals(self) -> str:
        changes = [0, *(step for step in range(1, len(self.best)) if self.best[step] != self.best[step - 1])]
        if len(changes) == 1:
            return f"The best baseline is {self.best[0]} at every step."
        if len(changes) > 3:
            share = pd.Series(self.best).value_counts()
            ranked = ", ".join(f"{name} at {count(int(n), 'step')}" for name, n in share.items())
            return f"The best baseline is {ranked}."
        spans = [f"{self.best[step]} from {duration(self.hours[step])} on" for step in changes]
        return f"The best baseline is {', '.join(spans)}."

    def _lean(self) -> str:
        bias, unit = self.errors[self.model].bias, self.unit
        worst = int(np.abs(bias).argmax())
        return f"The bias is largest at {duration(self.hours[worst])}, {signed_digits(bias[worst])} {unit}."

    def facts(self) -> dict[str, Any]:
        """RMSE at the first and last step, and the steps at which the model is ahead."""
        rmse = self.errors[self.model].rmse
        return {
            "steps": len(self.hours),
            "first_rmse": float(rmse[0]),
            "last_rmse": float(rmse[-1]),
            "steps_ahead_of_every_baseline": int((self.skill > 0).sum()),
            "steps_surely_ahead": None if self.skill_ends is None else int((self.skill_ends[0] > 0).sum()),
            "largest_bias": float(
                self.errors[self.model].bias[np.abs(self.errors[self.model].bias).argmax()]
            ),
            "unit": self.unit,
        }


def error_by_step(
    model: str,
    unit: str,
    chunks: Iterable[Compared],
    interval: pd.Timedelta,
    params: EvaluationParams,
    seed: int,
) -> ErrorByStep:
    """Errors by step ahead; of each chunk only sums per day are kept.

    Args:
        model: which of the forecasters is the model.
        unit: the target's.
        chunks: all windows, some at a time, with the forecasts of everyone.
        interval: time between steps.
        params: resamplings of the days on which forecasts start, and their confidence.
        seed: of the resamplings.

    Raises:
        LstmkitError: a baseline makes no error at all at some step.
    """
    sums, windows = {}, DailySums()
    for chunk in chunks:
        windows.add(chunk.origin, np.ones(len(chunk.observed)))
        for name, forecast in chunk.forecasts.items():
            error = forecast - chunk.observed
            sums.setdefault(name, DailySums()).add(chunk.origin, np.stack([error, error**2], axis=1))
    daily = {name: sums[name].total for name in (model, *(other for other in sums if other != model))}
    errors = {name: _errors(total, windows.total, params, seed) for name, total in daily.items()}
    names, squares = _best_baselines(model, errors, daily)
    skill, skill_ends = _skill(daily[model][:, 1], squares, params, seed)
    return ErrorByStep(
        model=model,
        unit=unit,
        hours=np.arange(1, len(skill) + 1) * (interval / pd.Timedelta("1h")),
        errors=errors,
        best=names,
        skill=skill,
        skill_ends=skill_ends,
        confidence=params.confidence,
        n_windows=int(windows.total.sum()),
        n_days=len(windows),
    )


def _best_baselines(
    model: str, errors: dict[str, StepErrors], daily: dict[str, Float[np.ndarray, "day 2 step"]]
) -> tuple[tuple[str, ...], Float[np.ndarray, "day step"]]:
    """The baseline with the lowest RMSE at each step, and its squared errors per day."""
    names = [name for name in errors if name != model]
    rmse = np.stack([errors[name].rmse for name in names])
    if not rmse.min():
        perfect, step = np.unravel_index(rmse.argmin(), rmse.shape)
        raise LstmkitError(
            f"{names[perfect]} forecasts step {step + 1} of the test part without any error (is the target constant "
            f"there, as of a dead sensor?), so no model can be compared with it: choose another split or another span"
        )
    first = rmse.argmin(axis=0)
    squares = np.stack([daily[names[best]][:, 1, step] for step, best in enumerate(first)], axis=1)
    return tuple(names[best] for best in first), squares


def _errors(
    daily: Float[np.ndarray, "day 2 step"],
    windows: Float[np.ndarray, "day"],
    params: EvaluationParams,
    seed: int,
) -> StepErrors:
    bias, square = daily.sum(axis=0) / windows.sum()
    if len(windows) < FEWEST_DAYS:
        return StepErrors(np.sqrt(square), bias, None, None)
    drawn_bias, drawn_square = (_drawn_means(daily[:, k], windows, params.bootstrap, seed) for k in (0, 1))
    return StepErrors(
        np.sqrt(square),
        bias,
        central_interval(np.sqrt(drawn_square), params.confidence),
        central_interval(drawn_bias, params.confidence),
    )


def _drawn_means(
    daily: Float[np.ndarray, "day step"], windows: Float[np.ndarray, "day"], times: int, seed: int
) -> Float[np.ndarray, "draw step"]:
    draws = resample_blocks(contributions_to_mean(daily, windows[:, None]), times, seed)
    return draws @ daily / (draws @ windows)[:, None]


def _skill(
    own: Float[np.ndarray, "day step"],
    best: Float[np.ndarray, "day step"],
    params: EvaluationParams,
    seed: int,
) -> tuple[Float[np.ndarray, "step"], Float[np.ndarray, "2 step"] | None]:
    """Skill and its interval, from squared errors per day."""
    value = 1 - np.sqrt(own.sum(axis=0) / best.sum(axis=0))
    if len(own) < FEWEST_DAYS:
        return value, None
    draws = resample_blocks(skill_contributions(own, best), params.bootstrap, seed)
    of_own, of_best = draws @ own, draws @ best
    told = (of_best > 0).all(axis=1)  # days without any error of the baseline may be drawn alone
    return value, central_interval(1 - np.sqrt(of_own[told] / of_best[told]), params.confidence)


def _of_all(steps: np.ndarray, noun: str) -> str:
    found = int(steps.sum())
    if found == len(steps):
        return f"all {count(found, noun)}"
    return f"{found:,} of {count(len(steps), noun)}" if found else f"none of {count(len(steps), noun)}"
