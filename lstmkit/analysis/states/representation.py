"""The hidden states in which an LSTM ends, with what is known about the moment of each."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int, Shaped

from lstmkit.analysis.states.clock import Clock, clock_of
from lstmkit.data.calendar import Calendar
from lstmkit.data.finite import check_finite
from lstmkit.data.groups import Groups
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
        group: position of each window's group at the origin, shape (window,).
        groups: of the steps.
        unit: of the target.
        calendar: of the series.

    Raises:
        LstmkitError: a value is NaN or infinite.
    """

    name: str
    values: Float[np.ndarray, "window unit"]
    origin: pd.DatetimeIndex
    latest: Float[np.ndarray, "window"]
    group: Int[np.ndarray, "window"]
    groups: Groups
    unit: str
    calendar: Calendar

    def __post_init__(self) -> None:
        check_finite(self.values, self.origin, f"the values of {self.name}")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def clock(self) -> Clock | None:
        """Of the shortest cycle that the series resolves; None where it resolves none."""
        return clock_of(self.calendar)

    @cached_property
    def phase(self) -> Float[np.ndarray, "window"]:
        """Where in that cycle each origin lies, in the clock's unit; zeros where there is no cycle."""
        return np.zeros(len(self)) if self.clock is None else self.clock.read(self.origin)

    @property
    def has_weekends(self) -> bool:
        """Whether the series has weekdays and weekends, and resolves them."""
        return self.calendar.resolves("week") and not self.calendar.has_business_days

    @cached_property
    def is_weekend(self) -> Bool[np.ndarray, "window"]:
        """Whether the origin lies on a Saturday or Sunday."""
        return np.asarray(self.origin.day_of_week >= 5)

    @property
    def present_groups(self) -> tuple[str, ...]:
        """Labels of the groups in which a window starts."""
        return tuple(self.groups.labels[index] for index in np.unique(self.group))

    @property
    def absent_groups(self) -> tuple[str, ...]:
        """Labels of the others."""
        return tuple(label for label in self.groups.labels if label not in self.present_groups)

    @property
    def weekend_percent(self) -> float:
        """Percent of the windows that start on a weekend."""
        return float(100 * self.is_weekend.mean())

    @property
    def varies(self) -> bool:
        """Whether any unit takes more than one value."""
        return bool(np.ptp(self.values, axis=0).any())


def representation_of(
    name: str, values: Shaped[np.ndarray, "window unit"], windows: Windows, groups: Groups
) -> Representation:
    """What one stage makes of some windows, with what is known about the moment of each.

    Args:
        name: of the stage.
        values: one row per window.
        windows: in order of time.
        groups: of the steps.

    Raises:
        LstmkitError: a value is not finite, or a window belongs to no group.
    """
    return Representation(
        name=name,
        values=values,
        origin=windows.origin,
        latest=windows.one(windows.latest()),
        group=groups.of_windows(windows),
        groups=groups,
        unit=windows.unit,
        calendar=windows.calendar,
    )


def final_states(
    states: Rows, windows: Windows, groups: Groups, chosen: Int[np.ndarray, "window"]
) -> tuple[Representation, ...]:
    """The final hidden state of each layer of the LSTM, for some of the windows.

    Args:
        states: of every window, shape (window, layer, unit).
        windows: the same windows.
        groups: of the steps.
        chosen: positions among the windows, rising.

    Returns:
        One per layer, from the input to the forecast; the last is what the head reads.

    Raises:
        LstmkitError: there are not as many states as windows.
    """
    some, values = _taken(states, "hidden states", windows, chosen)
    return tuple(
        representation_of(f"LSTM layer {layer + 1}", values[:, layer], some, groups)
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
