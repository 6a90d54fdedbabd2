"""Figures of the units of an LSTM: how long each remembers, and whether its gates are constants."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from lstmkit.analysis.attribution.sufficient_history import SufficientHistory
from lstmkit.analysis.gates.part import FORGET, GATE_NAMES, SQUASHED, PartStatistics
from lstmkit.analysis.gates.statistics import GateStatistics
from lstmkit.plots.gates.panels import gate_title, part_panels, step_axis, step_limits
from lstmkit.plots.gates.statistics import GATE_COLORS
from lstmkit.plots.style import ACCENT, INK, MUTED, WARM, axes_grid, light_grid, power_ticks, time_ticks


def plot_forget_heatmap(gates: GateStatistics) -> Figure:
    """Mean forget gate of each unit at each step, units ordered by their timescale.

    Args:
        gates: of all layers.
    """
    figure, panels = part_panels(gates, height=3.8, lower=3.0)
    means = [gates.mean(part)[:, FORGET] for part in gates.parts]
    norm = Normalize(min(mean.min() for mean in means), max(mean.max() for mean in means))
    for part, axes in panels:
        forget = gates.mean(part)[:, FORGET]
        order = np.argsort(part.timescale)[::-1]
        image = axes.imshow(
            forget[:, order].T,
            aspect="auto",
            interpolation="nearest",
            extent=(*step_limits(part.lstm, gates.lookback_hours), len(order), 0),
            norm=norm,
            cmap="viridis",
        )
        step_axis(axes, part.lstm, gates.lookback_hours, gates.calendar, most_ticks=6)
    panels[0][1].set_ylabel("units, the longest memory on top")
    bar = figure.colorbar(image, ax=list(figure.axes), pad=0.02, aspect=25)
    bar.outline.set_visible(False)
    bar.set_label("mean forget gate", color=MUTED, fontsize=8)
    return figure


def plot_saturation(gates: GateStatistics, untrained: GateStatistics) -> Figure:
    """How often each unit's gates are saturated: open to the right, shut upwards (Karpathy et al. 2015).

    Args:
        gates: of all layers.
        untrained: of the same network before training, drawn in grey.
    """
    figure, rows = axes_grid(
        len(gates.parts), 3, height=0.5 + 2.5 * len(gates.parts), squeeze=False, sharex=True, sharey=True
    )
    for part, before, row in zip(gates.parts, untrained.parts, rows, strict=True):
        for column, (axes, k) in enumerate(zip(row, SQUASHED, strict=True)):
            axes.plot([0, 1], [1, 0], color=MUTED, lw=0.8)
            axes.plot(before.high[k], before.low[k], "o", ms=4, alpha=0.4, mew=0, color=MUTED)
            axes.plot(
                part.high[k], part.low[k], "o", ms=4, alpha=0.5, mew=0, color=GATE_COLORS[GATE_NAMES[k]]
            )
            axes.set_xlim(-0.03, 1.03)
            axes.set_ylim(-0.03, 1.03)
            axes.set_aspect("equal")
            axes.set_title(gate_title(part, GATE_NAMES[k], column == 0), fontsize=9)
            light_grid(axes, "both")
        row[0].set_ylabel("share of values\nbelow 0.1")
    for axes in rows[-1]:
        axes.set_xlabel("share of values above 0.9")
    return figure


def plot_timescales(gates: GateStatistics, untrained: GateStatistics, history: SufficientHistory) -> Figure:
    """Memory timescale of each unit, with the range of eight of ten of its steps, and what they are held against.

    Args:
        gates: of all layers.
        untrained: of the same network before training.
        history: that the forecast needs; no line where there is none.
    """
    timed = [part for part in gates.parts if part.lstm.step_hours is not None]
    figure, panels = part_panels(gates, height=3.5, lower=2.7, sharey=len(timed) == len(gates.parts))
    shared = next((axes for part, axes in panels if part in timed), None)
    alone = len(gates.lstms) == 1
    for part, axes in panels:
        if shared and part in timed and axes is not shared and len(timed) < len(gates.parts):
            axes.sharey(shared)
    for (part, axes), before in zip(panels, untrained.parts, strict=True):
        _draw_timescales(axes, part, before, "whole lookback" if alone else "all steps")
        if part in timed:
            if history.hours is not None:
                label = "sufficient history of the forecast"
                axes.axhline(history.hours, color=WARM, lw=1.2, ls=":", label=label)
            _lookback_line(axes, gates.lookback_hours)
        axes.set_yscale("log")
        power_ticks(axes.yaxis)
        if part in timed:
            if not gates.calendar.is_within_days:
                axes.yaxis.set_major_locator(FixedLocator(time_ticks((), gates.calendar)))
                axes.yaxis.set_minor_locator(NullLocator())
            axes.yaxis.set_major_formatter(FuncFormatter(lambda hours, _: gates.calendar.duration(hours)))
        else:
            axes.set_ylabel("timescale (steps)")
        axes.set_xlabel("units, by their timescale")
        light_grid(axes)
    if shared is not None:
        longest = max(float(part.timescale_quantiles.max()) for part in timed)
        shared.set_ylim(top=3 * max(gates.lookback_hours, longest))  # of all panels, which share it
        shared.set_ylabel("timescale −1/log f")
    known = (panels[0][1] if shared is None else shared).get_legend_handles_labels()
    figure.legend(*known, loc="outside lower center", ncols=4, fontsize=8)
    return figure


def _draw_timescales(axes: Axes, part: PartStatistics, before: PartStatistics, label: str) -> None:
    order = np.argsort(part.timescale)
    units = np.arange(len(order))
    low, _, high = part.timescale_quantiles[:, order]
    axes.fill_between(
        units, low, high, color=ACCENT, alpha=0.2, lw=0, step="mid", label="10–90 % of the steps"
    )
    axes.plot(units, part.timescale[order], color=ACCENT, lw=1.8, label=label)
    axes.plot(units, np.sort(before.timescale), color=MUTED, lw=1.4, label="before training")


def _lookback_line(axes: Axes, hours: float) -> None:
    axes.axhline(hours, color=INK, lw=0.8, ls="--")
    axes.annotate("lookback", (0, hours), xytext=(2, 3), textcoords="offset points", fontsize=8, color=INK)
