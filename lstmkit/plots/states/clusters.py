"""Figures of clusters of hidden states: how many, where they lie, and what they have in common."""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from lstmkit.analysis.states.clusters import ClusterCounts, Clusters
from lstmkit.findings.states.clusters import correction_words
from lstmkit.plots.states.geometry import frame_plane, plane, settled
from lstmkit.plots.style import ACCENT, INK, MUTED, WARM, axes_grid, canvas, light_grid
from lstmkit.wording import digits, plain


def plot_silhouette(counts: ClusterCounts) -> Figure:
    """The mean silhouette for each number of clusters, and how far both halves of the time agree on them.

    Args:
        counts: of one representation.
    """
    figure, pair = axes_grid(1, 2, height=2.9)
    table = counts.to_frame()
    titles = {"silhouette": "How far apart?", "recurrence": "Found again in the other half?"}
    labels = {"silhouette": "mean silhouette", "recurrence": "adjusted Rand index"}
    for axes, column in zip(pair, table.columns, strict=True):
        colors = [WARM if k == counts.asked else ACCENT for k in table.index]
        axes.bar(table.index, table[column], color=colors, width=0.7)
        for k, value in table[column].items():
            axes.annotate(
                plain(value),
                (k, max(value, 0)),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                fontweight="bold" if column == "silhouette" and k == counts.best else "normal",
            )
        axes.set_ylim(min(0, 1.1 * table[column].min()) if len(table) else 0, 1.08)
        axes.axhline(0, color=MUTED, lw=0.8)
        axes.set_xticks(list(table.index))
        axes.set_xlabel(f"clusters (the study asks for {counts.asked}, red)")
        axes.set_ylabel(labels[column])
        axes.set_title(titles[column])
        light_grid(axes)
    return figure


def plot_clusters(clusters: Clusters) -> Figure:
    """The first two components in the colours of the clusters.

    Args:
        clusters: of final states.
    """
    figure, axes = canvas(height=4.4)
    groups = {f"cluster {k}": clusters.labels == k - 1 for k in clusters.counts.index}
    plane(axes, clusters.geometry, [(mpl.colors.to_hex(color), "o") for color in _colors(clusters)], groups)
    axes.set_title(f"{clusters.geometry.representation.name} by cluster")
    return settled(figure)


def plot_crosstab(clusters: Clusters) -> Figure:
    """The share of each group in each cluster.

    Args:
        clusters: of final states.
    """
    table, counts = clusters.row_percent, clusters.counts
    figure, axes = canvas(height=1.1 + 0.45 * len(table))
    axes.imshow(table, vmin=0, vmax=100, cmap="Blues", aspect="auto")
    for (row, column), percent in np.ndenumerate(table.to_numpy()):
        text = f"{percent:.0f} %  ({counts.iloc[row, column]:,})"
        axes.text(column, row, text, ha="center", va="center", color="white" if percent > 60 else INK)
    means = clusters.to_frame().iloc[:, 1]
    unit = clusters.geometry.representation.unit
    axes.set_xticks(range(table.shape[1]), table.columns)
    axes.set_yticks(
        range(len(table)),
        [f"cluster {k}: mean {digits(means[k])} {unit}, n = {counts.loc[k].sum():,}" for k in table.index],
    )
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(f"Share of each cluster in each {clusters.geometry.representation.groups.noun} (windows)")
    return figure


def plot_centroids(clusters: Clusters) -> Figure:
    """The centroids in the plane of the first two components, with what their windows have in common.

    Args:
        clusters: of final states.
    """
    figure, axes = canvas(height=4.4)
    geometry, colors = clusters.geometry, _colors(clusters)
    centroids = geometry.project(clusters.centroids)[:, :2]
    x, y = geometry.scores[:, :2].T
    axes.scatter(x, y, c=colors[clusters.labels], s=5, alpha=0.15, linewidths=0)
    across, up = centroids.T
    axes.scatter(across, up, c=colors, s=220, edgecolors="white", linewidths=1.5, zorder=3)
    for number, place in zip(clusters.counts.index, centroids, strict=True):
        axes.annotate(
            str(number), place, ha="center", va="center", color="white", fontweight="bold", zorder=4
        )
    frame_plane(axes, geometry)
    axes.set_title(f"{geometry.representation.name}: centroids of the clusters")
    settled(figure)
    _labels_beside(axes, clusters, centroids)
    return figure


def _labels_beside(axes: Axes, clusters: Clusters, centroids: np.ndarray) -> None:
    """One label per cluster in a column on the right, matched so that the lines are short and so do not cross."""
    table, unit = clusters.to_frame(), clusters.geometry.representation.unit
    corrections = correction_words(clusters)
    places = np.stack([np.full(len(table), 1.04), (np.arange(len(table)) + 0.5) / len(table)], axis=1)
    here, there = (axes.transAxes.transform(places), axes.transData.transform(centroids))
    for row, place in zip(*linear_sum_assignment(cdist(there, here)), strict=True):
        size, mean = int(table.iloc[row, 0]), table.iloc[row, 1]
        x, y = places[place]
        axes.text(
            x,
            y,
            f"{row + 1}: mean {digits(mean)} {unit} (n = {size:,})\n"
            f"{corrections[row]}{_when(clusters, int(row) + 1)}",
            transform=axes.transAxes,
            va="center",
            fontsize=8,
        )
        axes.annotate(
            "",
            xy=centroids[row],
            xytext=places[place] - (0.01, 0),
            textcoords="axes fraction",
            arrowprops={"arrowstyle": "-", "color": MUTED, "lw": 0.8, "shrinkA": 0, "shrinkB": 8},
        )


def _when(clusters: Clusters, number: int) -> str:
    """Around which phase of the shortest cycle the windows of a cluster lie."""
    if (clock := clusters.geometry.representation.clock) is None:
        return ""
    if (phase := clusters.typical(number)) is None:
        return f", all {clock.cycle}"
    return f", around {clock.shown(phase)}"


def _colors(clusters: Clusters) -> np.ndarray:
    """One colour per cluster, in the order of their numbers, and so of their mean target."""
    return mpl.colormaps["viridis"](np.linspace(0, 0.88, len(clusters.centroids)))
