"""Figures of autocorrelations."""

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator

from lstmkit.analysis.rhythms.autocorrelation import Autocorrelation
from lstmkit.findings.rhythms.autocorrelation import autocorrelation_finding
from lstmkit.plots.rhythms.spectra import notice
from lstmkit.plots.style import ACCENT, INK, MUTED, SEQUENCE, WARM, axes_grid, light_grid

DECORRELATED = SEQUENCE[1]


def plot_autocorrelation(result: Autocorrelation) -> Figure:
    """Autocorrelation of each series at each lag, with the bounds of white noise and the time to fall to 1/e.

    Args:
        result: of up to a few series.
    """
    if not result.can_be_drawn:
        return notice(autocorrelation_finding(result))
    rows = len(result.names)
    figure, panels = axes_grid(rows, 1, height=0.7 + 1.4 * rows, sharex=True, sharey=True, squeeze=False)
    calendar = result.calendar
    lags = result.hours / calendar.unit_hours
    for axes, title, values, reached in zip(
        panels[:, 0], result.titles, result.correlation, result.decorrelation, strict=True
    ):
        axes.bar(lags, values, width=0.7 * lags[1], color=ACCENT)
        axes.axhline(0, color=INK, lw=0.7)
        for sign in (-1, 1):
            axes.axhline(sign * result.bound, color=WARM, lw=0.9, ls="--")
        if reached is not None:
            at = reached / calendar.unit_hours
            axes.axvline(at, color=DECORRELATED, lw=1.2)
            axes.annotate(
                f"1/e after {calendar.duration(reached)}",
                (at, 1),
                xycoords=("data", "axes fraction"),
                xytext=(4, -2),
                textcoords="offset points",
                va="top",
                fontsize=8,
                color=MUTED,
            )
        axes.set_title(title)
        axes.set_ylabel("correlation")
        light_grid(axes)
    axes.xaxis.set_major_locator(
        MultipleLocator(6 if lags[-1] > 12 else 1) if lags[-1] <= 72 else MaxNLocator(9)
    )
    axes.set_xlim(-lags[1], lags[-1] + lags[1])
    axes.set_xlabel(f"lag ({calendar.unit}s)")
    return figure
