"""Clouds of hidden states whose shape is known."""

import numpy as np
import pandas as pd

from lstmkit.analysis.states.representation import Representation
from lstmkit.data.calendar import Calendar
from tests.groups import ranges

EDGES = (450.0, 550.0)


def cloud(
    values: np.ndarray,
    latest: np.ndarray | float = 500.0,
    start: str = "2025-06-02",
    every: str = "1h",
    name: str = "LSTM layer 2",
) -> Representation:
    """One state per interval from `start` (a Monday) in New York; `latest` is one value or one per window."""
    return Representation(
        name=name,
        values=np.asarray(values, float),
        origin=pd.date_range(start, periods=len(values), freq=every, tz="America/New_York"),
        latest=np.broadcast_to(np.asarray(latest, float), len(values)).copy(),
        group=np.digitize(np.broadcast_to(latest, len(values)), EDGES),
        groups=ranges(np.zeros(1), EDGES),
        unit="ppm",
        calendar=Calendar(every, "America/New_York"),
    )
