"""The LSTMs of a model: found, and what goes in and comes out of the first."""

import pytest
import torch
from torch import nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.activations import record
from lstmkit.internals.recurrent import find_lstms, lstm_inputs, record_final_states
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.tiny import count_hooks, state_of, stirred


class TimeFirst(nn.Module):
    """An LSTM in both directions that wants the time first."""

    def __init__(self):
        super().__init__()
        self.memory = nn.LSTM(3, 4, num_layers=2, bidirectional=True)

    def forward(self, x):
        return self.memory(x.transpose(0, 1))[0][-1]


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
    with torch.inference_mode(), record_final_states(model) as found:
        output = model.memory(inputs().transpose(0, 1))[0]
    (states,) = found
    assert states.shape == (5, 2, 8)
    torch.testing.assert_close(states[:, 1, :4], output[-1, :, :4], rtol=0, atol=0)
    torch.testing.assert_close(states[:, 1, 4:], output[0, :, 4:], rtol=0, atol=0)


@pytest.mark.parametrize("steps", [10, 11])
def test_inputs_of_the_lstm_are_what_the_pool_puts_out(steps):
    model = stirred(CNNLSTMForecaster(3, 2, channels=(4, 5), hidden=6))
    before = state_of(model)
    with torch.inference_mode(), record(model, ["pool"]) as outputs:
        model(inputs(steps))
        found = lstm_inputs(model, inputs(steps))
    torch.testing.assert_close(found, outputs["pool"].transpose(1, 2), rtol=0, atol=0)
    assert state_of(model) == before


def test_inputs_come_with_the_batch_first():
    with torch.inference_mode():
        assert torch.equal(lstm_inputs(TimeFirst(), inputs()), inputs())
        assert torch.equal(lstm_inputs(LSTMForecaster(3, 1), inputs()), inputs())


def test_an_error_on_the_way_is_not_swallowed_and_the_hook_comes_off():
    model = LSTMForecaster(3, 1)
    with pytest.raises(RuntimeError), torch.inference_mode():
        record_final = record_final_states(model)
        with record_final:
            model(torch.zeros(2, 4, 7))
    assert count_hooks(model) == 0
