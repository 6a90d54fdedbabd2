"""Two targets: baselines of each are those of it alone, and one network learns both."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from lstmkit.data.split import PARTS
from lstmkit.models import KINDS, build_model
from lstmkit.params import LSTMParams, TrainingParams, find_params, load_params
from lstmkit.storage.checksums import checksum
from lstmkit.storage.files import Rows
from lstmkit.training.baselines import fit_baselines
from lstmkit.training.checkpoints import load_model
from lstmkit.training.fit import fit
from lstmkit.training.kept_baselines import FORECASTS, baselines_request, ensure_baselines
from lstmkit.training.origins import choose_origins
from lstmkit.training.outputs import PREDICTIONS, ensure_outputs
from lstmkit.training.simple_rules import day_before, persistence, seasonal_naive
from lstmkit.training.trained import load_or_train
from tests.series import dataset_of
from tests.two_targets import TARGETS, alone, two_targets, windows_with

HORIZON = 3
TUNING = TrainingParams(validation_windows=60)


@pytest.fixture(scope="module")
def dataset():
    return two_targets()


@pytest.fixture(scope="module")
def both(dataset):
    return windows_with(dataset, dataset, HORIZON, residual="damped")


@pytest.fixture(scope="module")
def baselines(dataset, both):
    return fit_baselines(dataset, both, TUNING, seed=2)


@pytest.mark.parametrize("name", TARGETS)
def test_the_baselines_of_each_target_are_those_of_it_alone(dataset, both, baselines, name):
    single = windows_with(dataset, alone(dataset, name), HORIZON, residual="damped")
    expected = fit_baselines(alone(dataset, name), single, TUNING, seed=2)
    assert list(baselines) == list(expected)
    assert len(baselines) == 7
    for part in PARTS:
        for baseline, forecast in baselines.items():
            found, known = forecast(both[part]), expected[baseline](single[part])
            assert found.shape == (len(both[part]), HORIZON, 2), baseline
            np.testing.assert_array_equal(found[..., [TARGETS.index(name)]], known, err_msg=baseline)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("rule", [persistence, seasonal_naive, lambda some: day_before(some.values, some)])
def test_the_rules_of_each_target_are_those_of_it_alone_also_where_values_are_missing(both, rule, name):
    values = both["test"].values.copy()
    random = np.random.default_rng(0)
    values[random.random(values.shape) < 0.2] = np.nan  # of each target others
    test = replace(both["test"], values=values)
    found = rule(test)
    assert found.shape == (len(test), HORIZON, 2)
    np.testing.assert_array_equal(found[..., [TARGETS.index(name)]], rule(test.only(name)))


def test_the_baselines_forecast_each_target_in_its_unit(both, baselines):
    """Much better than the mean, which is some thirty times the other target's."""
    test = both["test"]
    for baseline in ("damped climatology", "autoregression", "ridge", "boosted trees"):
        error = np.sqrt(np.mean((baselines[baseline](test) - test.observed()) ** 2, axis=(0, 1)))
        assert (error < test.observed().std(axis=(0, 1))).all(), baseline


def test_the_kept_baselines_have_an_axis_of_targets_and_are_read_for_the_one_that_is_explained(
    tmp_path, dataset, both, baselines
):
    test, request = both["test"], baselines_request(smoke(), dataset, both["train"])
    for at in (0, 1):
        rows = ensure_baselines(tmp_path, request, lambda: baselines, replace(test, target=at))
        for name, forecast in baselines.items():
            kept = np.concatenate(list(rows[name].chunks(50)))
            assert rows[name].shape == kept.shape == (len(test), HORIZON)
            np.testing.assert_array_equal(kept, forecast(test)[..., at].astype("f4"), err_msg=name)
    with np.load(tmp_path / FORECASTS, allow_pickle=False) as stored:
        assert {values.shape for values in stored.values()} == {(len(test), HORIZON, 2)}


def test_the_request_of_the_baselines_names_the_targets(dataset, both):
    requests = [
        baselines_request(smoke(), dataset, train) for train in (both["train"], both["train"].only(0))
    ]
    assert [json.loads(json.dumps(each))["targets"] for each in requests] == [[*TARGETS], ["co2"]]
    assert checksum(requests[0]) != checksum(requests[1])


# One network of both targets


def smoke():
    """Of which the data block is read by nobody here: the datasets are made by hand."""
    return load_params(find_params("smoke"))


def learnable(rows: int = 1500):
    """Both targets follow what is measured two and three hours before, and some noise that nothing tells."""
    signal, *noise = np.random.default_rng(4).normal(size=(3, rows))
    columns = {
        "co2": 600 + 60 * np.roll(signal, 2) + 6 * noise[0],
        "temperature": 21 - 0.5 * np.roll(signal, 3) + 0.05 * noise[1],
        "load": signal,
    }
    return replace(dataset_of(columns), targets=TARGETS)


RECIPE = TrainingParams(
    epochs=12,
    windows_per_epoch=700,
    validation_windows=1000,
    batch_size=32,
    learning_rate=0.02,
    weight_decay=0.0,
    warmup=5,
    patience=12,
    ema_decay=0.9,
    level_shift=0.0,
    device="cpu",
)
ARCHITECTURE = LSTMParams(kind="lstm", hidden=16, layers=1, dropout=0.0)
TOY = {"horizon": 2, "lookback": 8, "scaling": "standard"}


def rmse(forecast, windows) -> np.ndarray:
    """Of each target."""
    return np.sqrt(np.mean((forecast - windows.observed()) ** 2, axis=(0, 1)))


def forecast_of(model, windows) -> np.ndarray:
    with torch.inference_mode():
        return windows.to_units(model(windows.gather(torch.arange(len(windows)))[0]))


@pytest.fixture(scope="module", params=["none", "last", "climatology", "damped"])
def trained(request, tmp_path_factory):
    """Windows of a learnable series, a network that was trained on them, and its folder."""
    dataset, folder = learnable(), tmp_path_factory.mktemp("trained")
    windows = windows_with(dataset, dataset, **TOY, residual=request.param)
    params = smoke().model_copy(update={"training": RECIPE})
    found = load_or_train(folder, ARCHITECTURE, params, dataset, windows, 0)
    return dataset, windows, params, folder, found


def test_one_network_forecasts_both_targets_better_than_their_residual_baselines(trained):
    _, windows, _, _, found = trained
    for part in ("validation", "test"):
        error = rmse(forecast_of(found.model, windows[part]), windows[part])
        rule = rmse(windows[part].without_network(), windows[part])
        assert (error < 0.5 * rule).all(), (part, error, rule)
    assert found.saved.outcome["gain"] > 0.9


def test_what_was_trained_for_both_targets_is_loaded_and_not_for_one_of_them(trained):
    dataset, windows, params, folder, found = trained
    again = load_or_train(folder, ARCHITECTURE, params, dataset, windows, 0)
    assert again.saved == found.saved
    for name, value in found.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name])
    card = json.loads((folder / "model.json").read_text())
    request = card["request"]
    assert request["targets"] == [*TARGETS]
    assert np.shape(request["residual"]["scale"]) == np.shape(request["residual"]["rate"]) == (2,)
    one = build_model(ARCHITECTURE, 3, 2)
    assert load_model(folder, one, request | {"targets": ["co2"]}) is None


@pytest.mark.parametrize("target", [0, 1])
def test_predictions_have_an_axis_of_targets(trained, tmp_path, target):
    _, windows, _, _, found = trained
    test = replace(windows["test"], target=target)
    ensure_outputs(tmp_path, found.model, test, "card")
    with np.load(tmp_path / PREDICTIONS, allow_pickle=False) as stored:
        assert stored["predicted"].shape == stored["observed"].shape == (len(test), 2, 2)
        np.testing.assert_allclose(stored["predicted"], forecast_of(found.model, test), rtol=1e-6)
        np.testing.assert_array_equal(stored["observed"], test.observed().astype("f4"))
        rows = Rows(tmp_path / PREDICTIONS, "predicted", test.target)
        assert rows.shape == (len(test), 2)
        np.testing.assert_array_equal(np.concatenate(list(rows.chunks(40))), stored["predicted"][..., target])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_network_is_trained_for_both_targets_and_asked_at_many_steps(tmp_path, kind):
    dataset = learnable(400)
    windows = windows_with(dataset, dataset, **TOY, residual="last")
    torch.manual_seed(0)
    model = KINDS[kind](3, 2, hidden=4, targets=2)
    origins = choose_origins(model, windows["train"], 60, seed=0)
    assert len(origins) > 1
    x, y, _ = windows["train"].gather_origins(torch.arange(5), origins.steps)
    assert origins.forecasts(model, x).shape == y.shape == (5, len(origins), 2, 2)
    history = fit(model, windows, RECIPE.model_copy(update={"epochs": 2}), 0, tmp_path, progress=False)
    assert all(np.isfinite(epoch["validation_loss"]) for epoch in history.epochs)
    assert forecast_of(model, windows["test"]).shape == (len(windows["test"]), 2, 2)


def test_the_loss_of_an_epoch_is_the_mean_over_both_targets(tmp_path):
    """Asked at the newest step alone, without averaged weights: it can be computed again from the weights."""
    dataset = learnable(400)
    windows = windows_with(dataset, dataset, **TOY, residual="last")
    torch.manual_seed(0)
    model = KINDS["lstm"](3, 2, hidden=4, dropout=0.0, targets=2)
    recipe = RECIPE.model_copy(update={"epochs": 1, "origins": 1, "ema_decay": 0.0})
    history = fit(model, windows, recipe, 0, tmp_path, progress=False)
    held_out = windows["validation"]
    x, y = held_out.gather(torch.arange(len(held_out)))
    with torch.inference_mode():
        squares = (model(x) / history.gain - y).square()
    losses = squares.mean(dim=(0, 1)).tolist()
    assert losses[0] != pytest.approx(losses[1], rel=1e-3)
    assert history.epochs[0]["validation_loss"] == pytest.approx(np.mean(losses), rel=1e-5)


def test_in_training_no_targets_level_is_shifted(tmp_path):
    """But that of the load, which is no target."""
    dataset = learnable(400)
    windows = windows_with(dataset, dataset, **TOY, residual="last")
    torch.manual_seed(0)
    model, seen = KINDS["lstm"](3, 2, hidden=4, targets=2), []
    model.lstm.register_forward_pre_hook(
        lambda layer, given: seen.append(given[0].clone()) if layer.training else None
    )
    recipe = RECIPE.model_copy(update={"epochs": 1, "level_shift": 2.0})
    fit(model, windows, recipe, 0, tmp_path, progress=False)
    train = windows["train"]
    assert train.features == (*TARGETS, "load")
    known = {
        tuple(window.flatten().tolist()) for window in train.gather(torch.arange(len(train)))[0][..., :2]
    }
    drawn = torch.cat([x for x in seen if x.shape[1:] == (8, 3)])
    assert len(drawn) >= len(train)
    assert all(tuple(window.flatten().tolist()) in known for window in drawn[..., :2])
    loads = train.gather(torch.arange(len(train)))[0][..., 2]
    assert not any((loads == window).all(dim=1).any() for window in drawn[:50, :, 2])
