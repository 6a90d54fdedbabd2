"""How the features and the hours that a model reacts to change with the horizon."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from scipy.stats import rankdata

from lstmkit.analysis.attribution.attributor import Attributor
from lstmkit.analysis.attribution.methods import saliency
from lstmkit.analysis.horizons.metrics import ranks, shared_windows, shares
from lstmkit.analysis.resampling.days import ResampledDays, too_few
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.params import EvaluationParams
from lstmkit.wording import duration, feature_label

SPANS = {
    "newest hour": (0, 1),
    "1 to 12 h": (1, 12),
    "older than 12 h": (12, np.inf),
}
ROUNDING = 1e-9  # hours
CLEAR = 2  # standard errors
MOST_NAMED = 3
SMALLEST = 0.05  # percent


@dataclass(frozen=True)
class AttributionShift:
    """What a model's network reacts to at each horizon, on the same windows: shares of the absolute gradient.

    Standard errors are from resampled blocks of days.

    Attributes:
        horizons: labels, the nearest first.
        features: names.
        spans: labels of the spans of past hours that the lookback has.
        share: percent per feature.
        share_error: its standard error.
        rank: of the feature, 1 the largest.
        rank_error: its standard error.
        move_error: standard error of the change of rank between the ends.
        span_share: percent per span of past hours.
        span_error: its standard error.
        explained: what the scalar is.
        n_windows: that were averaged.
        n_days: on which they start.
    """

    horizons: tuple[str, ...]
    features: tuple[str, ...]
    spans: tuple[str, ...]
    share: Float[np.ndarray, "horizon feature"]
    share_error: Float[np.ndarray, "horizon feature"]
    rank: Float[np.ndarray, "horizon feature"]
    rank_error: Float[np.ndarray, "horizon feature"]
    move_error: Float[np.ndarray, "feature"]
    span_share: Float[np.ndarray, "horizon span"]
    span_error: Float[np.ndarray, "horizon span"]
    explained: str
    n_windows: int
    n_days: int

    @property
    def reacting(self) -> Int[np.ndarray, "reacting"]:
        """Positions of the horizons at which some gradient is not zero."""
        return _reacting(self.share)

    @property
    def ends(self) -> list[int]:
        """Positions of the first and the last horizon at which some gradient is not zero; one alone, or none."""
        return list(dict.fromkeys(int(self.reacting[k]) for k in (0, -1) if len(self.reacting)))

    @property
    def move(self) -> Float[np.ndarray, "feature"]:
        """Change of rank between the ends, positive where the feature gains importance."""
        return _change(self.rank, self.share)

    @property
    def place(self) -> Int[np.ndarray, "horizon feature"]:
        """The rank with ties broken by the order of the features, so that each has a place of its own."""
        return rankdata(-self.share, method="ordinal", axis=1).astype(int)

    @property
    def clear(self) -> np.ndarray:
        """Which changes of rank are larger than twice their standard error, as booleans."""
        return np.abs(self.move) > CLEAR * self.move_error

    @property
    def caption(self) -> str:
        """What was averaged."""
        whole = len(self.reacting) == len(self.horizons)
        silent = "" if whole else " Where all gradients are zero, there are no ranks."
        return (
            f"Shares of the absolute gradient of what the network forecasts ({self.explained}), per standard deviation "
            f"of each feature, on the same {self.n_windows} test windows of {self.n_days} days at every horizon. "
            f"Whiskers are standard errors over resampled blocks of days; blue features gain rank from the first "
            f"horizon to the last, red ones lose it, by more than twice the standard error of the change."
            f"{silent}{too_few(self.n_days)}"
        )

    def to_frame(self) -> pd.DataFrame:
        """Shares and ranks of the features, then shares of the spans of past hours, by horizon."""
        columns = ("share", "share_error", "rank", "rank_error")
        features = self._frame(self.features, dict(zip(columns, columns, strict=True)))
        spans = self._frame(self.spans, {"share": "span_share", "share_error": "span_error"})
        return pd.concat({"feature": features, "past hours": spans}, names=["by"])

    def _frame(self, items: tuple[str, ...], columns: dict[str, str]) -> pd.DataFrame:
        index = pd.MultiIndex.from_product([self.horizons, items], names=["horizon", "of"])
        return pd.DataFrame(
            {column: np.ravel(getattr(self, name)) for column, name in columns.items()}, index
        )

    def finding(self) -> str:
        """Which features gain and lose, and whether the past matters more further ahead."""
        if not len(self.reacting):
            return "All gradients are zero."
        silent = [name for h, name in enumerate(self.horizons) if h not in self.reacting]
        zeros = [f"All gradients are zero {' and '.join(silent)} ahead."] if silent else []
        moves = [self._moves()] if len(self.ends) > 1 else []
        return " ".join([*zeros, self._leaders(), *moves, self._spans()])

    def _leaders(self) -> str:
        leaders = [int(self.share[h].argmax()) for h in self.ends]
        near, *far = (feature_label(self.features[k]) for k in leaders)
        names = [f"{near} leads ", *("" if name == near else f"{name} " for name in far)]
        parts = [
            f"{name}{self.horizons[h]} ahead with {_percent(self.share[h, k], self.share_error[h, k])}"
            for name, h, k in zip(names, self.ends, leaders, strict=True)
        ]
        return f"{', '.join(parts)}."

    def _moves(self) -> str:
        first, last = self.ends
        moved = np.flatnonzero(self.clear)
        if not len(moved):
            return "No rank changes by more than twice its standard error."
        largest = moved[np.argsort(-np.abs(self.move[moved]), kind="stable")][:MOST_NAMED]
        moves = ", ".join(
            f"{feature_label(self.features[k])} from {self.rank[first, k]:g} to {self.rank[last, k]:g}"
            for k in largest
        )
        more = f", and {len(moved) - MOST_NAMED} more" if len(moved) > MOST_NAMED else ""
        return f"Ranks that change by more than twice the standard error of the change: {moves}{more}."

    def _spans(self) -> str:
        ahead, falls = f" ({' and '.join(self.horizons[h] for h in self.ends)} ahead) fall", []
        for k in sorted({0, len(self.spans) - 1}):
            shares = " and ".join(_percent(self.span_share[h, k], self.span_error[h, k]) for h in self.ends)
            falls.append(f"{shares}{'' if falls else ahead} on {_in_words(self.spans[k])}")
        return f"Of its gradient {', '.join(falls)}."

    def facts(self) -> dict[str, float | str]:
        """The leading feature at the first and the last horizon with a gradient."""
        return {
            f"leading_feature {self.horizons[h]}": self.features[int(self.share[h].argmax())]
            for h in self.ends
        } | {f"newest_hour_percent {self.horizons[h]}": float(self.span_share[h, 0]) for h in self.ends}


def attribution_shift(attributors: Sequence[Attributor], params: EvaluationParams) -> AttributionShift:
    """Compare the saliency of one model at several horizons, on windows that all of them have.

    Args:
        attributors: of each horizon, at least two.
        params: number of resamplings of days.

    Raises:
        LstmkitError: there is one horizon alone, no window that serves all, or one day alone.
    """
    if len(attributors) < 2:
        raise LstmkitError("a shift between horizons needs two of them; the study has one")
    attributors = sorted(attributors, key=lambda attributor: attributor.windows.horizon)
    first = attributors[0]
    samples = shared_windows([attributor.windows for attributor in attributors], first.params.windows)
    spans = _spans_of(samples[0])
    measured = [_magnitudes(a, sample, spans) for a, sample in zip(attributors, samples, strict=True)]
    by_feature, by_span = zip(*measured, strict=True)
    days = ResampledDays(samples[0].origin, _beyond_share(by_feature), params.bootstrap, first.seed)
    sums, drawn = _sums(by_feature, days)
    span_sums, drawn_spans = _sums(by_span, days)
    share, drawn_ranks = shares(sums), ranks(drawn)
    return AttributionShift(
        horizons=tuple(duration(sample.hours_ahead) for sample in samples),
        features=samples[0].features,
        spans=tuple(spans),
        share=share,
        share_error=shares(drawn).std(axis=1),
        rank=ranks(sums),
        rank_error=drawn_ranks.std(axis=1),
        move_error=_change(drawn_ranks, share).std(axis=0),  # the same days are drawn at every horizon
        span_share=shares(span_sums),
        span_error=shares(drawn_spans).std(axis=1),
        explained=first.explained,
        n_windows=len(samples[0]),
        n_days=days.n_days,
    )


def _magnitudes(
    attributor: Attributor, sample: Windows, spans: dict[str, np.ndarray]
) -> tuple[Float[np.ndarray, "window feature"], Float[np.ndarray, "window span"]]:
    """Per window, absolute gradients of each feature summed over time, and of each span summed over features."""
    by_feature, by_span = [], []
    with torch.backends.cudnn.flags(enabled=False):
        for x, _ in sample.batches(attributor.params.batch_size):
            values = saliency(attributor.forecast, x.requires_grad_()).abs().double().cpu().numpy()
            by_feature.append(values.sum(axis=1))
            by_step = values.sum(axis=2)
            by_span.append(np.stack([by_step[:, steps].sum(axis=1) for steps in spans.values()], axis=1))
    return np.concatenate(by_feature), np.concatenate(by_span)


def _sums(
    values: tuple[Float[np.ndarray, "window item"], ...], days: ResampledDays
) -> tuple[Float[np.ndarray, "horizon item"], Float[np.ndarray, "horizon draw item"]]:
    """Over all windows, and over those of each resampling, per horizon."""
    return np.stack([each.sum(axis=0) for each in values]), np.stack([days.sums(each) for each in values])


def _beyond_share(
    by_feature: tuple[Float[np.ndarray, "window feature"], ...],
) -> Float[np.ndarray, "window horizon feature"]:
    """What each window adds to the error of each share: its gradient beside the share of its sum."""
    values = np.stack(by_feature, axis=1)
    return values - values.sum(axis=2, keepdims=True) * shares(values.sum(axis=0))


def _reacting(share: Float[np.ndarray, "horizon feature"]) -> Int[np.ndarray, "reacting"]:
    return np.flatnonzero(share.any(axis=1))


def _change(
    rank: Float[np.ndarray, "horizon *draw feature"], share: Float[np.ndarray, "horizon feature"]
) -> Float[np.ndarray, "*draw feature"]:
    """From the first to the last horizon with a gradient; zero where there is none."""
    reacting = _reacting(share)
    return rank[reacting[0]] - rank[reacting[-1]] if len(reacting) else np.zeros_like(rank[0])


def _spans_of(windows: Windows) -> dict[str, np.ndarray]:
    hours = windows.hours_before() + ROUNDING
    inside = {name: (hours >= start) & (hours < end) for name, (start, end) in SPANS.items()}
    return {name: steps for name, steps in inside.items() if steps.any()}


def _percent(share: float, error: float) -> str:
    spread = f" ± {error:.1f}" if error >= SMALLEST else ""
    return "less than 0.1 %" if share < SMALLEST else f"{share:.1f}{spread} %"


def _in_words(span: str) -> str:
    return {"1 to 12 h": "the hours from 1 to 12", "older than 12 h": "what is older than 12 h"}.get(
        span, f"the {span}"
    )
