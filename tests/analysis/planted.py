"""Forecasts that are the truth plus an error planted in them."""

from pathlib import Path

import numpy as np
import pandas as pd

from lstmkit.analysis.errors.predictions import LastStep
from lstmkit.data.calendar import Calendar
from lstmkit.data.windows import Windows
from lstmkit.params import SplitParams
from lstmkit.storage.files import Rows
from tests.series import dataset_of, raw_windows, stamps_of

LATE_HALF = SplitParams(validation_blocks=1, train=0.25, validation=0.15)


def windows_of(n: int = 1000, horizon: int = 3, keep: np.ndarray | None = None, **dataset) -> Windows:
    """Test windows of noise around 600 ppm, from the last 60 % of the rows."""
    values = 600 + 80 * np.random.default_rng(3).normal(size=n)
    frame = dataset_of({"co2": values}, keep=keep, **dataset)
    return raw_windows(frame, horizon, LATE_HALF, lookback=4, residual="none")["test"]


def rows_of(path: Path, windows: Windows, error: np.ndarray | float) -> Rows:
    """A file of forecasts: the true values plus an error that broadcasts to (window, horizon)."""
    np.save(path / "predicted.npy", windows.observed() + np.asarray(error)[..., None])
    return Rows(path / "predicted.npy", column=0)


def last_of(
    error: np.ndarray,
    observed: np.ndarray | None = None,
    latest: np.ndarray | None = None,
    start: str = "2025-06-02",
    interval: str = "1h",
    zone: str = "UTC",
) -> LastStep:
    """Forecasts one step ahead from a start given in UTC (by default a Monday).

    Of the series, the values at the origins come first and then the values one step later.
    """
    error = np.asarray(error, float)
    if observed is None:
        observed = 600 + 80 * np.random.default_rng(4).normal(size=len(error))
    calendar = Calendar(interval, zone)
    first = 0 if calendar.is_within_days else 1  # there are no times between the steps
    time = stamps_of(start, len(error) + first, interval).tz_convert(zone)
    origin, time = (time - calendar.step, time) if calendar.is_within_days else (time[:-1], time[1:])
    return LastStep(
        forecast=observed + error,
        observed=np.asarray(observed, float),
        latest=np.asarray(observed if latest is None else latest, float),
        origin=origin,
        time=time,
        origin_rows=np.arange(len(error)),
        rows=np.arange(len(error)) + len(error),
        n_windows=len(error),
        hours_ahead=calendar.step / pd.Timedelta("1h"),
        unit="ppm",
        calendar=calendar,
    )
