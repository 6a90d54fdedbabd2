"""The figure of the pool's selections shows the Result's numbers at their time and filter."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from lstmkit.analysis.filters.pool_selection import PoolSelection
from lstmkit.plots.filters.pool_selection import PADDED, plot_pool_selection
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts


def selection(
    groups: int = 144, size: int = 2, filters: int = 64, dead: int = 0, step: float = 1 / 12
) -> PoolSelection:
    random = np.random.default_rng(0)
    padded = np.zeros(groups, dtype=bool)
    padded[:3] = padded[-3:] = True
    tied = random.uniform(0.2, 0.8, filters)
    tied[:dead] = 1
    hours = np.arange(groups * size - 1, -1, -1) * step
    return PoolSelection(
        frequency=random.uniform(0.1, 0.5 / size, (groups, size)),
        newest=random.uniform(0.4, 0.6, groups),
        newest_error=np.full(groups, 0.01),
        by_filter=random.uniform(0.3, 0.7, filters),
        by_filter_error=np.full(filters, 0.02),
        overall=0.5,
        overall_error=0.01,
        chance=1 / size,
        tied=tied,
        padded=padded,
        hours_before=hours.reshape(groups, size),
        n_windows=2048,
        n_days=100,
    )


@pytest.mark.parametrize(
    "result",
    [
        selection(),
        selection(size=3),
        selection(12, filters=6, step=1.0),
        selection(4, 1, 1),
        selection(1, 2, 2),
        selection(dead=64),
    ],
    ids=["default", "pool of three", "hourly", "pool of one", "one group", "all dead"],
)
def test_the_figure_is_whole_and_unknown_to_pyplot(result):
    before = plt.get_fignums()
    figure = plot_pool_selection(result)
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


def test_each_step_stands_in_the_middle_of_its_time():
    result = selection()
    histogram = plot_pool_selection(result).axes[0]
    older, newer, tie = histogram.lines
    np.testing.assert_allclose(older.get_ydata(), 100 * result.frequency[:, 0])
    np.testing.assert_allclose(newer.get_ydata(), 100 * result.frequency[:, 1])
    np.testing.assert_allclose(tie.get_ydata(), 100 * (1 - result.frequency.sum(axis=1)))
    assert newer.get_xdata()[-1] == pytest.approx(-1 / 24)  # half a step of five minutes before the forecast
    assert older.get_xdata()[0] == pytest.approx(-24 + 1 / 24)
    assert histogram.get_xlim() == pytest.approx((-24, 0))
    assert [text.get_text() for text in histogram.get_legend().get_texts()] == [
        "older step",
        "newer step",
        "tie",
    ]


def test_the_padding_is_shaded():
    for axes in plot_pool_selection(selection()).axes[:2]:
        spans = [patch for patch in axes.patches if to_hex(patch.get_facecolor()) == PADDED]
        edges = sorted((round(p.get_x(), 6), round(p.get_x() + p.get_width(), 6)) for p in spans)
        assert len(edges) == 6
        assert edges[0] == pytest.approx((-24, -24 + 1 / 6), abs=1e-5)
        assert edges[-1] == pytest.approx((-1 / 6, 0), abs=1e-5)
        assert edges[2][1] == pytest.approx(-23.5)


def test_shares_stand_beside_chance_with_two_standard_errors():
    result = selection()
    _, lookback, filters = plot_pool_selection(result).axes
    chance, line = lookback.lines
    assert set(chance.get_ydata()) == {50}
    np.testing.assert_allclose(line.get_ydata(), 100 * result.newest)
    band = lookback.collections[0].get_paths()[0].vertices[:, 1]
    assert band.max() == pytest.approx(100 * (result.newest + 2 * result.newest_error).max())
    points = filters.containers[0].lines[0]
    np.testing.assert_allclose(points.get_ydata(), np.sort(100 * result.by_filter))
    names = [int(label.get_text()) for label in filters.get_xticklabels()]
    assert names == np.argsort(result.by_filter).tolist()
    (bars,) = filters.containers[0].lines[2]
    spread = np.ptp(np.array(bars.get_segments())[:, :, 1], axis=1)
    np.testing.assert_allclose(spread, 400 * result.by_filter_error)


def test_groups_and_filters_without_a_choice_are_not_drawn():
    result = selection(dead=4)
    result.frequency[10] = 0
    _, lookback, filters = plot_pool_selection(result).axes
    assert len(lookback.lines[1].get_ydata()) == 143
    names = {int(label.get_text()) for label in filters.get_xticklabels()}
    assert names == set(range(4, 64))
