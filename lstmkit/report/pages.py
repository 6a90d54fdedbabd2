"""Executes a notebook into a page of the book."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError

from lstmkit.data.calendar import Calendar
from lstmkit.errors import LstmkitError
from lstmkit.params import find_params, load_params
from lstmkit.report.figure_files import put_files_beside
from lstmkit.report.layout import model_label
from lstmkit.sections import SECTIONS
from lstmkit.storage.files import write_whole
from lstmkit.wording import escaped, listed

INJECTED_CELL = "injected-parameters"
CONVOLUTIONS = "convolutions"  # tag of cells that say nothing of a model without any
HEADING = "lstmkit_heading"  # key of a page's metadata: the notebook's own heading
FIRST_HEADING = re.compile(r"# (?P<topic>[^:\n]*)(: *(?P<question>[^\n]*))?")
VOLATILE = ("papermill", "execution", "widgets")  # metadata that differ from one execution to the next


def write_page(notebook: Path, page: Path, study: str, model: str, horizon: int) -> None:
    """Execute a notebook and put it into the book; two executions with the same results give the same bytes.

    The title names the model, the horizon and the study. Progress bars are left out, and so is what is about
    convolutions where the model has none. The captions of figures become the pictures' alternatives, with links to
    their files below.

    Args:
        notebook: with a cell tagged `parameters`.
        page: where the executed notebook shall be.
        study: name or path of the study.
        model: one of its models.
        horizon: one of its horizons, in steps.

    Raises:
        LstmkitError: as a cell of the notebook raised it, or a file cannot be written.
    """
    executed = _execute(notebook, {"study": study, "model": model, "horizon": horizon})
    source = find_params(study)
    params = load_params(source)
    executed.cells = _until_the_end(executed.cells)
    if not params.models[model].has_convolutions:
        executed.cells = [cell for cell in executed.cells if CONVOLUTIONS not in _tags(cell)]
    compared = any(section.notebook == notebook.stem and section.compares_horizons for section in SECTIONS)
    steps = params.horizons if compared else [horizon]
    ahead = [Calendar(params.data.interval).label(each) for each in steps]
    _entitle(executed.cells, title_of(model_label(params, model), source.stem, ahead))
    for cell in executed.cells:
        _clean(cell)
    put_files_beside(page, executed.cells)
    for part in (executed, *executed.cells):
        for key in VOLATILE:
            part.metadata.pop(key, None)
    write_whole(page, lambda draft: nbformat.write(executed, draft))


def title_of(label: str, study: str, ahead: Sequence[str] = ()) -> str:
    """The model, horizons and study of a page, for example `LSTM, 1 h and 24 h ahead (co2)`.

    Args:
        label: of the model.
        study: name of the study; a book may hold several.
        ahead: the horizons as people write them, such as `1 h`; none on a page about all that there is.
    """
    return f"{label}, {listed(ahead)} ahead ({study})" if ahead else f"{label} ({study})"


def heading_of(page: Path) -> str | None:
    """The heading of the notebook behind a page, for lists of pages; None where the page does not hold it.

    Args:
        page: as `write_page` wrote it.

    Raises:
        LstmkitError: the page is damaged.
    """
    try:
        cells = json.loads(page.read_text(encoding="utf-8"))["cells"]
        return next((cell["metadata"][HEADING] for cell in cells if HEADING in cell["metadata"]), None)
    except (ValueError, LookupError, TypeError):
        raise LstmkitError(f"{page} is damaged; delete it, and `make report` makes it again") from None


def _execute(notebook: Path, parameters: dict[str, str | int]) -> nbformat.NotebookNode:
    try:
        return papermill.execute_notebook(notebook, None, parameters, progress_bar=False)
    except PapermillExecutionError as error:
        if error.ename == LstmkitError.__name__:
            raise LstmkitError(error.evalue) from None
        raise


def _until_the_end(cells: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """The cells up to the one that ended the page, where one did, without Jupyter's account of it."""
    for place, cell in enumerate(cells):
        kept = [output for output in cell.get("outputs", []) if output.get("ename") != "SystemExit"]
        if len(kept) < len(cell.get("outputs", [])):
            cell.outputs = kept
            return cells[: place + 1]
    return cells


def _entitle(cells: list[nbformat.NotebookNode], title: str) -> None:
    """Let the page's heading name its topic and what it is about; the question becomes its first line."""
    for cell in cells:
        if cell.cell_type == "markdown" and (found := FIRST_HEADING.match(cell.source)):
            heading = f"# {found['topic']}: {escaped(title)}"
            question = found["question"] or ""
            asked = f"\n\n*{question[:1].upper()}{question[1:]}*" if question else ""
            cell.metadata[HEADING] = found[0].removeprefix("# ")
            cell.source = heading + asked + cell.source[found.end() :]
            return


def _clean(cell: nbformat.NotebookNode) -> None:
    """Leave out progress, give pictures their alternatives, and hide the parameters."""
    if cell.cell_type == "code":
        cell.outputs = [output for output in cell.outputs if not _is_progress(output)]
        if caption := _caption(cell):
            cell.metadata["mystnb"] = {"image": {"alt": caption}}
    if INJECTED_CELL in _tags(cell):
        cell.metadata.tags.append("hide-input")
        cell.id = INJECTED_CELL


def _tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def _caption(cell: nbformat.NotebookNode) -> str:
    """What the cell's figure shows, for those who cannot see it."""
    said = [output.get("data", {}) for output in cell.outputs]
    captions = [data["text/plain"] for data in said if "text/markdown" in data]
    return next((caption for caption in captions if caption.startswith("Figure")), "")


def _is_progress(output: dict) -> bool:
    return output.get("name") == "stderr" or "application/vnd.jupyter.widget-view+json" in output.get(
        "data", {}
    )
