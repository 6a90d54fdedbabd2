"""Every notebook through papermill, as a user runs it, and the contract that all of them keep."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
names = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory) -> Path:
    """A folder like a checkout, with nothing trained."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "params", folder / "params")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    return folder


def papermill(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", *arguments]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)


def test_runs_from_the_root_with_nothing_trained(workplace):
    done = papermill(
        workplace, "notebooks/B_attribution.ipynb", "out.ipynb", "-p", "study", "smoke", "-p", "model", "cnn_lstm",
        "-p", "horizon", "24",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert (workplace / "results/smoke/cnn_lstm_interpretability/h24/model.safetensors").exists()
    assert "Figure B1." in (workplace / "out.ipynb").read_text()


def test_runs_from_the_notebooks_folder(workplace):
    done = papermill(
        workplace / "notebooks",
        "01_training.ipynb",
        "out.ipynb",
        "-p",
        "study",
        "smoke",
        "-p",
        "horizon",
        "1",
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (workplace / "results/smoke/lstm_interpretability/h1/metrics.json").exists()


@pytest.mark.parametrize(
    ("parameter", "value", "said"),
    [
        ("horzion", "288", "unknown notebook parameter horzion; this notebook has horizon, model, study"),
        ("model", "lsmt", "unknown model 'lsmt'; smoke.yml has lstm, cnn_lstm"),
        ("horizon", "7", "horizon 7 is not in smoke.yml; it has 1, 24"),
        ("study", "smokey", "unknown study 'smokey'; known here: awair, co2, smoke"),
    ],
)
def test_refuses_what_it_does_not_know(workplace, parameter, value, said):
    arguments = {"study": "smoke"} | {parameter: value}
    flags = [part for name, given in arguments.items() for part in ("-p", name, given)]
    done = papermill(workplace, "notebooks/B_attribution.ipynb", "refused.ipynb", *flags)
    assert done.returncode != 0
    of_cell = done.stderr.rpartition("Exception encountered at")[2].strip().splitlines()[1:]
    assert len(of_cell) == 1  # the message, without the way to it through lstmkit
    assert of_cell[0].startswith(f"LstmkitError: {said}")


@names
def test_keeps_the_contract(notebook):
    content = json.loads(notebook.read_text())
    cells = content["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    source = "\n".join("".join(cell["source"]) for cell in code)
    assert content["metadata"]["kernelspec"]["name"] == "python3"
    assert len(cells) <= 30
    assert "".join(cells[0]["source"]).startswith("# ")
    assert sum("parameters" in cell["metadata"].get("tags", []) for cell in code) == 1
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
    assert not re.search(r"^\s*(def|class|for|while) ", source, re.MULTILINE)
