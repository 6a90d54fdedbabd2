"""What a forecaster must beat, given the same knowledge: simple rules, and regressions fitted as it is."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float

from lstmkit.data.climatology import climatologies
from lstmkit.data.dataset import Dataset
from lstmkit.data.residual import ResidualBaseline, fit_residual_baseline
from lstmkit.data.windows import Windows
from lstmkit.params import TrainingParams
from lstmkit.training.autoregression import fit_autoregression
from lstmkit.training.boosted_trees import fit_boosted_trees
from lstmkit.training.gain import held_out_windows
from lstmkit.training.ridge import fit_ridge
from lstmkit.training.simple_rules import (
    Forecast,
    Forecaster,
    at_targets,
    persistence,
    rule_alone,
    seasonal_naive,
)


@dataclass(frozen=True)
class TargetByTarget:
    """Forecasters of one target each.

    Attributes:
        forecasters: in the order of the targets.
    """

    forecasters: tuple[Forecaster, ...]

    def __call__(self, windows: Windows) -> Forecast:
        """Forecast windows.

        Args:
            windows: of all targets.
        """
        each = [forecast(windows.only(at)) for at, forecast in enumerate(self.forecasters)]
        return np.concatenate(each, axis=2)


def fit_baselines(
    dataset: Dataset, windows: dict[str, Windows], training: TrainingParams, seed: int
) -> dict[str, Forecaster]:
    """Fit every baseline on what comes before the test part.

    Args:
        dataset: the series.
        windows: of all parts.
        training: of the networks; the regressions are tuned on the same validation windows.
        seed: of the samples of windows that the regressions see.

    Returns:
        Per baseline, a function that forecasts windows in the targets' units, shape (window, horizon, target); where
        the targets' past is not known, of those that need none.
    """
    train, held_out = windows["train"], held_out_windows(windows, training, seed)
    expected = climatologies(dataset, train.rows)
    origin, is_known = train.origin_rows.cpu().numpy(), train.task.target_known
    rules = [
        fit_residual_baseline(kind, train.values, expected, train.rows, origin, train.horizon)
        for kind in (("last", "damped") if is_known else ("none", "climatology"))
    ]
    fitted = [
        _regressions(
            [rule.only(at) for rule in rules], expected[:, [at]], train.only(at), held_out.only(at), seed
        )
        for at in range(len(train.task))
    ]
    mean = np.broadcast_to(np.nanmean(train.values[train.rows], axis=0), expected.shape)
    simple: dict[str, Forecaster] = (
        _rules(rules[1], expected) if is_known else {"climatology": partial(at_targets, expected)}
    )
    if not is_known or train.task.kind == "classes":  # whose mean is the frequency of each class
        simple = {"training mean": partial(at_targets, mean), **simple}
    return {
        **simple,
        **{name: TargetByTarget(tuple(each[name] for each in fitted)) for name in fitted[0]},
    }


def _rules(damped: ResidualBaseline, expected: Float[np.ndarray, "time target"]) -> dict[str, Forecaster]:
    return {
        "persistence": persistence,
        "seasonal naive": seasonal_naive,
        "climatology": partial(at_targets, expected),
        "damped climatology": partial(rule_alone, damped),
    }


def _regressions(
    rules: list[ResidualBaseline],
    expected: Float[np.ndarray, "time 1"],
    train: Windows,
    held_out: Windows,
    seed: int,
) -> dict[str, Forecaster]:
    """Of one target."""
    ridge = fit_ridge(rules, expected, train, held_out, seed)
    trees = fit_boosted_trees(ridge, expected, train, held_out, seed)
    if not train.task.target_known:
        return {"ridge": ridge, "boosted trees": trees}
    damped = rules[1]
    return {
        "autoregression": fit_autoregression(damped, train, held_out),
        "ridge": ridge,
        "boosted trees": trees,
    }
