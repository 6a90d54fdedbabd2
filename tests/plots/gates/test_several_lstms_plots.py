"""Figures of gates where the model calls several LSTMs: each part has a panel that names it, over its own steps."""

import numpy as np
import pytest

from lstmkit.analysis.gates.part import FORGET
from lstmkit.plots.gates import statistics as draw
from lstmkit.plots.gates import units as draw_units
from tests.analysis.gated import calm, walked
from tests.analysis.gates.by_hand import NEEDS_3_H
from tests.analysis.several_lstms import EncoderDecoder, Mixed
from tests.analysis.tiny import make_test_windows
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts
from tests.plots.gates.test_statistics_plots import BESIDE, PLOTS

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
HORIZON = 12
MODELS = {"encoder and decoder": lambda: EncoderDecoder(HORIZON), "mixed": lambda: Mixed(HORIZON)}


@pytest.fixture(scope="module", params=MODELS.values(), ids=MODELS)
def gates(request):
    windows = make_test_windows(n=60, lookback=36, horizon=HORIZON)
    return walked(calm(request.param()), windows)


@pytest.fixture(scope="module")
def mixed():
    return walked(calm(Mixed(HORIZON)), make_test_windows(n=60, lookback=36, horizon=HORIZON))


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_every_figure_names_every_part_and_nothing_overlaps(plot, gates):
    figure = plot(gates, *BESIDE.get(plot, lambda _: ())(gates))
    assert_nothing_overlaps(figure)
    legends = [text for axes in figure.axes if axes.get_legend() for text in axes.get_legend().get_texts()]
    shown = " ".join(text.get_text() for text in [*visible_texts(figure), *legends]).lower()
    for part in gates.parts:
        assert part.lstm.name in shown
        assert part.layer in shown


def test_each_panel_of_the_heatmap_has_its_own_steps(gates):
    figure = draw_units.plot_forget_heatmap(gates)
    ends = {"encoder": (-3, 0), "decoder": (0, 1), "first": (-3, 0), "second": (-3, 0), "recent": (0, 5)}
    for part, axes in zip(gates.parts, figure.axes, strict=False):
        image = axes.images[0]
        order = np.argsort(part.timescale)[::-1]
        np.testing.assert_allclose(image.get_array(), gates.mean(part)[:, FORGET][:, order].T)
        assert tuple(image.get_extent()[:2]) == pytest.approx(ends[part.lstm.name])
        assert axes.get_title(loc="left").split("\n")[0] == part.lstm.name


def test_lines_stand_at_the_steps_of_their_lstm(mixed):
    for part, axes in zip(mixed.parts, draw.plot_evolution(mixed).axes, strict=True):
        line = axes.lines[1]
        hours = part.lstm.hours_before
        np.testing.assert_allclose(line.get_xdata(), [1, 2, 3, 4, 5] if hours is None else -hours)
        np.testing.assert_allclose(line.get_ydata(), mixed.mean(part)[:, FORGET].mean(axis=1))
    labels = [axes.get_xlabel() for axes in draw.plot_evolution(mixed).axes]
    before = "hours before the forecast"
    assert labels == ["", "", "", before, before, "step of recent"]  # once per LSTM


def test_steps_ahead_stand_after_the_origin():
    windows = make_test_windows(n=60, lookback=36, horizon=HORIZON)
    gates = walked(calm(EncoderDecoder(HORIZON)), windows)
    encoder, decoder = draw.plot_cell_magnitude(gates).axes
    assert encoder.get_xlim() == pytest.approx((-3, 0))
    assert decoder.get_xlim() == pytest.approx((0, 1))
    assert decoder.get_xlabel() == "hours after the forecast's origin"
    np.testing.assert_allclose(decoder.lines[0].get_xdata(), np.arange(1, 13) / 12)
    assert [line.get_label() for line in decoder.lines] == ["layer 1", "layer 2"]


def test_timescales_in_steps_stand_on_an_axis_of_their_own(mixed):
    figure = draw_units.plot_timescales(mixed, mixed, NEEDS_3_H)
    *timed, counted = figure.axes
    assert len({axes.get_ylim() for axes in timed}) == 1
    assert counted.get_ylabel() == "timescale (steps)"
    assert "lookback" not in [text.get_text() for text in counted.texts]
    drawn = {line.get_label(): line.get_ydata() for line in counted.lines}
    np.testing.assert_allclose(drawn["all steps"], np.sort(mixed.parts[-1].timescale))
    assert "sufficient history of the forecast" not in drawn
