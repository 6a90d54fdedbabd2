"""Recording: what the modules put out, with its graph, and hooks that come off whatever happens."""

import pytest
import torch
from torch import nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.activations import record
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.tiny import count_hooks, state_of


def two_layers() -> nn.Sequential:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        model[1].weight.copy_(torch.tensor([[5.0, 7.0]]))
        for layer in model:
            layer.bias.zero_()
    return model


def test_what_a_module_puts_out_by_hand():
    model = two_layers()
    with record(model, ["0", "1"]) as outputs:
        model(torch.tensor([[1.0, -1.0]]))
    assert outputs["0"].tolist() == [[-1.0, -1.0]]  # 1 − 2, 3 − 4
    assert outputs["1"].tolist() == [[-12.0]]  # −5 − 7


def test_the_graph_is_kept():
    model = two_layers()
    with record(model, ["0"]) as outputs:
        total = model(torch.tensor([[1.0, -1.0]])).sum()
    (gradient,) = torch.autograd.grad(total, outputs["0"])
    assert gradient.tolist() == [[5.0, 7.0]]


def test_each_forward_pass_fills_the_dictionary_anew():
    model = two_layers()
    with record(model, ["1"]) as outputs:
        assert outputs == {}
        model(torch.tensor([[1.0, 0.0]]))
        first = outputs["1"]
        model(torch.tensor([[0.0, 1.0]]))
    assert first.item() == 5 + 3 * 7
    assert outputs["1"].item() == 2 * 5 + 4 * 7


def test_of_an_lstm_the_states_are_recorded():
    model = LSTMForecaster(2, 1, hidden=3, layers=1).eval()
    x = torch.randn(4, 5, 2, generator=torch.Generator().manual_seed(0))
    with record(model, ["lstm"]) as outputs:
        forecast = model(x)
    assert outputs["lstm"].shape == (4, 5, 3)
    torch.testing.assert_close(model.projection(outputs["lstm"][:, -1])[..., None], forecast, rtol=0, atol=0)


def test_nothing_is_recorded_after_the_body():
    model = two_layers()
    with record(model, ["1"]) as outputs:
        model(torch.ones(1, 2))
    before = outputs["1"]
    model(torch.zeros(1, 2))
    assert outputs["1"] is before


def test_hooks_come_off():
    model = CNNLSTMForecaster(2, 1, hidden=3).eval()
    before = state_of(model)
    with record(model, list(model.stages.values())):
        assert count_hooks(model) == len(model.stages)
        model(torch.zeros(1, 8, 2))
    assert state_of(model) == before


def test_hooks_come_off_when_the_body_raises():
    model = CNNLSTMForecaster(2, 1, hidden=3).eval()
    before = state_of(model)
    with pytest.raises(KeyboardInterrupt), record(model, ["relu1", "lstm"]):
        raise KeyboardInterrupt
    with pytest.raises(RuntimeError, match="expected input"), record(model, ["relu1", "lstm"]):
        model(torch.zeros(1, 8, 5))  # five features for a model of two
    assert state_of(model) == before


def test_hooks_of_others_stay():
    model = two_layers()
    model[0].register_forward_hook(lambda *_: None)
    with record(model, ["0", "1"]):
        assert count_hooks(model) == 3
    assert count_hooks(model) == 1


def test_an_unknown_module_is_refused_with_the_known_ones():
    model = LSTMForecaster(2, 1, hidden=3)
    with (
        pytest.raises(LstmkitError, match=r"LSTMForecaster has no module conv9; it has lstm, dropout, proj"),
        record(model, ["lstm", "conv9"]),
    ):
        pass
    assert count_hooks(model) == 0
