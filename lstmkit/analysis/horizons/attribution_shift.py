"""How the features and the hours that a model reacts to change with the horizon."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.stats import rankdata

from lstmkit.analysis.attribution.attributor import Attributor
from lstmkit.analysis.attribution.methods import METHODS, reproducible
from lstmkit.analysis.horizons.metrics import ranks, shared_windows, shares
from lstmkit.analysis.resampling.days import ResampledDays
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.clock import HOUR
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.params import EvaluationParams

SPANS = {
    "newest hour": (0, 1),
    "1 to 12 h": (1, 12),
    "older than 12 h": (12, np.inf),
}
ROUNDING = 1e-9  # hours
CLEAR = 2  # standard errors
AttributionShiftFacts = dict[str, float | str]  # its keys end with the label of a horizon


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
        calendar: of the series.
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
    calendar: Calendar = HOURLY

    @property
    def reacting(self) -> Int[np.ndarray, "reacting"]:
        """Positions of the horizons at which some gradient is not zero."""
        return _reacting(self.share)

    @property
    def ends(self) -> list[int]:
        """Positions of the first and the last horizon at which some gradient is not zero; one alone, or none."""
        return list(dict.fromkeys(int(self.reacting[k]) for k in (0, -1) if len(self.reacting)))

    @property
    def silent(self) -> tuple[str, ...]:
        """Labels of the horizons at which all gradients are zero."""
        return tuple(name for h, name in enumerate(self.horizons) if h not in self.reacting)

    @property
    def leaders(self) -> dict[int, int]:
        """Position of the feature with the largest share, by the position of the horizon; of the ends alone."""
        return {h: int(self.share[h].argmax()) for h in self.ends}

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
    def moved(self) -> Int[np.ndarray, "moved"]:
        """Positions of the features whose rank changes clearly, the largest change first."""
        moved = np.flatnonzero(self.clear)
        return moved[np.argsort(-np.abs(self.move[moved]), kind="stable")]

    def to_frame(self) -> pd.DataFrame:
        """Shares and ranks of the features, then shares of the spans of past hours, by horizon."""
        columns = ("share", "share_error", "rank", "rank_error")
        features = self._frame(self.features, dict(zip(columns, columns, strict=True)))
        spans = self._frame(self.spans, {"share": "span_share", "share_error": "span_error"})
        past = "past hours" if self.calendar.is_within_days else "past steps"
        return pd.concat({"feature": features, past: spans}, names=["by"])

    def _frame(self, items: tuple[str, ...], columns: dict[str, str]) -> pd.DataFrame:
        index = pd.MultiIndex.from_product([self.horizons, items], names=["horizon", "of"])
        return pd.DataFrame(
            {column: np.ravel(getattr(self, name)) for column, name in columns.items()}, index
        )

    def facts(self) -> AttributionShiftFacts:
        """The leading feature at the first and the last horizon with a gradient, and percent on the newest hour."""
        leaders = {f"leading_feature {self.horizons[h]}": self.features[k] for h, k in self.leaders.items()}
        newest = {f"newest_hour_percent {self.horizons[h]}": float(self.span_share[h, 0]) for h in self.ends}
        return {**leaders, **newest}


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
        horizons=tuple(sample.calendar.duration(sample.hours_ahead) for sample in samples),
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
        calendar=samples[0].calendar,
    )


def _magnitudes(
    attributor: Attributor, sample: Windows, spans: dict[str, np.ndarray]
) -> tuple[Float[np.ndarray, "window feature"], Float[np.ndarray, "window span"]]:
    """Per window, absolute gradients of each feature summed over time, and of each span summed over features."""
    by_feature, by_span = [], []
    with reproducible(attributor.seed):
        for x, _ in sample.batches(attributor.params.batch_size):
            values = METHODS["saliency"].maps(attributor.forecast, x).abs().double().cpu().numpy()
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
    spans = SPANS if windows.calendar.is_within_days else _spans_of_steps(windows.calendar)
    inside = {name: (hours >= start) & (hours < end) for name, (start, end) in spans.items()}
    return {name: steps for name, steps in inside.items() if steps.any()}


def _spans_of_steps(calendar: Calendar) -> dict[str, tuple[float, float]]:
    """The newest step, what is up to half of the shortest cycle old, and what is older."""
    step = calendar.step / HOUR
    half = step * max(2, 0 if calendar.season is None else int(calendar.season.steps // 2))
    length = calendar.duration(half)
    return {"newest step": (0, step), f"up to {length}": (step, half), f"older than {length}": (half, np.inf)}
