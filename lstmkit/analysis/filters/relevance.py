"""Which convolutional filters move with the forecast: correlation and mutual information."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from sklearn.feature_selection import mutual_info_regression
from torch import nn

from lstmkit.analysis.resampling.days import ResampledDays
from lstmkit.analysis.resampling.statistics import central_interval, side_of_zero
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.windows import Windows, spread_evenly
from lstmkit.errors import LstmkitError
from lstmkit.internals.ablation import convolutional_stages
from lstmkit.internals.activations import record
from lstmkit.internals.running import forecast
from lstmkit.params import StudyParams

TARGETS = ("network", "forecast")
BATCH = 128
INFORMATION_WINDOWS = 1024  # to bound the nearest-neighbour searches
SHIFTS = 19  # the largest of 19 is exceeded by chance once in 20 times
FEWEST_WINDOWS = 40
SAME = 1e-6  # differences of a correlation that are rounding
CONSTANT = 1e-6  # relative spread over windows below which float32 distinguishes nothing


class RelevanceFacts(TypedDict):
    """The strongest filters, and how many are related at all."""

    filters: int
    constant_filters: int
    correlated_filters: int
    informative_filters: int
    top_filters: list[int]
    top_correlations: list[float]
    largest_correlation_with_forecast: float
    largest_information_bits: float


@dataclass(frozen=True)
class FilterRelevance:
    """Relation of each second-layer filter's mean activation to the forecast, over windows.

    The forecast is its mean over the horizon, once as the network's own deviation from the residual
    baseline, once as a whole.

    Attributes:
        correlation: Pearson's r with each of `TARGETS`; zero where the filter or the target is constant.
        low: lower end of its interval over resampled blocks of days.
        high: upper end.
        information: mutual information with the network's deviation, in bits.
        shifted: the same estimate with copies of the deviation that are shifted in time.
        activation: mean of the filter's activation over windows.
        constant: whether the filter's mean activation is the same in every window.
        constant_network: whether the network puts out the same in every window.
        rule: the residual baseline in words.
        n_windows: windows that were correlated.
        n_information: windows among them that the mutual information was estimated on.
        n_days: days on which they start.
        confidence: of the intervals.
        calendar: of the series.
    """

    correlation: Float[np.ndarray, "target filter"]
    low: Float[np.ndarray, "target filter"]
    high: Float[np.ndarray, "target filter"]
    information: Float[np.ndarray, "filter"]
    shifted: Float[np.ndarray, "shift filter"]
    activation: Float[np.ndarray, "filter"]
    constant: Bool[np.ndarray, "filter"]
    constant_network: bool
    rule: str
    n_windows: int
    n_information: int
    n_days: int
    confidence: float
    calendar: Calendar = HOURLY

    @property
    def order(self) -> Int[np.ndarray, "filter"]:
        """Filters by the size of their correlation with the network's deviation, largest first."""
        return np.argsort(-np.abs(self.correlation[0]), kind="stable")

    @property
    def certain(self) -> Bool[np.ndarray, "target filter"]:
        """Whether the interval of each correlation leaves out zero."""
        return side_of_zero(self.low, self.high) != 0

    @property
    def baseline(self) -> Float[np.ndarray, "filter"]:
        """The most information that a shifted copy shares with each filter."""
        return self.shifted.max(axis=0)

    @property
    def informative(self) -> Bool[np.ndarray, "filter"]:
        """Whether the mutual information exceeds that of every shifted copy."""
        return self.information > self.baseline

    @property
    def hidden(self) -> Bool[np.ndarray, "filter"]:
        """Whether a filter shares information without a certain correlation."""
        return self.informative & ~self.certain[0]

    @property
    def hidden_by_chance(self) -> int:
        """The most filters without a certain correlation in which one shifted copy comes first."""
        values = np.vstack([self.information, self.shifted])[:, ~self.certain[0]]
        leader = values[:, values.max(axis=0) > 0].argmax(axis=0)  # 0 is the deviation itself
        return int(np.bincount(leader, minlength=len(values))[1:].max())

    @property
    def clearest_hidden(self) -> int:
        """The filter that shares most information without a certain correlation, where there is any."""
        return int(np.argmax(np.where(self.hidden, self.information, 0.0)))

    @property
    def n_moving(self) -> int:
        """Filters whose mean activation is not the same in every window."""
        return int((~self.constant).sum())

    @property
    def leading(self) -> Int[np.ndarray, "_"]:
        """Filters that move, by the size of their correlation with the network's deviation, largest first."""
        return self.order[~self.constant[self.order]]

    @property
    def certain_by_chance(self) -> float:
        """How many of the filters that move would have a certain correlation by chance."""
        return (1 - self.confidence) * self.n_moving

    @property
    def informative_by_chance(self) -> float:
        """How many of the filters that move would share more information than their shifted copies by chance."""
        return self.n_moving / (len(self.shifted) + 1)

    @property
    def largest_correlation(self) -> Float[np.ndarray, "target"]:
        """The size of the largest correlation with each of `TARGETS`."""
        return np.abs(self.correlation).max(axis=1)

    @property
    def same_correlations(self) -> bool:
        """Whether the correlations with both targets are the same but for rounding."""
        own, whole = self.correlation
        return bool(np.allclose(own, whole, atol=SAME))

    @property
    def n_same_sign(self) -> int:
        """Filters that move whose correlations with both targets have the same sign."""
        own, whole = np.sign(self.correlation)
        return int((own == whole)[~self.constant].sum())

    def to_frame(self) -> pd.DataFrame:
        """One row per filter, by the size of its correlation with the network's deviation."""
        columns: dict[str, np.ndarray] = {}
        for target, r, low, high in zip(TARGETS, self.correlation, self.low, self.high, strict=True):
            columns |= {f"r_{target}": r, f"r_{target}_low": low, f"r_{target}_high": high}
        columns |= {
            "information_bits": self.information,
            "baseline_bits": self.baseline,
            "mean_activation": self.activation,
            "constant": self.constant,
        }
        index = pd.RangeIndex(len(self.constant), name="filter")
        return pd.DataFrame(columns, index=index).iloc[self.order]

    def facts(self) -> RelevanceFacts:
        """The strongest filters, and how many are related at all."""
        top = self.order[:5]
        return {
            "filters": len(self.constant),
            "constant_filters": int(self.constant.sum()),
            "correlated_filters": int(self.certain[0].sum()),
            "informative_filters": int(self.informative.sum()),
            "top_filters": top.tolist(),
            "top_correlations": self.correlation[0, top].tolist(),
            "largest_correlation_with_forecast": float(self.largest_correlation[1]),
            "largest_information_bits": float(self.information.max()),
        }


def filter_relevance(model: nn.Module, windows: Windows, params: StudyParams) -> FilterRelevance:
    """Relate each second-layer filter's mean activation to the forecast.

    Args:
        model: in evaluation mode, with two convolutional layers.
        windows: to draw evenly spread ones from.
        params: of the study: how many windows, the resampling, and the seed.

    Raises:
        LstmkitError: the model has no convolutions, or there are too few windows.
    """
    sample = windows.spread(params.convolutions.windows)
    if len(sample) < FEWEST_WINDOWS:
        raise LstmkitError(
            f"{len(sample)} windows are too few to relate filters to forecasts: at least {FEWEST_WINDOWS} are needed"
        )
    activation, targets = _activation_and_targets(model, sample)
    standard, aims = _standardised(activation), _standardised(targets)
    products = (
        standard[:, None, :] * aims[:, :, None]
    )  # (window, target, filter), whose means are the correlations
    days = ResampledDays(sample.origin, products, params.evaluation.bootstrap, params.seed)
    drawn = np.stack([_resampled(days, standard, aim) for aim in aims.T], axis=1)  # (draw, target, filter)
    low, high = central_interval(drawn, params.evaluation.confidence)
    few = spread_evenly(len(sample), INFORMATION_WINDOWS)
    information, shifted = _information(standard[few], aims[few, 0], params.seed)
    return FilterRelevance(
        correlation=aims.T @ standard / len(sample),
        low=low,
        high=high,
        information=information,
        shifted=shifted,
        activation=activation.mean(axis=0),
        constant=(standard == 0).all(axis=0),
        constant_network=not aims[:, 0].any(),
        rule=sample.residual.rule,
        n_windows=len(sample),
        n_information=len(few),
        n_days=days.n_days,
        confidence=params.evaluation.confidence,
        calendar=sample.calendar,
    )


def _activation_and_targets(
    model: nn.Module, sample: Windows
) -> tuple[Float[np.ndarray, "window filter"], Float[np.ndarray, "window target"]]:
    _, second, _ = convolutional_stages(model)
    activation, outputs = [], []
    with record(model, [second]) as maps, torch.no_grad():
        for x, _ in sample.batches(BATCH):
            outputs.append(forecast(model, x, sample.shape))
            activation.append(maps[second].double().mean(dim=2))
    ahead = torch.cat(outputs)
    targets = [
        sample.one(ahead).double().mean(dim=1).numpy(),
        sample.one(sample.to_units(ahead)).mean(axis=1),
    ]
    return torch.cat(activation).numpy(), np.stack(targets, axis=1)


def _standardised(values: Float[np.ndarray, "window column"]) -> Float[np.ndarray, "window column"]:
    """Each column with mean zero and variance one; zeros where it is constant."""
    centred = values - values.mean(axis=0)
    spread = centred.std(axis=0)
    moves = spread > CONSTANT * np.abs(values).max(axis=0)
    return np.where(moves, centred, 0.0) / np.where(moves, spread, 1.0)


def _resampled(
    days: ResampledDays, a: Float[np.ndarray, "window filter"], b: Float[np.ndarray, "window"]
) -> Float[np.ndarray, "draw filter"]:
    """Pearson's r in each resampling; zero where one of the two does not move in it."""
    b = b[:, None]
    mean_a, mean_b = days.means(a), days.means(b)
    covariance = days.means(a * b) - mean_a * mean_b
    variance = (days.means(a**2) - mean_a**2) * (days.means(b**2) - mean_b**2)
    moves = variance > CONSTANT**2
    return np.where(moves, covariance, 0.0) / np.sqrt(np.where(moves, variance, 1.0))


def _information(
    standard: Float[np.ndarray, "window filter"], target: Float[np.ndarray, "window"], seed: int
) -> tuple[Float[np.ndarray, "filter"], Float[np.ndarray, "shift filter"]]:
    """Bits of mutual information per filter, and those that circularly shifted targets give."""
    nats = np.zeros((1 + SHIFTS, standard.shape[1]))
    moving = standard.any(axis=0)
    if moving.any() and target.any():
        shortest = len(target) // 10
        far = np.arange(shortest, len(target) - shortest)
        for row, shift in enumerate([0, *np.random.default_rng(seed).permutation(far)[:SHIFTS]]):
            aim = np.roll(target, shift)
            nats[row, moving] = mutual_info_regression(standard[:, moving], aim, random_state=seed)
    return nats[0] / np.log(2), nats[1:] / np.log(2)
