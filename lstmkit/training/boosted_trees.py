"""Gradient boosting of what ridge leaves (Friedman 2001), with histograms (Ke et al. 2017)."""

from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.ensemble import HistGradientBoostingRegressor

from lstmkit.data.windows import Windows, spread_evenly
from lstmkit.training.gain import best_gain
from lstmkit.training.regression_inputs import step_inputs, tree_inputs
from lstmkit.training.simple_rules import Forecast, Forecaster

OWN_STEPS = (1, 2, 3, 6, 9, 12)  # each with trees of its own; those of later steps are shared
LATER_STEPS = 12  # at which the shared trees are asked
SHARED_TIMES = 2  # that each training window teaches the shared trees, at steps drawn at random
MOST_TRAINING_WINDOWS = 20_000
SETTINGS = {
    "learning_rate": 0.1,
    "max_iter": 400,
    "max_leaf_nodes": 31,
    "min_samples_leaf": 100,
    "max_features": 0.3,
    "early_stopping": True,
    "n_iter_no_change": 20,
}


@dataclass(frozen=True)
class Trees:
    """Trees for a range of steps ahead.

    Attributes:
        steps: ahead at which they are asked, increasing.
        fitted: scikit-learn's regressor.
        rounds: of boosting that serve the held-out windows best.
        scale: of what they forecast, per step of `steps`, in the target's unit.
    """

    steps: Int[np.ndarray, "step"]
    fitted: HistGradientBoostingRegressor
    rounds: int
    scale: Float[np.ndarray, "step"]

    def outputs(
        self,
        windows: Windows,
        expected: Float[np.ndarray, "time 1"],
        inputs: Float[np.ndarray, "window input"],
    ) -> Float[np.ndarray, "window step"]:
        """Differences from ridge's forecast, in the target's unit.

        Args:
            windows: to forecast.
            expected: the climatology at every time step.
            inputs: of these windows, the same for all steps.
        """
        steps = np.broadcast_to(self.steps, (len(windows), len(self.steps)))
        if not self.rounds:
            return np.zeros(steps.shape)
        stages = self.fitted.staged_predict(_rows(inputs, step_inputs(windows, expected, steps)))
        return next(islice(stages, self.rounds - 1, None)).reshape(steps.shape) * self.scale


@dataclass(frozen=True)
class BoostedTrees:
    """Ridge, and the trees that forecast what it leaves.

    Attributes:
        ridge: from whose forecast the trees forecast the difference.
        expected: the climatology at every time step, in the target's unit.
        trees: of all ranges of steps ahead, in order.
        gain: by which the trees' outputs are multiplied.
    """

    ridge: Forecaster
    expected: Float[np.ndarray, "time 1"]
    trees: tuple[Trees, ...]
    gain: float = 1.0

    def __call__(self, windows: Windows) -> Forecast:
        """Forecast windows.

        Args:
            windows: to forecast.
        """
        return self.ridge(windows) + self.gain * self.outputs(windows)

    def outputs(self, windows: Windows) -> Forecast:
        """Differences from ridge's forecast, interpolated between the steps at which the trees are asked.

        Args:
            windows: to forecast.
        """
        inputs = tree_inputs(windows, self.expected)
        known = np.hstack([trees.outputs(windows, self.expected, inputs) for trees in self.trees])
        steps = np.concatenate([trees.steps for trees in self.trees])
        ahead = np.arange(1, windows.horizon + 1)
        between = np.array([np.interp(ahead, steps, each) for each in np.eye(len(steps))])
        return (known @ between)[..., None]


def fit_boosted_trees(
    ridge: Forecaster, expected: Float[np.ndarray, "time 1"], train: Windows, held_out: Windows, seed: int
) -> BoostedTrees:
    """Boost trees on what ridge leaves; the held-out windows choose the rounds of boosting and the gain.

    Args:
        ridge: fitted.
        expected: the climatology at every time step.
        train: windows to fit on.
        held_out: windows of the validation part.
        seed: of the steps at which windows are shown, and of the inputs from which each split is chosen.
    """
    parts = (train.spread(MOST_TRAINING_WINDOWS), held_out)
    left = [(part.observed() - ridge(part))[..., 0] for part in parts]
    scale = left[0].std(axis=0)
    scale[scale == 0] = 1.0
    inputs = [tree_inputs(part, expected) for part in parts]
    draws, trees = np.random.default_rng(seed), []
    for first, last in _ranges(train.horizon):
        data = []
        for part, x, true, times in zip(parts, inputs, left, (SHARED_TIMES, 1), strict=True):
            steps = _drawn(draws, first, last, (len(part), times if last > first else 1))
            y = np.take_along_axis(true / scale, steps - 1, axis=1)
            data.append((_rows(x, step_inputs(part, expected, steps)), y.ravel()))
        asked = first + spread_evenly(last - first + 1, LATER_STEPS)
        fitted_on, judged_on = data
        trees.append(Trees(asked, *_boosted(fitted_on, judged_on, seed), scale[asked - 1]))
    plain = BoostedTrees(ridge, expected, tuple(trees))
    gain = best_gain([(torch.from_numpy(plain.outputs(held_out)), torch.from_numpy(left[1][..., None]))])
    return replace(plain, gain=gain)


def _boosted(
    train: tuple[np.ndarray, np.ndarray], held_out: tuple[np.ndarray, np.ndarray], seed: int
) -> tuple[HistGradientBoostingRegressor, int]:
    """The fitted regressor, and after how many of its rounds the held-out loss was lowest."""
    regressor = HistGradientBoostingRegressor(**SETTINGS, random_state=seed)
    fitted = regressor.fit(*train, X_val=held_out[0], y_val=held_out[1])
    return fitted, int(np.argmax(fitted.validation_score_))


def _ranges(horizon: int) -> list[tuple[int, int]]:
    """The first and last step ahead of each range for which trees are fitted."""
    own = sorted({step for step in OWN_STEPS if step <= horizon} | {min(horizon, max(OWN_STEPS))})
    later = [(own[-1] + 1, horizon)] if horizon > own[-1] else []
    return [(step, step) for step in own] + later


def _drawn(
    draws: np.random.Generator, first: int, last: int, shape: tuple[int, int]
) -> Int[np.ndarray, "window step"]:
    """Steps of a range, drawn uniformly on a logarithmic scale: the far ones are alike."""
    steps = np.exp(draws.uniform(np.log(first), np.log(last + 1), shape)).astype(int)
    return np.clip(steps, first, last)


def _rows(
    inputs: Float[np.ndarray, "window input"], of_steps: Float[np.ndarray, "window step term"]
) -> Float[np.ndarray, "row column"]:
    """One row per window and step."""
    shared = np.broadcast_to(inputs[:, None], (*of_steps.shape[:2], inputs.shape[1]))
    return np.concatenate([shared, of_steps], axis=2).reshape(-1, inputs.shape[1] + of_steps.shape[2])
