"""Weights of every LSTM that a model calls, in the order of the calls, whatever the order of registration."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from lstmkit.analysis.weights.biases import biases
from lstmkit.analysis.weights.facts import weight_facts
from lstmkit.analysis.weights.inputs import every_input_weights, input_weights, input_weights_frame
from lstmkit.analysis.weights.layers import read_weights
from lstmkit.analysis.weights.recurrent import recurrent_weights
from lstmkit.analysis.weights.singular_values import singular_values
from lstmkit.errors import LstmkitError
from lstmkit.findings.weights.inputs import biases_finding, input_weights_caption, input_weights_finding
from lstmkit.findings.weights.recurrent import recurrent_weights_finding
from lstmkit.findings.weights.singular_values import singular_values_finding
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from tests.analysis.gated import walked
from tests.analysis.several_lstms import EncoderDecoder, Mixed
from tests.analysis.tiny import make_test_windows, state_of, stirred

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")

FEATURES, X = ("co2", "temperature"), torch.randn(1, 8, 2, generator=torch.Generator().manual_seed(1))
NAMES = ["encoder, layer 1", "encoder, layer 2", "decoder, layer 1", "decoder, layer 2"]


@pytest.fixture
def model():
    return stirred(EncoderDecoder())


def test_the_order_is_that_of_the_calls_and_what_is_never_called_is_left_out(model):
    assert list(dict(model.named_children())) == ["decoder", "unused", "encoder", "head"]
    layers = read_weights(model, X)
    assert [layer.label for layer in layers] == NAMES
    for layer, lstm, k in zip(layers, [model.encoder] * 2 + [model.decoder] * 2, [0, 1] * 2, strict=True):
        expected = getattr(lstm, f"weight_hh_l{k}").detach().numpy()
        np.testing.assert_array_equal(np.concatenate(layer.recurrent), expected)


def test_names_are_those_of_the_gates():
    for model in (stirred(EncoderDecoder()), stirred(Mixed())):
        gates = walked(model, make_test_windows(n=4, lookback=8))
        assert [layer.label for layer in read_weights(model, X)] == [part.name for part in gates.parts]


def test_one_can_be_chosen(model):
    assert [layer.label for layer in read_weights(model, X, "decoder")] == NAMES[2:]
    with pytest.raises(LstmkitError, match=r"never calls its nn\.LSTM unused; it calls encoder, decoder"):
        read_weights(model, X, "unused")


def test_names_have_no_lstm_where_the_model_calls_one():
    class One(EncoderDecoder):
        def forward(self, x):
            return self.encoder(x)[0][:, -1]

    assert [layer.label for layer in read_weights(One(), X)] == ["layer 1", "layer 2"]
    assert input_weights(One(), FEATURES, 0, X).lstm == ""


def test_without_inputs_the_order_of_several_is_not_known(model):
    for measure in (
        read_weights,
        biases,
        lambda m: input_weights(m, FEATURES, 0),
        lambda m: recurrent_weights(m, 0),
    ):
        with pytest.raises(
            LstmkitError, match="contains 3 LSTMs: give x, some inputs of the model, from which"
        ):
            measure(model)


def test_what_each_reads_has_its_own_labels(model):
    encoder, decoder = every_input_weights(model, FEATURES, 0, X)
    assert (encoder.lstm, encoder.inputs) == ("encoder", FEATURES)
    assert (decoder.lstm, decoder.inputs) == ("decoder", ("input 0",))
    expected = model.decoder.weight_ih_l0.detach().numpy().reshape(4, 4, 1)
    np.testing.assert_array_equal(decoder.weights, expected[:, decoder.units])
    first, second, recent = every_input_weights(stirred(Mixed()), FEATURES, 0, X)
    assert (first.inputs, recent.inputs) == (FEATURES, FEATURES)  # its newest steps are steps of the window
    assert second.inputs == tuple(f"input {k}" for k in range(8))
    assert (first.per_direction, first.weights.shape[1], second.weights.shape[1]) == (4, 8, 5)
    table = input_weights_frame((first, second, recent))
    assert list(table.index.unique("lstm")) == ["first", "second", "recent"]
    np.testing.assert_array_equal(table.loc["second"], second.to_frame())


def test_an_lstm_of_as_many_inputs_as_features_that_reads_others_does_not_read_features():
    class Behind(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = (nn.LSTM(2, 2, batch_first=True) for _ in range(2))

        def forward(self, x):
            return self.second(self.first(x)[0])[0][:, -1]

    first, second = every_input_weights(stirred(Behind()), FEATURES, 0, X)
    assert (first.inputs, second.inputs) == (FEATURES, ("input 0", "input 1"))


def test_behind_convolutions_the_first_reads_channels():
    class Two(CNNLSTMForecaster):
        def __init__(self):
            super().__init__(2, 2, channels=(3, 4), hidden=3)
            self.second = nn.LSTM(3, 3, batch_first=True)

        def states(self, x):
            return self.second(super().states(x))[0]

    first, second = every_input_weights(stirred(Two()), FEATURES, 0, X)
    assert first.inputs == ("channel 0", "channel 1", "channel 2", "channel 3")
    assert second.inputs == ("input 0", "input 1", "input 2")


class Packed(nn.Module):
    """Two LSTMs that read packed sequences."""

    def __init__(self):
        super().__init__()
        self.last, self.first = (nn.LSTM(2, 3, batch_first=True) for _ in range(2))

    def forward(self, x):
        packed = pack_padded_sequence(x, [x.shape[1]] * len(x), batch_first=True)
        return self.first(packed)[1][0][-1] + self.last(packed)[1][0][-1]


def test_weights_of_lstms_that_read_packed_sequences_can_be_read():
    model = stirred(Packed())
    assert [layer.label for layer in read_weights(model, X)] == ["first, layer 1", "last, layer 1"]
    first, last = every_input_weights(model, FEATURES, 0, X)
    assert (first.inputs, last.inputs) == (FEATURES, ("input 0", "input 1"))


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (nn.GRU(2, 3), r"\(but GRU\).*train it with an nn\.LSTM in its place"),
        (nn.RNN(2, 3), r"\(but RNN\).*train it with an nn\.LSTM in its place"),
        (nn.LSTMCell(2, 3), "copy the weights of each LSTMCell into an nn.LSTM of one layer"),
    ],
)
@pytest.mark.parametrize(
    "measure",
    [
        lambda model: read_weights(model, X),
        lambda model: every_input_weights(model, FEATURES, 0, X),
        lambda model: biases(model, X),
        lambda model: recurrent_weights(model, 0, X),
        lambda model: singular_values(model, 0, X),
    ],
)
def test_other_recurrent_modules_are_refused_with_what_would_work(measure, module, said):
    with pytest.raises(LstmkitError, match=said):
        measure(nn.Sequential(module))


def test_lstms_of_different_sizes_stand_in_one_table():
    model = stirred(Mixed())
    standing, recurrent, spectra = (
        biases(model, X),
        recurrent_weights(model, 0, X),
        singular_values(model, 0, X),
    )
    names = [layer.label for layer in read_weights(model, X)]
    assert [len(values[0]) for values in standing.values] == [4, 4, 4, 4, 5, 3]
    assert list(standing.to_frame().index.unique("layer")) == names
    assert recurrent.layers == tuple(names)
    assert list(dict.fromkeys(spectrum.layer for spectrum in spectra.whole)) == names
    assert [s.matrix for s in spectra.whole if s.layer == "second, layer 1"] == ["W_ih", "W_hh", "W_hr"]
    forget = np.concatenate([values[1] for values in standing.values])
    assert standing.facts()["forget_bias"] == pytest.approx(forget.mean())
    facts = weight_facts(every_input_weights(model, FEATURES, 0, X)[0], standing, recurrent, spectra)
    assert facts["candidate_radius_first_layer"] == recurrent.table.loc[(names[0], "candidate g"), "radius"]


def test_sentences_name_the_lstm(model):
    inputs = every_input_weights(model, FEATURES, 0, X)
    assert input_weights_caption(*inputs).startswith(
        "Left, the weights of 2 inputs to the 4 units of layer 1 of encoder; the weights of 1 input to the 4 units of "
        "layer 1 of decoder, gate by gate; "
    )
    said = input_weights_finding(*inputs)
    assert said.startswith("encoder: Of the squared weights the largest shares fall on ")
    assert " decoder: Of the squared weights the largest shares fall on input 0 (100 %)" in said
    assert "; layer 2 of decoder " in biases_finding(biases(model, X))
    assert "Layer 1 of decoder feeds back most through " in recurrent_weights_finding(
        recurrent_weights(model, 0, X)
    )
    assert " in W_hh of layer 2 of encoder (" in singular_values_finding(singular_values(model, 0, X))


def test_weights_that_are_no_numbers_are_told_with_their_lstm(model):
    with torch.no_grad():
        model.decoder.weight_hh_l1[1, 2] = float("nan")
    with pytest.raises(LstmkitError, match=r"^weight_hh of the LSTM decoder's layer 2 holds NaN or infinity"):
        read_weights(model, X)


def test_the_model_stays_as_it_was(model):
    model.train()
    before = state_of(model)
    every_input_weights(model, FEATURES, 0, X)
    assert state_of(model) == before
