"""The figure of the gates of every unit in one window."""

from matplotlib.figure import Figure

from lstmkit.analysis.gates.one_window import OneWindowGates
from lstmkit.analysis.gates.part import GATE_NAMES
from lstmkit.plots.gates.panels import step_axis, step_limits
from lstmkit.plots.style import MUTED, SIGNED_COLORS, axes_grid

CANDIDATE = GATE_NAMES.index("candidate")


def plot_one_window_gates(gates: OneWindowGates) -> Figure:
    """Each gate of each unit at each step, the units with the longest memory on top.

    Args:
        gates: of one layer and direction.
    """
    figure, grid = axes_grid(2, 2, height=4.8, sharex=True, sharey=True)
    units = gates.by_memory
    limits = (*step_limits(gates.lstm, gates.lookback_hours), len(units), 0)
    images = []
    for k, (axes, gate) in enumerate(zip(grid.flat, GATE_NAMES, strict=True)):
        signed = k == CANDIDATE
        images.append(
            axes.imshow(
                gates.values[k][:, units].T,
                aspect="auto",
                interpolation="nearest",
                extent=limits,
                vmin=-1 if signed else 0,
                vmax=1,
                cmap=SIGNED_COLORS if signed else "viridis",
            )
        )
        axes.set_title(f"{gate}, {gates.name}", fontsize=9)
    for row in grid:
        row[0].set_ylabel("units")
    for axes in grid[-1]:
        step_axis(axes, gates.lstm, gates.lookback_hours, gates.calendar, most_ticks=6)
    for image, axes, label in ((images[0], grid[0, 1], "gate"), (images[CANDIDATE], grid[1, 1], "candidate")):
        bar = figure.colorbar(image, ax=axes, pad=0.02, aspect=20)
        bar.outline.set_visible(False)
        bar.set_label(label, color=MUTED, fontsize=8)
    return figure
