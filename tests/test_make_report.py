"""`make report` as a command: its errors, and what is there in the end after kills and beside other runs."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parent.parent
KILLS = int(os.environ.get("LSTMKIT_KILLS", "3"))
TIMES, SECONDS = "training.json", re.compile(rb"(windows in )\d+( s)")
LONGEST_SECONDS = 25.0  # to a kill: by then the reports of most machines are at their pages
STUDY = """
title: Tiny
data: {source: simulated, site_timezone: America/New_York, interval: 1h, simulator: {days: 40}}
horizons: [1]
windows: {lookback: 24}
models: {lstm: {kind: lstm, hidden: 4}}
training: {epochs: 2, windows_per_epoch: 128, validation_windows: 32}
evaluation: {bootstrap: 20}
attribution: {windows: 8, costly_windows: 4, smooth_samples: 2, path_steps: 8}
hidden_states: {windows: 64, trajectories: 2}
"""


SECTIONS = ("01_training", "A_gates", "B_attribution", "C_hidden_states")


@pytest.fixture
def checkout(tmp_path) -> Path:
    return clone(tmp_path / "a b&c")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, bytes]:
    """What a report leaves that nothing disturbs."""
    folder = clone(tmp_path_factory.mktemp("undisturbed") / "lstmkit")
    finish(start(folder))
    return content(folder)


def clone(folder: Path) -> Path:
    """A fresh clone's files with two studies of one tiny model, without the API pages, which take long to build."""
    ignored = shutil.ignore_patterns(".*", "_build", "studies", "results", "api", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, folder, ignore=ignored, symlinks=True)
    (folder / "params" / "tiny.yml").write_text(STUDY)
    (folder / "params" / "other.yml").write_text(STUDY + "seed: 1\n")
    return folder


def start(folder: Path, study: str = "tiny") -> subprocess.Popen:
    binaries = os.path.relpath(Path(sys.executable).parent, folder)
    return run(folder, "make", "--assume-old=.venv/ready", "report", f"STUDY={study}", f"BIN={binaries}")


def run(folder: Path, *command: str) -> subprocess.Popen:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True, **pipes)


def finish(process: subprocess.Popen) -> str:
    said, _ = process.communicate()
    assert process.returncode == 0, said[-3000:]
    return said


def kill_everything(process: subprocess.Popen) -> None:
    """As a power cut does: also the kernels, which have process groups of their own."""
    tree = []
    while found := [each for each in family(process.pid) if each not in tree]:
        tree += found
        for each in found:  # stopped first, so that no one starts another or cleans up after a child
            with suppress(psutil.NoSuchProcess):
                each.suspend()
    for each in tree:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    process.communicate()


def family(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def content(folder: Path) -> dict[str, bytes]:
    """Every result and page of the study, without logs, locks and wall times."""
    kept = {}
    for path in [*folder.glob("results/tiny/**/*"), *folder.glob("book/studies/tiny/**/*")]:
        if path.is_file() and path.parent.name != "logs" and path.suffix != ".lock" and path.name != TIMES:
            text = SECONDS.sub(rb"\1some\2", path.read_bytes())
            kept[str(path.relative_to(folder))] = text
    return kept


def assert_same(found: dict[str, bytes], expected: dict[str, bytes], said: object) -> None:
    assert found.keys() == expected.keys(), said
    assert [name for name in expected if found[name] != expected[name]] == [], said


def test_a_killed_report_goes_on_to_the_same_result_beside_other_runs(checkout, undisturbed):
    chance, moments = random.Random(time.time_ns()), []
    while len(moments) < KILLS:
        moment = chance.uniform(0, LONGEST_SECONDS)
        process = start(checkout)
        time.sleep(moment)
        if process.poll() is None:
            kill_everything(process)
            moments.append(moment)
        else:  # it was done before the kill
            finish(process)
            shutil.rmtree(checkout / "results")
            shutil.rmtree(checkout / "book" / "studies")
    reports = [start(checkout, study) for study in ("tiny", "tiny", "other")]
    notebooks = [papermill(checkout, name) for name in SECTIONS]
    said = [finish(process) for process in (*reports, *notebooks)]
    assert sum("Another report of tiny is running" in text for text in said) == 1
    again = finish(start(checkout))
    assert not re.search(
        r"^Job \d+: (Training|Executing)", again, re.MULTILINE
    )  # the other study built the book last
    landing_page = (checkout / "book/_build/html/index.html").read_text()
    assert "studies/tiny/" in landing_page
    assert "studies/other/" in landing_page
    assert_same(content(checkout), undisturbed, moments)


def papermill(folder: Path, section: str) -> subprocess.Popen:
    parameters = ["-p", "study", "tiny", "-p", "model", "lstm", "-p", "horizon", "1"]
    notebooks = [f"notebooks/{section}.ipynb", f"{section}.ipynb"]
    return run(folder, sys.executable, "-m", "papermill", *notebooks, *parameters)


def refuse(process: subprocess.Popen) -> list[str]:
    said, _ = process.communicate()
    assert process.returncode
    assert "Traceback" not in said
    return [line for line in said.splitlines() if line.startswith("error: ")]


def test_an_error_of_the_data_is_one_line_with_its_log(checkout):
    (checkout / "air.csv").write_text("time,c\n2024-01-01 00:00,600\n2024-01-01 01:00,many\n")
    data = (
        "data: {source: air.csv, interval: 1h, time: {column: time}, columns: {co2: {column: c, unit: ppm}}}"
    )
    models = "models: {one: {kind: lstm}, two: {kind: lstm}}\nhorizons: [1]\nvariant: raw"
    (checkout / "params" / "bad.yml").write_text(f"title: Bad\n{data}\n{models}\n")
    (error,) = refuse(start(checkout, "bad"))
    assert re.fullmatch(
        r"error: .*/air.csv: column 'c', row 1 \(line 3 of the file\): 'many' is not a number.* "
        r"\(results/bad/(baselines/h1|\w+_interpretability/h1(/seed_[12])?)/logs/(baselines|network)\.log\)",
        error,
    )


@pytest.mark.parametrize("study", ["`touch hit`", "$$(touch hit)", "a&touch hit", "x;touch hit", "nope"])
def test_a_study_that_is_not_there_is_one_line_and_runs_nothing(checkout, study):
    (error,) = refuse(start(checkout, study))
    assert error.startswith(f"error: unknown study {study.replace('$$', '$')!r}; known here: awair, co2,")
    assert not (checkout / "hit").exists()


@pytest.mark.parametrize(
    "key", ["`touch hit`", "$(touch hit)", "a&b", "x y", "../../x", "", "(x", "{x}", "a\nb"]
)
def test_a_model_key_that_is_no_folder_name_is_one_line_and_runs_nothing(checkout, key):
    (checkout / "params" / "hostile.yml").write_text(
        STUDY.replace("{lstm: {kind", f"{{{json.dumps(key)}: {{kind")
    )
    (error,) = refuse(start(checkout, "hostile"))
    assert "hostile.yml: models" in error
    assert not (checkout / "hit").exists()
    assert not (checkout / "results").exists()
