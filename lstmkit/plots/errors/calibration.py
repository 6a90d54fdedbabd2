"""Figure of true values against forecasts."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lstmkit.analysis.errors.calibration import Calibration
from lstmkit.findings.errors.calibration import calibration_note
from lstmkit.plots.style import ACCENT, INK, MUTED, WARM, axes_grid, light_grid, power_ticks
from lstmkit.wording import feature_label


def plot_calibration(calibration: Calibration, target: str) -> Figure:
    """Density of true values against forecasts with the fitted line, and the error by level of the forecast.

    Args:
        calibration: of one model.
        target: the target's name.
    """
    figure, (left, right) = axes_grid(1, 2, height=4.0, width_ratios=[1.35, 1])
    label, unit = feature_label(target), calibration.last.unit
    _density(figure, left, calibration)
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(4))
    left.set_xlabel(f"forecast {label} ({unit})")
    left.set_ylabel(f"observed {label} ({unit})")
    left.set_title(f"True values against forecasts {calibration.last.lead} ahead")
    _errors(right, calibration)
    right.set_xlabel(f"forecast {label} ({unit})")
    right.set_ylabel(f"error: forecast − observed ({unit})")
    right.set_title("By level of the forecast")
    return figure


def _density(figure: Figure, axes: Axes, calibration: Calibration) -> None:
    edges, counts = calibration.edges, calibration.counts
    shown = np.ma.masked_equal(counts, 0).T
    cells = axes.pcolormesh(edges, edges, shown, cmap="Blues", norm=LogNorm(0.5, counts.max() + 1))
    bar = figure.colorbar(cells, ax=axes, pad=0.02, aspect=25)
    bar.outline.set_visible(False)
    power_ticks(bar.long_axis)
    bar.set_label("windows per cell\n(logarithmic colour scale)", color=MUTED, fontsize=8)
    ends = edges[[0, -1]]
    axes.plot(ends, ends, color=INK, lw=1, ls="--", label="identity")
    if (line := calibration.line) is not None:
        axes.plot(ends, line.intercept + line.slope * ends, color=WARM, lw=1.3, label="least squares")
    note = calibration_note(calibration)
    axes.annotate(note, (0.03, 0.98), xycoords="axes fraction", va="top", linespacing=1.4, fontsize=8)
    axes.set_xlim(*ends)
    axes.set_ylim(*ends)
    axes.set_aspect("equal")
    axes.legend(loc="lower right", fontsize=8)
    light_grid(axes, "both")


def _errors(axes: Axes, calibration: Calibration) -> None:
    groups = calibration.groups
    mean = groups["forecast"] - groups["observed"]
    axes.axhline(0, color=INK, lw=1, ls="--")
    axes.vlines(
        groups["forecast"],
        groups["error_low"],
        groups["error_high"],
        color=ACCENT,
        lw=5,
        alpha=0.35,
        label="8 of 10",
    )
    axes.plot(groups["forecast"], mean, "o", color=WARM, ms=5, mec="white", label="mean")
    axes.margins(x=0.08)
    axes.legend(loc="upper left", fontsize=8, ncols=2)
    axes.set_ylim(top=axes.get_ylim()[1] + 0.12 * np.diff(axes.get_ylim())[0])
    light_grid(axes)
