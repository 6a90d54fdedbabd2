"""What is forecast: the targets, how far ahead, and whether their own past is known."""

from dataclasses import dataclass, replace
from typing import Literal

from lstmkit.errors import LstmkitError


@dataclass(frozen=True)
class Task:
    """What is forecast. Arrays of targets have the shape (window, horizon, target), also for one target.

    Attributes:
        targets: names of the columns that are forecast.
        units: unit per target.
        horizon: number of steps ahead.
        kind: `regression`, or `classes`, whose targets are the numbers of their classes.
        target_known: whether the targets' own past is known to a forecast; it is not to a virtual sensor.
    """

    targets: tuple[str, ...]
    units: tuple[str, ...]
    horizon: int
    kind: Literal["regression", "classes"] = "regression"
    target_known: bool = True

    def position(self, target: str | int) -> int:
        """Where a target stands among the targets.

        Args:
            target: its name or its position.

        Raises:
            LstmkitError: there is no such target; the message names those that there are.
        """
        names: list[str | int] = list(self.targets)
        position = names.index(target) if target in names else target
        if not isinstance(position, int) or not 0 <= position < len(self):
            raise LstmkitError(f"there is no target {target!r}; there are {', '.join(self.targets)}")
        return position

    def only(self, target: str | int) -> "Task":
        """The same task for one target.

        Args:
            target: its name or its position.
        """
        at = self.position(target)
        return replace(self, targets=(self.targets[at],), units=(self.units[at],))

    def __len__(self) -> int:
        return len(self.targets)
