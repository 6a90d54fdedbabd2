"""Which files of `analysis/`, `findings/` and `plots/` a notebook depends on, for the run to know what to redo."""

import ast
from pathlib import Path

import nbformat

PACKAGES = ("lstmkit.analysis.", "lstmkit.findings.", "lstmkit.plots.")
ROOT = Path(__file__).parent.parent


def modules_of(notebook: Path) -> list[Path]:
    """Modules of these packages that a notebook imports, and those of these packages that they import in turn.

    Args:
        notebook: of `notebooks/`.
    """
    cells = nbformat.read(notebook, as_version=4).cells
    return _behind("\n".join(cell.source for cell in cells if cell.cell_type == "code"))


def modules_behind(module: str) -> list[Path]:
    """A module of these packages, and those of these packages that it imports in turn.

    Args:
        module: its full name.
    """
    return _behind(f"import {module}")


def _behind(source: str) -> list[Path]:
    found: set[Path] = set()
    ahead = _imported(source)
    while ahead:
        module = ahead.pop()
        if module not in found:
            found.add(module)
            ahead |= _imported(module.read_text(encoding="utf-8"))
    return sorted(found)


def _imported(source: str) -> set[Path]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    parts = [name.split(".") for name in names if name.startswith(PACKAGES)]
    files = {ROOT.parent.joinpath(*each).with_suffix(".py") for each in parts}
    return {file for file in files if file.is_file()}
