"""The mean of the target by time of week."""

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.ndimage import uniform_filter1d

from lstmkit.data.clock import DAY, time_of_day
from lstmkit.data.split import PartRows

SMOOTHING = pd.Timedelta("1h")


def climatology(
    target: pd.Series, local_time: pd.DatetimeIndex, training: PartRows, interval: pd.Timedelta
) -> Float[np.ndarray, "time"]:
    """Mean of the training part by time of day, working days and weekends apart, at every time step.

    Smoothed along the clock by a centred mean over an hour: means of single steps are noisy, and means of whole
    half-hours climb stairs.

    Args:
        target: the target's values, NaN where missing, shape (time,).
        local_time: time stamps on the site's clock, shape (time,).
        training: rows of the training part.
        interval: time between rows.

    Returns:
        The expected value at each time step, in the target's unit; the mean of the training part for a time of day
        that it does not contain.
    """
    step = np.asarray(time_of_day(local_time) // interval)
    weekend = np.asarray(local_time.day_of_week >= 5).astype(int)
    known = target.to_numpy()[training]
    means = pd.Series(known).groupby([weekend[training], step[training]]).mean()
    steps_per_day = -(-DAY // interval)
    every = pd.MultiIndex.from_product([range(2), range(steps_per_day)])
    table = means.reindex(every).fillna(np.nanmean(known)).to_numpy().reshape(2, steps_per_day)
    smooth = uniform_filter1d(table, size=2 * round(SMOOTHING / interval / 2) + 1, axis=1, mode="wrap")
    return smooth[weekend, step]
