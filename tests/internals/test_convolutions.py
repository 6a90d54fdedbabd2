"""Convolutions: found in the order in which they act, and folded with their norms without a difference."""

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.convolutions import (
    Convolution,
    dilation,
    find_convolutions,
    find_local_stages,
    left_padding,
    stride,
    taps,
    trace,
)
from lstmkit.models.causal_convolution import CausalConv1d
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
    weight, offset = Convolution("CNN layer 1", "conv", conv, 0, norm, None).effective()
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
    weight, bias = Convolution("CNN layer 1", "conv", conv, 0, None, None).effective()
    np.testing.assert_array_equal(weight, conv.weight.detach().double())
    np.testing.assert_array_equal(bias, conv.bias.detach().double())


def test_a_norm_without_running_statistics_cannot_be_folded():
    norm = nn.BatchNorm1d(3, track_running_stats=False)
    with pytest.raises(LstmkitError, match="the batch norm after conv keeps no running statistics"):
        Convolution("CNN layer 1", "conv", nn.Conv1d(2, 3, 5), 0, norm, None).effective()


class Padded(nn.Module):
    """One linear filter over the first feature; what is padded outside the convolution is added by `before`."""

    def __init__(self, conv: nn.Conv1d, before=None):
        super().__init__()
        self.before, self.conv = before or nn.Identity(), conv

    def forward(self, x):
        return self.conv(self.before(x[:, :, :1].transpose(1, 2))).sum(dim=2)


def same(size: int, **options) -> nn.Conv1d:
    return nn.Conv1d(1, 1, size, **({"padding": "same", "bias": False} | options))


def valid(size: int, **options) -> nn.Conv1d:
    return same(size, padding="valid", **options)


class Shifted(nn.Module):
    def __init__(self, before: int):
        super().__init__()
        self.steps = before

    def forward(self, maps):
        return maps[..., self.steps :]


FILTERS = {
    "same, odd": (lambda: Padded(same(7)), [-3, -2, -1, 0, 1, 2, 3]),
    "same, even": (lambda: Padded(same(4)), [-1, 0, 1, 2]),
    "same, dilated": (lambda: Padded(same(3, dilation=3)), [-3, 0, 3]),
    "zeros on both sides": (lambda: Padded(same(3, padding=2)), [-2, -1, 0]),
    "none": (lambda: Padded(valid(3)), [0, 1, 2]),
    "more zeros than taps": (lambda: Padded(same(1, padding=4)), [-4]),
    "replicated edges": (lambda: Padded(same(5, padding_mode="replicate")), [-2, -1, 0, 1, 2]),
    "reflected edges": (lambda: Padded(same(5, padding_mode="reflect")), [-2, -1, 0, 1, 2]),
    "circular": (lambda: Padded(same(5, padding_mode="circular")), [-2, -1, 0, 1, 2]),
    "causal": (lambda: Padded(CausalConv1d(1, 1, 4)), [-3, -2, -1, 0]),
    "one tap": (lambda: Padded(CausalConv1d(1, 1, 1)), [0]),
    "zeros outside": (lambda: Padded(valid(3, dilation=2), nn.ZeroPad1d((4, 0))), [-4, -2, 0]),
    "the oldest step repeated outside": (
        lambda: Padded(valid(3), nn.ReplicationPad1d((2, 0))), [-2, -1, 0],
    ),
    "zeros in both places": (lambda: Padded(same(3), nn.ZeroPad1d((1, 0))), [-2, -1, 0]),
    "a batch norm and a ReLU between": (
        lambda: Padded(valid(3), nn.Sequential(nn.BatchNorm1d(1, eps=0), nn.ZeroPad1d((2, 0)), nn.ReLU())), [-2, -1, 0],
    ),
    "the oldest steps dropped": (lambda: Padded(valid(3), Shifted(5)), [5, 6, 7]),
    "half of the window": (lambda: Padded(CausalConv1d(1, 1, 3), Shifted(15)), [13, 14, 15]),
}  # fmt: skip


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
def test_offsets_say_which_input_each_tap_reads(name):
    build, offsets = FILTERS[name]
    model = build().eval()
    before = state_of(model)
    x = torch.zeros(1, 31, 2)
    (found,) = find_convolutions(model, x)
    assert state_of(model) == before
    assert found.offsets().tolist() == offsets
    maps = torch.zeros(1, 1, 31)
    with torch.no_grad():
        silent = model.conv(model.before(maps))[0, 0]
        maps[0, 0, 20] = 1
        answer = model.conv(model.before(maps))[0, 0]
    for tap, offset in enumerate(offsets):  # the output at which this tap meets the pulse
        assert answer[20 - offset] - silent[20 - offset] == pytest.approx(
            found.effective()[0][0, 0, tap], abs=1e-6
        )


def test_local_stages_end_where_the_memory_begins():
    model = Stack(nn.Conv1d(2, 3, 3), nn.ReLU(), nn.AvgPool1d(2), nn.Conv1d(3, 4, 3, stride=2), channels=4)
    stages = find_local_stages(model.eval(), X)
    assert [stage.name for stage in stages] == ["stack.0", "stack.2", "stack.3"]
    assert [stage.before for stage in stages] == [0, 0, 0]
    assert [stage.name for stage in find_local_stages(small(), X)] == ["conv1", "conv2", "pool"]


def test_what_the_default_model_pads():
    # kernels of three and five; of eleven steps the oldest is repeated for the pool
    assert [stage.before for stage in find_local_stages(small(), X)] == [2, 4, 0]
    assert [stage.before for stage in find_local_stages(small(), X[:, :11])] == [2, 4, 1]
    assert [stage.before for stage in find_local_stages(small(pool=5), X)] == [2, 4, 3]
    assert [stage.before for stage in find_local_stages(small(kernels=(4, 9)), X[:, :2])] == [3, 8, 0]


@pytest.mark.parametrize(
    ("module", "padding", "expected"),
    [
        (nn.Conv1d(2, 1, 5, stride=2, dilation=3, padding=4), 4, (5, 2, 3)),
        (nn.Conv1d(2, 1, 5, padding="same"), 2, (5, 1, 1)),
        (nn.Conv1d(2, 1, 3, stride=7, padding=1), 1, (3, 7, 1)),
        (nn.MaxPool1d(3), 0, (3, 3, 1)),
        (nn.MaxPool1d(3, stride=2, padding=1, dilation=2), 1, (3, 2, 2)),
        (nn.AvgPool1d(4, stride=2, padding=1), 1, (4, 2, 1)),
        (nn.AvgPool1d(4, stride=3, padding=2, ceil_mode=True), 2, (4, 3, 1)),
        (CausalConv1d(3, 2, 6).double(), 5, (6, 1, 1)),
        (CausalConv1d(3, 2, 6).to(torch.bfloat16), 5, (6, 1, 1)),
    ],
    ids=str,
)
def test_taps_stride_dilation_and_padding(module, padding, expected):
    assert left_padding(module) == padding
    assert (taps(module), stride(module), dilation(module)) == expected


def test_a_stage_reads_what_its_taps_reach():
    (stage,) = find_local_stages(Stack(nn.Conv1d(2, 1, 3, stride=2, dilation=4, padding=3), channels=1), X)
    assert stage.reads(0, 0) == (-3, 5)
    assert stage.reads(2, 3) == (1, 11)


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
