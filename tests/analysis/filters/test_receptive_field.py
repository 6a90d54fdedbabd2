"""Receptive fields: by hand, by the arithmetic, by gradients, and by a NaN that spreads to all that see it."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from lstmkit.analysis.filters.receptive_field import ReceptiveField, Stage, receptive_field
from lstmkit.errors import LstmkitError
from lstmkit.findings.filters.receptive_field import as_time, receptive_field_finding
from lstmkit.internals.activations import record
from lstmkit.internals.convolutions import find_local_stages, trace
from lstmkit.models.causal_convolution import CausalConv1d
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.convolutional import Stack, small
from tests.analysis.tiny import make_test_windows, state_of, stirred

WINDOWS = make_test_windows(n=40, lookback=48)


def conv(given: int, taken: int, size: int, **options) -> nn.Conv1d:
    return nn.Conv1d(given, taken, size, **({"padding": "same"} | options))


class Cut(nn.Module):
    """Drops the newest steps, which a convolution padded on both sides has too many."""

    def __init__(self, steps: int):
        super().__init__()
        self.steps = steps

    def forward(self, maps):
        return maps[..., : -self.steps]


class Newest(nn.Module):
    """Keeps the newest steps alone."""

    def __init__(self, steps: int):
        super().__init__()
        self.steps = steps

    def forward(self, maps):
        return maps[..., -self.steps :]


ARCHITECTURES = {
    # name: modules, steps and strides of the stages by hand
    "seven, five, pool of two": (
        [conv(2, 6, 7), nn.ReLU(), conv(6, 6, 5), nn.ReLU(), nn.MaxPool1d(2)], [7, 11, 12], [1, 1, 2],
    ),
    "seven, five, pool of three": (
        [conv(2, 6, 7), nn.ReLU(), conv(6, 6, 5), nn.ReLU(), nn.MaxPool1d(3)], [7, 11, 13], [1, 1, 3],
    ),
    "no pool": ([conv(2, 6, 7), nn.ReLU(), conv(6, 6, 5), nn.ReLU()], [7, 11], [1, 1]),
    "kernels of one": ([conv(2, 6, 1), nn.ReLU(), conv(6, 6, 1), nn.MaxPool1d(2)], [1, 1, 2], [1, 1, 2]),
    "dilation": ([conv(2, 6, 3, dilation=4), nn.ReLU(), conv(6, 6, 3)], [9, 11], [1, 1]),
    "stride": ([conv(2, 6, 3, stride=2, padding=1), nn.ReLU(), conv(6, 6, 3)], [3, 7], [2, 2]),
    "pool between": (
        [conv(2, 6, 3), nn.MaxPool1d(2), conv(6, 6, 3), nn.ReLU(), nn.AvgPool1d(2)], [3, 4, 8, 10], [1, 2, 2, 4],
    ),
    "valid": ([conv(2, 6, 5, padding="valid"), nn.ReLU(), conv(6, 6, 3, padding=0)], [5, 7], [1, 1]),
    "causal": ([CausalConv1d(2, 6, 7), nn.ReLU(), CausalConv1d(6, 6, 4), nn.MaxPool1d(2)], [7, 10, 11], [1, 1, 2]),
    "padded outside": (
        [nn.ZeroPad1d((8, 0)), nn.Conv1d(2, 6, 5, dilation=2), nn.ReLU(), nn.ZeroPad1d((2, 0)), nn.Conv1d(6, 6, 3)],
        [9, 11], [1, 1],
    ),
    "padded on both sides and cut": (
        [nn.Conv1d(2, 6, 5, padding=4), Cut(4), nn.ReLU(), nn.Conv1d(6, 6, 3, padding=2), Cut(2), nn.AvgPool1d(3)],
        [5, 7, 9], [1, 1, 3],
    ),
    "edges repeated": (
        [conv(2, 6, 5, padding_mode="replicate"), nn.ReLU(), nn.ReplicationPad1d((2, 0)), nn.Conv1d(6, 6, 3)],
        [5, 7], [1, 1],
    ),
    "newest half": ([Newest(25), conv(2, 6, 4, padding="valid"), nn.MaxPool1d(2)], [4, 5], [1, 2]),
    "overlapping pool": ([conv(2, 6, 3), nn.MaxPool1d(3, stride=2)], [3, 5], [1, 2]),
}  # fmt: skip
architectures = pytest.mark.parametrize("name", ARCHITECTURES)


def model_of(name: str) -> Stack:
    return stirred(Stack(*ARCHITECTURES[name][0], channels=6), seed=1)


@architectures
def test_both_ways_give_what_is_found_by_hand(name):
    _, steps, strides = ARCHITECTURES[name]
    model = model_of(name)
    before = state_of(model)
    field = receptive_field(model, WINDOWS)
    assert state_of(model) == before
    assert [stage.steps for stage in field.stages] == steps
    assert [stage.measured for stage in field.stages] == steps
    assert [stage.stride for stage in field.stages] == strides
    assert field.agree
    assert "Gradients of single steps reach exactly these inputs." in receptive_field_finding(field)


@architectures
def test_a_missing_input_spreads_to_those_that_see_it(name):
    # whatever sees a NaN becomes NaN: which inputs a step sees, without any gradient and without arithmetic
    model = model_of(name)
    field = receptive_field(model, WINDOWS)
    x = torch.zeros(48, 48, 2)
    x[torch.arange(48), torch.arange(48)] = torch.nan  # one window per missing step
    local = (nn.Conv1d, nn.MaxPool1d, nn.AvgPool1d)
    outputs = [call.returned for call in trace(model, x) if isinstance(call.module, local)]
    last = np.flatnonzero(outputs[-1][:, 0, outputs[-1].shape[2] // 2].isnan())
    for stage, output in zip(field.stages, outputs, strict=True):
        seen = output[:, 0].isnan().numpy()  # (input step, output step)
        first = np.array([np.flatnonzero(column)[0] for column in seen.T if column.any()])
        spans = [np.ptp(np.flatnonzero(column)) + 1 for column in seen.T if column.any()]
        assert max(spans) == stage.steps
        middle = spans.index(max(spans))
        assert first[middle + 2] - first[middle + 1] == stage.stride
        assert last[0] + stage.start in first  # a step of this stage does begin there
        assert 0 <= stage.start <= field.stages[-1].steps - stage.steps


@architectures
def test_every_step_sees_the_inputs_that_the_arithmetic_names(name):
    model = model_of(name)
    x = torch.zeros(48, 48, 2)
    x[torch.arange(48), torch.arange(48)] = torch.nan  # one window per missing step
    stages = find_local_stages(model, torch.zeros(1, 48, 2))
    with torch.no_grad(), record(model, [stage.name for stage in stages]) as outputs:
        model(x)
    for depth, stage in enumerate(stages, start=1):
        seen = outputs[stage.name].isnan().any(dim=1).numpy()  # (input step, output step)
        for step in range(seen.shape[1]):
            low = high = step
            for earlier in reversed(stages[:depth]):
                low, high = earlier.reads(low, high)
            inputs = np.flatnonzero(seen[:, step])
            # a dilated filter whose last tap lies in the padding need not begin at the window's edge
            assert inputs[0] == low if low >= 0 else inputs[0] >= 0
            assert inputs[-1] == high if high <= 47 else inputs[-1] <= 47


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("causal", 0),
        ("padded outside", 0),
        ("padded on both sides and cut", 0),
        ("valid", 0),
        ("newest half", 0),
        ("seven, five, pool of two", 5),  # 3 + 2
        ("dilation", 5),  # 4 + 1
        (
            "stride",
            2,
        ),  # the newest of the first stage has its middle at input 46; the one after it ends at 49
        ("overlapping pool", 0),  # 23 groups of three end at 46, whose filter sees 47
    ],
)
def test_what_lies_after_the_origin_is_counted(name, after):
    field = receptive_field(model_of(name), WINDOWS)
    assert field.after == after
    assert field.newest == field.stages[-1].steps - max(0, after)


def test_the_fields_of_the_default_kernels_are_nested_as_drawn():
    field = receptive_field(model_of("seven, five, pool of two"), WINDOWS)
    assert [stage.start for stage in field.stages] == [2, 0, 0]
    assert [stage.label for stage in field.stages] == ["CNN layer 1", "CNN layer 2", "the pool"]


def test_the_default_model_sees_twelve_steps_and_not_eleven():
    field = receptive_field(small(kernels=(7, 5)), WINDOWS)
    assert [stage.steps for stage in field.stages] == [7, 11, 12]
    assert field.convolutions == 11
    assert (field.newest, field.after) == (12, 0)
    finding = receptive_field_finding(field)
    assert "7 at CNN layer 1 (35 min), 11 at CNN layer 2 (55 min), 12 at the pool (60 min)" in finding
    assert "Counting the convolutions alone, as the study's plan does, gives 11: the pool joins" in finding
    assert "adds 1. Neighbouring inputs of the memory begin 2 steps apart and share 10." in finding
    assert (
        "The field of the newest step of that stage ends with the origin: nothing after it is padding."
        in finding
    )
    assert "25 % of the lookback of 48 steps" in finding
    assert field.facts() == {
        "receptive_field_steps": 12,
        "receptive_field_minutes": 60.0,
        "receptive_field_measured": 12,
    }


def test_the_newest_step_of_the_default_model_sees_all_up_to_the_origin():
    # by gradients: of any channel of the newest pooled step with respect to each input step
    model = small(kernels=(7, 5))
    x, _ = WINDOWS.gather(torch.arange(len(WINDOWS)))
    with record(model, ["pool"]) as outputs:
        model(x.requires_grad_())
        pooled = outputs["pool"]
        for back in (1, 2):
            reached = torch.zeros(48, dtype=torch.bool)
            for channel in range(pooled.shape[1]):
                (gradient,) = torch.autograd.grad(pooled[:, channel, -back].sum(), x, retain_graph=True)
                reached |= (gradient != 0).any(dim=2).any(dim=0)
            newest = 47 - 2 * (back - 1)
            assert reached.nonzero()[:, 0].tolist() == list(range(newest - 11, newest + 1))


def test_padding_after_the_origin_and_steps_that_no_stage_sees_are_said():
    centred = receptive_field_finding(receptive_field(model_of("seven, five, pool of two"), WINDOWS))
    assert "sees 7 steps; 5 more would lie after the origin and are padding." in centred
    dropped = Stack(
        conv(2, 6, 3, padding="valid"), nn.MaxPool1d(5), channels=6
    )  # 46 steps: nine groups, one over
    field = receptive_field(stirred(dropped), WINDOWS)
    assert field.after == -1
    assert "No step of that stage sees the newest 1 step of the lookback." in receptive_field_finding(field)


def test_nearly_all_of_the_lookback_is_a_hundred_percent():
    stage = Stage("CNN layer 1", 299, 299, 1, 0)
    field = ReceptiveField((stage,), np.ones(299), 299, 0, 299, lookback=300, interval=pd.Timedelta("5min"))
    assert receptive_field_finding(field).endswith(
        "That is 99.7 % of the lookback of 300 steps: longer patterns are left to the memory."
    )


def test_without_a_pool_nothing_is_said_of_one():
    field = receptive_field(model_of("no pool"), WINDOWS)
    assert field.convolutions == field.stages[-1].steps == 11
    assert "alone" not in receptive_field_finding(field).split("lookback")[0]


@pytest.mark.parametrize("lookback", [23, 25])
def test_an_odd_lookback_changes_nothing(lookback):
    field = receptive_field(small(kernels=(7, 5)), make_test_windows(n=40, lookback=lookback))
    assert field.agree
    assert (field.newest, field.after) == (12, 0)


def test_taps_of_zero_are_not_seen():
    model = small(kernels=(7, 5))
    with torch.no_grad():
        model.conv1.weight[:, :, [0, 6]] = 0
    field = receptive_field(model, WINDOWS)
    assert not field.agree
    assert [stage.measured for stage in field.stages] == [5, 9, 10]
    assert (
        "Gradients reach another number of inputs: CNN layer 1 5 steps, not 7; CNN layer 2 9 steps, not 11; "
        "the pool 10 steps, not 12." in receptive_field_finding(field)
    )
    assert len(field.gradient) == 12
    assert field.gradient.sum() == pytest.approx(100)


def test_the_profile_is_that_of_a_filter_made_by_hand():
    # one linear filter of weights 1, 2, 1: its gradient is the filter itself
    model = Stack(conv(2, 1, 3, bias=False), channels=1).eval()
    with torch.no_grad():
        model.stack[0].weight[0] = torch.tensor([[1.0, -2.0, 1.0], [1.0, -2.0, 1.0]])
    field = receptive_field(model, WINDOWS)
    np.testing.assert_allclose(field.gradient, [25, 50, 25])


def test_opposite_channels_do_not_cancel():
    model = Stack(conv(1, 2, 3, bias=False), channels=2).eval()
    with torch.no_grad():
        model.stack[0].weight[0, 0] = torch.tensor([1.0, 1.0, 1.0])
        model.stack[0].weight[1, 0] = torch.tensor([-1.0, -1.0, -1.0])
    field = receptive_field(model, make_test_windows(n=4, lookback=12, features=("co2",)))
    assert field.stages[0].measured == 3
    np.testing.assert_allclose(field.gradient, [100 / 3] * 3, rtol=1e-6)


def test_the_measured_step_is_one_whose_field_has_no_padding():
    # a field of 12 steps fits into 16, but not before the step in the middle
    field = receptive_field(small(kernels=(7, 5)), make_test_windows(n=40, lookback=16))
    assert field.agree


def test_a_lookback_shorter_than_the_field_is_seen_whole():
    field = receptive_field(small(kernels=(7, 5)), make_test_windows(n=40, lookback=8))
    assert field.stages[-1].steps == 12
    assert field.stages[-1].measured == 8
    assert receptive_field_finding(field).endswith("The lookback has 8 steps, so one step sees all of it.")


def test_closed_relus_let_nothing_through():
    model = small(kernels=(7, 5))
    with torch.no_grad():
        model.norm2.bias[:] = -1e6
    field = receptive_field(model, WINDOWS)
    assert field.stages[-1].measured == 0
    assert (field.gradient == 0).all()
    assert "the pool 0 steps, not 12" in receptive_field_finding(field)


def test_frame_and_units():
    field = receptive_field(small(kernels=(7, 5)), make_test_windows(n=10, lookback=48, interval="1h"))
    assert field.to_frame().loc["the pool"].to_dict() == {
        "steps": 12, "measured": 12, "stride": 2, "minutes": 720.0,
    }  # fmt: skip
    assert (as_time(field, 1), as_time(field, 12), as_time(field, 36)) == ("60 min", "12 h", "36 h")


def test_a_model_without_convolutions_is_refused():
    with pytest.raises(LstmkitError, match="LSTMForecaster has no convolution in front of its memory"):
        receptive_field(LSTMForecaster(2, 2, hidden=2).eval(), WINDOWS)
