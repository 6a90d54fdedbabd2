"""The schema: what is misspelt is named, with what would be right."""

from pathlib import Path

import pytest
import yaml

from lstmkit.errors import LstmkitError
from lstmkit.params import StudyParams, find_params, load_params

ROOT = Path(__file__).parent.parent
SMALLEST = {
    "title": "Smallest",
    "data": {"source": "simulated"},
    "horizons": [12],
    "models": {"lstm": {"kind": "lstm"}},
}


def write(folder: Path, **changed) -> Path:
    path = folder / "study.yml"
    path.write_text(yaml.safe_dump(SMALLEST | changed))
    return path


@pytest.mark.parametrize("path", sorted((ROOT / "params").glob("*.yml")), ids=lambda path: path.stem)
def test_every_study_here_loads(path):
    params = load_params(path)
    assert isinstance(params, StudyParams)
    assert params.models
    assert params.horizons


def test_the_smallest_study_has_the_stated_defaults(tmp_path):
    params = load_params(write(tmp_path))
    assert (params.data.interval, params.variant, params.windows.lookback) == ("5min", "preproc_D", 288)
    assert (params.split.train, params.split.validation) == (0.6, 0.1)
    assert params.regimes.labels == ("Low", "Medium", "High")
    assert params.clock is None


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"horizon": [12]}, "horizon"),
        ({"data": {"source": "simulated", "intervall": "5min"}}, "data.intervall"),
        ({"data": {"source": "simulated", "simulator": {"day": 3}}}, "data.simulator.day"),
        ({"training": {"epoch": 3}}, "training.epoch"),
        ({"models": {"mine": {"kind": "lstm", "channels": [3, 4]}}}, "models.mine.lstm.channels"),
    ],
)
def test_an_unknown_key_is_named_with_its_place(tmp_path, changed, where):
    path = write(tmp_path, **changed)
    with pytest.raises(LstmkitError, match="this key is not known") as error:
        load_params(path)
    assert f"{path}: {where}: this key is not known" in str(error.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"data": {"source": "simulated", "site_timezone": "America/NewYork"}}, "no IANA time zone"),
        ({"data": {"source": "simulated", "interval": "five minutes"}}, "is no duration"),
        ({"data": {"source": "simulated", "interval": "-5min"}}, "must be positive"),
        ({"data": {"source": "simulated", "interval": "0min"}}, "must be positive"),
        ({"data": {"source": "simulated", "columns": {"co2": {"column": "a", "unit": "ppm"}}}}, "needs none"),
        ({"data": {"source": "a.csv"}}, "must be one of `columns`"),
        ({"data": {"source": "simulated", "simulator": {"start": "tomorrow"}}}, "data.simulator.start"),
        ({"data": {"source": "simulated", "simulator": {"start": "2023-13-01"}}}, "data.simulator.start"),
        ({"data": {"source": "simulated", "simulator": {"start": "2023-01-01 12:00"}}}, "is no date"),
        ({"split": {"train": 0.9, "validation": 0.1}}, "must be below 1"),
        ({"split": {"train": 1.5}}, "split.train"),
        ({"windows": {"lookback": 0}}, "windows.lookback"),
        ({"windows": {"scaling": "minmax"}}, "windows.scaling"),
        ({"horizons": [0]}, "horizons.0"),
        ({"horizons": 12}, "horizons"),
        (
            {"horizons": []},
            "horizons: name at least one number of steps ahead, for example [12]",
        ),
        ({"models": {}}, "models: name at least one model, for example `lstm: {kind: lstm}`"),
        (
            {"regimes": {"labels": ["A", "A", "B"]}},
            "regimes.labels: the three labels must differ, as [Low, Medium, High] do",
        ),
        ({"regimes": {"labels": ["_a", "b", "c"]}}, "regimes.labels: a label must not begin with _"),
        ({"models": {"mine": {"kind": "gru"}}}, "'lstm', 'cnn_lstm'"),
        ({"models": {"lstm": {"kind": "lstm", "dropout": 1}}}, "models.lstm.lstm.dropout"),
        ({"regimes": {"edges": [1200, 800]}}, "the lower edge comes first"),
        ({"evaluation": {"confidence": 95}}, "evaluation.confidence"),
        ({"variant": "preproc_E"}, "'preproc_D' or 'raw'"),
        ({"clock": "weekday"}, "clock: Input should be a valid boolean"),
        ({"clock": 1}, "clock: Input should be a valid boolean"),
    ],
)
def test_a_wrong_value_is_named(tmp_path, changed, said):
    path = write(tmp_path, **changed)
    with pytest.raises(LstmkitError) as error:
        load_params(path)
    assert str(path) in str(error.value)
    assert said in str(error.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    with pytest.raises(LstmkitError) as error:
        load_params(write(tmp_path, horizons=[-1], variant="none", tilte="x"))
    assert all(name in str(error.value) for name in ("horizons.0", "variant", "tilte"))


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "found nothing"), ("- a\n- b\n", "found list"), ("a: [1,", "not readable as YAML")],
)
def test_what_is_no_study_is_refused(tmp_path, text, said):
    path = tmp_path / "study.yml"
    path.write_text(text)
    with pytest.raises(LstmkitError, match=said):
        load_params(path)


def test_params_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        StudyParams.model_validate(SMALLEST).seed = 3


def test_a_misspelt_study_gets_a_list_of_the_known_ones(tmp_path, monkeypatch):
    (tmp_path / "params").mkdir()
    for name in ("office", "home"):
        write(tmp_path).rename(tmp_path / "params" / f"{name}.yml")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LstmkitError, match="unknown study 'ofice'; known here: home, office"):
        find_params("ofice")


def test_a_path_that_does_not_exist_is_said(tmp_path):
    with pytest.raises(LstmkitError, match="there is no study file") as error:
        find_params(tmp_path / "none.yml")
    assert str(tmp_path / "none.yml") in str(error.value)


def test_a_name_is_found_from_any_folder_below_and_the_nearest_counts(tmp_path, monkeypatch):
    inner = tmp_path / "a" / "b"
    for folder in (tmp_path, tmp_path / "a"):
        (folder / "params").mkdir(parents=True)
        write(folder).rename(folder / "params" / "study.yml")
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert find_params("study") == tmp_path / "a" / "params" / "study.yml"
    monkeypatch.chdir(tmp_path)
    assert find_params("study") == tmp_path / "params" / "study.yml"
    assert find_params("params/study.yml") == tmp_path / "params" / "study.yml"


NO_FOLDERS = [
    "",
    " ",
    ".",
    "..",
    "../../x",
    "/tmp/x",
    "a/b",
    "a\\b",
    "a b",
    "a\nb",
    "a\0b",
    "-rf",
    ".hidden",
    "_x",
    "a.b",
    "`touch x`",
    "$(touch x)",
    "a&b",
    "a;b",
    "a|b",
    "(x",
    "{x}",
    "*",
    "~",
    "bü",
    "аbc",  # begins with a Cyrillic letter
    "con",
    "LPT1",
    "a" * 65,
    "<img src=x>",
]


@pytest.mark.parametrize("key", NO_FOLDERS)
def test_a_model_key_that_cannot_be_a_folder_is_refused_with_what_is_allowed(tmp_path, key):
    with pytest.raises(LstmkitError) as error:
        load_params(write(tmp_path, models={key: {"kind": "lstm"}}))
    said = str(error.value)
    assert len(said.splitlines()) == 1
    assert "letters a to z, digits, _ and -" in said


@pytest.mark.parametrize(
    "name", [name for name in NO_FOLDERS if not set(name) & set("/\0") and len(name) < 200]
)
def test_a_study_whose_name_cannot_be_a_folder_is_refused_with_what_is_allowed(tmp_path, name):
    path = tmp_path / f"{name or ' '}.yml"
    write(tmp_path).rename(path)
    with pytest.raises(LstmkitError, match="letters a to z, digits, _ and -") as error:
        load_params(path)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    "name", ["", "../secret", "a\0b", "x" * 5000, "/etc/passwd", "a\nb", "a/../../b", ".."]
)
def test_a_name_that_no_study_can_have_is_refused_in_one_line(tmp_path, monkeypatch, name):
    (tmp_path / "secret.yml").touch()
    (tmp_path / "params").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LstmkitError) as error:
        load_params(name)
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("path", ["x" * 300 + ".yml", "a\0b.yml", "a\nb.yml"])
def test_a_path_that_cannot_be_is_refused_in_one_line(tmp_path, path):
    with pytest.raises(LstmkitError) as error:
        load_params(tmp_path / path)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(("key", "near"), [("my model", "my_model"), ("Büro 2", "Buro_2"), ("con", "con_1")])
def test_a_refused_key_gets_an_example_near_to_it(tmp_path, key, near):
    with pytest.raises(LstmkitError, match=f"for example '{near}'"):
        load_params(write(tmp_path, models={key: {"kind": "lstm"}}))


@pytest.mark.parametrize("key", ["lstm", "cnn_lstm", "LSTM-2", "2", "a" * 64, "comparison", "console"])
def test_a_key_of_letters_digits_and_dashes_works(tmp_path, key):
    assert list(load_params(write(tmp_path, models={key: {"kind": "lstm"}})).models) == [key]


def test_keys_that_are_one_folder_on_some_systems_are_refused(tmp_path):
    models = {"big": {"kind": "lstm"}, "Big": {"kind": "lstm"}}
    with pytest.raises(LstmkitError, match="upper and lower case alone"):
        load_params(write(tmp_path, models=models))


def test_a_study_named_as_the_results_of_a_model_is_refused(tmp_path):
    path = write(tmp_path).rename(tmp_path / "lstm_interpretability.yml")
    with pytest.raises(LstmkitError, match="rename the file"):
        load_params(path)


@pytest.mark.parametrize(
    "name",
    ["CO₂ (ppm)", "<img src=x onerror=alert(1)>", "$x_1$", "a|b", "températures", "温度", "{{x}}", "`ls`"],
)
def test_titles_labels_and_units_are_any_printable_text(tmp_path, name):
    data = {"source": "a.csv", "target": name, "columns": {name: {"column": "a", "unit": name}}}
    params = load_params(
        write(tmp_path, title=name, description=name, data=data, regimes={"labels": [name, "b", "c"]})
    )
    assert params.title == params.description == params.data.target[0] == params.regimes.labels[0] == name
    assert params.data.columns[name].unit == name
