"""Claims are those of the analyses on which the pages rest, of the trained and of the untrained network alike."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from lstmkit.analysis.states.last_state import last_state
from lstmkit.analysis.trust.claims import STATE_WINDOWS, measure_claims
from lstmkit.data.cutting import make_windows
from lstmkit.data.features import build_features
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import SplitParams, WindowParams, find_params, load_params
from tests.analysis.gated import EDGES, constant_gates
from tests.analysis.tiny import stirred
from tests.groups import by_edges
from tests.series import dataset_of

LOOKBACK, DAYS = 12, 60
PARAMS = load_params(find_params("smoke"))
CONCEPTS = {"hour_of_day", "weekday_or_weekend", "co2", "occupancy"}


def measured(model, untrained, days: int = DAYS) -> dict:
    dataset, windows = series(days)
    return measure_claims(model, untrained, windows, by_edges(windows, EDGES), dataset, PARAMS)


def series(days: int = DAYS):
    random = np.random.default_rng(0)
    columns = {"co2": random.normal(size=24 * days), "temperature": random.normal(size=24 * days)}
    dataset = dataset_of(columns)
    latents = pd.DataFrame({"occupancy": random.normal(size=24 * days)}, index=dataset.frame.index)
    dataset = replace(dataset, latents=latents, units=dataset.units | {"occupancy": "people"})
    params = WindowParams(lookback=LOOKBACK, residual="none")
    split = SplitParams(validation_blocks=1, train=max(0.1, 1.2 / days), validation=0.1)
    return dataset, make_windows(dataset, build_features(dataset, "raw"), 1, params, split)["test"]


@pytest.fixture(scope="module")
def claims():
    return measured(constant_gates(0.05, 0.99, 0.95), stirred(LSTMForecaster(2, 1, hidden=5, layers=1)))


def test_of_gates_set_by_hand(claims):
    found = claims["trained"]
    assert found["timescale_hours"] == {"layer 1": pytest.approx(-1 / np.log(0.99), rel=1e-3)}
    assert found["longest_hours"] == found["timescale_hours"]
    assert found["saturated_percent"] == {"layer 1": 100.0}  # one gate shut, two open
    assert found["effective_dimension"] == 0  # every window ends in the same state
    assert set(found["shares"].values()) == {0.0}
    assert set(found["probes"]) == CONCEPTS
    assert max(abs(score) for score in found["probes"].values()) < 0.05
    assert found["sufficient_history"] == {}


def test_the_untrained_network_is_measured_alike(claims):
    found = claims["untrained"]
    assert sum(found["shares"].values()) == pytest.approx(100)
    assert 1 <= found["hours_of_half"] <= LOOKBACK
    assert 0 < found["saturated_percent"]["layer 1"] < 100
    assert 1 <= found["sufficient_history"]["output_hours"] <= LOOKBACK
    assert set(found["probes"]) == CONCEPTS
    json.dumps(claims, allow_nan=False)


def test_the_effective_dimension_is_that_of_the_states(claims):
    _, windows = series()
    model = stirred(LSTMForecaster(2, 1, hidden=5, layers=1))
    sample = windows.spread(STATE_WINDOWS)
    with torch.inference_mode():
        states = model.states(sample.gather(torch.arange(len(sample)))[0])[:, -1].double().numpy()
    variances = np.linalg.eigvalsh(np.cov(states.T))
    expected = variances.sum() ** 2 / (variances**2).sum()
    assert claims["untrained"]["effective_dimension"] == pytest.approx(expected, rel=1e-5)


def test_a_network_that_never_learned_makes_the_claims_of_the_untrained_one():
    model = stirred(LSTMForecaster(2, 1, hidden=4, layers=2))
    found = measured(model, model)
    for name in {*found["trained"]} - {"sufficient_history"}:  # of more windows after training
        assert found["trained"][name] == found["untrained"][name], name


def test_a_network_with_convolutions_has_claims_too():
    model = CNNLSTMForecaster(2, 1, channels=(3, 4), kernels=(3, 3), hidden=4, layers=2, head=3)
    found = measured(stirred(model), model.eval())
    assert list(found["trained"]["timescale_hours"]) == ["layer 1", "layer 2"]


def test_too_few_windows_to_hold_some_back_leave_the_probes_out():
    model = stirred(LSTMForecaster(2, 1, hidden=4, layers=1))
    found = measured(model, model, days=2)
    assert found["trained"]["probes"] == {}
    assert found["trained"]["effective_dimension"] > 1


@pytest.mark.parametrize("layers", [1, 2])
def test_the_last_state_is_what_the_head_reads(layers):
    _, windows = series()
    model = stirred(LSTMForecaster(2, 1, hidden=4, layers=layers))
    state = last_state(model, windows, by_edges(windows, EDGES), "untrained")
    assert state.name == f"untrained LSTM layer {layers}"
    assert state.origin.equals(windows.origin)
    with torch.inference_mode():
        x, _ = windows.gather(torch.arange(len(windows)))
        forecast = model.head(torch.from_numpy(state.values).float())
        torch.testing.assert_close(forecast, model(x))


def test_latents_that_a_study_names_are_known_by_their_fingerprint_and_may_have_gaps(claims):
    assert "latents" not in claims
    dataset, windows = series()
    lost = dataset.latents.where((np.arange(len(dataset.latents)) % 3 > 0)[:, None])
    model = constant_gates(0.05, 0.99, 0.95)
    for latents, probed in ((lost, CONCEPTS), (lost * np.nan, CONCEPTS - {"occupancy"})):
        named = replace(dataset, latents=latents, latents_fingerprint="of the latents")
        found = measure_claims(model, model, windows, by_edges(windows, EDGES), named, PARAMS)
        assert found["latents"] == "of the latents"
        assert set(found["trained"]["probes"]) == probed
        json.dumps(found, allow_nan=False)


class Queries(nn.Module):
    """An LSTM over the window, and one that reads three constant inputs, whose steps lie nowhere in time."""

    def __init__(self):
        super().__init__()
        self.window, self.queries = nn.LSTM(2, 4, batch_first=True), nn.LSTM(1, 4, batch_first=True)
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        _, state = self.window(x)
        return self.head(self.queries(torch.ones(len(x), 3, 1), state)[0][:, -1])


def test_steps_without_a_known_length_have_no_timescale_in_hours():
    torch.manual_seed(1)
    found = measured(Queries().eval(), Queries().eval())["trained"]
    assert list(found["timescale_hours"]) == list(found["longest_hours"]) == ["window, layer 1"]
    assert list(found["saturated_percent"]) == ["window, layer 1", "queries, layer 1"]
