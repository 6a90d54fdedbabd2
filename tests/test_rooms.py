"""What a notebook depends on."""

from pathlib import Path

import nbformat
import pytest

from lstmkit.rooms import PACKAGE, rooms

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


def notebook(folder: Path, *cells: str) -> Path:
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(content, folder / "page.ipynb")
    return folder / "page.ipynb"


def test_what_is_imported_and_what_that_imports(tmp_path):
    found = rooms(
        notebook(
            tmp_path,
            "from lstmkit import open_study\nfrom lstmkit.plots import gradient_flow as draw",
            "import lstmkit.analysis.agreement",
        )
    )
    assert {f"{path.parent.name}/{path.stem}" for path in found} == {
        "plots/gradient_flow",
        "plots/style",
        "analysis/gradient_flow",
        "analysis/agreement",
        "analysis/attribution",
        "analysis/attribution_methods",
        "analysis/statistics",
    }


def test_other_floors_and_names_that_are_no_modules_are_left_out(tmp_path):
    page = notebook(
        tmp_path,
        "from lstmkit.data.windows import Windows\nfrom lstmkit.plots.style import canvas\nimport numpy",
    )
    assert rooms(page) == [PACKAGE / "plots" / "style.py"]


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_depends_on_both_floors(page):
    assert {path.parent.name for path in rooms(page)} == {"analysis", "plots"}
