"""How errors grow with the step ahead, in sentences."""

import numpy as np
import pandas as pd

from lstmkit.analysis.errors.by_step import ErrorByStep
from lstmkit.analysis.resampling.statistics import FEWEST_DAYS
from lstmkit.wording import count, digits, signed, signed_beside, signed_digits


def error_by_step_caption(errors: ErrorByStep) -> str:
    """What is drawn.

    Args:
        errors: of a model and the baselines.
    """
    band = (
        f" Bands: {100 * errors.confidence:.0f} % intervals over resampled blocks of {errors.calendar.block}s."
        if errors.skill_ends is not None
        else f" No intervals: they need {FEWEST_DAYS} {errors.calendar.block}s, and the forecasts start on "
        f"{count(errors.n_days, errors.calendar.block)}."
    )
    return (
        f"RMSE, skill against the best baseline of each step, and bias by step ahead, over all {errors.n_windows:,} "
        f"test windows.{band}"
    )


def error_by_step_finding(errors: ErrorByStep) -> str:
    """How the error grows, where the model is ahead of every baseline, and whether it leans to one side.

    Args:
        errors: of a model and the baselines.
    """
    own, unit = errors.own, errors.unit
    if len(errors.hours) == 1:
        return (
            f"The horizon is a single step of {errors.calendar.duration(errors.hours[0])}: RMSE "
            f"{digits(own.rmse[0])} {unit}, "
            f"skill {signed(100 * errors.skill[0])} % against {errors.best[0]}, bias "
            f"{signed_beside(own.bias[0], own.rmse[0])} {unit}; there is no growth with the step to be seen."
        )
    return " ".join([_growth(errors), _ahead(errors), _rivals(errors), _lean(errors)])


def _growth(errors: ErrorByStep) -> str:
    rmse, hours, unit, peak = errors.own.rmse, errors.hours, errors.unit, errors.peak
    text = (
        f"The model's RMSE is {digits(rmse[0])} {unit} at {errors.calendar.duration(hours[0])} and {digits(rmse[-1])} "
        f"{unit} at {errors.calendar.duration(hours[-1])}"
    )
    if peak == 0:
        return f"{text}; it is largest at the first step."
    if peak < len(rmse) - 1:
        text += f", with its largest value, {digits(rmse[peak])} {unit}, at {errors.calendar.duration(hours[peak])}"
    return f"{text}; half of the growth is reached at {errors.calendar.duration(hours[errors.half_grown])}."


def _ahead(errors: ErrorByStep) -> str:
    text = f"It is ahead of every baseline at {_of_all(errors.is_ahead, 'step')}"
    surely, behind = errors.is_surely_ahead, errors.is_surely_behind
    if surely is None or behind is None:
        return f"{text}; there are too few {errors.calendar.block}s for an interval."
    text += (
        f"; the interval of its skill lies above zero at {_of_all(surely, 'step')}{_where(errors, surely)}"
    )
    return text + (
        f" and below zero at {int(behind.sum()):,}{_where(errors, behind)}." if behind.any() else "."
    )


def _where(errors: ErrorByStep, steps: np.ndarray) -> str:
    """The hours of some steps, where they are not all."""
    if not steps.any() or steps.all():
        return ""
    found = np.flatnonzero(steps)
    if len(found) == 1:
        return f" (at {errors.calendar.duration(errors.hours[found[0]])})"
    first, last = (errors.calendar.duration(errors.hours[step]) for step in found[[0, -1]])
    if (np.diff(found) > 1).any():
        return f" (between {first} and {last}, with breaks)"
    return f" ({first} to {last})"


def _rivals(errors: ErrorByStep) -> str:
    best, changes = errors.best, errors.changes_of_best
    if len(changes) == 1:
        return f"The best baseline is {best[0]} at every step."
    if len(changes) > 3:
        share = pd.Series(best).value_counts()
        ranked = ", ".join(f"{name} at {count(int(n), 'step')}" for name, n in share.items())
        return f"The best baseline is {ranked}."
    spans = [f"{best[step]} from {errors.calendar.duration(errors.hours[step])} on" for step in changes]
    return f"The best baseline is {', '.join(spans)}."


def _lean(errors: ErrorByStep) -> str:
    worst = errors.most_biased
    hours, bias = errors.calendar.duration(errors.hours[worst]), signed_digits(errors.own.bias[worst])
    return f"The bias is largest at {hours}, {bias} {errors.unit}."


def _of_all(steps: np.ndarray, noun: str) -> str:
    found = int(steps.sum())
    if found == len(steps):
        return f"all {count(found, noun)}"
    return f"{found:,} of {count(len(steps), noun)}" if found else f"none of {count(len(steps), noun)}"
