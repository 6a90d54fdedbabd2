"""Studies of two targets, and of a target that is no input: what their YAML says, their results, and their pages."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from lstmkit import LstmkitError, open_study
from lstmkit.analysis.errors.by_target import skill_frame
from lstmkit.analysis.errors.sums import score
from lstmkit.params import load_params
from lstmkit.report.index import write_index
from tests.boiler import sensor_study, two_targets_study

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
    assert two.attributor.explained == "mean over the horizon, target flue_temperature"
    assert 120 < two.regimes.edges[0] < two.regimes.edges[1] < 260  # degC, where the load is below 90 kW
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
