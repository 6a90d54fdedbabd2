"""Final states and corrections: of the right windows, at the right moments, in the right unit."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
import torch

from lstmkit.analysis.states.representation import corrections, final_states
from lstmkit.data.windows import spread_evenly
from lstmkit.errors import LstmkitError
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import SplitParams
from lstmkit.storage.files import Rows
from lstmkit.training.outputs import PREDICTIONS, STATES, write_outputs
from tests.analysis.states.clouds import cloud
from tests.analysis.tiny import make_test_windows, stirred
from tests.groups import by_edges
from tests.series import dataset_of, raw_windows
from tests.two_targets import two_targets

EDGES = (-0.5, 0.5)


class Whole(Rows):
    """An array that is in memory."""

    def __init__(self, array: np.ndarray):
        object.__setattr__(self, "array", array)

    def __len__(self) -> int:
        return len(self.array)

    def chunks(self, size: int = 2048):
        for start in range(0, len(self.array), size):
            yield self.array[start : start + size]


def test_every_layer_is_that_of_the_chosen_windows(tmp_path):
    model, windows = stirred(LSTMForecaster(2, 2, hidden=5)), make_test_windows(n=40)
    write_outputs(tmp_path, model, windows)
    chosen = np.array([0, 6, 13, 20, 26, 32, 39])
    layers = final_states(Rows(tmp_path / STATES), windows, by_edges(windows, EDGES), chosen)
    assert [layer.name for layer in layers] == ["LSTM layer 1", "LSTM layer 2"]
    x, _ = windows.gather(torch.from_numpy(chosen))
    with torch.no_grad():
        _, (final, _) = model.lstm(x)
    for layer, expected in zip(layers, final.double().numpy(), strict=True):
        np.testing.assert_allclose(layer.values, expected, atol=1e-6)  # float32 in other batches
        assert layer.origin.equals(windows.origin[chosen])
        np.testing.assert_allclose(layer.latest, windows.latest()[chosen, 0])
        assert len(layer) == 7


def test_all_windows_give_all_states():
    windows = make_test_windows(n=40)
    states = np.random.default_rng(0).normal(size=(40, 1, 3)).astype("float32")
    (layer,) = final_states(Whole(states), windows, by_edges(windows, EDGES), np.arange(40))
    np.testing.assert_array_equal(layer.values, states[:, 0])
    assert layer.values.dtype == np.float64


def test_states_of_other_windows_are_refused():
    windows = make_test_windows(n=40)
    with pytest.raises(LstmkitError, match="39 hidden states do not belong to 40 windows"):
        final_states(Whole(np.zeros((39, 1, 3), "float32")), windows, by_edges(windows, EDGES), np.arange(39))
    with pytest.raises(LstmkitError, match="41 predictions do not belong to 40 windows"):
        corrections(Whole(np.zeros((41, 2), "float32")), windows, np.arange(40))


def test_the_clock_is_local_and_keeps_its_minutes():
    # 2025-11-01 is a Saturday; clocks in New York go back on Sunday at 2:00
    states = cloud(np.zeros((300, 1)), start="2025-10-31 22:15", every="15min")
    assert states.phase[:3].tolist() == [22.25, 22.5, 22.75]
    assert states.phase[7:9].tolist() == [0.0, 0.25]
    assert states.is_weekend[:8].tolist() == [False] * 7 + [True]
    monday = pd.Timestamp("2025-11-03", tz="America/New_York")
    assert states.is_weekend.sum() == (states.origin[states.is_weekend] < monday).sum() == 49 * 4


def test_the_clock_keeps_its_seconds():
    states = cloud(np.zeros((4, 1)), start="2025-10-31 22:15", every="18s")
    assert states.phase.tolist() == pytest.approx([22.25, 22.255, 22.26, 22.265])


def test_regimes_are_those_at_the_origin():
    states = cloud(np.zeros((5, 1)), latest=np.array([449.9, 450, 549.9, 550, 900]))
    assert states.group.tolist() == [0, 1, 1, 2, 2]


def test_one_different_value_is_a_variation():
    values = np.ones((5, 3))
    assert not cloud(values).varies
    values[4, 2] += 1e-12
    assert cloud(values).varies


@pytest.mark.parametrize("residual", ["none", "last", "climatology", "damped"])
def test_the_correction_is_what_the_network_adds_to_the_residual_baseline(tmp_path, residual):
    hours = np.arange(60 * 24)
    noise = np.random.default_rng(1).normal(size=len(hours)).cumsum()
    dataset = dataset_of({"co2": 500 + 50 * np.sin(2 * np.pi * hours / 24) + noise, "temperature": noise})
    windows = raw_windows(dataset, 4, SplitParams(validation_blocks=1), lookback=24, residual=residual)[
        "test"
    ]
    model = stirred(LSTMForecaster(2, 4, hidden=3))
    write_outputs(tmp_path, model, windows)
    chosen = spread_evenly(len(windows), 30)
    found = corrections(Rows(tmp_path / PREDICTIONS, "predicted", 0), windows, chosen)
    x, _ = windows.spread(30).gather(torch.arange(30))
    with torch.no_grad():
        expected = model(x)[..., 0].double().numpy().mean(axis=1) * windows.scale
    assert np.ptp(expected) > 0.05
    np.testing.assert_allclose(found, expected, atol=1e-4)  # ppm; predictions are kept in float32


def test_of_two_targets_the_correction_is_that_of_the_explained_one(tmp_path):
    windows = raw_windows(two_targets(), 3, lookback=12, residual="damped")["test"]
    model = stirred(LSTMForecaster(3, 3, hidden=3, targets=2))
    write_outputs(tmp_path, model, windows)
    x, _ = windows.gather(torch.arange(0, 30, 3))
    with torch.no_grad():
        expected = model(x).double().mean(dim=1).numpy() * windows.residual.scale
    for target in (0, 1):
        rows = Rows(tmp_path / PREDICTIONS, "predicted", target)
        found = corrections(rows, dataclasses.replace(windows, target=target), np.arange(0, 30, 3))
        np.testing.assert_allclose(found, expected[:, target], atol=1e-4)  # predictions are kept in float32


def test_both_directions_stand_side_by_side(tmp_path):
    model = LSTMForecaster(2, 2, hidden=4, layers=1)
    model.lstm = torch.nn.LSTM(2, 4, batch_first=True, bidirectional=True)
    model.projection = torch.nn.Linear(8, 2)
    model, windows = stirred(model), make_test_windows(n=12)
    write_outputs(tmp_path, model, windows)
    (layer,) = final_states(Rows(tmp_path / STATES), windows, by_edges(windows, EDGES), np.arange(12))
    x, _ = windows.gather(torch.arange(12))
    with torch.no_grad():
        read, _ = model.lstm(x)
    both = torch.cat([read[:, -1, :4], read[:, 0, 4:]], dim=1)  # the backward half ends at the oldest step
    np.testing.assert_allclose(layer.values, both.double().numpy(), atol=1e-6)


def test_a_representation_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        cloud(np.zeros((3, 2))).unit = "ppb"


def test_states_and_predictions_that_are_no_numbers_are_refused():
    windows = make_test_windows(n=40)
    states = np.random.default_rng(0).normal(size=(40, 2, 3)).astype("float32")
    states[6, 1, 0] = np.nan
    said = re.escape(f"the values of LSTM layer 2 are NaN or infinite for the window {windows.origin[6]}")
    with pytest.raises(LstmkitError, match=said):
        final_states(Whole(states), windows, by_edges(windows, EDGES), np.arange(40))
    predictions = np.full((40, windows.horizon), 500, "float32")
    predictions[3] = np.inf
    with pytest.raises(LstmkitError, match="predictions are NaN or infinite for the window"):
        corrections(Whole(predictions), windows, np.arange(40))
