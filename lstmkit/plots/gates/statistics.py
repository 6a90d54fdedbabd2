"""Figures of an LSTM's gates and cells."""

from collections.abc import Callable
from itertools import cycle, product
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lstmkit.analysis.gates.part import FORGET, GATE_NAMES, PartStatistics
from lstmkit.analysis.gates.statistics import GateStatistics
from lstmkit.analysis.gates.stream import BIN_EDGES
from lstmkit.analysis.gates.walked import WalkedLSTM
from lstmkit.plots.gates.panels import (
    gate_title,
    line_title,
    step_axis,
    step_limits,
    step_marker,
    step_positions,
)
from lstmkit.plots.groups import group_colors, group_markers
from lstmkit.plots.style import ACCENT, INK, MUTED, SEQUENCE, axes_grid, light_grid

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
            axes.set_title(gate_title(part, gate, k == 0), fontsize=9)
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
    below = -0.26 if len(gates.lstms) == 1 else -2.1 / len(table)  # half an inch, however many rows there are
    right.legend(ncols=2, loc="upper right", bbox_to_anchor=(1.02, below), fontsize=8)
    for axes in (left, right):
        light_grid(axes, "x")
    return figure


def plot_evolution(gates: GateStatistics) -> Figure:
    """Mean of each gate over the lookback, with the band that holds eight of ten units.

    Args:
        gates: of all layers.
    """
    alone = len(gates.lstms) == 1
    figure, panels = axes_grid(
        len(gates.parts), 1, height=0.5 + 1.9 * len(gates.parts), squeeze=False, sharex=alone
    )
    for part, axes in zip(gates.parts, panels[:, 0], strict=True):
        mean, steps = gates.mean(part), step_positions(part.lstm)
        for k, gate in enumerate(GATE_NAMES):
            low, high = np.quantile(mean[:, k], [0.1, 0.9], axis=1)
            axes.fill_between(steps, low, high, color=GATE_COLORS[gate], alpha=0.15, lw=0)
            axes.plot(
                steps,
                mean[:, k].mean(axis=1),
                color=GATE_COLORS[gate],
                label=gate,
                lw=1.5,
                marker=step_marker(part.lstm),
            )
        axes.set_ylabel("mean gate")
        axes.set_title(line_title(part))
        _steps(axes, part.lstm, gates)
        light_grid(axes)
    panels[0, 0].legend(ncols=4, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0)
    for axes, part, below in zip(panels[:, 0], gates.parts, gates.parts[1:], strict=False):
        if part.lstm == below.lstm:
            axes.set_xlabel("")
            axes.tick_params(axis="x", labelbottom=False)
    return figure


def plot_by_group(gates: GateStatistics) -> Figure:
    """Mean gates by group: over all units left, and unit by unit for the forget gate right.

    Args:
        gates: of all layers.
    """
    figure, rows = axes_grid(
        len(gates.parts), 2, height=0.6 + 2.2 * len(gates.parts), squeeze=False, width_ratios=[1, 1.3]
    )
    for part, (left, right) in zip(gates.parts, rows, strict=True):
        _group_bars(left, gates, part)
        _unit_differences(right, gates, part)
    look: dict[str, Any] = {"fontsize": 8, "ncols": 3, "loc": "upper right", "bbox_to_anchor": (1.02, 1.0)}
    if len(gates.present) <= look["ncols"]:
        rows[0, 0].legend(**look)
    else:
        handles, labels = rows[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, fontsize=8, ncols=5, loc="outside lower center")
    return figure


def _group_bars(axes: Axes, gates: GateStatistics, part: PartStatistics) -> None:
    means, colors = gates.group_means(part), group_colors(gates.groups)
    width = 0.8 / len(means)
    positions = np.arange(len(GATE_NAMES))
    for place, (group, mean) in enumerate(means.items()):
        axes.bar(
            positions + (place - (len(means) - 1) / 2) * width,
            mean.mean(axis=(0, 2)),
            width=0.9 * width,
            color=colors[group],
            label=gates.groups.labels[group],
        )
    axes.axhline(0, color=MUTED, lw=0.8)
    axes.set_xticks(positions, GATE_NAMES)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("mean gate")
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, top + 0.25 * (top - bottom))
    axes.set_title(line_title(part))
    light_grid(axes)


def _unit_differences(axes: Axes, gates: GateStatistics, part: PartStatistics) -> None:
    overall = gates.mean(part)[:, FORGET].mean(axis=0)
    order = np.argsort(overall)
    axes.axhline(0, color=MUTED, lw=0.8)
    marks = list(zip(group_colors(gates.groups), group_markers(gates.groups), strict=True))
    for group, mean in gates.group_means(part).items():
        values = mean[:, FORGET].mean(axis=0) - overall
        color, marker = marks[group]
        axes.plot(values[order], marker, ms=1.5 if marker == "o" else 2.5, color=color)
    axes.set_xlabel("unit, by its mean forget gate")
    axes.set_ylabel("forget gate, less\nits overall mean")
    axes.set_title(f"Unit by unit, {part.name}")
    light_grid(axes)


def plot_cell_magnitude(gates: GateStatistics) -> Figure:
    """Norm of the cell state over the lookback, mean and standard deviation over windows.

    Args:
        gates: of all layers.
    """
    return _over_steps(gates, lambda part: part.cell, "norm of the cell state", "Cell state")


def plot_update_ratio(gates: GateStatistics) -> Figure:
    """What each step writes to the cell relative to what is there, over the lookback.

    Args:
        gates: of all layers.
    """
    return _over_steps(
        gates, lambda part: 100 * part.update, "written / cell state (%)", "What each step writes"
    )


def _over_steps(
    gates: GateStatistics,
    course: Callable[[PartStatistics], Float[np.ndarray, "time moment"]],
    label: str,
    title: str,
) -> Figure:
    """One panel per LSTM, with a line for each of its parts."""
    lstms = gates.lstms
    height = 2.8 if len(lstms) == 1 else 0.4 + 2.4 * len(lstms)
    figure, panels = axes_grid(len(lstms), 1, height=height, squeeze=False)
    for lstm, axes in zip(lstms, panels[:, 0], strict=True):
        parts, steps = gates.parts_of(lstm), step_positions(lstm)
        for part, (line, color) in zip(parts, cycle(product(("-", "--", ":"), SEQUENCE)), strict=False):
            mean, spread = course(part).T
            axes.fill_between(steps, mean - spread, mean + spread, color=color, alpha=0.15, lw=0)
            name = part.name if len(lstms) == 1 else part.layer
            axes.plot(steps, mean, line, color=color, lw=1.5, label=name, marker=step_marker(lstm))
        axes.set_ylim(bottom=0)
        axes.set_ylabel(label)
        axes.set_title(lstm.name)
        axes.legend(ncols=min(4, len(parts)))
        _steps(axes, lstm, gates)
        light_grid(axes)
    what = f"{title}: mean ± standard deviation over windows"
    panels[0, 0].set_title(what if len(lstms) == 1 else f"{what}\n{lstms[0].name}")
    return figure


def _steps(axes: Axes, lstm: WalkedLSTM, gates: GateStatistics) -> None:
    axes.set_xlim(*step_limits(lstm, gates.lookback_hours))
    step_axis(axes, lstm, gates.lookback_hours, gates.calendar)
