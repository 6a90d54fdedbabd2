"""Figure of what the forecast loses with convolutional layers and with some of their filters."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from lstmkit.analysis.filters.ablation import LAYERS, LayerAblation
from lstmkit.analysis.filters.random_ablation import RandomAblation
from lstmkit.plots.style import ACCENT, INK, MUTED, SEQUENCE, WARM, axes_grid, light_grid
from lstmkit.wording import digits, signed_alike

JITTER = 0.012  # half the width over which draws of one share are spread


def plot_ablation(layers: LayerAblation, random: RandomAblation) -> Figure:
    """RMSE of each configuration above, random and chosen filters of both layers below.

    Args:
        layers: whole layers held fixed, and a model without them.
        random: parts of the layers held fixed.
    """
    figure, grid = axes_grid(2, 1, height=6.2)
    _configurations(grid[0], layers)
    spec = grid[1].get_subplotspec().subgridspec(1, len(LAYERS))
    grid[1].remove()
    first = figure.add_subplot(spec[0])
    panels = [first, *(figure.add_subplot(part, sharey=first) for part in list(spec)[1:])]
    for layer, axes in enumerate(panels):
        _draws(axes, random, layer)
    panels[0].set_ylabel(f"change of the RMSE ({random.unit})")
    figure.legend(*panels[-1].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
    return figure


def _configurations(axes: Axes, layers: LayerAblation) -> None:
    rows = np.arange(len(layers.configurations))
    colors = [ACCENT, *[MUTED] * (len(rows) - 2), SEQUENCE[2]]
    axes.barh(rows, layers.rmse, color=colors, height=0.65)
    axes.errorbar(layers.rmse[1:], rows[1:], xerr=_whiskers(layers), fmt="none", ecolor=INK, capsize=2, lw=1)
    axes.axvline(layers.rule_rmse, color=WARM, lw=1.2, ls="--")
    right = layers.rmse + np.append(0, _whiskers(layers)[1])
    for row, rmse in enumerate(layers.rmse):
        change, *_ = signed_alike(layers.increase[row], layers.low[row], layers.high[row])
        axes.annotate(
            f"{digits(rmse)} ({change})" if row else digits(rmse),
            (max(right[row], layers.rule_rmse), row),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(rows, layers.configurations)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1.2 * max(right.max(), layers.rule_rmse))
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"RMSE ({layers.unit})")
    axes.set_title("Whole layers")
    light_grid(axes, "x")


def _whiskers(layers: LayerAblation) -> np.ndarray:
    """Distances to the ends of the intervals of the increase, below and above."""
    return np.stack([layers.increase - layers.low, layers.high - layers.increase])[:, 1:]


def _draws(axes: Axes, random: RandomAblation, layer: int) -> None:
    shares, draws = np.array(random.shares), random.random[layer]
    spread = np.linspace(-JITTER, JITTER, draws.shape[1])
    for share, values in zip(shares, draws, strict=True):
        axes.scatter(share + spread, values, s=8, color=MUTED, alpha=0.7, lw=0)
    ends = [0.0, *draws.mean(axis=1), random.whole[layer]]
    x = [0.0, *shares, 1.0]
    axes.plot(x, ends, color=INK, marker="o", ms=4, lw=1.2, label="random filters, mean of the draws")
    if LAYERS[layer] == LAYERS[1]:
        most, least = (
            [0.0, *chosen, random.whole[layer]] for chosen in (random.most_used, random.least_used)
        )
        axes.plot(x, most, color=SEQUENCE[1], marker="^", ms=4, lw=1.2, label="those used most")
        axes.plot(x, least, color=ACCENT, marker="v", ms=4, lw=1.2, label="those used least")
    axes.axhline(random.rule_rmse - random.rmse, color=WARM, lw=1, ls="--", label=f"{random.rule} alone")
    axes.set_xticks(x)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_xlabel("filters held at their mean")
    axes.set_title(f"Parts of {LAYERS[layer]}")
    light_grid(axes)
