"""Which periods the filters of the first layer pass: do they smooth, or do they differentiate?"""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.signal import freqz

from lstmkit.analysis.filters.bank import FilterBank
from lstmkit.data.calendar import HOURLY, Calendar

HALF_POWER = 0.5**0.5  # of the largest gain: below it a frequency counts as damped
KINDS = ("low-pass", "band-pass", "high-pass", "band-stop", "all-pass", "silent")
RESOLUTION = 513  # frequencies from zero to Nyquist, both included
PERIODS = 200  # of the drawing
LONGEST = 10  # filter lengths: for longer periods the response is that of a constant
SMALLEST = 0.5  # percent from which a kind is shown
RANDOM = 2000  # rows of random taps
RANDOM_TAPS = "random taps"


class ResponseFacts(TypedDict):
    """Filters that smooth and that differentiate the feature that they weigh most."""

    smoothing_filters: int
    differentiating_filters: int


@dataclass(frozen=True)
class FrequencyResponse:
    """Gain of each filter for the feature that it weighs most, by period, and what it does with every feature.

    Attributes:
        layer: whose filters they are.
        periods: in hours, longest first, shape (period,).
        gain: magnitude of the response to the feature weighed most, shape (filter, period).
        strongest: per filter, the feature whose taps have the largest norm.
        kinds: one of `KINDS` for each filter (rows) and feature (columns); the target is the first column.
        nyquist: the shortest period that the grid of the data can hold, in hours.
        random: percent of each kind among filters with random taps.
        calendar: of the series.
    """

    layer: str
    periods: Float[np.ndarray, "period"]
    gain: Float[np.ndarray, "filter period"]
    strongest: tuple[str, ...]
    kinds: pd.DataFrame
    nyquist: float
    random: dict[str, float]
    calendar: Calendar = HOURLY

    @property
    def kind(self) -> tuple[str, ...]:
        """What each filter does with the feature that it weighs most."""
        return tuple(self.kinds[feature][n] for n, feature in enumerate(self.strongest))

    @property
    def relative_gain(self) -> Float[np.ndarray, "filter period"]:
        """Gain over the largest gain of the filter; zero for a silent one."""
        largest = self.gain.max(axis=1, keepdims=True)
        return self.gain / np.where(largest > 0, largest, 1.0)

    @property
    def order(self) -> Int[np.ndarray, "filter"]:
        """Numbers of the filters, by kind and within a kind by their gain for the shortest period."""
        kinds = np.array([KINDS.index(kind) for kind in self.kind])
        return np.lexsort([self.relative_gain[:, -1], kinds])

    @property
    def shares(self) -> pd.DataFrame:
        """Percent of the filters of each kind (columns), by feature (rows), and what random taps would give."""
        counts = self.kinds.apply(lambda column: column.value_counts(normalize=True)).T
        shares = 100 * counts.reindex(columns=list(KINDS)).fillna(0.0)
        shares.loc[RANDOM_TAPS] = pd.Series(self.random).reindex(list(KINDS)).fillna(0.0)
        return shares.loc[:, (shares >= SMALLEST).any()]

    @property
    def percent(self) -> dict[str, float]:
        """Percent of each kind among all pairs of filter and feature."""
        every = self.kinds.to_numpy()
        return {kind: float(100 * (every == kind).mean()) for kind in KINDS}

    @property
    def of_target(self) -> dict[str, int]:
        """Filters of each kind, by what they do with the target."""
        target = self.kinds.iloc[:, 0]
        return {kind: int((target == kind).sum()) for kind in KINDS}

    def to_frame(self) -> pd.DataFrame:
        """One row per filter in the order of the drawing: feature, kind, and relative gain at each period in hours."""
        columns = [f"{period:.4g}" for period in self.periods]
        frame = pd.DataFrame(self.relative_gain, columns=columns).rename_axis("filter")
        frame.insert(0, "feature", self.strongest)
        frame.insert(1, "kind", self.kind)
        return frame.iloc[self.order]

    def facts(self) -> ResponseFacts:
        """Filters that smooth and that differentiate the feature that they weigh most."""
        return {
            "smoothing_filters": self.kind.count("low-pass"),
            "differentiating_filters": self.kind.count("high-pass"),
        }


def frequency_response(bank: FilterBank, seed: int) -> FrequencyResponse:
    """Gain of each filter for the feature whose taps have the largest norm, and the kind of every row of taps.

    Args:
        bank: effective filters of the first layer.
        seed: of the random taps that the kinds are held against.
    """
    taps = _spaced(bank.weights, bank.offsets)
    strongest = (taps**2).sum(axis=2).argmax(axis=1)
    hours = bank.interval / pd.Timedelta("1h")
    steps = np.geomspace(LONGEST * max(2, taps.shape[2]), 2, PERIODS)
    kinds = [[classify(row) for row in rows] for rows in taps]
    random = np.random.default_rng(seed).normal(size=(1, RANDOM, len(bank.offsets)))
    by_chance = [classify(row) for row in _spaced(random, bank.offsets)[0]]
    return FrequencyResponse(
        layer=bank.layer,
        periods=steps * hours,
        gain=np.stack(
            [gain(rows[best], 2 * np.pi / steps) for rows, best in zip(taps, strongest, strict=True)]
        ),
        strongest=tuple(bank.channels[n] for n in strongest),
        kinds=pd.DataFrame(kinds, columns=list(bank.channels)).rename_axis("filter"),
        nyquist=2 * hours,
        random={kind: 100 * by_chance.count(kind) / RANDOM for kind in KINDS if kind in by_chance},
        calendar=bank.calendar,
    )


def gain(
    taps: Float[np.ndarray, "tap"], frequency: Float[np.ndarray, "frequency"]
) -> Float[np.ndarray, "frequency"]:
    """Magnitude of a filter's response.

    Args:
        taps: at neighbouring steps.
        frequency: angular, in radians per step, from 0 to π.
    """
    return np.abs(freqz(taps, worN=frequency)[1])


def classify(taps: Float[np.ndarray, "tap"]) -> str:
    """What a filter does, by where its gain stays within half of the largest power (−3 dB).

    Low-pass keeps a constant and damps the fastest change that the grid can hold, high-pass the reverse. Of those
    that damp both, band-pass; of those that keep both, band-stop where something between is damped, else all-pass.

    Args:
        taps: at neighbouring steps.
    """
    gains = gain(taps, np.linspace(0, np.pi, RESOLUTION))
    if not gains.max():
        return "silent"
    kept = gains >= HALF_POWER * gains.max()
    slow, fast = kept[0], kept[-1]
    if slow and fast:
        return "all-pass" if kept.all() else "band-stop"
    if slow or fast:
        return "low-pass" if slow else "high-pass"
    return "band-pass"


def _spaced(
    taps: Float[np.ndarray, "filter channel tap"], offsets: Int[np.ndarray, "tap"]
) -> Float[np.ndarray, "filter channel step"]:
    """Taps with the zeros that a dilated filter has between them."""
    spaced = np.zeros((*taps.shape[:2], offsets[-1] - offsets[0] + 1))
    spaced[:, :, offsets - offsets[0]] = taps
    return spaced
