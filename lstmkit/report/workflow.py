"""Runs the grid of notebooks of one study with Snakemake, and goes on where an earlier run was cut off."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout

from lstmkit.errors import ERROR, LstmkitError
from lstmkit.params import find_params, load_params
from lstmkit.report.layout import results_folder
from lstmkit.storage.drafts import remove_drafts

LOCK = ".report.lock"
PAGES = Path("book", "studies")


def run_report(study: str, cores: str) -> None:
    """Train, execute every notebook of a study, and build the book.

    One run per study at a time; a second one waits. The operating system frees the lock of a run that was killed.

    Args:
        study: name or path of the study.
        cores: how many the notebooks may use together, or `all`.

    Raises:
        LstmkitError: the study's YAML, a notebook or the book could not be used; the message names the log.
    """
    source = find_params(study)
    load_params(source)
    results = results_folder(source)
    results.mkdir(parents=True, exist_ok=True)
    with _alone(results / LOCK, study):
        started = time.time()
        for folder in (results, PAGES / source.stem):
            remove_drafts(folder)
        with _writable_home() as home:
            failed = _snakemake(study, cores, home)
    if failed:
        raise LstmkitError(_why(results, started))


def _alone(path: Path, study: str) -> FileLock:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"Another report of {study} is running; this one waits for it.", flush=True)
        lock.acquire()
    return lock


@contextmanager
def _writable_home() -> Iterator[str]:
    """The home folder, in which Snakemake and Jupyter write; a temporary one where it cannot be written."""
    home = str(Path.home())
    if os.access(home, os.W_OK):
        yield home
        return
    with TemporaryDirectory(prefix="lstmkit-home-") as temporary:
        print(f"The home folder {home} cannot be written; {temporary} takes its place.", flush=True)
        yield temporary


def _snakemake(study: str, cores: str, home: str) -> int:
    """The exit status of a run that redoes what a killed one left unfinished."""
    command = [sys.executable, "-m", "snakemake", "--cores", cores, "--nolock", "--rerun-incomplete"]
    # a value of --config is read as YAML, in which 2024 would be a number
    command += ["--quiet", "host", "reason", "--config", f"study={json.dumps(study)}"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(command, env=os.environ | {"PATH": path, "HOME": home})
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Snakemake gets it as well, and ends its jobs
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


def _why(results: Path, started: float) -> str:
    """The errors in which logs end that were written since the start, each with one log that holds it."""
    logs = [log for log in results.rglob("logs/*.log") if log.stat().st_mtime >= started]
    ends = {
        log.read_text(errors="replace").strip().rpartition("\n")[2]: log for log in sorted(logs, reverse=True)
    }
    said = [
        f"{end.removeprefix(ERROR)} ({os.path.relpath(log)})"
        for end, log in ends.items()
        if end.startswith(ERROR)
    ]
    return "; ".join(said) or "the report could not be completed; what Snakemake printed stands above"
