"""When a model errs, in sentences."""

import numpy as np

from lstmkit.analysis.errors.in_time import DAY, Errors, ResidualSpectrum, RollingError, day_and_hour
from lstmkit.analysis.rhythms.spectra import Peak
from lstmkit.findings.groups import changes
from lstmkit.findings.rhythms.series import days_or_hours
from lstmkit.findings.rhythms.spectra import NAMED_PEAKS, not_told_apart, spectra_caption, spectra_too_short
from lstmkit.wording import digits, duration, percent, sentence_case

LEAST_CHANCE = 0.01  # that is told
SURE = 0.05


def errors_named(errors: Errors) -> str:
    """What the errors of the last step are called in titles.

    Args:
        errors: of every forecast.
    """
    return f"Errors {duration(errors.windows.hours_ahead)} ahead"


def residual_spectrum_caption(result: ResidualSpectrum) -> str:
    """What was analysed, and how.

    Args:
        result: of the errors of the last step.
    """
    lead = duration(result.hours_ahead)
    return f"Errors {lead} ahead (forecast − observed) by the time of their targets. {spectra_caption(result.spectra)}"


def residual_spectrum_finding(result: ResidualSpectrum) -> str:
    """Which rhythms the model misses, or how large one could be and stay unseen.

    Args:
        result: of the errors of the last step.
    """
    lead = duration(result.hours_ahead)
    if result.spectra.constant:
        return f"The errors {lead} ahead are the same at all times, so they have no rhythm."
    if not len(result.spectra.hours):
        return spectra_too_short(result.spectra)
    (peaks,) = result.spectra.peaks
    if not peaks:
        return f"No rhythm in the errors {lead} ahead stands above the floor.{_daily(result)}"
    named = [
        f"{_amplitude(peak, result.unit)} with a period of {days_or_hours(peak.hours)} "
        f"({percent(peak.share)} of the variance of the errors)"
        for peak in peaks[:NAMED_PEAKS]
    ]
    more = len(peaks) - len(named)
    missed = f"rhythms of amplitude {', '.join(named)}{f' and {more} weaker' if more else ''}"
    whole = f" All peaks hold {percent(float(result.spectra.share[0]))}."
    if len(peaks) == 1:
        missed, whole = f"a rhythm of amplitude {named[0]}", ""
    return (
        f"{lead} ahead the model misses {missed}.{whole}{not_told_apart(peaks[:NAMED_PEAKS])}"
        f"{'' if any(peak.hours == DAY for peak in peaks) else _daily(result)}"
    )


def _amplitude(peak: Peak, unit: str) -> str:
    if np.isnan(peak.amplitude):
        return "(not resolved through the gaps)"
    return f"{digits(peak.amplitude)} {unit}"


def _daily(result: ResidualSpectrum) -> str:
    """What there is at 24 h, the period that one would ask about without any search."""
    if result.daily is None:
        return ""
    daily, unit = result.daily, result.unit
    told = f"p = {daily.p_value:.2f}" if daily.p_value >= LEAST_CHANCE else f"p < {LEAST_CHANCE}"
    if daily.p_value < SURE:
        return (
            f" Tested alone, without the search over all periods, the one of 24 h is there ({told}): the model "
            f"misses a daily rhythm of {digits(daily.amplitude)} {unit} amplitude "
            f"({percent(daily.share)} of the errors' variance)."
        )
    return (
        f" At 24 h there are {digits(daily.amplitude)} {unit} beside a standard deviation of "
        f"{digits(result.deviation)} {unit}, no more than noise shows ({told}, tested alone); above the floor "
        f"it would be from {digits(daily.floor)} {unit} on."
    )


def rolling_error_caption(result: RollingError) -> str:
    """What is shown.

    Args:
        result: over the test part.
    """
    half = duration(result.span_hours / 2)
    return (
        f"RMSE over all steps of the forecasts that start within {half} before or after each moment, blank where "
        f"over a quarter of them are missing; dashed, that of all forecasts ({digits(result.overall)} {result.unit}). "
        f"Below, the share of these forecasts during which {changes(result.groups)}. Local time."
    )


def rolling_error_finding(result: RollingError) -> str:
    """The best and the worst day, and whether changes of group go with the errors.

    Args:
        result: over the test part.
    """
    overall, span = f"{digits(result.overall)} {result.unit}", duration(result.span_hours)
    if result.is_empty:
        return f"No {span} hold enough forecasts for a rolling error; the RMSE of all is {overall}."
    worst, best = result.worst, result.best
    return (
        f"Over all steps the RMSE is {overall}. Over {span} it lies between {digits(result.rmse[best])} and "
        f"{digits(result.rmse[worst])} {result.unit}. Worst are the forecasts that start in the {span} from "
        f"{day_and_hour(result.starts_at(worst))} on, best those in the {span} from "
        f"{day_and_hour(result.starts_at(best))} on.{_changes(result)}"
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
