"""Figures of an LSTM's gates and cells."""

from itertools import cycle, product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from lstmkit.analysis.gates.part import FORGET, GATE_NAMES, SQUASHED, PartStatistics
from lstmkit.analysis.gates.statistics import GateStatistics
from lstmkit.analysis.gates.stream import BIN_EDGES
from lstmkit.analysis.gates.sufficient_history import SufficientHistory
from lstmkit.plots.style import (
    ACCENT,
    INK,
    MUTED,
    REGIME_COLORS,
    SEQUENCE,
    WARM,
    axes_grid,
    canvas,
    hours_axis,
    light_grid,
    power_ticks,
)
from lstmkit.wording import duration

GATE_COLORS = dict(zip(GATE_NAMES, SEQUENCE, strict=False))


def plot_distributions(gates: GateStatistics) -> Figure:
    """Histogram of each gate in each layer.

    Args:
        gates: of all layers.
    """
    figure, rows = axes_grid(
        len(gates.parts), 4, height=0.6 + 1.7 * len(gates.parts), squeeze=False, sharex="col"
    )
    for part, row in zip(gates.parts, rows, strict=True):
        for k, (axes, gate) in enumerate(zip(row, GATE_NAMES, strict=True)):
            edges = 2 * BIN_EDGES - 1 if gate == "candidate" else BIN_EDGES
            axes.stairs(100 * part.histogram[k], edges, fill=True, color=GATE_COLORS[gate])
            axes.axvline(gates.mean(part)[:, k].mean(), color=INK, lw=1, ls="--")
            axes.set_xlim(edges[0], edges[-1])
            axes.set_xticks(np.linspace(edges[0], edges[-1], 3))
            axes.set_title(f"{gate}, {part.name}", fontsize=9)
            light_grid(axes)
        row[0].set_ylabel("share of values (%)")
    for axes in rows[-1]:
        axes.set_xlabel("gate")
    return figure


def plot_statistics(gates: GateStatistics) -> Figure:
    """Mean, spread and range of each gate, and how much of it is near zero or saturated.

    Args:
        gates: of all layers.
    """
    table = gates.to_frame()[::-1]
    rows = np.arange(len(table))
    figure, (left, right) = axes_grid(
        1, 2, height=0.8 + 0.24 * len(table), sharey=True, width_ratios=[1.2, 1]
    )
    colors = [GATE_COLORS[gate] for _, gate in table.index]
    left.hlines(rows, table["minimum"], table["maximum"], color=MUTED, lw=1)
    left.hlines(
        rows,
        table["mean"] - table["standard_deviation"],
        table["mean"] + table["standard_deviation"],
        color=colors,
        lw=5,
    )
    left.scatter(table["mean"], rows, color="white", edgecolor=INK, s=22, zorder=3)
    left.set_yticks(rows, [f"{gate}, {layer}" for layer, gate in table.index])
    left.tick_params(axis="y", length=0)
    left.set_xticks([-1, -0.5, 0, 0.5, 1])
    left.set_xlabel("value")
    left.set_title("Mean, ± standard deviation, range")
    shares = {"near_zero_percent": "within 0.1 of zero", "above_0.9_percent": "above 0.9"}
    for offset, (column, label), color in zip((0.17, -0.17), shares.items(), (MUTED, ACCENT), strict=True):
        right.barh(rows + offset, table[column], height=0.32, color=color, label=label)
    right.set_xlabel("share of values (%)")
    right.set_title("Shut and open")
    right.legend(ncols=2, loc="upper right", bbox_to_anchor=(1.02, -0.26), fontsize=8)
    for axes in (left, right):
        light_grid(axes, "x")
    return figure


def plot_evolution(gates: GateStatistics) -> Figure:
    """Mean of each gate over the lookback, with the band that holds eight of ten units.

    Args:
        gates: of all layers.
    """
    figure, panels = axes_grid(
        len(gates.parts), 1, height=0.5 + 1.9 * len(gates.parts), squeeze=False, sharex=True
    )
    for part, axes in zip(gates.parts, panels[:, 0], strict=True):
        mean = gates.mean(part)
        for k, gate in enumerate(GATE_NAMES):
            low, high = np.quantile(mean[:, k], [0.1, 0.9], axis=1)
            axes.fill_between(-gates.hours_before, low, high, color=GATE_COLORS[gate], alpha=0.15, lw=0)
            axes.plot(
                -gates.hours_before, mean[:, k].mean(axis=1), color=GATE_COLORS[gate], label=gate, lw=1.5
            )
        axes.set_ylabel("mean gate")
        axes.set_title(part.name.capitalize())
        _lookback(axes, gates)
        light_grid(axes)
    panels[0, 0].legend(ncols=4, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0)
    _only_last_label(panels[:, 0])
    return figure


def plot_forget_heatmap(gates: GateStatistics) -> Figure:
    """Mean forget gate of each unit at each step, units ordered by their timescale.

    Args:
        gates: of all layers.
    """
    figure, panels = axes_grid(1, len(gates.parts), height=3.8, squeeze=False)
    means = [gates.mean(part)[:, FORGET] for part in gates.parts]
    norm = Normalize(min(mean.min() for mean in means), max(mean.max() for mean in means))
    for part, axes in zip(gates.parts, panels[0], strict=True):
        forget = gates.mean(part)[:, FORGET]
        order = np.argsort(part.timescale)[::-1]
        image = axes.imshow(
            forget[:, order].T,
            aspect="auto",
            interpolation="nearest",
            extent=(-gates.lookback_hours, 0, len(order), 0),
            norm=norm,
            cmap="viridis",
        )
        axes.set_title(part.name.capitalize())
        hours_axis(axes, gates.lookback_hours, most_ticks=6)
    panels[0, 0].set_ylabel("units, the longest memory on top")
    bar = figure.colorbar(image, ax=list(panels[0]), pad=0.02, aspect=25)
    bar.outline.set_visible(False)
    bar.set_label("mean forget gate", color=MUTED, fontsize=8)
    return figure


def plot_by_regime(gates: GateStatistics) -> Figure:
    """Mean gates by regime: over all units left, and unit by unit for the forget gate right.

    Args:
        gates: of all layers.
    """
    figure, rows = axes_grid(
        len(gates.parts), 2, height=0.6 + 2.2 * len(gates.parts), squeeze=False, width_ratios=[1, 1.3]
    )
    for part, (left, right) in zip(gates.parts, rows, strict=True):
        _regime_bars(left, gates, part)
        _unit_differences(right, gates, part)
    rows[0, 0].legend(fontsize=8, ncols=3, loc="upper right", bbox_to_anchor=(1.02, 1.0))
    return figure


def _regime_bars(axes: Axes, gates: GateStatistics, part: PartStatistics) -> None:
    means = gates.regime_means(part)
    width = 0.8 / len(means)
    positions = np.arange(len(GATE_NAMES))
    for place, (regime, mean) in enumerate(means.items()):
        axes.bar(
            positions + (place - (len(means) - 1) / 2) * width,
            mean.mean(axis=(0, 2)),
            width=0.9 * width,
            color=REGIME_COLORS[regime],
            label=gates.regimes.labels[regime],
        )
    axes.axhline(0, color=MUTED, lw=0.8)
    axes.set_xticks(positions, GATE_NAMES)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("mean gate")
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, top + 0.25 * (top - bottom))
    axes.set_title(part.name.capitalize())
    light_grid(axes)


def _unit_differences(axes: Axes, gates: GateStatistics, part: PartStatistics) -> None:
    overall = gates.mean(part)[:, FORGET].mean(axis=0)
    order = np.argsort(overall)
    axes.axhline(0, color=MUTED, lw=0.8)
    for regime, mean in gates.regime_means(part).items():
        values = mean[:, FORGET].mean(axis=0) - overall
        axes.plot(values[order], ".", ms=3, color=REGIME_COLORS[regime])
    axes.set_xlabel("unit, by its mean forget gate")
    axes.set_ylabel("forget gate, less\nits overall mean")
    axes.set_title(f"Unit by unit, {part.name}")
    light_grid(axes)


def plot_cell_magnitude(gates: GateStatistics) -> Figure:
    """Norm of the cell state over the lookback, mean and standard deviation over windows.

    Args:
        gates: of all layers.
    """
    return _over_lookback(gates, [part.cell for part in gates.parts], "norm of the cell state", "Cell state")


def plot_update_ratio(gates: GateStatistics) -> Figure:
    """What each step writes to the cell relative to what is there, over the lookback.

    Args:
        gates: of all layers.
    """
    updates = [100 * part.update for part in gates.parts]
    return _over_lookback(gates, updates, "written / cell state (%)", "What each step writes")


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
        for axes, k in zip(row, SQUASHED, strict=True):
            axes.plot([0, 1], [1, 0], color=MUTED, lw=0.8)
            axes.plot(before.high[k], before.low[k], "o", ms=4, alpha=0.4, mew=0, color=MUTED)
            axes.plot(
                part.high[k], part.low[k], "o", ms=4, alpha=0.5, mew=0, color=GATE_COLORS[GATE_NAMES[k]]
            )
            axes.set_xlim(-0.03, 1.03)
            axes.set_ylim(-0.03, 1.03)
            axes.set_aspect("equal")
            axes.set_title(f"{GATE_NAMES[k]}, {part.name}", fontsize=9)
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
    figure, panels = axes_grid(1, len(gates.parts), height=3.5, squeeze=False, sharey=True)
    for part, before, axes in zip(gates.parts, untrained.parts, panels[0], strict=True):
        order = np.argsort(part.timescale)
        units = np.arange(len(order))
        low, _, high = part.timescale_quantiles[:, order]
        axes.fill_between(
            units, low, high, color=ACCENT, alpha=0.2, lw=0, step="mid", label="10–90 % of the steps"
        )
        axes.plot(units, part.timescale[order], color=ACCENT, lw=1.8, label="whole lookback")
        axes.plot(units, np.sort(before.timescale), color=MUTED, lw=1.4, label="before training")
        if history.hours is not None:
            label = "sufficient history of the forecast"
            axes.axhline(history.hours, color=WARM, lw=1.2, ls=":", label=label)
        _lookback_line(axes, gates.lookback_hours)
        axes.set_yscale("log")
        power_ticks(axes.yaxis)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda hours, _: duration(hours)))
        axes.set_xlabel("units, by their timescale")
        axes.set_title(part.name.capitalize())
        light_grid(axes)
    longest = max(float(part.timescale_quantiles.max()) for part in gates.parts)
    panels[0, 0].set_ylim(top=3 * max(gates.lookback_hours, longest))  # of all panels, which share it
    panels[0, 0].set_ylabel("timescale −1/log f")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
    return figure


def _lookback_line(axes: Axes, hours: float) -> None:
    axes.axhline(hours, color=INK, lw=0.8, ls="--")
    axes.annotate("lookback", (0, hours), xytext=(2, 3), textcoords="offset points", fontsize=8, color=INK)


def _over_lookback(gates: GateStatistics, courses: list[np.ndarray], label: str, title: str) -> Figure:
    figure, axes = canvas(height=2.8)
    looks = cycle(product(("-", "--", ":"), SEQUENCE))
    for part, course, (line, color) in zip(gates.parts, courses, looks, strict=False):
        mean, spread = course.T
        axes.fill_between(-gates.hours_before, mean - spread, mean + spread, color=color, alpha=0.15, lw=0)
        axes.plot(-gates.hours_before, mean, line, color=color, lw=1.5, label=part.name)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(label)
    axes.set_title(f"{title}: mean ± standard deviation over windows")
    axes.legend(ncols=min(4, len(gates.parts)))
    _lookback(axes, gates)
    light_grid(axes)
    return figure


def _lookback(axes: Axes, gates: GateStatistics) -> None:
    axes.set_xlim(-gates.lookback_hours, 0)
    hours_axis(axes, gates.lookback_hours)


def _only_last_label(column: np.ndarray) -> None:
    for axes in column[:-1]:
        axes.set_xlabel("")
