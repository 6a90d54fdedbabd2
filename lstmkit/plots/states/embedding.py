"""Figures of what the convolutions make of a window, on the planes of PCA and t-SNE."""

from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from lstmkit.analysis.states.embedding import Embedding
from lstmkit.plots.groups import group_colors, group_markers
from lstmkit.plots.states.geometry import CLOCK_COLORS, DOTS, DUSK, dial, settled
from lstmkit.plots.style import MUTED, axes_grid


def plot_embedding_by_group(embedding: Embedding) -> Figure:
    """Both planes in the colours and marks of the group at the origin.

    Args:
        embedding: of some windows.
    """
    figure, pair = axes_grid(1, 2, height=4.2)
    states = embedding.representation
    for axes, plane in zip(pair, (embedding.pca, embedding.tsne), strict=True):
        looks = zip(group_colors(states.groups), group_markers(states.groups), strict=True)
        for index, (label, (color, marker)) in enumerate(zip(states.groups.labels, looks, strict=True)):
            inside = states.group == index
            name = f"{label} ({inside.sum():,} windows)"
            axes.scatter(*plane[inside].T, color=color, marker=marker, label=name, **DOTS)
    left, right = pair
    _frame(left, right, embedding)
    handles, labels = left.get_legend_handles_labels()
    legend = figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8, markerscale=2)
    for handle in filter(None, legend.legend_handles):
        handle.set_alpha(1)
    return settled(figure)


def plot_embedding_by_clock(embedding: Embedding) -> Figure:
    """Both planes in the colours of the phase of the shortest cycle, with a dial as the key.

    Args:
        embedding: of some windows of a series that has such a cycle.
    """
    clock = embedding.representation.clock
    assert clock is not None  # a series without a cycle has no such figure
    figure, (left, right, key) = axes_grid(1, 3, height=3.9, width_ratios=[4, 4, 1.2])
    phase, norm = embedding.representation.phase, Normalize(0, clock.period)
    for axes, plane in zip((left, right), (embedding.pca, embedding.tsne), strict=True):
        x, y = plane.T
        axes.scatter(x, y, c=phase, cmap=CLOCK_COLORS, norm=norm, **DOTS | {"alpha": 0.9})
        axes.set_facecolor(DUSK)
    _frame(left, right, embedding)
    dial(figure, key, clock)
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
