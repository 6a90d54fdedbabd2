"""Final states and trajectories of one of several LSTMs."""

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.analysis.states.embedding import cnn_and_lstm
from lstmkit.analysis.states.geometry import geometry
from lstmkit.analysis.states.last_state import last_state
from lstmkit.analysis.states.trajectories import trajectories
from lstmkit.errors import LstmkitError
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import HiddenStateParams
from tests.analysis.gated import EDGES
from tests.analysis.several_lstms import BothWays, EncoderDecoder, Mixed, Stepwise, by_hand
from tests.analysis.tiny import make_test_windows, state_of, stirred
from tests.groups import by_edges

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


class Two(nn.Module):
    """An LSTM that reads another one, which is registered last, behind a stage."""

    def __init__(self):
        super().__init__()
        self.stages = {"stage": "stage"}
        self.second = nn.LSTM(4, 5, num_layers=2)
        self.first = nn.LSTM(3, 4, batch_first=True)
        self.stage, self.head = nn.Linear(2, 3), nn.Linear(5, 3)

    def forward(self, x):
        states, _ = self.first(self.stage(x))
        return self.head(self.second(states.transpose(0, 1))[0][-1])

    def by_hand(self, x):
        """States of both LSTMs at every step."""
        weight, bias = (values.detach().double().numpy() for values in self.stage.parameters())
        _, first, _ = by_hand(self.first, x @ weight.T + bias)
        return {"first": first, "second": by_hand(self.second, first)[1]}


@pytest.fixture(scope="module")
def windows():
    return make_test_windows(n=40, lookback=24, horizon=3, interval="1h")


@pytest.fixture(scope="module")
def x(windows):
    return windows.gather(torch.arange(len(windows)))[0]


@pytest.mark.parametrize(("name", "is_called"), [(None, "first"), ("first", "first"), ("second", "second")])
def test_final_states_are_those_of_the_chosen_one(windows, x, name, is_called):
    model = stirred(Two())
    expected = model.by_hand(x.double().numpy())[is_called][:, -1]
    found = last_state(model, windows, by_edges(windows, EDGES), lstm=name)
    np.testing.assert_allclose(found.values, expected, atol=1e-5)
    params = HiddenStateParams(embedding_windows=100)
    _, embedded = cnn_and_lstm(model, windows, by_edges(windows, EDGES), params, name)
    np.testing.assert_allclose(embedded.values, expected, atol=1e-5)


def test_the_final_states_of_a_decoder_are_those_after_its_last_call(windows, x):
    model = stirred(EncoderDecoder())
    found = last_state(model, windows, by_edges(windows, EDGES), lstm="decoder")
    with torch.no_grad():
        expected = model.head(torch.from_numpy(found.values).float())[:, 0]
        np.testing.assert_allclose(model(x)[:, -1], expected, atol=1e-5)


def followed(model, windows, lstm=None):
    state = last_state(model, windows, by_edges(windows, EDGES), lstm=lstm)
    cut = geometry(state, np.zeros(len(windows)))
    return trajectories(model, windows, cut, HiddenStateParams(trajectories=4), lstm)


@pytest.mark.parametrize(("name", "is_called"), [(None, "first"), ("second", "second")])
def test_paths_are_those_of_the_chosen_one(windows, x, name, is_called):
    model = stirred(Two())
    before = state_of(model)
    found = followed(model, windows, name)
    states = model.by_hand(x.double().numpy())[is_called]
    cut = found.geometry
    np.testing.assert_allclose(found.paths, cut.project(states[found.windows]), atol=1e-4)
    to_end = np.linalg.norm(states - states[:, -1:], axis=2) / cut.spread
    np.testing.assert_allclose(found.to_end[1], np.median(to_end, axis=0), atol=1e-4)
    short = model.by_hand(x[:, -4:].double().numpy())[is_called][:, -1]
    apart = np.linalg.norm(short - states[:, -1], axis=1) / cut.spread
    column = found.read_hours.tolist().index(4)
    np.testing.assert_allclose(found.read_distance[1, column], np.median(apart), atol=1e-4)
    np.testing.assert_array_equal(found.hours_before, np.arange(23, -1, -1))
    assert state_of(model) == before


def test_an_lstm_that_is_called_step_by_step_has_one_path(windows):
    model, whole = stirred(Stepwise(3)), LSTMForecaster(2, 3, hidden=3, layers=1).eval()
    whole.lstm.load_state_dict(model.memory.state_dict())
    found, expected = (followed(each, windows) for each in (model, whole))
    np.testing.assert_allclose(found.paths, expected.paths, atol=1e-5)
    np.testing.assert_allclose(found.to_end, expected.to_end, atol=1e-5)
    np.testing.assert_allclose(found.read_distance, expected.read_distance, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "name", "said"),
    [
        (
            EncoderDecoder(),
            "decoder",
            "^the steps of the LSTM decoder lie one per step ahead of the origin: its states have no path over the "
            "lookback; encoder can be followed$",
        ),
        (Mixed(3), "recent", "recent lie nowhere known: .*; first, second can be followed$"),
        (Mixed(3), None, "half of a bidirectional LSTM reads backwards"),
        (
            BothWays(3),
            "backwards",
            "backwards lie spread evenly over the window, the newest first: .*; forwards can",
        ),
        (EncoderDecoder(), "unused", r"never calls its nn\.LSTM unused"),
        (EncoderDecoder(), "memory", r"has no nn\.LSTM 'memory'"),
    ],
)
def test_what_has_no_path_over_the_window_is_refused_with_what_has_one(windows, model, name, said):
    cut = geometry(last_state(stirred(Two()), windows, by_edges(windows, EDGES)), np.zeros(len(windows)))
    with pytest.raises(LstmkitError, match=said):
        trajectories(stirred(model), windows, cut, HiddenStateParams(), name)


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (nn.GRU(2, 3), r"\(but GRU\).*train it with an nn\.LSTM in its place"),
        (nn.LSTMCell(2, 3), "copy the weights of each LSTMCell into an nn.LSTM of one layer"),
    ],
)
def test_other_recurrent_modules_are_refused_with_what_would_work(windows, module, said):
    model = nn.Sequential(module)
    cut = geometry(last_state(stirred(Two()), windows, by_edges(windows, EDGES)), np.zeros(len(windows)))
    with pytest.raises(LstmkitError, match=said):
        last_state(model, windows, by_edges(windows, EDGES))
    with pytest.raises(LstmkitError, match=said):
        trajectories(model, windows, cut, HiddenStateParams())
    model.stages = {"stage": "0"}
    with pytest.raises(LstmkitError, match=said):
        cnn_and_lstm(model, windows, by_edges(windows, EDGES), HiddenStateParams())
