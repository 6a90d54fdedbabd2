"""An LSTM whose gates were traversed, and where its steps lie in time."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.analysis.gates.stream import stride_of
from lstmkit.data.windows import Windows
from lstmkit.internals.step_places import Place
from lstmkit.internals.trace_check import TraceCheck


@dataclass(frozen=True)
class WalkedLSTM:
    """An LSTM that was traversed, and its steps.

    Attributes:
        name: its path in the model, with the number of the call where its calls do not continue each other.
        n_steps: that it reads of each window.
        place: where these lie.
        span_hours: length of all steps together; None where their place is not known.
        check: how far its gates are from the fused LSTM.
        hours_before: hours from each step to the origin, shape (time,); zero is the newest of the window, steps ahead
            of the origin are negative. None where their place is not known.
    """

    name: str
    n_steps: int
    place: Place
    span_hours: float | None
    check: TraceCheck
    hours_before: Float[np.ndarray, "time"] | None = field(compare=False)

    @property
    def stride(self) -> int:
        """Distributions and extremes are those of every such step, counted from the last; means are of all."""
        return stride_of(self.n_steps)

    @property
    def in_window(self) -> bool:
        """Whether its steps lie in the window."""
        return self.place in (Place.WINDOW, Place.REVERSED)

    @property
    def step_hours(self) -> float | None:
        """Hours from step to step; None where they are not known."""
        return None if self.span_hours is None else self.span_hours / self.n_steps

    @property
    def index(self) -> pd.Index:
        """The hours from each step to the origin, or the steps' numbers from 1 where these are not known."""
        if self.hours_before is None:
            return pd.RangeIndex(1, self.n_steps + 1, name="step")
        return pd.Index(self.hours_before, name="hours_before")

    @property
    def full_index(self) -> pd.MultiIndex:
        """Of each step the LSTM's name, its number from 1, and the hours to the origin; NaN where not known."""
        hours = np.full(self.n_steps, np.nan) if self.hours_before is None else self.hours_before
        steps = np.arange(1, self.n_steps + 1)
        return pd.MultiIndex.from_arrays(
            [[self.name] * self.n_steps, steps, hours], names=["lstm", "step", "hours_before"]
        )


def walked_lstm(name: str, n_steps: int, place: Place, windows: Windows, check: TraceCheck) -> WalkedLSTM:
    """An LSTM with the hours of its steps.

    Args:
        name: its path in the model.
        n_steps: that it reads of each window.
        place: where these lie.
        windows: some of those that it reads.
        check: how far its gates are from the fused LSTM.
    """
    interval = windows.interval / pd.Timedelta("1h")
    if place is Place.UNKNOWN:
        return WalkedLSTM(name, n_steps, place, None, check, None)
    if place is Place.AHEAD:
        ahead = -np.arange(1.0, n_steps + 1) * interval
        return WalkedLSTM(name, n_steps, place, n_steps * interval, check, ahead)
    return WalkedLSTM(name, n_steps, place, windows.lookback_hours, check, windows.hours_before(n_steps))
