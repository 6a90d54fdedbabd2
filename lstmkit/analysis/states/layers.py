"""What the layers of a stacked LSTM do with the same windows, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lstmkit.analysis.states.geometry import EXPLAINERS, Geometry
from lstmkit.analysis.states.similarity import linear_cka
from lstmkit.errors import LstmkitError


@dataclass(frozen=True)
class LayerComparison:
    """The geometry of each layer's final states, from the input to the forecast.

    Attributes:
        layers: one geometry per layer, of the same windows.
        alignment: linear centred kernel alignment of the first and the last layer; None where one of them does not
            vary.
    """

    layers: tuple[Geometry, ...]
    alignment: float | None

    def to_frame(self) -> pd.DataFrame:
        """One row per layer; explained variance in percent."""
        return side_by_side(self.layers).rename_axis("layer")

    def finding(self) -> str:
        """What changes from the first layer to the last."""
        first, last = self.layers[0], self.layers[-1]
        if self.alignment is None:
            still = first if not first.shares.any() else last
            return (
                f"{still.representation.name} ends in the same state after every window: nothing to compare."
            )
        inputs = [layer.explained.loc["these three", "all"] for layer in (first, last)]
        outputs = [layer.explained.loc["correction", "all"] for layer in (first, last)]
        return (
            f"From {first.representation.name} to {last.representation.name} the effective number of dimensions goes "
            f"from {first.effective_dimension:.1f} to {last.effective_dimension:.1f}, the share of the variance that "
            f"regime, hour and weekend account for from {inputs[0]:.0f} to {inputs[1]:.0f} %, and that of the "
            f"correction from {outputs[0]:.0f} to {outputs[1]:.0f} %. {_direction(inputs, outputs)} Linear CKA of the "
            f"two: {self.alignment:.2f} (1 is the same up to a rotation)."
        )

    def facts(self) -> dict[str, float | int | str]:
        """The numbers that a summary needs."""
        first, last = self.layers[0], self.layers[-1]
        facts: dict[str, float | int | str] = {}
        for which, layer in (("first", first), ("last", last)):
            facts[f"{which}_effective_dimension"] = layer.effective_dimension
            for name in EXPLAINERS:
                facts[f"{which}_{name.replace(' ', '_')}_percent"] = float(layer.explained.loc[name, "all"])
        if self.alignment is not None:
            facts["alignment"] = self.alignment
        return facts


def side_by_side(geometries: Sequence[Geometry]) -> pd.DataFrame:
    """One row per geometry, named after what it is of: its dimensions, and percent of its variance that follow what.

    Args:
        geometries: of the same windows.
    """
    rows = {
        each.representation.name: {
            "components_90": each.dimensions_holding(0.9),
            "effective_dimension": each.effective_dimension,
            "regime_silhouette": np.nan if each.silhouette is None else each.silhouette,
            **each.explained["all"].add_suffix(" %").to_dict(),
        }
        for each in geometries
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def compare_layers(layers: tuple[Geometry, ...]) -> LayerComparison:
    """Set the layers of one LSTM side by side.

    Args:
        layers: of the same windows, from the input to the forecast.

    Raises:
        LstmkitError: there is only one layer.
    """
    if len(layers) < 2:
        raise LstmkitError("this LSTM has one layer: there is no other to compare it with")
    first, last = layers[0].representation, layers[-1].representation
    both_vary = first.varies and last.varies
    return LayerComparison(layers, linear_cka(first.values, last.values) if both_vary else None)


def _direction(inputs: list[float], outputs: list[float]) -> str:
    less_input, more_output = inputs[1] < inputs[0], outputs[1] > outputs[0]
    if less_input and more_output:
        return "The last layer lies further from what the moment shows, and nearer to the forecast."
    if more_output:
        return "The last layer lies nearer to the forecast, and no further from what the moment shows."
    return "The last layer lies no nearer to the forecast than the first."
