"""Studies of two targets, of one that is no input, and of classes: their YAML, their results, and their pages."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from lstmkit import LstmkitError, open_study
from lstmkit.analysis.errors.by_target import skill_frame
from lstmkit.analysis.errors.sums import score
from lstmkit.data.windows import spread_evenly
from lstmkit.models.own import OwnForecaster
from lstmkit.params import load_params
from lstmkit.report.index import write_index
from tests.boiler import classes_study, sensor_study, two_targets_study

ROOT = Path(__file__).parent.parent


def changed(path: Path, **data) -> Path:
    """A study with other keys in its block `data`."""
    content = yaml.safe_load(path.read_text())
    content["data"] |= data
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Trained and evaluated, with metrics of both targets."""
    study = open_study(two_targets_study(tmp_path_factory.mktemp("two")), "lstm", 6)
    assert study.evaluations
    return study


@pytest.fixture(scope="module")
def sensor(tmp_path_factory):
    study = open_study(sensor_study(tmp_path_factory.mktemp("sensor")), "lstm", 6)
    assert study.evaluations
    return study


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"target": []}, "data.target: name at least one column, for example `target: co2`"),
        ({"target": ["load", "load"]}, "data.target: a target is there twice: delete one"),
        ({"target": ["load", 3]}, "data.target.1: Input should be a valid string"),
        ({"target": 3}, "data.target: "),
        ({"target": ["load", "x"], "explained": None}, "the target 'x' must be one of `columns` (named: load, flue_t"),
        ({"explained": "oxygen"}, "`explained` is 'oxygen', which is none of the targets load, flue_temperature"),
        ({"target_known": "no"}, "data.target_known: "),
    ],
)  # fmt: skip
def test_what_cannot_be_a_target_is_refused(tmp_path, data, said):
    path = changed(two_targets_study(tmp_path), **data)
    with pytest.raises(LstmkitError) as error:
        load_params(path)
    assert said in str(error.value)


def test_an_input_that_is_the_target_itself_is_refused(tmp_path):
    path = sensor_study(tmp_path)
    columns = yaml.safe_load(path.read_text())["data"]["columns"]
    changed(path, columns=columns | {"copy": {"column": "nox", "unit": "mg/m3"}})
    with pytest.raises(
        LstmkitError, match="the input 'copy' is from the same column of the file as the target 'nox'"
    ):
        load_params(path)


@pytest.mark.parametrize("rule", ["last", "damped"])
def test_a_residual_baseline_that_needs_the_past_is_refused_for_a_sensor(tmp_path, rule):
    path = sensor_study(tmp_path)
    content = yaml.safe_load(path.read_text())
    content["windows"]["residual"] = rule
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(LstmkitError, match=f"windows.residual: {rule} starts from the target's last value"):
        load_params(path)


def test_one_name_and_a_list_of_one_are_the_same_study(tmp_path):
    alone = load_params(changed(two_targets_study(tmp_path), target="load", explained="load"))
    assert load_params(changed(two_targets_study(tmp_path), target=["load"], explained=None)).data == (
        alone.data.model_copy(update={"explained": None})
    )
    assert alone.data.explains == "load"


def test_metrics_of_every_target_are_those_of_its_forecasts(two):
    metrics = json.loads((two.folder / "metrics.json").read_text())
    with np.load(two.folder / "predictions.npz") as stored:
        predicted, observed = stored["predicted"].astype("float64"), stored["observed"]
    assert (metrics["target"], metrics["unit"], set(metrics["targets"])) == (
        "flue_temperature",
        "°C",
        {"load"},
    )
    load = metrics["targets"]["load"]
    assert load["unit"] == "kW"
    for at, found in ((1, metrics), (0, load)):
        expected = score(observed[..., at], predicted[..., at])
        assert {name: found[name]["all_steps"] for name in expected} == pytest.approx(expected)
        assert set(found["baselines"]) == set(metrics["baselines"])
        assert len(found["seeds"]) == 2


def test_the_table_has_every_target_with_its_unit(two):
    table = skill_frame(two.evaluations)
    assert list(table.index.unique("target")) == ["flue_temperature (°C)", "load (kW)"]
    rmse = table["all steps", "RMSE"]
    assert rmse["load (kW)", "LSTM"] == two.evaluations["load"].metrics.loc["LSTM", ("all_steps", "rmse")]


def test_all_that_pages_show_is_of_the_target_that_is_explained(two):
    assert (two.target, two.unit) == ("flue_temperature", "°C")
    assert two.attributor.explained == "mean over the horizon, target flue temperature"
    assert 120 < two.groups.edges[0] < two.groups.edges[1] < 260  # degC, where the load is below 90 kW
    chunk = next(two.forecasts())
    np.testing.assert_array_equal(chunk.observed, two.windows["test"].observed()[:256, :, 1])


def test_another_target_is_explained_without_another_training(two, tmp_path):
    """Results of one target are not taken for those of the other, in the run nor in the book's index."""
    two.keep("gates", {"of": "flue"})
    before = (two.folder / "model.json").stat().st_mtime_ns
    path = changed(two.source, explained="load")
    try:
        other = open_study(path, "lstm", 6)
        assert (other.unit, other.target) == ("kW", "load")
        assert (other.folder / "model.json").stat().st_mtime_ns == before
        with pytest.warns(match="are of another model or target and left out"):
            assert other.facts == {}
        write_index(str(path), tmp_path / "book")
        assert "Nothing of this study" in (tmp_path / "book" / "studies" / "two" / "index.md").read_text()
        assert other.metrics["unit"] == "kW"
        write_index(str(path), tmp_path / "book")
        assert (
            "horizon. The target is load. *Skill*"
            in (tmp_path / "book" / "studies" / "two" / "index.md").read_text()
        )
        assert json.loads((other.folder / "metrics.json").read_text())["target"] == "load"
        np.testing.assert_allclose(
            other.evaluation.metrics.to_numpy(), two.evaluations["load"].metrics.to_numpy()
        )
    finally:
        changed(path, explained="flue_temperature")
        two.__dict__.pop("evaluations")
        assert two.evaluations


def test_a_sensor_reads_nothing_of_its_target(sensor):
    test = sensor.windows["test"]
    assert test.features == (
        "load", "flue_temperature", "oxygen", "hour_sin", "hour_cos", "weekday_sin", "weekday_cos",
    )  # fmt: skip
    assert list(sensor.baselines) == ["training mean", "climatology", "ridge", "boosted trees"]
    assert test.residual.kind in ("none", "climatology")
    assert json.loads((sensor.folder / "model.json").read_text())["request"]["target_known"] is False


def test_a_card_of_a_forecast_says_nothing_of_sensors(two):
    assert "target_known" not in json.loads((two.folder / "model.json").read_text())["request"]


@pytest.mark.parametrize(
    ("name", "notebook", "said"),
    [
        ("two", "01_training", [
            "The model forecasts load and flue temperature; this page is about flue temperature.",
            "flue temperature: RMSE ",
            "load: RMSE ",
            "the last value (persistence)",
        ]),
        ("sensor", "E_predictions", [
            "it knows load, flue temperature, oxygen and the clock, and no value of nox.",
        ]),
    ],
)  # fmt: skip
def test_pages_say_what_is_forecast_and_from_what(request, name, notebook, said):
    study = request.getfixturevalue(name)
    place = study.source.parent.parent
    files = [str(ROOT / "notebooks" / f"{notebook}.ipynb"), f"{notebook}.ipynb"]
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", *files]
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    parameters = ["-p", "study", name, "-p", "horizon", "6"]
    done = subprocess.run([*command, *parameters], cwd=place, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    page = (place / f"{notebook}.ipynb").read_text()
    assert all(words in page for words in said)


OWN = '''
import torch
from torch import nn


class Heads(nn.Module):
    """Two outputs of two targets each: the level, in the targets' units, and a spread."""

    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(7, 3, batch_first=True), nn.Linear(3, 24)

    def forward(self, x):
        both = self.head(self.lstm(x)[0][:, -1]).reshape(len(x), 6, 2, 2)
        return {"spread": both[..., 0].exp(), "level": both[..., 1] + torch.tensor([40.0, 180.0])}


def build():
    torch.manual_seed(0)
    return Heads()
'''


def test_an_output_of_two_targets_is_chosen_by_name(tmp_path, monkeypatch):
    """What is forecast and attributed is the module's own output of the name, of the target that is explained."""
    path = two_targets_study(tmp_path)
    content = yaml.safe_load(path.read_text())
    content["models"] = {"own": {"kind": "module", "factory": "boiler_heads:build", "output": "level"}}
    path.write_text(yaml.safe_dump(content))
    (tmp_path / "boiler_heads.py").write_text(OWN)
    monkeypatch.setitem(sys.modules, "boiler_heads", None)
    monkeypatch.delitem(sys.modules, "boiler_heads")
    study = open_study(path, "own", 6)
    test = study.windows["test"].spread(5)
    x, _ = test.gather(torch.arange(5))
    module = sys.modules["boiler_heads"].build()
    level = module(x)["level"].detach().numpy()
    np.testing.assert_allclose(test.to_units(study.model(x).detach()), level, rtol=1e-5)
    chosen = study.predictions.take(spread_evenly(len(study.windows["test"]), 5))
    np.testing.assert_allclose(chosen, level[..., 1], rtol=1e-5)
    x.requires_grad_()
    module(x)["level"][:, 2, 1].sum().backward()
    maps = study.windows["test"].scale * study.attributor.maps("saliency", x.detach(), step=3)
    torch.testing.assert_close(maps, x.grad, rtol=1e-4, atol=1e-6)
    assert set(study.evaluations) == {"flue_temperature", "load"}


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    study = open_study(classes_study(tmp_path_factory.mktemp("classes")), "lstm", 6)
    assert study.evaluations
    return study


def test_forecasts_of_classes_are_probabilities(classes):
    test = classes.windows["test"]
    assert test.features[:5] == ("mode_low", "mode_normal", "mode_limit", "load", "oxygen")
    assert (classes.target, classes.unit) == ("mode_limit", "probability")
    with np.load(classes.folder / "predictions.npz") as stored:
        predicted, observed = stored["predicted"], stored["observed"]
    np.testing.assert_allclose(predicted.sum(axis=-1), 1, rtol=1e-5)
    assert predicted.min() > 0
    assert set(np.unique(observed)) == {0.0, 1.0}
    np.testing.assert_array_equal(observed.sum(axis=-1), 1)
    training = test.values[classes.windows["train"].rows]
    np.testing.assert_allclose(test.without_network()[0, 0], training.mean(axis=0), rtol=1e-5)


def test_scores_of_classes_stand_beside_those_of_simple_rules(classes):
    metrics = json.loads((classes.folder / "metrics.json").read_text())
    known = ("LSTM", "training mean", "persistence", "climatology", "ridge", "boosted trees")
    assert {*known} < set(metrics["classes"])
    with np.load(classes.folder / "predictions.npz") as stored:
        predicted, observed = stored["predicted"], stored["observed"]
    right = (predicted.argmax(axis=-1) == observed.argmax(axis=-1)).mean()
    assert metrics["classes"]["LSTM"]["accuracy"] == pytest.approx(right)
    assert metrics["classes"]["LSTM"]["log_loss"] < metrics["classes"]["training mean"]["log_loss"]
    majority = observed.mean(axis=(0, 1))[classes.windows["train"].residual.expected[0].argmax()]
    assert metrics["classes"]["training mean"]["accuracy"] == pytest.approx(majority)


def test_what_is_explained_of_a_class_is_its_logit(classes):
    x, _ = classes.windows["test"].gather(torch.arange(3))
    x.requires_grad_()
    classes.model(x)[:, 0, 2].sum().backward()
    maps = classes.attributor.maps("saliency", x.detach(), step=1)
    torch.testing.assert_close(maps, x.grad, rtol=1e-4, atol=1e-7)
    assert classes.attributor.saliency().unit == "logit per standard deviation"


def test_a_module_of_classes_puts_out_logits(classes):
    class Logits(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.head = torch.nn.LSTM(9, 3, batch_first=True), torch.nn.Linear(3, 18)

        def forward(self, x):
            return self.head(self.lstm(x)[0][:, -1]).reshape(len(x), 6, 3)

    module, test = Logits(), classes.windows["test"].spread(4)
    x, _ = test.gather(torch.arange(4))
    with torch.no_grad():
        found = test.to_units(OwnForecaster(module, test, "scaled", "unit")(x))
        np.testing.assert_allclose(found, module(x).softmax(dim=-1), rtol=1e-5)


def test_a_word_that_is_no_class_is_named_with_its_row(tmp_path):
    path = classes_study(tmp_path)
    file = tmp_path / "boiler.csv"
    file.write_text(file.read_text().replace(",limit", ",broken", 1))
    with pytest.raises(
        LstmkitError, match=r"column 'mode', row \d+ .*: 'broken' is none of the classes of 'mode'"
    ):
        open_study(path, "lstm", 6)


@pytest.mark.parametrize(
    ("block", "changed", "said"),
    [
        ("data", {"explained": "broken"}, "`explained` is 'broken', which is none of the classes low, normal, limit"),
        ("data", {"target": ["mode", "load"], "explained": None}, "a target of classes is forecast alone"),
        ("data", {"columns": {"mode": {"column": "mode", "classes": ["a"]}}}, "data.columns.mode.classes: "),
        ("data", {"columns": {"mode": {"column": "mode", "classes": ["a", "a"]}}}, "'a' is named twice"),
        ("data", {"columns": {"mode": {"column": "m", "unit": "W", "classes": ["a", "b"]}}}, "are of numbers, not of"),
        ("data", {"columns": {"mode": {"column": "mode"}}}, "`unit` is missing"),
        ("windows", {"residual": "last"}, "windows.residual: last is of numbers"),
        ("training", {"loss": "mae"}, "training.loss: mae is of numbers"),
    ],
)  # fmt: skip
def test_what_does_not_fit_classes_is_refused(tmp_path, block, changed, said):
    path = classes_study(tmp_path)
    content = yaml.safe_load(path.read_text())
    content[block] |= changed
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(LstmkitError) as error:
        load_params(path)
    assert said in str(error.value)
