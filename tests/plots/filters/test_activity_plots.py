"""Figures of the filters' activity: numbers, orders and colours are those of the Results."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from lstmkit.analysis.filters.activation_map import ActivationMap, Example
from lstmkit.analysis.filters.activity import FilterActivity, LayerActivity
from lstmkit.analysis.filters.by_group import FilterRegimes, LayerByRegime
from lstmkit.plots.filters.activation_map import plot_activation_map
from lstmkit.plots.filters.activity import plot_filter_statistics
from lstmkit.plots.filters.by_group import plot_filter_regimes
from lstmkit.plots.groups import colors_of
from tests.analysis.tiny import make_test_windows
from tests.groups import ranges
from tests.plots.attribution.test_maps_plots import assert_whole_and_unknown_to_pyplot

LABELS = ("Low", "Medium", "High")


def layer(n: int, name: str, scale: float = 1.0) -> LayerActivity:
    random = np.random.default_rng(n)
    mean, zero = scale * random.uniform(0, 1, n), random.uniform(0, 90, n)
    windows = random.uniform(size=(5, n))
    return LayerActivity(name, mean, 3 * mean, zero, zero + 5, windows, windows)


def activity(n: int = 32, scale: float = 1.0) -> FilterActivity:
    return FilterActivity((layer(n, "CNN layer 1", scale), layer(2 * n, "CNN layer 2", scale)), 5)


def activation_map(n: int = 32, steps: int = 288, silent: int = 2, hours: float = 24.0) -> ActivationMap:
    random = np.random.default_rng(n)
    values = random.uniform(0, 2, (n, steps))
    values[:silent] = 0
    hours_before = np.arange(steps - 1.0, -1, -1) * hours / steps
    example = Example(
        window=make_test_windows(n=1, lookback=steps, interval=f"{60 * hours / steps:g}min"),
        origin=pd.Timestamp("2025-03-04 05:06"),
        latest=512.3,
        group="Medium",
        noun="regime",
        target=500 + 100 * np.sin(np.arange(steps) / 40),
        hours_before=hours_before,
        name="co2",
        unit="ppm",
        n_windows=5,
        typical=("Medium",),
        is_typical=True,
    )
    follows = np.where(values.any(axis=1), random.uniform(-1, 1, n), 0.0)
    return ActivationMap("CNN layer 1", values, hours_before, follows, example)


def regimes(n: int = 32, shown: tuple[int, ...] = (0, 1, 2)) -> FilterRegimes:
    random = np.random.default_rng(n)
    layers = tuple(
        LayerByRegime(
            f"CNN layer {position}",
            random.uniform(0, 1, (len(shown), size)),
            random.uniform(0.01, 0.05, (len(shown), size)),
            random.uniform(0, 0.6, size),
            (0, len(shown) - 1),
        )
        for position, size in ((1, n), (2, 2 * n))
    )
    groups = ranges(np.zeros(1), (1.0, 2.0))
    return FilterRegimes(groups, shown, np.full(len(shown), 9), layers, pd.Timedelta("75min"))


def one_window_regime() -> FilterRegimes:
    result = regimes(4)
    layers = tuple(
        dataclasses.replace(part, error=np.where(np.arange(3)[:, None] == 2, np.nan, part.error))
        for part in result.layers
    )
    return dataclasses.replace(result, layers=layers)


FIGURES = {
    "statistics": lambda: plot_filter_statistics(activity()),
    "statistics of few": lambda: plot_filter_statistics(activity(4)),
    "statistics of nothing": lambda: plot_filter_statistics(activity(4, 0.0)),
    "map": lambda: plot_activation_map(activation_map()),
    "map of many": lambda: plot_activation_map(activation_map(64)),
    "map of few": lambda: plot_activation_map(activation_map(4, 24)),
    "map of one step": lambda: plot_activation_map(activation_map(4, 1, hours=1.0)),
    "map of nothing": lambda: plot_activation_map(activation_map(4, 24, silent=4)),
    "regimes": lambda: plot_filter_regimes(regimes()),
    "regimes of few": lambda: plot_filter_regimes(regimes(4)),
    "two regimes": lambda: plot_filter_regimes(regimes(4, (1, 2))),
    "a single regime": lambda: plot_filter_regimes(regimes(4, (1,))),
    "a regime of one window": lambda: plot_filter_regimes(one_window_regime()),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_whole_and_unknown_to_pyplot(name):
    assert_whole_and_unknown_to_pyplot(FIGURES[name])


def heights(axes) -> list[float]:
    return [bar.get_height() for bar in axes.patches]


def test_statistics_are_drawn_in_the_order_of_activity():
    result = activity(6)
    figure = plot_filter_statistics(result)
    for position, part in enumerate(result.layers):
        mean, largest, sparsity = figure.axes[3 * position : 3 * position + 3]
        order, n = part.order, len(part.order)
        assert heights(mean) == part.mean[order].tolist()
        assert heights(mean) == sorted(heights(mean), reverse=True)
        assert heights(largest) == part.largest[order].tolist()
        assert heights(sparsity)[:n] == part.zero[order].tolist()
        tops = [bar.get_y() + bar.get_height() for bar in sparsity.patches[n:]]
        np.testing.assert_allclose(tops, part.near_zero[order])
        assert [int(label.get_text()) for label in sparsity.get_xticklabels()] == order.tolist()
        assert mean.get_title(loc="left").startswith(part.layer)


def test_the_map_shows_the_filters_in_their_order_below_the_target():
    result = activation_map(8, 48)
    top, main, bar = plot_activation_map(result).axes
    (image,) = main.images
    np.testing.assert_array_equal(image.get_array(), result.activation[result.order])
    assert image.get_clim() == (0, result.activation.max())
    assert image.get_extent() == pytest.approx([-24, 0, 7.5, -0.5])
    assert [int(label.get_text()) for label in main.get_yticklabels()] == result.order.tolist()
    assert sorted(result.order[-2:].tolist()) == [0, 1]  # the silent ones
    (line,) = top.lines
    np.testing.assert_array_equal(line.get_xdata(), -result.example.hours_before)
    np.testing.assert_array_equal(line.get_ydata(), result.example.target)
    assert top.get_xlim() == main.get_xlim() == (-24, 0)
    assert (
        top.get_title(loc="left")
        == "CNN layer 1 before 04 March 2025, 05:06: 512 ppm at the forecast (Medium)"
    )
    assert top.get_ylabel() == "CO₂\n(ppm)"
    assert bar.get_ylabel() == "activation after the ReLU"


@pytest.mark.parametrize(("steps", "hours"), [(288, 24.0), (3, 3.0), (1, 1.0)])
def test_the_map_is_as_long_as_the_lookback(steps, hours):
    _, main, _ = plot_activation_map(activation_map(4, steps, hours=hours)).axes
    (image,) = main.images
    assert image.get_extent()[:2] == pytest.approx([-hours, 0])


def test_regimes_have_their_colours_whichever_are_shown():
    result = regimes(5, (0, 2))
    figure = plot_filter_regimes(result)
    means, shares = figure.axes[:2]
    (part, _) = result.layers
    for container, number, mean, error in zip(means.containers, (0, 2), part.mean, part.error, strict=True):
        points, _, (bars,) = container.lines
        assert points.get_color() == colors_of(3, 3)[number]
        np.testing.assert_array_equal(points.get_ydata(), mean[part.order])
        ends = np.array(bars.get_segments())[:, :, 1]
        expected = np.stack([mean - error, mean + error], axis=1)[part.order]
        np.testing.assert_allclose(ends, expected)
    np.testing.assert_allclose(heights(shares), 100 * part.specialisation[part.order])
    colors = [bar.get_facecolor() for bar in shares.patches]
    expected = [to_rgba(colors_of(3, 3)[0 if value < 0 else 2]) for value in np.sort(part.specialisation)]
    assert colors == expected
    assert [text.get_text() for text in means.get_legend().get_texts()] == ["Low", "High"]
    assert [int(label.get_text()) for label in shares.get_xticklabels()] == part.order.tolist()
    low, high = shares.get_ylim()
    assert low == -high  # both directions on one scale
    assert not any("−" in text.get_text() or "-" in text.get_text() for text in shares.get_yticklabels())
