"""How errors grow with the step ahead, for the model and everyone it is compared with."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from lstmkit.analysis.errors.compared import Compared
from lstmkit.analysis.errors.skill import skill_contributions
from lstmkit.analysis.resampling.statistics import (
    FEWEST_DAYS,
    DailySums,
    central_interval,
    contributions_to_mean,
    resample_blocks,
    side_of_zero,
)
from lstmkit.data.calendar import Calendar
from lstmkit.data.clock import HOUR
from lstmkit.errors import LstmkitError
from lstmkit.params import EvaluationParams


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


class ErrorByStepFacts(TypedDict):
    """RMSE at the first and last step, and the steps at which the model is ahead."""

    steps: int
    first_rmse: float
    last_rmse: float
    steps_ahead_of_every_baseline: int
    steps_surely_ahead: int | None
    largest_bias: float
    unit: str


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
        n_days: days on which they start, or steps that are longer.
        calendar: of the series.
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
    calendar: Calendar

    @property
    def own(self) -> StepErrors:
        """The model's errors."""
        return self.errors[self.model]

    @property
    def peak(self) -> int:
        """Position of the step with the model's largest RMSE."""
        return int(self.own.rmse.argmax())

    @property
    def half_grown(self) -> int:
        """Position of the step at which the model's RMSE has grown by half of what it grows from the first step on."""
        rmse = self.own.rmse
        return int(np.argmax(rmse >= rmse[0] + (rmse.max() - rmse[0]) / 2))

    @property
    def most_biased(self) -> int:
        """Position of the step at which the model's bias is farthest from zero."""
        return int(np.abs(self.own.bias).argmax())

    @property
    def is_ahead(self) -> Bool[np.ndarray, "step"]:
        """At which steps the model is ahead of every baseline."""
        return self.skill > 0

    @property
    def is_surely_ahead(self) -> Bool[np.ndarray, "step"] | None:
        """At which steps the interval of the skill lies above zero; none where there is no interval."""
        return None if self.skill_ends is None else side_of_zero(*self.skill_ends) > 0

    @property
    def is_surely_behind(self) -> Bool[np.ndarray, "step"] | None:
        """At which steps the interval of the skill lies below zero; none where there is no interval."""
        return None if self.skill_ends is None else side_of_zero(*self.skill_ends) < 0

    @property
    def changes_of_best(self) -> list[int]:
        """Positions of the first step and of each whose best baseline is another than that of the step before."""
        return [0, *(step for step in range(1, len(self.best)) if self.best[step] != self.best[step - 1])]

    def to_frame(self) -> pd.DataFrame:
        """One row per step, columns (forecaster, estimate)."""
        columns: dict[tuple[str, str], Float[np.ndarray, step] | tuple[str, ...]] = {}
        for name, of in self.errors.items():
            columns |= {(name, "rmse"): of.rmse, (name, "bias"): of.bias}
            for key, ends in (("rmse", of.rmse_ends), ("bias", of.bias_ends)):
                if ends is not None:
                    columns |= {(name, f"{key}_low"): ends[0], (name, f"{key}_high"): ends[1]}
        columns |= {("skill", "value"): self.skill, ("skill", "best_baseline"): self.best}
        if self.skill_ends is not None:
            columns |= {("skill", "low"): self.skill_ends[0], ("skill", "high"): self.skill_ends[1]}
        ahead = pd.Index(self.hours / self.calendar.unit_hours, name=f"{self.calendar.unit_key}s_ahead")
        return pd.DataFrame(columns, index=ahead)

    def facts(self) -> ErrorByStepFacts:
        """RMSE at the first and last step, and the steps at which the model is ahead."""
        own, surely = self.own, self.is_surely_ahead
        return {
            "steps": len(self.hours),
            "first_rmse": float(own.rmse[0]),
            "last_rmse": float(own.rmse[-1]),
            "steps_ahead_of_every_baseline": int(self.is_ahead.sum()),
            "steps_surely_ahead": None if surely is None else int(surely.sum()),
            "largest_bias": float(own.bias[self.most_biased]),
            "unit": self.unit,
        }


def error_by_step(
    model: str,
    unit: str,
    chunks: Iterable[Compared],
    calendar: Calendar,
    params: EvaluationParams,
    seed: int,
) -> ErrorByStep:
    """Errors by step ahead; of each chunk only sums per day are kept.

    Args:
        model: which of the forecasters is the model.
        unit: the target's.
        chunks: all windows, some at a time, with the forecasts of everyone.
        calendar: of the series.
        params: resamplings of the days on which forecasts start, and their confidence.
        seed: of the resamplings.

    Raises:
        LstmkitError: a baseline makes no error at all at some step.
    """
    sums: dict[str, DailySums] = {}
    windows = DailySums()
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
        hours=np.arange(1, len(skill) + 1) * (calendar.step / HOUR),
        errors=errors,
        best=names,
        skill=skill,
        skill_ends=skill_ends,
        confidence=params.confidence,
        n_windows=int(windows.total.sum()),
        n_days=len(windows),
        calendar=calendar,
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
    known = (of_best > 0).all(axis=1)  # days without any error of the baseline may be drawn alone
    return value, central_interval(1 - np.sqrt(of_own[known] / of_best[known]), params.confidence)
