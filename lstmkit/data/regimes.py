"""Low, medium and high values of the target."""

from dataclasses import dataclass

import numpy as np

from lstmkit.params import RegimeParams


@dataclass(frozen=True)
class Regimes:
    """Three ranges of the target: below, between and above two edges.

    Attributes:
        labels: names of the ranges, from low to high.
        edges: the two limits, in the target's unit; a value at an edge belongs to the upper range.
    """

    labels: tuple[str, str, str]
    edges: tuple[float, float]

    def of(self, values: np.ndarray) -> np.ndarray:
        """The index (0, 1, 2) of each value's range, in the shape of `values`."""
        return np.digitize(values, self.edges)


def find_regimes(training_target: np.ndarray, params: RegimeParams) -> Regimes:
    """Take the fixed edges, or else the terciles of the training part.

    Args:
        training_target: the target in the training part, in its unit, NaN allowed.
        params: labels and, on request, fixed edges.
    """
    edges = params.edges or tuple(np.nanquantile(training_target, [1 / 3, 2 / 3]).tolist())
    return Regimes(labels=params.labels, edges=edges)
