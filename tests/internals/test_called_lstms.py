"""Which of a model's LSTMs it calls, in which order, and what else it has."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from lstmkit.errors import LstmkitError
from lstmkit.internals.called_lstms import called_lstms, part_label
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.several_lstms import EncoderDecoder, Mixed
from tests.analysis.tiny import count_hooks, state_of

X = torch.zeros(2, 6, 2)


class Packed(nn.Module):
    """Two LSTMs that read a packed sequence, the one that is registered last first."""

    def __init__(self):
        super().__init__()
        self.last, self.first = (nn.LSTM(2, 3, batch_first=True) for _ in range(2))

    def forward(self, x):
        packed = pack_padded_sequence(x, [6, 4], batch_first=True)
        return self.first(packed)[1][0][-1] + self.last(packed)[1][0][-1]


def test_the_order_is_that_of_the_calls_and_what_is_never_called_is_named():
    model = EncoderDecoder()
    before = state_of(model)
    found = called_lstms(model, X)
    assert list(found.called) == ["encoder", "decoder"]
    assert found.called["encoder"] is model.encoder
    assert (found.first, found.uncalled, found.others, found.alone) == ("encoder", ("unused",), {}, False)
    assert state_of(model) == before
    assert list(called_lstms(Mixed(), X).called) == ["first", "second", "recent"]
    assert called_lstms(LSTMForecaster(2, 1), X).alone


def test_packed_sequences_do_not_hide_the_order():
    model = Packed()
    assert list(called_lstms(model, X).called) == ["first", "last"]
    assert count_hooks(model) == 0


def test_other_recurrent_modules_are_named():
    model = LSTMForecaster(2, 1)
    model.gate, model.cell = nn.GRU(2, 2), nn.LSTMCell(2, 2)
    found = called_lstms(model, X)
    assert found.others == {"gate": "GRU", "cell": "LSTMCell"}
    assert not found.alone


def test_one_can_be_chosen():
    found = called_lstms(EncoderDecoder(), X)
    assert list(found.only("decoder").called) == ["decoder"]
    with pytest.raises(LstmkitError, match=r"never calls its nn\.LSTM unused; it calls encoder, decoder"):
        found.only("unused")
    with pytest.raises(LstmkitError, match=r"has no nn\.LSTM memory; it calls encoder, decoder"):
        found.only("memory")


def test_a_part_is_named_by_its_lstm_where_there_is_another():
    assert (part_label("", "layer 1"), part_label("encoder", "layer 1")) == ("layer 1", "encoder, layer 1")
