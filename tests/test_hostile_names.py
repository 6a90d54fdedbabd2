"""Names, units, titles and descriptions are text: whatever is in them, a page shows it and runs nothing of it."""

import ast
import html
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from markdown_it import MarkdownIt

from lstmkit.wording import escaped

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
SECRET = "what another file holds"
TARGET = "<img src=x onerror=alert(1)>"
OTHERS = [
    "[a](javascript:alert(2)) ![b](x)",
    "$x_1$ *b* **d** `e` ~f~ | {{g}} {raw}`h` 5_h_ &amp; \\ # 1. <!-- i",
]
UNIT = "<b>u</b> %{x} $y$ {sub}`z`"
LABELS = ["<i>Low</i> $l$", "| Medium | \\| *", "**High** {abbr}`a (b)` %{y}"]
FILE = "<img src=y onerror=alert(4)> *f* $g$"
TITLE = "<script>alert(5)</script> {{ title }} [t](javascript:alert(6)) $m$ `c` *e* # http://t.example"
DESCRIPTION = """```{include} ../../secret.txt
```

:::{raw} html
<script>alert(7)</script>
:::
<!-- comment --> [d](javascript:alert(8)) www.d.example {raw}`<img src=z onerror=alert(9)>` | a | $e^2$ % {{ s }}
"""
MARKED = {
    "b",
    "x_1",
    "y",
    "z",
    "l",
    "m",
    "c",
    "d",
    "e",
    "e^2",
    "f",
    "g",
    "h",
    "Low",
    "High",
    "a",
}  # in the names above
ADDRESSES = r"javascript:|(https?:)?//(t|www\.d)\.example"
SECTIONS = ("01_training", "C_hidden_states", "summary")
OF_THE_STUDY = ("index.html", *(f"studies/hostile/{page}.html" for page in (
    "index", "lstm/index", "lstm/summary", "lstm/h2/index", "lstm/h2/01_training", "lstm/h2/C_hidden_states",
)))  # fmt: skip


def study() -> str:
    columns = {
        name: {"column": f"c{n}", "unit": UNIT, "range": "none"} for n, name in enumerate([TARGET, *OTHERS])
    }
    return yaml.safe_dump(
        {
            "title": TITLE,
            "description": DESCRIPTION,
            "data": {
                "source": f"data/{FILE}.csv",
                "interval": "1h",
                "target": TARGET,
                "time": {"column": "t"},
                "columns": columns,
            },
            "variant": "raw",
            "groups": {"labels": LABELS},
            "horizons": [2],
            "windows": {"lookback": 12, "residual": "none"},
            "models": {"lstm": {"kind": "lstm", "hidden": 4, "layers": 1}},
            "training": {
                "epochs": 3,
                "windows_per_epoch": 512,
                "validation_windows": 64,
                "learning_rate": 0.02,
                "ema_decay": 0,
            },
            "evaluation": {"bootstrap": 20},
        }
    )


def recording() -> pd.DataFrame:
    """Forty days with a daily rhythm and noise, made up."""
    random, hours = np.random.default_rng(5), np.arange(40 * 24)
    values = np.sin(2 * np.pi * hours / 24)[:, None] + random.normal(0, 0.3, (len(hours), 3))
    stamps = pd.date_range("2024-01-01", periods=len(hours), freq="1h", tz="UTC", name="t")
    return pd.DataFrame(values, stamps, ["c0", "c1", "c2"])


def run(folder: Path, *command: str) -> None:
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A checkout with a hostile study, of which some sections were executed and the book was built."""
    folder = tmp_path_factory.mktemp("hostile") / "checkout"
    write_checkout(folder)
    for section in SECTIONS:
        page = f"book/studies/hostile/lstm/{'' if section == 'summary' else 'h2/'}{section}.ipynb"
        arguments = (f"notebooks/{section}.ipynb", page, "hostile", "lstm", "2")
        run(folder, sys.executable, "-m", "lstmkit", "page", *arguments)
    run(folder, sys.executable, "-m", "lstmkit", "index", "hostile", "book")
    run(folder, "jupyter-book", "build", "book")
    return folder


def write_checkout(folder: Path) -> None:
    """The files of a fresh clone but for the pages of the book that hold nothing of a study; and the hostile study."""
    ignored = shutil.ignore_patterns(
        ".*",
        "_build",
        "studies",
        "results",
        "__pycache__",
        "*.egg-info",
        "tests",
        "api",
        "api.md",
        "methods.md",
        "reading.md",
    )
    shutil.copytree(ROOT, folder, ignore=ignored, symlinks=True)
    contents = {"format": "jb-book", "root": "index", "chapters": [{"glob": "studies/*/index"}]}
    (folder / "book" / "_toc.yml").write_text(yaml.safe_dump(contents))
    (folder / "book" / "secret.txt").write_text(SECRET)
    (folder / "params" / "hostile.yml").write_text(study())
    (folder / "data").mkdir()
    recording().to_csv(folder / "data" / f"{FILE}.csv")


class Page(HTMLParser):
    """What a browser would make of a page: its elements with their attributes, its text, and its scripts."""

    def __init__(self, path: Path):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.scripts = "", ""
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] in ("script", "style"):
            self.scripts += data
        else:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.elements.append(("", {}))

    def shows(self, text: str) -> bool:
        return plain(text) in plain(self.text)


def plain(text: str) -> str:
    """Text without what typography changes: white space, quotes and dashes."""
    return re.sub(r"[\s‘’“”'\"…–-]+|\.\.\.", "", text)


@pytest.fixture(scope="module")
def pages(checkout) -> dict[str, Page]:
    root = checkout / "book" / "_build" / "html"
    return {
        str(path.relative_to(root)): Page(path)
        for path in root.rglob("*.html")
        if "_static" not in path.parts
    }


def test_no_element_attribute_or_script_comes_from_a_name(pages):
    assert set(OF_THE_STUDY) <= set(pages)
    for name, page in pages.items():
        for tag, attributes in page.elements:
            assert not any(
                "alert(" in (attributes[key] or "") for key in attributes if key.startswith("on")
            ), name
            assert not re.match(ADDRESSES, attributes.get("href") or ""), name
            assert tag != "img" or attributes.get("src") not in ("x", "y", "z"), name
            assert tag not in ("b", "u"), name
        assert not re.search(r"alert\(\d\)", page.scripts), name


def test_nothing_of_a_name_becomes_a_formula_or_emphasis(checkout):
    for name in OF_THE_STUDY:
        article = (
            (checkout / "book/_build/html" / name)
            .read_text()
            .partition("<article")[2]
            .partition("</article>")[0]
        )
        for inside in re.findall(
            r'<(?:em|strong|code|i|del|abbr|sub|span class="math[^"]*")[^>]*>([^<]*)<', article
        ):
            assert html.unescape(inside).strip("$\\() ") not in MARKED, name


def test_no_other_file_is_shown(checkout, pages):
    assert (checkout / "book" / "secret.txt").read_text() == SECRET
    assert not any(page.shows(SECRET) for page in pages.values())


def test_the_study_shows_its_title_and_description_as_they_are(pages):
    for name in ("index.html", "studies/hostile/index.html"):
        assert pages[name].shows(TITLE), name
        assert pages[name].shows(" ".join(DESCRIPTION.split())), name
        assert pages[name].shows(f"RMSE ({UNIT})"), name


@pytest.mark.parametrize(
    ("section", "texts"),
    [
        ("h2/01_training", [FILE, UNIT, TARGET, *LABELS[::2]]),
        ("h2/C_hidden_states", [FILE, UNIT]),
        ("summary", [UNIT]),
    ],
)
def test_a_section_shows_names_as_they_are(pages, section, texts):
    page = pages[f"studies/hostile/lstm/{section}.html"]
    for text in texts:
        shown = text.replace("_", " ") if text in (TARGET, *OTHERS) else text
        assert page.shows(shown), text


def test_a_name_is_no_markup_in_the_list_of_found_pages(checkout):
    index = (checkout / "book/_build/html/searchindex.js").read_text()
    titles = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))
    for title in [*titles["titles"], *titles["alltitles"]]:
        assert not re.search(r"<(?!/?(em|strong|code|span)\b)", title), title


def test_the_figure_that_turns_shows_names_as_they_are(pages):
    scripts = pages["studies/hostile/lstm/h2/C_hidden_states.html"].scripts
    names = [json.loads(f'"{name}"') for name in re.findall(r'"name":"((?:[^"\\]|\\.)*)"', scripts)]
    assert [html.unescape(name) for name in names] == LABELS
    assert not any("<" in name or "%{" in name for name in names)


def test_what_is_found_is_plain_text():
    """Findings and captions are escaped where they are shown, so marks would be shown; a summary is Markdown."""
    for folder in ("analysis", "internals"):
        for path in {*(ROOT / "lstmkit" / folder).rglob("*.py")} - {ROOT / "lstmkit/report/summary.py"}:
            assert not [text for text in strings(path) if re.search(r"\*\*\w|\w[.:]?\*\*", text)], path


def strings(path: Path) -> list[str]:
    """The strings of a module but for its documentation."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    documentation = [id(node.value) for node in nodes if isinstance(node, ast.Expr)]
    constants = [node for node in nodes if isinstance(node, ast.Constant) and id(node) not in documentation]
    return [node.value for node in constants if isinstance(node.value, str)]


MARKS = [
    TARGET,
    *OTHERS,
    UNIT,
    *LABELS,
    FILE,
    TITLE,
    DESCRIPTION,
    "1. a",
    "- a",
    "+ a",
    "= a",
    "% a",
    ": a",
    "a.b",
    "#",
]
MARKS += [
    "(a)=",
    "+++",
    "---",
    ":::{raw} html",
    "2) a",
    "    code",
    "a\\",
    "http://a.b",
    "//localhost",
    "a@b.c",
    "^^^",
]


@pytest.mark.parametrize("text", MARKS)
@pytest.mark.parametrize("flavour", ["commonmark", "gfm-like"])
def test_an_escaped_text_is_a_paragraph_of_that_text(text, flavour):
    rendered = MarkdownIt(flavour).render(escaped(text))
    line = " ".join(text.split())
    assert html.unescape(rendered).split() == f"<p>{line}</p>".split()


@pytest.mark.parametrize("text", MARKS)
def test_an_escaped_text_is_a_cell_of_that_text(text):
    rendered = MarkdownIt("gfm-like").render(f"| a | b |\n|--|--|\n| {escaped(text)} | c |\n")
    cells = re.findall(r"<td>(.*?)</td>", rendered)
    assert [html.unescape(cell).split() for cell in cells] == [text.split(), ["c"]]
