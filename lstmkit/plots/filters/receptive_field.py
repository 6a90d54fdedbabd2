"""Figure of what one step behind the convolutions sees."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch

from lstmkit.analysis.filters.receptive_field import ReceptiveField
from lstmkit.findings.filters.receptive_field import as_time
from lstmkit.plots.style import INK, MUTED, SEQUENCE, axes_grid, hours_axis

MARGIN = 3  # steps shown on either side of the field
MOST_TICKS = 24


def plot_receptive_field(field: ReceptiveField) -> Figure:
    """The field of each stage within the lookback, and enlarged, step by step, with the gradient's profile.

    Args:
        field: of all stages.
    """
    n_stages = len(field.stages)
    figure, (whole, zoom, profile) = axes_grid(
        3, 1, height=2.6 + 0.36 * n_stages, height_ratios=[1.0, 0.3 + 0.3 * n_stages, 1.0]
    )
    steps = field.stages[-1].steps
    start = (field.lookback - steps) // 2
    _whole(whole, field, start)
    _steps(zoom, field)
    _profile(profile, field)
    for axes in (zoom, profile):
        axes.set_xlim(-MARGIN, steps + MARGIN)
    hours = field.interval.total_seconds() / 3600
    for step, edge in ((start, -MARGIN), (start + steps, steps + MARGIN)):
        line = ConnectionPatch(
            (min(max(step - field.lookback, -field.lookback), 0) * hours, -0.5),
            (edge, -0.6),
            "data",
            "data",
            axesA=whole,
            axesB=zoom,
            color=MUTED,
            lw=0.7,
            ls=":",
        )
        figure.add_artist(line)
    return figure


def _whole(axes: Axes, field: ReceptiveField, start: int) -> None:
    hours = field.interval.total_seconds() / 3600
    axes.barh(0, field.lookback * hours, left=-field.lookback * hours, height=0.9, color="#eef2f6")
    for row, stage in enumerate(field.stages):
        left = (start + stage.start - field.lookback) * hours
        height = 0.9 / len(field.stages)
        bottom = 0.45 - (row + 1) * height
        axes.bar(
            left, height, width=stage.steps * hours, bottom=bottom, align="edge", color=SEQUENCE[row % 6]
        )
    axes.set_ylim(-0.5, 0.5)
    axes.set_xlim(-field.lookback * hours, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_title(f"What one step sees of the lookback of {field.lookback} steps, to scale")
    hours_axis(axes, field.lookback * hours, calendar=field.calendar)
    axes.xaxis.tick_top()  # the lines to the enlargement leave below
    axes.xaxis.set_label_position("top")
    axes.spines["bottom"].set_visible(False)


def _steps(axes: Axes, field: ReceptiveField) -> None:
    for row, stage in enumerate(field.stages):
        axes.bar(
            np.arange(stage.steps) + stage.start,
            0.7,
            width=1.0,
            bottom=row - 0.35,
            align="edge",
            color=SEQUENCE[row % 6],
            edgecolor="white",
            lw=1,
        )
        axes.annotate(
            f"{stage.steps} steps, {as_time(field, stage.steps)}",
            (stage.start + stage.steps, row),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(range(len(field.stages)), [stage.label for stage in field.stages])
    axes.set_ylim(len(field.stages) - 0.4, -0.6)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _profile(axes: Axes, field: ReceptiveField) -> None:
    steps = len(field.gradient)
    axes.bar(np.arange(steps), field.gradient, width=0.85, align="edge", color=SEQUENCE[4])
    shown = np.arange(0, steps, -(-steps // MOST_TICKS))
    axes.set_xticks(shown + 0.5, shown + 1)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("gradient (%)")
    axes.set_xlabel(f"step of the field, oldest first (steps of {as_time(field, 1)})", color=INK)
