"""Edges that part the values of a column into equal shares, as near as ties allow."""

import numpy as np
from jaxtyping import Float, Int

FEWEST = 1 / 2  # of an equal share, that each group must hold despite ties


def equal_shares(values: Float[np.ndarray, "value"], n_groups: int) -> tuple[float, ...]:
    """The edges between groups of equal size.

    Where a value occurs so often that a group would hold less than half of its share, the groups are taken as near to
    equal as the ties allow, and none is empty unless there are fewer different values than groups.

    Args:
        values: without NaN, at least one.
        n_groups: at least two.
    """
    edges = np.quantile(values, np.arange(1, n_groups) / n_groups)
    if np.bincount(np.digitize(values, edges), minlength=n_groups).min() < FEWEST / n_groups * len(values):
        return _edges_between_ties(values, n_groups)
    return tuple(edges.tolist())


def _edges_between_ties(values: Float[np.ndarray, "value"], n_groups: int) -> tuple[float, ...]:
    """Edges that part the different values into groups with a small sum of squared sizes, the least of two or three.

    Each value is tried as the last of the first group; of the rest each group in turn takes its share as nearly as
    whole values allow.
    """
    different, counts = np.unique(values, return_counts=True)
    if len(different) < n_groups:
        return _edges_of_few(different, n_groups)
    below = np.cumsum(counts)  # how many values a group could end with
    lasts = [np.arange(len(below) - n_groups + 1)]
    for left in range(n_groups - 1, 1, -1):
        lasts.append(_shared(below, lasts[-1], left))
    ends = np.stack([*(below[last] for last in lasts), np.full(len(lasts[0]), below[-1])])
    sizes = np.diff(ends, axis=0, prepend=0).astype(float)
    best = int((sizes**2).sum(axis=0).argmin())
    return tuple(float(different[last[best] + 1]) for last in lasts)


def _shared(
    below: Int[np.ndarray, "value"], before: Int[np.ndarray, "try"], left: int
) -> Int[np.ndarray, "try"]:
    """The last value of the next group, where `left` groups share what comes after each of some values."""
    aim = below[before] + (below[-1] - below[before]) / left
    last = np.searchsorted(below, aim)
    last -= below[last] - aim > aim - below[last - 1]
    return np.clip(last, before + 1, len(below) - left)


def _edges_of_few(different: Float[np.ndarray, "value"], n_groups: int) -> tuple[float, ...]:
    """Edges that put fewer values than groups as far apart as they can be: the least first, the greatest last."""
    gaps = max(1, len(different) - 1)
    group = np.arange(len(different)) * (n_groups - 1) // gaps
    beyond = np.append(different, np.nextafter(different[-1], np.inf))
    return tuple(float(beyond[np.searchsorted(group, edge, side="right")]) for edge in range(n_groups - 1))
