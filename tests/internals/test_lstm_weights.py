"""Weights that an LSTM derives from others: the trace follows those of the forward pass, worked out in NumPy."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from lstmkit.errors import LstmkitError
from lstmkit.findings.gates.trace_check import trace_check_finding
from lstmkit.internals.gates import trace_lstm
from lstmkit.internals.lstm_weights import lstm_weights, plain_lstm
from lstmkit.internals.recurrent import first_lstm
from lstmkit.internals.trace_check import check_trace
from tests.analysis.tiny import state_of
from tests.internals.derived import KINDS, change, derive, every_kind, matrices, weights_by_hand
from tests.internals.small_lstms import every_shape, inputs, lstm_of, noise, state_for, written_out

pytestmark = [
    pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated"),
    pytest.mark.filterwarnings("ignore:.*spectral_norm.* is deprecated"),
]


def assert_traced(lstm, x, weights, state=None):
    traces = trace_lstm(lstm, x, state)
    for window in range(len(x)):
        begin = None if state is None else [s[:, window].numpy() for s in state]
        expected = written_out(lstm, x[window].numpy(), begin, weights)
        for trace, values in zip(traces, expected, strict=True):
            for name in "ifgoch":
                found = getattr(trace, name)[window].numpy()
                np.testing.assert_allclose(found, values[name], rtol=0, atol=1e-12, err_msg=name)


@every_shape
@every_kind
@pytest.mark.parametrize("given", [False, True], ids=["from zero", "from a given state"])
def test_derived_weights_are_those_that_the_module_computes_with(shape, kind, given):
    # with PyTorch's own small weights: chaos would amplify the rounding of two ways to one weight
    lstm = lstm_of(torch.float32, **shape).double()
    names, x, state = matrices(lstm), inputs(3), state_for(lstm, 3) if given else None
    model, lstm = derive(kind, lstm)
    for _ in range(2):
        output, _ = model(x if lstm.batch_first else x.transpose(0, 1), state)  # with a graph
        output = output if lstm.batch_first else output.transpose(0, 1)
        weights = weights_by_hand(kind, model, names)
        assert_traced(lstm, x, weights, state)
        hidden = trace_lstm(lstm, x, state)[-(1 + lstm.bidirectional) :]
        assert (torch.cat([trace.h for trace in hidden], dim=2) - output).abs().max() <= 1e-12
        check = check_trace(lstm, x, state)
        assert check.deviation <= 1e-12
        assert check.in_double <= 1e-12
        assert check.module <= 1e-12
        assert "it is the same recurrence" in trace_check_finding(check)
        change(model)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.wrapper is None])
def test_weights_that_were_changed_since_the_last_pass_are_read(name):
    lstm = lstm_of(num_layers=2)
    names = matrices(lstm)
    model, lstm = derive(KINDS[name], lstm)
    model(inputs(2))
    change(model)
    assert_traced(lstm, inputs(2), weights_by_hand(KINDS[name], model, names))


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.wrapper is not None])
def test_through_the_model_dropped_weights_are_whole_and_new_also_in_training_mode(name):
    lstm = lstm_of()
    names = matrices(lstm)
    model, _ = derive(KINDS[name], lstm)
    change(model)
    model.train()
    call = first_lstm(model, inputs(2))
    assert model.training
    assert_traced(call.lstm, call.x, weights_by_hand(KINDS[name], model, names))


def test_weights_that_nothing_has_set_yet_are_said():
    model, lstm = derive(KINDS["weights dropped in place"], lstm_of())
    said = "^the LSTM has no weight_ih_l0, which is set by the module around it: run the whole model once"
    with pytest.raises(LstmkitError, match=said):
        trace_lstm(lstm, inputs(2))
    model(inputs(2))
    trace_lstm(lstm, inputs(2))


@every_kind
@pytest.mark.parametrize("training", [False, True])
def test_reading_weights_leaves_everything_as_it_was(kind, training):
    model, lstm = derive(kind, lstm_of(num_layers=2))
    model(inputs(2))
    before = state_of(model.train(training))
    lstm_weights(lstm)
    check_trace(lstm, inputs(2))
    assert state_of(model) == before
    model.train()(inputs(2))[0].sum().backward()  # still fit for training
    assert all(values.grad.isfinite().all() for values in model.parameters())


def test_pruning_made_permanent_leaves_an_ordinary_lstm():
    lstm = lstm_of()
    prune.random_unstructured(lstm, "weight_hh_l0", amount=0.5)
    zeros = (lstm.weight_hh_l0 == 0).sum()
    prune.remove(lstm, "weight_hh_l0")
    assert (lstm_weights(lstm)[0]["weight_hh"] == 0).sum() == zeros == 50
    assert_traced(lstm, inputs(2), None)


@every_shape
def test_a_plain_copy_is_the_same_lstm(shape):
    lstm, x = lstm_of(**shape), inputs(3)
    copy = plain_lstm(lstm, torch.float64)
    with torch.inference_mode():
        own = lstm(x if lstm.batch_first else x.transpose(0, 1), state_for(lstm, 3))
        copied = copy(x, state_for(lstm, 3))
    own_output = own[0] if lstm.batch_first else own[0].transpose(0, 1)
    for one, other in zip((own_output, *own[1]), (copied[0], *copied[1]), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-14)


def test_copying_draws_no_random_number():
    lstm = lstm_of()
    before = torch.get_rng_state()
    check_trace(lstm, inputs(2))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("dtype", "most"),
    [(torch.float64, 1e-12), (torch.float32, 1e-6), (torch.bfloat16, 0.03), (torch.float16, 4e-3)],
)
@pytest.mark.parametrize("batch", [3, 64])
def test_other_floats_are_traced_in_what_the_module_computes_in(dtype, most, batch):
    torch.manual_seed(4)
    lstm = nn.LSTM(4, 5, 2, batch_first=True).to(dtype).eval()
    x = noise(batch, 9, 4, dtype=dtype)
    weights = {name: value.detach().double().numpy() for name, value in lstm.named_parameters()}
    traces = trace_lstm(lstm, x)
    assert traces[0].c.dtype == dtype
    for window in range(3):
        for trace, values in zip(
            traces, written_out(lstm, x[window].double().numpy(), None, weights), strict=True
        ):
            for name in "ifgoch":
                found = getattr(trace, name)[window].double().numpy()
                np.testing.assert_allclose(found, values[name], rtol=0, atol=most, err_msg=name)
    check = check_trace(lstm, x)
    assert check.deviation <= most
    assert check.in_double <= 1e-12
    assert "it is the same recurrence" in trace_check_finding(check)
    word = {torch.float64: "double", torch.float32: "single", torch.float16: "half"}.get(dtype, "bfloat16")
    assert f"In {word} precision, in which this page is computed" in trace_check_finding(check)
