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
    if not len(result.hours) or not result.names:
        return notice(autocorrelation_finding(result))
    rows = len(result.names)
    figure, panels = axes_grid(rows, 1, height=0.7 + 1.4 * rows, sharex=True, sharey=True, squeeze=False)
    step = result.hours[1]
    for axes, title, values, reached in zip(
        panels[:, 0], result.titles, result.correlation, result.decorrelation, strict=True
    ):
        axes.bar(result.hours, values, width=0.7 * step, color=ACCENT)
        axes.axhline(0, color=INK, lw=0.7)
        for sign in (-1, 1):
            axes.axhline(sign * result.bound, color=WARM, lw=0.9, ls="--")
        if reached is not None:
            axes.axvline(reached, color=DECORRELATED, lw=1.2)
            axes.annotate(
                f"1/e after {reached:.3g} h",
                (reached, 1),
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
    longest = result.hours[-1]
    axes.xaxis.set_major_locator(
        MultipleLocator(6 if longest > 12 else 1) if longest <= 72 else MaxNLocator(9)
    )
    axes.set_xlim(-step, longest + step)
    axes.set_xlabel("lag (hours)")
    return figure
