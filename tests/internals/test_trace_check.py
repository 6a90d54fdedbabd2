"""The check of a trace: passes where it is right, finds it where it is not, and says which of the two."""

import math

import pytest
import torch

from lstmkit.findings.gates.trace_check import trace_check_finding
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
    assert "it is the same recurrence" in trace_check_finding(check)


def test_a_trace_of_other_weights_is_found_and_said(monkeypatch):
    lstm, other = lstm_of(num_layers=2), lstm_of(num_layers=2)
    with torch.no_grad():
        other.bias_hh_l0[0] += 1e-3
    monkeypatch.setattr(trace_check, "trace_lstm", lambda _, x, state: trace_lstm(other, x, state))
    check = check_trace(lstm, inputs(8))
    assert check.hidden > 1e-5
    assert check.in_double > 1e-5
    assert "In double precision hidden or cell states differ by up to " in trace_check_finding(check)
    assert "the gates shown here are not those of the model." in trace_check_finding(check)
    assert "same recurrence" not in trace_check_finding(check)


@every_shape
def test_a_trace_from_another_state_is_found(shape, monkeypatch):
    lstm = lstm_of(**shape)
    monkeypatch.setattr(trace_check, "trace_lstm", lambda lstm, x, _: trace_lstm(lstm, x))
    check = check_trace(lstm, inputs(8), state_for(lstm, 8))
    assert check.hidden > 1e-3
    assert check.recurrence > 1e-3


def test_what_is_said_of_rounding_and_of_gates_within_their_bounds():
    assert trace_check_finding(TraceCheck(1e-6, 2e-6, 3e-7, True, 15.0, 5e-15, 0.0, torch.float32)) == (
        "The gates are computed outside PyTorch's fused LSTM and held against it. In double precision no hidden or "
        "cell state differs by more than 5e-15: it is the same recurrence. "
        f"{BUT_FOR_ROUNDING}all gates lie within their bounds."
    )


def test_what_is_said_of_other_gates_than_the_models():
    assert trace_check_finding(TraceCheck(1e-6, 2e-6, 3e-7, False, 15.0, 2e-10, 0.0, torch.float32)) == (
        "The gates are computed outside PyTorch's fused LSTM and held against it. In double precision hidden or "
        "cell states differ by up to 2e-10: the gates shown here are not those of the model. "
        f"{BUT_FOR_ROUNDING}some gates leave their bounds."
    )


def test_extreme_inputs_stay_within_the_bounds():
    lstm = lstm_of(torch.float32, num_layers=2)
    check = check_trace(lstm, 1e6 * inputs(32, dtype=torch.float32))
    assert check.bounded
    assert math.isfinite(check.deviation)
    assert "all gates lie within their bounds" in trace_check_finding(check)


def test_large_cells_round_more_but_are_the_same_in_double_precision():
    lstm = lstm_of(torch.float32)
    with torch.no_grad():
        lstm.bias_ih_l0[:10] = 8.0  # input and forget gates wide open: cells count up
        lstm.weight_ih_l0[:10] = lstm.weight_hh_l0[:10] = 0
    check = check_trace(lstm, 3 * inputs(16, 400, torch.float32))
    assert check.largest_cell > 30
    assert check.in_double <= 1e-12
    assert check.cell <= 400 * torch.finfo(torch.float32).eps * check.largest_cell  # each step may round once


NAN, INFINITY = float("nan"), float("inf")


def broken(where: str, value: float, layer: int = 0):
    """An LSTM, its inputs and a state, one number of which is replaced."""
    lstm = lstm_of(num_layers=2)
    x, state = inputs(4), state_for(lstm, 4)
    of = {
        "x": x[2, 5],
        "hidden": state[0][layer, 1],
        "cell": state[1][layer, 1],
        "weight": getattr(lstm, f"weight_hh_l{layer}").data[3],
        "bias": getattr(lstm, f"bias_ih_l{layer}").data,
    }
    of[where][1] = value
    return lstm, x, state


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("where", ["x", "hidden", "cell", "weight", "bias"])
def test_nan_anywhere_is_a_deviation_of_nan_and_is_said(where, layer):
    check = check_trace(*broken(where, NAN, layer))
    assert math.isnan(check.deviation)
    assert math.isnan(check.in_double)
    assert math.isnan(check.largest_cell)
    assert math.isnan(check.module)
    assert not check.bounded
    assert trace_check_finding(check) == (
        "The gates are computed outside PyTorch's fused LSTM and held against it. Gates or states are NaN, because "
        "the inputs, the initial state or the weights hold NaN or infinity: the gates shown here say nothing about the "
        "model."
    )


def test_inputs_that_are_all_nan_are_not_the_same_recurrence():
    lstm = lstm_of(torch.float32)
    check = check_trace(lstm, torch.full((3, 6, 4), NAN))
    assert math.isnan(check.deviation)
    assert "same recurrence" not in trace_check_finding(check)


def test_infinite_weights_that_make_nan_are_said():
    lstm, x, _ = broken("weight", INFINITY)
    assert "Gates or states are NaN" in trace_check_finding(check_trace(lstm, x))  # ∞ · 0 in the first step


@pytest.mark.parametrize("place", range(3))
def test_a_deviation_of_nan_is_not_passed_over_whichever_it_is(place):
    deviations = [1e-9, 1e-9, 1e-9]
    deviations[place] = NAN
    check = TraceCheck(*deviations, True, 1.0, 1e-15, 0.0, torch.float32)
    assert math.isnan(check.deviation)
    assert "Gates or states are NaN" in trace_check_finding(check)


class Leaking(torch.nn.LSTM):
    """Forgets a tenth of its outputs: no plain LSTM, although its weights look like one's."""

    def forward(self, x, hx=None):
        output, final = super().forward(x, hx)
        return 0.9 * output, final


def test_a_module_that_computes_something_else_than_its_weights_say_is_found_and_said():
    lstm = Leaking(4, 5, batch_first=True, dtype=torch.float64).eval()
    check = check_trace(lstm, inputs(8))
    states = trace_lstm(lstm, inputs(8))[0].h
    assert check.module == pytest.approx(0.1 * states.abs().max().item(), rel=1e-12)
    assert check.in_double <= 1e-12
    assert "The model's own LSTM ends in states that differ by up to " in trace_check_finding(check)
    assert "same recurrence" not in trace_check_finding(check)


def test_checking_leaves_the_lstm_as_it_was():
    lstm = lstm_of(num_layers=2)
    before = {name: value.clone() for name, value in lstm.named_parameters()}
    check_trace(lstm, inputs(2))
    assert all(torch.equal(value, before[name]) for name, value in lstm.named_parameters())
    assert count_hooks(lstm) == 0
