"""Whether other convolutional filters matter at another horizon, although no filter of one model is one of another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment
from scipy.stats import spearmanr
from torch import nn

from lstmkit.analysis.attribution.attributor import Attributor
from lstmkit.analysis.horizons.metrics import ranks, shared_windows, shares
from lstmkit.analysis.resampling.days import ResampledDays
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.activations import record
from lstmkit.internals.convolutions import find_convolutions
from lstmkit.params import EvaluationParams

MATCHING_WINDOWS = 128  # whose activations are held at once
CLEAR = 2  # standard deviations
ALIKE = 0.8  # correlation from which two filters are said to follow the same thing
FilterShiftFacts = dict[str, float | int]  # some of its keys end with the label of a horizon


@dataclass(frozen=True)
class FilterShift:
    """First-order importance of the filters of the last convolution at each horizon, and which filters are alike.

    The importance of a filter is the mean over windows of the absolute first-order change of the forecast when its
    activation is held at its mean: the absolute sum over time of gradient × (activation − mean).

    Attributes:
        horizons: labels, the nearest first.
        importance: in the target's unit, one array per horizon.
        share: percent, one array per horizon.
        share_error: its standard error over resampled blocks of days.
        rank: of the filter, 1 the largest.
        rank_error: its standard error.
        half: number of filters that together hold half of the importance, per horizon.
        half_error: its standard error.
        partner: for each filter of the first horizon's model, the filter of the last horizon's model matched to it.
        likeness: correlation of the activations of the two.
        same_number: correlation of the activations of filters of the same number.
        chance: as `likeness`, matched anew, where the windows of one model are shuffled.
        agreement: Spearman's correlation of the importance of matched filters; None where one is constant.
        unit: the target's.
        n_windows: that were averaged.
        n_days: on which they start.
        calendar: of the series.
    """

    horizons: tuple[str, ...]
    importance: tuple[Float[np.ndarray, "_"], ...]
    share: tuple[Float[np.ndarray, "_"], ...]
    share_error: tuple[Float[np.ndarray, "_"], ...]
    rank: tuple[Float[np.ndarray, "_"], ...]
    rank_error: tuple[Float[np.ndarray, "_"], ...]
    half: Int[np.ndarray, "horizon"]
    half_error: Float[np.ndarray, "horizon"]
    partner: Int[np.ndarray, "filter"]
    likeness: Float[np.ndarray, "filter"]
    same_number: Float[np.ndarray, "filter"]
    chance: Float[np.ndarray, "filter"]
    agreement: float | None
    unit: str
    n_windows: int
    n_days: int
    calendar: Calendar = HOURLY

    @property
    def median_likeness(self) -> float:
        """Likeness in the median over the pairs."""
        return float(np.median(self.likeness))

    @property
    def median_chance(self) -> float:
        """The same where the windows of one model are shuffled."""
        return float(np.median(self.chance))

    @property
    def median_same_number(self) -> float:
        """Correlation of filters of the same number, in the median."""
        return float(np.median(self.same_number))

    @property
    def n_alike(self) -> int:
        """How many pairs follow the same thing."""
        return int((self.likeness >= ALIKE).sum())

    @property
    def n_alike_by_chance(self) -> int:
        """The same where the windows of one model are shuffled."""
        return int((self.chance >= ALIKE).sum())

    @property
    def agreement_spread(self) -> float:
        """Standard deviation that the agreement of filters without any relation has."""
        return float(1 / np.sqrt(max(1, len(self.partner) - 1)))

    @property
    def agreement_is_clear(self) -> bool:
        """Whether the agreement lies further from zero than chance alone brings it."""
        return self.agreement is not None and abs(self.agreement) > CLEAR * self.agreement_spread

    def to_frame(self) -> pd.DataFrame:
        """One row per horizon and filter; the first horizon's rows name the filter that each is matched with."""
        frames = {
            horizon: pd.DataFrame(
                {
                    f"importance_{self.unit}": importance,
                    "share_percent": share,
                    "share_error": error,
                    "rank": rank,
                    "rank_error": rank_error,
                },
                index=pd.RangeIndex(len(share), name="filter"),
            )
            for horizon, importance, share, error, rank, rank_error in zip(
                self.horizons,
                self.importance,
                self.share,
                self.share_error,
                self.rank,
                self.rank_error,
                strict=True,
            )
        }
        first, last = self.horizons[0], self.horizons[-1]
        frames[first] = frames[first].assign(
            **{f"matched_filter_{last}": self.partner, "likeness": self.likeness}
        )
        return pd.concat(frames, names=["horizon"])

    def facts(self) -> FilterShiftFacts:
        """How alike the matched filters are, and how many hold half of the importance."""
        facts: FilterShiftFacts = {
            f"filters_for_half {h}": int(n) for h, n in zip(self.horizons, self.half, strict=True)
        }
        facts |= {
            "matched_likeness": self.median_likeness,
            "matched_likeness_by_chance": self.median_chance,
        }
        if self.agreement is not None:
            facts["matched_importance_agreement"] = self.agreement
        return facts


def filter_shift(attributors: Sequence[Attributor], params: EvaluationParams) -> FilterShift:
    """Compare the importance of convolutional filters of one kind of model at several horizons.

    Args:
        attributors: of each horizon, at least two.
        params: number of resamplings of days.

    Raises:
        LstmkitError: there is one horizon alone, the model has no convolutions, no window serves all horizons, or all
            start on one day.
    """
    if len(attributors) < 2:
        raise LstmkitError("a shift between horizons needs two of them; the study has one")
    attributors = sorted(attributors, key=lambda attributor: attributor.windows.horizon)
    first = attributors[0]
    samples = shared_windows([attributor.windows for attributor in attributors], first.params.windows)
    per_window = [_importance(a, sample) for a, sample in zip(attributors, samples, strict=True)]
    days = ResampledDays(samples[0].origin, np.hstack(per_window), params.bootstrap, first.seed)
    drawn = [days.means(values) for values in per_window]
    means = [values.mean(axis=0) for values in per_window]
    ends = [(a.forecast.model, s.spread(MATCHING_WINDOWS)) for a, s in zip(attributors, samples, strict=True)]
    correlation, shuffled = _correlations(_activations(*ends[0]), _activations(*ends[-1]), first.seed)
    partner = _partners(correlation)
    return FilterShift(
        horizons=tuple(sample.calendar.duration(sample.hours_ahead) for sample in samples),
        importance=tuple(means),
        share=tuple(shares(mean) for mean in means),
        share_error=tuple(shares(draws).std(axis=0) for draws in drawn),
        rank=tuple(ranks(mean) for mean in means),
        rank_error=tuple(ranks(draws).std(axis=0) for draws in drawn),
        half=np.concatenate([_for_half(mean[None]) for mean in means]),
        half_error=np.array([_for_half(draws).std() for draws in drawn]),
        partner=partner,
        likeness=correlation[np.arange(len(partner)), partner],
        same_number=np.diagonal(correlation),
        chance=shuffled[np.arange(len(partner)), _partners(shuffled)],
        agreement=_agreement(means[0], means[-1][partner]),
        unit=first.unit,
        n_windows=len(samples[0]),
        n_days=days.n_days,
        calendar=samples[0].calendar,
    )


def _importance(attributor: Attributor, sample: Windows) -> Float[np.ndarray, "window filter"]:
    """The absolute first-order effect of holding each filter at its mean over all windows and steps."""
    forecast = attributor.forecast
    name = _last_maps(attributor.forecast.model, sample)
    products, gradients, levels = [], [], []
    with record(forecast.model, [name]) as outputs, torch.backends.cudnn.flags(enabled=False):
        for x, _ in sample.batches(attributor.params.batch_size):
            total = forecast(x.requires_grad_()).sum()
            maps = outputs[name]  # (window, filter, time)
            (gradient,) = torch.autograd.grad(total, maps)
            maps, gradient = maps.detach().double(), gradient.double()
            products.append((gradient * maps).sum(dim=2))
            gradients.append(gradient.sum(dim=2))
            levels.append(maps.mean(dim=2))
    product, slope, level = (torch.cat(each).cpu().numpy() for each in (products, gradients, levels))
    return np.abs(product - level.mean(axis=0) * slope) * sample.scale


def _activations(model: nn.Module, sample: Windows) -> Float[np.ndarray, "window filter time"]:
    name, found = _last_maps(model, sample), []
    with record(model, [name]) as outputs, torch.no_grad():
        for x, _ in sample.batches(MATCHING_WINDOWS):
            model(x)
            found.append(outputs[name].cpu().numpy())
    return np.concatenate(found)


def _last_maps(model: nn.Module, windows: Windows) -> str:
    x, _ = windows.gather(torch.zeros(1, dtype=torch.int64))
    last = find_convolutions(model, x)[-1]
    return last.relu or last.name


def _correlations(
    one: Float[np.ndarray, "window filter time"], other: Float[np.ndarray, "window filter time"], seed: int
) -> tuple[Float[np.ndarray, "filter filter"], Float[np.ndarray, "filter filter"]]:
    """Correlations of two models' filters on the same windows, and where the other's windows are shuffled."""
    return _correlation(one, other), _correlation(one, np.random.default_rng(seed).permutation(other))


def _partners(correlation: Float[np.ndarray, "filter filter"]) -> Int[np.ndarray, "filter"]:
    """The pairs with the largest sum of correlations (Kuhn 1955)."""
    return linear_sum_assignment(correlation, maximize=True)[1]


def _correlation(
    one: Float[np.ndarray, "window filter time"], other: Float[np.ndarray, "window filter time"]
) -> Float[np.ndarray, "filter filter"]:
    """Pearson's, over windows and steps; zero where a filter is constant."""
    standard = []
    for maps in (one, other):
        series = maps.swapaxes(0, 1).reshape(maps.shape[1], -1).astype(np.float64)
        series -= series.mean(axis=1, keepdims=True)
        size = np.linalg.norm(series, axis=1, keepdims=True)
        standard.append(series / np.where(size > 0, size, 1.0))
    return standard[0] @ standard[1].T


def _for_half(importance: Float[np.ndarray, "draw filter"]) -> Int[np.ndarray, "draw"]:
    largest_first = -np.sort(-importance, axis=-1)
    held = largest_first.cumsum(axis=-1)
    return np.where(held[..., -1] > 0, (held < held[..., -1:] / 2).sum(axis=-1) + 1, 0)


def _agreement(one: Float[np.ndarray, "filter"], other: Float[np.ndarray, "filter"]) -> float | None:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(spearmanr(one, other).statistic)
