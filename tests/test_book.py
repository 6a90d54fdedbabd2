"""The whole run on the tiny study, and the book with everything, something and nothing executed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
SECTIONS = ("01_training", "B_attribution")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """The files of a fresh clone, without its virtual environment."""
    folder = tmp_path_factory.mktemp("checkout") / "lstmkit"
    ignored = shutil.ignore_patterns(".*", "_build", "studies", "results", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, folder, ignore=ignored, symlinks=True)
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)


def build(folder: Path) -> None:
    done = run(folder, "jupyter-book", "build", "book", "-W", "-n", "--keep-going")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def report(folder: Path) -> str:
    done = run(folder, "snakemake", "--cores", "2", "--config", "study=smoke")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def jobs(output: str) -> set[str]:
    """The jobs that ran, as their messages name them."""
    return set(re.findall(r"^Job \d+: ((?:Training|Executing|Building) .*)$", output, re.MULTILINE))


def page(folder: Path, name: str) -> str:
    return (folder / "book/_build/html" / name).read_text()


def test_builds_with_nothing_executed(checkout):
    build(checkout)
    assert "Nothing has been executed yet" in page(checkout, "index.html")


@pytest.fixture(scope="module")
def reported(checkout) -> Path:
    assert len(jobs(report(checkout))) == 9  # two models × two horizons × two sections, and the book
    return checkout


def test_report_builds_every_page(reported):
    build(reported)
    for model in ("lstm", "cnn_lstm"):
        for horizon in ("h1", "h24"):
            for section in SECTIONS:
                html = page(reported, f"studies/smoke/{model}/{horizon}/{section}.html")
                assert "Figure " in html
                assert "Epoch 0" not in html  # progress bars stay out
                assert re.search(r'<img alt="Figure [A-Z]1\.', html)
    assert "Nothing has been executed yet" not in page(reported, "index.html")


def test_landing_page_shows_the_results_of_every_model_and_horizon(reported):
    table = re.search(r"<table.*?</table>", page(reported, "index.html"), re.DOTALL).group()
    rows = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
    assert len(rows) == 5
    assert all(re.search(r"href=\"studies/smoke/(cnn_)?lstm/h(1|24)/index.html\"", row) for row in rows[1:])


def test_no_link_is_broken(reported):
    root = reported / "book/_build/html"
    pages = [
        html for html in root.rglob("*.html") if "_static" not in html.parts
    ]  # the theme keeps a template there
    assert len(pages) > 15
    for html in pages:
        for target in re.findall(r'(?:href|src)="([^"#?:]+)(?:[#?][^"]*)?"', html.read_text()):
            assert (html.parent / target).exists(), f"{html.relative_to(root)} points at {target}"


def test_second_report_does_nothing_and_says_so(reported):
    assert "Nothing to be done" in report(reported)


def test_changed_parameter_redoes_what_depends_on_it(reported):
    params = reported / "params/smoke.yml"
    params.write_text(params.read_text().replace("costly_windows: 8", "costly_windows: 6"))
    redone = jobs(report(reported))
    assert len(redone) == 5
    assert not any(job.startswith("Training") for job in redone)


def test_builds_with_something_executed(reported):
    shutil.rmtree(reported / "book/studies/smoke/lstm/h1")
    (reported / "book/studies/smoke/cnn_lstm/h24/B_attribution.ipynb").unlink()
    run(reported, sys.executable, "-m", "lstmkit.report", "index", "smoke", "book")
    build(reported)
