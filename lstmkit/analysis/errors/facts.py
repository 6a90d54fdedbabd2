"""What is kept of the sections on forecasts and on rhythms, for the summary."""

from typing import TypedDict, cast

from lstmkit.analysis.errors.by_group import ErrorByRegime, ErrorByRegimeFacts
from lstmkit.analysis.errors.by_step import ErrorByStep, ErrorByStepFacts
from lstmkit.analysis.errors.calibration import Calibration, CalibrationFacts
from lstmkit.analysis.errors.in_time import (
    ResidualSpectrum,
    ResidualSpectrumFacts,
    RollingError,
    RollingErrorFacts,
)
from lstmkit.analysis.errors.phase import PhaseError, PhaseErrorFacts
from lstmkit.analysis.errors.predictions import Overlay, OverlayFacts
from lstmkit.analysis.errors.residuals import Residuals, ResidualsFacts
from lstmkit.analysis.errors.warning_skill import WarningFacts, WarningSkill
from lstmkit.analysis.rhythms.autocorrelation import Autocorrelation
from lstmkit.analysis.rhythms.spectra import Spectra


class PredictionsFacts(TypedDict):
    """What is kept of the section on forecasts."""

    weeks: OverlayFacts
    calibration: CalibrationFacts
    residuals: ResidualsFacts
    regimes: ErrorByRegimeFacts
    steps: ErrorByStepFacts
    warning: WarningFacts


def predictions_facts(
    weeks: Overlay,
    calibration: Calibration,
    residuals: Residuals,
    regimes: ErrorByRegime,
    steps: ErrorByStep,
    warning: WarningSkill,
) -> PredictionsFacts:
    """What is kept of the section on forecasts.

    Args:
        weeks: forecasts over true values, by week.
        calibration: true values against forecasts.
        residuals: errors by hour and weekday.
        regimes: errors by group.
        steps: errors by step ahead.
        warning: how well the forecasts warn.
    """
    return {
        "weeks": weeks.facts(),
        "calibration": calibration.facts(),
        "residuals": residuals.facts(),
        "regimes": regimes.facts(),
        "steps": steps.facts(),
        "warning": warning.facts(),
    }


class StateRhythmFacts(TypedDict, total=False):
    """Rhythms of the states' principal components; without keys where the network is switched off.

    Shares are of a component's variance, of rhythms of the day and of the week. A component that is constant, or too
    short, or without a peak, lacks some of the keys.
    """

    pc_1_day_percent: float
    pc_1_week_percent: float
    pc_1_strongest_hours: float
    pc_1_decorrelation_hours: float
    pc_1_autocorrelation_24h: float
    pc_2_day_percent: float
    pc_2_week_percent: float
    pc_2_strongest_hours: float
    pc_2_decorrelation_hours: float
    pc_2_autocorrelation_24h: float
    pc_3_day_percent: float
    pc_3_week_percent: float
    pc_3_strongest_hours: float
    pc_3_decorrelation_hours: float
    pc_3_autocorrelation_24h: float


class TemporalFacts(StateRhythmFacts, ResidualSpectrumFacts, RollingErrorFacts, PhaseErrorFacts):
    """What is kept of the section on rhythms."""


def state_rhythm_facts(states: Spectra, lasting: Autocorrelation) -> StateRhythmFacts:
    """Shares and periods of the rhythms of the states, and how long they last.

    Args:
        states: spectra of the states' principal components.
        lasting: their autocorrelation.
    """
    return cast(StateRhythmFacts, states.facts() | lasting.facts())  # keys are made of the components' names


def temporal_facts(
    states: StateRhythmFacts, residuals: ResidualSpectrum, rolling: RollingError, phase: PhaseError
) -> TemporalFacts:
    """What is kept of the section on rhythms.

    Args:
        states: of `state_rhythm_facts`; without keys where the network is switched off.
        residuals: spectrum of the errors.
        rolling: the error over the test part.
        phase: the error by the time of day.
    """
    return {**states, **residuals.facts(), **rolling.facts(), **phase.facts()}
