"""What the data look like: the series with its parts, its gaps, and its week or year."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Int

from lstmkit.data.calendar import MONTH, Calendar
from lstmkit.data.dataset import Dataset, GapReport
from lstmkit.data.groups import Groups
from lstmkit.data.labels import unit_label
from lstmkit.data.split import PartRows, stretches
from lstmkit.data.windows import Windows

HOUR = pd.Timedelta("1h")
WEEK, WORKING_WEEK = 168, 120  # hours
WEEK_HOURS = (1, 2, 3, 4, 6, 8, 12, 24)  # into which a week can be divided by the clock
YEAR = 12  # months
YEAR_MONTHS = (1, 2, 3, 4, 6)  # into which a year can be divided
HALF_A_MONTH = 0.5  # by which steps are longer that are still of so many months


@dataclass(frozen=True)
class Overview:
    """The target over the whole series and over the week, or over the year where steps do not resolve a week.

    Attributes:
        name: of the dataset.
        target: its target column.
        unit: of the target.
        means: over each hour of the site's clock, or each step of the grid where that is longer; NaN inside gaps.
        averaged_over: an hour, or the grid's interval where that is longer.
        stretches: of each part, local time of its first observed step and of its last row.
        cycle: `week` or `year`; none where steps are longer than half a year.
        row: length of a row of `profile`, the least part of the cycle that the steps resolve: hours, from one on, of a
            week; months of a year.
        profile: 10 %, 50 % and 90 % quantiles of the training part over the cycle: by hours from Monday 00:00 on, by
            months from January on, or of all steps.
        calendar: of the series.
        groups: of the steps.
        windows: number of windows per part.
        gaps: what was missing.
        measured: share of the steps at which the target is known; None where its gaps are those of the series.
    """

    name: str
    target: str
    unit: str
    means: pd.Series
    averaged_over: pd.Timedelta
    stretches: dict[str, list[tuple[pd.Timestamp, pd.Timestamp]]]
    cycle: str | None
    row: int
    profile: pd.DataFrame
    calendar: Calendar
    groups: Groups
    windows: dict[str, int]
    gaps: GapReport
    measured: float | None = None

    def to_frame(self) -> pd.DataFrame:
        """Parts of the series: first time stamp of each stretch, and number of windows."""
        starts = {
            name: ", ".join(f"{start:%Y-%m-%d %H:%M}" for start, _ in parts)
            for name, parts in self.stretches.items()
        }
        return pd.DataFrame({"starts": starts, "windows": self.windows}).rename_axis("part")

    @property
    def peak(self) -> int:
        """Hour of the week, or month of the year, from which on the median of the training part is highest."""
        return int(self.profile["50 %"].idxmax())


def overview(dataset: Dataset, windows: dict[str, Windows], groups: Groups) -> Overview:
    """Describe the target and its parts.

    Args:
        dataset: the series on its grid.
        windows: of all parts.
        groups: of the steps.
    """
    local = dataset.local_time
    train = windows["train"]
    name, training = train.task.targets[train.target], train.rows
    target = pd.Series(dataset.frame[name].to_numpy(), index=local)
    averaged_over = max(HOUR, dataset.interval)
    cycle, row = _cycle(dataset.calendar)
    length, place = _places(cycle, dataset.calendar, local)
    by_place = target.iloc[training].groupby((place // row * row)[training])
    profile = by_place.quantile([0.1, 0.5, 0.9]).unstack()
    return Overview(
        name=dataset.name,
        target=name,
        unit=unit_label(dataset.units[name]),
        means=target if averaged_over > HOUR else target.resample(HOUR).mean(),
        averaged_over=averaged_over,
        stretches={name: _stretches(part.rows, dataset) for name, part in windows.items()},
        cycle=cycle,
        row=row,
        profile=profile.set_axis(["10 %", "50 %", "90 %"], axis=1).reindex(range(0, length, row)),
        calendar=dataset.calendar,
        groups=groups,
        windows={name: len(part) for name, part in windows.items()},
        gaps=dataset.gaps,
        measured=None if dataset.target_known else float(target.notna().mean()),
    )


def _cycle(calendar: Calendar) -> tuple[str | None, int]:
    """The cycle over which a series is shown, and into which parts it is divided."""
    day = 24 * HOUR if calendar.has_business_days else calendar.step
    if hours := next((hours for hours in WEEK_HOURS if hours * HOUR >= day), None):
        return "week", hours
    steps = calendar.step / MONTH - HALF_A_MONTH
    months = next((months for months in YEAR_MONTHS if months >= steps), None)
    return ("year", months) if months else (None, 1)


def _places(
    cycle: str | None, calendar: Calendar, local: pd.DatetimeIndex
) -> tuple[int, Int[np.ndarray, "time"]]:
    """The length of the cycle in hours or months, and where in it each time stamp lies."""
    if cycle == "week":
        length = WORKING_WEEK if calendar.has_business_days else WEEK
        return length, np.asarray(local.day_of_week * 24 + local.hour)
    if cycle == "year":
        return YEAR, np.asarray(local.month - 1)
    return 1, np.zeros(len(local), "int64")


def _stretches(rows: PartRows, dataset: Dataset) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    local, observed = dataset.local_time, dataset.usable.to_numpy()
    return [(local[part[observed[part]][0]], local[part[-1]]) for part in stretches(rows)]
