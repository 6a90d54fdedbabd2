"""What is no LSTM or cannot be read by one is refused in one line, whichever function is given it."""

import jaxtyping
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from lstmkit.errors import LstmkitError
from lstmkit.internals.gates import trace_lstm, walk_lstm
from lstmkit.internals.recurrent import find_lstms, first_lstm, record_final_states
from lstmkit.internals.trace_check import check_trace
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.tiny import count_hooks
from tests.internals.small_lstms import inputs, lstm_of, noise, state_for


@pytest.fixture(autouse=True)
def no_shape_checks():
    """As outside of tests, where shapes in signatures are not enforced."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def walk(lstm, x, state=None):
    walk_lstm(lstm, x, lambda *_: None, state)


every_entry = pytest.mark.parametrize("look", [trace_lstm, check_trace, walk])


def refused(said: str):
    return pytest.raises(LstmkitError, match=f"^{said}[^\n]*$")


class Wraps(nn.Module):
    """A model of one module, which reads what the model is given."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)[0]


NO_LSTM = {
    "GRU": (nn.GRU(4, 5), "an nn.LSTM is expected, not a GRU, which has other gates or none"),
    "RNN": (nn.RNN(4, 5), "an nn.LSTM is expected, not an RNN, which has other gates or none"),
    "GRUCell": (nn.GRUCell(4, 5), "an nn.LSTM is expected, not a GRUCell, which has other gates or none"),
    "LSTMCell": (
        nn.LSTMCell(4, 5),
        "an nn.LSTM is expected, not an LSTMCell: copy its weights into an nn.LSTM of one layer",
    ),
    "a whole model": (
        CNNLSTMForecaster(4, 2),
        "an nn.LSTM is expected, not a whole model: give CNNLSTMForecaster's lstm and what it reads, or let "
        r"lstmkit\.internals\.recurrent\.first_lstm\(model, x\) find both",
    ),
    "no LSTM inside": (nn.Linear(4, 5), "an nn.LSTM is expected, not a Linear, which contains none"),
    "no module": ("lstm", "an nn.LSTM is expected, not a str"),
}


@every_entry
@pytest.mark.parametrize(("given", "said"), NO_LSTM.values(), ids=NO_LSTM)
def test_another_module_is_refused(look, given, said):
    with refused(said):
        look(given, inputs(2))


UNREADABLE = {
    "packed": (
        pack_padded_sequence(inputs(2), [9, 3], batch_first=True),
        r"the LSTM reads a tensor of shape \(batch, time, 4\), not a packed sequence: give windows of one length",
    ),
    "a single window": (
        inputs(2)[0],
        r"the LSTM reads a tensor of shape \(batch, time, 4\), not one of shape \(9, 4\): a single window is x\[None\]",
    ),
    "four axes": (inputs(2)[None], r"the LSTM reads a tensor of .*, not one of shape \(1, 2, 9, 4\)$"),
    "too narrow": (
        inputs(2)[..., :3],
        r"the LSTM reads a tensor of shape \(batch, time, 4\), not 3 features",
    ),
    "no window": (
        inputs(2)[:0],
        r"the LSTM reads a tensor of .*, not one of shape \(0, 9, 4\): at least one window and one step are needed",
    ),
    "no step": (
        inputs(2)[:, :0],
        r"the LSTM reads a tensor of .*, not one of shape \(2, 0, 4\): at least one",
    ),
    "single precision": (
        inputs(2).float(),
        r"x is float32, but the LSTM computes in float64: convert it with \.to\(torch\.float64\)",
    ),
    "integers": (
        torch.ones(2, 9, 4, dtype=torch.int64),
        "x is int64, but the LSTM computes in float64: convert",
    ),
    "another device": (
        torch.zeros(2, 9, 4, dtype=torch.float64, device="meta"),
        r"x is on meta, but the LSTM is on cpu: move it with \.to\('cpu'\)",
    ),
    "NumPy": (np.zeros((2, 9, 4)), r"the LSTM reads a tensor of shape \(batch, time, 4\), not a ndarray"),
}


@every_entry
@pytest.mark.parametrize(("x", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_inputs_that_the_lstm_cannot_read_are_refused(look, x, said):
    with refused(said):
        look(lstm_of(), x)


def two_layers() -> nn.LSTM:
    return lstm_of(num_layers=2, proj_size=3)


STATES = {
    "of one window": (
        lambda h, c: (h[:, :1], c[:, :1]),
        r"the initial hidden state has the shape \(2, 1, 3\); \(2, 8, 3\) is expected: layers and directions, windows",
    ),
    "of one layer": (
        lambda h, c: (h[:1], c[:1]),
        r"the initial hidden state has the shape \(1, 8, 3\); \(2, 8, 3\) is expected",
    ),
    "without windows": (
        lambda h, c: (h[:, 0], c[:, 0]),
        r"the initial hidden state has the shape \(2, 3\); ",
    ),
    "both as wide": (
        lambda h, _: (h, h),
        r"the initial cell state has the shape \(2, 8, 3\); \(2, 8, 5\) is expected",
    ),
    "the cells of one window": (
        lambda h, c: (h, c[:, :1]),
        r"the initial cell state has the shape \(2, 1, 5\)",
    ),
    "in single precision": (
        lambda h, c: (h, c.float()),
        "the initial cell state is float32, but the LSTM computes in float64: convert it",
    ),
    "on another device": (
        lambda h, c: (h.to("meta"), c),
        "the initial hidden state is on meta, but the LSTM is on cpu: move it",
    ),
    "the hidden states alone": (
        lambda h, _: h,
        "the initial state is a pair of tensors, hidden and cell states",
    ),
    "three parts": (lambda h, c: (h, c, c), "the initial state is a pair of tensors, hidden and cell states"),
    "no tensors": (
        lambda h, c: (h.numpy(), c.numpy()),
        "the initial state is a pair of tensors, hidden and cell",
    ),
}


@every_entry
@pytest.mark.parametrize(("change", "said"), STATES.values(), ids=STATES)
def test_a_state_that_does_not_fit_is_refused_where_it_was_broadcast(look, change, said):
    lstm = two_layers()
    with refused(said):
        look(lstm, inputs(8), change(*state_for(lstm, 8)))


@every_entry
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_a_state_that_fits_is_taken_as_a_tuple_or_a_list(look):
    lstm = two_layers()
    look(lstm, inputs(8), state_for(lstm, 8))
    look(lstm, inputs(8), list(state_for(lstm, 8)))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (nn.Linear(2, 2), r"Linear contains no nn\.LSTM, so it has no gates and no hidden states"),
        (nn.GRU(4, 5), r"GRU contains no nn\.LSTM, so it has no gates"),
        (Wraps(nn.GRU(4, 5)), r"Wraps contains no nn\.LSTM \(but GRU\), so it has no gates"),
        (Wraps(nn.LSTMCell(4, 5)), r"Wraps contains no nn\.LSTM \(but LSTMCell\), so it has no gates"),
        ("lstm", r"a model that contains an nn\.LSTM is expected, not a str"),
    ],
)
def test_a_model_without_an_lstm_is_refused(model, said):
    with refused(said):
        find_lstms(model)
    with refused(said):
        first_lstm(model, inputs(2))
    with refused(said), record_final_states(model):
        pass


def forecaster(cnn: bool) -> nn.Module:
    torch.manual_seed(0)
    return (
        CNNLSTMForecaster(4, 2, channels=(3, 3), hidden=5) if cnn else LSTMForecaster(4, 2, hidden=5)
    ).eval()


@pytest.mark.parametrize("cnn", [False, True])
@pytest.mark.parametrize(
    "x",
    [
        noise(2, 9, 3, dtype=torch.float32),
        inputs(2),
        torch.ones(2, 9, 4, dtype=torch.int64),
        inputs(2, dtype=torch.float32)[:0],
        inputs(2, dtype=torch.float32)[:, :0],
        inputs(2, dtype=torch.float32)[0],
        pack_padded_sequence(inputs(2, dtype=torch.float32), [9, 3], batch_first=True),
        np.zeros((2, 9, 4), np.float32),
        None,
    ],
    ids=["too narrow", "double", "integers", "no window", "no step", "single", "packed", "NumPy", "nothing"],
)
def test_what_a_model_cannot_read_is_refused_in_one_line(cnn, x):
    model = forecaster(cnn)
    said = "(the LSTM lstm reads|x is (float64|int64), but the LSTM lstm computes|(CNN)?LSTMForecaster cannot read)"
    with refused(said):
        first_lstm(model, x)
    assert count_hooks(model) == 0


def test_the_final_states_of_what_an_lstm_cannot_read_are_refused():
    model = Wraps(nn.LSTM(4, 5, batch_first=True)).eval()
    for x, said in (
        (
            noise(2, 9, 3, dtype=torch.float32),
            r"the LSTM inner reads a tensor of shape \(batch, time, 4\), not 3",
        ),
        (
            inputs(2, dtype=torch.float32)[0],
            r"the LSTM inner reads a tensor of .*, not one of shape \(9, 4\)",
        ),
        (inputs(2), "x is float64, but the LSTM inner computes in float32"),
        (inputs(2, dtype=torch.float32)[:0], "the LSTM inner reads a tensor of .*: at least one window"),
    ):
        with refused(said), record_final_states(model):
            model(x)
        assert count_hooks(model) == 0


def test_the_final_states_of_packed_sequences_are_those_of_each_by_itself():
    model = Wraps(nn.LSTM(4, 5, 2, batch_first=True)).eval()
    x = inputs(2, dtype=torch.float32)
    with torch.no_grad(), record_final_states(model) as found:
        model(pack_padded_sequence(x, [9, 3], batch_first=True))
        model(x[:1])
        model(x[1:, :3])
    together, *alone = found
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-6)


def test_an_lstm_is_a_model_of_itself():
    lstm, x = lstm_of(num_layers=2), inputs(3)
    call = first_lstm(lstm, x)
    assert (call.name, call.lstm) == ("", lstm)
    with torch.no_grad(), record_final_states(lstm) as found:
        _, (h, _) = lstm(x)
    assert torch.equal(found[0], h.transpose(0, 1))
