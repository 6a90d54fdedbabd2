"""The figure of the filters' relation to the forecast shows the Result's numbers, in the Result's order."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from lstmkit.analysis.filters.importance import FilterImportance
from lstmkit.analysis.filters.relevance import FilterRelevance
from lstmkit.plots.filters.relevance import plot_filter_correlation
from lstmkit.plots.style import ACCENT, MUTED
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts


def relevance(filters: int = 64, scale: float = 1.0) -> FilterRelevance:
    random = np.random.default_rng(0)
    r = scale * random.uniform(-0.9, 0.9, size=(2, filters))
    return FilterRelevance(
        correlation=r,
        low=r - 0.1,
        high=r + 0.05,
        information=scale * random.uniform(0, 0.5, filters),
        shifted=scale * random.uniform(0, 0.27, (19, filters)),
        activation=np.ones(filters),
        constant=np.zeros(filters, dtype=bool),
        constant_network=False,
        rule="the last value",
        n_windows=2048,
        n_information=1024,
        n_days=100,
        confidence=0.95,
    )


def importance(filters: int = 64, scale: float = 1.0) -> FilterImportance:
    change = scale * np.random.default_rng(1).gamma(2, size=filters)
    return FilterImportance(
        change=change,
        change_error=0.1 * change,
        increase=0.1 * change,
        increase_error=0.1 * change,
        together=1.0,
        together_error=0.1,
        rmse=25.0,
        beyond_sum=0.5,
        beyond_sum_low=0.1,
        beyond_sum_high=0.9,
        unit="ppm",
        n_windows=256,
        n_days=100,
        confidence=0.95,
    )


@pytest.mark.parametrize("filters", [64, 6, 1])
@pytest.mark.parametrize("scale", [1.0, 1e-3, 0.0], ids=["ones", "small", "zero"])
def test_the_figure_is_whole_and_unknown_to_pyplot(filters, scale):
    before = plt.get_fignums()
    figure = plot_filter_correlation(relevance(filters, scale), importance(filters, scale))
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


def test_rows_are_ordered_by_the_correlation_with_the_deviation():
    result, effect = relevance(8), importance(8)
    panels = plot_filter_correlation(result, effect).axes
    order = np.argsort(-np.abs(result.correlation[0]))
    assert [int(label.get_text()) for label in panels[0].get_yticklabels()] == order.tolist()
    bottom, top = panels[0].get_ylim()
    assert bottom > top  # the first is on top
    for target in (0, 1):
        dots = panels[target].collections[-1].get_offsets()
        np.testing.assert_allclose(dots, np.stack([result.correlation[target, order], np.arange(8)], axis=1))
        ends = np.array(panels[target].collections[0].get_segments())[:, :, 0]
        np.testing.assert_allclose(
            ends, np.stack([result.low[target, order], result.high[target, order]], axis=1)
        )
    assert [bar.get_width() for bar in panels[2].patches] == result.information[order].tolist()
    np.testing.assert_allclose(panels[2].collections[0].get_offsets()[:, 0], result.baseline[order])
    assert [bar.get_width() for bar in panels[3].patches] == effect.change[order].tolist()
    assert panels[3].get_xlabel() == "ppm"
    assert panels[0].get_xlim() == panels[1].get_xlim()


def test_colour_marks_what_is_beyond_chance():
    result = relevance(30)
    panels = plot_filter_correlation(result, importance(30)).axes
    for target in (0, 1):
        colors = [to_hex(c) for c in panels[target].collections[-1].get_facecolors()]
        certain = (result.low[target] > 0) | (result.high[target] < 0)
        assert colors == [ACCENT if c else MUTED for c in certain[result.order]]
    assert {ACCENT, MUTED} == set(colors)
    bars = [to_hex(bar.get_facecolor()) for bar in panels[2].patches]
    assert bars == [ACCENT if i > b else MUTED for i, b in zip(*_ordered(result), strict=True)]


def _ordered(result: FilterRelevance) -> tuple[np.ndarray, np.ndarray]:
    return result.information[result.order], result.baseline[result.order]
