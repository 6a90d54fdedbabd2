"""When a model errs: the rhythms of its residuals, and its error from day to day, or over longer cycles."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict, cast

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from lstmkit.analysis.errors.predictions import chunked
from lstmkit.analysis.rhythms.series import Bins
from lstmkit.analysis.rhythms.spectra import Spectra, spectra
from lstmkit.data.calendar import HOURLY, Calendar, Cycle
from lstmkit.data.clock import DAY, HOUR
from lstmkit.data.groups import Groups
from lstmkit.data.shapes import check_rows
from lstmkit.data.windows import Windows
from lstmkit.storage.files import Rows

NEAR = 0.01  # of a cycle that is no whole number of steps
LEAST_PRESENT = 0.75  # of a rolling window


@dataclass(frozen=True)
class Errors:
    """Errors of every forecast of some windows, forecast − observed.

    Attributes:
        windows: in order of time.
        last: error at the last step ahead, in the target's unit, shape (window,).
        squared: mean over the horizon of the squared error, shape (window,).
        crosses: whether the group changes between the origin and the last step ahead, shape (window,).
        groups: of the steps.
    """

    windows: Windows
    last: Float[np.ndarray, "window"]
    squared: Float[np.ndarray, "window"]
    crosses: Bool[np.ndarray, "window"]
    groups: Groups

    @property
    def target_time(self) -> pd.DatetimeIndex:
        """Local time of the last step ahead of each forecast."""
        return self.windows.target_time

    @property
    def rmse(self) -> Float[np.ndarray, "window"]:
        """Root mean square error of each forecast over its horizon, in the target's unit."""
        return np.sqrt(self.squared)


def forecast_errors(predictions: Rows, windows: Windows, groups: Groups) -> Errors:
    """Compare forecasts with what was observed, some windows at a time.

    Args:
        predictions: of every window, in the target's unit, shape (window, horizon).
        windows: the same windows, in order of time.
        groups: of the steps.

    Raises:
        LstmkitError: there are not as many forecasts as windows, or one is not finite.
    """
    check_rows(predictions, windows, "forecasts")
    last, squared, crosses = [], [], []
    for some, predicted in chunked(predictions, windows):
        error = predicted - some.one(some.observed())
        steps = some.origin_rows.cpu().numpy()[:, None] + np.arange(windows.horizon + 1)
        last.append(error[:, -1])
        squared.append((error**2).mean(axis=1))
        crosses.append((np.diff(groups.at(steps), axis=1) != 0).any(axis=1))
    return Errors(windows, np.concatenate(last), np.concatenate(squared), np.concatenate(crosses), groups)


@dataclass(frozen=True)
class CycleRhythm:
    """What there is in some errors at the period of the shortest cycle, usually 24 h.

    Attributes:
        cycle: whose period it is.
        hours: the period, to the frequency that was analysed.
        amplitude: of the sinusoid, in the target's unit.
        floor: amplitude from which it would be above the floor.
        p_value: when tested alone, without a search over all periods.
        share: of the errors' variance.
    """

    cycle: Cycle
    hours: float
    amplitude: float
    floor: float
    p_value: float
    share: float


class ResidualSpectrumFacts(TypedDict, total=False):
    """The share of the errors' variance that is rhythm, and the strongest; empty where there is no spectrum."""

    residual_peaks: int
    residual_rhythm_percent: float
    residual_unit: str
    residual_strongest_hours: float
    residual_strongest_amplitude: float
    residual_daily_amplitude: float
    residual_daily_p: float
    residual_weekly_amplitude: float
    residual_weekly_p: float
    residual_annual_amplitude: float
    residual_annual_p: float


@dataclass(frozen=True)
class ResidualSpectrum:
    """Rhythms that a model misses.

    Attributes:
        spectra: of the residuals, one series.
        hours_ahead: how far ahead they are.
        deviation: standard deviation of the means that are analysed, their trend removed.
        unit: of the target.
    """

    spectra: Spectra
    hours_ahead: float
    deviation: float
    unit: str

    @property
    def of_cycle(self) -> CycleRhythm | None:
        """The rhythm of the shortest cycle; None where the series is too short for it, or gaps do not resolve it."""
        found, cycle = self.spectra, self.spectra.calendar.season
        if cycle is None:
            return None
        near = 1e-9 if found.calendar.is_within_days else NEAR
        at = np.flatnonzero(np.isclose(found.hours, cycle.length / HOUR, rtol=near))
        if not (len(at) and found.names):
            return None
        power, floor, background = (
            float(row[0, at[0]]) for row in (found.power, found.floor, found.background)
        )
        if np.isnan(power):
            return None
        amplitude = float(np.sqrt(2 * power))
        return CycleRhythm(
            cycle,
            float(found.hours[at[0]]),
            amplitude,
            floor=float(np.sqrt(2 * floor)),
            p_value=float(np.exp(-power / background)),
            share=amplitude**2 / 2 / float(found.variance[0]),
        )

    def facts(self) -> ResidualSpectrumFacts:
        """The share of the errors' variance that is rhythm, and the strongest; nothing where there is no spectrum."""
        if self.spectra.constant or not len(self.spectra.hours):
            return {}
        (peaks,) = self.spectra.peaks
        facts: ResidualSpectrumFacts = {
            "residual_peaks": len(peaks),
            "residual_rhythm_percent": 100 * float(self.spectra.share[0]),
            "residual_unit": self.unit,
        }
        if peaks:
            facts["residual_strongest_hours"] = peaks[0].hours
            if np.isfinite(peaks[0].amplitude):
                facts["residual_strongest_amplitude"] = peaks[0].amplitude
        if self.of_cycle is None:
            return facts
        key = f"residual_{self.of_cycle.cycle.adjective}"
        own = {f"{key}_amplitude": self.of_cycle.amplitude, f"{key}_p": self.of_cycle.p_value}
        return cast(ResidualSpectrumFacts, facts | own)  # keys name the cycle


def residual_spectrum(errors: Errors, name: str = "errors") -> ResidualSpectrum:
    """Find the rhythms in the errors of the last step ahead, in the order of the time that they are for.

    The last step is the hardest, and its errors belong to one time each; a mean over the horizon would smooth away the
    rhythms that are shorter than it.

    Args:
        errors: of every forecast.
        name: of the series of errors in titles.
    """
    bins = Bins(errors.windows, 1)
    bins.add(bins.rows, errors.last[:, None])
    found = spectra(bins.series((name,), errors.windows.unit))
    deviation = float(np.sqrt(found.variance[0])) if len(found.variance) else 0.0
    return ResidualSpectrum(found, errors.windows.hours_ahead, deviation, errors.windows.unit)


class RollingErrorFacts(TypedDict):
    """RMSE overall, on the worst and the best day or other cycle, and with and without changes of group."""

    rmse: float
    worst_day_rmse: NotRequired[float]
    worst_day_from: NotRequired[str]
    best_day_rmse: NotRequired[float]
    rmse_crossing_regimes: NotRequired[float]
    rmse_within_a_regime: NotRequired[float]


@dataclass(frozen=True)
class RollingError:
    """RMSE over all steps ahead, of the forecasts that start within each 24 hours, or other shortest cycle.

    Attributes:
        time: local time in the middle of each of these spans; of spans of whole steps, the step in the middle.
        rmse: in the target's unit; NaN where more than a quarter of the forecasts are missing.
        crossing: part of the same forecasts during which the group changes; NaN as above.
        overall: RMSE of all forecasts.
        rmse_crossing: RMSE of all forecasts during which the group changes; None where there are none.
        rmse_steady: RMSE of all others; None where there are none.
        unit: of the target.
        groups: of the steps.
        span_hours: the 24 hours or other cycle, or as near to it as whole steps come.
        calendar: of the series.
    """

    time: pd.DatetimeIndex
    rmse: Float[np.ndarray, "time"]
    crossing: Float[np.ndarray, "time"]
    overall: float
    rmse_crossing: float | None
    rmse_steady: float | None
    unit: str
    groups: Groups
    span_hours: float = DAY / HOUR
    calendar: Calendar = HOURLY

    @property
    def is_empty(self) -> bool:
        """Whether no span holds enough forecasts."""
        return not np.isfinite(self.rmse).any()

    @property
    def worst(self) -> int:
        """Position of the span with the largest RMSE, where any holds enough forecasts."""
        return int(np.nanargmax(self.rmse))

    @property
    def best(self) -> int:
        """Position of the span with the smallest RMSE, where any holds enough forecasts."""
        return int(np.nanargmin(self.rmse))

    def starts_at(self, at: int) -> pd.Timestamp:
        """Local time at which one of the spans begins.

        Args:
            at: its position.
        """
        if self.calendar.is_within_days:
            return self.time[at] - pd.Timedelta(hours=self.span_hours / 2)
        return self.time[max(0, at - round(self.span_hours * HOUR / self.calendar.step) // 2)]

    def to_frame(self) -> pd.DataFrame:
        """RMSE and share of forecasts that see the group change, by the local time in the middle of each span."""
        columns = {"rmse": self.rmse, "crossing_percent": 100 * self.crossing}
        return pd.DataFrame(columns, index=self.time).rename_axis("time").dropna()

    def facts(self) -> RollingErrorFacts:
        """RMSE overall, on the worst and the best day, and with and without changes of group."""
        facts: RollingErrorFacts = {"rmse": self.overall}
        if not self.is_empty:
            facts["worst_day_rmse"] = float(self.rmse[self.worst])
            facts["worst_day_from"] = self.calendar.date_name(self.starts_at(self.worst))
            facts["best_day_rmse"] = float(self.rmse[self.best])
        if self.rmse_crossing is not None:
            facts["rmse_crossing_regimes"] = self.rmse_crossing
        if self.rmse_steady is not None:
            facts["rmse_within_a_regime"] = self.rmse_steady
        return facts


def rolling_error(errors: Errors) -> RollingError:
    """Follow the error over the test part.

    Args:
        errors: of every forecast.
    """
    bins = Bins(errors.windows, 2)
    bins.add(bins.rows, np.column_stack([errors.squared, errors.crosses]))
    calendar = errors.windows.calendar
    span = calendar.step if calendar.season is None else calendar.season.length
    width = max(1, round(span / bins.interval))
    forecasts = _rolling_sum(bins.counts, width)
    known = np.where(forecasts >= LEAST_PRESENT * width * bins.steps, forecasts, np.nan)
    squared, crossing = (_rolling_sum(sums, width) / known for sums in bins.sums.T)
    odd_half = (width % 2) * bins.interval / 2  # an odd number of steps has its middle within one
    return RollingError(
        time=bins.time + odd_half if calendar.is_within_days else bins.time,
        rmse=np.sqrt(squared),
        crossing=crossing,
        overall=_root_mean(errors.squared),
        rmse_crossing=_root_mean(errors.squared[errors.crosses]) if errors.crosses.any() else None,
        rmse_steady=_root_mean(errors.squared[~errors.crosses]) if not errors.crosses.all() else None,
        unit=errors.windows.unit,
        groups=errors.groups,
        span_hours=width * bins.interval / HOUR,
        calendar=calendar,
    )


def _rolling_sum(values: Float[np.ndarray, "time"], width: int) -> Float[np.ndarray, "time"]:
    """Sum over the `width` values around each: from half of them before to just before half of them after."""
    return np.convolve(values, np.ones(width))[(width - 1) // 2 :][: len(values)]


def _root_mean(squares: Float[np.ndarray, "window"]) -> float:
    return float(np.sqrt(squares.mean()))
