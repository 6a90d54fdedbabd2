"""Figures of what the convolutions make of a window, on the planes of PCA and t-SNE."""

from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from lstmkit.analysis.states.embedding import Embedding
from lstmkit.plots.states.geometry import CLOCK_COLORS, DOTS, DUSK, clock, settled
from lstmkit.plots.style import MUTED, REGIME_COLORS, axes_grid


def plot_embedding_by_regime(embedding: Embedding) -> Figure:
    """Both planes in the colours of the target's regime at the origin.

    Args:
        embedding: of some windows.
    """
    figure, pair = axes_grid(1, 2, height=4.2)
    states = embedding.representation
    for axes, plane in zip(pair, (embedding.pca, embedding.tsne), strict=True):
        for index, (label, color) in enumerate(zip(states.regimes.labels, REGIME_COLORS, strict=True)):
            inside = states.regime == index
            axes.scatter(*plane[inside].T, color=color, label=f"{label} ({inside.sum():,} windows)", **DOTS)
    left, right = pair
    _frame(left, right, embedding)
    handles, labels = left.get_legend_handles_labels()
    legend = figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8, markerscale=2)
    for handle in filter(None, legend.legend_handles):
        handle.set_alpha(1)
    return settled(figure)


def plot_embedding_by_hour(embedding: Embedding) -> Figure:
    """Both planes in the colours of the hour of day, with a clock as the key.

    Args:
        embedding: of some windows.
    """
    figure, (left, right, key) = axes_grid(1, 3, height=3.9, width_ratios=[4, 4, 1.2])
    hour = embedding.representation.hour
    for axes, plane in zip((left, right), (embedding.pca, embedding.tsne), strict=True):
        x, y = plane.T
        axes.scatter(x, y, c=hour, cmap=CLOCK_COLORS, norm=Normalize(0, 24), **DOTS | {"alpha": 0.9})
        axes.set_facecolor(DUSK)
    _frame(left, right, embedding)
    clock(figure, key)
    return settled(figure)


def _frame(left: Axes, right: Axes, embedding: Embedding) -> None:
    for axes in (left, right):
        axes.set_aspect("equal", adjustable="datalim")
    left.locator_params(nbins=4)
    left.set_xlabel(f"PC1 ({100 * embedding.explained[0]:.0f} %)")
    left.set_ylabel(f"PC2 ({100 * embedding.explained[1]:.0f} %)")
    left.set_title(f"{embedding.representation.name}: PCA")
    right.set_xticks([])
    right.set_yticks([])
    right.set_xlabel("its axes have no unit and no meaning", color=MUTED, fontsize=8)
    right.set_title(f"{embedding.representation.name}: t-SNE")
