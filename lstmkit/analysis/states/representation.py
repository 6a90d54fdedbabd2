"""The hidden states in which an LSTM ends, with what is known about the moment of each."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int

from lstmkit.data.clock import hour_of_day
from lstmkit.data.finite import check_finite
from lstmkit.data.regimes import Regimes
from lstmkit.data.shapes import check_rows
from lstmkit.data.windows import Windows
from lstmkit.storage.files import Rows


@dataclass(frozen=True)
class Representation:
    """What one stage of a model makes of each of some windows, and the moment at which each window ends.

    Attributes:
        name: of the stage, for titles.
        values: one row per window, in order of time, shape (window, unit).
        origin: local time of each window's newest step.
        latest: the target at the origin, in its unit, shape (window,).
        regimes: of the target.
        unit: of the target.

    Raises:
        LstmkitError: a value is NaN or infinite.
    """

    name: str
    values: Float[np.ndarray, "window unit"]
    origin: pd.DatetimeIndex
    latest: Float[np.ndarray, "window"]
    regimes: Regimes
    unit: str

    def __post_init__(self) -> None:
        check_finite(self.values, self.origin, f"the values of {self.name}")

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def regime(self) -> Int[np.ndarray, "window"]:
        """Index of the target's regime at the origin."""
        return self.regimes.of(self.latest)

    @cached_property
    def hour(self) -> Float[np.ndarray, "window"]:
        """Local hour of day of the origin, with its minutes and seconds as a fraction."""
        return hour_of_day(self.origin)

    @cached_property
    def is_weekend(self) -> Bool[np.ndarray, "window"]:
        """Whether the origin lies on a Saturday or Sunday."""
        return np.asarray(self.origin.day_of_week >= 5)

    @property
    def present_regimes(self) -> tuple[str, ...]:
        """Labels of the regimes in which a window starts, from low to high."""
        return tuple(self.regimes.labels[index] for index in np.unique(self.regime))

    @property
    def absent_regimes(self) -> tuple[str, ...]:
        """Labels of the others."""
        return tuple(label for label in self.regimes.labels if label not in self.present_regimes)

    @property
    def weekend_percent(self) -> float:
        """Percent of the windows that start on a weekend."""
        return float(100 * self.is_weekend.mean())

    @property
    def varies(self) -> bool:
        """Whether any unit takes more than one value."""
        return bool(np.ptp(self.values, axis=0).any())


def final_states(
    states: Rows, windows: Windows, regimes: Regimes, unit: str, chosen: Int[np.ndarray, "window"]
) -> tuple[Representation, ...]:
    """The final hidden state of each layer of the LSTM, for some of the windows.

    Args:
        states: of every window, shape (window, layer, unit).
        windows: the same windows.
        regimes: of the target.
        unit: of the target.
        chosen: positions among the windows, rising.

    Returns:
        One per layer, from the input to the forecast; the last is what the head reads.

    Raises:
        LstmkitError: there are not as many states as windows.
    """
    some, values = _taken(states, "hidden states", windows, chosen)
    origin, latest = some.origin, some.one(some.latest())
    return tuple(
        Representation(f"LSTM layer {layer + 1}", values[:, layer], origin, latest, regimes, unit)
        for layer in range(values.shape[1])
    )


def corrections(
    predictions: Rows, windows: Windows, chosen: Int[np.ndarray, "window"]
) -> Float[np.ndarray, "window"]:
    """What the network adds to the residual baseline, as a mean over the horizon, for some of the windows.

    Args:
        predictions: of every window, in the target's unit, shape (window, horizon).
        windows: the same windows.
        chosen: positions among the windows, rising.

    Returns:
        In the target's unit.

    Raises:
        LstmkitError: there are not as many predictions as windows, or one is not finite.
    """
    some, forecasts = _taken(predictions, "predictions", windows, chosen)
    check_finite(forecasts, some.origin, "predictions")
    return (forecasts - some.one(some.without_network())).mean(axis=1)


def _taken(
    rows: Rows, content: str, windows: Windows, chosen: Int[np.ndarray, "window"]
) -> tuple[Windows, Float[np.ndarray, "window ..."]]:
    check_rows(rows, windows, content)
    return windows.select(torch.from_numpy(chosen)), rows.take(chosen).astype("float64")
