"""Figure of the filters' activity by group of windows."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lstmkit.analysis.filters.by_group import FilterRegimes, LayerByRegime
from lstmkit.findings.groups import ends_of_order
from lstmkit.plots.filters.bank import number_axis
from lstmkit.plots.groups import group_colors, group_markers
from lstmkit.plots.style import MUTED, axes_grid, light_grid


def plot_filter_regimes(regimes: FilterRegimes) -> Figure:
    """Mean activation of every filter in each group, and how much of its variance the group explains.

    Args:
        regimes: activity by group, of all layers.
    """
    n_layers = len(regimes.layers)
    figure, panels = axes_grid(
        2 * n_layers, 1, height=0.5 + 3.6 * n_layers, height_ratios=[1.7, 1] * n_layers, squeeze=False
    )
    colors, (first, second) = group_colors(regimes.groups), regimes.compared
    for position, layer in enumerate(regimes.layers):
        means, shares = panels[2 * position : 2 * position + 2, 0]
        _means(means, regimes, layer)
        _shares(shares, layer, colors[first], colors[second])
        for axes in (means, shares):
            number_axis(axes, layer.order)
            light_grid(axes)
        means.tick_params(labelbottom=False)
    panels[0, 0].legend(loc="upper center", ncols=min(5, len(regimes.labels)))
    labels = regimes.groups.labels
    panels[-1, 0].set_xlabel(f"filter, {ends_of_order(regimes.groups, labels[first], labels[second])}")
    return figure


def _means(axes: Axes, regimes: FilterRegimes, layer: LayerByRegime) -> None:
    colors, markers = group_colors(regimes.groups), group_markers(regimes.groups)
    for label, group, mean, error in zip(
        regimes.labels, regimes.present, layer.mean, layer.error, strict=True
    ):
        axes.errorbar(
            range(len(mean)),
            mean[layer.order],
            yerr=np.nan_to_num(error[layer.order]),
            fmt=markers[group],
            markersize=3.2,
            color=colors[group],
            ecolor=colors[group],
            elinewidth=0.9,
            label=label,
        )
    axes.set_ylim(0, 1.25 * (layer.mean.max() or 1.0))
    axes.set_ylabel("mean activation")
    axes.set_title(f"{layer.layer}: activation in the newest {regimes.newest} by {regimes.groups.noun}")


def _shares(axes: Axes, layer: LayerByRegime, low: str, high: str) -> None:
    special = 100 * layer.specialisation[layer.order]
    axes.bar(range(len(special)), special, color=np.where(special < 0, low, high), width=0.8)
    axes.axhline(0, color=MUTED, lw=0.8)
    reach = 1.1 * (np.abs(special).max() or 1.0)
    axes.set_ylim(-reach, reach)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    axes.set_ylabel("variance\nexplained (%)")
