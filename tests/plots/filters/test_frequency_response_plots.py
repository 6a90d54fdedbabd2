"""Figure of the frequency responses: gains at their periods, kinds in their colours."""

import numpy as np
import pandas as pd
import pytest

from lstmkit.analysis.filters.bank import FilterBank
from lstmkit.analysis.filters.frequency_response import FrequencyResponse, frequency_response
from lstmkit.plots.filters.frequency_response import COLORS, plot_frequency_response
from lstmkit.wording import feature_label
from tests.plots.attribution.test_maps_plots import FEATURES, assert_whole_and_unknown_to_pyplot


def response(
    n: int = 32, features=FEATURES, step: str = "5min", taps: int = 7, scale=1.0
) -> FrequencyResponse:
    weights = scale * np.random.default_rng(n).normal(size=(n, len(features), taps))
    offsets = np.arange(taps)
    return frequency_response(
        FilterBank("CNN layer 1", weights, np.zeros(n), tuple(features), offsets, pd.Timedelta(step)), seed=0
    )


FIGURES = {
    "default": lambda: response(),
    "hours": lambda: response(4, step="1h"),
    "minutes": lambda: response(8, step="1min"),
    "one feature": lambda: response(3, ("co2",)),
    "one tap": lambda: response(3, taps=1),
    "silent": lambda: response(3, scale=0.0),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_whole_and_unknown_to_pyplot(name):
    result = FIGURES[name]()
    assert_whole_and_unknown_to_pyplot(lambda: plot_frequency_response(result))


def test_gains_are_drawn_in_the_order_of_kinds():
    result = response()
    axes = plot_frequency_response(result).axes[0]
    (mesh,) = axes.collections
    np.testing.assert_array_equal(mesh.get_array(), result.relative_gain[result.order])
    labels = axes.get_yticklabels()
    names = [f"{number} {feature_label(result.strongest[number])}" for number in result.order]
    assert [label.get_text() for label in labels] == names
    assert [label.get_color() for label in labels] == [COLORS[result.kind[number]] for number in result.order]
    left, right = axes.get_xlim()
    assert left > right  # slow on the left
    assert right == pytest.approx(2 / 12)  # two steps
    axes.figure.draw_without_rendering()
    assert [text.get_text() for text in axes.get_xticklabels()] == ["10 min", "20 min", "1 h", "2 h", "4 h"]


def test_kinds_are_shares_of_each_feature():
    result = response()
    axes = plot_frequency_response(result).axes[1]
    shares = result.shares
    widths = np.array([bar.get_width() for bar in axes.patches]).reshape(len(shares.columns), len(shares))
    np.testing.assert_allclose(widths.T, shares)
    for kind, bars in zip(shares.columns, axes.containers, strict=True):
        assert bars.get_label() == kind
        assert bars[0].get_facecolor()[:3] == pytest.approx(
            [int(COLORS[kind][k : k + 2], 16) / 255 for k in (1, 3, 5)]
        )
    assert axes.get_yticklabels()[-1].get_text() == "random taps"
    legend = axes.figure.axes[3].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == list(shares.columns)
