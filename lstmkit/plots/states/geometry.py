"""Figures of a cloud of hidden states: its dimensions, and its first components in the colours of what is known."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.projections.polar import PolarAxes
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d import Axes3D

from lstmkit.analysis.states.clock import Clock
from lstmkit.analysis.states.geometry import Geometry
from lstmkit.findings.states.moment import clock_words
from lstmkit.plots.groups import group_colors, group_markers
from lstmkit.plots.style import ACCENT, INK, SEQUENCE, WARM, axes_grid, canvas, light_grid

CLOCK_COLORS = mpl.colormaps["twilight_shifted"]  # dark at midnight, light at noon
DIALS = {  # where in the cycle a name stands, as a share of it
    "day": {"0 h": 0, "6": 1 / 4, "12 h": 1 / 2, "18": 3 / 4},
    "week": {
        name: (day + 0.5) / 7 for day, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
    },
    "year": {"Jan": 0, "Apr": 1 / 4, "Jul": 1 / 2, "Oct": 3 / 4},
}
DUSK = "#9aa3ae"  # a background on which both can be seen
WEEK_COLORS = (SEQUENCE[0], SEQUENCE[1])
COLUMNS = 2  # of clouds side by side
DOTS: dict[str, Any] = {"s": 7, "alpha": 0.6, "linewidths": 0}


def plot_explained_variance(geometry: Geometry) -> Figure:
    """The variance that each component holds, and what it follows.

    Args:
        geometry: of final states.
    """
    figure, (left, right) = axes_grid(1, 2, height=3.6, width_ratios=[1.1, 1])
    table, enough = geometry.variance_frame(), geometry.dimensions_holding(0.9)
    left.bar(table.index, table["percent"], color=ACCENT, width=0.75, label="each")
    left.plot(table.index, table["cumulative_percent"], color=INK, marker="o", ms=3, lw=1, label="summed")
    left.axhline(90, color=WARM, lw=0.8, ls="--")
    left.annotate(
        f"90 % in {enough}",
        (0.98, 88),
        xycoords=("axes fraction", "data"),
        ha="right",
        va="top",
        color=WARM,
        fontsize=8,
    )
    left.set_ylim(0, 104)
    left.set_xlim(0.3, max(table.index) + 0.7)
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    left.set_xlabel("principal component")
    left.set_ylabel("share of the variance (%)")
    left.set_title(f"{geometry.effective_dimension:.1f} effective dimensions")
    left.legend(loc="center right", fontsize=8)
    light_grid(left)
    _explained(right, geometry)
    return figure


def plot_by_group(geometry: Geometry) -> Figure:
    """The first two components in the colours of the group at the origin.

    Args:
        geometry: of final states.
    """
    figure, axes = canvas(height=4.4)
    plane(axes, geometry, *_grouped(geometry))
    axes.set_title(f"{geometry.representation.name} by {geometry.representation.groups.noun} at the origin")
    return settled(figure)


def plot_by_weekend(geometry: Geometry) -> Figure:
    """The first two components in the colours of weekday and weekend.

    Args:
        geometry: of final states.
    """
    figure, axes = canvas(height=4.4)
    weekend = geometry.representation.is_weekend
    plane(axes, geometry, [(color, "o") for color in WEEK_COLORS], {"weekday": ~weekend, "weekend": weekend})
    axes.set_title(f"{geometry.representation.name} by day of the week")
    return settled(figure)


def plot_by_clock(geometry: Geometry) -> Figure:
    """The first two components in the colours of the phase of the shortest cycle, with a dial as the key.

    Args:
        geometry: of final states of a series that has such a cycle.
    """
    clock = geometry.representation.clock
    assert clock is not None  # a series without a cycle has no such figure
    figure, (left, right) = axes_grid(1, 2, height=4.4, width_ratios=[5, 1])
    order = _drawing_order(len(geometry.representation))
    x, y = geometry.scores[order, :2].T
    left.scatter(
        x,
        y,
        c=geometry.representation.phase[order],
        cmap=CLOCK_COLORS,
        norm=Normalize(0, clock.period),
        **DOTS | {"alpha": 0.9},
    )
    left.set_facecolor(DUSK)
    frame_plane(left, geometry)
    left.set_title(f"{geometry.representation.name} by {clock_words(clock)}")
    dial(figure, right, clock)
    return settled(figure)


def plot_in_space(geometry: Geometry) -> Figure:
    """The first three components in the colours of the group at the origin.

    Args:
        geometry: of final states.
    """
    figure, axes = canvas(height=4.8, subplot_kw={"projection": "3d"})
    assert isinstance(axes, Axes3D)
    states, order = geometry.representation, _drawing_order(len(geometry.representation))
    colors = group_colors(states.groups)
    x, y, z = geometry.scores[order, :3].T
    axes.scatter(x, y, z, c=np.array(colors)[states.group[order]], depthshade=False, **DOTS | {"s": 4})
    for index, axis in enumerate((axes.xaxis, axes.yaxis, axes.zaxis)):
        axis.set_label_text(component_label(geometry, index))
        axis.set_pane_color((1, 1, 1, 0))
        axis.set_major_locator(MaxNLocator(4))
    axes.tick_params(labelsize=7, pad=0)
    axes.set_box_aspect((1.3, 1.3, 1), zoom=0.92)
    for label, color in zip(states.groups.labels, colors, strict=True):
        axes.scatter([], [], [], color=color, s=30, label=label)
    axes.legend(loc="center left", bbox_to_anchor=(1.06, 0.5), fontsize=8)
    axes.set_title(f"{states.name} in three components")
    return figure


def plane(
    axes: Axes,
    geometry: Geometry,
    marks: Sequence[tuple[str, str]],
    groups: dict[str, np.ndarray],
) -> None:
    """Draw the first two components of all states in the colours of groups, with the mean of each.

    Args:
        axes: to draw on.
        geometry: of final states.
        marks: colour and marker of the mean, one pair per group.
        groups: name to membership, shape (window,).
    """
    order = _drawing_order(len(geometry.representation))
    shades = np.empty(len(order), dtype=object)
    for (color, _), inside in zip(marks, groups.values(), strict=True):
        shades[inside] = mpl.colors.to_hex(color)
    x, y = geometry.scores[order, :2].T
    axes.scatter(x, y, c=list(shades[order]), **DOTS)
    for (color, marker), (name, inside) in zip(marks, groups.items(), strict=True):
        label = f"{name} ({inside.sum():,})"
        x, y = geometry.scores[inside, :2].mean(axis=0) if inside.any() else (np.nan, np.nan)
        look: dict[str, Any] = {"s": 110, "edgecolors": "white", "linewidths": 1.5, "zorder": 3}
        axes.scatter(x, y, color=color, marker=marker, label=label, **look)
    frame_plane(axes, geometry)
    axes.legend(
        title="means (windows)",
        title_fontsize=8,
        fontsize=8,
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        alignment="left",
    )


def planes(geometries: Sequence[Geometry]) -> Figure:
    """Several clouds, each in the plane of its own first two components, in the colours of the group at the origin.

    Args:
        geometries: of the same windows.
    """
    rows = -(-len(geometries) // COLUMNS)
    figure, grid = axes_grid(rows, min(COLUMNS, len(geometries)), height=0.3 + 3.6 * rows, squeeze=False)
    panels = grid.ravel()
    for axes in panels[len(geometries) :]:
        axes.remove()
    for axes, geometry in zip(panels, geometries, strict=False):
        plane(axes, geometry, *_grouped(geometry))
        axes.get_legend().remove()
        axes.set_title(
            f"{geometry.representation.name}: {geometry.effective_dimension:.1f} effective dimensions"
        )
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)), fontsize=8)
    return settled(figure)


def _grouped(geometry: Geometry) -> tuple[list[tuple[str, str]], dict[str, np.ndarray]]:
    """Colour and marker of each group, and which windows start in it."""
    states = geometry.representation
    marks: list[tuple[str, str]] = list(
        zip(group_colors(states.groups), group_markers(states.groups), strict=True)
    )
    return marks, {label: states.group == index for index, label in enumerate(states.groups.labels)}


def frame_plane(axes: Axes, geometry: Geometry) -> None:
    """Label the plane of the first two components, with one scale for both, so that distances are true.

    Args:
        axes: whose data are scores.
        geometry: of final states.
    """
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel(component_label(geometry, 0))
    axes.set_ylabel(component_label(geometry, 1))


def settled(figure: Figure) -> Figure:
    """The figure after a first layout: equal scales move the limits, and so the tick labels, only then.

    Args:
        figure: with a plane.
    """
    figure.draw_without_rendering()
    return figure


def component_label(geometry: Geometry, index: int) -> str:
    """A component's name with its share of the variance.

    Args:
        geometry: of final states.
        index: of the component, from 0.
    """
    share = 100 * geometry.shares[index] if index < len(geometry.shares) else 0.0
    return f"PC{index + 1} ({share:.0f} %)"


def dial(figure: Figure, axes: Axes, clock: Clock) -> None:
    """Draw the key of the phases of a cycle: a dial, with the begin of the cycle on top.

    Args:
        figure: to draw on.
        axes: of a grid of the figure, in whose place the dial is drawn.
        clock: of the cycle.
    """
    place = axes.get_subplotspec()
    assert place is not None
    axes.remove()
    face = figure.add_subplot(place, projection="polar")
    assert isinstance(face, PolarAxes)
    edges = np.linspace(0, 2 * np.pi, 97)
    phases = (np.arange(96) + 0.5) / 96 * clock.period
    face.pcolormesh(edges, [0.55, 1], phases[None], cmap=CLOCK_COLORS, norm=Normalize(0, clock.period))
    face.set_theta_zero_location("N")
    face.set_theta_direction(-1)
    face.set_ylim(0, 1)
    face.set_yticks([])
    names = DIALS[clock.cycle]
    face.set_xticks([2 * np.pi * share for share in names.values()], list(names), fontsize=8)
    face.tick_params(pad=-2)
    face.grid(False)
    face.spines["polar"].set_visible(False)


def _explained(axes: Axes, geometry: Geometry) -> None:
    table = geometry.explained
    axes.imshow(table, vmin=0, vmax=100, cmap="Blues", aspect="auto")
    for (row, column), percent in np.ndenumerate(table.to_numpy()):
        color = "white" if percent > 60 else INK
        axes.text(column, row, f"{percent:.0f}", ha="center", va="center", color=color, fontsize=8)
    axes.set_xticks(range(table.shape[1]), table.columns)
    axes.set_yticks(range(len(table)), [geometry.called(name) for name in table.index])
    axes.axvline(table.shape[1] - 1.5, color="white", lw=3)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title("Share of each that follows … (%)")


def _drawing_order(n_points: int) -> np.ndarray:
    """An order in which no group of points lies on top of the others."""
    return np.random.default_rng(0).permutation(n_points)
