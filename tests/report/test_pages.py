"""A notebook as a page of the book: its title, what is left out of it, and the files of its figures."""

import json
import os
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lstmkit.errors import LstmkitError
from lstmkit.report.display import FILES
from lstmkit.report.figure_files import place, put_files_beside
from lstmkit.report.pages import CONVOLUTIONS, HEADING, _entitle, heading_of, title_of, write_page

ROOT = Path(__file__).parents[2]
OF_BOTH = [
    path
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    if path.stem not in ("A_filters", "E_convolutions")
]
FIGURE = """
from pathlib import Path

import pandas as pd

from lstmkit.plots.style import canvas
from lstmkit.report.display import show_figure

show_figure(canvas()[0], Path("results/gates/A1_open.png"), "A *caption*.", pd.DataFrame({"a": [1.5]}))
show_figure(canvas()[0], Path("results/gates/A2_shut.png"), "Without numbers.", None)
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """A folder with the page of a small notebook for each model."""
    folder = tmp_path_factory.mktemp("project")
    cells = [
        new_markdown_cell("# Gates: what is kept?\n\nThe first paragraph."),
        new_code_cell("study = model = ''\nhorizon = 0", metadata={"tags": ["parameters"]}),
        new_markdown_cell("## Filters", metadata={"tags": [CONVOLUTIONS]}),
        new_code_cell("print('about filters')", metadata={"tags": ["hide-input", CONVOLUTIONS]}),
        new_code_cell(FIGURE),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    (folder / "gates.ipynb").write_text(nbformat.writes(new_notebook(cells=cells, metadata=kernel)))
    before = Path.cwd()
    os.chdir(folder)
    try:
        for model in ("lstm", "cnn_lstm"):
            write_page(
                Path("gates.ipynb"), Path(f"{model}/A gates.ipynb"), str(ROOT / "params/smoke.yml"), model, 24
            )
    finally:
        os.chdir(before)
    return folder


def cells_of(page: Path) -> list[nbformat.NotebookNode]:
    return nbformat.read(page, as_version=4).cells


def test_the_title_names_model_and_horizon_and_the_question_follows(written):
    first = cells_of(written / "cnn_lstm/A gates.ipynb")[0]
    assert first.source == "# Gates: CNN-LSTM, 24 h ahead (smoke)\n\n*What is kept?*\n\nThe first paragraph."
    assert heading_of(written / "cnn_lstm/A gates.ipynb") == "Gates: what is kept?"


def test_what_is_about_convolutions_stays_with_models_that_have_some(written):
    with_them, without = (
        "".join(cell.source for cell in cells_of(written / model / "A gates.ipynb"))
        for model in ("cnn_lstm", "lstm")
    )
    assert "## Filters" in with_them and "about filters" in with_them
    assert "ilters" not in without


def test_the_files_of_a_figure_are_linked_below_its_caption_and_lie_beside_the_page(written):
    page = written / "cnn_lstm/A gates.ipynb"  # written last
    outputs = cells_of(page)[-1].outputs
    assert [output.data.get("text/markdown") for output in outputs] == [
        None,
        "**Figure A1.** A \\*caption\\*.\n\n[Figure at 300 dpi (PNG)](A%20gates/A1_open.png) · "
        "[Numbers (CSV)](A%20gates/A1_open.csv)",
        None,
        "**Figure A2.** Without numbers.\n\n[Figure at 300 dpi (PNG)](A%20gates/A2_shut.png)",
    ]
    beside = sorted(page.with_suffix("").iterdir())
    assert [file.name for file in beside] == ["A1_open.csv", "A1_open.png", "A2_shut.png"]
    assert all(file.samefile(written / "results/gates" / file.name) for file in beside)
    assert str(written) not in page.read_text()  # nothing of this machine


def test_files_of_an_earlier_page_go(tmp_path):
    page, png = tmp_path / "page.ipynb", tmp_path / "A1_new.png"
    png.write_bytes(b"new")
    old = page.with_suffix("") / "A1_old.png"
    old.parent.mkdir()
    old.touch()
    figure = new_output("display_data", metadata={FILES: [str(png)]})
    caption = new_output("display_data", {"text/markdown": "A caption."})
    put_files_beside(page, [new_code_cell(outputs=[figure, caption])])
    assert [file.name for file in old.parent.iterdir()] == ["A1_new.png"]


def test_figures_of_the_same_name_have_files_of_their_own(tmp_path):
    page, outputs = tmp_path / "page.ipynb", []
    for model in ("one", "other"):
        png = tmp_path / model / "A1_open.png"
        png.parent.mkdir()
        png.write_text(model)
        outputs.append(new_output("display_data", metadata={FILES: [str(png)]}))
        outputs.append(new_output("display_data", {"text/markdown": model}))
    put_files_beside(page, [new_code_cell(outputs=outputs)])
    beside = {file.name: file.read_text() for file in page.with_suffix("").iterdir()}
    assert beside == {"A1_open.png": "one", "A1_open_2.png": "other"}
    assert outputs[3].data["text/markdown"] == "other\n\n[Figure at 300 dpi (PNG)](page/A1_open_2.png)"


def test_a_file_is_copied_where_there_are_no_hard_links(tmp_path, monkeypatch):
    def refuse(*paths):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    source, target = tmp_path / "a.csv", tmp_path / "below/b.csv"
    source.write_text("1")
    place(source, target)
    source.write_text("2")
    place(source, target)
    assert target.read_text() == "2"
    assert not target.samefile(source)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(LstmkitError, match=r"b\.png cannot be written: no such file.*results/a\.png"):
        place(tmp_path / "results/a.png", tmp_path / "b.png")


@pytest.mark.parametrize(
    ("label", "ahead", "title"),
    [
        ("LSTM", ["1 h"], "LSTM, 1 h ahead (co2)"),
        ("mine", ["5 steps", "1 h", "24 h"], "mine, 5 steps, 1 h and 24 h ahead (co2)"),
        ("LSTM", [], "LSTM (co2)"),
    ],
)
def test_titles(label, ahead, title):
    assert title_of(label, "co2", ahead) == title


def test_marks_in_a_title_are_text_and_a_heading_may_ask_nothing():
    cells = [new_markdown_cell("No heading."), new_markdown_cell("# Mine"), new_markdown_cell("# Another")]
    _entitle(cells, "_a_<b>, 1 h ahead")
    assert [cell.source for cell in cells] == [
        "No heading.",
        "# Mine: \\_a\\_\\<b\\>, 1 h ahead",
        "# Another",
    ]
    assert cells[1].metadata[HEADING] == "Mine"


def test_a_damaged_page_is_named(tmp_path):
    page = tmp_path / "page.ipynb"
    page.write_text('{"cells": [')
    with pytest.raises(
        LstmkitError, match=r"page\.ipynb is damaged; delete it, and `make report` makes it again$"
    ):
        heading_of(page)


@pytest.mark.parametrize("notebook", OF_BOTH, ids=lambda path: path.stem)
def test_cells_that_ask_for_convolutions_are_tagged_with_the_text_above_them(notebook):
    cells = json.loads(notebook.read_text())["cells"]
    tagged = [CONVOLUTIONS in cell["metadata"].get("tags", []) for cell in cells]
    for place_of, cell in enumerate(cells):
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            assert ("model.stages" in source or "has_relu" in source) <= tagged[place_of], source
        elif tagged[place_of]:
            assert tagged[place_of + 1], source  # a section without its code would be empty
        elif place_of + 1 < len(cells) and cells[place_of + 1]["cell_type"] == "code":
            assert not tagged[place_of + 1], source
