"""What all figures share: a look, a canvas, and how names and hours are written."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogFormatterSciNotation, MaxNLocator, MultipleLocator

from lstmkit.data.calendar import HOURLY, Calendar

WIDTH = 8.0  # inches
INK, MUTED, ACCENT, WARM = "#1f2933", "#7b8794", "#1b6ca8", "#d1495b"
GRID = "#e4e7eb"
# Apart without red or green, and at least 3:1 on white: tests/plots/test_style.py sees them as colour-blind readers do.
SEQUENCE = ("#1b6ca8", "#d27d1e", "#2b6c00", "#9480f0", "#7b8794", "#d1495b")
MAGNITUDE_RANGE = 1000
MAGNITUDE_COLORS, SIGNED_COLORS = "magma_r", "RdBu_r"
WHOLE_UNITS = (1, 2, 5, 12, 26, 52, 104, 260, 520)  # of time, on axes of long steps
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
DATE_STEPS = (
    "h",
    "3h",
    "6h",
    "12h",
    "D",
    "2D",
    "3D",
    "W-MON",
    "2W-MON",
    "MS",
    "2MS",
    "3MS",
    "6MS",
    "YS",
    "5YS",
    "10YS",
    "20YS",
    "50YS",
)

RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "text.parse_math": False,  # a name's dollar signs are no formula
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


def canvas(height: float = 3.2, **subplots) -> tuple[Figure, Axes]:
    """A figure of the common width with one axes, known to no global state.

    Args:
        height: in inches.
        **subplots: for `Figure.subplots`.
    """
    figure, axes = axes_grid(1, 1, height, squeeze=False, **subplots)
    return figure, axes[0, 0]


def axes_grid(rows: int, columns: int, height: float = 3.2, **subplots) -> tuple[Figure, np.ndarray]:
    """A figure of the common width with an array of axes, known to no global state.

    Args:
        rows: of axes.
        columns: of axes.
        height: in inches.
        **subplots: for `Figure.subplots`.
    """
    mpl.rcParams.update(RC)
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, np.asarray(figure.subplots(rows, columns, **subplots))


def hours_axis(axes: Axes, hours: float, most_ticks: int = 9, calendar: Calendar = HOURLY) -> None:
    """Let the x axis count back from the forecast's origin, which is at its right end, in the series' unit of time.

    Args:
        axes: whose x data are hours before the origin, negative.
        hours: length of the lookback.
        most_ticks: how many fit.
        calendar: of the series.
    """
    unit = calendar.unit_hours
    step = next((s for s in (1, 2, 3, 6, 12, 24, 48, 96) if hours / unit / s < most_ticks), 168)
    has_few = calendar.is_within_days and hours <= 2
    axes.xaxis.set_major_locator(MaxNLocator(6) if has_few else MultipleLocator(step * unit))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: "now" if abs(x / unit) < 1e-9 else f"{x / unit:g}".replace("-", "−"))
    )
    axes.set_xlabel(f"{calendar.unit}s before the forecast")


def time_ticks(hours: Sequence[float | int], calendar: Calendar) -> list[float]:
    """Round lengths of time, in hours: those given where steps are shorter than a day, else of whole units.

    Args:
        hours: round ones, rising.
        calendar: of the series.
    """
    return (
        list(map(float, hours)) if calendar.is_within_days else [n * calendar.unit_hours for n in WHOLE_UNITS]
    )


class _Powers(LogFormatterSciNotation):
    """Powers of ten, which matplotlib writes as formulas, as text."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        formula = super().__call__(x, pos).removeprefix(r"$\mathdefault{").removesuffix("}$")
        text = re.sub(r"\^\{(.*)\}", lambda power: power[1].translate(SUPERSCRIPTS), formula)
        return text.replace(r"\times", "×").replace("-", "−")


def power_ticks(axis: Axis) -> None:
    """Write the powers of ten at the ticks of a logarithmic axis as text.

    Args:
        axis: of a panel or of a colour bar; its scale is logarithmic, or logarithmic but for around zero.
    """
    for formatter, replace in (
        (axis.get_major_formatter(), axis.set_major_formatter),
        (axis.get_minor_formatter(), axis.set_minor_formatter),
    ):
        if isinstance(formatter, LogFormatterSciNotation):
            replace(_Powers(labelOnlyBase=formatter.labelOnlyBase))


def date_axis(axes: Axes, first: pd.Timestamp, last: pd.Timestamp, most_ticks: int = 12) -> None:
    """Let the x axis run between two times, each day with its month, the year below the first and every new one.

    Args:
        axes: whose x data are times, of the same zone or like these without one.
        first: in view, on the site's clock.
        last: in view, on the site's clock.
        most_ticks: how many fit.
    """
    start, end = first.tz_localize(None), last.tz_localize(None)
    for step in DATE_STEPS:
        times = pd.date_range(start.normalize(), end, freq=step)
        times = times[times >= start]
        if len(times) <= most_ticks:
            break
    ticks = times.tz_localize(first.tz, ambiguous=np.ones(len(times), bool), nonexistent="shift_forward")
    axes.set_xticks(ticks, _dates(times, step))
    axes.set_xlim(first, last)


def _dates(times: pd.DatetimeIndex, step: str) -> list[str]:
    """What stands at each tick, and below it the rest of its date where that is new."""
    years = [f"{time:%Y}" for time in times]
    days = [f"{time.day} {time:%b}" for time in times]
    if step.endswith("h"):
        rows = [[f"{time:%H:%M}" for time in times], days, years]
    elif step.endswith("MS"):
        rows = [[f"{time:%b}" for time in times], years]
    else:
        rows = [years] if step.endswith("YS") else [days, years]
    top, *lower = rows
    lower = [[now if now != before else "" for before, now in pairwise(["", *row])] for row in lower]
    return ["\n".join(filter(None, label)) for label in zip(top, *lower, strict=True)]


def light_grid(axes: Axes, axis: Literal["x", "y", "both"] = "y") -> None:
    """A grid that stays behind the data.

    Args:
        axes: to rule.
        axis: `x`, `y` or `both`.
    """
    axes.grid(axis=axis, color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)


def magnitude_norm(largest: float) -> LogNorm:
    """A logarithmic colour scale over the three decades below the largest value; what is smaller is lightest.

    Args:
        largest: of the values.
    """
    top = largest or 1.0
    return LogNorm(top / MAGNITUDE_RANGE, top, clip=True)
