"""Figures of an LSTM's weights."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from lstmkit.analysis.weights.inputs import InputWeights
from lstmkit.analysis.weights.layers import GATES
from lstmkit.analysis.weights.recurrent import RecurrentWeights
from lstmkit.analysis.weights.singular_values import SingularValues, Spectrum
from lstmkit.plots.style import (
    ACCENT,
    INK,
    MUTED,
    SEQUENCE,
    SIGNED_COLORS,
    axes_grid,
    canvas,
    light_grid,
)

GATE_COLORS = (SEQUENCE[1], SEQUENCE[2], SEQUENCE[3], SEQUENCE[5])
MOST_NAMES = 16  # rows, up to which each has a name and each value a mark


def plot_input_weights(*weights: InputWeights) -> Figure:
    """Weights from each input to each unit, gate by gate, with each input's share of the squared weights.

    Args:
        *weights: of the first layer of each LSTM, one below the other.
    """
    heights = [1.4 + 4 * max(1.0, min(2.1, 0.15 * len(each.inputs))) for each in weights]
    shape = {"sharey": True, "width_ratios": [5, 1.2]}
    if len(weights) == 1:
        figure, panels = axes_grid(4, 2, height=heights[0], **shape)
        _draw_inputs(figure, panels, weights[0])
        return figure
    figure, whole = canvas(height=sum(heights))
    whole.remove()
    parts = np.asarray(figure.subfigures(len(weights), 1, height_ratios=heights))
    for part, each in zip(parts, weights, strict=True):
        _draw_inputs(part, part.subplots(4, 2, **shape), each)
        part.suptitle(each.lstm, x=0.01, ha="left", weight="bold")
    return figure


def _draw_inputs(figure: FigureBase, panels: np.ndarray, weights: InputWeights) -> None:
    n_units, n_inputs = weights.weights.shape[1:]
    for gate, (left, right) in enumerate(panels):
        image = left.imshow(
            weights.weights[gate].T,
            aspect="auto",
            interpolation="nearest",
            extent=(0, n_units, n_inputs - 0.5, -0.5),
            vmin=-weights.limit,
            vmax=weights.limit,
            cmap=SIGNED_COLORS,
        )
        for border in range(weights.per_direction, n_units, weights.per_direction):
            left.axvline(border, color=INK, lw=1)
        left.set_title(GATES[gate].capitalize())
        right.barh(range(n_inputs), weights.share[gate], color=ACCENT, height=0.75)
        right.set_xlim(0, 1.05 * weights.share.max() or 1.0)
        light_grid(right, "x")
        for axes in (left, right):
            axes.tick_params(axis="x", labelbottom=gate == len(GATES) - 1)
            axes.tick_params(axis="y", length=0, labelsize=7.5)
    every = -(-n_inputs // MOST_NAMES)
    panels[0, 0].set_yticks(range(0, n_inputs, every), weights.inputs[::every])
    panels[-1, 0].xaxis.set_major_locator(MaxNLocator(8, integer=True))
    directions = " (forward, then backward)" if n_units > weights.per_direction else ""
    panels[-1, 0].set_xlabel(f"unit, sorted by its strongest input{directions}")
    panels[-1, 1].set_xlabel("share (%)")
    panels[0, 1].set_title("Squared weight")
    _signed_bar(figure, image, list(panels[:, 0]))


def plot_recurrent_weights(weights: RecurrentWeights) -> Figure:
    """Weights from unit to unit, gate by gate, one row of panels per layer.

    Args:
        weights: of every layer.
    """
    rows = len(weights.layers)
    figure, panels = axes_grid(rows, len(GATES), height=1.0 + 2.0 * rows, sharey="row", squeeze=False)
    for layer, loop, line in zip(weights.layers, weights.weights, panels, strict=True):
        for gate, values, axes in zip(GATES, loop, line, strict=True):
            image = axes.imshow(
                values,
                interpolation="nearest",
                extent=(0, len(values), len(values), 0),
                vmin=-weights.limit,
                vmax=weights.limit,
                cmap=SIGNED_COLORS,
            )
            axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
            axes.set_title(gate.capitalize(), fontsize=9)
        line[0].set_ylabel("\n".join([*_lines(layer), "to unit"]))
    for axes in panels[-1]:
        axes.set_xlabel("from unit")
    _signed_bar(figure, image, panels)
    return figure


def plot_singular_values(result: SingularValues) -> Figure:
    """Singular values of every matrix and of its gates, against those of random weights.

    Args:
        result: of an LSTM.
    """
    layers = list(dict.fromkeys(spectrum.layer for spectrum in result.whole))
    rows = [[spectrum for spectrum in result.whole if spectrum.layer == layer] for layer in layers]
    columns = max(map(len, rows))
    figure, panels = axes_grid(len(layers), columns, height=0.9 + 2.4 * len(layers), squeeze=False)
    for spectra, line in zip(rows, panels, strict=True):
        for spectrum, axes in zip(spectra, line, strict=False):
            _draw_spectrum(axes, spectrum, result.gates(spectrum))
        for axes in line[len(spectra) :]:  # of an LSTM without a projection beside one that has some
            axes.set_axis_off()
    for column, line in enumerate(panels.T):
        lowest = max(row for row, spectra in enumerate(rows) if column < len(spectra))
        line[lowest].set_xlabel("position")
    for axes in panels[:, 0]:
        axes.set_ylabel("singular value")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _draw_spectrum(axes: Axes, spectrum: Spectrum, gates: tuple[Spectrum, ...]) -> None:
    marker = "o" if len(spectrum.singular) <= MOST_NAMES else ""
    for gate, color in zip(gates, GATE_COLORS[: len(gates)], strict=True):
        own = range(1, len(gate.singular) + 1)
        axes.plot(own, gate.singular, lw=0.9, color=color, label=gate.part, marker=marker, ms=2.5)
    positions = range(1, len(spectrum.singular) + 1)
    axes.plot(positions, spectrum.initial, "--", lw=1.4, color=MUTED, label="all gates, random")
    axes.plot(positions, spectrum.singular, lw=1.8, color=ACCENT, label="all gates", marker=marker, ms=2.5)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    matrix = f"$W_{{{spectrum.matrix[2:]}}}$"
    size = f"{matrix} ({spectrum.shape[0]} × {spectrum.shape[1]})"
    name = spectrum.layer.replace("$", r"\$")
    several = len(_lines(spectrum.layer)) > 1
    axes.set_title(f"{name}\n{size}" if several else f"{name.capitalize()}, {size}", parse_math=True)
    light_grid(axes)


def _lines(layer: str) -> list[str]:
    """The name of the LSTM, where there are several, and that of the layer."""
    lstm, _, part = layer.rpartition(", ")
    return [lstm, part] if lstm else [part]


def _signed_bar(figure: FigureBase, image: AxesImage, axes: Sequence[Axes] | np.ndarray) -> None:
    bar = figure.colorbar(image, ax=axes, location="bottom", pad=0.02, aspect=60, shrink=0.6, extend="both")
    bar.outline.set_visible(False)
    bar.ax.xaxis.set_major_locator(MaxNLocator(7))
    bar.set_label("weight", color=MUTED, fontsize=8)
