"""Ridge regression of what a simple rule leaves, on features, lags and clock (Hoerl & Kennard 1970)."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from lstmkit.data.residual import ResidualBaseline
from lstmkit.data.windows import Windows
from lstmkit.training.gain import best_gain
from lstmkit.training.regression_inputs import ridge_inputs
from lstmkit.training.simple_rules import Forecast, rule_alone

ALPHAS = np.logspace(0, 6, 13)
MOST_TRAINING_WINDOWS = 20_000


@dataclass(frozen=True)
class RidgeForecaster:
    """A rule, and the fitted regression of what it leaves.

    Attributes:
        rule: from whose forecast the regression forecasts the difference.
        expected: the climatology at every time step, in the target's unit.
        fitted: scikit-learn's pipeline.
        gain: by which its outputs are multiplied.
    """

    rule: ResidualBaseline
    expected: Float[np.ndarray, "time 1"]
    fitted: Pipeline
    gain: float

    def __call__(self, windows: Windows) -> Forecast:
        """Forecast windows.

        Args:
            windows: to forecast.
        """
        # scikit-learn forecasts a single step without an axis for it
        outputs = self.fitted.predict(ridge_inputs(windows, self.expected))
        return rule_alone(self.rule, windows) + self.gain * outputs.reshape(len(windows), windows.horizon, 1)


def fit_ridge(
    rules: list[ResidualBaseline],
    expected: Float[np.ndarray, "time 1"],
    train: Windows,
    held_out: Windows,
    seed: int,
) -> RidgeForecaster:
    """Regress the differences from each rule; rule, penalty and gain are those that serve the held-out windows best.

    Args:
        rules: to choose from.
        expected: the climatology at every time step.
        train: windows to fit on.
        held_out: windows of the validation part.
        seed: of the sample of training windows.
    """
    train = train.sample(MOST_TRAINING_WINDOWS, seed)
    x, x_held_out = ridge_inputs(train, expected), ridge_inputs(held_out, expected)
    candidates: list[tuple[float, RidgeForecaster]] = []
    for rule in rules:
        y, true = (some.observed() - rule_alone(rule, some) for some in (train, held_out))
        for alpha in ALPHAS:
            fitted = make_pipeline(StandardScaler(), Ridge(alpha)).fit(x, y[..., 0])
            outputs = fitted.predict(x_held_out).reshape(true.shape)
            gain = best_gain([(torch.from_numpy(outputs), torch.from_numpy(true))])
            error = float(np.mean((gain * outputs - true) ** 2))
            candidates.append((error, RidgeForecaster(rule, expected, fitted, gain)))
    return min(candidates, key=lambda pair: pair[0])[1]
