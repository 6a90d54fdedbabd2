"""A series of two targets in other units, of another size and another memory each."""

from dataclasses import replace

import numpy as np
from scipy.signal import lfilter

from lstmkit.data.cutting import make_windows
from lstmkit.data.dataset import Dataset
from lstmkit.data.features import build_features
from lstmkit.data.windows import Windows
from lstmkit.params import SplitParams, WindowParams
from tests.series import dataset_of

TARGETS = ("co2", "temperature")
HALF = SplitParams(validation_blocks=1, train=0.5, validation=0.2)


def two_targets(rows: int = 900) -> Dataset:
    """Hourly deviations from two rhythms."""
    noise, angle = np.random.default_rng(8).normal(size=(3, rows)), np.arange(rows) * 2 * np.pi / 24
    columns = {
        "co2": 600 + 60 * np.sin(angle) + 40 * lfilter([1], [1, -0.5], noise[0]),
        "temperature": 21 + 0.5 * np.cos(angle) + 0.1 * lfilter([1], [1, -0.95], noise[1]),
        "humidity": 40 + 5 * noise[2],
    }
    return replace(dataset_of(columns, site_timezone="Europe/Berlin"), targets=TARGETS)


def alone(dataset: Dataset, name: str) -> Dataset:
    """The same series with one of its targets."""
    return replace(dataset, targets=(name,))


def windows_with(features_of: Dataset, dataset: Dataset, horizon: int = 3, **params) -> dict[str, Windows]:
    """Windows of a dataset with the features of another, whose first target stands first."""
    features = build_features(features_of, "raw")
    return make_windows(dataset, features, horizon, WindowParams(**{"lookback": 30, **params}), HALF)
