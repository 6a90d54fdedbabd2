"""What the layers of a stacked LSTM do with the same windows, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lstmkit.analysis.states.geometry import Geometry, percent_key
from lstmkit.analysis.states.similarity import linear_cka
from lstmkit.errors import LstmkitError

LayerFacts = dict[str, float]  # keys name a layer, first or last, and what its variance follows


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

    @property
    def constant(self) -> Geometry | None:
        """The first or the last layer where it ends in the same state after every window; None where both vary."""
        return next((layer for layer in (self.layers[0], self.layers[-1]) if not layer.shares.any()), None)

    def change(self, explainer: str) -> tuple[float, float]:
        """Percent of the whole variance that follows what is known, of the first layer and of the last.

        Args:
            explainer: a row of `Geometry.explained`.
        """
        first, last = self.layers[0], self.layers[-1]
        return first.percent_following(explainer), last.percent_following(explainer)

    def facts(self) -> LayerFacts:
        """The numbers that a summary needs."""
        facts: LayerFacts = {}
        for name, layer in (("first", self.layers[0]), ("last", self.layers[-1])):
            facts[f"{name}_effective_dimension"] = layer.effective_dimension
            for explainer in layer.explained.index:
                facts[f"{name}_{percent_key(explainer)}"] = layer.percent_following(explainer)
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
