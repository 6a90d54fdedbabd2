"""What all figures share: a look, a canvas, and how names and hours are written."""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

WIDTH = 8.0  # inches
INK, MUTED, ACCENT, WARM = "#1f2933", "#7b8794", "#1b6ca8", "#d1495b"
SEQUENCE = ("#1b6ca8", "#e08e45", "#4f9d69", "#7b5ea7", "#7b8794", "#d1495b")
REGIME_COLORS = ("#4f9d69", "#e0a030", "#c8413b")  # low, medium, high
MAGNITUDE_RANGE = 1000
MAGNITUDE_COLORS, SIGNED_COLORS = "magma_r", "RdBu_r"

RC = {
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
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


def canvas(
    rows: int = 1, columns: int = 1, height: float = 3.2, **subplots
) -> tuple[Figure, Axes | np.ndarray]:
    """A figure of the house's width with its axes (an array where there are several), known to no global state.

    Args:
        rows: of axes.
        columns: of axes.
        height: in inches.
        **subplots: for `Figure.subplots`.
    """
    mpl.rcParams.update(RC)
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **subplots)


def hours_axis(axes: Axes, hours: float, most_ticks: int = 9) -> None:
    """Let the x axis count hours back from the forecast's origin, which is at its right end.

    Args:
        axes: whose x data are hours before the origin, negative.
        hours: length of the lookback.
        most_ticks: how many have room.
    """
    step = next((s for s in (1, 2, 3, 6, 12, 24, 48, 96) if hours / s < most_ticks), 168)
    axes.xaxis.set_major_locator(MultipleLocator(step) if hours > 2 else MaxNLocator(6))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: "now" if abs(x) < 1e-9 else f"{x:g}".replace("-", "−"))
    )
    axes.set_xlabel("hours before the forecast")


def light_grid(axes: Axes, axis: str = "y") -> None:
    """A grid that stays behind the data.

    Args:
        axes: to rule.
        axis: `x`, `y` or `both`.
    """
    axes.grid(axis=axis, color="#e4e7eb", linewidth=0.7)
    axes.set_axisbelow(True)


def magnitude_norm(largest: float) -> LogNorm:
    """A logarithmic colour scale over the three decades below the largest value; what is smaller is lightest.

    Args:
        largest: of the values.
    """
    top = largest or 1.0
    return LogNorm(top / MAGNITUDE_RANGE, top, clip=True)
