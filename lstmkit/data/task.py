"""What is forecast: the targets, how far ahead, and whether their own past is known."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from lstmkit.errors import LstmkitError

Kind = Literal["regression", "classes"]
METRICS = ("rmse", "mae", "r2", "mape")  # of the forecasts of each target


@dataclass(frozen=True)
class Task:
    """What is forecast. Arrays of targets have the shape (window, horizon, target), also for one target.

    Attributes:
        targets: names of the columns that are forecast.
        units: unit per target.
        horizon: number of steps ahead.
        kind: `regression`, or `classes`, whose targets are the shares of each step that are of each class: 1 or 0
            where a step holds one value.
        target_known: whether the targets' own past is known to a forecast; it is not to a virtual sensor.
    """

    targets: tuple[str, ...]
    units: tuple[str, ...]
    horizon: int
    kind: Kind = "regression"
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

    @property
    def differing(self) -> dict[str, Any]:
        """What sets it apart from a regression with a known past; a model's card holds it."""
        kind = {} if self.kind == "regression" else {"kind": self.kind}
        return kind if self.target_known else kind | {"target_known": False}

    def only(self, target: str | int) -> "Task":
        """The same task for one target.

        Args:
            target: its name or its position.
        """
        at = self.position(target)
        return replace(self, targets=(self.targets[at],), units=(self.units[at],))

    def __len__(self) -> int:
        return len(self.targets)
