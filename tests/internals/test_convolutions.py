"""Convolutions: found in the order in which they act, and folded with their norms without a difference."""

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.convolutions import Convolution, find_convolutions, find_local_stages, geometry, trace
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.convolutional import Stack, small
from tests.analysis.tiny import count_hooks, state_of

X = torch.randn(2, 12, 2, generator=torch.Generator().manual_seed(0))


class Backwards(nn.Module):
    """Registers its modules in the reverse of the order in which it calls them."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.last = nn.Conv1d(3, 4, 3)
        self.relu = nn.ReLU(inplace=True)
        self.first = nn.Conv1d(2, 3, 3)

    def forward(self, x):
        return self.norm(self.last(self.relu(self.first(x.transpose(1, 2))))).mean(dim=2)


def test_the_default_model_has_two_convolutions_with_their_norms_and_relus():
    model = small()
    first, second = find_convolutions(model, X)
    assert (first.label, first.name, first.relu) == ("CNN layer 1", "conv1", "relu1")
    assert (second.label, second.name, second.relu) == ("CNN layer 2", "conv2", "relu2")
    assert (first.module, first.norm) == (model.conv1, model.norm1)
    assert (second.module, second.norm) == (model.conv2, model.norm2)


def test_the_order_is_that_of_the_forward_pass_and_what_is_missing_is_none():
    model = Backwards().eval()
    first, second = find_convolutions(model, X)
    assert (first.name, first.norm, first.relu) == ("first", None, "relu")
    assert (second.name, second.norm, second.relu) == ("last", model.norm, None)


def test_a_model_without_convolutions_is_refused():
    with pytest.raises(LstmkitError, match=r"LSTMForecaster contains no nn\.Conv1d, so it has no filters"):
        find_convolutions(LSTMForecaster(2, 1, hidden=2).eval(), X)
    with pytest.raises(LstmkitError, match="LSTMForecaster has no convolution in front of its memory"):
        find_local_stages(LSTMForecaster(2, 1, hidden=2).eval(), X)


def test_groups_are_refused():
    model = Stack(nn.Conv1d(2, 4, 3, groups=2), channels=4).eval()
    with pytest.raises(LstmkitError, match=r"stack\.0 read different groups of channels"):
        find_convolutions(model, X)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("affine", [True, False])
def test_an_effective_filter_does_what_convolution_and_norm_do(affine, bias):
    generator = torch.Generator().manual_seed(1)
    conv = nn.Conv1d(3, 5, 4, padding="same", dilation=2, bias=bias).double()
    norm = nn.BatchNorm1d(5, affine=affine, eps=0.1).double().eval()
    norm.running_mean.normal_(generator=generator)
    norm.running_var.uniform_(0.2, 3, generator=generator)
    if affine:
        nn.init.normal_(norm.weight, generator=generator)  # also negative: the filter is turned over
        nn.init.normal_(norm.bias, generator=generator)
    weight, offset = Convolution("CNN layer 1", "conv", conv, norm, None).effective()
    x = torch.randn(2, 3, 15, dtype=torch.float64, generator=generator)
    folded = nn.functional.conv1d(
        x, torch.from_numpy(weight), torch.from_numpy(offset), padding="same", dilation=2
    )
    torch.testing.assert_close(folded, norm(conv(x)), rtol=1e-12, atol=1e-12)
    scale = (norm.weight.detach() if affine else 1.0) / torch.sqrt(norm.running_var + 0.1)
    expected = conv.weight.detach() * (scale * torch.ones(5, dtype=torch.float64))[:, None, None]
    np.testing.assert_allclose(weight, expected, rtol=1e-12)


def test_without_a_norm_the_weights_are_the_convolutions_own():
    conv = nn.Conv1d(2, 3, 5)
    weight, bias = Convolution("CNN layer 1", "conv", conv, None, None).effective()
    np.testing.assert_array_equal(weight, conv.weight.detach().double())
    np.testing.assert_array_equal(bias, conv.bias.detach().double())


def test_a_norm_without_running_statistics_cannot_be_folded():
    norm = nn.BatchNorm1d(3, track_running_stats=False)
    with pytest.raises(LstmkitError, match="the batch norm after conv keeps no running statistics"):
        Convolution("CNN layer 1", "conv", nn.Conv1d(2, 3, 5), norm, None).effective()


@pytest.mark.parametrize(
    ("options", "offsets"),
    [
        ({"kernel_size": 7, "padding": "same"}, [-3, -2, -1, 0, 1, 2, 3]),
        ({"kernel_size": 4, "padding": "same"}, [-1, 0, 1, 2]),
        ({"kernel_size": 3, "padding": "same", "dilation": 3}, [-3, 0, 3]),
        ({"kernel_size": 3, "padding": 2}, [-2, -1, 0]),  # causal
        ({"kernel_size": 3, "padding": "valid"}, [0, 1, 2]),
    ],
)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
def test_offsets_say_which_input_each_tap_reads(options, offsets):
    conv = nn.Conv1d(1, 1, bias=False, **options)
    found = Convolution("CNN layer 1", "conv", conv, None, None).offsets()
    assert found.tolist() == offsets
    pulse = torch.zeros(1, 1, 21)
    pulse[0, 0, 10] = 1
    with torch.no_grad():
        answer = conv(pulse)[0, 0]
    for tap, offset in enumerate(offsets):  # the output at which this tap meets the pulse
        assert answer[10 - offset] == conv.weight[0, 0, tap]


def test_local_stages_end_where_the_memory_begins():
    model = Stack(nn.Conv1d(2, 3, 3), nn.ReLU(), nn.AvgPool1d(2), nn.Conv1d(3, 4, 3, stride=2), channels=4)
    names = [name for name, _ in find_local_stages(model.eval(), X)]
    assert names == ["stack.0", "stack.2", "stack.3"]
    assert [name for name, _ in find_local_stages(small(), X)] == ["conv1", "conv2", "pool"]


def test_geometry():
    assert geometry(nn.Conv1d(1, 1, 5, stride=2, dilation=3, padding=4)) == (5, 2, 3, 4)
    assert geometry(nn.Conv1d(1, 1, 5, padding="same")) == (5, 1, 1, 2)
    assert geometry(nn.MaxPool1d(3)) == (3, 3, 1, 0)
    assert geometry(nn.AvgPool1d(4, stride=2, padding=1)) == (4, 2, 1, 1)


def test_a_trace_holds_every_call_in_order():
    model = small()
    names = [call.name for call in trace(model, X)]
    assert names == [
        *("conv1", "norm1", "relu1", "conv2", "norm2", "relu2", "pool"),
        *("lstm", "dropout", "fc1", "relu3", "fc2"),
    ]
    calls = trace(model, X)
    assert calls[1].given is calls[0].returned
    assert calls[7].returned.shape == (2, 6, 3)  # of an LSTM its states


def test_the_model_stays_as_it_was_also_when_it_fails():
    model = small(dropout=0.3)
    before = state_of(model)
    find_convolutions(model, X)
    assert state_of(model) == before
    with pytest.raises(RuntimeError):
        trace(CNNLSTMForecaster(5, 2, hidden=2), X)  # five features expected, two given
    with pytest.raises(RuntimeError):
        trace(model, torch.randn(2, 12, 7))
    assert count_hooks(model) == 0
