"""What a forecaster must beat, given the same knowledge: four rules, and three regressions fitted as it is."""

from functools import partial

from lstmkit.data.climatology import climatology
from lstmkit.data.dataset import Dataset
from lstmkit.data.residual import fit_residual_baseline
from lstmkit.data.windows import Windows
from lstmkit.params import TrainingParams
from lstmkit.training.autoregression import fit_autoregression
from lstmkit.training.boosted_trees import fit_boosted_trees
from lstmkit.training.gain import held_out_windows
from lstmkit.training.ridge import fit_ridge
from lstmkit.training.simple_rules import Forecaster, at_targets, persistence, rule_alone, seasonal_naive


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
        Per baseline, a function that forecasts windows in the target's unit, shape (window, horizon).
    """
    train, held_out = windows["train"], held_out_windows(windows, training, seed)
    expected = climatology(dataset.frame[dataset.target], dataset.local_time, train.rows, dataset.calendar)
    origin = train.origin_rows.cpu().numpy()
    last, damped = (
        fit_residual_baseline(kind, train.values, expected, train.rows, origin, train.horizon)
        for kind in ("last", "damped")
    )
    ridge = fit_ridge([last, damped], expected, train, held_out, seed)
    return {
        "persistence": persistence,
        "seasonal naive": seasonal_naive,
        "climatology": partial(at_targets, expected),
        "damped climatology": partial(rule_alone, damped),
        "autoregression": fit_autoregression(damped, train, held_out),
        "ridge": ridge,
        "boosted trees": fit_boosted_trees(ridge, expected, train, held_out, seed),
    }
