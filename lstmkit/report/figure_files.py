"""The large files of the figures on a page: links to them below the captions, and the files beside the page."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

from nbformat import NotebookNode

from lstmkit.report.display import FILES
from lstmkit.storage.files import remove, write_whole, writing

NAMES = {".png": "Figure at 300 dpi (PNG)", ".csv": "Numbers (CSV)"}


def put_files_beside(page: Path, cells: list[NotebookNode]) -> None:
    """Link the files of each figure below its caption, and put them into a folder of the page's name.

    Args:
        page: where the executed notebook shall be.
        cells: of the executed notebook; the links are added to their outputs.

    Raises:
        LstmkitError: a file cannot be written.
    """
    folder = page.with_suffix("")
    remove(folder)
    taken: Counter[str] = Counter()  # of two models on one page, figures have the same names
    for figure, caption in _captioned(cells):
        links = []
        for file in map(Path, figure.metadata.pop(FILES)):
            taken[file.name] += 1
            more = f"_{taken[file.name]}" if taken[file.name] > 1 else ""
            name = f"{file.stem}{more}{file.suffix}"
            place(file, folder / name)
            links.append(f"[{NAMES[file.suffix]}]({quote(folder.name)}/{name})")
        caption.data["text/markdown"] += "\n\n" + " · ".join(links)


def place(source: Path, target: Path) -> None:
    """Let a file be found in a second place; it takes no space there where the file system has hard links.

    Args:
        source: the file, which is never written in place.
        target: the second place; its folder is made.

    Raises:
        LstmkitError: the file cannot be written.
    """
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(source, target)
        except OSError:
            write_whole(target, lambda draft: shutil.copyfile(source, draft))


def _captioned(cells: list[NotebookNode]) -> Iterator[tuple[NotebookNode, NotebookNode]]:
    """Each figure that has files, with its caption."""
    for cell in cells:
        for figure, caption in pairwise(cell.get("outputs", [])):
            if FILES in figure.get("metadata", {}):
                yield figure, caption
