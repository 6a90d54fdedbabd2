"""Figure of how active and how sparse the filters are."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lstmkit.analysis.filters.activity import NEAR_ZERO, FilterActivity, LayerActivity
from lstmkit.plots.filters.bank import number_axis
from lstmkit.plots.style import ACCENT, MUTED, SEQUENCE, axes_grid, light_grid


def plot_filter_statistics(activity: FilterActivity) -> Figure:
    """Mean and largest activation of every filter, and the share of steps at or near zero, layer by layer.

    Args:
        activity: of all layers.
    """
    n_layers = len(activity.layers)
    figure, panels = axes_grid(3 * n_layers, 1, height=0.5 + 3.5 * n_layers)
    for position, layer in enumerate(activity.layers):
        mean, largest, sparsity = panels[3 * position : 3 * position + 3]
        _level(mean, layer, layer.mean, "mean")
        _level(largest, layer, layer.largest, "largest")
        _sparsity(sparsity, layer)
        mean.set_title(f"{layer.layer}: activation after the ReLU, and steps at or near zero")
        for axes in (mean, largest, sparsity):
            number_axis(axes, layer.order)
            light_grid(axes)
        for axes in (mean, largest):
            axes.tick_params(labelbottom=False)
    panels[-1].set_xlabel("filter, the most active first")
    return figure


def _level(axes: Axes, layer: LayerActivity, values: Float[np.ndarray, "filter"], name: str) -> None:
    axes.bar(range(len(values)), values[layer.order], color=ACCENT, width=0.8)
    axes.set_ylim(0, 1.1 * (values.max() or 1.0))
    axes.set_ylabel(name)


def _sparsity(axes: Axes, layer: LayerActivity) -> None:
    zero, near = layer.zero[layer.order], layer.near_zero[layer.order]
    positions = range(len(zero))
    axes.bar(positions, zero, color=MUTED, width=0.8, label="at zero")
    axes.bar(positions, near - zero, bottom=zero, color=SEQUENCE[1], width=0.8, label=f"at most {NEAR_ZERO}")
    axes.set_ylim(0, 150)
    axes.set_yticks([0, 50, 100])
    axes.set_ylabel("steps (%)")
    axes.legend(loc="upper right", ncols=2, fontsize=8)
