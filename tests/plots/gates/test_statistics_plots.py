"""Figures of gates: what is drawn is what was found."""

from dataclasses import replace

import numpy as np
import pytest

from lstmkit.analysis.gates.part import FORGET
from lstmkit.analysis.gates.statistics import gate_statistics
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.plots.gates import statistics as draw
from lstmkit.plots.gates import units as draw_units
from lstmkit.plots.groups import colors_of
from tests.analysis.gated import Gated, calm, walked
from tests.analysis.gates.by_hand import NEEDS_3_H
from tests.analysis.tiny import make_test_windows, stirred
from tests.groups import by_edges

BESIDE = {  # what else some figures take
    draw_units.plot_saturation: lambda gates: (gates,),
    draw_units.plot_timescales: lambda gates: (gates, NEEDS_3_H),
}
PLOTS = [
    getattr(module, name) for module in (draw, draw_units) for name in dir(module) if name.startswith("plot_")
]


def statistics_of(edges=(-0.4, 0.4), layers: int = 2, lookback: int = 24):
    model = stirred(LSTMForecaster(2, 2, hidden=5, layers=layers))
    windows = make_test_windows(n=60, lookback=lookback)
    return gate_statistics(model, windows, by_edges(windows, edges))


@pytest.fixture(scope="module")
def gates():
    return statistics_of()


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
@pytest.mark.parametrize(
    "case",
    [{}, {"layers": 1}, {"edges": (-99.0, 99.0)}, {"lookback": 1}],
    ids=["two", "one", "one regime", "one step"],
)
def test_every_figure_can_be_drawn(plot, case, tmp_path):
    gates = statistics_of(**case)
    plot(gates, *BESIDE.get(plot, lambda _: ())(gates)).savefig(tmp_path / "figure.png", dpi=40)


def test_the_heatmap_shows_the_longest_memory_on_top(gates):
    figure = draw_units.plot_forget_heatmap(gates)
    image = figure.axes[0].images[0]
    part = gates.parts[0]
    expected = gates.mean(part)[:, FORGET][:, np.argsort(part.timescale)[::-1]].T
    np.testing.assert_allclose(image.get_array(), expected)
    assert image.get_extent() == [-2, 0, 5, 0]  # 24 steps of 5 minutes, 5 units


def test_lines_of_the_evolution_are_means_over_units(gates):
    axes = draw.plot_evolution(gates).axes[0]
    drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
    for k, name in enumerate(("input", "forget", "candidate", "output")):
        np.testing.assert_allclose(drawn[name], gates.mean(gates.parts[0])[:, k].mean(axis=1))


def test_bars_carry_the_colours_of_their_regimes(gates):
    axes = draw.plot_by_group(gates).axes[0]
    heights = {
        container.get_label(): [bar.get_height() for bar in container] for container in axes.containers
    }
    assert list(heights) == ["Low", "Medium", "High"]
    np.testing.assert_allclose(heights["High"], gates.group_frame().loc["layer 1", "High"])
    assert [axes.containers[k][0].get_facecolor()[:3] for k in range(3)] == [
        tuple(int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)) for color in colors_of(3, 3)
    ]


@pytest.mark.parametrize("plot", [draw.plot_cell_magnitude, draw.plot_update_ratio])
def test_every_part_of_a_deep_bidirectional_lstm_has_a_line_of_its_own(plot):
    model = calm(Gated(num_layers=4, bidirectional=True))
    statistics = walked(model, make_test_windows(n=20, lookback=24))
    lines = plot(statistics).axes[0].lines
    assert [line.get_label() for line in lines] == [part.name for part in statistics.parts]
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 8


@pytest.mark.parametrize("plot", [draw.plot_evolution, draw.plot_cell_magnitude])
def test_the_axis_spans_the_lookback_of_the_windows(plot):
    for lookback in (1, 24):
        assert plot(statistics_of(lookback=lookback)).axes[-1].get_xlim() == pytest.approx(
            (-lookback / 12, 0)
        )


@pytest.mark.parametrize("longest", [0, 1])
def test_no_band_of_any_layer_runs_off_the_top_of_the_shared_axis_of_timescales(gates, longest):
    parts = list(gates.parts)
    parts[longest] = replace(parts[longest], timescale_quantiles=100 * parts[longest].timescale_quantiles)
    highest = max(float(part.timescale_quantiles.max()) for part in parts)
    figure = draw_units.plot_timescales(replace(gates, parts=tuple(parts)), gates, NEEDS_3_H)
    drawn = max(path.vertices[:, 1].max() for axes in figure.axes for path in axes.collections[0].get_paths())
    assert drawn == pytest.approx(highest)
    assert [axes.get_ylim()[1] for axes in figure.axes] == [
        pytest.approx(3 * max(highest, gates.lookback_hours))
    ] * 2


def test_timescales_stand_beside_those_before_training_and_the_history_of_the_forecast(gates):
    before = replace(gates.parts[0], timescale=np.array([0.3, 0.1, 0.5, 0.2, 0.4]))
    untrained = replace(gates, parts=(before, *gates.parts[1:]))
    figure = draw_units.plot_timescales(gates, untrained, NEEDS_3_H)
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}
    np.testing.assert_allclose(lines["before training"], [0.1, 0.2, 0.3, 0.4, 0.5])
    np.testing.assert_allclose(lines["sufficient history of the forecast"], 3)
    nothing = replace(NEEDS_3_H, gain=None, sufficient=None)
    labels = [
        line.get_label() for line in draw_units.plot_timescales(gates, untrained, nothing).axes[0].lines
    ]
    assert "sufficient history of the forecast" not in labels


def test_every_unit_is_a_dot_of_the_saturation(gates):
    before = replace(gates.parts[0], high=gates.parts[0].high / 2, low=gates.parts[0].low / 3)
    axes = draw_units.plot_saturation(gates, replace(gates, parts=(before, *gates.parts[1:]))).axes[1]
    *_, grey, dots = axes.lines
    np.testing.assert_allclose(dots.get_xdata(), gates.parts[0].high[FORGET])
    np.testing.assert_allclose(dots.get_ydata(), gates.parts[0].low[FORGET])
    np.testing.assert_allclose(grey.get_xdata(), before.high[FORGET])
    np.testing.assert_allclose(grey.get_ydata(), before.low[FORGET])
