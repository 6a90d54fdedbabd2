"""When a model errs: the rhythms of its residuals, and its error from day to day."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float

from lstmkit.analysis.rhythms.series import Bins, check_rows, days_or_hours
from lstmkit.analysis.rhythms.spectra import NAMED_PEAKS, Peak, Spectra, not_told_apart, spectra
from lstmkit.data.finite import check_finite
from lstmkit.data.regimes import Regimes
from lstmkit.data.windows import Windows
from lstmkit.storage.files import Rows
from lstmkit.wording import digits, duration, percent

DAY = 24.0  # hours
LEAST_CHANCE = 0.01  # that is told
SURE = 0.05
LEAST_PRESENT = 0.75  # of a rolling window


@dataclass(frozen=True)
class Errors:
    """Errors of every forecast of some windows, forecast − observed.

    Attributes:
        windows: in order of time.
        last: error at the last step ahead, in the target's unit, shape (window,).
        squared: mean over the horizon of the squared error, shape (window,).
        crosses: whether the target changes its regime between the origin and the last step ahead, shape (window,).
        unit: of the target.
    """

    windows: Windows
    last: Float[np.ndarray, "window"]
    squared: Float[np.ndarray, "window"]
    crosses: Bool[np.ndarray, "window"]
    unit: str

    @property
    def ahead(self) -> str:
        """How far ahead the last step is."""
        return duration(self.windows.hours_ahead)

    @property
    def target_time(self) -> pd.DatetimeIndex:
        """Local time of the last step ahead of each forecast."""
        return self.windows.target_time


def forecast_errors(predictions: Rows, windows: Windows, regimes: Regimes, unit: str) -> Errors:
    """Compare forecasts with what was observed, some windows at a time.

    Args:
        predictions: of every window, in the target's unit, shape (window, horizon).
        windows: the same windows, in order of time.
        regimes: of the target.
        unit: of the target.

    Raises:
        LstmkitError: there are not as many forecasts as windows, or one is not finite.
    """
    check_rows(predictions, windows, "forecasts")
    last, squared, crosses, first = [], [], [], 0
    for chunk in predictions.chunks():
        some = windows.select(torch.arange(first, first + len(chunk)))
        observed = some.observed()
        check_finite(chunk, some.origin, "forecasts")
        error = chunk - observed
        course = regimes.of(np.column_stack([some.latest(), observed]))
        last.append(error[:, -1])
        squared.append((error**2).mean(axis=1))
        crosses.append((np.diff(course, axis=1) != 0).any(axis=1))
        first += len(chunk)
    return Errors(windows, *(np.concatenate(parts) for parts in (last, squared, crosses)), unit)


@dataclass(frozen=True)
class ResidualSpectrum:
    """Rhythms that a model misses.

    Attributes:
        spectra: of the residuals, one series.
        ahead: how far ahead they are.
        deviation: standard deviation of the means that are analysed, their trend removed.
        unit: of the target.
    """

    spectra: Spectra
    ahead: str
    deviation: float
    unit: str

    @property
    def caption(self) -> str:
        """What was analysed, and how."""
        return f"Errors {self.ahead} ahead (forecast − observed) by the time of their targets. {self.spectra.caption}"

    def finding(self) -> str:
        """Which rhythms the model misses, or how large one could be and stay unseen."""
        if self.spectra.constant:
            return f"The errors {self.ahead} ahead are the same at all times, so they have no rhythm."
        if not len(self.spectra.hours):
            return self.spectra.too_short
        (peaks,) = self.spectra.peaks
        if not peaks:
            return f"No rhythm in the errors {self.ahead} ahead stands above the floor.{self._daily()}"
        named = [
            f"{self._amplitude(peak)} with a period of {days_or_hours(peak.hours)} "
            f"({percent(peak.share)} of the variance of the errors)"
            for peak in peaks[:NAMED_PEAKS]
        ]
        more = len(peaks) - len(named)
        missed = f"rhythms of amplitude {', '.join(named)}{f' and {more} weaker' if more else ''}"
        whole = f" All peaks hold {percent(float(self.spectra.share[0]))}."
        if len(peaks) == 1:
            missed, whole = f"a rhythm of amplitude {named[0]}", ""
        return (
            f"{self.ahead} ahead the model misses {missed}.{whole}{not_told_apart(peaks[:NAMED_PEAKS])}"
            f"{'' if any(peak.hours == DAY for peak in peaks) else self._daily()}"
        )

    def _amplitude(self, peak: Peak) -> str:
        if np.isnan(peak.amplitude):
            return "(not resolved through the gaps)"
        return f"{digits(peak.amplitude)} {self.unit}"

    @property
    def daily(self) -> tuple[float, float, float] | None:
        """Amplitude of the rhythm of 24 h, that from which it is above the floor, and its p-value when tested alone.

        None where the series is too short for it, or gaps do not resolve it.
        """
        hours, found = self.spectra.hours, self.spectra
        at = np.flatnonzero(np.isclose(hours, DAY, rtol=1e-9))
        if not (len(at) and found.names):
            return None
        power, floor, background = (
            float(row[0, at[0]]) for row in (found.power, found.floor, found.background)
        )
        if np.isnan(power):
            return None
        return float(np.sqrt(2 * power)), float(np.sqrt(2 * floor)), float(np.exp(-power / background))

    def _daily(self) -> str:
        """What there is at 24 h, the period that one would ask about without any search."""
        if self.daily is None:
            return ""
        amplitude, least, chance = self.daily
        told = f"p = {chance:.2f}" if chance >= LEAST_CHANCE else f"p < {LEAST_CHANCE}"
        if chance < SURE:
            share = percent(amplitude**2 / 2 / float(self.spectra.variance[0]))
            return (
                f" Tested alone, without the search over all periods, the one of 24 h is there ({told}): the model "
                f"misses a daily rhythm of {digits(amplitude)} {self.unit} amplitude "
                f"({share} of the errors' variance)."
            )
        return (
            f" At 24 h there are {digits(amplitude)} {self.unit} beside a standard deviation of "
            f"{digits(self.deviation)} {self.unit}, no more than noise shows ({told}, tested alone); above the floor "
            f"it would be from {digits(least)} {self.unit} on."
        )

    def facts(self) -> dict[str, Any]:
        """The share of the errors' variance that is rhythm, and the strongest; nothing where there is no spectrum."""
        if self.spectra.constant or not len(self.spectra.hours):
            return {}
        (peaks,) = self.spectra.peaks
        facts: dict[str, Any] = {
            "residual_peaks": len(peaks),
            "residual_rhythm_percent": 100 * float(self.spectra.share[0]),
            "residual_unit": self.unit,
        }
        if peaks:
            facts["residual_strongest_hours"] = peaks[0].hours
            if np.isfinite(peaks[0].amplitude):
                facts["residual_strongest_amplitude"] = peaks[0].amplitude
        if self.daily is not None:
            facts |= {"residual_daily_amplitude": self.daily[0], "residual_daily_p": self.daily[2]}
        return facts


def residual_spectrum(errors: Errors) -> ResidualSpectrum:
    """Find the rhythms in the errors of the last step ahead, in the order of the time that they are for.

    The last step is the hardest, and its errors belong to one time each; a mean over the horizon would smooth away the
    rhythms that are shorter than it.

    Args:
        errors: of every forecast.
    """
    bins = Bins(errors.windows, 1)
    bins.add(bins.rows, errors.last[:, None])
    found = spectra(bins.series((f"Errors {errors.ahead} ahead",), errors.unit))
    deviation = float(np.sqrt(found.variance[0])) if len(found.variance) else 0.0
    return ResidualSpectrum(found, errors.ahead, deviation, errors.unit)


@dataclass(frozen=True)
class RollingError:
    """RMSE over all steps ahead, of the forecasts that start within each 24 hours, or each step where steps are longer.

    Attributes:
        time: local time in the middle of each 24 hours.
        rmse: in the target's unit; NaN where more than a quarter of the forecasts are missing.
        crossing: part of the same forecasts during which the target changes its regime; NaN as above.
        overall: RMSE of all forecasts.
        rmse_crossing: RMSE of all forecasts during which the target changes its regime; None where there are none.
        rmse_steady: RMSE of all others; None where there are none.
        unit: of the target.
        span_hours: the 24 hours, or as near to them as whole steps come.
    """

    time: pd.DatetimeIndex
    rmse: Float[np.ndarray, "time"]
    crossing: Float[np.ndarray, "time"]
    overall: float
    rmse_crossing: float | None
    rmse_steady: float | None
    unit: str
    span_hours: float = DAY

    @property
    def is_empty(self) -> bool:
        """Whether no 24 hours hold enough forecasts."""
        return not np.isfinite(self.rmse).any()

    @property
    def caption(self) -> str:
        """What is shown."""
        half = duration(self.span_hours / 2)
        return (
            f"RMSE over all steps of the forecasts that start within {half} before or after each moment, blank where "
            f"over a quarter of them are missing; dashed, that of all forecasts ({digits(self.overall)} {self.unit}). "
            f"Below, the share of these forecasts during which the target changes its regime. Local time."
        )

    def to_frame(self) -> pd.DataFrame:
        """RMSE and share of forecasts that cross regimes, by the local time in the middle of the 24 hours."""
        columns = {"rmse": self.rmse, "crossing_percent": 100 * self.crossing}
        return pd.DataFrame(columns, index=self.time).rename_axis("time").dropna()

    def finding(self) -> str:
        """The best and the worst day, and whether changes of regime go with the errors."""
        overall, span = f"{digits(self.overall)} {self.unit}", duration(self.span_hours)
        if self.is_empty:
            return f"No {span} hold enough forecasts for a rolling error; the RMSE of all is {overall}."
        worst, best = int(np.nanargmax(self.rmse)), int(np.nanargmin(self.rmse))
        return (
            f"Over all steps the RMSE is {overall}. Over {span} it lies between {digits(self.rmse[best])} and "
            f"{digits(self.rmse[worst])} {self.unit}. Worst are the forecasts that start in the {span} from "
            f"{self._start(worst)} on, best those in the {span} from {self._start(best)} on.{self._regimes()}"
        )

    def _start(self, at: int) -> str:
        start = self.time[at] - pd.Timedelta(hours=self.span_hours / 2)
        return f"{start:%A}, {start.day} {start:%B %Y}, {start:%H:%M}"

    def _regimes(self) -> str:
        if self.rmse_steady is None:
            return " The target changes its regime during every forecast."
        if self.rmse_crossing is None:
            return " The target changes its regime during no forecast."
        return (
            f" Forecasts during which the target changes its regime have an RMSE of {digits(self.rmse_crossing)} "
            f"{self.unit}, the others {digits(self.rmse_steady)} {self.unit}."
        )

    def facts(self) -> dict[str, Any]:
        """RMSE overall, on the worst and the best day, and with and without changes of regime."""
        facts: dict[str, Any] = {"rmse": self.overall}
        if not self.is_empty:
            worst = int(np.nanargmax(self.rmse))
            facts |= {
                "worst_day_rmse": float(self.rmse[worst]),
                "worst_day_from": self._start(worst),
                "best_day_rmse": float(np.nanmin(self.rmse)),
            }
        with_changes = {"rmse_crossing_regimes": self.rmse_crossing, "rmse_within_a_regime": self.rmse_steady}
        return facts | {name: value for name, value in with_changes.items() if value is not None}


def rolling_error(errors: Errors) -> RollingError:
    """Follow the error over the test part.

    Args:
        errors: of every forecast.
    """
    bins = Bins(errors.windows, 2)
    bins.add(bins.rows, np.column_stack([errors.squared, errors.crosses]))
    series = bins.series(("squared error", "changes of regime"), "")
    width = max(1, round(DAY / series.step_hours))
    forecasts = _rolling_sum(bins.counts, width)
    known = np.where(forecasts >= LEAST_PRESENT * width * bins.steps, forecasts, np.nan)
    squared, crossing = (_rolling_sum(sums, width) / known for sums in bins.sums.T)
    odd_half = (width % 2) * series.interval / 2  # an odd number of steps has its middle within one
    return RollingError(
        time=series.time + odd_half,
        rmse=np.sqrt(squared),
        crossing=crossing,
        overall=_root_mean(errors.squared),
        rmse_crossing=_root_mean(errors.squared[errors.crosses]) if errors.crosses.any() else None,
        rmse_steady=_root_mean(errors.squared[~errors.crosses]) if not errors.crosses.all() else None,
        unit=errors.unit,
        span_hours=width * series.step_hours,
    )


def _rolling_sum(values: Float[np.ndarray, "time"], width: int) -> Float[np.ndarray, "time"]:
    """Sum over the `width` values around each: from half of them before to just before half of them after."""
    return np.convolve(values, np.ones(width))[(width - 1) // 2 :][: len(values)]


def _root_mean(squares: Float[np.ndarray, "window"]) -> float:
    return float(np.sqrt(squares.mean()))
