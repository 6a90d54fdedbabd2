"""The LSTMs of a model: found in the order of their calls, what goes in and what comes out."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from lstmkit.errors import LstmkitError
from lstmkit.internals.activations import record
from lstmkit.internals.recurrent import find_lstms, first_lstm, lstm_calls, lstm_reader, record_final_states
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.tiny import count_hooks, state_of, stirred

STATE = tuple(torch.randn(1, 5, 4, generator=torch.Generator().manual_seed(seed)) for seed in range(2))


class TimeFirst(nn.Module):
    """An LSTM in both directions that wants the time first."""

    def __init__(self):
        super().__init__()
        self.memory = nn.LSTM(3, 4, num_layers=2, bidirectional=True)

    def forward(self, x):
        return self.memory(x.transpose(0, 1))[0][-1]


class EncoderDecoder(nn.Module):
    """An encoder, registered last, from whose state a decoder goes on, called once per step ahead."""

    def __init__(self):
        super().__init__()
        self.decoder = nn.LSTM(3, 4, batch_first=True)
        self.encoder = nn.LSTM(3, 4, batch_first=True)

    def forward(self, x):
        _, state = self.encoder(x)
        for _ in range(2):
            output, state = self.decoder(x[:, -1:], state)
        return output[:, -1]


class Calls(nn.Module):
    """An LSTM that is called as a function says."""

    def __init__(self, call, **shape):
        super().__init__()
        self.memory, self.call = nn.LSTM(3, 4, **({"batch_first": True} | shape)), call

    def forward(self, x):
        return self.call(self.memory, x)


def inputs(steps: int = 10) -> torch.Tensor:
    return torch.randn(5, steps, 3, generator=torch.Generator().manual_seed(3))


def test_lstms_are_found_by_name():
    assert list(find_lstms(TimeFirst())) == ["memory"]
    with pytest.raises(LstmkitError, match=r"Sequential contains no nn\.LSTM"):
        find_lstms(nn.Sequential(nn.Linear(2, 2)))


def test_final_states_are_those_of_each_layer():
    model = stirred(CNNLSTMForecaster(3, 2, channels=(4, 5), hidden=6))
    with torch.inference_mode(), record_final_states(model) as found, record(model, ["lstm"]) as outputs:
        model(inputs())
    (states,) = found
    assert states.shape == (5, 2, 6)
    torch.testing.assert_close(states[:, 1], outputs["lstm"][:, -1], rtol=0, atol=0)
    assert count_hooks(model) == 0


def test_directions_stand_side_by_side():
    model = stirred(TimeFirst())
    with torch.inference_mode(), record_final_states(model) as found, record(model, ["memory"]) as outputs:
        model(inputs())
    (states,), output = found, outputs["memory"]
    assert states.shape == (5, 2, 8)
    torch.testing.assert_close(states[:, 1, :4], output[-1, :, :4], rtol=0, atol=0)
    torch.testing.assert_close(states[:, 1, 4:], output[0, :, 4:], rtol=0, atol=0)


@pytest.mark.parametrize("steps", [10, 11])
def test_inputs_of_the_lstm_are_what_the_pool_puts_out(steps):
    model = stirred(CNNLSTMForecaster(3, 2, channels=(4, 5), hidden=6))
    before = state_of(model)
    with torch.inference_mode(), record(model, ["pool"]) as outputs:
        model(inputs(steps))
        call = first_lstm(model, inputs(steps))
    torch.testing.assert_close(call.x, outputs["pool"].transpose(1, 2), rtol=0, atol=0)
    assert (call.name, call.lstm, call.state) == ("lstm", model.lstm, None)
    assert state_of(model) == before


def test_inputs_come_with_the_batch_first():
    with torch.inference_mode():
        assert torch.equal(first_lstm(TimeFirst(), inputs()).x, inputs())
        assert torch.equal(first_lstm(LSTMForecaster(3, 1), inputs()).x, inputs())


def test_the_first_lstm_is_the_one_called_first():
    model = stirred(EncoderDecoder())
    assert list(find_lstms(model)) == ["decoder", "encoder"]
    with torch.inference_mode(), record_final_states(model) as found:
        call = first_lstm(model, inputs())
        for steps in (10, 7):
            model(inputs(steps))
        expected = [model.encoder(inputs(steps))[0][:, -1:] for steps in (10, 7)]
    assert (call.name, call.lstm) == ("encoder", model.encoder)
    assert torch.equal(call.x, inputs())
    assert [torch.equal(*pair) for pair in zip(found, expected, strict=True)] == [True, True]
    assert count_hooks(model) == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda lstm, x: lstm(x, STATE),
        lambda lstm, x: lstm(x, hx=STATE),
        lambda lstm, x: lstm(hx=STATE, input=x),
    ],
    ids=["in order", "the state by name", "both by name"],
)
def test_a_given_state_is_handed_on(call):
    found = first_lstm(Calls(call), inputs())
    assert torch.equal(found.x, inputs())
    assert found.state is STATE


def test_inputs_given_by_name_are_found():
    found = first_lstm(Calls(lambda lstm, x: lstm(input=x.transpose(0, 1)), batch_first=False), inputs())
    assert torch.equal(found.x, inputs())
    assert found.state is None


@pytest.mark.parametrize(
    "call",
    [
        lambda lstm, x: lstm(pack_padded_sequence(x, [10, 9, 8, 8, 2], batch_first=True)),
        lambda lstm, x: lstm(x[0]),
    ],
    ids=["packed", "single"],
)
def test_what_cannot_be_walked_through_is_refused(call):
    model = Calls(call)
    with pytest.raises(LstmkitError, match="the LSTM memory reads a packed sequence or a single one"):
        first_lstm(model, inputs())
    assert count_hooks(model) == 0


def test_a_model_that_never_calls_its_lstm_is_refused():
    said = r"^Calls never calls its nn\.LSTM memory$"
    with pytest.raises(LstmkitError, match=said):
        first_lstm(Calls(lambda _, x: x), inputs())
    model = Calls(lambda _, x: x)
    with pytest.raises(LstmkitError, match=said), record_final_states(model):
        model(inputs())
    assert count_hooks(model) == 0


def test_an_error_on_the_way_is_not_swallowed_and_the_hooks_come_off():
    model = LSTMForecaster(3, 1)
    with pytest.raises(KeyError), torch.inference_mode(), record_final_states(model):
        raise KeyError
    with pytest.raises(LstmkitError, match="not 7 features"), record_final_states(model):
        model(torch.zeros(2, 4, 7))
    assert count_hooks(model) == 0


def test_calls_come_in_their_order_and_those_that_continue_each_other_as_one():
    model = EncoderDecoder().eval()
    x = inputs()
    encoder, decoder = lstm_calls(model, x)
    assert (encoder.name, encoder.pieces, decoder.name, decoder.pieces) == ("encoder", 1, "decoder", 2)
    assert torch.equal(encoder.x, x) and encoder.state is None
    assert torch.equal(decoder.x, x[:, [-1, -1]])
    with torch.no_grad():
        _, state = model.encoder(x)
        whole, _ = model.decoder(decoder.x, decoder.state)
        assert all(map(torch.equal, decoder.state, state))
        torch.testing.assert_close(whole[:, -1], model(x))


def test_calls_that_start_anew_stand_by_themselves():
    shared = Calls(lambda memory, x: memory(x)[0][:, -1] + memory(x.flip(1))[0][:, -1])
    first, second = lstm_calls(shared, inputs())
    assert (first.name, second.name) == ("memory (call 1)", "memory (call 2)")
    assert torch.equal(second.x, inputs().flip(1))


def test_an_lstm_that_is_registered_and_never_called_is_left_out():
    model = EncoderDecoder()
    model.unused = nn.LSTM(3, 4)
    assert [call.name for call in lstm_calls(model, inputs())] == ["encoder", "decoder"]


@pytest.mark.parametrize("model", [EncoderDecoder(), TimeFirst()])
def test_a_reader_tells_the_same_of_other_inputs(model):
    read = lstm_reader(model, inputs())
    for one, other in zip(read(inputs(7)), lstm_calls(model, inputs(7)), strict=True):
        assert one.name == other.name and torch.equal(one.x, other.x)
    assert count_hooks(model) == 0


def test_the_final_states_of_any_lstm_can_be_recorded():
    model = EncoderDecoder().eval()
    with (
        record_final_states(model, "decoder") as decoder,
        record_final_states(model) as first,
        torch.no_grad(),
    ):
        expected = model(inputs())
        _, (encoded, _) = model.encoder(inputs())
    assert torch.equal(decoder[0][:, 0], expected)
    assert torch.equal(first[0][:, 0], encoded[0])


def test_an_unknown_name_is_refused_with_those_that_there_are():
    with (
        pytest.raises(LstmkitError, match=r"no nn\.LSTM 'memory'; it has decoder, encoder"),
        record_final_states(EncoderDecoder(), "memory"),
    ):
        pass


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (nn.GRU(3, 4), "GRU"),
        (nn.LSTMCell(3, 4), "copy the weights of each LSTMCell into an nn.LSTM of one layer"),
    ],
)
def test_other_recurrent_modules_are_refused_with_what_would_work(module, told):
    with pytest.raises(LstmkitError, match=told):
        lstm_calls(nn.Sequential(module), inputs())
