"""What the data look like: the series with its parts, its gaps, its week, and its features."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lstmkit.data.dataset import Dataset
from lstmkit.data.regimes import Regimes
from lstmkit.data.windows import PARTS, Windows, split_rows
from lstmkit.params import SplitParams
from lstmkit.wording import count, digits, feature_label, with_error

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Overview:
    """The target over the whole series and over the week.

    Attributes:
        name: of the dataset.
        target: its target column.
        unit: of the target.
        hourly: hourly means on the site's clock; NaN inside gaps.
        part_starts: local time at which each part begins.
        end: local time of the last row.
        week: rows are hours since Monday 00:00, columns the 10 %, 50 % and 90 % quantiles of the training part.
        regimes: low, medium and high.
        windows: number of windows per part.
        gaps: sentence about what was missing.
    """

    name: str
    target: str
    unit: str
    hourly: pd.Series
    part_starts: dict[str, pd.Timestamp]
    end: pd.Timestamp
    week: pd.DataFrame
    regimes: Regimes
    windows: dict[str, int]
    gaps: str

    def to_frame(self) -> pd.DataFrame:
        """Parts of the series: first time stamp and number of windows."""
        starts = {name: f"{start:%Y-%m-%d %H:%M}" for name, start in self.part_starts.items()}
        return pd.DataFrame({"starts": starts, "windows": self.windows}).rename_axis("part")

    def finding(self) -> str:
        """Span, level, rhythm, regimes and gaps of the series."""
        low, high = self.regimes.edges
        middle = self.week["50 %"]
        peak = middle.idxmax()
        return (
            f"{self.name}: {self.hourly.index[0]:%d %B %Y} to {self.end:%d %B %Y}, {feature_label(self.target)} "
            f"{with_error(self.hourly.mean(), self.hourly.std())} {self.unit}. In the training part the weekly median "
            f"is highest on {WEEKDAYS[peak // 24]} at {peak % 24}:00 ({digits(middle.max())} {self.unit}) and lowest "
            f"at {digits(middle.min())} {self.unit}. Regimes: {self.regimes.labels[0]} below {digits(low)}, "
            f"{self.regimes.labels[2]} from {digits(high)} {self.unit} on.{self._empty()} {self.gaps}"
        )

    def _empty(self) -> str:
        return f" {self.regimes.empty_sentence}" if self.regimes.empty else ""


def overview(dataset: Dataset, windows: dict[str, Windows], regimes: Regimes, split: SplitParams) -> Overview:
    """Describe the target and its parts.

    Args:
        dataset: the series on its grid.
        windows: of all parts.
        regimes: of the target.
        split: shares of the parts.
    """
    local = dataset.local_time
    target = pd.Series(dataset.frame[dataset.target].to_numpy(), index=local)
    parts = split_rows(dataset.observed, split)
    hour_of_week = local.day_of_week * 24 + local.hour
    training = target.iloc[parts["train"]]
    week = training.groupby(np.asarray(hour_of_week)[parts["train"]]).quantile([0.1, 0.5, 0.9]).unstack()
    return Overview(
        name=dataset.name,
        target=dataset.target,
        unit=dataset.units[dataset.target],
        hourly=target.resample("1h").mean(),
        part_starts={name: local[parts[name].start] for name in PARTS},
        end=local[-1],
        week=week.set_axis(["10 %", "50 %", "90 %"], axis=1).reindex(range(168)),
        regimes=regimes,
        windows={name: len(windows[name]) for name in PARTS},
        gaps=_gap_sentence(dataset),
    )


def _gap_sentence(dataset: Dataset) -> str:
    gaps = dataset.gaps
    if not gaps.interpolated and not gaps.splits:
        return "Nothing is missing."
    longest = f"the longest {gaps.longest / pd.Timedelta('1h'):.1f} h"
    filled = count(gaps.interpolated_steps, "step")
    short = f"{count(gaps.interpolated, 'gap')} of up to an hour ({filled}) interpolated"
    long = f"{count(gaps.splits, 'longer gap')} ({count(gaps.missing_steps, 'step')}, {longest}) splitting the series"
    return (
        f"Missing: {'; '.join(text for text, n in ((short, gaps.interpolated), (long, gaps.splits)) if n)}."
    )
