"""How the units of an LSTM feed back on themselves and on each other."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.linalg import eigvals, svdvals
from scipy.spatial.distance import pdist
from torch import Tensor, nn

from lstmkit.analysis.weights.layers import (
    DRAWS,
    GATES,
    LayerWeights,
    as_initialised,
    color_limit,
    read_weights,
)

CLEAR = 3  # standard errors; four gates in each layer are asked


class RecurrentFacts(TypedDict):
    """How strongly the candidate feeds back.

    Attributes:
        candidate_radius_first_layer: spectral radius in the first layer.
        candidate_radius_last_layer: in the last.
    """

    candidate_radius_first_layer: float
    candidate_radius_last_layer: float


@dataclass(frozen=True)
class RecurrentWeights:
    """W_hh of every layer, from unit to unit, sorted so that neighbours are connected alike.

    The order is that of the leaves of a hierarchical clustering (average linkage) by the correlation of all weights to
    and from each unit. Where a layer projects its state, the weights are the product W_hh W_hr, from the units before
    the projection.

    Attributes:
        layers: labels.
        weights: per layer, sorted both ways; entry (gate, unit, source).
        units: per layer, numbers of the sorted units, from 0.
        table: per layer and gate: mean self-connection, its standard error over units, root mean square of the
            self-connections and of all others, spectral radius and norm, and both of random weights.
        limit: absolute weight at which colours end.
    """

    layers: tuple[str, ...]
    weights: tuple[Float[np.ndarray, "gate _ _"], ...]
    units: tuple[Int[np.ndarray, "_"], ...]
    table: pd.DataFrame
    limit: float

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table

    def strongest_gate(self, layer: str) -> str | None:
        """The gate through which a layer feeds back most, by its spectral norm; None where all weights are zero.

        Args:
            layer: its label.
        """
        norm = self.table.loc[layer, "norm"]
        return str(norm.idxmax()) if norm.any() else None

    def clear_self_connections(self, layer: str) -> pd.DataFrame:
        """Rows of the gates whose mean self-connection lies more than three standard errors from zero.

        Args:
            layer: its label.
        """
        table = self.table.loc[layer]
        return table[table["self mean"].abs() > CLEAR * table["self error"]]

    def facts(self) -> RecurrentFacts:
        """Spectral radius of the candidate's recurrence in the first and the last layer."""
        radius = self.table["radius"].xs(GATES[2], level="gate")
        return {
            "candidate_radius_first_layer": float(radius[self.layers[0]]),
            "candidate_radius_last_layer": float(radius[self.layers[-1]]),
        }


def recurrent_weights(
    model: nn.Module, seed: int, x: Float[Tensor, "batch time feature"] | None = None
) -> RecurrentWeights:
    """How the units of each LSTM that a model calls are connected with each other.

    Args:
        model: with an `nn.LSTM`.
        seed: of the random matrices.
        x: some inputs of the model; not needed where it has one LSTM.

    Raises:
        LstmkitError: as `read_weights`.
    """
    layers = read_weights(model, x)
    order = [_by_likeness(layer.loop) for layer in layers]
    weights = [layer.loop[:, by][:, :, by] for layer, by in zip(layers, order, strict=True)]
    labels = tuple(layer.label for layer in layers)
    index = pd.MultiIndex.from_product([labels, GATES], names=["layer", "gate"])
    rows = [
        _measures(gate) | initial
        for layer in layers
        for initial in [_initial(layer, seed)]
        for gate in layer.loop
    ]
    return RecurrentWeights(
        labels,
        tuple(weights),
        tuple(order),
        pd.DataFrame(rows, index=index),
        color_limit(weights),
    )


def _by_likeness(loop: Float[np.ndarray, "gate unit source"]) -> Int[np.ndarray, "unit"]:
    n_units = loop.shape[1]
    if n_units == 1:
        return np.zeros(1, int)
    profiles = np.concatenate([loop.swapaxes(0, 1).reshape(n_units, -1), loop.reshape(-1, n_units).T], axis=1)
    with np.errstate(invalid="ignore"):
        unlike = np.nan_to_num(pdist(profiles, "correlation"), nan=1.0)  # a constant profile is like no other
    return leaves_list(linkage(unlike, "average", optimal_ordering=True)).astype(int)


def _measures(gate: Float[np.ndarray, "unit source"]) -> dict[str, float]:
    own = np.diagonal(gate)
    others = gate[~np.eye(len(gate), dtype=bool)]
    return {
        "self mean": own.mean(),
        "self error": own.std(ddof=1) / np.sqrt(len(own)) if len(own) > 1 else np.nan,
        "self rms": np.sqrt(np.mean(own**2)),
        "other rms": np.sqrt(np.mean(others**2)) if len(others) else np.nan,
        "radius": np.abs(eigvals(gate)).max(),
        "norm": svdvals(gate)[0],
    }


def _initial(layer: LayerWeights, seed: int) -> dict[str, float]:
    """Spectral radius and norm of one gate at initialisation, mean of draws."""
    random, (_, hidden, width) = np.random.default_rng(seed), layer.recurrent.shape
    draws = as_initialised((DRAWS, hidden, width), hidden, random)
    if layer.projection is not None:
        draws = draws @ as_initialised((DRAWS, width, hidden), hidden, random)
    return {
        "initial radius": float(np.mean([np.abs(eigvals(draw)).max() for draw in draws])),
        "initial norm": float(np.mean([svdvals(draw)[0] for draw in draws])),
    }
