"""Figures of spectra."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from lstmkit.analysis.rhythms.spectra import Spectra
from lstmkit.findings.rhythms.series import span_in_words
from lstmkit.findings.rhythms.spectra import spectra_finding
from lstmkit.plots.style import ACCENT, INK, MUTED, WARM, axes_grid, canvas, light_grid

HOURS = (1344.0, 672.0, 336.0, 168.0, 84.0, 48.0, 24.0, 12.0, 8.0, 6.0, 4.0, 3.0, 2.0, 1.0, 0.5)
PARTS = (8, 4, 2, 1, 1 / 2, 1 / 3, 1 / 4, 1 / 6)  # of a cycle, where steps are a day or longer
YEARS = (50, 20, 10, 5, 3, 2)  # where steps resolve no cycle
MOST_LABELS = {1: 7, 2: 3}  # by columns of panels
LABEL_DISTANCE = 0.055  # of the width of the figure
EDGE = 1.02
LOWEST = 2e-5  # percent that is drawn


def plot_spectra(spectra: Spectra, columns: int = 1) -> Figure:
    """Share of the variance of each series at each period, with the noise floor and the peaks above it.

    Args:
        spectra: of up to a few series.
        columns: of panels, one or two.
    """
    if not spectra.can_be_drawn:
        return notice(spectra_finding(spectra))
    rows = -(-len(spectra.names) // columns)
    figure, panels = axes_grid(
        rows, columns, height=0.9 + 1.75 * rows, sharex=True, sharey=True, squeeze=False
    )
    shown, left_over = np.split(panels.ravel(), [len(spectra.names)])
    for axes in left_over:
        axes.set_visible(False)
    for i, axes in enumerate(shown):
        _panel(axes, spectra, i, columns)
    low = np.nanmedian(100 * spectra.background / spectra.variance[:, None], axis=1).min() / 300
    panels[0, 0].set_ylim(max(low, LOWEST), 300)
    for axes in shown[-columns:]:
        axes.set_xlabel(f"period ({spectra.calendar.unit}s)")
        axes.tick_params(axis="x", labelbottom=True)
    for axes in panels[:, 0]:
        axes.set_ylabel("share of the\nvariance (%)")
    figure.legend(
        *panels[0, 0].get_legend_handles_labels(),
        loc="outside upper right",
        ncols=3,
        fontsize=8,
        borderaxespad=0.2,
    )
    return figure


def notice(text: str) -> Figure:
    """What is said where there is nothing to draw.

    Args:
        text: the reason.
    """
    figure, axes = canvas(height=1.0)
    axes.set_axis_off()
    axes.text(0.5, 0.5, fill(text, 90), ha="center", va="center", color=MUTED, transform=axes.transAxes)
    return figure


def _panel(axes: Axes, spectra: Spectra, i: int, columns: int) -> None:
    variance = spectra.variance[i]
    axes.plot(
        spectra.hours, 100 * spectra.power[i] / variance, color=ACCENT, lw=0.5, alpha=0.75, label="spectrum"
    )
    axes.plot(
        spectra.hours, 100 * spectra.background[i] / variance, color=INK, lw=0.9, label="noise expected"
    )
    axes.plot(spectra.hours, 100 * spectra.floor[i] / variance, color=WARM, lw=1, ls="--", label="floor")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(spectra.hours[0] * EDGE, spectra.hours[-1] / EDGE)
    _label_peaks(axes, spectra, i, columns)
    distance = np.log(spectra.hours[0] / spectra.hours[-1]) * (0.04 if columns == 1 else 0.09)
    unit = spectra.calendar.unit_hours
    axes.xaxis.set_major_locator(FixedLocator([unit * tick for tick in _ticks(spectra, distance)]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda hours, _: f"{float(f'{hours / unit:.3g}'):g}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_title(spectra.titles[i])
    light_grid(axes, "both")


def _label_peaks(axes: Axes, spectra: Spectra, i: int, columns: int) -> None:
    """Mark every peak, and name the strongest where no name and no stronger peak is in the way."""
    whole = np.log(spectra.hours[0] / spectra.hours[-1])
    distance = columns * LABEL_DISTANCE
    stronger: list[float] = []
    taken: list[float] = []
    for peak in spectra.peaks[i]:
        top = 100 * spectra.power[i, np.abs(spectra.hours - peak.hours).argmin()] / spectra.variance[i]
        axes.plot(peak.hours, top, "o", ms=3, color=WARM, mec="white", mew=0.4)
        place = np.log(peak.hours) / whole
        is_free = all(abs(place - other) > distance for other in taken)
        is_free &= all(abs(place - other) > distance / 2 for other in stronger)
        stronger.append(place)
        if is_free and len(taken) < MOST_LABELS[columns]:
            taken.append(place)
            axes.annotate(
                span_in_words(peak.hours, spectra.calendar),
                (peak.hours, top),
                xytext=(0, 4),
                textcoords="offset points",
                ha="right" if peak.hours < spectra.hours[-1] * EDGE**5 else "center",
                fontsize=7.5,
                color=INK,
            )


def _ticks(spectra: Spectra, distance: float) -> list[float]:
    """Periods in the series' unit of time, the cycles first, far enough apart to be read."""
    calendar = spectra.calendar
    periods, unit = spectra.hours / calendar.unit_hours, pd.Timedelta(hours=calendar.unit_hours)
    cycles = [cycle.length / unit for cycle in calendar.rhythms]
    known = (
        HOURS if calendar.is_within_days else [part * cycle for cycle in cycles for part in PARTS] or YEARS
    )
    inside = [period for period in known if periods[-1] / EDGE <= period <= periods[0] * EDGE]
    kept: list[float] = []
    for period in sorted(inside, key=lambda period: (period not in cycles, -period)):
        if all(abs(np.log(period / other)) > distance for other in kept):
            kept.append(period)
    return kept
