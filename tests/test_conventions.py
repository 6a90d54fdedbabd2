"""Conventions of the code: style, types, the direction of imports, and the size of files."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PACKAGE = sorted((ROOT / "lstmkit").rglob("*.py"))


def run(*command: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("arguments", [("check",), ("format", "--check")])
def test_ruff_finds_nothing(arguments):
    done = run("ruff", *arguments, "lstmkit", "tests", "benchmarks", "notebooks", "book/_ext")
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_finds_nothing():
    done = run("mypy")
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_go_one_way():
    script = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("path", PACKAGE, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_small(path):
    text = path.read_text()
    assert text.count("\n") <= 330
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            documentation = ast.get_docstring(node, clean=False) or ""
            assert node.end_lineno - node.lineno - documentation.count("\n") <= 50, node.name


def test_every_install_uses_the_same_versions():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip == ["--constraint constraints.txt", "--editable .[report,dev]"]
    assert "--constraint constraints.txt" in (ROOT / "Makefile").read_text()
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text().splitlines()
