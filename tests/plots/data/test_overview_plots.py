"""The figure of the data shows what there is, at every interval."""

import numpy as np
import pytest

from lstmkit.data.dataset import Dataset
from lstmkit.data.overview import Overview, overview
from lstmkit.data.windows import Windows
from lstmkit.params import SplitParams
from lstmkit.plots.data.overview import plot_overview
from tests.groups import by_edges
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps
from tests.series import dataset_of, raw_windows

EDGES = (30.0, 60.0)


def described(dataset: Dataset, windows: dict[str, Windows]) -> Overview:
    return overview(dataset, windows, by_edges(windows["train"], EDGES))


SPLIT = SplitParams(validation_blocks=1, train=0.5, validation=0.25)


def drawn(interval: str, keep: np.ndarray | None = None):
    dataset = dataset_of({"co2": np.arange(400.0) % 97}, interval=interval, keep=keep)
    result = described(dataset, raw_windows(dataset, 1, SPLIT, lookback=2, residual="none"))
    figure = plot_overview(result)
    figure.canvas.draw()
    return result, figure


def connected(line) -> int:
    """How many of a line's pieces have two ends."""
    known = np.isfinite(line.get_ydata())
    return int((known[1:] & known[:-1]).sum())


@pytest.mark.parametrize(
    ("interval", "means", "pieces"),
    [
        ("1h", "hourly means", 167),
        ("3h", "means over 3 h", 56),
        ("1D", "daily means", 7),
        ("7D", "weekly means", 12),
    ],
)
def test_series_and_week_are_lines(interval, means, pieces):
    _, figure = drawn(interval)
    series, week = figure.axes
    assert means in series.get_title(loc="left")
    assert connected(series.lines[0]) == 399
    assert connected(week.lines[0]) == pieces  # longer steps end with the week, or the year
    assert_nothing_overlaps(figure)


def test_a_daily_median_stands_for_its_whole_day():
    result, figure = drawn("1D")
    line = figure.axes[1].lines[0]
    assert line.get_drawstyle() == "steps-post"
    assert line.get_xdata().tolist() == [*range(0, 168, 24), 168]
    assert line.get_ydata().tolist() == [*result.profile["50 %"], result.profile["50 %"].iloc[-1]]


def test_a_value_between_two_gaps_is_a_dot():
    keep = np.ones(400, bool)
    keep[[300, 301, 303, 304]] = False
    result, figure = drawn("1D", keep)
    (dot,) = figure.axes[0].lines[1].get_ydata()
    assert dot == result.means.iloc[302] == 302 % 97
