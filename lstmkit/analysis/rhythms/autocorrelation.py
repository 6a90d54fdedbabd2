"""How long a series resembles itself."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float
from statsmodels.tsa.stattools import acf

from lstmkit.analysis.rhythms.series import TimeSeries
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.clock import HOUR

LONGEST_LAG = 2  # of the shortest cycle
FEWEST_VALUES = 20
FEWEST_PAIRS = 15  # at each lag: as many as the shortest whole series has at its longest
NORMAL_QUANTILE = 1.96


@dataclass(frozen=True)
class Autocorrelation:
    """Autocorrelation functions of some series.

    Attributes:
        names: of the series.
        details: what else titles say of each.
        hours: lags, from zero up to where gaps leave fewer than `FEWEST_PAIRS` pairs; none where nothing can be said.
        correlation: of each series with itself that much later.
        n_values: that are not missing.
        constant: names of series that never change and have no autocorrelation.
        calendar: of the series.
    """

    names: tuple[str, ...]
    details: tuple[str, ...]
    hours: Float[np.ndarray, "lag"]
    correlation: Float[np.ndarray, "series lag"]
    n_values: int
    constant: tuple[str, ...]
    calendar: Calendar = HOURLY

    @property
    def bound(self) -> float:
        """What 95 % of the autocorrelations of white noise of the same length stay below."""
        return NORMAL_QUANTILE / float(np.sqrt(max(1, self.n_values)))

    @property
    def can_be_drawn(self) -> bool:
        """Whether there is an autocorrelation at all, of series that are long enough and vary."""
        return bool(len(self.hours) and self.names)

    @property
    def titles(self) -> tuple[str, ...]:
        """Names with their details."""
        pairs = zip(self.names, self.details, strict=True)
        return tuple(f"{name} ({detail})" if detail else name for name, detail in pairs)

    @property
    def decorrelation(self) -> tuple[float | None, ...]:
        """Hours after which each series first falls to 1/e, between lags on a straight line; None if it does not."""
        return tuple(_first_below(self.hours, row, float(np.exp(-1))) for row in self.correlation)

    @property
    def after_a_cycle(self) -> tuple[float | None, ...]:
        """Autocorrelation of each series after one of the shortest cycles; None where the lags do not reach it."""
        season = self.calendar.season
        at: np.ndarray = np.zeros(0, "int64")
        if season is not None:
            near = 0.0 if self.calendar.is_within_days else self.calendar.step / HOUR / 2
            at = np.flatnonzero(np.isclose(self.hours, season.length / HOUR, atol=near))
        return tuple(float(row[at[0]]) if len(at) else None for row in self.correlation)

    def to_frame(self) -> pd.DataFrame:
        """One row per lag, one column per series."""
        lags = pd.Index(self.hours / self.calendar.unit_hours, name=f"lag_{self.calendar.unit_key}s")
        return pd.DataFrame(self.correlation.T, index=lags, columns=list(self.names))

    def facts(self) -> dict[str, float]:
        """Per series its decorrelation time and its autocorrelation after a cycle, where there are any."""
        facts: dict[str, float | None] = {}
        season = self.calendar.season
        lag = "24h" if season is None or season.name == "day" else season.name
        for name, hours, later in zip(self.names, self.decorrelation, self.after_a_cycle, strict=True):
            key = name.lower().replace(" ", "_")
            facts |= {f"{key}_decorrelation_hours": hours, f"{key}_autocorrelation_{lag}": later}
        return {name: value for name, value in facts.items() if value is not None}


def autocorrelation(series: TimeSeries) -> Autocorrelation:
    """Correlate each series with itself at every lag up to two of its shortest cycles, or a quarter of its length.

    What is missing is left out of the pairs; the lags end before the first that has too few of them.

    Args:
        series: to correlate.
    """
    varying, constant = series.varying()
    n_values = int(series.present.sum())
    lags = _longest_lag(series) if n_values >= FEWEST_VALUES else 0
    hours = np.arange(lags + 1 if lags else 0) * series.step_hours
    correlation = np.zeros((len(varying.names), len(hours)))
    if len(hours):
        for i, row in enumerate(varying.courses):
            correlation[i] = acf(row, nlags=lags, adjusted=True, fft=False, missing="conservative")
    return Autocorrelation(
        varying.names, varying.details, hours, correlation, n_values, constant, series.calendar
    )


def _longest_lag(series: TimeSeries) -> int:
    """Steps of the last lag up to which each has enough pairs; zero where the first has too few."""
    present = series.present
    season, quarter = series.calendar.season, len(series) // 4
    longest = quarter if season is None else round(LONGEST_LAG * season.length / series.interval)
    lags = range(1, max(1, min(longest, quarter)) + 1)
    pairs = np.array([np.count_nonzero(present[lag:] & present[:-lag]) for lag in lags])
    return int(np.logical_and.accumulate(pairs >= FEWEST_PAIRS).sum())


def _first_below(hours: np.ndarray, values: np.ndarray, level: float) -> float | None:
    below = np.flatnonzero(values < level)
    if not len(below):
        return None
    after, before = below[0], below[0] - 1
    part = (values[before] - level) / (values[before] - values[after])
    return float(hours[before] + part * (hours[after] - hours[before]))
