"""Precision and recall of the warnings of one forecaster, with intervals and at every level of its forecast."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from jaxtyping import Float

from lstmkit.analysis.errors.warning_level import TRIED_BELOW, WarningLevel
from lstmkit.analysis.resampling.statistics import FEWEST_DAYS, central_interval, side_of_zero

CAUGHT = 0.8  # share of the events, at which precisions are compared
OWN = TRIED_BELOW  # position of the level itself among those that are tried


class RateFacts(TypedDict):
    """A share of windows, or the difference of two; None where it, or its interval, is not defined."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Rate:
    """A share of windows, or the difference of two.

    Attributes:
        value: None where it is not defined, as the precision where no warning is given.
        low: lower end of its interval over resampled blocks of days; None where there are too few.
        high: upper end.
    """

    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both ends of the interval; None where there are too few days."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def is_sure(self) -> bool:
        """Whether there is an interval, and zero lies outside."""
        return self.interval is not None and bool(side_of_zero(*self.interval))

    def facts(self) -> RateFacts:
        """The value and its interval."""
        return {"value": self.value, "low": self.low, "high": self.high}


class WarnerFacts(TypedDict):
    """The warnings of one forecaster at the level itself, and its precision where it warns of `CAUGHT`."""

    precision: RateFacts
    recall: RateFacts
    tuned: RateFacts


@dataclass(frozen=True)
class Warner:
    """The warnings of one forecaster in the windows of one case.

    Attributes:
        warnings: windows in which its forecast reaches the level.
        precision: share of them in which the event comes.
        recall: share of the events that it warns of.
        curve: precision and recall for each level of the forecast at which a warning can be given; NaN where undefined.
        tuned_level: level of the forecast at which it warns of `CAUGHT` of the events; None where no level tried does.
        tuned: its precision there.
        ahead: by how much the model's is higher; None for the model itself.
    """

    warnings: int
    precision: Rate
    recall: Rate
    curve: Float[np.ndarray, "2 tried"]
    tuned_level: float | None
    tuned: Rate
    ahead: Rate | None

    def facts(self) -> WarnerFacts:
        """Precision and recall, and the precision where it warns of `CAUGHT` of the events."""
        return {
            "precision": self.precision.facts(),
            "recall": self.recall.facts(),
            "tuned": self.tuned.facts(),
        }


class Rates:
    """Estimates of one forecaster in one case, and the same in every resampling.

    Args:
        reached: windows without and with an event whose forecast reaches each level that is tried.
        events: windows with an event.
        draws: how often each day comes up in each resampling; without any, no interval is given.
        confidence: of the intervals.
    """

    def __init__(
        self,
        reached: Float[np.ndarray, "day 2 tried"],
        events: Float[np.ndarray, "day"],
        draws: Float[np.ndarray, "draw day"],
        confidence: float,
    ) -> None:
        hits, warned = reached[:, 1], reached.sum(axis=1)
        self._confidence = confidence
        weights = np.concatenate([np.ones((1, len(events))), draws])
        self._hits, self._warned, self._events = weights @ hits, weights @ warned, weights @ events
        self._days = {"warned": int((warned[:, OWN] > 0).sum()), "events": int((events > 0).sum())}
        self._tuned, self._position = _at_recall(self._hits, self._warned, self._events)

    def warner(self, level: WarningLevel, model: "Rates | None") -> Warner:
        """What sentences and figures need of them.

        Args:
            level: that is warned of.
            model: the estimates of the model; None for itself.
        """
        hits, warned, events = self._hits, self._warned, self._events
        curve = np.stack([_share(hits[0], warned[0]), _share(hits[0], np.full_like(hits[0], events[0]))])
        position, steps = self._position[0], np.arange(len(level.tried))
        return Warner(
            warnings=int(warned[0, OWN]),
            precision=self._rate(_share(hits[:, OWN], warned[:, OWN]), self._days["warned"]),
            recall=self._rate(_share(hits[:, OWN], events), self._days["events"]),
            curve=curve,
            tuned_level=None if np.isnan(position) else float(np.interp(position, steps, level.tried)),
            tuned=self._rate(self._tuned, self._days["events"]),
            ahead=self._rate(model._tuned - self._tuned, self._days["events"]) if model else None,
        )

    def _rate(self, values: Float[np.ndarray, "estimate"], days: int) -> Rate:
        value, drawn = values[0], values[1:]
        drawn = drawn[~np.isnan(drawn)]  # days without any warning, or any event, may be drawn alone
        if np.isnan(value):
            return Rate(None)
        if days < FEWEST_DAYS or not len(drawn):
            return Rate(float(value))
        return Rate(float(value), *map(float, central_interval(drawn, self._confidence)))


def _share(part: Float[np.ndarray, "*any"], whole: Float[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
    """One over the other, NaN where there is nothing to take a share of."""
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def _at_recall(
    hits: Float[np.ndarray, "estimate tried"],
    warned: Float[np.ndarray, "estimate tried"],
    events: Float[np.ndarray, "estimate"],
) -> tuple[Float[np.ndarray, "estimate"], Float[np.ndarray, "estimate"]]:
    """Precision where `CAUGHT` of the events are warned of, and where among the levels that is; NaN where nowhere."""
    wanted = CAUGHT * events
    enough = hits >= wanted[:, None]
    highest = hits.shape[1] - 1
    level = highest - enough[:, ::-1].argmax(axis=1)  # the highest level that catches enough
    above = np.minimum(level + 1, highest)
    every = np.arange(len(hits))
    gained = hits[every, level] - hits[every, above]
    part = np.divide(wanted - hits[every, above], gained, out=np.ones_like(wanted), where=gained > 0)
    share = np.clip(part, 0, 1)  # of the way from the level above, where too few are caught, to this one
    warnings = warned[every, above] + share * (warned[every, level] - warned[every, above])
    caught = hits[every, above] + share * gained
    known = enough.any(axis=1) & (events > 0)
    precision = np.where(known, _share(caught, warnings), np.nan)
    return precision, np.where(known, above - share * (above - level), np.nan)
