"""How good forecasts of classes are: the share that is right, the log loss, and the Brier score."""

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.analysis.errors.predictions import chunked
from lstmkit.data.windows import Windows
from lstmkit.storage.files import Rows

LEAST = 0.01  # probability that a forecast gives to a class: the log loss of a sure forecast has no bound

Shares = Float[np.ndarray, "window horizon target"]


def class_scores(forecasters: dict[str, Rows], test: Windows) -> pd.DataFrame:
    """Score forecasts of all classes over all steps ahead.

    Args:
        forecasters: forecasts of every window, shape (window, horizon, target).
        test: the windows.

    Returns:
        One row per forecaster: `accuracy`, the share of forecasts whose most probable class is the most frequent one of
        the step; `log_loss`, the mean negative logarithm of the probability of what came; and `brier`, the mean over
        windows and steps of the summed squares (Brier 1950, Monthly Weather Review 78:1).
    """
    rows = {name: _scores(values, test) for name, values in forecasters.items()}
    return pd.DataFrame(rows, index=["accuracy", "log_loss", "brier"]).T


def probabilities(forecasts: Shares) -> Shares:
    """Forecasts as probabilities: at least `LEAST` for each class, and 1 in sum.

    Args:
        forecasts: of a model or of a regression, whose values may lie outside.
    """
    bounded = np.maximum(forecasts, LEAST)
    return bounded / bounded.sum(axis=-1, keepdims=True)


def _scores(forecasts: Rows, test: Windows) -> Float[np.ndarray, "3"]:
    sums, count = np.zeros(3), 0
    for some, forecast in chunked(forecasts, test):
        observed = some.observed()
        chances = probabilities(forecast)
        right = forecast.argmax(axis=-1) == observed.argmax(axis=-1)
        surprise = -(observed * np.log(chances)).sum(axis=-1)
        squares = ((chances - observed) ** 2).sum(axis=-1)
        sums += [right.sum(), surprise.sum(), squares.sum()]
        count += right.size
    return sums / count
