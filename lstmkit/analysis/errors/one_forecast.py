"""The forecast from one origin, beside what was observed before and after it and what a baseline forecasts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lstmkit.data.calendar import Calendar
from lstmkit.data.windows import Windows
from lstmkit.storage.files import Rows


@dataclass(frozen=True)
class OneForecast:
    """A forecast of every step ahead of one origin.

    Attributes:
        past: observed values of the lookback, indexed by local time.
        ahead: one row per step ahead, indexed by local time, with `observed`, `forecast` and `baseline`.
        baseline: name of the rule or model whose forecast stands beside.
        unit: of all values.
        calendar: of the series.
    """

    past: pd.Series
    ahead: pd.DataFrame
    baseline: str
    unit: str
    calendar: Calendar

    @property
    def origin(self) -> pd.Timestamp:
        """Local time from which the forecast starts."""
        return self.past.index[-1]

    @property
    def rmse(self) -> float:
        """Root mean square error of the forecast over the horizon."""
        return self._rmse("forecast")

    @property
    def baseline_rmse(self) -> float:
        """The same of the baseline."""
        return self._rmse("baseline")

    def _rmse(self, column: str) -> float:
        return float(np.sqrt(((self.ahead[column] - self.ahead["observed"]) ** 2).mean()))


def one_forecast(
    predictions: Rows, baseline: Rows, windows: Windows, position: int, name: str
) -> OneForecast:
    """Take one of the forecasts.

    Args:
        predictions: of every window, in the target's unit, shape (window, horizon).
        baseline: the same of a baseline.
        windows: the same windows.
        position: among the windows.
        name: of the baseline.
    """
    chosen = np.array([position])
    start = int(windows.starts[position])
    origin = start + windows.lookback
    values = windows.one(windows.values)[start : origin + windows.horizon].astype("float64")
    time = windows.time[start : origin + windows.horizon]
    ahead = {
        "observed": values[windows.lookback :],
        "forecast": predictions.take(chosen)[0].astype("float64"),
        "baseline": baseline.take(chosen)[0].astype("float64"),
    }
    past = pd.Series(values[: windows.lookback], index=time[: windows.lookback])
    frame = pd.DataFrame(ahead, index=time[windows.lookback :])
    return OneForecast(past, frame, name, windows.unit, windows.calendar)
