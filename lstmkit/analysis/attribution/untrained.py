"""What a network's gradient gives to each feature and hour, beside the same network before training."""

from dataclasses import dataclass
from typing import TypedDict

import pandas as pd

from lstmkit.analysis.attribution.averages import Attribution, MethodFacts
from lstmkit.errors import LstmkitError


class BesideUntrainedFacts(TypedDict):
    """What the gradient of one network gives to features and hours, after and before its training.

    Attributes:
        gradient: after.
        untrained: before.
    """

    gradient: MethodFacts
    untrained: MethodFacts


@dataclass(frozen=True)
class BesideUntrained:
    """Attributions of one method to the inputs of one network, after and before its training.

    Attributes:
        trained: after.
        untrained: before, on the same features and windows.

    Raises:
        LstmkitError: the features or the method differ.
    """

    trained: Attribution
    untrained: Attribution

    def __post_init__(self) -> None:
        if (self.trained.features, self.trained.method) != (self.untrained.features, self.untrained.method):
            raise LstmkitError("attributions of other features or methods cannot stand beside each other")

    def to_frame(self) -> pd.DataFrame:
        """Percent of the whole attribution on each feature, after and before training, the largest first."""
        trained = self.trained.share.rename_axis("feature")
        return pd.DataFrame(
            {"trained_percent": trained, "untrained_percent": self.untrained.share[trained.index]}
        )

    @property
    def most_moved(self) -> str:
        """The feature whose share training changes most."""
        table = self.to_frame()
        return str((table["trained_percent"] - table["untrained_percent"]).abs().idxmax())

    def facts(self) -> BesideUntrainedFacts:
        """The numbers of both networks for a summary."""
        return {"gradient": self.trained.facts(), "untrained": self.untrained.facts()}
