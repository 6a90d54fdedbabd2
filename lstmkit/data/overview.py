"""What the data look like: the series with its parts, its gaps, its week, and its features."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lstmkit.data.dataset import Dataset, GapReport
from lstmkit.data.labels import unit_label
from lstmkit.data.regimes import Regimes
from lstmkit.data.split import PartRows, stretches
from lstmkit.data.windows import Windows

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOUR = pd.Timedelta("1h")
WEEK = 168  # hours
WEEK_HOURS = (1, 2, 3, 4, 6, 8, 12, 24)  # into which a week can be divided by the clock


@dataclass(frozen=True)
class Overview:
    """The target over the whole series and over the week.

    Attributes:
        name: of the dataset.
        target: its target column.
        unit: of the target.
        means: over each hour of the site's clock, or each step of the grid where that is longer; NaN inside gaps.
        averaged_over: an hour, or the grid's interval where that is longer.
        stretches: of each part, local time of its first observed step and of its last row.
        week: 10 %, 50 % and 90 % quantiles of the training part, one row per `week_hours`, from Monday 00:00 on.
        week_hours: hours per row of `week`: the least part of a week, from an hour on, that the interval resolves.
        regimes: low, medium and high.
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
    week: pd.DataFrame
    week_hours: int
    regimes: Regimes
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
    def peak_hour(self) -> int:
        """Hour of the week from which on the median of the training part is highest."""
        return int(self.week["50 %"].idxmax())


def overview(dataset: Dataset, windows: dict[str, Windows], regimes: Regimes) -> Overview:
    """Describe the target and its parts.

    Args:
        dataset: the series on its grid.
        windows: of all parts.
        regimes: of the target.
    """
    local = dataset.local_time
    train = windows["train"]
    name, training = train.task.targets[train.target], train.rows
    target = pd.Series(dataset.frame[name].to_numpy(), index=local)
    averaged_over = max(HOUR, dataset.interval)
    width = next((hours for hours in WEEK_HOURS if hours * HOUR >= dataset.interval), WEEK)
    hour_of_week = np.asarray(local.day_of_week * 24 + local.hour) // width * width
    by_hour = target.iloc[training].groupby(hour_of_week[training])
    week = by_hour.quantile([0.1, 0.5, 0.9]).unstack()
    return Overview(
        name=dataset.name,
        target=name,
        unit=unit_label(dataset.units[name]),
        means=target if averaged_over > HOUR else target.resample(HOUR).mean(),
        averaged_over=averaged_over,
        stretches={name: _stretches(part.rows, dataset) for name, part in windows.items()},
        week=week.set_axis(["10 %", "50 %", "90 %"], axis=1).reindex(range(0, WEEK, width)),
        week_hours=width,
        regimes=regimes,
        windows={name: len(part) for name, part in windows.items()},
        gaps=dataset.gaps,
        measured=None if dataset.target_known else float(target.notna().mean()),
    )


def _stretches(rows: PartRows, dataset: Dataset) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    local, observed = dataset.local_time, dataset.usable.to_numpy()
    return [(local[part[observed[part]][0]], local[part[-1]]) for part in stretches(rows)]
