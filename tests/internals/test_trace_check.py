"""The check of a trace: passes where it is right, finds it where it is not, and says which of the two."""

import math

import pytest
import torch

from lstmkit.internals import trace_check
from lstmkit.internals.gates import trace_lstm
from lstmkit.internals.trace_check import TraceCheck, check_trace
from tests.analysis.tiny import count_hooks
from tests.internals.small_lstms import every_precision, every_shape, inputs, lstm_of, state_for

BUT_FOR_ROUNDING = (
    "In single precision, in which this page is computed, hidden states differ by up to 1.0e-06, final cell states by "
    "2.0e-06 (cells reach 15.0) and states from their recurrence computed anew by 3.0e-07; "
)


@every_shape
@every_precision
@pytest.mark.parametrize("given", [False, True], ids=["from zero", "from a given state"])
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_a_right_trace_passes(shape, dtype, most, given):
    lstm = lstm_of(dtype, **shape)
    check = check_trace(lstm, inputs(64, 50, dtype), state_for(lstm, 64) if given else None)
    assert check.deviation <= most
    assert check.in_double <= 1e-12
    assert check.bounded
    assert "it is the same recurrence" in check.finding()


def test_a_trace_of_other_weights_is_found_and_said(monkeypatch):
    lstm, other = lstm_of(num_layers=2), lstm_of(num_layers=2)
    with torch.no_grad():
        other.bias_hh_l0[0] += 1e-3
    monkeypatch.setattr(trace_check, "trace_lstm", lambda _, x, state: trace_lstm(other, x, state))
    check = check_trace(lstm, inputs(8))
    assert check.hidden > 1e-5
    assert check.in_double > 1e-5
    assert "**In double precision hidden or cell states differ by up to " in check.finding()
    assert "the gates shown here are not those of the model.**" in check.finding()
    assert "same recurrence" not in check.finding()


@every_shape
def test_a_trace_from_another_state_is_found(shape, monkeypatch):
    lstm = lstm_of(**shape)
    monkeypatch.setattr(trace_check, "trace_lstm", lambda lstm, x, _: trace_lstm(lstm, x))
    check = check_trace(lstm, inputs(8), state_for(lstm, 8))
    assert check.hidden > 1e-3
    assert check.recurrence > 1e-3


def test_what_is_said_of_rounding_and_of_gates_within_their_bounds():
    assert TraceCheck(1e-6, 2e-6, 3e-7, True, 15.0, 5e-15).finding() == (
        "The gates are computed outside PyTorch's fused LSTM and held against it. In double precision no hidden or "
        "cell state differs by more than 5e-15: it is the same recurrence. "
        f"{BUT_FOR_ROUNDING}all gates lie within their bounds."
    )


def test_what_is_said_of_other_gates_than_the_models():
    assert TraceCheck(1e-6, 2e-6, 3e-7, False, 15.0, 2e-10).finding() == (
        "The gates are computed outside PyTorch's fused LSTM and held against it. **In double precision hidden or "
        "cell states differ by up to 2e-10: the gates shown here are not those of the model.** "
        f"{BUT_FOR_ROUNDING}**some gates leave their bounds**."
    )


def test_extreme_inputs_stay_within_the_bounds():
    lstm = lstm_of(torch.float32, num_layers=2)
    check = check_trace(lstm, 1e6 * inputs(32, dtype=torch.float32))
    assert check.bounded
    assert math.isfinite(check.deviation)
    assert "all gates lie within their bounds" in check.finding()


def test_large_cells_round_more_but_are_the_same_in_double_precision():
    lstm = lstm_of(torch.float32)
    with torch.no_grad():
        lstm.bias_ih_l0[:10] = 8.0  # input and forget gates wide open: cells count up
        lstm.weight_ih_l0[:10] = lstm.weight_hh_l0[:10] = 0
    check = check_trace(lstm, 3 * inputs(16, 400, torch.float32))
    assert check.largest_cell > 30
    assert check.in_double <= 1e-12
    assert check.cell <= 400 * torch.finfo(torch.float32).eps * check.largest_cell  # each step may round once


def test_checking_leaves_the_lstm_as_it_was():
    lstm = lstm_of(num_layers=2)
    before = {name: value.clone() for name, value in lstm.named_parameters()}
    check_trace(lstm, inputs(2))
    assert all(torch.equal(value, before[name]) for name, value in lstm.named_parameters())
    assert count_hooks(lstm) == 0
