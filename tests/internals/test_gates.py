"""Traces: equal to the recurrence written out in NumPy, to the fused LSTM, and to gates set by hand."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.gates import GATES, part_names, reads_backward, trace_lstm, walk_lstm
from tests.internals.small_lstms import every_precision, every_shape, inputs, lstm_of, state_for, written_out


@every_shape
@pytest.mark.parametrize("batch", [1, 7, 32, 48])
def test_every_tensor_equals_the_recurrence_written_out(shape, batch):
    lstm, x = lstm_of(**shape), inputs(batch)
    traces = trace_lstm(lstm, x)
    assert len(traces) == len(part_names(lstm))
    for window in range(0, batch, 5):
        for trace, expected in zip(traces, written_out(lstm, x[window].numpy()), strict=True):
            for name, values in expected.items():
                found = getattr(trace, name)[window].numpy()
                np.testing.assert_allclose(found, values, rtol=0, atol=1e-12, err_msg=name)


@every_shape
@every_precision
@pytest.mark.parametrize("given", [False, True], ids=["from zero", "from a given state"])
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_states_equal_those_of_the_fused_lstm(shape, dtype, most, given):
    lstm, x = lstm_of(dtype, **shape), inputs(64, 50, dtype)
    state = state_for(lstm, 64) if given else None
    traces = trace_lstm(lstm, x, state)
    with torch.inference_mode():
        output, (h_n, c_n) = lstm(x if lstm.batch_first else x.transpose(0, 1), state)
    output = output if lstm.batch_first else output.transpose(0, 1)
    directions = 2 if lstm.bidirectional else 1
    assert (torch.cat([trace.h for trace in traces[-directions:]], dim=2) - output).abs().max() <= most
    for part, trace in enumerate(traces):
        end = 0 if lstm.bidirectional and part % 2 else -1
        assert (trace.h[:, end] - h_n[part]).abs().max() <= most
        assert (trace.c[:, end] - c_n[part]).abs().max() <= most


def test_a_trace_goes_on_from_a_given_state():
    lstm = lstm_of(num_layers=2)
    state = tuple(torch.randn(2, 3, 5, dtype=torch.float64) for _ in range(2))
    traces = trace_lstm(lstm, inputs(3), state)
    for window in range(3):
        expected = written_out(lstm, inputs(3)[window].numpy(), [s[:, window].numpy() for s in state])
        for trace, values in zip(traces, expected, strict=True):
            np.testing.assert_allclose(trace.c[window].numpy(), values["c"], rtol=0, atol=1e-12)


def test_gates_set_by_hand():
    lstm = nn.LSTM(1, 1, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for values in lstm.parameters():
            values.zero_()
        lstm.bias_ih_l0.copy_(torch.tensor([0.0, math.log(3), math.atanh(0.5), math.log(4)]))
    (trace,) = trace_lstm(lstm.eval(), torch.ones(1, 3, 1, dtype=torch.float64))
    for name, value in zip(GATES, (0.5, 0.75, 0.5, 0.8), strict=True):
        np.testing.assert_allclose(getattr(trace, name).numpy().ravel(), value, atol=1e-15)
    cells = [0.25, 0.25 + 0.75 * 0.25, 0.25 + 0.75 * (0.25 + 0.75 * 0.25)]
    np.testing.assert_allclose(trace.c.numpy().ravel(), cells, atol=1e-15)
    np.testing.assert_allclose(trace.h.numpy().ravel(), 0.8 * np.tanh(cells), atol=1e-15)


def test_a_backward_direction_is_walked_from_the_newest_step():
    seen = {part: [] for part in range(4)}
    lstm = lstm_of(num_layers=2, bidirectional=True)
    walk_lstm(lstm, inputs(2, 3), lambda part, step: seen[part].append(step.time))
    assert seen == {0: [0, 1, 2], 1: [2, 1, 0], 2: [0, 1, 2], 3: [2, 1, 0]}
    assert part_names(lstm) == ("layer 1 forward", "layer 1 backward", "layer 2 forward", "layer 2 backward")
    assert [reads_backward(lstm, part) for part in range(4)] == [False, True, False, True]
    assert not reads_backward(lstm_of(num_layers=2), 1)


@pytest.mark.parametrize(
    ("batch", "dtype", "group", "member"),
    [
        (1, torch.float32, 1, 1),
        (31, torch.float32, 31, 1),
        (32, torch.float32, 16, 2),
        (288, torch.float32, 18, 16),
        (1024, torch.float32, 32, 32),
        (1024, torch.float64, 1, 1024),
    ],
)
def test_windows_are_arranged_side_by_side(batch, dtype, group, member):
    seen = set()
    walk_lstm(
        lstm_of(dtype), inputs(batch, 2, dtype), lambda _, step: seen.add((*step.gates.shape, *step.h.shape))
    )
    assert seen == {(group, 20, member, group, 5, member)}


def test_dropout_is_refused():
    lstm = lstm_of(num_layers=2, dropout=0.1).train()
    with pytest.raises(LstmkitError, match="training mode"):
        trace_lstm(lstm, inputs(2))
    assert trace_lstm(lstm.eval(), inputs(2))
