"""The type of a series on its grid, before any window is cut from it."""

from dataclasses import dataclass, field

import pandas as pd

from lstmkit.data.calendar import Calendar
from lstmkit.data.quantities import Quantity
from lstmkit.data.task import Kind, Task


@dataclass(frozen=True)
class GapReport:
    """What was missing on the grid and what became of it.

    Attributes:
        interpolated: gaps of up to an hour, filled linearly.
        interpolated_steps: grid steps inside them.
        splits: longer gaps, which split the series, and steps without a value at its ends.
        missing_steps: grid steps inside them.
        longest: the longest gap.
    """

    interpolated: int
    interpolated_steps: int
    splits: int
    missing_steps: int
    longest: pd.Timedelta


@dataclass(frozen=True)
class GivenWindows:
    """Windows that were given as arrays, and put back into the series from which they were cut.

    Attributes:
        features: columns that a model reads, in their order.
        lookback: number of input steps.
        horizon: number of steps ahead.
    """

    features: tuple[str, ...]
    lookback: int
    horizon: int


@dataclass(frozen=True)
class Dataset:
    """A multivariate series on a regular grid.

    Attributes:
        name: what the series is called in titles.
        frame: columns of float, one row per grid step; a time-zone-aware UTC index; NaN inside long gaps.
        observed: per row, whether the step holds a measurement rather than an interpolated or missing value, so that a
            forecast may start there; of windows that were given, whether one of them does.
        targets: the columns that are forecast.
        calendar: the time between rows, the site's clock, and the cycles that the steps resolve.
        units: unit per column, for labels.
        gaps: what was missing.
        fingerprint: SHA-256 over the values and times, which the card of a trained model holds.
        latents: columns that a model never sees, on the same index; NaN where they are not known.
        subject: that which is measured, as a noun in a sentence.
        quantities: what the targets measure, of those of which that is known.
        target_known: whether the targets' past is known to a forecast. Where it is not, as of a virtual sensor,
            `observed` is of the other columns, and the targets hold what was measured and nothing interpolated.
        kind: of the task; the targets of `classes` are the shares of each step that are of each class.
        latents_fingerprint: SHA-256 over the latents; None where the fingerprint stands for them as well, or there are
            none.
        given: of a series that was put together from windows; None where windows are cut from the series.
    """

    name: str
    frame: pd.DataFrame
    observed: pd.Series
    targets: tuple[str, ...]
    calendar: Calendar
    units: dict[str, str]
    gaps: GapReport
    fingerprint: str
    latents: pd.DataFrame = field(default_factory=pd.DataFrame)
    subject: str = "the series"
    quantities: dict[str, Quantity] = field(default_factory=dict)
    latents_fingerprint: str | None = None
    target_known: bool = True
    kind: Kind = "regression"
    given: GivenWindows | None = None

    @property
    def target(self) -> str:
        """The first target."""
        return self.targets[0]

    def task(self, horizon: int) -> Task:
        """What is forecast.

        Args:
            horizon: number of steps ahead.
        """
        units = tuple(self.units.get(name, "") for name in self.targets)
        return Task(self.targets, units, horizon, self.kind, self.target_known)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns from which features are derived."""
        return tuple(name for name in self.frame if self.target_known or name not in self.targets)

    @property
    def usable(self) -> pd.Series:
        """Per row, whether the step is observed and all targets are known there."""
        return self.observed & self.frame[list(self.targets)].notna().all(axis=1)

    @property
    def local_time(self) -> pd.DatetimeIndex:
        """Time stamps of the rows on the site's clock."""
        return self.frame.index.tz_convert(self.calendar.timezone)

    @property
    def interval(self) -> pd.Timedelta:
        """The mean time between rows."""
        return self.calendar.step
