"""Gradients of every step ahead: equal to brute force, through the last state and without it."""

import pytest
import torch
from torch import nn

from lstmkit.analysis.attribution import lead_gradients as module
from lstmkit.analysis.attribution.lead_gradients import lead_gradients
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.tiny import Squared, state_of, stirred


class Attentive(nn.Module):
    """A head that reads every state of the LSTM, and not the last alone."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 3, batch_first=True)
        self.head = nn.Linear(3, 7)

    def forward(self, x):
        states, _ = self.lstm(x)
        return self.head((states * states.softmax(dim=1)).sum(dim=1))


class TwoMemories(nn.Module):
    """Two LSTMs one after the other."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.LSTM(2, 3, batch_first=True), nn.LSTM(3, 3, batch_first=True)
        self.head = nn.Linear(3, 7)

    def forward(self, x):
        return self.head(self.second(self.first(x)[0])[0][:, -1])


class BothWays(nn.Module):
    """A bidirectional LSTM, whose last output holds one backward step."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 3, batch_first=True, bidirectional=True)
        self.head = nn.Linear(6, 9)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


class PastTheMemory(nn.Module):
    """A head that reads the newest input beside the last state."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 3, batch_first=True)
        self.head = nn.Linear(5, 9)

    def forward(self, x):
        return self.head(torch.cat([self.lstm(x)[0][:, -1], x[:, -1]], dim=1))


class WithTheCell(nn.Module):
    """A head that reads the last cell beside the last state."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 3, batch_first=True)
        self.head = nn.Linear(6, 9)

    def forward(self, x):
        states, (_, cell) = self.lstm(x)
        return self.head(torch.cat([states[:, -1], cell[-1]], dim=1))


class FinalState(nn.Module):
    """A head that takes the last state from the second thing that an LSTM gives back."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 3, batch_first=True)
        self.head = nn.Linear(3, 9)

    def forward(self, x):
        return self.head(self.lstm(x)[1][0][-1])


class ReadTwice(nn.Module):
    """One LSTM that reads the window, and then what it made of it."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 2, batch_first=True)
        self.head = nn.Linear(2, 9)

    def forward(self, x):
        return self.head(self.lstm(self.lstm(x)[0])[0][:, -1])


class InPlace(nn.Module):
    """A head that overwrites what the LSTM gives back."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 3, batch_first=True)
        self.head = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(3, 9))

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


class Deaf(nn.Module):
    """A head that reads a memory which no window reaches."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 3, batch_first=True)
        self.head = nn.Linear(3, 9)

    def forward(self, x):
        return self.head(self.lstm(torch.ones_like(x))[0][:, -1])


MODELS = {
    "LSTM, more leads than units": lambda: LSTMForecaster(2, 9, hidden=3, layers=2, dropout=0.4),
    "LSTM, fewer leads than units": lambda: LSTMForecaster(2, 2, hidden=5),
    "CNN-LSTM, more leads than units": lambda: CNNLSTMForecaster(2, 9, channels=(4, 5), hidden=3, head=6),
    "CNN-LSTM, fewer leads than units": lambda: CNNLSTMForecaster(2, 2, channels=(4, 5), hidden=4, head=6),
    "one lead": lambda: LSTMForecaster(2, 1, hidden=3),
    "one unit": lambda: CNNLSTMForecaster(2, 4, channels=(2, 3), hidden=1, head=16),
    "both directions": BothWays,
    "all states": Attentive,
    "two LSTMs": TwoMemories,
    "one LSTM, called twice": ReadTwice,
    "a way past the memory": PastTheMemory,
    "the cell beside the state": WithTheCell,
    "the final state": FinalState,
    "a head that overwrites": InPlace,
    "no LSTM": lambda: Squared(torch.randn(13, 2), ahead=(1.0, -2.0, 0.5)),
}
THROUGH_THE_STATE = {
    "LSTM, more leads than units",
    "CNN-LSTM, more leads than units",
    "one unit",
    "both directions",
    "a head that overwrites",
}


def window(seed: int = 0) -> torch.Tensor:
    return torch.randn(13, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def brute_force(model: nn.Module, x: torch.Tensor, target: int = 0) -> torch.Tensor:
    """Of a model with or without an axis for its targets."""
    gradients = torch.autograd.functional.jacobian(lambda one: model(one[None])[0], x)
    return gradients if gradients.ndim == 3 else gradients[:, target]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("seed", [0, 1])
def test_equal_to_the_jacobian_of_the_whole_model(name, seed):
    model = stirred(MODELS[name](), seed).double()
    x = window(seed)
    found, expected = lead_gradients(model, x), brute_force(model, x)
    assert expected.abs().max() > 1e-4
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", MODELS)
def test_the_last_state_is_used_where_it_says_all_and_saves_passes(name):
    model = stirred(MODELS[name]()).double()
    found = module._through_the_last_state(model, window()[None].requires_grad_())
    assert (found is not None) == (name in THROUGH_THE_STATE)


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("horizon", [4, 2])
@pytest.mark.parametrize("kind", [LSTMForecaster, CNNLSTMForecaster])
def test_each_of_two_targets_has_the_gradients_of_its_own_leads(kind, horizon, target):
    model, x = stirred(kind(2, horizon, hidden=3, targets=2)).double(), window()
    through = module._through_the_last_state(model, x[None].requires_grad_(), target=target)
    assert (through is not None) == (horizon > 3)  # the leads of one target count
    x = x.detach()
    found = lead_gradients(model, x, target=target)
    torch.testing.assert_close(found, brute_force(model, x, target), rtol=0, atol=1e-10)
    assert (found - brute_force(model, x, 1 - target)).abs().max() > 1e-4


@pytest.mark.parametrize("horizon", [9, 2])
def test_a_forecast_that_does_not_hang_on_the_window_has_zeros(horizon):
    model = stirred(Deaf()).double()
    model.head = nn.Linear(3, horizon).double()
    found = lead_gradients(model, window())
    assert found.shape == (horizon, 13, 2)
    assert not found.any()


def test_a_linear_model_has_its_weights_as_gradient():
    weights = torch.randn(13, 2, dtype=torch.float64)
    model, x = Squared(weights, ahead=(1.0, -3.0)).eval(), window()
    found = lead_gradients(model, x)
    torch.testing.assert_close(found[0], 2 * weights * x)
    torch.testing.assert_close(found[1], -6 * weights * x)


@pytest.mark.parametrize("name", ["LSTM, more leads than units", "CNN-LSTM, fewer leads than units"])
def test_a_model_left_in_training_mode_is_differentiated_in_evaluation_mode(name):
    model, x = stirred(MODELS[name]()).double(), window()
    expected = lead_gradients(model, x)
    before = state_of(model.train())
    torch.testing.assert_close(lead_gradients(model, x), expected, rtol=0, atol=0)
    assert state_of(model) == before


@pytest.mark.parametrize("name", ["LSTM, more leads than units", "CNN-LSTM, fewer leads than units"])
def test_the_model_and_the_window_stay_as_they_were(name):
    model, x = stirred(MODELS[name]()).double(), window()
    before, kept = state_of(model), x.clone()
    gradients = lead_gradients(model, x)
    assert state_of(model) == before
    assert torch.equal(x, kept)
    assert not x.requires_grad
    assert not gradients.requires_grad
