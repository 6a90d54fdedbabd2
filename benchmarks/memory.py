"""Peak memory of every section of a report, for a test part and for one ten times as long.

Makes a study of the simulated office in a temporary folder, with models of the default size that are hardly trained
(memory does not depend on what they learned) and the day-ahead horizon, and executes every notebook in a process of
its own, for both lengths of the test part. A figure is the largest resident set of any process of that notebook. Run
`python benchmarks/memory.py --help`; see README.md beside this file.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import yaml

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
TRAINING_DAYS, VALIDATION_DAYS, HORIZON = 60, 15, 288
MEASURE = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "lstmkit", "page", *sys.argv[1:]], capture_output=True, text=True)
sys.stderr.write(done.stderr[-2000:] if done.returncode else "")
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


def study(test_days: int) -> dict:
    """The default study but for its length, hardly trained."""
    days = TRAINING_DAYS + VALIDATION_DAYS + test_days
    return {
        "title": "Memory",
        "data": {"source": "simulated", "interval": "5min", "simulator": {"days": days}},
        "split": {"train": TRAINING_DAYS / days, "validation": VALIDATION_DAYS / days},
        "horizons": [12, HORIZON],
        "models": {"lstm": {"kind": "lstm"}, "cnn_lstm": {"kind": "cnn_lstm"}},
        "training": {"epochs": 1, "windows_per_epoch": 128, "validation_windows": 64},
    }


def peaks(test_days: int, models: list[str], sections: list[Path]) -> dict[tuple[str, str], float]:
    """Megabytes per model and section."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        params = Path(name, "params", "memory.yml")
        params.parent.mkdir()
        params.write_text(yaml.safe_dump(study(test_days)))
        for model in models:
            for notebook in sections:
                found[model, notebook.stem] = peak(notebook, params, model)
                print(
                    f"{test_days} days, {model}, {notebook.stem}: {found[model, notebook.stem]:.0f} MB",
                    flush=True,
                )
    return found


def peak(notebook: Path, params: Path, model: str) -> float:
    """Megabytes of one section, and an error where it fails."""
    page = params.parent.parent / "page.ipynb"
    arguments = [str(argument) for argument in (notebook, page, params, model, HORIZON)]
    command = [sys.executable, "-c", MEASURE, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{notebook.stem} failed for {model}:\n{done.stderr}")
    return int(done.stdout.split()[-1]) / 1024  # kilobytes on Linux


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=36, help="days of the shorter test part (default 36)")
    parser.add_argument("--models", nargs="+", default=["lstm", "cnn_lstm"], help="default: both")
    parser.add_argument("--sections", nargs="+", help="names of notebooks (default: all)")
    given = parser.parse_args()
    sections = sorted(NOTEBOOKS.glob("*.ipynb"))
    if given.sections:
        sections = [notebook for notebook in sections if notebook.stem in given.sections]
    once, tenfold = (peaks(days, given.models, sections) for days in (given.days, 10 * given.days))
    table = pd.DataFrame({f"{given.days} days": once, f"{10 * given.days} days": tenfold})
    print("\npeak memory in MB, test part of")
    print(table.round().astype(int).to_string())
    print(f"peak_mb={max(once.values()):.0f} peak_mb_tenfold={max(tenfold.values()):.0f}")


if __name__ == "__main__":
    main()
