"""A notebook executed in this process, as quickly as its code allows, and what a reader sees of it."""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import pandas as pd

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def executed(notebook: str, **parameters: object) -> str:
    """All that a notebook shows but its code and its own Markdown: tables, findings and captions.

    The working folder holds the study; outside of a kernel, what is displayed is printed.
    """
    namespace: dict[str, object] = {}
    shown = io.StringIO()
    whole_tables = pd.option_context(
        "display.width", None, "display.max_columns", None, "display.max_rows", None
    )
    with redirect_stdout(shown), whole_tables:
        for cell in json.loads((NOTEBOOKS / f"{notebook}.ipynb").read_text())["cells"]:
            if "parameters" in cell["metadata"].get("tags", ()):
                namespace |= parameters
            elif cell["cell_type"] == "code":
                exec("".join(cell["source"]), namespace)
    return shown.getvalue()
