"""What the data look like: the series with its parts, its gaps, its week, and its features."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lstmkit.data.dataset import Dataset
from lstmkit.data.regimes import Regimes
from lstmkit.data.split import PartRows, stretches
from lstmkit.data.windows import Windows
from lstmkit.wording import count, digits, duration, feature_label, with_error

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOUR = pd.Timedelta("1h")
LONG = pd.Timedelta("14D")  # from which one counts in days
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
        gaps: sentence about what was missing.
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
    gaps: str

    def to_frame(self) -> pd.DataFrame:
        """Parts of the series: first time stamp of each stretch, and number of windows."""
        starts = {
            name: ", ".join(f"{start:%Y-%m-%d %H:%M}" for start, _ in parts)
            for name, parts in self.stretches.items()
        }
        return pd.DataFrame({"starts": starts, "windows": self.windows}).rename_axis("part")

    @property
    def averages(self) -> str:
        """What `means` are, in words."""
        named = {"1h": "hourly means", "1D": "daily means", "7D": "weekly means"}
        for length, words in named.items():
            if self.averaged_over == pd.Timedelta(length):
                return words
        return f"means over {duration(self.averaged_over / HOUR)}"

    @property
    def caption(self) -> str:
        """What is drawn."""
        below = "its week" if self.week_hours < WEEK else "the spread of the training part"
        return (
            f"The series in {self.averages}, with its training, validation and test parts (above), and {below} "
            f"(below), local time."
        )

    def finding(self) -> str:
        """Span, level, rhythm, regimes and gaps of the series."""
        low, high = self.regimes.edges
        _, end = self.stretches["test"][-1]
        return (
            f"{self.name}: {self.means.index[0]:%d %B %Y} to {end:%d %B %Y}, {feature_label(self.target)} "
            f"{with_error(self.means.mean(), self.means.std())} {self.unit}. {self._rhythm()} "
            f"Regimes: {self.regimes.labels[0]} below {digits(low)}, "
            f"{self.regimes.labels[2]} from {digits(high)} {self.unit} on.{self._empty()} {self.gaps}"
        )

    def _rhythm(self) -> str:
        middle = self.week["50 %"]
        highest, lowest = f"{digits(middle.max())} {self.unit}", f"{digits(middle.min())} {self.unit}"
        if self.week_hours == WEEK:
            return f"In the training part the median is {highest}."
        peak = int(middle.idxmax())
        when = WEEKDAYS[peak // 24]
        if self.week_hours == 1:
            when += f" at {peak % 24}:00"
        elif self.week_hours < 24:
            when += f" from {peak % 24}:00 to {peak % 24 + self.week_hours}:00"
        return (
            f"In the training part the weekly median is highest on {when} ({highest}) and lowest at {lowest}."
        )

    def _empty(self) -> str:
        return f" {self.regimes.empty_sentence}" if self.regimes.empty else ""


def overview(dataset: Dataset, windows: dict[str, Windows], regimes: Regimes) -> Overview:
    """Describe the target and its parts.

    Args:
        dataset: the series on its grid.
        windows: of all parts.
        regimes: of the target.
    """
    local = dataset.local_time
    target = pd.Series(dataset.frame[dataset.target].to_numpy(), index=local)
    training = windows["train"].rows
    averaged_over = max(HOUR, dataset.interval)
    width = next((hours for hours in WEEK_HOURS if hours * HOUR >= dataset.interval), WEEK)
    hour_of_week = np.asarray(local.day_of_week * 24 + local.hour) // width * width
    by_hour = target.iloc[training].groupby(hour_of_week[training])
    week = by_hour.quantile([0.1, 0.5, 0.9]).unstack()
    return Overview(
        name=dataset.name,
        target=dataset.target,
        unit=dataset.units[dataset.target],
        means=target if averaged_over > HOUR else target.resample(HOUR).mean(),
        averaged_over=averaged_over,
        stretches={name: _stretches(part.rows, dataset) for name, part in windows.items()},
        week=week.set_axis(["10 %", "50 %", "90 %"], axis=1).reindex(range(0, WEEK, width)),
        week_hours=width,
        regimes=regimes,
        windows={name: len(part) for name, part in windows.items()},
        gaps=_gap_sentence(dataset),
    )


def _stretches(rows: PartRows, dataset: Dataset) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    local, observed = dataset.local_time, dataset.observed.to_numpy()
    return [(local[part[observed[part]][0]], local[part[-1]]) for part in stretches(rows)]


def _gap_sentence(dataset: Dataset) -> str:
    gaps = dataset.gaps
    if not gaps.interpolated and not gaps.splits:
        return "Nothing is missing."
    is_long = gaps.longest >= LONG
    longest = f"the longest {f'{gaps.longest.days:,} days' if is_long else f'{gaps.longest / HOUR:.1f} h'}"
    filled = count(gaps.interpolated_steps, "step")
    short = f"{count(gaps.interpolated, 'gap')} of up to an hour ({filled}) interpolated"
    long = f"{count(gaps.splits, 'longer gap')} ({count(gaps.missing_steps, 'step')}, {longest}) splitting the series"
    return (
        f"Missing: {'; '.join(text for text, n in ((short, gaps.interpolated), (long, gaps.splits)) if n)}."
    )
