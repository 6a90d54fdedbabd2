"""The API pages of the book document every module, each in one place."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# documented by their functions and classes on the first page
FRONT_DOOR = {"lstmkit.errors", "lstmkit.opened", "lstmkit.run", "lstmkit.study", "lstmkit.study_page"}


def defines_something_public(path: Path) -> bool:
    body = ast.parse(path.read_text()).body
    return any(isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.name.startswith("_") for n in body)


def test_every_module_is_documented_once():
    pages = [ROOT / "book" / "api.md", *(ROOT / "book" / "api").glob("*.md")]
    listed = [name for page in pages for name in re.findall(r"automodule:: (\S+)", page.read_text())]
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "lstmkit").rglob("*.py")
        if not path.name.startswith("__") and defines_something_public(path)
    }
    assert sorted(listed) == sorted(modules - FRONT_DOOR)


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
