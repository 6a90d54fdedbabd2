"""RMSE, MAE, R² and MAPE of forecasts that arrive one chunk after the other."""

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.analysis.errors.compared import Forecast
from lstmkit.analysis.resampling.statistics import RunningMean
from lstmkit.errors import LstmkitError


class ErrorSums:
    """What the metrics of several forecasters need, of windows that arrive one chunk after the other."""

    def __init__(self) -> None:
        self._observed, self._lowest, self._highest, self._has_zero = RunningMean(), np.inf, -np.inf, False
        self._sums: dict[str, np.ndarray] = {}

    def add(
        self, observed: Forecast, forecasts: dict[str, Forecast]
    ) -> Float[np.ndarray, "window forecaster"]:
        """Take in a chunk.

        Args:
            observed: true values.
            forecasts: by forecaster, of the same shape.

        Returns:
            The mean squared error of each window, forecasters in the order of `forecasts`.
        """
        self._observed.add(observed.reshape(-1))
        self._lowest, self._highest = min(self._lowest, observed.min()), max(self._highest, observed.max())
        self._has_zero |= not observed.all()
        magnitude = np.abs(np.where(observed == 0, 1.0, observed))
        squares = []
        for name, forecast in forecasts.items():
            error = np.abs(forecast - observed)
            squares.append((error**2).mean(axis=1))
            added = [squares[-1].sum() * observed.shape[1], error.sum(), (error / magnitude).sum()]
            self._sums[name] = self._sums.get(name, 0.0) + np.array(added)
        return np.stack(squares, axis=1)

    def metrics(self) -> pd.DataFrame:
        """RMSE and MAE in the target's unit, R², and MAPE in percent (NaN where a true value is zero)."""
        squares, absolute, relative = np.stack(list(self._sums.values()), axis=1)
        count, nothing = self._observed.count, np.full(len(self._sums), np.nan)
        table = {
            "rmse": np.sqrt(squares / count),
            "mae": absolute / count,
            "r2": 1 - squares / self._observed.spread if self._highest > self._lowest else nothing,
            "mape": nothing if self._has_zero else 100 * relative / count,
        }
        return pd.DataFrame(table, index=list(self._sums))


def score(observed: Forecast, forecast: Forecast) -> dict[str, float]:
    """RMSE and MAE in the target's unit, R², and MAPE in percent (NaN where a true value is zero).

    Args:
        observed: true values.
        forecast: of the same shape.
    """
    sums = ErrorSums()
    sums.add(observed, {"forecast": forecast})
    return sums.metrics().loc["forecast"].to_dict()


def best_baseline(rmse: pd.Series) -> str:
    """The baseline with the least error.

    Args:
        rmse: by baseline.

    Raises:
        LstmkitError: it makes no error at all.
    """
    best = rmse.idxmin()
    if not rmse[best]:
        raise LstmkitError(
            f"{best} forecasts the test part without any error (is the target constant there, as of a dead "
            f"sensor?), so no model can be compared with it: choose another split or another span"
        )
    return best
