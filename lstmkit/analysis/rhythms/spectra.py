"""Which rhythms a series has: its spectrum, the floor that noise alone would reach, and the peaks above it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from lstmkit.analysis.rhythms.periodogram import Separated, nothing_separated, separate
from lstmkit.analysis.rhythms.series import Gaps, TimeSeries
from lstmkit.data.calendar import HOURLY, Calendar, Cycle
from lstmkit.data.clock import HOUR

FALSE_ALARM = 0.05  # over all frequencies of a series together
LONGEST_MEMORY = 0.25  # of the shortest cycle, for the background: too short to imitate the cycle
FEWEST_FREQUENCIES = 20
FEWEST_CYCLES = 2
FEWEST_TO_TELL = 4  # of a cycle's lengths in a series whose peaks are assigned to the cycle


@dataclass(frozen=True)
class Peak:
    """A rhythm above the floor.

    Attributes:
        hours: its period.
        amplitude: of the sinusoid with this period, in the unit of the series; NaN where gaps leave it open.
        share: of the variance of the series, neighbouring frequencies above the floor included.
        times_floor: its power over the floor.
        rhythm: the shortest cycle of which the period is a whole fraction, such as `day` or `week`, else `other`.
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
        calendar: of the series.
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
    calendar: Calendar = HOURLY

    @property
    def share(self) -> Float[np.ndarray, "series"]:
        """Part of the variance of each series that its peaks hold."""
        return np.array([sum(peak.share for peak in peaks) for peaks in self.peaks], "float64")

    @property
    def can_be_drawn(self) -> bool:
        """Whether there is a spectrum at all, of series that are long enough and vary."""
        return bool(len(self.hours) and self.names)

    @property
    def titles(self) -> tuple[str, ...]:
        """Names with their details."""
        pairs = zip(self.names, self.details, strict=True)
        return tuple(f"{name} ({detail})" if detail else name for name, detail in pairs)

    @property
    def _period(self) -> str:
        return f"period_{self.calendar.unit_key}s"

    def to_frame(self) -> pd.DataFrame:
        """Power, background and floor in long form: one row per series and period."""
        periods = self.hours / self.calendar.unit_hours
        index = pd.MultiIndex.from_product([self.names, periods], names=["series", self._period])
        columns = ["power", "background", "floor"]
        return pd.DataFrame({name: getattr(self, name).ravel() for name in columns}, index=index)

    def peaks_frame(self) -> pd.DataFrame:
        """The peaks of every series, the strongest first; with their aliases, where gaps give them any."""
        unit = self.calendar.unit_hours
        rows = [
            (
                name,
                peak.hours / unit,
                peak.amplitude,
                100 * peak.share,
                peak.times_floor,
                peak.rhythm,
                " ".join(f"{hours / unit:.6g}" for hours in peak.aliases),
            )
            for name, peaks in zip(self.names, self.peaks, strict=True)
            for peak in peaks
        ]
        columns = ["series", self._period, "amplitude", "share_percent", "times_floor", "rhythm"]
        aliases = self._period.replace("period", "aliases")
        frame = pd.DataFrame(rows, columns=[*columns, aliases]).set_index("series")
        return frame if frame[aliases].any() else frame.drop(columns=aliases)

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
        """Per series the shares of its variance in the cycles, such as `day` and `week`, and its strongest period."""
        facts: dict[str, float] = {}
        for name, peaks in zip(self.names, self.peaks, strict=True):
            key = name.lower().replace(" ", "_")
            cycles = (cycle.name for cycle in self.calendar.rhythms)
            facts |= {f"{key}_{cycle}_percent": 100 * share_of(peaks, cycle) for cycle in cycles}
            if peaks:
                facts[f"{key}_strongest_hours"] = peaks[0].hours
        return facts


def spectra(series: TimeSeries) -> Spectra:
    """Find the rhythms of some series.

    The series are cut to whole cycles of the longest kind of which they hold four, such as weeks or else days, so that
    the rhythms of the cycles fall on single frequencies and leak nowhere; of years, to those weeks that are whole.

    Args:
        series: to analyse.
    """
    cut, constant = _whole_cycles(series).varying()
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
        peaks=tuple(_peaks(found, row, span, cut.calendar.rhythms) for row in range(len(cut.names))),
        constant=constant,
        span=span,
        step=cut.step_hours,
        gaps=cut.gaps,
        calendar=cut.calendar,
    )


def share_of(peaks: tuple[Peak, ...], rhythm: str) -> float:
    """Part of the variance that the peaks of one kind of rhythm hold.

    Args:
        peaks: of one series.
        rhythm: `day`, `week`, `year` or `other`.
    """
    return float(sum(peak.share for peak in peaks if peak.rhythm == rhythm))


def _whole_cycles(series: TimeSeries) -> TimeSeries:
    for cycle in reversed(series.calendar.rhythms):
        steps = round(cycle.length / series.interval)
        if len(series) >= FEWEST_TO_TELL * steps > 0:
            whole = len(series) // steps * steps
            if not series.calendar.is_within_days:  # a year has no whole number of weeks, which are sharper
                whole -= whole % round(series.calendar.rhythms[0].length / series.interval)
            return series.until(whole)
    return series


def _settings(series: TimeSeries) -> dict[str, Any]:
    season = series.calendar.season
    memory = 0 if season is None else round(LONGEST_MEMORY * season.length / series.interval)
    longest = min(memory, len(series) // 10)
    return {"tested_from": FEWEST_CYCLES - 1, "max_order": max(1, longest), "false_alarm": FALSE_ALARM}


def _peaks(found: Separated, row: int, span: float, cycles: tuple[Cycle, ...]) -> tuple[Peak, ...]:
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
                rhythm=_rhythm(int(top) + 1, span, cycles),
                aliases=tuple(span / cycles for cycles in found.aliases[row].get(int(top) + 1, ())),
            )
        )
    return tuple(sorted(peaks, key=lambda peak: -peak.share))


def _rhythm(waves: int, span: float, cycles: tuple[Cycle, ...]) -> str:
    """What a number of waves over the span belongs to, where the span is long enough to decide."""
    for cycle in cycles:
        period = cycle.length / HOUR
        per_period = waves * period / span
        if (
            span >= FEWEST_TO_TELL * period
            and abs(per_period - max(1, round(per_period))) < period / span / 2
        ):
            return cycle.name
    return "other"
