"""How well forecasts warn that the target will cross a level, beside warnings from the value now."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.analysis.errors.compared import Compared
from lstmkit.analysis.errors.warning_counts import CASES, PERSISTENCE, WarningCounts
from lstmkit.analysis.errors.warning_level import WarningLevel
from lstmkit.analysis.errors.warning_rates import CAUGHT, OWN, RateFacts, Rates, Warner, WarnerFacts
from lstmkit.analysis.resampling.statistics import FEWEST_DAYS, contributions_to_mean, resample_blocks
from lstmkit.data.calendar import Calendar
from lstmkit.data.clock import HOUR
from lstmkit.params import EvaluationParams

FEWEST_CROSSINGS = 10  # from which rates are given


class CaseFacts(TypedDict):
    """How often the event comes, and who warns of it."""

    events: int
    windows: int
    model: WarnerFacts
    persistence: NotRequired[WarnerFacts]  # where the target's past is known


class WarningFacts(TypedDict):
    """The level, how often it is crossed, and precision and recall of model and persistence."""

    level: float
    level_is: str  # where it comes from, in words
    unit: str
    hours_ahead: float
    crossings: int
    crossing_days: int
    days: int
    has_enough_crossings: bool
    onsets: CaseFacts
    all_windows: CaseFacts
    caught: float  # share of the events at which precisions are compared
    best_rival: str | None
    ahead_of: dict[str, RateFacts]  # by baseline, what the model's precision is higher by


@dataclass(frozen=True)
class Case:
    """Windows that are asked the same question.

    Attributes:
        windows: that are asked.
        events: windows in which the event comes.
        warners: by forecaster, the model first.
    """

    windows: int
    events: int
    warners: dict[str, Warner]

    @property
    def share(self) -> float:
        """Of the windows, that in which the event comes; zero where none is asked."""
        return self.events / self.windows if self.windows else 0.0

    def facts(self, model: str) -> CaseFacts:
        """How often the event comes, and precision and recall of model and persistence.

        Args:
            model: which of the forecasters is the model.
        """
        facts: CaseFacts = {
            "events": self.events,
            "windows": self.windows,
            "model": self.warners[model].facts(),
        }
        if PERSISTENCE in self.warners:
            facts["persistence"] = self.warners[PERSISTENCE].facts()
        return facts


@dataclass(frozen=True)
class WarningSkill:
    """How well a model and the baselines warn of a crossing.

    Attributes:
        model: the model's name.
        unit: the target's.
        level: that is warned of.
        passed_over: levels that would have come first but are crossed too seldom, and how often they are.
        hours_ahead: of the last step.
        cases: by `CASES`: onset windows or all windows; the level is reached within the horizon, or after it.
        crossings: of the level from below, after an hour below it.
        crossing_days: days on which they fall.
        highest: value of the target in the windows.
        n_days: days on which windows start, or steps that are longer.
        confidence: of the intervals.
        calendar: of the series.
    """

    model: str
    unit: str
    level: WarningLevel
    passed_over: tuple[tuple[WarningLevel, int], ...]
    hours_ahead: float
    cases: dict[tuple[str, str], Case]
    crossings: int
    crossing_days: int
    highest: float
    n_days: int
    confidence: float
    calendar: Calendar

    @property
    def has_enough_crossings(self) -> bool:
        """Whether there are crossings enough to give rates."""
        return self.crossings >= FEWEST_CROSSINGS and self.crossing_days >= FEWEST_DAYS

    def to_frame(self) -> pd.DataFrame:
        """Precision and recall of every forecaster in every case; blank where undefined."""
        rows = []
        for case, of in self.cases.items():
            for name, warner in of.warners.items():
                row: dict[str, Any] = {"windows": case[0], "level_is_reached": case[1], "forecaster": name}
                row |= {"n_windows": of.windows, "n_events": of.events, "n_warnings": warner.warnings}
                for key in ("precision", "recall", "tuned"):
                    rate, column = getattr(warner, key), f"precision_at_{CAUGHT:g}" if key == "tuned" else key
                    row |= {column: rate.value, f"{column}_low": rate.low, f"{column}_high": rate.high}
                rows.append(row | {f"level_at_{CAUGHT:g}": warner.tuned_level})
        return pd.DataFrame(rows).set_index(["windows", "level_is_reached", "forecaster"]).astype("float64")

    def facts(self) -> WarningFacts:
        """The level, how often it is crossed, and precision and recall of model and persistence, for the summary."""
        onsets, everywhere = (self.cases[windows, "within"] for windows in ("onsets", "all windows"))
        best = self.best_rival()
        rivals = [name for name in (PERSISTENCE, best) if name in onsets.warners]
        ahead = {name: ahead.facts() for name in rivals if (ahead := onsets.warners[name].ahead)}
        return {
            "level": self.level.value,
            "level_is": self.level.origin,
            "unit": self.unit,
            "hours_ahead": self.hours_ahead,
            "crossings": self.crossings,
            "crossing_days": self.crossing_days,
            "days": self.n_days,
            "has_enough_crossings": self.has_enough_crossings,
            "onsets": onsets.facts(self.model),
            "all_windows": everywhere.facts(self.model),
            "caught": CAUGHT,
            "best_rival": best,
            "ahead_of": ahead,
        }

    def best_rival(self) -> str | None:
        """The baseline with the highest precision where it warns of `CAUGHT` of the onsets; None where none does."""
        warners = self.cases["onsets", "within"].warners
        tuned = {name: of.tuned.value for name, of in warners.items() if name != self.model}
        known = {name: value for name, value in tuned.items() if value is not None}
        return max(known, key=lambda name: known[name]) if known else None


def warning_skill(
    model: str,
    unit: str,
    chunks: Iterable[Compared],
    levels: tuple[WarningLevel, ...],
    calendar: Calendar,
    params: EvaluationParams,
    seed: int,
) -> WarningSkill:
    """Precision and recall of warnings; of each chunk only counts per day are kept.

    A forecast warns where it reaches the level itself: at any step of the horizon, or at the last one (Roebber 2009,
    Weather and Forecasting 24:601). Compared as they could be used, each warns at the level at which it catches
    `CAUGHT` of the events; between two levels that were tried, warnings are interpolated as Davis & Goadrich (2006,
    ICML) do.

    Args:
        model: which of the forecasters is the model.
        unit: the target's.
        chunks: all windows in order of time, some at a time, with everyone's forecasts and the values at the origins.
        levels: of which the first is taken that is crossed often enough, or else the one that is crossed most often.
        calendar: of the series.
        params: resamplings of the days on which forecasts start, and their confidence.
        seed: of the resamplings.
    """
    counted = [WarningCounts(level, calendar) for level in levels]
    horizon = 0
    for chunk in chunks:
        horizon = chunk.observed.shape[1]
        for counts in counted:
            counts.add(chunk)
    often = [
        of for of in counted if len(of.crossings) >= FEWEST_CROSSINGS and of.n_crossing_days >= FEWEST_DAYS
    ]
    chosen = (often or sorted(counted, key=lambda of: -len(of.crossings)))[0]
    before = counted[: counted.index(chosen)]
    windows = chosen.windows()
    return WarningSkill(
        model=model,
        unit=unit,
        level=chosen.level,
        passed_over=tuple((of.level, len(of.crossings)) for of in before),
        hours_ahead=horizon * (calendar.step / HOUR),
        cases=_cases(model, chosen, windows, params, seed, is_often=chosen in often),
        crossings=len(chosen.crossings),
        crossing_days=chosen.n_crossing_days,
        highest=chosen.highest,
        n_days=len(windows),
        confidence=params.confidence,
        calendar=calendar,
    )


def _cases(
    model: str,
    counts: WarningCounts,
    windows: Float[np.ndarray, "day case 2"],
    params: EvaluationParams,
    seed: int,
    is_often: bool,
) -> dict[tuple[str, str], Case]:
    names = [model, *(name for name in counts.forecasters if name != model)]
    reached = {name: counts.of(name) for name in names}
    draws = np.empty((0, len(windows)))
    if is_often:
        draws = _draws(reached[model], windows, params.bootstrap, seed)
    cases = {}
    for k, case in enumerate(CASES):
        events = windows[:, k, 1]
        rates = {name: Rates(of[:, k], events, draws, params.confidence) for name, of in reached.items()}
        warners = {
            name: of.warner(counts.level, None if name == model else rates[model])
            for name, of in rates.items()
        }
        cases[case] = Case(int(windows[:, k].sum()), int(events.sum()), warners)
    return cases


def _draws(
    own: Float[np.ndarray, "day case 2 tried"],
    windows: Float[np.ndarray, "day case 2"],
    times: int,
    seed: int,
) -> Float[np.ndarray, "draw day"]:
    """Resamplings of blocks of days as long as the correlation of the events and of the model's warnings asks for."""
    warned, hits, events = own[..., OWN].sum(axis=2), own[:, :, 1, OWN], windows[:, :, 1]
    contributions = [
        contributions_to_mean(*pair)
        for pair in ((events, windows.sum(axis=2)), (hits, warned), (hits, events))
    ]
    return resample_blocks(np.concatenate(contributions, axis=1), times, seed)
