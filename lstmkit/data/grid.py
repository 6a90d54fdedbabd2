"""Puts measurements on a regular grid and accounts for what is missing."""

import hashlib

import numpy as np
import pandas as pd

from lstmkit.data.dataset import Dataset, GapReport

LONGEST_INTERPOLATED = pd.Timedelta("1h")


def to_grid(measurements: pd.DataFrame, interval: pd.Timedelta) -> tuple[pd.DataFrame, pd.Series, GapReport]:
    """Average measurements over each grid step; fill gaps of up to an hour; leave longer ones missing.

    A value at time t is the mean over [t, t + interval). A filled step lies between two observed ones, so it
    knows the later of the two: forecasts may therefore start at observed steps alone (`windows.py`).

    Args:
        measurements: float columns, strictly increasing UTC index; NaN where a single value is missing.
        interval: time between rows of the grid.

    Returns:
        The frame on the grid, whether each row is observed in all columns, and the account of the gaps.
    """
    grid = measurements.resample(interval).mean()
    observed = grid.notna().all(axis=1)
    run = (observed != observed.shift()).cumsum()
    length = observed.groupby(run).transform("size") * interval
    inside = (run > run.iloc[0]) & (run < run.iloc[-1])
    short = ~observed & inside & (length <= LONGEST_INTERPOLATED)
    filled = grid.interpolate(method="time", limit_area="inside")
    frame = grid.where(observed, np.nan).where(~short, filled)
    lengths = length[~observed].groupby(run[~observed]).first()
    is_short = short[~observed].groupby(run[~observed]).first()
    gaps = GapReport(
        interpolated=int(is_short.sum()),
        interpolated_steps=int(short.sum()),
        splits=int((~is_short).sum()),
        missing_steps=int((~observed & ~short).sum()),
        longest=lengths.max() if len(lengths) else pd.Timedelta(0),
    )
    return frame, observed, gaps


def make_dataset(
    name: str,
    measurements: pd.DataFrame,
    *,
    target: str,
    interval: pd.Timedelta,
    site_timezone: str,
    units: dict[str, str],
    latents: pd.DataFrame | None = None,
) -> Dataset:
    """Grid the measurements and describe them as a Dataset.

    Args:
        name: what the series is called in titles.
        measurements: float columns, strictly increasing UTC index.
        target: the column that is forecast.
        interval: time between rows of the grid.
        site_timezone: IANA zone of the site.
        units: unit per column.
        latents: columns that a model never sees, with an index that covers the grid.
    """
    frame, observed, gaps = to_grid(measurements.astype("float64"), interval)
    hidden = pd.DataFrame(index=frame.index)
    if latents is not None:
        hidden = latents.resample(interval).mean().reindex(frame.index)
    return Dataset(
        name=name,
        frame=frame,
        observed=observed,
        target=target,
        interval=interval,
        site_timezone=site_timezone,
        units=units,
        gaps=gaps,
        latents=hidden,
        fingerprint=_fingerprint(frame),
    )


def _fingerprint(frame: pd.DataFrame) -> str:
    digest = hashlib.sha256(repr(list(frame.columns)).encode())
    digest.update(frame.index.as_unit("us").asi8.tobytes())
    digest.update(np.ascontiguousarray(frame.to_numpy("float32")).tobytes())
    return digest.hexdigest()
