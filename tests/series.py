"""Small series made by hand."""

import numpy as np
import pandas as pd

from lstmkit.data.cutting import make_windows
from lstmkit.data.dataset import Dataset
from lstmkit.data.features import build_features
from lstmkit.data.grid import make_dataset
from lstmkit.data.windows import Windows
from lstmkit.params import SplitParams, WindowParams

BEGINNINGS = {"month": "MS", "quarter": "QS", "year": "YS", "business day": "B"}


def stamps_of(start: str, n: int, interval: str) -> pd.DatetimeIndex:
    """Beginnings of steps in UTC; of a duration, or `month`, `quarter`, `year` or `business day`."""
    return pd.date_range(start, periods=n, freq=BEGINNINGS.get(interval, interval), tz="UTC")


def dataset_of(
    columns: dict[str, list | np.ndarray],
    interval: str = "1h",
    start: str = "2025-06-02",
    site_timezone: str = "UTC",
    keep: np.ndarray | None = None,
) -> Dataset:
    """One row per interval from `start` (UTC; a Monday); `keep` says which rows were measured at all."""
    frame = pd.DataFrame({name: np.asarray(values, float) for name, values in columns.items()})
    frame.index = stamps_of(start, len(frame), interval)
    return make_dataset(
        "Hand",
        frame if keep is None else frame[keep],
        target="co2",
        interval=interval,
        site_timezone=site_timezone,
        units={"co2": "ppm", "temperature": "degC", "humidity": "percent"},
    )


def raw_windows(
    dataset: Dataset, horizon: int, split: SplitParams | None = None, **params
) -> dict[str, Windows]:
    """Windows of the dataset's own columns."""
    split = split or SplitParams(validation_blocks=1)
    return make_windows(dataset, build_features(dataset, "raw"), horizon, WindowParams(**params), split)
