"""The API pages of the book document every module that computes or draws, each in one place."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("storage", "params", "data", "models", "training", "internals", "analysis", "plots")


def defines_something_public(path: Path) -> bool:
    body = ast.parse(path.read_text()).body
    return any(isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.name.startswith("_") for n in body)


def test_every_module_that_computes_or_draws_is_documented_once():
    pages = [ROOT / "book" / "api.md", *(ROOT / "book" / "api").glob("*.md")]
    listed = [name for page in pages for name in re.findall(r"automodule:: (\S+)", page.read_text())]
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in PACKAGES
        for path in (ROOT / "lstmkit" / package).rglob("*.py")
        if not path.name.startswith("__") and defines_something_public(path)
    }
    assert sorted(listed) == sorted({*modules, "lstmkit.runtime"})


def test_no_property_is_documented_with_what_would_be_read_as_its_type():
    for path in (ROOT / "lstmkit").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and _is_property(node):
                first_line = (ast.get_docstring(node) or "").split("\n")[0]
                assert ":" not in first_line, (
                    f"{path}:{node.lineno}: napoleon takes `what: description` apart"
                )


def _is_property(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator).endswith("property") for decorator in node.decorator_list)
