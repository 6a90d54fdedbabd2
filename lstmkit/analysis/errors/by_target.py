"""Metrics of every target of a task, the explained one first."""

from dataclasses import replace
from typing import cast

import pandas as pd

from lstmkit.analysis.errors.metrics import ClassMetrics, Metrics
from lstmkit.analysis.errors.side_by_side import explained_forecasts, shared_forecasts
from lstmkit.analysis.errors.skill import Evaluation, Resampling, evaluate
from lstmkit.data.windows import Windows
from lstmkit.storage.files import Rows


def evaluate_targets(
    model: str,
    networks: dict[int, Rows],
    baselines: dict[str, Rows],
    test: Windows,
    n_shared: int,
    gain: float,
    validation_days: int,
    resampling: Resampling,
) -> dict[str, Evaluation]:
    """Compare the forecasts of each target with those of the baselines.

    Args:
        model: its label.
        networks: forecasts of each network, by its seed: of the first for every window, of the others for the shared.
        baselines: forecasts of every window.
        test: the windows.
        n_shared: of them that every network forecasts.
        gain: by which the network's outputs were multiplied after training.
        validation_days: days on which the validation windows start.
        resampling: of the days.

    Returns:
        By target, the explained one first.
    """
    found = {}
    for at in sorted(range(len(test.task)), key=lambda at: at != test.target):
        windows = replace(test, target=at)
        own = [replace(rows, column=at) for rows in networks.values()]
        others = {name: replace(rows, column=at) for name, rows in baselines.items()}
        found[test.task.targets[at]] = evaluate(
            model,
            windows.unit,
            explained_forecasts(model, own[0], others, windows),
            **resampling,
            seeds=list(networks),
            shared=shared_forecasts(own, others, windows, n_shared),
            rule=test.residual.rule,
            gain=gain,
            validation_days=validation_days,
            calendar=test.calendar,
        )
    return found


def metrics_of(evaluations: dict[str, Evaluation], scores: pd.DataFrame | None = None) -> Metrics:
    """The content of `metrics.json`: that of the explained target, and of several targets those of the others.

    Args:
        evaluations: by target, the explained one first.
        scores: of the forecasts of classes, from `class_scores`.
    """
    (explained, first), *others = evaluations.items()
    metrics = first.to_json()
    if others:
        metrics["target"] = explained
        metrics["targets"] = {name: each.to_json() for name, each in others}
    if scores is not None:
        rows = scores.to_dict("index").items()
        metrics["classes"] = {str(name): cast(ClassMetrics, row) for name, row in rows}
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
