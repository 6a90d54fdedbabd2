"""Two targets: what is explained of the second is what is explained of the same network without the first."""

import copy
import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from lstmkit.analysis.attribution.attributor import Attributor
from lstmkit.analysis.attribution.gradient_flow import gradient_flow
from lstmkit.analysis.attribution.sufficient_history import sufficient_history
from lstmkit.analysis.errors.in_time import forecast_errors
from lstmkit.analysis.errors.predictions import last_step, overlay
from lstmkit.analysis.errors.side_by_side import explained_forecasts, shared_forecasts
from lstmkit.analysis.filters.ablation import Ablator
from lstmkit.analysis.filters.activation_map import activation_maps, representative
from lstmkit.analysis.filters.activity import measure_activity
from lstmkit.analysis.filters.by_group import filter_regimes
from lstmkit.analysis.filters.importance import filter_importance
from lstmkit.analysis.filters.random_ablation import random_ablation
from lstmkit.analysis.filters.relevance import filter_relevance
from lstmkit.analysis.gates.statistics import gate_statistics
from lstmkit.analysis.horizons.atlas import lag_lead_atlas
from lstmkit.analysis.horizons.attribution_shift import attribution_shift
from lstmkit.analysis.horizons.filter_shift import filter_shift
from lstmkit.analysis.states.embedding import cnn_and_lstm
from lstmkit.analysis.states.last_state import last_state
from lstmkit.analysis.states.probes import probe_states
from lstmkit.analysis.states.representation import corrections, final_states
from lstmkit.analysis.trust.claims import measure_claims
from lstmkit.data.windows import Windows
from lstmkit.internals.running import forecast
from lstmkit.models.bypass import BypassForecaster
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.params import AttributionParams, EvaluationParams, HiddenStateParams
from lstmkit.storage.files import Rows
from tests.analysis.planted import LATE_HALF
from tests.analysis.planted_filters import study_params
from tests.analysis.states.test_representation import Whole
from tests.analysis.tiny import stirred
from tests.groups import by_edges
from tests.series import raw_windows
from tests.two_targets import two_targets

HORIZON = 3
EDGES = (20.5, 21.5)  # of the second target; of the first all are high
PARAMS = AttributionParams(windows=40, costly_windows=20, path_steps=8)
STUDY, DRAWS = study_params(windows=200, draws=30, random_ablations=2), EvaluationParams(bootstrap=30)
SERIES = dataclasses.replace(two_targets(1500), units={})  # results then differ in their numbers alone


@pytest.fixture(scope="module")
def windows() -> dict[str, Windows]:
    """Of both targets; the first is explained."""
    return raw_windows(SERIES, HORIZON, LATE_HALF, lookback=8, scaling="standard", residual="damped")


def network(kind=CNNLSTMForecaster, **sizes) -> nn.Module:
    """Of a state that is smaller than the horizon, so that gradients go the short way through it."""
    return stirred(kind(3, HORIZON, hidden=2, head=5, targets=2, **sizes), seed=4)


def convolutional() -> nn.Module:
    return network(channels=(4, 5))


def without_the_first(model: nn.Module) -> nn.Module:
    """The same network with a head of the second target alone."""
    alone = copy.deepcopy(model)
    alone.fc2, alone.shape = nn.Linear(model.fc2.in_features, HORIZON), (HORIZON, 1)
    with torch.no_grad():
        alone.fc2.weight.copy_(model.fc2.weight[1::2])
        alone.fc2.bias.copy_(model.fc2.bias[1::2])
    return alone.eval()


def second(windows: Windows) -> Windows:
    return dataclasses.replace(windows, target=1)


def same(found, expected) -> None:
    """Everything in a result, part by part, up to the rounding of float32."""
    assert type(found) is type(expected)
    if isinstance(found, Windows):
        assert found.origin.equals(expected.origin)
        np.testing.assert_array_equal(found.one(found.observed()), expected.one(expected.observed()))
    elif dataclasses.is_dataclass(found):
        for field in dataclasses.fields(found):
            if field.name != "explained":  # the number that a target has among several, in words
                same(getattr(found, field.name), getattr(expected, field.name))
    elif isinstance(found, dict):
        assert list(found) == list(expected)
        same([*found.values()], [*expected.values()])
    elif isinstance(found, tuple | list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    elif isinstance(found, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected, rtol=1e-4)
    elif isinstance(found, pd.Series):
        pd.testing.assert_series_equal(found, expected, rtol=1e-4)
    elif isinstance(found, np.ndarray) and found.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    elif isinstance(found, float):
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-5, nan_ok=True)
    else:
        assert np.array_equal(found, expected)


def attributor(model: nn.Module, windows: dict[str, Windows], **changed) -> Attributor:
    return Attributor(model, windows["test"], PARAMS.model_copy(update=changed), 0)


def ablator(model: nn.Module, windows: dict[str, Windows]) -> Ablator:
    return Ablator(model, windows, STUDY)


def bypass_of(model: nn.Module) -> nn.Module:
    """Without convolutions, with as many targets as a model."""
    bypass = network(BypassForecaster)
    return bypass if model.shape == bypass.shape else without_the_first(bypass)


def relevance(model: nn.Module, windows: dict[str, Windows]):
    """In double precision: information is told from who is nearest, which rounding may change."""
    test = dataclasses.replace(windows["test"], inputs=windows["test"].inputs.double())
    return filter_relevance(copy.deepcopy(model).double(), test, STUDY)


def example(model: nn.Module, windows: dict[str, Windows]):
    found = representative(
        measure_activity(model, windows["test"]), windows["test"], by_edges(windows["test"], EDGES)
    )
    return found, activation_maps(model, found)


def states(model: nn.Module, windows: dict[str, Windows]):
    state = last_state(model, windows["test"], by_edges(windows["test"], EDGES))
    return state, probe_states([state], windows["test"], SERIES, seed=0)


ANALYSES: dict[str, Callable] = {
    "saliency": lambda model, windows: attributor(model, windows).saliency(),
    "integrated gradients of a step": lambda model, windows: attributor(
        model, windows, target_step=2
    ).integrated_gradients(),
    "gradient flow": lambda model, windows: gradient_flow(model, windows["test"], PARAMS, 0),
    "atlas": lambda model, windows: lag_lead_atlas(model, windows["test"], 0),
    "attribution shift": lambda model, windows: attribution_shift([attributor(model, windows)] * 2, DRAWS),
    "filter shift": lambda model, windows: filter_shift([attributor(model, windows)] * 2, DRAWS),
    "gates": lambda model, windows: gate_statistics(model, windows["test"], by_edges(windows["test"], EDGES)),
    "sufficient history": lambda model, windows: sufficient_history(model, windows["test"], 0, size=300),
    "ablation": lambda model, windows: ablator(model, windows).layers(bypass_of(model)),
    "single filters": lambda model, windows: filter_importance(ablator(model, windows)),
    "random filters": lambda model, windows: random_ablation(
        ablator(model, windows), filter_importance(ablator(model, windows))
    ),
    "relevance": relevance,
    "example": example,
    "filters by regime": lambda model, windows: filter_regimes(
        measure_activity(model, windows["test"]), windows["test"], by_edges(windows["test"], EDGES)
    ),
    "embedding": lambda model, windows: cnn_and_lstm(
        model,
        windows["test"],
        by_edges(windows["test"], EDGES),
        HiddenStateParams(embedding_windows=100),
    ),
    "states": states,
    "claims": lambda model, windows: measure_claims(
        model, model, windows["test"], by_edges(windows["test"], EDGES), SERIES, STUDY
    ),
}


@pytest.mark.parametrize("analyse", ANALYSES.values(), ids=ANALYSES)
def test_the_second_target_is_explained_as_if_it_were_alone(analyse, windows):
    both = convolutional()
    found = analyse(both, {name: second(part) for name, part in windows.items()})
    same(found, analyse(without_the_first(both), {name: part.only(1) for name, part in windows.items()}))
    with pytest.raises(AssertionError):
        same(found, analyse(both, windows))


def test_what_is_named_after_the_target_is_named_after_the_second(windows):
    model, explained = convolutional(), {name: second(part) for name, part in windows.items()}
    atlas = lag_lead_atlas(model, explained["test"], 0)
    assert list(atlas.maps) == ["all features", "temperature alone"]
    assert example(model, explained)[0].name == "temperature"
    assert attributor(model, explained).saliency().explained == "mean over the horizon, target temperature"
    assert attributor(model, windows).saliency().explained == "mean over the horizon, target CO₂"
    probed = states(model, explained)[1]
    assert [name for name in probed.concepts if name in ("CO₂", "temperature")] == ["temperature"]


def test_own_past_is_left_out_where_the_target_is_no_feature(windows):
    virtual = dataclasses.replace(second(windows["test"]), features=("co2", "pressure", "humidity"))
    atlas = lag_lead_atlas(convolutional(), virtual, 0)
    assert atlas.summed.values.all()
    assert atlas.own_past is None
    assert list(atlas.maps) == ["all features"]


def overlaid(rows: Rows, test: Windows):
    last = last_step(rows, test)
    return last, overlay(last, rows, test)


CHOSEN = np.arange(0, 200, 7)
OF_FORECASTS: dict[str, Callable] = {
    "errors": lambda rows, test: forecast_errors(rows, test, by_edges(test, EDGES)),
    "overlay": overlaid,
    "corrections": lambda rows, test: corrections(rows, test, CHOSEN),
    "side by side": lambda rows, test: list(explained_forecasts("LSTM", rows, {"ridge": rows}, test)),
    "shared": lambda rows, test: list(shared_forecasts([rows], {"ridge": rows}, test, 100)),
    "states": lambda rows, test: final_states(
        Whole(np.zeros((len(test), 1, 2))), test, by_edges(test, EDGES), CHOSEN
    ),
}


def forecasts(model: nn.Module, test: Windows, path) -> Rows:
    """A file of all that a network forecasts, of which the explained target is read."""
    with torch.no_grad():
        outputs = forecast(model, test.gather(torch.arange(len(test)))[0], test.shape)
    np.save(path, test.to_units(outputs))
    return Rows(path, column=test.target)


@pytest.mark.parametrize("judge", OF_FORECASTS.values(), ids=OF_FORECASTS)
def test_forecasts_of_the_second_target_are_judged_as_if_it_were_alone(judge, windows, tmp_path):
    model, first = convolutional(), windows["test"]
    found = judge(forecasts(model, second(first), tmp_path / "both.npy"), second(first))
    alone = first.only("temperature")
    same(found, judge(forecasts(without_the_first(model), alone, tmp_path / "alone.npy"), alone))
    with pytest.raises(AssertionError):
        same(found, judge(forecasts(model, first, tmp_path / "first.npy"), first))
