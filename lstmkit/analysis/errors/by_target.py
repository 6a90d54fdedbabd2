"""Metrics of every target of a task, the explained one first."""

import pandas as pd

from lstmkit.analysis.errors.metrics import Metrics
from lstmkit.analysis.errors.skill import Evaluation


def metrics_of(evaluations: dict[str, Evaluation]) -> Metrics:
    """The content of `metrics.json`: that of the explained target, and of several targets those of the others.

    Args:
        evaluations: by target, the explained one first.
    """
    (explained, first), *others = evaluations.items()
    metrics = first.to_json()
    if others:
        metrics["target"] = explained
        metrics["targets"] = {name: each.to_json() for name, each in others}
    return metrics


def skill_frame(evaluations: dict[str, Evaluation]) -> pd.DataFrame:
    """The table that a reader sees: as `Evaluation.to_frame`, of several targets one below the other with their units.

    Args:
        evaluations: by target, the explained one first.
    """
    if len(evaluations) == 1:
        return next(iter(evaluations.values())).to_frame()
    tables = {f"{target} ({each.unit})": _without_unit(each) for target, each in evaluations.items()}
    return pd.concat(tables, names=["target", "forecaster"])


def _without_unit(evaluation: Evaluation) -> pd.DataFrame:
    unit = f" ({evaluation.unit})"
    return evaluation.to_frame().rename(columns=lambda name: name.removesuffix(unit))
