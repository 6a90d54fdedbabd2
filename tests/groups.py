"""Groups of steps whose values are known."""

import numpy as np

from lstmkit.analysis.errors.predictions import LastStep
from lstmkit.data.groups import Groups
from lstmkit.data.windows import Windows

LABELS = ("Low", "Medium", "High")
SHIFTS = ("night", "early", "late", "day off")


def ranges(values: np.ndarray, edges: tuple[float, ...], labels: tuple[str, ...] = LABELS) -> Groups:
    """Ranges of a target, one step per value."""
    values = np.asarray(values, float)
    codes = np.where(np.isnan(values), -1, np.digitize(values, edges))
    return Groups(labels, codes, edges=edges, unit="ppm", of_target=True)


def by_edges(windows: Windows, edges: tuple[float, ...], labels: tuple[str, ...] = LABELS) -> Groups:
    """Ranges of the explained target at every step of the series from which windows were cut."""
    return ranges(windows.one(windows.values), edges, labels)


def in_turn(
    windows: Windows, labels: tuple[str, ...] = SHIFTS, steps: int = 1, noun: str = "shift"
) -> Groups:
    """Groups without an order, each of which lasts some steps before the next one comes."""
    rows = np.arange(len(windows.values))
    return Groups(labels, rows // steps % len(labels), noun=noun)


def of_last(last: LastStep, edges: tuple[float, ...], labels: tuple[str, ...] = LABELS) -> Groups:
    """Ranges of the target at the origins and at the last steps that `last_of` makes."""
    return ranges(np.concatenate([last.latest, last.observed]), edges, labels)
