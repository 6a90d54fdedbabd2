"""What a notebook depends on."""

from pathlib import Path

import nbformat
import pytest

from lstmkit.report.dependencies import ROOT, modules_of
from lstmkit.sections import SECTIONS

NOTEBOOKS = [Path(__file__).parents[2] / f"notebooks/{section.notebook}.ipynb" for section in SECTIONS]


def notebook(folder: Path, *cells: str) -> Path:
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(content, folder / "page.ipynb")
    return folder / "page.ipynb"


def test_what_is_imported_and_what_that_imports(tmp_path):
    found = modules_of(
        notebook(
            tmp_path,
            "from lstmkit import open_study\nfrom lstmkit.plots.attribution import gradient_flow as draw",
            "import lstmkit.analysis.attribution.agreement",
        )
    )
    assert {str(path.relative_to(ROOT).with_suffix("")) for path in found} == {
        "plots/attribution/gradient_flow",
        "plots/style",
        "analysis/attribution/gradient_flow",
        "analysis/attribution/agreement",
        "analysis/attribution/averages",
        "analysis/attribution/methods",
        "analysis/resampling/statistics",
    }


def test_other_floors_and_names_that_are_no_modules_are_left_out(tmp_path):
    page = notebook(
        tmp_path,
        "from lstmkit.data.windows import Windows\nfrom lstmkit.plots.style import canvas\nimport numpy",
    )
    assert modules_of(page) == [ROOT / "plots" / "style.py"]


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_depends_on_both_packages(page):
    packages = {path.relative_to(ROOT).parts[0] for path in modules_of(page)}
    assert packages >= {"plots"} and packages <= {"analysis", "findings", "plots"}
