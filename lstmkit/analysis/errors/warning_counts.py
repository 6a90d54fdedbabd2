"""Warnings and what came of them, counted per day while forecasts pass by."""

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from lstmkit.analysis.errors.compared import Compared
from lstmkit.analysis.errors.warning_level import WarningLevel
from lstmkit.analysis.resampling.statistics import local_days
from lstmkit.data.calendar import Calendar

PERSISTENCE = "persistence"
# below the level for as long, or at the forecast's start where steps are longer, a new crossing is an event
QUIET = pd.Timedelta("1h")
CASES = (("onsets", "within"), ("onsets", "after"), ("all windows", "within"), ("all windows", "after"))


class WarningCounts:
    """Counts per local day; keeps one small array per day and forecaster, whatever the number of windows.

    In *onset* windows the target is below the level and was for an hour, so that there is something to warn of; of
    steps longer than an hour, at the one from which the forecast starts. The event is that it reaches the level at
    some step of the horizon (*within*), or is there at the last one (*after*).

    Args:
        level: that is warned of.
        calendar: of the series.
    """

    def __init__(self, level: WarningLevel, calendar: Calendar) -> None:
        self.level = level
        self.crossings: set[pd.Timestamp] = set()
        self.highest = -np.inf
        self._calendar = calendar
        self._last_above = np.datetime64("NaT", "ns")
        self._counts: dict[str, dict[pd.Timestamp, np.ndarray]] = {}

    @property
    def n_crossing_days(self) -> int:
        """Local days on which the level is crossed."""
        return len({time.date() for time in self.crossings})

    def add(self, chunk: Compared) -> None:
        """Take in the next windows.

        Args:
            chunk: in order of time, with the values at the origins.
        """
        assert chunk.latest is not None
        above = self._reached(chunk.observed)
        self.highest = max(self.highest, float(chunk.observed.max()))
        onset = self._onsets(chunk.origin, chunk.latest)
        self._note_crossings(chunk.origin, above, onset)
        inside = np.stack([onset, onset, np.ones_like(onset), np.ones_like(onset)])
        event = np.stack([above.any(axis=1), above[:, -1]] * 2)
        codes, days = local_days(chunk.origin)
        for name, forecast in chunk.forecasts.items():
            score = np.stack([forecast.max(axis=1), forecast[:, -1]] * 2)
            found = self._by_day(codes, len(days), inside, event, score)
            kept = self._counts.setdefault(name, {})
            for day, counts in zip(days, found, strict=True):
                kept[day] = kept.get(day, 0) + counts

    def of(self, name: str) -> Float[np.ndarray, "day case 2 tried"]:
        """Windows without and with an event whose forecast reaches each level that was tried.

        Args:
            name: of the forecaster.
        """
        counts = np.stack(list(self._counts[name].values())).astype("float64")
        return counts[..., ::-1].cumsum(axis=-1)[..., -2::-1]

    def windows(self) -> Float[np.ndarray, "day case 2"]:
        """Windows without and with an event."""
        return np.stack(list(self._counts[self.forecasters[0]].values())).sum(axis=-1).astype("float64")

    @property
    def forecasters(self) -> list[str]:
        """In the order in which they came."""
        return list(self._counts)

    def _reached(self, values: Float[np.ndarray, "*any"]) -> Bool[np.ndarray, "*any"]:
        """Whether values are at the level or above, as the single precision in which forecasts are kept has them."""
        return values.astype("float32") >= np.float32(self.level.value)

    def _onsets(
        self, origin: pd.DatetimeIndex, latest: Float[np.ndarray, "window"]
    ) -> Bool[np.ndarray, "window"]:
        time = origin.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[ns]")
        is_above = self._reached(latest)
        above = np.where(is_above, time, np.datetime64("NaT", "ns"))
        above = np.fmax.accumulate(np.concatenate([[self._last_above], above]))[
            1:
        ]  # the latest, NaT before any
        self._last_above = above[-1]
        return ~(time - above < QUIET.to_timedelta64())

    def _note_crossings(
        self,
        origin: pd.DatetimeIndex,
        above: Bool[np.ndarray, "window step"],
        onset: Bool[np.ndarray, "window"],
    ) -> None:
        reached = onset & above.any(axis=1)
        steps = above[reached].argmax(axis=1) + 1
        self.crossings.update(self._calendar.after(origin[reached], steps).unique())

    def _by_day(
        self,
        day: Int[np.ndarray, "window"],
        n_days: int,
        inside: Bool[np.ndarray, "case window"],
        event: Bool[np.ndarray, "case window"],
        score: Float[np.ndarray, "case window"],
    ) -> Int[np.ndarray, "day case 2 reached"]:
        """Windows by day, case, event, and how many of the levels that are tried their forecast reaches."""
        tried = self.level.tried.astype("float32")
        counts = np.zeros((n_days, len(CASES), 2, len(tried) + 1), dtype="int32")
        case, window = np.nonzero(inside)
        reached = np.searchsorted(tried, score[case, window].astype("float32"), side="right")
        np.add.at(counts, (day[window], case, event[case, window].astype(int), reached), 1)
        return counts
