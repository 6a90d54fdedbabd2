"""Builds the book; one process at a time, and from nothing where an earlier build was cut off."""

import shutil
import subprocess
from pathlib import Path

from lstmkit.errors import LstmkitError
from lstmkit.report.index import write_index
from lstmkit.storage.files import locked

COMMAND = ("jupyter-book", "build", "--quiet")


def write_book(study: str, book: Path) -> None:
    """Write the pages above a study's sections, and build the book.

    Args:
        study: name or path of the study.
        book: the book's folder.

    Raises:
        LstmkitError: the book cannot be built.
    """
    write_index(study, book)
    built = book / "_build"
    with locked(book / ".build.lock"):
        unfinished = book / ".build.unfinished"
        if unfinished.exists():
            shutil.rmtree(built, ignore_errors=True)
        unfinished.touch()
        done = subprocess.run([*COMMAND, str(book)], check=False)
        if done.returncode:
            raise LstmkitError(f"jupyter-book could not build {book}; what it printed stands above")
        unfinished.unlink()
