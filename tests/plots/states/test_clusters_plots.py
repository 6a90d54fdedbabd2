"""Figures of clusters: they show the Result's numbers, and nothing overlaps."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from lstmkit.analysis.states.clusters import ClusterCounts, Clusters, count_clusters, find_clusters
from lstmkit.analysis.states.geometry import geometry
from lstmkit.plots.states.clusters import plot_centroids, plot_clusters, plot_crosstab, plot_silhouette
from tests.analysis.states.clouds import cloud
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts

PLOTS = [plot_clusters, plot_crosstab, plot_centroids]


def planted(asked: int = 4, n: int = 600, noise: float = 0.3, latest=None) -> Clusters:
    random = np.random.default_rng(0)
    group = random.integers(0, asked, n)
    values = random.normal(size=(asked, 6))[group] + noise * random.normal(size=(n, 6))
    latest = 400 + 300 * random.random(n) if latest is None else latest
    return find_clusters(geometry(cloud(values, latest), values[:, 0]), asked, seed=0)


CASES = {
    "four": lambda: planted(),
    "two": lambda: planted(2),
    "eight": lambda: planted(8),
    "in one place": lambda: planted(noise=0.0),
    "one regime": lambda: planted(latest=500.0),
    "one state": lambda: find_clusters(geometry(cloud(np.ones((30, 3))), np.zeros(30)), 4, seed=0),
    "one unit": lambda: find_clusters(geometry(cloud(np.arange(30.0)[:, None]), np.zeros(30)), 4, seed=0),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("plot", PLOTS)
def test_figures_are_whole_and_unknown_to_pyplot(plot, case):
    before = plt.get_fignums()
    figure = plot(CASES[case]())
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    for text in (text for axes in figure.axes for text in axes.texts if text.get_text().isdigit()):
        text.set_visible(False)  # numbers on the centroids, which may lie on top of one another
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


@pytest.mark.parametrize(
    "values", [np.ones((30, 2)), np.tile(np.eye(2), (9, 1)), np.random.default_rng(0).normal(size=(90, 4))]
)
def test_the_silhouette_is_drawn_for_as_many_clusters_as_there_are(values):
    counts = count_clusters(cloud(values), asked=4, seed=0)
    figure = plot_silhouette(counts)
    assert_nothing_overlaps(figure)
    for axes, column in zip(figure.axes, ("silhouette", "recurrence"), strict=True):
        np.testing.assert_allclose([bar.get_height() for bar in axes.patches], counts.to_frame()[column])


def test_the_studys_number_is_red_and_the_best_is_bold():
    counts = ClusterCounts(
        "x", np.arange(2, 6), np.array([0.3, 0.5, 0.2, 0.1]), np.array([0.9, -0.2, 0.4, 0.5]), asked=4
    )
    left, right = plot_silhouette(counts).axes
    for axes in (left, right):
        colors = [bar.get_facecolor() for bar in axes.patches]
        assert [color == colors[2] for color in colors] == [False, False, True, False]
        assert "asks for 4" in axes.get_xlabel()
    assert [text.get_text() for text in left.texts if text.get_fontweight() == "bold"] == ["0.50"]
    assert [text.get_text() for text in right.texts] == ["0.90", "−0.20", "0.40", "0.50"]
    assert right.get_ylim()[0] < -0.2


def test_the_crosstab_shows_shares_and_numbers():
    result = planted()
    axes = plot_crosstab(result).axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), result.row_percent)
    np.testing.assert_allclose(np.asarray(axes.images[0].get_array()).sum(axis=1), 100)
    texts = [text.get_text() for text in axes.texts]
    pairs = zip(result.row_percent.to_numpy().ravel(), result.counts.to_numpy().ravel(), strict=True)
    assert texts == [f"{percent:.0f} %  ({n:,})" for percent, n in pairs]
    means = result.to_frame()["mean_ppm"]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        f"cluster {k}: mean {means[k]:.0f} ppm, n = {n:,}" for k, n in result.counts.sum(axis=1).items()
    ]


def test_centroids_stand_where_they_are_and_their_labels_belong_to_them():
    result = planted()
    axes = plot_centroids(result).axes[0]
    places = result.geometry.project(result.centroids)[:, :2]
    np.testing.assert_allclose(axes.collections[1].get_offsets(), places)
    labels, lines = labels_and_lines(axes)
    assert sorted(label.get_text()[0] for label in labels) == ["1", "2", "3", "4"]
    table = result.to_frame()
    for label, line in zip(labels, lines, strict=True):
        number = int(label.get_text()[0])
        row = table.loc[number]
        np.testing.assert_allclose(line.xy, places[number - 1])
        np.testing.assert_allclose(line.get_position(), np.array(label.get_position()) - (0.01, 0))
        assert f"mean {row['mean_ppm']:.0f} ppm (n = {row['windows']:,})" in label.get_text()
        correction = f"{row['mean_correction_ppm']:+.1f}".replace("-", "−")
        assert f"correction {correction} ppm" in label.get_text()


def labels_and_lines(axes):
    """What stands beside the centroids, and the empty annotations that lead there, in the same order."""
    texts = [text for text in axes.texts if not text.get_text().isdigit()]
    return [text for text in texts if text.get_text()], [text for text in texts if not text.get_text()]


def test_lines_to_the_labels_do_not_cross():
    for seed in range(6):
        random = np.random.default_rng(seed)
        values = 3 * random.normal(size=(6, 5))[np.arange(300) % 6] + 0.1 * random.normal(size=(300, 5))
        result = find_clusters(geometry(cloud(values, random.random(300)), values[:, 0]), 6, seed=0)
        axes = plot_centroids(result).axes[0]
        axes.figure.draw_without_rendering()
        ends = [
            (axes.transData.transform(line.xy), axes.transAxes.transform(line.get_position()))
            for line in labels_and_lines(axes)[1]
        ]
        assert len(ends) == 6
        crossings = sum(crosses(*a, *b) for i, a in enumerate(ends) for b in ends[:i])
        assert crossings == 0


def crosses(a, b, c, d) -> bool:
    def side(p, q, r) -> float:
        return np.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))

    return bool(side(a, b, c) != side(a, b, d) and side(c, d, a) != side(c, d, b))


def test_clusters_are_drawn_in_the_order_of_their_colours():
    result = planted()
    axes = plot_clusters(result).axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == [f"cluster {k} ({n:,})" for k, n in result.counts.sum(axis=1).items()]
    brightness = [mean.get_facecolor()[0, :3].sum() for mean in axes.collections[1:]]
    assert brightness == sorted(brightness)
