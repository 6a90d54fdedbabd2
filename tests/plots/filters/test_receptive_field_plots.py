"""Figure of the receptive field: drawn to scale."""

import numpy as np
import pandas as pd
import pytest

from lstmkit.analysis.filters.receptive_field import ReceptiveField, Stage
from lstmkit.plots.filters.receptive_field import plot_receptive_field
from tests.plots.attribution.test_maps_plots import assert_whole_and_unknown_to_pyplot

STAGES = (
    Stage("CNN layer 1", 7, 7, 1, 2),
    Stage("CNN layer 2", 11, 11, 1, 0),
    Stage("the pool", 12, 12, 2, 0),
)


def field(lookback: int = 288, stages=STAGES, step: str = "5min", scale: float = 1.0) -> ReceptiveField:
    steps = stages[-1].steps
    profile = np.bartlett(steps + 2)[1:-1]
    gradient = scale * 100 * profile / profile.sum()
    return ReceptiveField(stages, gradient, 12, 0, 11, lookback, pd.Timedelta(step))


FIGURES = {
    "a day": lambda: field(),
    "hours": lambda: field(24, step="1h"),
    "shorter than the field": lambda: field(8),
    "a single stage": lambda: field(stages=(Stage("CNN layer 1", 1, 1, 1, 0),)),
    "a wide one": lambda: field(stages=(*STAGES, Stage("CNN layer 3", 100, 100, 2, 0))),
    "no gradient": lambda: field(scale=0.0),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_whole_and_unknown_to_pyplot(name):
    result = FIGURES[name]()
    assert_whole_and_unknown_to_pyplot(lambda: plot_receptive_field(result))


def test_the_fields_are_to_scale_within_the_lookback():
    whole = plot_receptive_field(field()).axes[0]
    background, *bars = whole.patches
    assert (background.get_x(), background.get_width()) == (-24, 24)
    widths = [bar.get_width() * 12 for bar in bars]
    assert widths == pytest.approx([7, 11, 12])
    lefts = np.array([bar.get_x() * 12 for bar in bars])
    np.testing.assert_allclose(lefts - lefts[-1], [2, 0, 0], atol=1e-9)
    assert whole.get_xlim() == (-24, 0)


def test_the_enlargement_has_one_cell_per_step():
    result = field()
    zoom, profile = plot_receptive_field(result).axes[1:3]
    rows = {label.get_text(): row for row, label in enumerate(zoom.get_yticklabels())}
    assert list(rows) == ["CNN layer 1", "CNN layer 2", "the pool"]
    for stage in result.stages:
        middles = rows[stage.label]
        cells = [bar for bar in zoom.patches if bar.get_y() == pytest.approx(middles - 0.35)]
        assert [bar.get_x() for bar in cells] == pytest.approx(range(stage.start, stage.start + stage.steps))
        assert {bar.get_width() for bar in cells} == {1.0}
    texts = [text.get_text() for text in zoom.texts]
    assert texts == ["7 steps, 35 min", "11 steps, 55 min", "12 steps, 60 min"]
    assert [bar.get_height() for bar in profile.patches] == result.gradient.tolist()
    assert profile.get_xlim() == zoom.get_xlim()  # a bar stands below its cells


def test_the_lines_lead_from_the_field_to_its_enlargement():
    figure = plot_receptive_field(field())
    whole, zoom = figure.axes[:2]
    lines = [artist for artist in figure.artists if hasattr(artist, "coords1")]
    left, width = whole.patches[-1].get_x(), whole.patches[-1].get_width()
    assert [line.xy1[0] for line in lines] == pytest.approx([left, left + width])
    assert [line.xy2[0] for line in lines] == pytest.approx(list(zoom.get_xlim()))
