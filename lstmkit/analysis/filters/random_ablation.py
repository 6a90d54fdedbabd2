"""What the forecast loses with some filters of a layer: random ones, and the most used."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor

from lstmkit.analysis.filters.ablation import LAYERS, Ablator, network_outputs, scaled_targets, squared_errors
from lstmkit.analysis.filters.importance import FilterImportance

SHARES = (0.25, 0.5, 0.75)
DRAW_WINDOWS = 128  # one pass over them for every draw


class RandomAblationFacts(TypedDict):
    """What the loss of half a layer costs on average, and that of a quarter chosen by use."""

    half_of_layer: dict[str, float]
    whole_layer: dict[str, float]
    quarter_most_used: float
    quarter_least_used: float


@dataclass(frozen=True)
class RandomAblation:
    """Increase of the RMSE with random filters of a layer held at their mean maps, and with the most used ones.

    Attributes:
        shares: of a layer's filters that are held.
        held: their number, per layer.
        random: increase in each draw of random filters.
        most_used: increase with as many of the second layer's filters that change the forecast most.
        least_used: increase with as many that change it least.
        whole: increase with each whole layer held.
        rmse: of the model as trained, on the same windows.
        rule: the residual baseline in words.
        rule_rmse: of the residual baseline alone, on the same windows.
        unit: the target's.
        n_windows: test windows.
    """

    shares: tuple[float, ...]
    held: Int[np.ndarray, "layer share"]
    random: Float[np.ndarray, "layer share draw"]
    most_used: Float[np.ndarray, "share"]
    least_used: Float[np.ndarray, "share"]
    whole: Float[np.ndarray, "layer"]
    rmse: float
    rule: str
    rule_rmse: float
    unit: str
    n_windows: int

    def to_frame(self) -> pd.DataFrame:
        """One row per layer and number of filters; the most and least used are those of the second layer alone."""
        unknown = np.full(len(self.shares), np.nan)
        chosen = {LAYERS[0]: (unknown, unknown), LAYERS[1]: (self.most_used, self.least_used)}
        tables = {
            layer: pd.DataFrame(
                {
                    f"random, mean ({self.unit})": draws.mean(axis=1),
                    f"random, lowest ({self.unit})": draws.min(axis=1),
                    f"random, highest ({self.unit})": draws.max(axis=1),
                    f"most used ({self.unit})": chosen[layer][0],
                    f"least used ({self.unit})": chosen[layer][1],
                },
                index=held,
            )
            for layer, held, draws in zip(LAYERS, self.held, self.random, strict=True)
        }
        return pd.concat(tables, names=["layer", "filters held"])

    @property
    def half(self) -> Float[np.ndarray, "layer draw"]:
        """Increase in each draw of half of a layer's filters."""
        return self.random[:, self.shares.index(0.5)]

    @property
    def below_most_used(self) -> int:
        """Draws of a quarter of the second layer's filters that leave a lower RMSE than the most used ones."""
        return int((self.random[1, 0] < self.most_used[0]).sum())

    def facts(self) -> RandomAblationFacts:
        """What the loss of half a layer costs on average, and that of a quarter chosen by use."""
        return {
            "half_of_layer": dict(zip(LAYERS, self.half.mean(axis=1).tolist(), strict=True)),
            "whole_layer": dict(zip(LAYERS, self.whole.tolist(), strict=True)),
            "quarter_most_used": float(self.most_used[0]),
            "quarter_least_used": float(self.least_used[0]),
        }


def random_ablation(ablator: Ablator, importance: FilterImportance) -> RandomAblation:
    """Hold random filters of each layer at their mean maps, and those that change the forecast most and least.

    Args:
        ablator: of the model.
        importance: of the second layer's filters.
    """
    bench = _Bench(ablator)
    random = np.random.default_rng(ablator.params.seed)
    held, increases = [], []
    for layer in LAYERS:
        filters = ablator.n_filters(layer)
        held.append([max(1, round(share * filters)) for share in SHARES])
        orders = [random.permutation(filters) for _ in range(ablator.params.convolutions.random_ablations)]
        increases.append([[bench.increase(layer, order[:n]) for order in orders] for n in held[-1]])
    order = importance.order
    return RandomAblation(
        shares=SHARES,
        held=np.array(held),
        random=np.array(increases),
        most_used=np.array([bench.increase(LAYERS[1], order[:n]) for n in held[1]]),
        least_used=np.array([bench.increase(LAYERS[1], order[::-1][:n]) for n in held[1]]),
        whole=np.array([bench.increase(layer, np.arange(ablator.n_filters(layer))) for layer in LAYERS]),
        rmse=bench.rmse,
        rule=bench.sample.residual.rule,
        rule_rmse=bench.rmse_of(torch.zeros_like(bench.aims)),
        unit=ablator.windows.unit,
        n_windows=len(bench.sample),
    )


class _Bench:
    """The few windows on which draws are compared."""

    def __init__(self, ablator: Ablator):
        self.ablator, self.sample = ablator, ablator.windows.spread(DRAW_WINDOWS)
        self.aims = scaled_targets(self.sample)
        self.rmse = self.rmse_of(network_outputs(ablator.model, self.sample))

    def rmse_of(self, outputs: Float[Tensor, "window horizon"]) -> float:
        return float(np.sqrt(squared_errors(outputs, self.aims, self.ablator.scale).mean()))

    def increase(self, layer: str, filters: np.ndarray) -> float:
        chosen = torch.zeros(self.ablator.n_filters(layer), dtype=torch.bool)
        chosen[torch.from_numpy(filters.copy())] = True
        with self.ablator.removed(layer, chosen):
            return self.rmse_of(network_outputs(self.ablator.model, self.sample)) - self.rmse
