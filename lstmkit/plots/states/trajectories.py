"""Figures of the paths of hidden states through their space."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from lstmkit.analysis.states.geometry import Geometry
from lstmkit.analysis.states.one_path import OnePath
from lstmkit.analysis.states.trajectories import NEAR, Trajectories
from lstmkit.data.calendar import Calendar
from lstmkit.findings.states.moment import moment
from lstmkit.plots.groups import group_colors
from lstmkit.plots.states.geometry import component_label, frame_plane, settled
from lstmkit.plots.style import (
    ACCENT,
    INK,
    MUTED,
    WARM,
    axes_grid,
    canvas,
    hours_axis,
    light_grid,
)
from lstmkit.wording import digits

COLUMNS = 4
TIME_COLORS = "plasma_r"


def plot_trajectories(trajectories: Trajectories) -> Figure:
    """Paths of the state over the lookback, and the distances from where they end.

    Args:
        trajectories: of the last layer.
    """
    n_paths = len(trajectories.paths)
    rows = -(-n_paths // COLUMNS)
    figure, grid = axes_grid(
        rows + 1, COLUMNS, height=2.1 * rows + 2.6, squeeze=False, height_ratios=[*[1] * rows, 1.15]
    )
    panels = grid[:rows].ravel()
    for axes in [*panels[n_paths:], *grid[rows]]:
        axes.remove()
    lines = [_path(axes, trajectories, index) for index, axes in enumerate(panels[:n_paths])]
    _share_limits(panels[:n_paths], trajectories)
    _bar(figure, lines[0], list(panels[:n_paths]), trajectories.calendar)
    _distances(figure.add_subplot(grid[0, 0].get_gridspec()[rows, :]), trajectories)
    return figure


def plot_path(path: OnePath) -> Figure:
    """The path of the state over one window, in the plane of all final states.

    Args:
        path: of the window.
    """
    figure, axes = canvas(height=4.4)
    line = _draw(axes, path.geometry, path.start, path.points, path.hours_before, path.lookback_hours, ACCENT)
    frame_plane(axes, path.geometry)
    _bar(figure, line, [axes], path.geometry.representation.calendar)
    axes.set_title(f"{path.geometry.representation.name}: from the zero state (cross) to the last one (dot)")
    return settled(figure)


def _path(axes: Axes, trajectories: Trajectories, index: int) -> LineCollection:
    geometry, position = trajectories.geometry, trajectories.windows[index]
    states = geometry.representation
    points, color = trajectories.paths[index], group_colors(states.groups)[states.group[position]]
    hours, whole = trajectories.hours_before, trajectories.lookback_hours
    line = _draw(axes, geometry, trajectories.start, points, hours, whole, color)
    axes.set_title(
        f"{digits(states.latest[position])} {states.unit}, {states.groups.labels[states.group[position]]}\n"
        f"{moment(states.origin[position], states.calendar)}",
        fontsize=8,
        fontweight="normal",
    )
    return line


def _draw(
    axes: Axes,
    geometry: Geometry,
    start: np.ndarray,
    path: np.ndarray,
    hours_before: np.ndarray,
    lookback_hours: float,
    color: str,
) -> LineCollection:
    """All final states in grey, and a path from its start to its end, in the colours of its times."""
    x, y = geometry.scores[:, :2].T
    axes.scatter(x, y, color="#d5dae0", s=2, linewidths=0)
    points = np.vstack([start[:2], path[:, :2]])
    segments = np.stack([points[:-1], points[1:]], axis=1)
    per_unit = geometry.representation.calendar.unit_hours
    line = LineCollection(
        list(segments),
        cmap=TIME_COLORS,
        norm=Normalize(-lookback_hours / per_unit, 0),
        lw=1.1,
        capstyle="round",
    )
    line.set_array(-hours_before / per_unit)
    axes.add_collection(line)
    axes.plot(*points[0], marker="x", color=INK, ms=5)
    axes.plot(*points[-1], marker="o", color=color, mec=INK, mew=0.6, ms=6)
    return line


def _bar(figure: Figure, line: LineCollection, panels: list[Axes], calendar: Calendar) -> None:
    bar = figure.colorbar(line, ax=panels, pad=0.01, aspect=30)
    bar.outline.set_visible(False)
    bar.set_label(f"{calendar.unit}s before the forecast", fontsize=8)
    bar.ax.yaxis.set_major_formatter(lambda before, _: f"{abs(before):g}")


def _share_limits(panels: np.ndarray, trajectories: Trajectories) -> None:
    points = np.vstack(
        [
            trajectories.geometry.scores[:, :2],
            trajectories.paths[:, :, :2].reshape(-1, 2),
            trajectories.start[None, :2],
        ]
    )
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.05 * (high - low) + (high == low)
    for index, axes in enumerate(panels):
        axes.set_xlim(low[0] - margin[0], high[0] + margin[0])
        axes.set_ylim(low[1] - margin[1], high[1] + margin[1])
        axes.set_xticks([])
        axes.set_yticks([])
        if index % COLUMNS == 0:
            axes.set_ylabel(component_label(trajectories.geometry, 1), fontsize=8)
        if index >= len(panels) - COLUMNS:
            axes.set_xlabel(component_label(trajectories.geometry, 0), fontsize=8)


def _distances(axes: Axes, trajectories: Trajectories) -> None:
    curves = [
        (trajectories.hours_before, trajectories.to_end, ACCENT, "from the state then to the last"),
        (
            trajectories.read_hours,
            trajectories.read_distance,
            WARM,
            "from the state after reading only since then to the last",
        ),
    ]
    for hours, (low, median, high), color, label in curves:
        axes.fill_between(-hours, low, high, color=color, alpha=0.18, lw=0)
        axes.plot(-hours, median, color=color, lw=1.5, label=label)
    axes.axhline(NEAR, color=MUTED, lw=0.8, ls="--")
    axes.set_xlim(-trajectories.lookback_hours, 0)
    axes.set_ylim(0, 1.35 * max(high.max(initial=NEAR) for _, (_, _, high), _, _ in curves))
    axes.set_ylabel("distance (spreads)")
    axes.set_title("Distances of states: median and middle half of the windows")
    axes.legend(fontsize=8, loc="upper left", ncols=2)
    hours_axis(axes, trajectories.lookback_hours, calendar=trajectories.calendar)
    light_grid(axes)
