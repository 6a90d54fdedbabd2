"""How the forget gates differ from regime to regime."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lstmkit.analysis.gates.part import FORGET, PartStatistics
from lstmkit.analysis.gates.statistics import GateStatistics


@dataclass(frozen=True)
class RegimeDifferences:
    """Mean forget gate of each unit in the highest regime that there is, less the lowest.

    Attributes:
        values: in each half of the test part.
    """

    values: Float[np.ndarray, "half unit"]

    @property
    def mean(self) -> Float[np.ndarray, "unit"]:
        """Mean of both halves."""
        return self.values.mean(axis=0)

    @property
    def largest_unit(self) -> int:
        """The unit that differs most."""
        return int(np.abs(self.mean).argmax())

    @property
    def correlation(self) -> float | None:
        """Correlation of the halves over units; None where all units of a half differ alike."""
        return float(np.corrcoef(self.values)[0, 1]) if np.ptp(self.values, axis=1).all() else None


def regime_differences(gates: GateStatistics, part: PartStatistics) -> RegimeDifferences | None:
    """Mean forget gate of each unit in the highest regime that there is, less the lowest, in each half.

    Args:
        gates: of all parts.
        part: one of them.

    Returns:
        None where a half lacks one of the two regimes.
    """
    low, high = gates.present[0], gates.present[-1]
    if low == high:
        return None
    values = []
    for half in range(2):
        lowest, highest = (gates.regime_mean(part, regime, half) for regime in (low, high))
        if lowest is None or highest is None:
            return None
        values.append((highest - lowest)[:, FORGET].mean(axis=0))
    return RegimeDifferences(np.array(values))
