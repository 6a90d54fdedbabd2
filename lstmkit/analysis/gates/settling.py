"""How long the mean forget gate shows the state in which an LSTM starts to read."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lstmkit.analysis.gates.part import FORGET, PartStatistics
from lstmkit.analysis.gates.statistics import GateStatistics

SETTLED = 0.01  # distance from the mean of the half read last, within which the transient is over


@dataclass(frozen=True)
class ForgetCourse:
    """Mean forget gate of one layer and direction over its steps, in the order of reading.

    Attributes:
        values: at each step, averaged over windows and units.
        settled: the step from which it stays near what it is in the half that is read last, the first of that half at
            the latest.
        hours: that are read until then; steps where their length is not known.
    """

    values: Float[np.ndarray, "time"]
    settled: int
    hours: float

    @property
    def low(self) -> float:
        """Smallest value since it is settled."""
        return float(self.values[self.settled :].min())

    @property
    def high(self) -> float:
        """Largest value since it is settled."""
        return float(self.values[self.settled :].max())

    @property
    def last(self) -> float:
        """At the step that is read last."""
        return float(self.values[-1])

    @property
    def drifts(self) -> bool:
        """Whether it is not settled by the middle of the steps and moves on after it."""
        return self.settled == len(self.values) // 2 and self.high - self.low > 2 * SETTLED


def forget_course(gates: GateStatistics, part: PartStatistics) -> ForgetCourse:
    """Mean forget gate over the steps in the order in which a part reads them.

    Args:
        gates: of all parts.
        part: one of them.
    """
    values = part.as_read(gates.mean(part)[:, FORGET].mean(axis=1))
    half = len(values) // 2
    apart = np.abs(values[:half] - values[half:].mean()) > SETTLED
    settled = int(np.flatnonzero(apart).max(initial=-1)) + 1
    span = len(values) if part.lstm.span_hours is None else part.lstm.span_hours
    return ForgetCourse(values, settled, settled / len(values) * span)


def settling_hours(gates: GateStatistics, part: PartStatistics) -> float:
    """Hours, or steps, that a part reads until the mean forget gate stays near what it is in the half read last.

    Args:
        gates: of all parts.
        part: one of them.
    """
    return forget_course(gates, part).hours
