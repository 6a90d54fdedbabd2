"""Which files of `analysis/` and `plots/` a notebook depends on, for the run to know what to redo."""

import ast
from pathlib import Path

import nbformat

FLOORS = ("analysis", "plots")
PACKAGE = Path(__file__).parent


def rooms(notebook: Path) -> list[Path]:
    """Modules of both floors that a notebook imports, and those of both floors that they import in turn.

    Args:
        notebook: of `notebooks/`.
    """
    cells = nbformat.read(notebook, as_version=4).cells
    return _behind("\n".join(cell.source for cell in cells if cell.cell_type == "code"))


def modules_behind(module: str) -> list[Path]:
    """A module of these floors, and those of both floors that it imports in turn.

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
    parts = [name.split(".") for name in names]
    files = {
        PACKAGE / floor / f"{rest[0]}.py"
        for package, floor, *rest in (name for name in parts if len(name) > 2)
        if package == PACKAGE.name and floor in FLOORS
    }
    return {file for file in files if file.is_file()}
