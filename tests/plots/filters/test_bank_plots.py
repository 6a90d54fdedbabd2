"""Figures of filters: they show the Result's numbers, in its order, and nothing overlaps."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from lstmkit.analysis.filters.bank import Connections, FilterBank, FilterNorms
from lstmkit.plots.filters.bank import plot_connections, plot_filter_bank, plot_filter_norms
from lstmkit.plots.style import ACCENT, WARM
from lstmkit.wording import feature_label
from tests.plots.attribution.test_maps_plots import FEATURES, assert_whole_and_unknown_to_pyplot


def bank(
    n: int = 32,
    features: tuple[str, ...] = FEATURES,
    taps: int = 7,
    scale: float = 1.0,
    step: str = "5min",
    after: int = 0,
) -> FilterBank:
    random = np.random.default_rng(n)
    weights = scale * random.normal(size=(n, len(features), taps)) * random.uniform(0.1, 1, (n, 1, 1))
    offsets = np.arange(taps) - taps + 1 + after
    return FilterBank("CNN layer 1", weights, np.zeros(n), features, offsets, pd.Timedelta(step))


def norms(n: int = 32, dormant: int = 2) -> FilterNorms:
    random = np.random.default_rng(1)
    sizes = (n, 2 * n)
    asleep = tuple(np.arange(size) < dormant for size in sizes)
    return FilterNorms(
        ("CNN layer 1", "CNN layer 2"),
        tuple(random.uniform(0.1, 1, size) for size in sizes),
        asleep,
        tuple(random.uniform(0, 1, size) for size in sizes),
        2048,
    )


def reading(rows: int = 64, columns: int = 32) -> Connections:
    return Connections("CNN layer 2", np.abs(np.random.default_rng(2).normal(size=(rows, columns))), 5)


FIGURES = {
    "bank": lambda: plot_filter_bank(bank()),
    "bank of centred filters": lambda: plot_filter_bank(bank(9, after=3)),
    "bank of hours": lambda: plot_filter_bank(bank(4, step="1h")),
    "bank of one feature": lambda: plot_filter_bank(bank(5, ("co2",))),
    "bank of single taps": lambda: plot_filter_bank(bank(3, taps=1)),
    "bank of nothing": lambda: plot_filter_bank(bank(9, scale=0.0)),
    "norms": lambda: plot_filter_norms(norms()),
    "norms of few": lambda: plot_filter_norms(norms(3, 0)),
    "connections": lambda: plot_connections(reading()),
    "connections of few": lambda: plot_connections(reading(6, 4)),
    "no connections": lambda: plot_connections(Connections("CNN layer 2", np.zeros((6, 4)), 5)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_whole_and_unknown_to_pyplot(name):
    assert_whole_and_unknown_to_pyplot(FIGURES[name])


def test_the_bank_shows_every_filter_by_falling_norm_on_one_scale():
    result = bank(13)
    figure = plot_filter_bank(result)
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == 13
    limit = np.abs(result.weights).max()
    for axes, number in zip(panels, result.order, strict=True):
        (image,) = axes.images
        np.testing.assert_array_equal(image.get_array(), result.weights[number])
        assert image.get_clim() == (-limit, limit)  # white is zero
        assert axes.get_title(loc="left") == f"filter {number}: {result.norms[number]:.2f}"
    shown = [float(axes.get_title(loc="left").split(": ")[1]) for axes in panels]
    assert shown == sorted(shown, reverse=True)


def test_features_are_named_once_per_row_and_taps_below_each_column():
    figure = plot_filter_bank(bank(13))  # a row of eight and one of five
    panels = [axes for axes in figure.axes if axes.images]
    named = [position for position, axes in enumerate(panels) if axes.get_yticklabels()]
    assert named == [0, 8]
    for position in named:
        labels = [label.get_text() for label in panels[position].get_yticklabels()]
        assert labels == [feature_label(name) for name in FEATURES]
    timed = [position for position, axes in enumerate(panels) if axes.get_xticklabels()]
    assert timed == list(range(5, 13))  # the last of each column
    assert [label.get_text() for label in panels[-1].get_xticklabels()] == ["−30", "−15", "0"]
    assert figure.get_supxlabel() == "time before (−) the step described (min)"


def test_long_steps_are_told_in_hours():
    figure = plot_filter_bank(bank(2, step="1h"))
    assert figure.get_supxlabel().endswith("(h)")
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["−6", "−3", "0"]


def test_taps_on_both_sides_are_told_apart():
    figure = plot_filter_bank(bank(2, after=3))
    assert figure.get_supxlabel() == "time before (−) and after (+) the step described (min)"
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["−15", "0", "+15"]


def test_norms_are_bars_and_dormant_filters_are_red():
    result = norms(10, 2)
    figure = plot_filter_norms(result)
    for axes, values, dormant in zip(figure.axes, result.norms, result.dormant, strict=True):
        order = np.argsort(-values)
        heights = [bar.get_height() for bar in axes.patches]
        np.testing.assert_array_equal(heights, values[order])
        colors = [bar.get_facecolor() for bar in axes.patches]
        assert colors == [to_rgba(WARM if asleep else ACCENT) for asleep in dormant[order]]
        assert [label.get_text() for label in axes.get_xticklabels()] == [str(number) for number in order]
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["active", "dormant"]
    assert plot_filter_norms(norms(10, 0)).axes[0].get_legend() is None


def test_connections_are_drawn_in_their_order_with_their_margins():
    result = reading(6, 4)
    figure = plot_connections(result)
    main = next(axes for axes in figure.axes if axes.images)
    np.testing.assert_array_equal(
        main.images[0].get_array(), result.norms[np.ix_(result.rows, result.columns)]
    )
    assert main.images[0].get_clim() == (0, result.norms.max())
    assert [int(label.get_text()) for label in main.get_xticklabels()] == result.columns.tolist()
    assert [int(label.get_text()) for label in main.get_yticklabels()] == result.rows.tolist()
    top, right = figure.axes[0], figure.axes[3]
    np.testing.assert_allclose([bar.get_height() for bar in top.patches], result.by_channel[result.columns])
    np.testing.assert_allclose([bar.get_width() for bar in right.patches], result.by_filter[result.rows])
    assert right.get_ylim() == main.get_ylim()  # bar and row of a filter stand side by side
    assert top.get_xlim() == main.get_xlim()
