"""A study whose networks learned what does not recur: every page says so, and those on the network are cut short."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from lstmkit import open_study
from lstmkit.report.pages import write_page
from tests.test_notebooks import NOTEBOOKS, ROOT, papermill

HOURS = 60 * 24
OFF = "The network is switched off"
CUT = ("A_filters", "A_gates", "B_attribution", "C_hidden_states", "E_convolutions", "E_weights", "explore")
OF_THE_STUDY = [path for path in NOTEBOOKS if path.stem != "peers"]  # which fits networks of its own
FIGURES = {"01_training": 3, "D_temporal": 3, "E_horizons": 1, "E_predictions": 6, "summary": 1}


def reversed_study(folder: Path) -> Path:
    """The target follows the temperature of two hours before, upwards in the training part and downwards after it."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=HOURS)
    sign = np.where(np.arange(HOURS) < 0.6 * HOURS, 1.0, -1.0)
    columns = {
        "co2": 600 + 60 * sign * np.concatenate([[0, 0], noise[:-2]]) + rng.normal(size=HOURS),
        "temperature": 20 + noise,
        "humidity": 50 + rng.normal(size=HOURS),
    }
    stamps = pd.date_range("2025-01-06", periods=HOURS, freq="1h")
    pd.DataFrame({"timestamp": stamps, **columns}).to_csv(folder / "air.csv", index=False)
    content = yaml.safe_load((ROOT / "params" / "smoke.yml").read_text())
    units = {"co2": "ppm", "temperature": "degC", "humidity": "percent"}
    content |= {
        "data": {
            "source": "air.csv",
            "site_timezone": "UTC",
            "interval": "1h",
            "columns": {name: {"column": name, "unit": unit} for name, unit in units.items()},
        },
        "variant": "raw",
        "horizons": [1, 2],
        "seeds": 1,
        "windows": {"lookback": 8, "residual": "none"},
        "training": {  # one epoch of many steps: of several, that would be kept which learned least
            "epochs": 1,
            "windows_per_epoch": 1024,
            "validation_windows": 64,
            "batch_size": 8,
            "learning_rate": 0.01,
            "ema_decay": 0.0,
            "level_shift": 0.0,
        },
    }
    content.pop("split", None)
    path = folder / "params" / "reversed.yml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    return open_study(reversed_study(folder), "cnn_lstm", 2)


def shown(page: Path) -> list[str]:
    """The Markdown that each output of a page shows, in order."""
    cells = [cell for cell in json.loads(page.read_text())["cells"] if cell["cell_type"] == "code"]
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error"]
    said = [
        output["data"]["text/markdown"] for output in outputs if "text/markdown" in output.get("data", {})
    ]
    return ["".join(text) for text in said]


def test_the_gain_is_zero_and_the_metrics_say_so(study):
    assert study.training_outcome["gain"] == 0
    metrics = json.loads((study.folder / "metrics.json").read_text() if study.metrics else "")
    without = metrics["network"].pop("without")
    assert metrics["network"] == {"rule": "the mean of the training part", "gain": 0.0, "spread": 0.0}
    assert without == pytest.approx(metrics["rmse"])
    assert study.training_finding().endswith(
        "by a gain of 0.00. The network is switched off: its gain, from the validation part, is 0.00, and what it adds "
        f"to the mean of the training part varies by 0 ppm between windows, beside an RMSE of "
        f"{study.metrics['rmse']['all_steps']:.1f} ppm. The forecast is that of the mean of the training part alone."
    )


@pytest.mark.parametrize("notebook", OF_THE_STUDY, ids=lambda path: path.stem)
def test_every_page_says_it_first_and_explains_no_network(study, notebook):
    page = study.source.parent.parent / "pages" / notebook.name
    write_page(notebook, page, str(study.source), "cnn_lstm", 2)
    first, *others = shown(page)
    assert first.startswith("> **Caution.** ")
    assert OFF in first
    assert sum("**Figure" in text for text in others) == FIGURES.get(notebook.stem, 0)
    cells = json.loads(page.read_text())["cells"]
    if notebook.stem in CUT:
        assert "this section is cut short" in others[-1].replace("\\", "")
        assert len(cells) <= 4  # title, parameters, those that were injected, and the cell that says so
    elif notebook.stem == "E_horizons":
        assert "1 h, 2 h ahead" in others[-1].replace("\\", "")
        assert len(cells) == 6
    else:
        assert len(cells) == 1 + len(json.loads(notebook.read_text())["cells"])


def test_papermill_itself_succeeds_and_leaves_the_rest(study):
    folder = study.source.parent.parent
    flags = ("-p", "study", str(study.source), "-p", "model", "cnn_lstm", "-p", "horizon", "1")
    done = papermill(folder, "notebooks/A_gates.ipynb", "out.ipynb", *flags)
    assert done.returncode == 0, done.stderr[-3000:]
    cells = json.loads((folder / "out.ipynb").read_text())["cells"]
    assert [bool(cell.get("outputs")) for cell in cells] == [False] * 3 + [True] + [False] * (len(cells) - 4)
    assert "cut short" in json.dumps(cells[3])
    assert not re.search("Traceback|To exit: use", json.dumps(cells))


def test_outside_of_a_notebook_nothing_ends(study, capsys):
    siblings = study.siblings  # trained before, as training shows its progress
    capsys.readouterr()
    study.require_network()
    study.require_network(*siblings)
    said = capsys.readouterr().out
    assert said.count(OFF) == 2
    assert f"{OFF} (2 h ahead), " in said
    assert f"{OFF} (1 h, 2 h ahead), " in said


@pytest.mark.parametrize("name", ["gates", "attribution"])
def test_what_an_earlier_version_kept_about_it_is_not_told(study, name):
    study.keep(name, {"layers": []})
    assert study.results.facts_of(name) == {}
    assert study.results.facts[name] == {"layers": []}
