"""Named groups of the steps of a series, by which pages compare windows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Integer

from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError


@dataclass(frozen=True)
class Groups:
    """Groups to which the steps of a series belong.

    Attributes:
        labels: names; of ranges, from the lowest to the highest, and then that of the steps without a value.
        codes: position of each step's group among the labels, −1 where it has none, shape (time,).
        noun: what one of the groups is called in a sentence.
        edges: between ranges, in `unit`; a value at an edge belongs to the upper range. Empty where the groups have no
            order.
        unit: of the edges.
        of_target: whether the groups are ranges of the target.
        empty: labels of the groups in which no step of the training part lies.
    """

    labels: tuple[str, ...]
    codes: Int[np.ndarray, "time"]
    noun: str = "regime"
    edges: tuple[float, ...] = ()
    unit: str = ""
    of_target: bool = False
    empty: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def n_ranges(self) -> int:
        """How many of the groups are ranges, which come first and rise; zero where the groups have no order."""
        return len(self.edges) + 1 if self.edges else 0

    def at(self, rows: Integer[np.ndarray, "*rows"]) -> Int[np.ndarray, "*rows"]:
        """The position of the group of each of some steps.

        Args:
            rows: of the series.

        Raises:
            LstmkitError: a step belongs to no group, as its value is missing.
        """
        found = self.codes[rows]
        if missing := np.count_nonzero(found < 0):
            raise LstmkitError(f"{missing:,} of {found.size:,} steps have no value and so no {self.noun}")
        return found

    def of_windows(self, windows: Windows) -> Int[np.ndarray, "window"]:
        """The position of the group at each window's origin.

        Args:
            windows: of the series.
        """
        return self.at(windows.origin_rows.cpu().numpy())

    def compared(self, counts: Sequence[int] | Int[np.ndarray, "group"]) -> tuple[int, int] | None:
        """The two groups that sentences compare: the lowest and the highest range, else the two with most windows.

        Args:
            counts: windows of each group.

        Returns:
            Positions of two groups that hold windows; None where there are not two.
        """
        present = [int(group) for group in np.flatnonzero(counts)]
        if self.edges:
            present = [group for group in present if group < self.n_ranges]
        else:
            present = sorted(sorted(present, key=lambda group: -counts[group])[:2])
        return (present[0], present[-1]) if len(present) > 1 else None

    def typical(self, counts: Sequence[int] | Int[np.ndarray, "group"]) -> tuple[int, ...]:
        """The range in the middle, or the two of an even number; of groups without an order the one with most windows.

        Args:
            counts: windows of each group.
        """
        if not self.edges:
            return (int(np.argmax(counts)),)
        low, high = (self.n_ranges - 1) // 2, self.n_ranges // 2
        return (low,) if low == high else (low, high)
