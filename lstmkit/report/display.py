"""What a notebook shows: figures with their captions, tables to three digits, and findings."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import Image, display

from lstmkit.storage.files import write_csv, write_whole
from lstmkit.wording import digits, escaped

PRINT_DPI, SCREEN_DPI = 300, 140
FILES = "lstmkit_files"  # key of a picture's metadata: paths of its large version and of its numbers


def show_figure(figure, path: Path, caption: str, table: pd.DataFrame | None) -> None:
    """Save a figure with its numbers beside it, and show it with its caption.

    Args:
        figure: a matplotlib figure.
        path: of the PNG; its name begins with the figure's number in the plan.
        caption: a sentence or two under the figure, as plain text.
        table: the figure's numbers, for a CSV of the same name.
    """
    files = [path]
    write_whole(path, lambda draft: figure.savefig(draft, dpi=PRINT_DPI))
    if table is not None:
        files.append(path.with_suffix(".csv"))
        write_csv(files[-1], table)
    figure.set_layout_engine("none")  # the layout that was found stays
    screen = BytesIO()
    figure.savefig(screen, format="png", dpi=SCREEN_DPI)
    label = f"Figure {path.stem.split('_', 1)[0]}" if "_" in path.stem else "Figure"
    display(Image(screen.getvalue()), metadata={FILES: [str(file.absolute()) for file in files]})
    show_text(f"**{label}.** {escaped(caption)}", f"{label}. {caption}")


def show_table(table: pd.DataFrame) -> None:
    """Show a table with three significant digits, and its columns' names as people write them.

    Args:
        table: numbers and words.
    """
    with pd.option_context("display.html.use_mathjax", False):  # a name's dollar signs are no formula
        display(table.map(_shown).rename(columns=_heading))


def show_banner(caution: str | None, label: str, said: str = "") -> None:
    """Show what a page is about, below what a reader should know first.

    Args:
        caution: sentences as plain text, or none.
        label: model, horizon and data, as plain text.
        said: what else belongs to every page, as plain text.
    """
    marked, plain = f"**{escaped(label)}.**", f"{label}."
    if said:
        marked, plain = f"{marked} {escaped(said)}", f"{plain} {said}"
    if caution:
        marked, plain = f"> **Caution.** {escaped(caution)}\n\n{marked}", f"Caution. {caution}\n\n{plain}"
    show_text(marked, plain)


def show_finding(finding: str) -> None:
    """Show what this run found.

    Args:
        finding: sentences as plain text.
    """
    show_text(f"> **This run.** {escaped(finding)}", f"This run. {finding}")


def show_text(markdown: str, plain: str | None = None) -> None:
    """Show Markdown.

    Args:
        markdown: the text; whatever comes from a study's YAML is escaped in it.
        plain: the same without marks, for readers that show none.
    """
    display(_Text(markdown, plain or markdown))


@dataclass(frozen=True)
class _Text:
    """Text as a notebook takes it: with marks, and without."""

    markdown: str
    plain: str

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __repr__(self) -> str:
        return self.plain


def _heading(column: object) -> str:
    return str(column).replace("_percent", " (%)").replace("_hours", " (h)").replace("_", " ")


def _shown(value: object) -> str:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return digits(value) if np.isfinite(value) else "–"
