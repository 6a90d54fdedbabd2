"""Figures of filters: their taps, their norms, and which of them are read."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Patch

from lstmkit.analysis.filters.bank import Connections, FilterBank, FilterNorms
from lstmkit.plots.style import ACCENT, MUTED, SIGNED_COLORS, WARM, axes_grid, light_grid
from lstmkit.wording import feature_label

COLUMNS = 8  # small multiples in a row
PANEL = 0.115  # inches per row of a panel


def plot_filter_bank(bank: FilterBank) -> Figure:
    """Every filter of the first layer as a small heatmap of features and taps, all on one colour scale.

    Args:
        bank: of the first layer.
    """
    rows = -(-len(bank.weights) // COLUMNS)
    columns = min(COLUMNS, len(bank.weights))
    height = 1.0 + rows * max(0.9, 0.45 + PANEL * len(bank.channels))
    figure, panels = axes_grid(rows, columns, height=height, squeeze=False)
    largest = float(np.abs(bank.weights).max()) or 1.0
    for position, axes in enumerate(panels.flat):
        if position >= len(bank.weights):
            axes.axis("off")
            continue
        number = int(bank.order[position])
        image = _filter(axes, bank, number, largest)
        if position % columns:
            axes.set_yticks([])
        if position + columns < len(bank.weights):
            axes.set_xticks([])
    bar = figure.colorbar(image, ax=panels, orientation="horizontal", pad=0.01, aspect=60, shrink=0.6)
    bar.outline.set_visible(False)
    bar.set_label("effective weight per standard deviation of the feature", color=MUTED, fontsize=8)
    offsets, unit = _scaled_offsets(bank)
    sides = "before (−) and after (+)" if offsets[-1] > 0 else "before (−)"
    figure.supxlabel(f"time {sides} the step described ({unit})", fontsize=9)
    return figure


def _filter(axes: Axes, bank: FilterBank, number: int, largest: float) -> AxesImage:
    offsets, _ = _scaled_offsets(bank)
    image = axes.imshow(
        bank.weights[number],
        aspect="auto",
        interpolation="nearest",
        vmin=-largest,
        vmax=largest,
        cmap=SIGNED_COLORS,
    )
    axes.set_title(f"filter {number}: {bank.norms[number]:.2f}", fontsize=7, fontweight="normal", pad=2)
    axes.set_yticks(range(len(bank.channels)), [feature_label(name) for name in bank.channels], fontsize=6.5)
    shown = sorted({0, len(offsets) // 2, len(offsets) - 1})
    labels = [f"{offsets[n]:+g}".replace("-", "−") if offsets[n] else "0" for n in shown]
    axes.set_xticks(shown, labels, fontsize=6.5)
    axes.tick_params(length=0, pad=2)
    return image


def _scaled_offsets(bank: FilterBank) -> tuple[np.ndarray, str]:
    if not bank.calendar.is_within_days:
        return bank.minutes / 60 / bank.calendar.unit_hours, f"{bank.calendar.unit}s"
    return (bank.minutes, "min") if np.abs(bank.minutes).max() < 120 else (bank.minutes / 60, "h")


def plot_filter_norms(norms: FilterNorms) -> Figure:
    """Norms of the filters of every layer as bars, largest first; dormant filters stand out.

    Args:
        norms: of all layers.
    """
    figure, panels = axes_grid(len(norms.layers), 1, height=0.4 + 2.1 * len(norms.layers), squeeze=False)
    for axes, layer, values, dormant in zip(
        panels[:, 0], norms.layers, norms.norms, norms.dormant, strict=True
    ):
        order = np.argsort(-values, kind="stable")
        colors = np.where(dormant[order], WARM, ACCENT)
        axes.bar(range(len(order)), values[order], color=colors, width=0.8)
        number_axis(axes, order)
        axes.set_ylabel("norm")
        axes.set_title(f"{layer}: norm of each effective filter")
        light_grid(axes)
        if dormant.any():
            marks = [Patch(color=ACCENT, label="active"), Patch(color=WARM, label="dormant")]
            axes.legend(handles=marks, loc="upper right", ncols=2)
    panels[-1, 0].set_xlabel("filter")
    return figure


def number_axis(axes: Axes, order: np.ndarray) -> None:
    """Write the numbers of filters under their positions.

    Args:
        axes: with one position per filter.
        order: their numbers.
    """
    crowded = len(order) > 40
    axes.set_xticks(range(len(order)), order, fontsize=5.5 if crowded else 7, rotation=90 if crowded else 0)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.7, len(order) - 0.3)


def plot_connections(connections: Connections) -> Figure:
    """How strongly each filter of a layer (rows) reads each of the layer before (columns), with both margins.

    Args:
        connections: of the second layer.
    """
    rows, columns = connections.rows, connections.columns
    height = max(1.8, 0.085 * len(rows))
    figure, ((top, corner), (main, right)) = axes_grid(
        2, 2, height=1.7 + height, width_ratios=[6, 1], height_ratios=[0.8, height]
    )
    corner.axis("off")
    image = main.imshow(
        connections.norms[np.ix_(rows, columns)],
        aspect="auto",
        interpolation="nearest",
        cmap="Blues",
        vmin=0,
        vmax=connections.norms.max() or 1.0,
    )
    number_axis(main, columns)
    main.set_yticks(range(len(rows)), rows, fontsize=5.5 if len(rows) > 40 else 7)
    main.set(
        xlim=(-0.5, len(columns) - 0.5),
        xlabel="filter of the layer before",
        ylabel=f"filter of {connections.layer}",
    )
    main.tick_params(length=0)
    top.bar(range(len(columns)), connections.by_channel[columns], color=ACCENT, width=0.8)
    top.set(xlim=(-0.5, len(columns) - 0.5), xticks=[], ylabel="norm")
    top.set_title(f"{connections.layer} reads the layer before: norms over {connections.taps} taps")
    right.barh(range(len(rows)), connections.by_filter[rows], color=ACCENT, height=0.8)
    right.set(ylim=(len(rows) - 0.5, -0.5), yticks=[], xlabel="norm")
    light_grid(top, "y")
    light_grid(right, "x")
    bar = figure.colorbar(image, cax=corner.inset_axes((0, 0.3, 1, 0.15)), orientation="horizontal")
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7)
    bar.ax.set_title("norm of one\nconnection", fontsize=7, fontweight="normal", color=MUTED)
    return figure
