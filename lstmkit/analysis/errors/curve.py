"""The error of each forecast over time, with few enough points to be drawn and picked from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from lstmkit.analysis.errors.in_time import Errors
from lstmkit.data.calendar import Calendar

MOST_POINTS = 4000


@dataclass(frozen=True)
class ErrorCurve:
    """Root mean square errors over the horizon, of the worst of each few successive forecasts.

    Attributes:
        position: of each point's window among all windows, rising.
        origin: local time from which its forecast starts.
        rmse: of its forecast, in the target's unit.
        after_gap: whether windows are missing between the point and the one before.
        unit: of the target.
        calendar: of the series.
    """

    position: Int[np.ndarray, "point"]
    origin: pd.DatetimeIndex
    rmse: Float[np.ndarray, "point"]
    after_gap: Bool[np.ndarray, "point"]
    unit: str
    calendar: Calendar

    @property
    def worst(self) -> int:
        """Position of the window with the largest error of all."""
        return int(self.position[self.rmse.argmax()])


def error_curve(errors: Errors, most: int = MOST_POINTS) -> ErrorCurve:
    """Take the worst forecast of each of as many stretches of time as points can be drawn.

    Args:
        errors: of every forecast.
        most: points.
    """
    rmse, windows = errors.rmse, errors.windows
    stretches = np.array_split(np.arange(len(rmse)), min(most, len(rmse)))
    position = np.array([stretch[rmse[stretch].argmax()] for stretch in stretches])
    after = np.diff(windows.starts.cpu().numpy(), prepend=windows.starts[0].item() - 1) > 1
    missing_before = np.cumsum(after)[position]
    after_gap = np.diff(missing_before, prepend=missing_before[0]) > 0
    origin = windows.origin[position]
    return ErrorCurve(position, origin, rmse[position], after_gap, windows.unit, windows.calendar)
