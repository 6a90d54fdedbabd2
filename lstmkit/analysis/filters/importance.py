"""What the forecast loses with a single filter."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from scipy.stats import spearmanr

from lstmkit.analysis.filters.ablation import Ablator, network_outputs, scaled_targets, squared_errors
from lstmkit.analysis.filters.relevance import FilterRelevance
from lstmkit.analysis.resampling.days import ResampledDays
from lstmkit.analysis.resampling.statistics import central_interval

SINGLE_WINDOWS = 256  # one pass over them for every filter
BY_CHANCE = 0.023  # share of normal values above two standard deviations


class ImportanceFacts(TypedDict):
    """Importance of every filter: how much it changes the forecast, and what its loss does to the RMSE."""

    filter_importance: list[float]
    filter_importance_error: list[float]
    filter_importance_unit: str
    filter_rmse_increase: list[float]
    filter_rmse_increase_error: list[float]
    single_filters_sum: float
    all_filters_together: float
    filter_importance_windows: int


@dataclass(frozen=True)
class FilterImportance:
    """Effect of holding one filter of the second layer at its mean map, filter by filter.

    Attributes:
        change: root mean square change of the forecast, in the target's unit: how much the filter is used.
        change_error: its standard error over resampled blocks of days.
        increase: of the RMSE: how much the filter is good for.
        increase_error: its standard error.
        together: increase of the RMSE when all filters are held at once.
        together_error: its standard error.
        rmse: of the model as trained, on the same windows.
        beyond_sum: the increase with all filters at once, less the sum of the single ones.
        beyond_sum_low: lower end of its interval over resampled blocks of days.
        beyond_sum_high: upper end.
        unit: the target's.
        n_windows: test windows.
        n_days: days on which they start.
        confidence: of the interval.
    """

    change: Float[np.ndarray, "filter"]
    change_error: Float[np.ndarray, "filter"]
    increase: Float[np.ndarray, "filter"]
    increase_error: Float[np.ndarray, "filter"]
    together: float
    together_error: float
    rmse: float
    beyond_sum: float
    beyond_sum_low: float
    beyond_sum_high: float
    unit: str
    n_windows: int
    n_days: int
    confidence: float

    @property
    def order(self) -> Int[np.ndarray, "filter"]:
        """Filters by how much they change the forecast, most first."""
        return np.argsort(-self.change, kind="stable")

    @property
    def useful(self) -> Int[np.ndarray, "_"]:
        """Filters whose loss raises the RMSE by more than two standard errors, the most needed first."""
        found = np.flatnonzero((self.increase > 2 * self.increase_error) & (self.increase > 0))
        return found[np.argsort(-self.increase[found])]

    @property
    def useful_by_chance(self) -> float:
        """How many filters chance alone would show as useful."""
        return BY_CHANCE * len(self.change)

    @property
    def median_change(self) -> float:
        """Change of the forecast in the median over filters."""
        return float(np.median(self.change))

    def to_frame(self) -> pd.DataFrame:
        """One row per filter, in the model's order."""
        names = ["change", "change_error", "increase", "increase_error"]
        index = pd.RangeIndex(len(self.change), name="filter")
        return pd.DataFrame({f"{name}_{self.unit}": getattr(self, name) for name in names}, index=index)

    def facts(self) -> ImportanceFacts:
        """Importance of every filter: how much it changes the forecast, and what its loss does to the RMSE."""
        return {
            "filter_importance": self.change.tolist(),
            "filter_importance_error": self.change_error.tolist(),
            "filter_importance_unit": self.unit,
            "filter_rmse_increase": self.increase.tolist(),
            "filter_rmse_increase_error": self.increase_error.tolist(),
            "single_filters_sum": float(self.increase.sum()),
            "all_filters_together": self.together,
            "filter_importance_windows": self.n_windows,
        }

    def agreement(self, relevance: FilterRelevance) -> float | None:
        """Spearman's correlation of the change with the size of Pearson's r; None where either is constant."""
        size = np.abs(relevance.correlation[0])
        if np.ptp(size) == 0 or np.ptp(self.change) == 0:
            return None
        return float(spearmanr(size, self.change).statistic)


def filter_importance(ablator: Ablator) -> FilterImportance:
    """Hold each filter of the second layer at its mean map, one by one.

    Args:
        ablator: of the model.
    """
    sample, layer = ablator.windows.spread(SINGLE_WINDOWS), "layer 2"
    aims, intact = scaled_targets(sample), network_outputs(ablator.model, sample)
    changes, errors = [], []
    for chosen in [*torch.eye(ablator.n_filters(layer), dtype=torch.bool), None]:
        with ablator.removed(layer, chosen):
            outputs = network_outputs(ablator.model, sample)
        changes.append(squared_errors(outputs, intact, ablator.scale))
        errors.append(squared_errors(outputs, aims, ablator.scale))
    errors.append(squared_errors(intact, aims, ablator.scale))
    return _summarised(np.stack(changes[:-1], axis=1), np.stack(errors, axis=1), sample.origin, ablator)


def _summarised(
    changes: Float[np.ndarray, "window filter"],
    errors: Float[np.ndarray, "window configuration"],
    origin: pd.DatetimeIndex,
    ablator: Ablator,
) -> FilterImportance:
    evaluation = ablator.params.evaluation
    differences = np.hstack([changes, errors[:, :-1] - errors[:, -1:]])
    days = ResampledDays(origin, differences, evaluation.bootstrap, ablator.params.seed)
    rmse, drawn = np.sqrt(errors.mean(axis=0)), np.sqrt(days.means(errors))
    increase, drawn_increase = rmse[:-1] - rmse[-1], drawn[:, :-1] - drawn[:, -1:]
    spread = drawn_increase.std(axis=0)
    drawn_beyond = drawn_increase[:, -1] - drawn_increase[:, :-1].sum(axis=1)
    low, high = central_interval(drawn_beyond, evaluation.confidence)
    return FilterImportance(
        change=np.sqrt(changes.mean(axis=0)),
        change_error=np.sqrt(days.means(changes)).std(axis=0),
        increase=increase[:-1],
        increase_error=spread[:-1],
        together=float(increase[-1]),
        together_error=float(spread[-1]),
        rmse=float(rmse[-1]),
        beyond_sum=float(increase[-1] - increase[:-1].sum()),
        beyond_sum_low=float(low),
        beyond_sum_high=float(high),
        unit=ablator.windows.unit,
        n_windows=len(changes),
        n_days=days.n_days,
        confidence=evaluation.confidence,
    )
