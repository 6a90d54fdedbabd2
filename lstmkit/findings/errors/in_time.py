"""When a model errs, in sentences."""

import numpy as np

from lstmkit.analysis.errors.in_time import Errors, ResidualSpectrum, RollingError
from lstmkit.analysis.rhythms.spectra import Peak
from lstmkit.findings.groups import changes
from lstmkit.findings.rhythms.series import span_in_words
from lstmkit.findings.rhythms.spectra import (
    NAMED_PEAKS,
    other_periods,
    spectra_caption,
    spectra_too_short,
)
from lstmkit.wording import digits, percent, sentence_case

LEAST_CHANCE = 0.01  # that is given as a number
SURE = 0.05


def errors_named(errors: Errors) -> str:
    """What the errors of the last step are called in titles.

    Args:
        errors: of every forecast.
    """
    return f"Errors {errors.windows.calendar.duration(errors.windows.hours_ahead)} ahead"


def residual_spectrum_caption(result: ResidualSpectrum) -> str:
    """What was analysed, and how.

    Args:
        result: of the errors of the last step.
    """
    lead = result.spectra.calendar.duration(result.hours_ahead)
    return f"Errors {lead} ahead (forecast − observed) by the time of their targets. {spectra_caption(result.spectra)}"


def residual_spectrum_finding(result: ResidualSpectrum) -> str:
    """Which rhythms the model misses, or how large one could be and stay unseen.

    Args:
        result: of the errors of the last step.
    """
    lead = result.spectra.calendar.duration(result.hours_ahead)
    if result.spectra.constant:
        return f"The errors {lead} ahead are the same at all times, so they have no rhythm."
    if not len(result.spectra.hours):
        return spectra_too_short(result.spectra)
    (peaks,) = result.spectra.peaks
    if not peaks:
        return f"No rhythm in the errors {lead} ahead stands above the floor.{_of_cycle(result)}"
    named = [
        f"{_amplitude(peak, result.unit)} with a period of {span_in_words(peak.hours, result.spectra.calendar)} "
        f"({percent(peak.share)} of the variance of the errors)"
        for peak in peaks[:NAMED_PEAKS]
    ]
    more = len(peaks) - len(named)
    missed = f"rhythms of amplitude {', '.join(named)}{f' and {more} weaker' if more else ''}"
    whole = f" All peaks hold {percent(float(result.spectra.share[0]))}."
    if len(peaks) == 1:
        missed, whole = f"a rhythm of amplitude {named[0]}", ""
    return (
        f"{lead} ahead the model misses {missed}.{whole}{other_periods(peaks[:NAMED_PEAKS], result.spectra.calendar)}"
        f"{'' if _is_named(result) else _of_cycle(result)}"
    )


def _is_named(result: ResidualSpectrum) -> bool:
    """Whether the shortest cycle is among the peaks."""
    own, (peaks,) = result.of_cycle, result.spectra.peaks
    return own is not None and any(peak.hours == own.hours for peak in peaks)


def _amplitude(peak: Peak, unit: str) -> str:
    if np.isnan(peak.amplitude):
        return "(not resolved through the gaps)"
    return f"{digits(peak.amplitude)} {unit}"


def _of_cycle(result: ResidualSpectrum) -> str:
    """What there is at the shortest cycle, the period that one would ask about without any search."""
    if result.of_cycle is None:
        return ""
    own, unit, adjective = result.of_cycle, result.unit, result.of_cycle.cycle.adjective
    article = "an" if adjective == "annual" else "a"
    period = "24 h" if own.cycle.name == "day" else f"one {own.cycle.name}"
    chance = f"p = {own.p_value:.2f}" if own.p_value >= LEAST_CHANCE else f"p < {LEAST_CHANCE}"
    if own.p_value < SURE:
        return (
            f" Tested alone, without the search over all periods, the one of {period} is there ({chance}): the model "
            f"misses {article} {adjective} rhythm of {digits(own.amplitude)} {unit} amplitude "
            f"({percent(own.share)} of the errors' variance)."
        )
    return (
        f" At {period} there are {digits(own.amplitude)} {unit} beside a standard deviation of "
        f"{digits(result.deviation)} {unit}, no more than noise shows ({chance}, tested alone); above the floor "
        f"it would be from {digits(own.floor)} {unit} on."
    )


def rolling_error_caption(result: RollingError) -> str:
    """What is shown.

    Args:
        result: over the test part.
    """
    calendar = result.calendar
    if calendar.is_within_days:
        around = f"within {calendar.duration(result.span_hours / 2)} before or after each moment"
    else:
        around = f"within {calendar.duration(result.span_hours)}, shown at their middle"
    return (
        f"RMSE over all steps of the forecasts that start {around}, blank where "
        f"over a quarter of them are missing; dashed, that of all forecasts ({digits(result.overall)} {result.unit}). "
        f"Below, the share of these forecasts during which {changes(result.groups)}. Local time."
    )


def rolling_error_finding(result: RollingError) -> str:
    """The best and the worst day or other cycle, and whether changes of group go with the errors.

    Args:
        result: over the test part.
    """
    overall, span = f"{digits(result.overall)} {result.unit}", result.calendar.duration(result.span_hours)
    if result.is_empty:
        return f"No {span} hold enough forecasts for a rolling error; the RMSE of all is {overall}."
    worst, best = result.worst, result.best
    return (
        f"Over all steps the RMSE is {overall}. Over {span} it lies between {digits(result.rmse[best])} and "
        f"{digits(result.rmse[worst])} {result.unit}. Worst are the forecasts that start in the {span} from "
        f"{result.calendar.date_name(result.starts_at(worst))} on, best those in the {span} from "
        f"{result.calendar.date_name(result.starts_at(best))} on.{_changes(result)}"
    )


def _changes(result: RollingError) -> str:
    clause = changes(result.groups)
    if result.rmse_steady is None:
        return f" {sentence_case(clause)} during every forecast."
    if result.rmse_crossing is None:
        return f" {sentence_case(clause)} during no forecast."
    return (
        f" Forecasts during which {clause} have an RMSE of {digits(result.rmse_crossing)} "
        f"{result.unit}, the others {digits(result.rmse_steady)} {result.unit}."
    )
