"""The mean of the target by time of week: a baseline, and the anchor from which networks predict deviations."""

import numpy as np
import pandas as pd

BINS_PER_DAY = 48  # half hours


def climatology(target: pd.Series, local_time: pd.DatetimeIndex, training: slice) -> np.ndarray:
    """Mean of the training part by half-hour of day, working days and weekends apart, at every time step.

    Args:
        target: the target's values, NaN where missing, shape (time,).
        local_time: time stamps on the site's clock, shape (time,).
        training: rows of the training part.

    Returns:
        The expected value at each time step, in the target's unit, shape (time,); the mean of the training part
        for a time of week that it does not contain.
    """
    bins = _time_of_week(local_time)
    known = target.to_numpy()[training]
    means = pd.Series(known).groupby(bins[training]).mean()
    return pd.Series(bins).map(means).fillna(np.nanmean(known)).to_numpy()


def _time_of_week(local_time: pd.DatetimeIndex) -> np.ndarray:
    half_hour = (local_time.hour * 60 + local_time.minute) * BINS_PER_DAY // (24 * 60)
    return np.asarray(half_hour + BINS_PER_DAY * (local_time.day_of_week >= 5))
