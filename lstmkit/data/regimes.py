"""Low, medium and high values of the target."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lstmkit.errors import LstmkitError
from lstmkit.params import RegimeParams

FEWEST = 1 / 6  # share of the values, half of a third, that each tercile must hold despite ties


@dataclass(frozen=True)
class Regimes:
    """Three ranges of the target: below, between and above two edges.

    Attributes:
        labels: names of the ranges, from low to high.
        edges: the two limits, in the target's unit; a value at an edge belongs to the upper range.
        empty: labels of the ranges that hold no value of the training part.
    """

    labels: tuple[str, str, str]
    edges: tuple[float, float]
    empty: tuple[str, ...] = ()

    def of(self, values: np.ndarray) -> np.ndarray:
        """The index (0, 1, 2) of each value's range, in the shape of `values`.

        Args:
            values: of the target.

        Raises:
            LstmkitError: a value is NaN, which lies in no range.
        """
        if missing := np.count_nonzero(np.isnan(values)):
            raise LstmkitError(f"{missing:,} of {np.size(values):,} target values are NaN and have no regime")
        return np.digitize(values, self.edges)

    @property
    def empty_sentence(self) -> str:
        """Which ranges no value of the training part lies in; empty where each holds some."""
        if not self.empty:
            return ""
        return f"No value of the training part is {' or '.join(self.empty)}."


def find_regimes(training_target: np.ndarray, params: RegimeParams) -> Regimes:
    """Take the fixed edges, or else the terciles of the training part.

    Where a value occurs so often that a third would hold less than half of its share, the thirds are taken as near to
    equal as the ties allow, and none is empty unless there are fewer than three different values.

    Args:
        training_target: the target in the training part, in its unit, NaN allowed.
        params: labels and, on request, fixed edges.

    Raises:
        LstmkitError: the training part holds no value.
    """
    values = training_target[~np.isnan(training_target)]
    if not len(values):
        raise LstmkitError("the target has no value in the training part, so it has no regimes")
    edges = params.edges or tuple(np.quantile(values, [1 / 3, 2 / 3]).tolist())
    if not params.edges and _sizes(values, edges).min() < FEWEST * len(values):
        edges = _edges_between_ties(values)
    sizes = _sizes(values, edges)
    empty = tuple(label for label, size in zip(params.labels, sizes, strict=True) if not size)
    return Regimes(labels=params.labels, edges=edges, empty=empty)


def _sizes(values: Float[np.ndarray, "value"], edges: tuple[float, float]) -> Int[np.ndarray, "3"]:
    return np.bincount(np.digitize(values, edges), minlength=3)


def _edges_between_ties(values: Float[np.ndarray, "value"]) -> tuple[float, float]:
    """Edges that part the different values into three groups with the least sum of squared sizes."""
    different, counts = np.unique(values, return_counts=True)
    if len(different) < 3:  # a single value is low, and the greater of two is high
        edge = float(different[1]) if len(different) == 2 else float(np.nextafter(different[0], np.inf))
        return edge, edge
    below = np.cumsum(counts)  # how many values each first or second group could end with
    first = np.arange(len(below) - 2)
    middle = (below[first] + below[-1]) / 2
    second = np.searchsorted(below, middle)
    second -= below[second] - middle > middle - below[second - 1]
    second = np.clip(second, first + 1, len(below) - 2)
    sizes = np.stack([below[first], below[second] - below[first], below[-1] - below[second]]).astype(float)
    best = int((sizes**2).sum(axis=0).argmin())
    return float(different[best + 1]), float(different[second[best] + 1])
