"""Figures of the gradient's way back through a convolutional model."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lstmkit.analysis.attribution.gradient_flow import GradientFlow
from lstmkit.plots.style import (
    ACCENT,
    INK,
    MAGNITUDE_COLORS,
    MUTED,
    axes_grid,
    hours_axis,
    light_grid,
    magnitude_norm,
    power_ticks,
)


def plot_stage_gradients(flow: GradientFlow) -> Figure:
    """Mean gradient magnitude per channel and step at each stage, each on its own colour scale.

    Args:
        flow: of a convolutional model.
    """
    figure, panels = axes_grid(1, len(flow.magnitude), height=3.6)
    for axes, values, hours, stage in zip(
        panels, flow.magnitude, flow.hours_before, flow.stages[1:], strict=True
    ):
        length = hours[0] + (hours[0] - hours[1])
        image = axes.imshow(
            values,
            aspect="auto",
            interpolation="nearest",
            extent=(-length, 0, len(values) - 0.5, -0.5),
            norm=magnitude_norm(values.max()),
            cmap=MAGNITUDE_COLORS,
        )
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_title(f"{stage}\n{len(values)} channels × {values.shape[1]} steps", fontsize=9)
        hours_axis(axes, length, 5, flow.calendar)
        bar = figure.colorbar(image, ax=axes, orientation="horizontal", pad=0.02, aspect=30, extend="min")
        bar.outline.set_visible(False)
        power_ticks(bar.long_axis)
    panels[0].set_ylabel("channel")
    panels[1].set_xlabel(f"{flow.calendar.unit}s before the forecast")
    return figure


def plot_flow_ratio(flow: GradientFlow) -> Figure:
    """Mean norm of the gradient at each stage, and its ratio from stage to stage.

    Args:
        flow: of a convolutional model.
    """
    figure, (left, right) = axes_grid(1, 2, height=2.6)
    rows = np.arange(len(flow.stages))
    left.barh(rows, flow.norm, xerr=flow.norm_error, color=ACCENT, height=0.6, ecolor=INK, capsize=2)
    left.set_yticks(rows, flow.stages)
    left.set_xlabel("mean norm of the gradient")
    left.set_title("Gradient at each stage")
    pairs = np.arange(len(flow.ratio))
    right.axvline(1, color=MUTED, lw=1, ls="--")
    right.errorbar(flow.ratio, pairs, xerr=flow.ratio_error, fmt="o", color=ACCENT, ecolor=INK, capsize=2)
    right.set_yticks(pairs, flow.pairs)
    right.set_ylim(-0.6, len(pairs) - 0.4)
    right.set_xlabel("ratio of means (earlier stage / later)")
    right.set_title("Gained or lost on the way back")
    for axes in (left, right):
        axes.invert_yaxis()
        axes.set_xlim(left=0)
        light_grid(axes, "x")
    return figure
