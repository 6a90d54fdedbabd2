"""Figures of hidden states: they show the Result's numbers, and nothing overlaps."""

import json

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from lstmkit.analysis.states.geometry import Geometry, geometry
from lstmkit.analysis.states.layers import compare_layers
from lstmkit.plots.groups import colors_of
from lstmkit.plots.states.geometry import (
    component_label,
    plot_by_clock,
    plot_by_group,
    plot_by_weekend,
    plot_explained_variance,
    plot_in_space,
)
from lstmkit.plots.states.layers import plot_layers
from lstmkit.plots.states.space import as_output, plot_turning
from lstmkit.plots.style import SEQUENCE
from tests.analysis.states.clouds import cloud
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts

REGIME_VALUES = np.array([400.0, 500.0, 600.0])


def found(n: int = 400, units: int = 24, scale: float = 1.0, latest=None) -> Geometry:
    random = np.random.default_rng(0)
    values = scale * random.normal(size=(n, units)) * 0.8 ** np.arange(units)
    latest = REGIME_VALUES[np.arange(n) % 3] if latest is None else latest
    return geometry(cloud(values, latest), values[:, 0] + random.normal(size=n))


SINGLE = [plot_explained_variance, plot_by_group, plot_by_clock, plot_by_weekend, plot_in_space]
CASES = {
    "usual": lambda: found(),
    "two units": lambda: found(units=2),
    "one unit": lambda: found(units=1),
    "two windows": lambda: found(n=2),
    "one regime": lambda: found(latest=500.0),
    "small": lambda: found(scale=1e-6),
    "constant": lambda: found(scale=0.0),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("plot", [*SINGLE, lambda g: plot_layers(compare_layers((g, g)))])
def test_figures_are_whole_and_unknown_to_pyplot(plot, case):
    before = plt.get_fignums()
    figure = plot(CASES[case]())
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert not any("nan" in text.get_text() for text in visible_texts(figure))
    if plot is not plot_in_space:  # where axes run through space, boxes of labels say little
        assert_nothing_overlaps(figure)


def test_the_bars_and_the_table_are_the_results():
    result = found()
    left, right = plot_explained_variance(result).axes
    table = result.variance_frame()
    np.testing.assert_allclose([bar.get_height() for bar in left.patches], table["percent"])
    np.testing.assert_allclose(left.lines[0].get_ydata(), table["cumulative_percent"])
    assert left.texts[0].get_text() == f"90 % in {result.dimensions_holding(0.9)}"
    assert left.get_title(loc="left") == f"{result.effective_dimension:.1f} effective dimensions"
    np.testing.assert_array_equal(right.images[0].get_array(), result.explained)
    assert [text.get_text() for text in right.texts] == [
        f"{v:.0f}" for v in result.explained.to_numpy().ravel()
    ]
    assert [label.get_text() for label in right.get_yticklabels()] == list(result.explained.index)
    assert [label.get_text() for label in right.get_xticklabels()] == list(result.explained)


def points(axes) -> tuple[np.ndarray, np.ndarray]:
    """Places and colours of the cloud, sorted by place."""
    cloud_of_points = axes.collections[0]
    places = np.asarray(cloud_of_points.get_offsets())
    order = np.lexsort(places.T)
    axes.figure.draw_without_rendering()
    return places[order], cloud_of_points.get_facecolors()[order, :3]


@pytest.mark.parametrize(
    ("plot", "groups", "colors"),
    [
        (plot_by_group, lambda s: s.group, colors_of(3, 3)),
        (plot_by_weekend, lambda s: s.is_weekend.astype(int), SEQUENCE[:2]),
    ],
)
def test_every_point_has_the_colour_of_its_group(plot, groups, colors):
    result = found()
    axes = plot(result).axes[0]
    places, shown = points(axes)
    order = np.lexsort(result.scores[:, :2].T)
    np.testing.assert_allclose(places, result.scores[order, :2])
    group = groups(result.representation)
    expected = np.array([mpl.colors.to_rgb(colors[g]) for g in group[order]])
    np.testing.assert_allclose(shown, expected, atol=1 / 255)
    for index, mean in enumerate(axes.collections[1:]):
        np.testing.assert_allclose(mean.get_offsets()[0], result.scores[group == index, :2].mean(axis=0))
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    counts = [f"({(group == index).sum():,})" for index in range(len(colors))]
    assert [label.split()[-1] for label in labels] == counts
    assert axes.get_xlabel() == component_label(result, 0) == f"PC1 ({100 * result.shares[0]:.0f} %)"


def test_distances_are_true_in_both_directions():
    axes = plot_by_group(found()).axes[0]
    (x0, y0), (x1, _), (_, y1) = axes.transData.transform([(0, 0), (1, 0), (0, 1)])
    assert x1 - x0 == pytest.approx(y1 - y0)


def test_the_clock_and_the_points_use_one_cyclic_scale():
    result = found()
    figure = plot_by_clock(result)
    axes, clock = figure.axes
    shown, dial = axes.collections[0], clock.collections[0]
    order = np.lexsort(np.asarray(shown.get_offsets()).T)
    expected = np.lexsort(result.scores[:, :2].T)
    np.testing.assert_array_equal(shown.get_array()[order], result.representation.phase[expected])
    for mark in (shown, dial):
        assert (mark.norm.vmin, mark.norm.vmax) == (0, 24)
        np.testing.assert_allclose(mark.cmap(0.0), mark.cmap(1.0), atol=0.03)  # midnight is midnight
    assert clock.get_theta_direction() == -1
    assert [label.get_text() for label in clock.get_xticklabels()] == ["0 h", "6", "12 h", "18"]
    edges = dial.get_coordinates()[0, :, 0]
    six = np.searchsorted(edges, np.pi / 2, side="right") - 1
    assert dial.get_array().ravel()[six] == pytest.approx(6, abs=0.25)


def test_space_shows_three_components():
    result = found()
    (axes,) = plot_in_space(result).axes
    x, y, z = axes.collections[0]._offsets3d
    order, expected = np.lexsort((z, y, x)), np.lexsort(result.scores[:, [2, 1, 0]].T)
    np.testing.assert_allclose(np.stack([x, y, z], axis=1)[order], result.scores[expected, :3])
    assert axes.get_zlabel() == component_label(result, 2)


def test_layers_below_the_last_stand_side_by_side_with_one_legend():
    first, second, last = found(), found(units=3), found(units=5)
    figure = plot_layers(compare_layers((first, second, last)))
    assert len(figure.axes) == 2  # the last one has a figure of its own
    for axes, layer in zip(figure.axes, (first, second), strict=True):
        places, _ = points(axes)
        np.testing.assert_allclose(places, layer.scores[np.lexsort(layer.scores[:, :2].T), :2])
        assert f"{layer.effective_dimension:.1f} effective" in axes.get_title(loc="left")
        assert axes.get_legend() is None
    assert len(figure.legends) == 1


def test_the_turning_cloud_holds_a_spread_of_the_same_points():
    result = found(n=4000)
    figure = plot_turning(result)
    states = result.representation
    assert [trace.name for trace in figure.data] == list(states.groups.labels)
    assert sum(len(trace.x) for trace in figure.data) == 1500
    assert [trace.marker.color for trace in figure.data] == colors_of(3, 3)
    high = figure.data[2]
    row = int(np.abs(result.scores[:, 0] - high.x[7]).argmin())
    np.testing.assert_allclose([high.x[7], high.y[7], high.z[7]], result.scores[row, :3], rtol=1e-6)
    assert high.text[7] == states.origin[row].strftime("%a %d %b, %H:%M")
    assert high.customdata[7] == 600
    assert "ppm" in high.hovertemplate
    assert figure.layout.scene.zaxis.title.text == component_label(result, 2)
    json.dumps(figure.to_plotly_json()["layout"], allow_nan=False)


@pytest.mark.parametrize("case", CASES)
def test_the_piece_of_the_page_is_small_and_always_the_same(case):
    figure = plot_turning(CASES[case]())
    output = as_output(figure)
    assert output == as_output(figure)
    page = output["text/html"]
    assert len(page) < 100_000  # without the five megabytes of plotly.js
    assert "src=" not in page
    assert "MathJax.Hub" not in page
    assert "NaN" not in page
