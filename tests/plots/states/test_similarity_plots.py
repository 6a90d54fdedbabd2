"""Figures that compare two representations show the Result's numbers."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from lstmkit.analysis.states.compactness import VarianceComparison
from lstmkit.analysis.states.similarity import CanonicalCorrelations, Similarity
from lstmkit.plots.states.similarity import plot_similarity, plot_variance_comparison
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts


def variance(first: int = 1023, second: int = 128) -> VarianceComparison:
    curves = tuple(1 - 0.9 ** np.arange(1.0, n + 1) for n in (first, second))
    curves = tuple(curve / curve[-1] for curve in curves)
    return VarianceComparison(
        names=("CNN output", "LSTM state"),
        cumulative=curves,
        components=tuple(int(np.searchsorted(curve, 0.9)) + 1 for curve in curves),
        participation=(12.0, 6.0),
        n_units=(9216, 128),
        n_windows=1024,
    )


def similarity(pairs: int = 20, lowest: float = 0.0) -> Similarity:
    held_out = np.linspace(0.97, lowest, pairs)
    return Similarity(
        names=("CNN output", "LSTM state"),
        canonical=CanonicalCorrelations(
            np.linspace(0.98, 0.1, pairs), held_out, np.linspace(0.5, 0.2, pairs), (0.7, 0.9), 708, 307
        ),
        omitted="",
        cka=0.32,
        cka_biased=0.33,
        cka_shifted=0.14,
        n_windows=1024,
    )


SILENT = VarianceComparison(
    ("CNN output", "LSTM state"), (np.zeros(9), np.linspace(0.5, 1, 8)), (0, 7), (0.0, 6.0), (12, 8), 60
)
FIGURES = {
    "variance": lambda: plot_variance_comparison(variance()),
    "small variance": lambda: plot_variance_comparison(variance(72, 8)),
    "one component": lambda: plot_variance_comparison(variance(1, 1)),
    "silent": lambda: plot_variance_comparison(SILENT),
    "similarity": lambda: plot_similarity(similarity()),
    "one pair": lambda: plot_similarity(similarity(1)),
    "negative": lambda: plot_similarity(similarity(12, -0.3)),
    "omitted": lambda: plot_similarity(replace(similarity(), canonical=None, omitted="too short")),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_whole_and_unknown_to_pyplot(name):
    before = plt.get_fignums()
    figure = FIGURES[name]()
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


def test_curves_are_percents_and_their_dots_lie_where_nine_tenths_are_reached():
    result = variance()
    (axes,) = plot_variance_comparison(result).axes
    curves = [line for line in axes.lines if len(line.get_xdata()) > 2]
    dots = [line for line in axes.lines if len(line.get_xdata()) == 1]
    for line, dot, curve, enough in zip(curves, dots, result.cumulative, result.components, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, len(curve) + 1))
        np.testing.assert_allclose(line.get_ydata(), 100 * curve)
        assert dot.get_xdata()[0] == enough
        assert dot.get_ydata()[0] >= 90 > 100 * curve[enough - 2]
        assert dot.get_color() == line.get_color()
    assert curves[0].get_color() != curves[1].get_color()
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["CNN output: 90 % in 22 of 1,023", "LSTM state: 90 % in 22 of 128"]
    assert axes.get_xscale() == "log"


def test_bars_are_the_correlations_and_marks_the_shifted_ones():
    result = similarity(6, lowest=-0.2)
    left, right = plot_similarity(result).axes
    fitted, held_out = left.containers
    np.testing.assert_allclose([bar.get_height() for bar in fitted], result.canonical.in_sample)
    np.testing.assert_allclose([bar.get_height() for bar in held_out], result.canonical.held_out)
    (marks,) = left.collections
    segments = np.array(marks.get_segments())
    np.testing.assert_allclose(segments[:, :, 1], np.stack([result.canonical.shifted] * 2, axis=1))
    centres = [bar.get_x() + bar.get_width() / 2 for bar in held_out]
    np.testing.assert_allclose(segments[:, :, 0].mean(axis=1), centres)  # they belong to the held-out bars
    assert left.get_ylim()[0] < -0.2
    assert left.get_ylim() == right.get_ylim()
    assert [bar.get_height() for bar in right.patches] == [0.32]
    np.testing.assert_allclose(np.array(right.collections[0].get_segments())[0, :, 1], 0.14)


def test_the_legend_says_how_many_windows():
    (legend,) = plot_similarity(similarity()).legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "708 windows they are fitted on",
        "307 held-out later windows",
        "held-out, shifted in time (95th percentile)",
    ]


def test_omitted_correlations_leave_a_word():
    figure = plot_similarity(replace(similarity(), canonical=None, omitted="too short"))
    left, right = figure.axes
    assert [text.get_text() for text in left.texts] == ["no canonical correlations"]
    assert not figure.legends
    assert len(right.patches) == 1
