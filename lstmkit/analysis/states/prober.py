"""Linear probes: what can be read from a state, held against what the inputs give and what a probe can memorise."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from lstmkit.analysis.resampling.days import ResampledDays
from lstmkit.analysis.resampling.holdout import folds_in_time, rearrange_days, split_in_time
from lstmkit.analysis.resampling.statistics import FEWEST_DAYS, central_interval, local_days
from lstmkit.analysis.states.concept import Concept
from lstmkit.errors import LstmkitError

PENALTIES = np.logspace(-1, 5, 7)
FOLDS, CONTROLS, RESAMPLINGS, CONFIDENCE = 3, 10, 400, 0.95


@dataclass(frozen=True)
class Probe:
    """What a linear probe reads from one stage, in held-out windows.

    Scores are R² for quantities and hours; for classes, the mean accuracy per class, scaled from 0 for chance to 1.

    Attributes:
        stage: name of the representation.
        concept: what was read.
        measure: what the scores are.
        score: of the probe.
        low: lower end of its 95 % interval over resampled blocks of days; None where too few are held out.
        high: upper end.
        baseline: score of the same kind of probe on the newest inputs alone.
        gain_low: lower end of the 95 % interval of score − baseline; None as well.
        gain_high: upper end.
        control: mean score where the days are rearranged, so that there is nothing to know.
        control_highest: the highest of these.
        memorised: what these reach in the windows that they were fitted on.
        error: mean absolute error; for classes, percent of a class that is misjudged.
        constant_error: the same for an answer that is always the same.
        unit: of the errors.
        untrained: score of the same kind of probe on the state of the untrained network; None where it was not probed.
        learned_low: lower end of the 95 % interval of score − untrained; None as well, or of too few days.
        learned_high: upper end.
    """

    stage: str
    concept: str
    measure: str
    score: float
    low: float | None
    high: float | None
    baseline: float
    gain_low: float | None
    gain_high: float | None
    control: float
    control_highest: float
    memorised: float
    error: float
    constant_error: float
    unit: str
    untrained: float | None = None
    learned_low: float | None = None
    learned_high: float | None = None

    @property
    def selectivity(self) -> float:
        """Score above that of the control, or of an answer that is always the same where that is better."""
        return self.score - max(self.control, 0.0)

    @property
    def gain(self) -> float:
        """Score above that of the newest inputs."""
        return self.score - self.baseline

    @property
    def gain_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the gain; None where too few days are held out."""
        if self.gain_low is None or self.gain_high is None:
            return None
        return self.gain_low, self.gain_high

    @property
    def learned(self) -> float | None:
        """Score above that of the untrained network; None where it was not probed."""
        return None if self.untrained is None else self.score - self.untrained

    @property
    def learned_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of what was learned; None where too few days are held out or nothing was probed."""
        if self.learned_low is None or self.learned_high is None:
            return None
        return self.learned_low, self.learned_high

    @property
    def right_percent(self) -> float:
        """Of a class, percent that is judged rightly, as a mean over classes."""
        return 100 - self.error

    @property
    def chance_percent(self) -> float:
        """Of a class, percent that an answer judges rightly which is always the same."""
        return 100 - self.constant_error

    @property
    def baseline_percent(self) -> float:
        """Of a class, percent that the newest inputs alone judge rightly."""
        return self.chance_percent + self.baseline * self.constant_error


class Prober:
    """Fits linear probes on the earlier windows and judges them on the later ones, a gap apart.

    Args:
        origin: local time of each window's newest step, in order of time.
        inputs: the newest inputs of each window, for the baseline.
        gap: between windows to fit on and held-out ones; the lookback, so that they share no input step.
        seed: of the rearranged days and of the resamplings.

    Raises:
        LstmkitError: the windows span too little time for such a gap.
    """

    def __init__(
        self,
        origin: pd.DatetimeIndex,
        inputs: Float[np.ndarray, "window feature"],
        gap: pd.Timedelta,
        seed: int,
    ):
        self.origin, self.inputs, self.gap = origin, inputs, gap
        self.split = split_in_time(origin, gap)
        fit, held_out = self.split
        self.folds = folds_in_time(origin[fit], gap, FOLDS)
        generator = np.random.default_rng(seed)
        self.orders = [rearrange_days(origin, generator) for _ in range(CONTROLS)]
        self.later, self.seed = origin[held_out], seed
        self.n_days = len(local_days(self.later)[1])

    def read(
        self,
        stage: str,
        values: Float[np.ndarray, "window unit"],
        concept: Concept,
        untrained: Float[np.ndarray, "window unit"] | None = None,
    ) -> Probe:
        """Read a concept from a representation.

        Args:
            stage: name of the representation.
            values: one row per window.
            concept: to read.
            untrained: the same of the untrained network, where it is probed too.

        Raises:
            LstmkitError: the concept does not vary in both parts, cannot be rearranged, or is known in too few windows.
        """
        if not (known := concept.known).all():
            some, there = self._where_known(concept)
            return some.read(stage, values[known], there, None if untrained is None else untrained[known])
        self._require(concept)
        fit, held_out = self.split
        sides = [values, self.inputs, *([] if untrained is None else [untrained])]
        models = [self._tuned(side, concept) for side in sides]
        answers = [_answers(model, side[held_out]) for model, side in zip(models, sides, strict=True)]
        losses = np.stack([concept.losses(held_out, each) for each in answers], axis=1)
        weights = self._weights(losses)
        scores, *others = (concept.scores(held_out, each, weights) for each in answers)
        (low, high), (gain_low, gain_high) = _interval(scores[1:]), _interval((scores - others[0])[1:])
        learned_low, learned_high = _interval((scores - others[-1])[1:]) if len(others) > 1 else (None, None)
        control, highest, memorised = self._control(models[0], values, concept)
        return Probe(
            stage=stage,
            concept=concept.name,
            measure=concept.measure,
            score=float(scores[0]),
            low=low,
            high=high,
            baseline=float(others[0][0]),
            gain_low=gain_low,
            gain_high=gain_high,
            control=control,
            control_highest=highest,
            memorised=memorised,
            error=concept.error(held_out, answers[0]),
            constant_error=concept.error(held_out, concept.constant(fit, len(held_out))),
            unit=concept.unit,
            untrained=float(others[1][0]) if len(others) > 1 else None,
            learned_low=learned_low,
            learned_high=learned_high,
        )

    def score(self, values: Float[np.ndarray, "window unit"], concept: Concept) -> float:
        """The score alone of a concept that is read from a representation.

        Args:
            values: one row per window.
            concept: to read.

        Raises:
            LstmkitError: the concept does not vary in both parts, or is known in too few windows.
        """
        if not (known := concept.known).all():
            some, there = self._where_known(concept)
            return some.score(values[known], there)
        self._require(concept)
        _, held_out = self.split
        answers = _answers(self._tuned(values, concept), values[held_out])
        return float(concept.scores(held_out, answers, np.ones((1, len(held_out))))[0])

    def _where_known(self, concept: Concept) -> tuple["Prober", Concept]:
        """The prober and the concept of the windows in which the concept is known."""
        known = concept.known
        if not known.any():
            raise LstmkitError(f"{concept.name}: it is known in no window")
        try:
            some = Prober(self.origin[known], self.inputs[known], self.gap, self.seed)
        except LstmkitError as error:
            raise LstmkitError(f"{concept.name}, where it is known: {error}") from None
        return some, replace(concept, truth=concept.truth[known])

    def _require(self, concept: Concept) -> None:
        if not concept.varies(*self.split):
            missing = "a class is missing" if concept.is_class else "it is constant"
            raise LstmkitError(f"{concept.name}: {missing} in the windows to fit on or in those held out")

    def _weights(self, losses: Float[np.ndarray, "held_out side"]) -> Float[np.ndarray, "draw held_out"]:
        """Of the held-out windows: first of all as they are, then in resamplings, where there are enough days."""
        as_they_are = np.ones((1, len(losses)))
        if self.n_days < FEWEST_DAYS:
            return as_they_are
        return np.vstack([as_they_are, ResampledDays(self.later, losses, RESAMPLINGS, self.seed).weights])

    def _tuned(self, values: Float[np.ndarray, "window unit"], concept: Concept) -> Pipeline:
        """The probe, with the penalty that serves best on stretches of the windows to fit on, fitted on all of them."""
        fit, _ = self.split
        folds = [(a, b) for a, b in self.folds if concept.varies(fit[a], fit[b])]
        model = _probe(concept)
        if not folds:
            return _fitted(model, values[fit], concept.truth[fit])
        name, scoring = ("model__C", "balanced_accuracy") if concept.is_class else ("model__alpha", "r2")
        grid = {name: 1 / PENALTIES if concept.is_class else PENALTIES}
        search = GridSearchCV(model, grid, scoring=scoring, cv=folds)
        return _fitted(search, values[fit], concept.truth[fit]).best_estimator_

    def _control(
        self, model: Pipeline, values: Float[np.ndarray, "window unit"], concept: Concept
    ) -> tuple[float, float, float]:
        """Mean and highest held-out score of the probe on rearranged days, and its mean score where it was fitted."""
        fit, held_out = self.split
        later: list[float] = []
        earlier: list[float] = []
        for order in self.orders:
            nothing = replace(concept, truth=concept.truth[order])
            if nothing.varies(fit, held_out):
                found = _fitted(clone(model), values[fit], nothing.truth[fit])
                for part, scores in ((held_out, later), (fit, earlier)):
                    answers = _answers(found, values[part])
                    scores.extend(nothing.scores(part, answers, np.ones((1, len(part)))))
        if not later:
            raise LstmkitError(f"{concept.name}: too few days to rearrange them for a control")
        return float(np.mean(later)), float(np.max(later)), float(np.mean(earlier))


def _probe(concept: Concept) -> Pipeline:
    linear = LogisticRegression(class_weight="balanced", max_iter=1000) if concept.is_class else Ridge()
    return Pipeline([("scale", StandardScaler()), ("model", linear)])


def _fitted(
    model: BaseEstimator, values: Float[np.ndarray, "window unit"], truth: Float[np.ndarray, "window output"]
):
    return model.fit(values, truth[:, 0] if truth.shape[1] == 1 else truth)


def _answers(model: Pipeline, values: Float[np.ndarray, "window unit"]) -> Float[np.ndarray, "window output"]:
    return model.predict(values).reshape(len(values), -1)


def _interval(draws: Float[np.ndarray, "draw"]) -> tuple[float, float] | tuple[None, None]:
    """Of the draws in which something varies and every class occurs."""
    if not len(draws):
        return None, None
    low, high = central_interval(draws[np.isfinite(draws)], CONFIDENCE)
    return float(low), float(high)
