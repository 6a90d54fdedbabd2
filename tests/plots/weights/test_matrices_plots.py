"""Figures of weights: they show the Result's numbers, know nothing of pyplot, and nothing overlaps."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from lstmkit.analysis.weights.inputs import every_input_weights, input_weights
from lstmkit.analysis.weights.layers import GATES
from lstmkit.analysis.weights.recurrent import recurrent_weights
from lstmkit.analysis.weights.singular_values import singular_values
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.plots.weights.matrices import plot_input_weights, plot_recurrent_weights, plot_singular_values
from tests.analysis.several_lstms import EncoderDecoder, Mixed
from tests.analysis.tiny import stirred
from tests.plots.attribution.test_maps_plots import FEATURES, assert_nothing_overlaps, visible_texts

MODELS = {
    "usual": lambda: nn.LSTM(10, 128, 2),
    "convolved": lambda: CNNLSTMForecaster(10, 3),
    "both directions": lambda: nn.LSTM(10, 8, 2, bidirectional=True),
    "projected": lambda: nn.LSTM(10, 12, proj_size=3),
    "one unit": lambda: nn.LSTM(1, 1),
}


def zeroed(model: nn.Module) -> nn.Module:
    with torch.no_grad():
        for values in model.parameters():
            values.zero_()
    return model


def figures(model: nn.Module) -> list[Figure]:
    return [
        plot_input_weights(input_weights(model, FEATURES, 0)),
        plot_recurrent_weights(recurrent_weights(model, 0)),
        plot_singular_values(singular_values(model, 0)),
    ]


@pytest.mark.parametrize("prepare", [stirred, zeroed])
@pytest.mark.parametrize("name", MODELS)
def test_figures_are_whole_and_unknown_to_pyplot(name, prepare):
    before = plt.get_fignums()
    for figure in figures(prepare(MODELS[name]())):
        assert isinstance(figure, Figure)
        assert_nothing_overlaps(figure)
        assert not any("nan" in text.get_text() for text in visible_texts(figure))
    assert plt.get_fignums() == before


def test_input_weights_show_every_gate_and_its_shares():
    result = input_weights(stirred(MODELS["usual"]()), FEATURES, 0)
    panels = np.array(plot_input_weights(result).axes[:8]).reshape(4, 2)
    for gate, (left, right) in enumerate(panels):
        (image,) = left.images
        np.testing.assert_array_equal(image.get_array(), result.weights[gate].T)
        assert image.get_clim() == (-result.limit, result.limit)
        assert left.get_title(loc="left") == GATES[gate].capitalize()
        np.testing.assert_allclose([bar.get_width() for bar in right.patches], result.share[gate])
        assert right.get_ylim() == left.get_ylim()  # rows of both stand side by side
    assert [label.get_text() for label in panels[0, 0].get_yticklabels()] == list(result.inputs)


def test_many_channels_are_named_now_and_then():
    result = input_weights(stirred(MODELS["convolved"]()), FEATURES, 0)
    axes = plot_input_weights(result).axes[0]
    assert axes.get_yticks().tolist() == list(range(0, 64, 4))
    assert axes.get_yticklabels()[1].get_text() == "channel 4"


def test_a_line_divides_the_two_directions():
    result = input_weights(stirred(MODELS["both directions"]()), FEATURES, 0)
    (line,) = plot_input_weights(result).axes[0].lines
    assert line.get_xdata()[0] == 8
    assert not plot_input_weights(input_weights(stirred(MODELS["usual"]()), FEATURES, 0)).axes[0].lines


def test_recurrent_weights_have_a_row_per_layer_and_the_diagonal_on_the_diagonal():
    result = recurrent_weights(stirred(MODELS["both directions"]()), 0)
    figure = plot_recurrent_weights(result)
    panels = np.array(figure.axes[:16]).reshape(4, 4)
    for line, layer, weights in zip(panels, result.layers, result.weights, strict=True):
        assert line[0].get_ylabel() == f"{layer}\nto unit"
        for axes, gate in zip(line, weights, strict=True):
            (image,) = axes.images
            np.testing.assert_array_equal(image.get_array(), gate)
            assert image.get_extent() == [0, 8, 8, 0]
            assert image.get_clim() == (-result.limit, result.limit)


def test_singular_values_are_drawn_beside_the_random_ones():
    result = singular_values(stirred(MODELS["projected"]()), 0)
    panels = plot_singular_values(result).axes
    assert len(panels) == 3
    for axes, spectrum in zip(panels, result.whole, strict=True):
        lines = {line.get_label(): line.get_ydata() for line in axes.lines}
        np.testing.assert_array_equal(lines["all gates"], spectrum.singular)
        np.testing.assert_array_equal(lines["all gates, random"], spectrum.initial)
        for gate in result.gates(spectrum):
            np.testing.assert_array_equal(lines[gate.part], gate.singular)
        assert axes.get_title(loc="left").endswith(f"({spectrum.shape[0]} × {spectrum.shape[1]})")


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("make", [EncoderDecoder, Mixed])
def test_of_several_lstms_each_has_its_place_and_its_name(make):
    model, x = stirred(make()), torch.zeros(1, 8, 2)
    inputs, spectra = every_input_weights(model, ("a", "b"), 0, x), singular_values(model, 0, x)
    drawn = [
        plot_input_weights(*inputs),
        plot_recurrent_weights(recurrent_weights(model, 0, x)),
        plot_singular_values(spectra),
    ]
    for figure in drawn:
        assert_nothing_overlaps(figure)
    assert [part.get_suptitle() for part in drawn[0].subfigs] == [each.lstm for each in inputs]
    rows = [axes.get_ylabel().split("\n") for axes in drawn[1].axes if "to unit" in axes.get_ylabel()]
    assert [", ".join(row[:2]) for row in rows] == list(dict.fromkeys(each.layer for each in spectra.whole))
    for part, each in zip(drawn[0].subfigs, inputs, strict=True):
        np.testing.assert_array_equal(part.axes[0].images[0].get_array(), each.weights[0].T)
    titles = [axes.get_title(loc="left").split("\n")[0] for axes in drawn[2].axes]
    assert [title for title in titles if title] == [spectrum.layer for spectrum in spectra.whole]
