"""What a network's gradient gives to each feature and hour, beside the same network before training."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from lstmkit.analysis.attribution.attributor import Attribution
from lstmkit.errors import LstmkitError
from lstmkit.wording import duration, feature_label, whole_percent

POINT = 1.0  # percent of the whole attribution: shares that differ by less are alike


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

    def finding(self) -> str:
        """What of the shares and hours the untrained network has as well."""
        if not (self.trained.by_step.any() and self.untrained.by_step.any()):
            return "One of the two networks does not react to its inputs: there is nothing to compare."
        table = self.to_frame()
        first = table.index[0]
        after, before = table.loc[first]
        change = table["trained_percent"] - table["untrained_percent"]
        largest = change.abs().idxmax()
        now, then = (each.hours_holding(0.5) for each in (self.trained, self.untrained))
        share = "more than before training" if after > before + POINT else "no more than before training"
        if duration(now) == duration(then):
            reach = f"half of it lies in the newest {duration(now)}, as before training"
        else:
            further = "further back" if now > then else "no further back"
            reach = f"half of it lies in the newest {duration(now)}, {further} than before training ({duration(then)})"
        moved = "no share is learned: none moves by a point"
        if abs(change[largest]) >= POINT:
            new, old = (whole_percent(percent / 100) for percent in table.loc[largest])
            moved = f"training moves {feature_label(largest)} most, from {old} to {new}"
        return (
            f"{feature_label(first)} holds {whole_percent(after / 100)} of the attribution, {share} "
            f"({whole_percent(before / 100)}); {moved}; {reach}."
        )

    def facts(self) -> dict[str, Any]:
        """The numbers of both networks for a summary."""
        return {"gradient": self.trained.facts(), "untrained": self.untrained.facts()}
