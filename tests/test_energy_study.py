"""A study of a school's load is read as its YAML says, and no page speaks of an office, its air or its people."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lstmkit.data.catalog import load_dataset
from lstmkit.data.features import build_features
from lstmkit.findings.states.probes import unseen_sentence
from lstmkit.params import load_params
from tests.energy import write_energy_study

ROOT = Path(__file__).parent.parent
OF_THE_OFFICE = re.compile(
    r"ppm|co2|CO₂|\brooms?\b|occupan|ventilat|\boffice\b|\bair\b|\bpeople\b|humidity", re.IGNORECASE
)
NAMES = {"co2"}  # of the study that is opened by default


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder like a checkout that holds the study and all notebooks."""
    folder = tmp_path_factory.mktemp("school")
    write_energy_study(folder)
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    return folder


def told(notebook: Path) -> str:
    """All that a reader sees of an executed notebook but for its code: Markdown, tables, what was printed."""
    lines = []
    for cell in json.loads(notebook.read_text())["cells"]:
        if cell["cell_type"] == "markdown":
            lines += cell["source"]
        for output in cell.get("outputs", []):
            for kind, text in output.get("data", {}).items():
                lines += text if kind.startswith("text/") else []
    return "".join(lines)


def test_the_study_is_read_as_its_yaml_says(place):
    params = load_params(place / "params" / "energy.yml")
    dataset = load_dataset(params.data, place)
    assert (dataset.name, dataset.subject, dataset.quantities) == ("the school", "the school", {})
    assert dataset.units == {"load": "kW", "temperature": "degC", "teaching": "classes"}
    assert (dataset.gaps.interpolated_steps, dataset.gaps.missing_steps) == (1, 12)
    assert dataset.local_time[0].isoformat() == "2024-01-08T00:00:00+01:00"
    assert dataset.frame["temperature"].between(-15, 25).sum() == dataset.observed.sum() + 1
    assert unseen_sentence(dataset) == "No model sees teaching of the school."
    features = build_features(dataset, params.variant, params.clock)
    clock = ["hour_sin", "hour_cos", "weekday_sin", "weekday_cos"]
    assert list(features.frame) == ["load", "temperature", *clock]


@pytest.mark.parametrize(
    ("notebook", "said"),
    [
        (
            "01_training",
            ["The school: 08 January 2024 to 22 March 2024, load 42 ± 21 kW. In the training part "],
        ),
        ("E_predictions", ["LSTM, 24 h ahead, the school.", " kW, the 90 % quantile of the training part."]),
    ],
)
def test_pages_speak_of_the_school_and_of_nothing_else(place, notebook, said):
    files = [f"notebooks/{notebook}.ipynb", f"{notebook}.ipynb"]
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", *files]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    parameters = ["-p", "study", "energy", "-p", "horizon", "24"]
    done = subprocess.run([*command, *parameters], cwd=place, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    page = told(place / f"{notebook}.ipynb")
    assert all(words in page for words in said)
    foreign = [line for line in page.splitlines() if OF_THE_OFFICE.search(line)]
    assert not foreign


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_no_notebook_speaks_of_the_office_by_itself(notebook):
    cells = json.loads(notebook.read_text())["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert not [line for line in text.splitlines() if OF_THE_OFFICE.search(line)]


@pytest.mark.parametrize("folder", ["analysis", "findings", "plots", "report", "training"])
def test_no_sentence_in_code_speaks_of_the_office_by_itself(folder):
    found = {
        (path.name, text)
        for path in (ROOT / "lstmkit" / folder).rglob("*.py")
        for text in texts_of(path)
        if OF_THE_OFFICE.search(text) and text not in NAMES
    }
    assert not found


def texts_of(path: Path) -> list[str]:
    """The texts in a module's code, without its docstrings."""
    tree = ast.parse(path.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)
    }
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [text for text in texts if isinstance(text, str) and text not in docstrings]
