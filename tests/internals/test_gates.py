"""Traces: equal to the recurrence written out in NumPy, to the fused LSTM, and to gates set by hand."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.errors import LstmkitError
from lstmkit.internals import gates
from lstmkit.internals.gates import GATES, check_trace, part_names, trace_lstm, walk_lstm
from tests.analysis.tiny import count_hooks, stirred

SHAPES = {
    "one layer": {},
    "three layers": {"num_layers": 3},
    "both directions": {"num_layers": 2, "bidirectional": True},
    "projection": {"num_layers": 2, "proj_size": 3},
    "both directions, projection": {"num_layers": 2, "bidirectional": True, "proj_size": 2},
    "no bias": {"bias": False},
    "time first": {"num_layers": 2, "batch_first": False},
}
every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def lstm_of(dtype=torch.float64, **shape) -> nn.LSTM:
    """With weights so large that it is chaotic; in float32, where that would amplify rounding, as PyTorch makes it."""
    torch.manual_seed(4)
    lstm = nn.LSTM(4, 5, dtype=dtype, **({"batch_first": True} | shape)).eval()
    return stirred(lstm) if dtype == torch.float64 else lstm


def inputs(batch: int, time: int = 9, dtype=torch.float64) -> torch.Tensor:
    return torch.randn(batch, time, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64).to(
        dtype
    )


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def written_out(lstm: nn.LSTM, x: np.ndarray, state=None) -> list[dict[str, np.ndarray]]:
    """Gates and states of one window, one step at a time; x is (time, feature)."""
    weights = {name: value.detach().numpy() for name, value in lstm.named_parameters()}
    traces = []
    for layer in range(lstm.num_layers):
        outputs = []
        for way, suffix in enumerate(["", "_reverse"][: 1 + lstm.bidirectional]):
            W, U = weights[f"weight_ih_l{layer}{suffix}"], weights[f"weight_hh_l{layer}{suffix}"]
            b = weights.get(f"bias_ih_l{layer}{suffix}", 0) + weights.get(f"bias_hh_l{layer}{suffix}", 0)
            P = weights.get(f"weight_hr_l{layer}{suffix}", np.eye(5))
            h, c = np.zeros(len(P)), np.zeros(5)
            if state is not None:
                h, c = (s[len(traces)] for s in state)
            steps = []
            for x_t in x[::-1] if way else x:
                i, f, g, o = np.split(W @ x_t + U @ h + b, 4)
                i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
                c = f * c + i * g
                h = P @ (o * np.tanh(c))
                steps.append(dict(zip("ifgoch", (i, f, g, o, c, h), strict=True)))
            steps = steps[::-1] if way else steps
            traces.append({name: np.array([step[name] for step in steps]) for name in "ifgoch"})
            outputs.append(traces[-1]["h"])
        x = np.hstack(outputs)
    return traces


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
@pytest.mark.parametrize(("dtype", "most"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_states_equal_those_of_the_fused_lstm(shape, dtype, most):
    lstm, x = lstm_of(dtype, **shape), inputs(64, 50, dtype)
    traces = trace_lstm(lstm, x)
    with torch.inference_mode():
        output, (h_n, c_n) = lstm(x if lstm.batch_first else x.transpose(0, 1))
    output = output if lstm.batch_first else output.transpose(0, 1)
    directions = 2 if lstm.bidirectional else 1
    assert (torch.cat([trace.h for trace in traces[-directions:]], dim=2) - output).abs().max() <= most
    for part, trace in enumerate(traces):
        end = 0 if lstm.bidirectional and part % 2 else -1
        assert (trace.h[:, end] - h_n[part]).abs().max() <= most
        assert (trace.c[:, end] - c_n[part]).abs().max() <= most
    check = check_trace(lstm, x)
    assert check.deviation <= most
    assert check.in_double <= 1e-12
    assert check.bounded


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


def test_extreme_inputs_stay_within_the_bounds():
    lstm = lstm_of(torch.float32, num_layers=2)
    check = check_trace(lstm, 1e6 * inputs(32, dtype=torch.float32))
    assert check.bounded
    assert math.isfinite(check.deviation)
    assert "all gates lie within their bounds" in check.finding()


def test_the_check_finds_a_trace_of_other_weights(monkeypatch):
    lstm, other = lstm_of(num_layers=2), lstm_of(num_layers=2)
    with torch.no_grad():
        other.bias_hh_l0[0] += 1e-3
    monkeypatch.setattr(gates, "trace_lstm", lambda _, x: trace_lstm(other, x))
    check = check_trace(lstm, inputs(8))
    assert check.hidden > 1e-5
    assert check.in_double > 1e-5


def test_large_cells_round_more_but_are_the_same_in_double_precision():
    lstm = lstm_of(torch.float32)
    with torch.no_grad():
        lstm.bias_ih_l0[:10] = 8.0  # input and forget gates wide open: cells count up
        lstm.weight_ih_l0[:10] = lstm.weight_hh_l0[:10] = 0
    check = check_trace(lstm, 3 * inputs(16, 400, torch.float32))
    assert check.largest_cell > 30
    assert check.in_double <= 1e-12
    assert check.cell <= 400 * torch.finfo(torch.float32).eps * check.largest_cell  # each step may round once


def test_a_backward_direction_is_walked_from_the_newest_step():
    seen = {part: [] for part in range(4)}
    lstm = lstm_of(num_layers=2, bidirectional=True)
    walk_lstm(lstm, inputs(2, 3), lambda part, step: seen[part].append(step.time))
    assert seen == {0: [0, 1, 2], 1: [2, 1, 0], 2: [0, 1, 2], 3: [2, 1, 0]}
    assert part_names(lstm) == ("layer 1 forward", "layer 1 backward", "layer 2 forward", "layer 2 backward")


def test_dropout_is_refused():
    lstm = lstm_of(num_layers=2, dropout=0.1).train()
    with pytest.raises(LstmkitError, match="training mode"):
        trace_lstm(lstm, inputs(2))
    assert trace_lstm(lstm.eval(), inputs(2))


def test_tracing_leaves_the_lstm_as_it_was():
    lstm = lstm_of(num_layers=2)
    before = {name: value.clone() for name, value in lstm.named_parameters()}
    check_trace(lstm, inputs(2))
    assert all(torch.equal(value, before[name]) for name, value in lstm.named_parameters())
    assert count_hooks(lstm) == 0
