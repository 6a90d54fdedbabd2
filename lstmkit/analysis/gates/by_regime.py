"""How the forget gates differ from group to group."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lstmkit.analysis.gates.part import FORGET, PartStatistics
from lstmkit.analysis.gates.statistics import GateStatistics


@dataclass(frozen=True)
class GroupDifferences:
    """Mean forget gate of each unit in the second of the two groups that are compared, less the first.

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


def group_differences(gates: GateStatistics, part: PartStatistics) -> GroupDifferences | None:
    """Mean forget gate of each unit in the highest range that there is, less the lowest, in each half.

    Of groups without an order the two with most windows are compared, the second less the first.

    Args:
        gates: of all parts.
        part: one of them.

    Returns:
        None where there are not two, or a half lacks one of them.
    """
    if gates.compared is None:
        return None
    values = []
    for half in range(2):
        first, second = (gates.group_mean(part, group, half) for group in gates.compared)
        if first is None or second is None:
            return None
        values.append((second - first)[:, FORGET].mean(axis=0))
    return GroupDifferences(np.array(values))
