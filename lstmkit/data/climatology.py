"""What the target usually is at a time of the day, the week and the year."""

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.ndimage import uniform_filter1d

from lstmkit.data.calendar import WEEK, YEAR, Calendar
from lstmkit.data.clock import DAY, phase_of_year, time_of_day
from lstmkit.data.dataset import Dataset
from lstmkit.data.split import PartRows

SMOOTHING = pd.Timedelta("1h")
HARMONICS = 3  # of the year
FEWEST_CYCLES = 2  # in the training part


def climatologies(dataset: Dataset, training: PartRows) -> Float[np.ndarray, "time target"]:
    """The climatology of each target.

    Args:
        dataset: the series.
        training: rows of the training part.
    """
    return np.column_stack(
        [
            climatology(dataset.frame[target], dataset.local_time, training, dataset.calendar)
            for target in dataset.targets
        ]
    )


def climatology(
    target: pd.Series, local_time: pd.DatetimeIndex, training: PartRows, calendar: Calendar
) -> Float[np.ndarray, "time"]:
    """Mean of the training part at the same point of the cycles that the steps resolve, at every time step.

    Of steps within the day, the mean by time of day, working days and weekends apart, smoothed along the clock by a
    centred mean over an hour: means of single steps are noisy, and means of whole half-hours climb stairs. Of longer
    steps, least squares on the day of the week and on harmonics of the year, each where the steps resolve it and the
    training part holds two of them.

    Args:
        target: the target's values, NaN where missing, shape (time,).
        local_time: time stamps on the site's clock, shape (time,).
        training: rows of the training part.
        calendar: of the series.

    Returns:
        The expected value at each time step, in the target's unit; the mean of the training part for a time of day
        that it does not contain.
    """
    if not calendar.is_within_days:
        return _of_long_steps(target.to_numpy(), local_time, training, calendar)
    interval = calendar.step
    step = np.asarray(time_of_day(local_time) // interval)
    weekend = np.asarray(local_time.day_of_week >= 5).astype(int)
    known = target.to_numpy()[training]
    means = pd.Series(known).groupby([weekend[training], step[training]]).mean()
    steps_per_day = -(-DAY // interval)
    every = pd.MultiIndex.from_product([range(2), range(steps_per_day)])
    table = means.reindex(every).fillna(np.nanmean(known)).to_numpy().reshape(2, steps_per_day)
    smooth = uniform_filter1d(table, size=2 * round(SMOOTHING / interval / 2) + 1, axis=1, mode="wrap")
    return smooth[weekend, step]


def _of_long_steps(
    target: Float[np.ndarray, "time"], local_time: pd.DatetimeIndex, training: PartRows, calendar: Calendar
) -> Float[np.ndarray, "time"]:
    """Least squares on the cycles of which the training part holds enough."""
    span = len(training) * calendar.step
    columns = [np.ones(len(local_time))]
    if calendar.resolves("week") and span >= FEWEST_CYCLES * WEEK:
        columns += [(local_time.day_of_week == day).astype(float) for day in range(1, 7)]
    if calendar.resolves("year") and span >= FEWEST_CYCLES * YEAR:
        phase = 2 * np.pi * phase_of_year(local_time)
        most = min(HARMONICS, int(YEAR / calendar.step) // 2 - 1)
        columns += [wave(k * phase) for k in range(1, most + 1) for wave in (np.sin, np.cos)]
    inputs = np.column_stack(columns)
    known = training[~np.isnan(target[training])]
    return inputs @ np.linalg.lstsq(inputs[known], target[known])[0]
