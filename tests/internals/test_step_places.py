"""Where the steps of an LSTM lie: in the window, from its end, ahead of it, or nowhere known."""

import pytest
import torch
from torch import nn

from lstmkit.internals.step_places import Place, step_places
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.several_lstms import BothWays, EncoderDecoder, Mixed, Stepwise
from tests.analysis.tiny import state_of, stirred

WINDOW, REVERSED, AHEAD, UNKNOWN = Place.WINDOW, Place.REVERSED, Place.AHEAD, Place.UNKNOWN


class OfOneLength(Mixed):
    """Reads windows of ten steps alone."""

    def forward(self, x):
        assert x.shape[1] == 10
        return super().forward(x)


class Repeated(EncoderDecoder):
    """A decoder that reads the encoder's last state again and again, and starts from nothing."""

    def forward(self, x):
        states, _ = self.encoder(x)
        return self.head(self.decoder(states[:, -1:, :1].expand(-1, self.ahead, -1))[0])[..., 0]


class SevenMeans(nn.Module):
    """An LSTM behind seven means, however many steps there are."""

    def __init__(self):
        super().__init__()
        self.pool, self.lstm = nn.AdaptiveAvgPool1d(7), nn.LSTM(2, 3, batch_first=True)

    def forward(self, x):
        return self.lstm(self.pool(x.mT).mT)[0][:, -1]


def inputs(steps: int) -> torch.Tensor:
    return torch.randn(9, steps, 2, generator=torch.Generator().manual_seed(steps))


@pytest.mark.parametrize("steps", [10, 49])
@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (LSTMForecaster(2, 3, hidden=4), {"lstm": WINDOW}),
        (CNNLSTMForecaster(2, 3, channels=(3, 4), hidden=4), {"lstm": WINDOW}),
        (EncoderDecoder(ahead=3), {"encoder": WINDOW, "decoder": AHEAD}),
        (Repeated(ahead=3), {"encoder": WINDOW, "decoder": AHEAD}),
        (EncoderDecoder(ahead=5), {"encoder": WINDOW, "decoder": UNKNOWN}),  # not the horizon's steps
        (Mixed(), {"first": WINDOW, "second": WINDOW, "recent": UNKNOWN}),
        (Mixed(newest=3), {"first": WINDOW, "second": WINDOW, "recent": UNKNOWN}),  # as many as the horizon
        (BothWays(), {"forwards": WINDOW, "backwards": REVERSED}),
        (Stepwise(), {"memory": WINDOW}),
        (SevenMeans(), {"lstm": WINDOW}),
    ],
)
def test_places(model, expected, steps):
    model = stirred(model)
    before = state_of(model)
    assert step_places(model, inputs(steps), horizon=3) == expected
    assert state_of(model) == before


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_short_windows(steps):
    x = inputs(steps)
    assert step_places(stirred(LSTMForecaster(2, 1)), x, 1) == {"lstm": WINDOW}
    assert step_places(stirred(CNNLSTMForecaster(2, 2, channels=(3, 4))), x, 2) == {"lstm": WINDOW}
    assert step_places(stirred(EncoderDecoder(ahead=1)), x, 1) == {"encoder": WINDOW, "decoder": AHEAD}


def test_as_many_steps_as_the_horizon_and_the_window_lie_ahead_where_a_longer_window_has_no_more():
    assert step_places(stirred(EncoderDecoder(ahead=10)), inputs(10), 10)["decoder"] is AHEAD


def test_of_a_model_that_reads_one_length_alone_as_many_steps_as_the_window_are_the_windows():
    found = step_places(stirred(OfOneLength()), inputs(10), 2)
    assert found == {"first": WINDOW, "second": WINDOW, "recent": UNKNOWN}
