"""Which rhythms a series has: its spectrum, the floor that noise alone would reach, and the peaks above it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from lstmkit.analysis.rhythms.periodogram import Separated, nothing_separated, separate
from lstmkit.analysis.rhythms.series import Gaps, TimeSeries

FALSE_ALARM = 0.05  # over all frequencies of a series together
DAY, WEEK = 24.0, 168.0  # hours
LONGEST_MEMORY = 6.0  # hours of the background's autoregression, too few to imitate the rhythm of a day
FEWEST_FREQUENCIES = 20
FEWEST_CYCLES = 2


@dataclass(frozen=True)
class Peak:
    """A rhythm above the floor.

    Attributes:
        hours: its period.
        amplitude: of the sinusoid with this period, in the unit of the series; NaN where gaps leave it open.
        share: of the variance of the series, neighbouring frequencies above the floor included.
        times_floor: its power over the floor.
        rhythm: `day` for 24 h and its whole fractions, `week` for other whole fractions of 168 h, else `other`.
        aliases: other periods that explain the values between the gaps as well, in hours.
    """

    hours: float
    amplitude: float
    share: float
    times_floor: float
    rhythm: str
    aliases: tuple[float, ...] = ()


@dataclass(frozen=True)
class Spectra:
    """Spectra of some series of one length.

    Attributes:
        names: of the series.
        details: what else titles say of each.
        unit: of the series; empty where they have none.
        hours: period of each tested frequency, falling.
        power: variance of the sinusoid that fits best, in the squared unit; NaN where gaps do not resolve it.
        background: expected power of noise; NaN as above.
        floor: power that noise alone exceeds at any frequency with the probability `FALSE_ALARM`.
        variance: of each series after its trend is removed.
        peaks: per series, the strongest first.
        constant: names of series that never change and have no spectrum.
        span: hours that are analysed.
        step: hours between values.
        gaps: how much is missing.
    """

    names: tuple[str, ...]
    details: tuple[str, ...]
    unit: str
    hours: Float[np.ndarray, "frequency"]
    power: Float[np.ndarray, "series frequency"]
    background: Float[np.ndarray, "series frequency"]
    floor: Float[np.ndarray, "series frequency"]
    variance: Float[np.ndarray, "series"]
    peaks: tuple[tuple[Peak, ...], ...]
    constant: tuple[str, ...]
    span: float
    step: float
    gaps: Gaps

    @property
    def share(self) -> Float[np.ndarray, "series"]:
        """Part of the variance of each series that its peaks hold."""
        return np.array([sum(peak.share for peak in peaks) for peaks in self.peaks], "float64")

    @property
    def titles(self) -> tuple[str, ...]:
        """Names with their details."""
        pairs = zip(self.names, self.details, strict=True)
        return tuple(f"{name} ({detail})" if detail else name for name, detail in pairs)

    def to_frame(self) -> pd.DataFrame:
        """Power, background and floor in long form: one row per series and period."""
        index = pd.MultiIndex.from_product([self.names, self.hours], names=["series", "period_hours"])
        columns = ["power", "background", "floor"]
        return pd.DataFrame({name: getattr(self, name).ravel() for name in columns}, index=index)

    def peaks_frame(self) -> pd.DataFrame:
        """The peaks of every series, the strongest first; with their aliases, where gaps give them any."""
        rows = [
            (name, peak.hours, peak.amplitude, 100 * peak.share, peak.times_floor, peak.rhythm, _hours(peak))
            for name, peaks in zip(self.names, self.peaks, strict=True)
            for peak in peaks
        ]
        columns = [
            "series",
            "period_hours",
            "amplitude",
            "share_percent",
            "times_floor",
            "rhythm",
            "aliases_hours",
        ]
        frame = pd.DataFrame(rows, columns=columns).set_index("series")
        return frame if frame["aliases_hours"].any() else frame.drop(columns="aliases_hours")

    def select(self, index: Int[np.ndarray, "chosen"]) -> "Spectra":
        """The spectra of some of the series.

        Args:
            index: their positions.
        """
        per_series = ("power", "background", "floor", "variance")
        named = {
            field: tuple(getattr(self, field)[i] for i in index) for field in ("names", "details", "peaks")
        }
        arrays = {field: getattr(self, field)[index] for field in per_series}
        return Spectra(**(vars(self) | named | arrays))

    def facts(self) -> dict[str, float]:
        """Per series the shares of its variance in rhythms of the day and of the week, and its strongest period."""
        facts: dict[str, float] = {}
        for name, peaks in zip(self.names, self.peaks, strict=True):
            key = name.lower().replace(" ", "_")
            facts |= {f"{key}_{rhythm}_percent": 100 * share_of(peaks, rhythm) for rhythm in ("day", "week")}
            if peaks:
                facts[f"{key}_strongest_hours"] = peaks[0].hours
        return facts


def spectra(series: TimeSeries) -> Spectra:
    """Find the rhythms of some series.

    The series are cut to whole weeks (whole days, where there are fewer than four weeks), so that the rhythms of day
    and week fall on single frequencies and leak nowhere.

    Args:
        series: to analyse.
    """
    cut, constant = _whole_weeks(series).varying()
    span, first = len(cut) * cut.step_hours, FEWEST_CYCLES - 1
    if min((len(cut) - 1) // 2 - first, cut.present.sum() // 2) >= FEWEST_FREQUENCIES:
        found = separate(cut.courses, cut.present, **_settings(cut))
    else:
        found = nothing_separated(len(cut.names))
    return Spectra(
        names=cut.names,
        details=cut.details,
        unit=cut.unit,
        hours=span / np.arange(FEWEST_CYCLES, found.power.shape[1] + 1),
        power=found.power[:, first:],
        background=found.background[:, first:],
        floor=found.floor[:, first:],
        variance=found.variance,
        peaks=tuple(_peaks(found, row, span) for row in range(len(cut.names))),
        constant=constant,
        span=span,
        step=cut.step_hours,
        gaps=cut.gaps,
    )


def share_of(peaks: tuple[Peak, ...], rhythm: str) -> float:
    """Part of the variance that the peaks of one kind of rhythm hold.

    Args:
        peaks: of one series.
        rhythm: `day`, `week` or `other`.
    """
    return float(sum(peak.share for peak in peaks if peak.rhythm == rhythm))


def _whole_weeks(series: TimeSeries) -> TimeSeries:
    for period in (WEEK, DAY):
        steps = round(period / series.step_hours)
        if len(series) >= 4 * steps > 0:
            return series.until(len(series) // steps * steps)
    return series


def _settings(series: TimeSeries) -> dict[str, Any]:
    longest = min(round(LONGEST_MEMORY / series.step_hours), len(series) // 10)
    return {"tested_from": FEWEST_CYCLES - 1, "max_order": max(1, longest), "false_alarm": FALSE_ALARM}


def _peaks(found: Separated, row: int, span: float) -> tuple[Peak, ...]:
    """What stands above the floor, neighbouring frequencies together."""
    power, floor = found.power[row], found.floor[row]
    above = np.flatnonzero(found.above[row])
    peaks = []
    for run in np.split(above, np.flatnonzero(np.diff(above) > 1) + 1) if len(above) else []:
        top = run[power[run].argmax()]
        peaks.append(
            Peak(
                hours=float(span / (top + 1)),
                amplitude=float(found.amplitude[row, top]),
                share=float(found.share[row, run].sum()),
                times_floor=float(power[top] / floor[top]),
                rhythm=_rhythm(int(top) + 1, span),
                aliases=tuple(span / cycles for cycles in found.aliases[row].get(int(top) + 1, ())),
            )
        )
    return tuple(sorted(peaks, key=lambda peak: -peak.share))


def _rhythm(cycles: int, span: float) -> str:
    """What a number of cycles over the span belongs to, where the span is long enough to tell."""
    for period, name in ((DAY, "day"), (WEEK, "week")):
        per_period = cycles * period / span
        if span >= 4 * period and abs(per_period - max(1, round(per_period))) < period / span / 2:
            return name
    return "other"


def _hours(peak: Peak) -> str:
    return " ".join(f"{hours:.6g}" for hours in peak.aliases)
