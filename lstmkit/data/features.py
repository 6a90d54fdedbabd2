"""Feature variants: what a model sees of a Dataset. Every feature is known at its own time step."""

import numpy as np
import pandas as pd

from lstmkit.data.clock import hour_of_day
from lstmkit.data.dataset import Dataset
from lstmkit.errors import LstmkitError
from lstmkit.wording import duration

HOUR = pd.Timedelta("1h")
_ENHANCED = ("temperature", "humidity")
CLOCK = ("hour_sin", "hour_cos", "weekday_sin", "weekday_cos")


def build_features(dataset: Dataset, variant: str) -> pd.DataFrame:
    """Compute the feature columns of a variant.

    Args:
        dataset: the series on its grid.
        variant: `preproc_D` (ten features, "Enhanced 1h"; nine where the target is one of them) or `raw` (the dataset's
            own columns).

    Returns:
        A frame on the dataset's index, the target first, NaN where a feature is not known.

    Raises:
        LstmkitError: the variant needs a column that the dataset lacks, or its names do not hold at the interval.
    """
    if variant == "raw":
        return dataset.frame[[dataset.target, *dataset.frame.columns.drop(dataset.target)]]
    if missing := [name for name in _ENHANCED if name not in dataset.frame]:
        raise LstmkitError(
            f"variant 'preproc_D' needs the columns temperature and humidity beside the target; "
            f"{dataset.name} lacks {', '.join(missing)}. Name them in `data.columns`, or use `variant: raw`."
        )
    if HOUR % dataset.interval != pd.Timedelta(0):
        raise LstmkitError(
            f"variant 'preproc_D' needs a `data.interval` of which an hour is a whole number, such as 5min or 1h: in "
            f"steps of {duration(dataset.interval / HOUR)}, `{dataset.target}_change_1h` would be no change over an "
            f"hour. Use `variant: raw`."
        )
    return _enhanced(dataset)


def _enhanced(dataset: Dataset) -> pd.DataFrame:
    target, series = dataset.target, dataset.frame[dataset.target]
    hour, day = dataset.calendar.steps("1h"), dataset.calendar.steps("24h")
    features = dataset.frame[[target, *(name for name in _ENHANCED if name != target)]].copy()
    features[f"{target}_change_1h"] = series.diff(hour)
    features[f"{target}_mean_1h"] = series.rolling(hour).mean()
    features[f"{target}_lag_24h"] = series.shift(day)
    return features.join(clock_features(dataset.local_time).set_axis(features.index))


def clock_features(local_time: pd.DatetimeIndex) -> pd.DataFrame:
    """Place hour of day and day of week on circles.

    Args:
        local_time: time stamps on the site's clock.

    Returns:
        Columns `hour_sin, hour_cos, weekday_sin, weekday_cos`, one row per time stamp.
    """
    hour = 2 * np.pi * hour_of_day(local_time) / 24
    weekday = 2 * np.pi * local_time.day_of_week / 7
    return pd.DataFrame(
        {
            "hour_sin": np.sin(hour),
            "hour_cos": np.cos(hour),
            "weekday_sin": np.sin(weekday),
            "weekday_cos": np.cos(weekday),
        },
        index=local_time,
    )


def feature_units(dataset: Dataset, features: list[str]) -> dict[str, str]:
    """Unit of each feature: the column's own, the target's for what is derived from it, none for the clock.

    Args:
        dataset: the series, which knows its columns' units.
        features: feature names.
    """
    target_unit = dataset.units.get(dataset.target, "")
    return {
        name: dataset.units.get(name, target_unit if name.startswith(f"{dataset.target}_") else "")
        for name in features
    }


def exogenous_features(features: tuple[str, ...]) -> list[bool]:
    """Whether each feature is measured and not of the target: neither the first, nor derived from it, nor the clock.

    Args:
        features: names, the target first.
    """
    target = features[0]
    return [name not in (target, *CLOCK) and not name.startswith(f"{target}_") for name in features]
