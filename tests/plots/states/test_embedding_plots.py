"""Figures of the CNN's embedding: both planes show the Result's numbers in the right colours."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from lstmkit.analysis.states.embedding import Embedding
from lstmkit.plots.groups import colors_of
from lstmkit.plots.states.embedding import plot_embedding_by_clock, plot_embedding_by_group
from tests.analysis.states.clouds import cloud
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts

FIGURES = [plot_embedding_by_group, plot_embedding_by_clock]


def made(n: int = 300, scale: float = 1.0, latest=None) -> Embedding:
    random = np.random.default_rng(0)
    latest = np.array([400.0, 500.0, 600.0])[np.arange(n) % 3] if latest is None else latest
    return Embedding(
        representation=cloud(random.normal(size=(n, 5)), latest, name="CNN output"),
        pca=scale * random.normal(size=(n, 2)) * [3, 1],
        explained=(0.314, 0.087),
        tsne=random.uniform(-40, 40, size=(n, 2)),
        perplexity=30.0,
        n_components=50,
        kept=0.88,
        overlapping=0.1,
        silhouette=0.2,
        group=None,
        phase=None,
        omitted="too short",
    )


CASES = {
    "usual": made(),
    "small": made(scale=1e-4),
    "large": made(scale=1e3),
    "one point": made(1),
    "still": made(scale=0.0),
    "one regime": made(latest=900.0),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("draw", FIGURES)
def test_figures_are_whole_and_unknown_to_pyplot(draw, case):
    before = plt.get_fignums()
    figure = draw(CASES[case])
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


def test_each_regime_has_its_points_and_colour_on_both_planes():
    result = CASES["usual"]
    figure = plot_embedding_by_group(result)
    for axes, plane in zip(figure.axes, (result.pca, result.tsne), strict=True):
        for index, (points, color) in enumerate(zip(axes.collections, colors_of(3, 3), strict=True)):
            np.testing.assert_array_equal(points.get_offsets(), plane[result.representation.group == index])
            assert tuple(points.get_facecolor()[0][:3]) == to_rgba(color)[:3]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "Low (100 windows)",
        "Medium (100 windows)",
        "High (100 windows)",
    ]


def test_hours_go_round_the_clock_of_the_key():
    result = CASES["usual"]
    figure = plot_embedding_by_clock(result)
    left, right, key = figure.axes
    for axes, plane in ((left, result.pca), (right, result.tsne)):
        (points,) = axes.collections
        np.testing.assert_array_equal(points.get_offsets(), plane)
        np.testing.assert_array_equal(points.get_array(), result.representation.phase)
        (dial,) = key.collections
        assert points.get_cmap() == dial.get_cmap()
        assert (points.norm.vmin, points.norm.vmax) == (dial.norm.vmin, dial.norm.vmax) == (0, 24)
        cyclic = points.get_cmap()
        np.testing.assert_allclose(cyclic(points.norm(0.0)), cyclic(points.norm(23.99)), atol=0.02)


@pytest.mark.parametrize("draw", FIGURES)
def test_axes_say_what_they_are_and_keep_distances(draw):
    left, right = draw(CASES["usual"]).axes[:2]
    assert (left.get_xlabel(), left.get_ylabel()) == ("PC1 (31 %)", "PC2 (9 %)")
    assert right.get_xlabel() == "its axes have no unit and no meaning"
    assert not right.get_xticks().size
    assert left.get_title(loc="left") == "CNN output: PCA"
    assert right.get_title(loc="left") == "CNN output: t-SNE"
    assert left.get_aspect() == right.get_aspect() == 1
