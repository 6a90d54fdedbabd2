"""Which steps a max pool selects, counted over windows and filters."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from torch import nn

from lstmkit.analysis.resampling.days import ResampledDays
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.ablation import convolutional_stages
from lstmkit.internals.convolutions import find_convolutions, taps
from lstmkit.internals.pooling import record_input, selected_steps
from lstmkit.internals.running import evaluated, kind_of
from lstmkit.params import StudyParams

BATCH = 128


class PoolFacts(TypedDict):
    """How often the newest step is selected, and how often there is no choice."""

    pool_newest_share: float
    pool_newest_share_error: float
    pool_chance: float
    pool_tied_share: float


@dataclass(frozen=True)
class PoolSelection:
    """How often each step of the lookback is the largest of the steps that a max pool joins.

    Groups whose largest value is shared by several steps, mostly zeros of a ReLU, are ties and count for no step.
    Where the lookback is not divisible by the pool, the oldest group holds a repeated step and is left out.

    Attributes:
        frequency: share of the windows and filters in which each step of each group is selected, oldest first.
        newest: per group, how often its newest step is selected, among choices that are no ties; the chance level
            where there was none.
        newest_error: its standard error over resampled blocks of days.
        by_filter: the same per filter.
        by_filter_error: its standard error.
        overall: the same over all.
        overall_error: its standard error.
        chance: how often the newest would be selected if all were alike.
        tied: per filter, share of the groups that are ties.
        padded: whether the field of a group reaches beyond the window, into the zeros of the convolutions' padding.
        hours_before: hours from each step of each group to the forecast's origin.
        n_windows: test windows.
        n_days: days on which they start.
        calendar: of the series.
    """

    frequency: Float[np.ndarray, "group place"]
    newest: Float[np.ndarray, "group"]
    newest_error: Float[np.ndarray, "group"]
    by_filter: Float[np.ndarray, "filter"]
    by_filter_error: Float[np.ndarray, "filter"]
    overall: float
    overall_error: float
    chance: float
    tied: Float[np.ndarray, "filter"]
    padded: Bool[np.ndarray, "group"]
    hours_before: Float[np.ndarray, "group place"]
    n_windows: int
    n_days: int
    calendar: Calendar = HOURLY

    @property
    def decided(self) -> Float[np.ndarray, "group"]:
        """Share of the windows and filters in which a group is no tie."""
        return self.frequency.sum(axis=1)

    @property
    def size(self) -> int:
        """Steps that the pool joins."""
        return self.frequency.shape[1]

    @property
    def prefers(self) -> bool:
        """Whether the share of the newest step is more than two standard errors away from chance."""
        return abs(self.overall - self.chance) > 2 * self.overall_error

    @property
    def inner(self) -> Float[np.ndarray, "_"]:
        """Share of the newest step in the groups with a choice whose field lies within the window."""
        return self.newest[~self.padded & (self.decided > 0)]

    @property
    def edge(self) -> Float[np.ndarray, "_"]:
        """Share of the newest step in the groups with a choice whose field reaches into the padding."""
        return self.newest[self.padded & (self.decided > 0)]

    @property
    def choosing(self) -> Int[np.ndarray, "_"]:
        """Filters with at least one group that is no tie, by how often they select the newest step."""
        filters = np.flatnonzero(self.tied < 1)
        return filters[np.argsort(self.by_filter[filters], kind="stable")]

    @property
    def preferring(self) -> Int[np.ndarray, "_"]:
        """Those of the filters with a choice whose share is more than two standard errors away from chance."""
        away = np.abs(self.by_filter - self.chance) > 2 * self.by_filter_error
        return self.choosing[away[self.choosing]]

    def to_frame(self) -> pd.DataFrame:
        """One row per step of the lookback, oldest first, with the newest's share of its group; then one per filter."""
        steps = {
            "selected_share": self.frequency.ravel(),
            "tied_share": (1 - self.decided).repeat(self.size),
            "newest_share": self.newest.repeat(self.size),
            "newest_share_error": self.newest_error.repeat(self.size),
            "padded": self.padded.repeat(self.size),
        }
        filters = {
            "tied_share": self.tied,
            "newest_share": self.by_filter,
            "newest_share_error": self.by_filter_error,
        }
        parts = {
            "hours_before": pd.DataFrame(steps, index=self.hours_before.ravel()),
            "filter": pd.DataFrame(filters),
        }
        return pd.concat(parts, names=["by", "which"])

    def facts(self) -> PoolFacts:
        """How often the newest step is selected, and how often there is no choice."""
        return {
            "pool_newest_share": self.overall,
            "pool_newest_share_error": self.overall_error,
            "pool_chance": self.chance,
            "pool_tied_share": float(self.tied.mean()),
        }


def pool_selection(model: nn.Module, windows: Windows, params: StudyParams) -> PoolSelection:
    """Count which steps a model's max pool selects, from what it reads.

    Args:
        model: in evaluation mode, with two convolutional layers and a pool.
        windows: to draw evenly spread ones from.
        params: of the study: how many windows, the resampling, and the seed.

    Raises:
        LstmkitError: the model has no convolutions or another pool than a max pool, or the lookback is shorter than
            one whole group of the pool.
    """
    pool = _max_pool(model)
    size, sample = taps(pool), windows.spread(params.convolutions.windows)
    repeated = -sample.lookback % size
    if sample.lookback < size:
        raise LstmkitError(
            f"a lookback of {sample.lookback} steps holds no whole group of the {size} that the pool joins"
        )
    counts = _Counts(size)
    with record_input(pool) as read, evaluated(model), torch.no_grad():
        for x, _ in sample.batches(BATCH):
            model(x)
            maps = read.pop()
            counts.add(maps[:, :, size:] if repeated else maps)
    newest, decided = counts.by_group().sum(axis=2)
    days = ResampledDays(
        sample.origin,
        newest
        - decided * newest.sum() / max(decided.sum(), 1.0),  # what each window adds to the share's error
        params.evaluation.bootstrap,
        params.seed,
    )
    return _summarised(counts, _padded(model, sample, size), sample, days)


def _max_pool(model: nn.Module) -> nn.MaxPool1d:
    name = convolutional_stages(model)[2]
    pool = model.get_submodule(name)
    if not isinstance(pool, nn.MaxPool1d):
        raise LstmkitError(f"{name} is of the kind {kind_of(pool)}: nn.MaxPool1d alone selects steps")
    return pool


class _Counts:
    """Selections of each window, by group and by filter."""

    def __init__(self, size: int):
        self.size = size
        self.selected = np.zeros((), dtype=int)  # becomes (group, place)
        self._groups: list[np.ndarray] = []
        self._filters: list[np.ndarray] = []

    def add(self, maps: Float[torch.Tensor, "batch channel time"]) -> None:
        place, decided = selected_steps(maps, self.size)
        taken = [((place == p) & decided) for p in range(self.size)]
        self.selected = self.selected + np.stack([t.sum(dim=(0, 1)).numpy() for t in taken], axis=1)
        both = torch.stack([taken[-1], decided])  # (kind, batch, channel, group)
        self._groups.append(both.sum(dim=2).numpy())
        self._filters.append(both.sum(dim=3).numpy())

    def by_group(self) -> Float[np.ndarray, "kind window group"]:
        """Selections of the newest step, and groups that are no ties."""
        return np.concatenate(self._groups, axis=1).astype(float)

    def by_filter(self) -> Float[np.ndarray, "kind window filter"]:
        return np.concatenate(self._filters, axis=1).astype(float)


def _padded(model: nn.Module, sample: Windows, size: int) -> Bool[np.ndarray, "group"]:
    """Whether the field of any step of each whole group reaches beyond the window."""
    one, _ = sample.gather(torch.arange(1))
    offsets = [convolution.offsets() for convolution in find_convolutions(model, one)]
    before, after = -sum(taps[0] for taps in offsets), sum(taps[-1] for taps in offsets)
    steps = np.arange(sample.lookback)[sample.lookback % size :].reshape(-1, size)
    return (steps[:, 0] < before) | (steps[:, -1] >= sample.lookback - after)


def _summarised(
    counts: _Counts, padded: Bool[np.ndarray, "group"], sample: Windows, days: ResampledDays
) -> PoolSelection:
    groups, filters = counts.by_group(), counts.by_filter()
    chance, n_groups, n_filters = 1 / counts.size, groups.shape[2], filters.shape[2]
    newest, newest_error = _share(groups, days, chance)
    by_filter, by_filter_error = _share(filters, days, chance)
    overall, overall_error = _share(groups.sum(axis=2, keepdims=True), days, chance)
    hours = sample.hours_before()[-n_groups * counts.size :]
    return PoolSelection(
        frequency=counts.selected / (len(sample) * n_filters),
        newest=newest,
        newest_error=newest_error,
        by_filter=by_filter,
        by_filter_error=by_filter_error,
        overall=float(overall[0]),
        overall_error=float(overall_error[0]),
        chance=chance,
        tied=1 - filters[1].mean(axis=0) / n_groups,
        padded=padded,
        hours_before=hours.reshape(n_groups, counts.size),
        n_windows=len(sample),
        n_days=days.n_days,
        calendar=sample.calendar,
    )


def _share(
    counts: Float[np.ndarray, "kind window column"], days: ResampledDays, chance: float
) -> tuple[Float[np.ndarray, "column"], Float[np.ndarray, "column"]]:
    """Share of the newest among choices, and its standard error; chance where there was no choice."""

    def ratio(newest: np.ndarray, decided: np.ndarray) -> np.ndarray:
        return np.where(decided > 0, newest, chance) / np.where(decided > 0, decided, 1.0)

    newest, decided = counts
    drawn = ratio(days.sums(newest), days.sums(decided))
    return ratio(newest.sum(axis=0), decided.sum(axis=0)), drawn.std(axis=0)
