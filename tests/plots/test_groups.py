"""Figures of two, four and five groups, with an order and without: whole, in their colours, and nothing overlaps."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from lstmkit.analysis.errors.by_group import error_by_regime
from lstmkit.analysis.filters.activity import FilterActivity, LayerActivity
from lstmkit.analysis.filters.by_group import filter_regimes
from lstmkit.analysis.gates.statistics import gate_statistics
from lstmkit.analysis.states.clusters import find_clusters
from lstmkit.analysis.states.geometry import Geometry, geometry
from lstmkit.data.groups import Groups
from lstmkit.findings.errors.by_group import error_by_regime_caption, error_by_regime_finding
from lstmkit.findings.filters.by_group import filter_regimes_caption, filter_regimes_finding
from lstmkit.findings.gates.statistics import group_caption, group_finding
from lstmkit.findings.states.clusters import clusters_regime_finding
from lstmkit.findings.states.geometry import geometry_regime_finding
from lstmkit.plots.errors.by_group import plot_error_by_regime
from lstmkit.plots.filters.by_group import plot_filter_regimes
from lstmkit.plots.gates.statistics import plot_by_group as plot_gates_by_group
from lstmkit.plots.groups import MARKERS, colors_of, group_colors, group_markers
from lstmkit.plots.states.clusters import plot_crosstab
from lstmkit.plots.states.geometry import planes, plot_by_group, plot_in_space
from tests.analysis.gated import Gated, calm
from tests.analysis.planted import last_of
from tests.analysis.states.clouds import cloud
from tests.analysis.tiny import make_test_windows
from tests.groups import SHIFTS, by_edges, in_turn, of_last
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts

QUARTERS, FIFTHS = ("lowest", "low", "high", "highest"), ("a", "b", "c", "d", "e")
SPANS = ("before the repair", "during the repair", "after the repair", "in winter", "other")
WINDOWS = make_test_windows(n=150, lookback=12)
KINDS = {
    "two ranges": by_edges(WINDOWS, (0.0,), ("calm", "busy")),
    "four ranges": by_edges(WINDOWS, (-0.7, 0.0, 0.7), QUARTERS),
    "five ranges": by_edges(WINDOWS, (-0.9, -0.3, 0.3, 0.9), FIFTHS),
    "two values": in_turn(WINDOWS, ("day", "night"), steps=10),
    "four values": in_turn(WINDOWS, SHIFTS, steps=10),
    "five spans": in_turn(WINDOWS, SPANS, steps=40, noun="season"),
}


@pytest.fixture(params=KINDS)
def groups(request) -> Groups:
    return KINDS[request.param]


def check(figure: Figure, *sentences: str) -> None:
    assert plt.get_fignums() == []
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))
    assert not any("nan" in sentence or "  " in sentence for sentence in sentences)


def found(groups: Groups) -> Geometry:
    states = cloud(np.random.default_rng(0).normal(size=(150, 4)))
    return geometry(
        replace(states, groups=groups, group=groups.of_windows(WINDOWS)),
        np.random.default_rng(1).normal(size=150),
    )


def test_gates(groups):
    gates = gate_statistics(calm(Gated()), WINDOWS, groups)
    figure = plot_gates_by_group(gates)
    check(figure, group_caption(gates), group_finding(gates))
    bars = [container.patches[0].get_facecolor() for container in figure.axes[0].containers]
    assert [to_hex(color) for color in bars] == group_colors(groups)
    assert gates.counts.sum() == len(WINDOWS)
    assert list(gates.group_frame().columns) == list(groups.labels)


def test_filters(groups):
    newest = np.random.default_rng(2).uniform(size=(len(WINDOWS), 6))
    mean = newest.mean(axis=0)
    layers = tuple(
        LayerActivity(name, mean, mean, mean, mean, newest, newest) for name in ("first", "second")
    )
    result = filter_regimes(FilterActivity(layers, len(newest)), WINDOWS, groups)
    figure = plot_filter_regimes(result)
    check(figure, filter_regimes_caption(result), filter_regimes_finding(result))
    first, second = result.compared
    edges = {to_hex(bar.get_facecolor()) for bar in figure.axes[1].patches}
    assert edges <= {group_colors(groups)[first], group_colors(groups)[second]}


def test_errors(groups):
    last = last_of(np.random.default_rng(3).normal(size=200))
    half = len(last)
    rows = np.random.default_rng(4).integers(len(groups), size=2 * half)
    result = error_by_regime(last, replace(groups, codes=rows))
    figure = plot_error_by_regime(result)
    check(figure, error_by_regime_caption(result), error_by_regime_finding(result))
    np.testing.assert_array_equal(result.windows.sum(axis=0), np.bincount(rows[half:]))
    assert [to_hex(box.get_facecolor()) for box in figure.axes[0].patches] == group_colors(groups)


def test_ranges_of_a_target_say_where_they_lie():
    last = last_of(np.ones(4), np.array([1.0, 2, 3, 4]))
    result = error_by_regime(last, of_last(last, (1.5, 2.5, 3.5), QUARTERS))
    ticks = [label.get_text() for label in plot_error_by_regime(result).axes[0].get_xticklabels()]
    assert ticks == [
        "lowest\nbelow 1.50 ppm",
        "low\n1.50 to 2.50 ppm",
        "high\n2.50 to 3.50 ppm",
        "highest\nfrom 3.50 ppm",
    ]


@pytest.mark.parametrize("draw", [plot_by_group, plot_in_space, lambda cut: planes([cut, cut])])
def test_states(groups, draw):
    cut = found(groups)
    check(draw(cut), geometry_regime_finding(cut))


def test_clusters(groups):
    clusters = find_clusters(found(groups), 3, seed=0)
    check(plot_crosstab(clusters), clusters_regime_finding(clusters))
    assert clusters.counts.to_numpy().sum() == len(WINDOWS)


def test_means_of_groups_without_an_order_have_marks_of_their_own():
    cut = found(KINDS["four values"])
    means = plot_by_group(cut).axes[0].collections[1:]
    shapes = {tuple(map(tuple, mean.get_paths()[0].vertices.round(3))) for mean in means}
    assert len(shapes) == 4
    assert len(set(group_markers(KINDS["four values"]))) == 4
    assert set(group_markers(KINDS["five ranges"])) == {"o"}


def test_steps_without_a_value_are_grey_beside_ranges():
    *dark, grey = colors_of(4, 3)
    assert dark == colors_of(3, 3)
    assert grey == "#7b8794"
    assert len(set(colors_of(5, 0))) == 5
    assert len(set(zip(colors_of(9, 0), MARKERS, strict=True))) == 9
