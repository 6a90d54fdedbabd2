"""From which steps of a window a model is asked for its forecast: all that it may know, and none that knows more."""

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import SplitParams, TrainingParams
from lstmkit.training.fit import fit
from lstmkit.training.losses import ForecastLoss
from lstmkit.training.origins import choose_origins
from tests.series import dataset_of, raw_windows

HALF = SplitParams(validation_blocks=1, train=0.5, validation=0.25)


def noise_windows(rows: int = 900, lookback: int = 24, horizon: int = 3):
    values = np.random.default_rng(3).normal(500, 30, (2, rows))
    return raw_windows(
        dataset_of({"co2": values[0], "load": values[1]}), horizon, HALF, lookback=lookback, residual="last"
    )


class Bidirectional(nn.Module):
    """Reads both ways, so that its states know the future of their step."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 3, bidirectional=True, batch_first=True)
        self.projection = nn.Linear(6, 3)

    def states(self, x):
        return self.lstm(x)[0]

    def head(self, states):
        return self.projection(states)

    def forward(self, x):
        return self.head(self.states(x)[:, -1])


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (100, [*range(4, 24)]),  # all behind the first sixth
        (20, [*range(4, 24)]),
        (19, [*range(5, 24, 2)]),  # every second, the newest among them
        (7, [5, 8, 11, 14, 17, 20, 23]),
        (2, [13, 23]),
        (1, [23]),
    ],
)
def test_steps_are_spread_evenly_and_end_with_the_newest(most, expected):
    origins = choose_origins(LSTMForecaster(2, 3, hidden=4), noise_windows()["train"], most, seed=0)
    assert origins.steps.tolist() == expected


@pytest.mark.parametrize(("pool", "lookback"), [(2, 24), (2, 23), (3, 25), (24, 24)])
def test_a_pooled_step_forecasts_from_its_newest_input(pool, lookback):
    """The forecast from a step is that of a window cut off there, filled up before it, once both have run in."""
    torch.manual_seed(1)
    model = CNNLSTMForecaster(2, 3, channels=(3, 4), kernels=(3, 2), pool=pool, hidden=4, head=4).eval()
    windows = noise_windows(lookback=lookback)["train"]
    origins = choose_origins(model, windows, 100, seed=0)
    assert origins.steps[-1] == lookback - 1
    assert (torch.diff(origins.steps) == pool).all()
    x, *_ = windows.gather_origins(torch.arange(5), origins.steps)
    forecasts = origins.forecasts(model, x)
    for place, step in enumerate(origins.steps.tolist()):
        known = x[:, : step + 1]
        torch.testing.assert_close(model(known), forecasts[:, place], rtol=1e-5, atol=1e-6)


def test_the_forecast_at_the_end_is_the_models_own():
    torch.manual_seed(1)
    model, windows = LSTMForecaster(2, 3, hidden=4).eval(), noise_windows()["train"]
    origins = choose_origins(model, windows, 60, seed=0)
    x, y, _ = windows.gather_origins(torch.arange(7), origins.steps)
    newest, alone = windows.gather(torch.arange(7))
    assert torch.equal(x, newest)
    assert torch.equal(y[:, -1], alone)
    torch.testing.assert_close(origins.forecasts(model, x)[:, -1], model(x))


@pytest.mark.parametrize("model", [Bidirectional(), nn.Sequential(nn.Flatten(), nn.Linear(48, 3))])
def test_a_model_that_is_not_known_to_be_causal_is_asked_at_the_end_alone(model):
    windows = noise_windows()["train"]
    origins = choose_origins(model, windows, 60, seed=0)
    assert (origins.steps.tolist(), origins.positions) == ([23], None)
    x, y, count = windows.gather_origins(torch.arange(4), origins.steps)
    assert torch.equal(origins.forecasts(model, x), model(x)[:, None, :, None])
    assert (y.shape, count.all()) == ((4, 1, 3, 1), True)


def test_the_loss_is_the_mean_over_the_origins_that_count():
    values = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [0.0, 0.0]]])
    count = torch.tensor([[True, False], [True, True]])
    # two steps ahead of one target, and one step ahead of two
    for forecasts in (values[..., None], values[..., None, :]):
        truth = torch.zeros_like(forecasts)
        # mean squares 2.5 (1² and 2²), 30.5 (5² and 6²) and 0
        assert ForecastLoss("mse")(forecasts, truth, count).item() == pytest.approx(11.0)
        assert ForecastLoss("mae")(forecasts, truth, count).item() == pytest.approx(7 / 3)
        assert ForecastLoss("mse")(forecasts, truth, torch.zeros(2, 2, dtype=bool)).item() == 0


def test_no_weight_depends_on_what_lies_behind_the_training_part(tmp_path):
    recipe = TrainingParams(
        epochs=2, windows_per_epoch=64, batch_size=16, validation_windows=32, patience=9, device="cpu"
    )
    weights = []
    for change in (0.0, 1e3):
        train = noise_windows()["train"]
        last_row = int(train.forecast_rows.nonzero().max()) + 3
        for tensor in (train.inputs, train.residual.deviations):
            tensor[last_row + 1 :] += change
        torch.manual_seed(0)
        model = LSTMForecaster(2, 3, hidden=4)
        fit(model, {"train": train, "validation": train}, recipe, 0, tmp_path / str(change), progress=False)
        weights.append(torch.cat([value.flatten() for value in model.state_dict().values()]))
    assert torch.equal(*weights)
