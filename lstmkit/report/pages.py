"""Executes a notebook into a page of the book."""

from pathlib import Path

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError

from lstmkit.errors import LstmkitError
from lstmkit.storage.files import write_whole

INJECTED_CELL = "injected-parameters"
VOLATILE = ("papermill", "execution", "widgets")  # metadata that differ from one execution to the next


def write_page(notebook: Path, page: Path, study: str, model: str, horizon: int) -> None:
    """Execute a notebook and put it into the book; two executions with the same results give the same bytes.

    Progress bars are left out, and the captions of figures become the pictures' alternatives.

    Args:
        notebook: with a cell tagged `parameters`.
        page: where the executed notebook shall be.
        study: name or path of the study.
        model: one of its models.
        horizon: one of its horizons, in steps.

    Raises:
        LstmkitError: as a cell of the notebook raised it.
    """
    executed = _execute(notebook, {"study": study, "model": model, "horizon": horizon})
    executed.cells = _until_the_end(executed.cells)
    for cell in executed.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_progress(output)]
            if caption := _caption(cell):
                cell.metadata["mystnb"] = {"image": {"alt": caption}}
        if INJECTED_CELL in cell.metadata.get("tags", []):
            cell.metadata.tags.append("hide-input")
            cell.id = INJECTED_CELL
    for part in (executed, *executed.cells):
        for key in VOLATILE:
            part.metadata.pop(key, None)
    write_whole(page, lambda draft: nbformat.write(executed, draft))


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


def _caption(cell: nbformat.NotebookNode) -> str:
    """What the cell's figure shows, for those who cannot see it."""
    said = [output.get("data", {}) for output in cell.outputs]
    captions = [data["text/plain"] for data in said if "text/markdown" in data]
    return next((caption for caption in captions if caption.startswith("Figure")), "")


def _is_progress(output: dict) -> bool:
    return output.get("name") == "stderr" or "application/vnd.jupyter.widget-view+json" in output.get(
        "data", {}
    )
