"""The front door: trains what is missing, once, and says what it was asked wrongly."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from lstmkit import LstmkitError, open_study
from lstmkit.analysis.errors.sums import score
from lstmkit.data.windows import spread_evenly
from lstmkit.storage.files import Rows, write_json
from lstmkit.study import find_study

SMOKE = Path(__file__).parent.parent / "params" / "smoke.yml"
BASELINES = (
    "persistence", "seasonal naive", "climatology", "damped climatology", "autoregression", "ridge", "boosted trees",
)  # fmt: skip


def project_with(folder: Path, **changed) -> Path:
    """A project whose only study is the smoke test's, with some of its blocks changed."""
    content = yaml.safe_load(SMOKE.read_text())
    for block, values in changed.items():
        content[block] = content.get(block, {}) | values if isinstance(values, dict) else values
    path = folder / "params" / "smoke.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A study that was opened and evaluated; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "params").mkdir()
    shutil.copy(SMOKE, folder / "params")
    study = open_study(folder / "params" / "smoke.yml", "lstm", 1)
    assert study.evaluation
    return study


@pytest.fixture
def copied(trained, tmp_path):
    """The trained study's project, to be changed."""
    shutil.copytree(trained.source.parent.parent, tmp_path / "copy")
    return tmp_path / "copy"


def all_rows(rows: Rows) -> np.ndarray:
    return np.concatenate(list(rows.chunks()))


def weights_of(study) -> dict[str, torch.Tensor]:
    return study.model.state_dict()


def equal_weights(one, other) -> bool:
    return all(torch.equal(value, weights_of(other)[name]) for name, value in weights_of(one).items())


@pytest.mark.parametrize(
    ("study", "model", "horizon", "said"),
    [
        ("smok", "lstm", 1, "unknown study 'smok'; known here: smoke"),
        ("smoke", "lstmm", 1, "unknown model 'lstmm'; smoke.yml has lstm, cnn_lstm"),
        ("smoke", "lstm", 12, r"horizon 12 is not in smoke.yml; it has 1, 24 \(steps of 1h\)"),
    ],
)
def test_what_is_unknown_is_named_with_what_is_known(tmp_path, monkeypatch, study, model, horizon, said):
    project_with(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LstmkitError, match=said):
        open_study(study, model, horizon)
    assert not (tmp_path / "results").exists()


def test_siblings_stand_by_their_horizon_and_share_the_series(trained):
    near, far = trained.siblings
    assert (near.horizon, far.horizon) == (1, 24)
    assert near is trained
    assert far.dataset is trained.dataset
    assert far.folder.name == "h24"
    assert far.windows["test"].horizon == 24


def test_results_lie_where_the_layout_says(trained):
    root = trained.source.parent.parent / "results" / "smoke" / "lstm_interpretability" / "h1"
    assert trained.folder == root
    files = {path.name for path in root.iterdir()} - {".training.lock", ".outputs.lock", "seed_1"}
    assert files == {
        "model.safetensors",
        "model.json",
        "training.json",
        "metrics.json",
        "outputs.json",
        "predictions.npz",
        "hidden_states.npy",
    }


def test_the_second_opening_trains_nothing(trained, monkeypatch):
    monkeypatch.chdir(trained.source.parent.parent)
    before = {path.name: path.stat().st_mtime_ns for path in trained.folder.iterdir() if path.suffix}
    again = open_study("smoke", "lstm", 1)
    assert {path.name: path.stat().st_mtime_ns for path in trained.folder.iterdir() if path.suffix} == before
    assert again.training_outcome == trained.training_outcome
    assert again.training_seconds == trained.training_seconds > 0
    assert equal_weights(again, trained)
    np.testing.assert_array_equal(all_rows(again.predictions), all_rows(trained.predictions))
    reopened = open_study(trained, "lstm", 1)
    assert (reopened.source, reopened.training_outcome) == (trained.source, trained.training_outcome)


def test_what_does_not_touch_the_weights_trains_nothing(trained, copied):
    path = project_with(copied, title="Another", attribution={"windows": 5}, evaluation={"bootstrap": 7})
    study = open_study(path, "lstm", 1)
    assert study.training_outcome == trained.training_outcome
    assert (
        study.training_seconds == trained.training_seconds
    )  # to the last digit, so it was not trained again


@pytest.mark.parametrize(
    "changed",
    [{"training": {"epochs": 2}}, {"seed": 1}, {"models": {"lstm": {"kind": "lstm", "hidden": 4}}}],
    ids=["training", "seed", "architecture"],
)
def test_what_touches_the_weights_trains_anew(trained, copied, changed):
    """Also where another training was interrupted: its checkpoints, here unreadable, are of no use."""
    checkpoints = copied / "results" / "smoke" / "lstm_interpretability" / "h1" / "checkpoints"
    write_json(checkpoints / "request.json", {"another": "request"})
    (checkpoints / "last.ckpt").write_text("not to be read")
    study = open_study(project_with(copied, **changed), "lstm", 1)
    card, before = (json.loads((each.folder / "model.json").read_text()) for each in (study, trained))
    assert card["weights_sha256"] != before["weights_sha256"]
    assert study.training_seconds not in (None, trained.training_seconds)
    assert len(study.history) == changed.get("training", {}).get("epochs", 8)
    assert not checkpoints.exists()
    assert card["outcome"] == study.training_outcome


def test_another_time_zone_is_another_model(tmp_path):
    """Three whole weeks of training look the same to every scaler, whatever the clock shows."""
    stamps = pd.date_range("2025-01-06", periods=35 * 24, freq="1h")
    rng = np.random.default_rng(0)
    columns = {name: rng.normal(level, 1, len(stamps)) for name, level in (("c", 600), ("t", 20), ("h", 50))}
    pd.DataFrame({"timestamp": stamps, **columns}).to_csv(tmp_path / "air.csv", index=False)
    outcomes = []
    for zone in ("UTC", "Asia/Tokyo"):
        content = yaml.safe_load(SMOKE.read_text())
        content["data"] = {
            "source": "air.csv",
            "site_timezone": zone,
            "interval": "1h",
            "columns": {
                "co2": {"column": "c", "unit": "ppm"},
                "temperature": {"column": "t", "unit": "degC"},
                "humidity": {"column": "h", "unit": "percent"},
            },
        }
        content["windows"] = {"lookback": 24, "residual": "none"}
        content["training"] = {"epochs": 1, "windows_per_epoch": 32, "validation_windows": 16}
        path = tmp_path / "params" / "air.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        outcomes.append(open_study(path, "lstm", 1).training_outcome)
    assert outcomes[0] != outcomes[1]


def open_and_tell(path, start, told):
    start.wait()
    study = open_study(path, "lstm", 24)
    outcome = study.training_outcome, study.training_seconds
    told.put((outcome, {name: value.tolist() for name, value in weights_of(study).items()}))


def test_two_processes_that_want_the_same_model_train_it_once(tmp_path, processes):
    path = project_with(tmp_path)
    start, told = processes.Barrier(2), processes.Queue()
    both = [processes.Process(target=open_and_tell, args=(path, start, told)) for _ in range(2)]
    for process in both:
        process.start()
    (outcome, weights), (other_outcome, other_weights) = told.get(timeout=300), told.get(timeout=300)
    for process in both:
        process.join()
    assert outcome == other_outcome  # to the last digit of the seconds that it took
    assert weights == other_weights


def test_metrics_are_those_of_the_predictions(trained):
    metrics = json.loads((trained.folder / "metrics.json").read_text())
    with np.load(trained.folder / "predictions.npz") as stored:
        origin, predicted, observed = stored["origin"], stored["predicted"], stored["observed"]
    test = trained.windows["test"]
    assert predicted.shape == observed.shape == (len(test), 1, 1) == (metrics["test_windows"], 1, 1)
    predicted, observed = predicted[..., 0], observed[..., 0]  # the only target
    np.testing.assert_allclose(predicted, all_rows(trained.predictions), rtol=1e-6)
    for name, value in score(observed.astype(float), predicted.astype(float)).items():
        assert metrics[name]["all_steps"] == pytest.approx(value, rel=1e-4)
        assert metrics[name]["last_step"] == metrics[name]["all_steps"]  # the horizon is one step
    target = trained.dataset.frame["co2"]
    ahead = pd.DatetimeIndex(origin).tz_localize("UTC") + pd.Timedelta("1h")
    np.testing.assert_allclose(observed[:, 0], target[ahead], rtol=1e-6)
    assert tuple(metrics["baselines"]) == BASELINES
    best = metrics["skill"]["all_steps"]["best_baseline"]
    rmse = {name: values["rmse"]["all_steps"] for name, values in metrics["baselines"].items()}
    assert best == min(rmse, key=rmse.get)
    skill = metrics["skill"]["all_steps"]
    assert skill["value"] == pytest.approx(1 - metrics["rmse"]["all_steps"] / rmse[best])
    assert skill["low"] < skill["value"] < skill["high"]
    assert (metrics["unit"], metrics["confidence"]) == ("ppm", 0.95)


@pytest.mark.parametrize(("model", "horizon"), [("lstm", 1), ("lstm", 24), ("cnn_lstm", 1), ("cnn_lstm", 24)])
def test_the_networks_of_the_smoke_test_are_at_work(trained, model, horizon):
    """Or its pages would be cut short, and nothing would be tested on them."""
    study = open_study(trained, model, horizon)
    network = study.metrics["network"]
    assert not study.network_is_off
    assert network["gain"] == study.training_outcome["gain"] > 0.1
    assert network["spread"] > 0.003 * study.metrics["rmse"]["all_steps"]


def truth(test) -> np.ndarray:
    """Of the only target, shape (window, horizon)."""
    observed = test.observed()
    assert observed.shape == (len(test), test.horizon, 1)
    return observed[..., 0]


def of_the_rule(test) -> np.ndarray:
    """What the damped climatology forecasts an hour ahead, the rule of the tiny study's few windows."""
    origin, usual, rate = test.origin_rows.numpy(), test.residual.expected, test.residual.rate
    assert 0 < rate < 1
    return (usual[origin + 1] + rate * (test.latest() - usual[origin]))[:, 0]


def test_what_the_network_adds_is_the_forecast_less_that_of_the_rule(trained):
    test = trained.windows["test"]
    alone = of_the_rule(test)[:, None]
    added = all_rows(trained.predictions) - alone
    network = trained.metrics["network"]
    assert network["rule"] == "the damped climatology"
    without = score(truth(test), alone)["rmse"]
    assert network["without"]["all_steps"] == pytest.approx(without, rel=1e-6)
    assert without == pytest.approx(
        trained.metrics["baselines"]["damped climatology"]["rmse"]["all_steps"], rel=1e-6
    )
    assert network["spread"] == pytest.approx(np.sqrt(added.var(axis=0).mean()), rel=1e-4)


def test_everyone_forecasts_the_test_windows_in_order(trained):
    test, chunks = trained.windows["test"], list(trained.forecasts())
    assert tuple(chunks[0].forecasts) == ("LSTM", *BASELINES)
    np.testing.assert_array_equal(np.concatenate([chunk.observed for chunk in chunks]), truth(test))
    assert np.concatenate([chunk.origin for chunk in chunks]).tolist() == test.origin.tolist()
    of = {name: np.concatenate([chunk.forecasts[name] for chunk in chunks]) for name in chunks[0].forecasts}
    np.testing.assert_array_equal(of["LSTM"], all_rows(trained.predictions))
    np.testing.assert_allclose(of["persistence"], test.latest(), rtol=1e-6)
    rule = np.concatenate([chunk.rule for chunk in chunks])[:, 0]
    np.testing.assert_allclose(rule, of_the_rule(test), rtol=1e-5)
    rmse = trained.evaluation.metrics["all_steps", "rmse"]
    for name, forecast in of.items():
        assert rmse[name] == pytest.approx(score(truth(test), forecast)["rmse"], rel=1e-12)


def test_every_network_of_the_model_has_its_own_seed_folder_and_forecasts(trained):
    first, other = trained.networks
    assert first is trained
    assert (first.seed, other.seed) == (0, 1)
    assert other.folder == trained.folder / "seed_1"
    assert not torch.equal(first.model.projection.weight, other.model.projection.weight)
    assert other.networks[0].folder == trained.folder
    forecasts = [all_rows(network.predictions) for network in trained.networks]
    content, observed = trained.metrics, truth(trained.windows["test"])
    assert [seed["seed"] for seed in content["seeds"]] == [0, 1]
    for seed, forecast in zip(content["seeds"], forecasts, strict=True):
        assert seed["rmse"]["all_steps"] == pytest.approx(score(observed, forecast)["rmse"])
    together = score(observed, np.mean(forecasts, axis=0))["rmse"]
    assert content["ensemble"]["rmse"]["all_steps"] == pytest.approx(together)


def test_the_other_networks_forecast_some_of_the_windows(tmp_path, monkeypatch):
    monkeypatch.setattr("lstmkit.run.SHARED", 20)
    study = find_study(project_with(tmp_path, seeds=2), "lstm", 1)
    first, other = study.networks
    chosen = spread_evenly(len(study.windows["test"]), 20)
    assert len(first.predictions) == len(study.windows["test"]) > 20
    predicted = all_rows(other.predictions)
    with torch.inference_mode():
        some = study.windows["test"].spread(20)
        expected = some.to_units(other.model(some.gather(torch.arange(20))[0]))
    np.testing.assert_allclose(predicted, expected[..., 0], rtol=1e-5)
    observed, own = truth(study.windows["test"]), all_rows(first.predictions)
    rmse = [score(observed[chosen], each)["rmse"] for each in (own[chosen], predicted)]
    assert [seed["rmse"]["all_steps"] for seed in study.metrics["seeds"]] == pytest.approx(rmse)
    together = score(observed[chosen], (own[chosen] + predicted) / 2)["rmse"]
    assert study.metrics["ensemble"]["rmse"]["all_steps"] == pytest.approx(together)
    assert study.metrics["rmse"]["all_steps"] == pytest.approx(score(observed, own)["rmse"])


def test_another_seed_of_the_study_names_the_folders_of_its_networks(tmp_path):
    study = find_study(project_with(tmp_path, seed=5, seeds=3), "lstm", 1)
    assert [network.seed for network in study.networks] == [5, 6, 7]
    assert [network.folder.name for network in study.networks] == ["h1", "seed_6", "seed_7"]


def test_the_untrained_network_is_the_one_that_training_began_with(tmp_path):
    """A training that changes nothing leaves it."""
    still = {"epochs": 1, "learning_rate": 1e-30, "weight_decay": 0}
    study = open_study(project_with(tmp_path, training=still, seeds=1), "lstm", 1)
    gain = study.training_outcome["gain"]
    for name, value in study.untrained.state_dict().items():
        expected = gain * value if name.startswith("projection") else value
        torch.testing.assert_close(study.model.state_dict()[name], expected)
    assert not study.untrained.training


def test_the_claims_of_a_network_are_measured_again_for_other_latents(trained):
    path = trained.folder / "claims.json"
    trained.claims  # noqa: B018  # as they are
    before = path.read_bytes()
    dataset = replace(
        trained.dataset, latents=trained.dataset.latents[["ventilation"]], latents_fingerprint="other"
    )
    others = replace(trained, dataset=dataset).claims
    assert others["latents"] == json.loads(path.read_text())["latents"] == "other"
    assert "occupancy" not in others["trained"]["probes"]
    again = replace(trained, dataset=trained.dataset).claims
    assert "occupancy" in again["trained"]["probes"]
    assert path.read_bytes() == before


def test_the_claims_of_a_network_are_kept_beside_it(trained):
    claims = trained.claims
    kept = json.loads((trained.folder / "claims.json").read_text())
    assert {name: kept[name] for name in claims} == claims
    assert sum(claims["trained"]["shares"].values()) == pytest.approx(100)
    assert claims["trained"]["timescale_hours"] != claims["untrained"]["timescale_hours"]


def test_predictions_are_the_models_own(trained):
    test = trained.windows["test"]
    with torch.inference_mode():
        expected = test.to_units(trained.model(test.gather(torch.arange(len(test)))[0]))
    np.testing.assert_allclose(all_rows(trained.predictions), expected[..., 0], rtol=1e-6)
    assert not trained.model.training


def test_hidden_states_are_those_that_the_head_reads(trained):
    states = all_rows(trained.hidden_states)
    test = trained.windows["test"]
    assert states.shape == (len(test), 2, 8)
    with torch.inference_mode():
        outputs = trained.model.projection(torch.from_numpy(states[:, -1]))[..., None]
    np.testing.assert_allclose(all_rows(trained.predictions), test.to_units(outputs)[..., 0], rtol=1e-5)


def test_the_attributor_explains_the_test_part_in_its_unit(trained):
    params = trained.params.attribution
    found = trained.attributor.saliency()
    assert found.n_windows == min(params.windows, len(trained.windows["test"]))
    assert found.unit == "ppm per standard deviation"
    assert found.features == trained.windows["test"].features
    assert found.by_feature.min() > 0  # a network depends a little on everything


def test_the_history_and_its_finding(trained):
    history = trained.history
    assert history.index.tolist() == list(range(8))
    assert trained.training_outcome["best_epoch"] == history["validation_loss"].idxmin()
    assert "8 epochs of 512 windows in " in trained.training_finding()


def test_a_training_that_did_not_converge_is_told_in_the_first_lines(tmp_path, capsys):
    study = open_study(project_with(tmp_path, training={"epochs": 1}), "lstm", 1)
    assert study.training_finding().startswith("1 epoch of 512 windows in ")
    study.banner()
    told = "The last epoch of its training is the best: a longer one might have gone further.\n"
    assert capsys.readouterr().out.endswith(told)


def test_regimes_are_terciles_of_the_training_part(trained):
    co2 = trained.dataset.frame["co2"].iloc[: trained.windows["train"].starts.max().item() + 25]
    assert trained.groups.edges == pytest.approx(tuple(co2.quantile([1 / 3, 2 / 3])), abs=2)


def test_titles(trained):
    assert trained.label == "LSTM, 1 h ahead, Simulated office"
    assert (trained.model_label, trained.unit) == ("LSTM", "ppm")
