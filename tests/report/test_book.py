"""The whole run on the tiny study, and the book with everything, something and nothing executed."""

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.report.browser import CHROMIUM, look

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
OF_EVERY_MODEL = (
    "01_training",
    "A_gates",
    "B_attribution",
    "C_hidden_states",
    "D_temporal",
    "E_predictions",
    "E_weights",
)
OF_CONVOLUTIONS = ("A_filters", "E_convolutions")
OF_ALL_HORIZONS = ("E_horizons", "summary")
SECTIONS = {"lstm": OF_EVERY_MODEL, "cnn_lstm": OF_EVERY_MODEL + OF_CONVOLUTIONS}
PAGES = [
    *(f"{model}/{h}/{name}" for model in SECTIONS for h in ("h1", "h24") for name in SECTIONS[model]),
    *(f"{model}/{name}" for model in SECTIONS for name in OF_ALL_HORIZONS),
]
PLANNED = {
    "lstm": {
        "gate_dynamics": "A1 A2 A3 A4 A5 A6 A7",
        "gradient_attribution": "B1 B2 B3 B4 B5",
        "hidden_state_analysis": "C1 C2 C3 C4 C5 C6 C7 C8 C9 C10",
        "temporal_patterns": "D1 D2 D3 D4",
        "lstm_specific": "E1 E2 E3",
        "predictions": "E4 E5 E6 E7",
    },
    "cnn_lstm": {
        "cnn_filters": "A1 A2 A3 A4 A5 A6 A7 A8",
        "gradient_attribution": "B1 B2 B3 B4 B5 B6",
        "hidden_state_analysis": "C1 C2 C3 C4 C5 C6 C7 C8",
        "temporal_patterns": "D1 D2 D3 D4 D5 D6",
        "cnn_lstm_specific": "E1 E2 E3",
        "predictions": "E4 E5 E6 E7",
    },
}
COMPARISONS = {"lstm": "E8 E9 E16", "cnn_lstm": "E8 E9 E10 E16"}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """The files of a fresh clone, without its virtual environment."""
    folder = tmp_path_factory.mktemp("checkout") / "lstmkit"
    ignored = shutil.ignore_patterns(".*", "_build", "studies", "results", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, folder, ignore=ignored, symlinks=True)
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)


def build(folder: Path) -> None:
    done = run(folder, "jupyter-book", "build", "book", "-W", "-n", "--keep-going")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def report(folder: Path) -> str:
    done = run(folder, "snakemake", "--cores", "2", "--config", "study=smoke")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def jobs(output: str) -> set[str]:
    """The jobs that ran, as their messages name them."""
    return set(re.findall(r"^Job \d+: ((?:Training|Executing|Building) .*)$", output, re.MULTILINE))


def page(folder: Path, name: str) -> str:
    return (folder / "book/_build/html" / name).read_text()


def test_builds_with_nothing_executed(checkout):
    build(checkout)
    assert "Nothing has been executed yet" in page(checkout, "index.html")


@pytest.fixture(scope="module")
def reported(checkout) -> Path:
    # and two networks of each model and horizon, the page of other libraries' models, and the book
    assert len(jobs(report(checkout))) == len(PAGES) + 8 + 1 + 1
    return checkout


def test_report_builds_every_page(reported):
    build(reported)
    for name in PAGES:
        html = page(reported, f"studies/smoke/{name}.html")
        assert "Figure" in html
        assert "Epoch 0" not in html  # progress bars stay out
        assert re.search(r'<img alt="Figure', html)
    assert "Nothing has been executed yet" not in page(reported, "index.html")


def test_models_of_other_libraries_have_a_page(reported):
    build(reported)
    html = page(reported, "studies/smoke/peers.html")
    for name in ("neuralforecast LSTM", "darts BlockRNNModel"):
        assert f"{name}, 24 h ahead, the simulated office." in html
    assert html.count('<img alt="Figure A9') == 2
    assert "peers.html" in page(reported, "studies/smoke/index.html")
    cells = (reported / "book/studies/smoke/peers.ipynb").read_text()
    assert "(peers/A9_memory_timescales.png)" in cells
    assert "(peers/A9_memory_timescales_2.png)" in cells
    first, second = (
        (reported / "book/studies/smoke/peers" / f"A9_memory_timescales{n}.csv").read_text()
        for n in ("", "_2")
    )
    assert first != second


@pytest.mark.parametrize("name", PAGES)
def test_no_page_numbers_a_figure_twice_or_shows_what_is_no_number(reported, name):
    cells = json.loads((reported / f"book/studies/smoke/{name}.ipynb").read_text())["cells"]
    outputs = [
        output.get("data", {}) for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]
    ]
    text = "".join(
        "".join(data.get(kind, "")) for data in outputs for kind in ("text/markdown", "text/plain")
    )
    captions = re.findall(r"\*\*Figure ([A-Z]\d+)\.\*\*", text)
    assert len(captions) == len(set(captions))
    assert not re.search(r"\b(nan|NaN|inf|None)\b", text)


@pytest.mark.parametrize("model", PLANNED)
@pytest.mark.parametrize("horizon", ["h1", "h24"])
def test_every_figure_of_the_plans_is_written(reported, model, horizon):
    folder = reported / f"results/smoke/{model}_interpretability"
    for room, planned in PLANNED[model].items():
        written = {path.stem.split("_")[0] for path in (folder / horizon / room).glob("*.png")}
        assert set(planned.split()) <= written, room
    assert {path.stem.split("_")[0] for path in (folder / "comparison").glob("*.png")} >= set(
        COMPARISONS[model].split()
    )
    for name in ("metrics.json", "predictions.npz", "gradient_attribution/B1_gradient_heatmap.csv"):
        assert (folder / horizon / name).exists()
    assert (folder / "summary.png").exists()
    facts = json.loads((folder / "study_results.json").read_text())["horizons"]["h24"]["facts"]
    assert {"horizons", "attribution_shift"} <= set(facts)


def test_landing_page_shows_what_was_found_and_the_results_of_every_model_and_horizon(reported):
    tables = re.findall(r"<table.*?</table>", page(reported, "index.html"), re.DOTALL)
    found, results = (re.findall(r"<tr.*?</tr>", table, re.DOTALL) for table in tables)
    assert len(found) == len(results) == 5
    assert all(re.search(r"href=\"studies/smoke/(cnn_)?lstm/summary.html\"", row) for row in found[1:])
    assert all(
        re.search(r"href=\"studies/smoke/(cnn_)?lstm/h(1|24)/index.html\"", row) for row in results[1:]
    )


def built_pages(folder: Path) -> tuple[Path, list[Path]]:
    """The root of the built book, and its pages; the theme keeps a template among the static files."""
    root = folder / "book/_build/html"
    return root, [html for html in sorted(root.rglob("*.html")) if "_static" not in html.parts]


def test_no_link_is_broken(reported):
    root, pages = built_pages(reported)
    assert len(pages) > 15
    for html in pages:
        for target in re.findall(r'(?:href|src)="([^"#?:]+)(?:[#?][^"]*)?"', html.read_text()):
            assert (html.parent / target).exists(), f"{html.relative_to(root)} points at {target}"


class Loaded(HTMLParser):
    """What a page loads by itself, and its scripts; links for readers are left out."""

    def __init__(self, html: Path):
        super().__init__()
        self.addresses: list[str] = []
        self.scripts: list[str] = []
        self.in_script = False
        self.feed(html.read_text())

    def handle_starttag(self, tag, attrs):
        self.in_script = tag == "script"
        if tag != "a":
            self.addresses += [
                value for name, value in attrs if name in ("src", "href", "srcset", "data") and value
            ]

    def handle_endtag(self, tag):
        self.in_script = False

    def handle_data(self, data):
        if self.in_script:
            self.scripts.append(data)


def test_no_page_names_another_host_for_what_it_loads(reported):
    root, pages = built_pages(reported)
    for html in pages:
        loaded = Loaded(html)
        scripts = "".join(loaded.scripts).replace('"plotlyServerURL":"https://plot.ly"', "")
        assert not [address for address in loaded.addresses if re.match(r"(https?:)?//", address)], html
        assert not re.search(r"https?://", scripts), html
    for css in root.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", css.read_text()), css


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
@pytest.mark.parametrize("width", [420, 1400])
def test_pages_are_whole_without_a_network_and_as_wide_as_the_screen(reported, width):
    root, pages = built_pages(reported)
    paths = [html.relative_to(root).as_posix() for html in pages]
    for path, seen in look(root, paths, width).items():
        assert not [name for name in seen["asked"] if not name.startswith("file:")], path
        assert seen["rendered"] == seen["equations"], path
        assert seen["turning"] == path.endswith("C_hidden_states.html"), path
        assert all((eye > 3) == (width < 1000) for eye in seen["eyes"]), (
            path
        )  # from further away where it is narrow
        assert seen["width"] <= width, path  # else the page scrolls sideways
        assert width < 1400 or not seen["cut"], path
        assert seen["equations"] > 100 or path != "methods.html"


def test_titles_tell_all_pages_of_a_study_apart(reported):
    pages = {name: page(reported, f"studies/smoke/{name}.html") for name in PAGES}
    titles = {name: re.search("<title>(.*?) &#8212;", html)[1] for name, html in pages.items()}
    assert len(set(titles.values())) == len(PAGES)
    assert titles["cnn_lstm/h24/A_gates"] == "Gates: CNN-LSTM, 24 h ahead (smoke)"
    assert titles["lstm/summary"] == "Summary: LSTM, 1 h and 24 h ahead (smoke)"
    for name, html in pages.items():
        assert f"<h1>{titles[name]}<" in html
    sidebar = re.findall(r'href="A_gates.html">\s*(.*?)\s*</a>', pages["lstm/h1/B_attribution"])
    assert "Gates: what does the LSTM keep, and for how long?" in sidebar


@pytest.mark.parametrize("name", PAGES)
def test_each_figure_links_its_files_and_the_book_holds_them(reported, name):
    html = page(reported, f"studies/smoke/{name}.html")
    figures = re.findall(r'class="large-figure[^"]*" href="([^"]+)"[^>]*><img alt="Figure', html)
    linked = re.findall(r'href="([^"]+)">(?:Figure at 300 dpi|Numbers)', html)
    assert len(figures) == html.count("<strong>Figure") > 0
    assert set(figures) == {link for link in linked if link.endswith(".png")}
    model, *horizon, _ = name.split("/")
    results = reported / "results/smoke" / f"{model}_interpretability" / "/".join(horizon)
    files = [*results.glob("*/*.*"), *results.glob("*.png")]
    for link in linked:
        (original,) = (file for file in files if file.name == Path(link).name)
        held = reported / "book/_build/html/studies/smoke" / Path(name).parent / link
        assert held.samefile(original)  # on one file system it takes no room twice
        assert (original.with_suffix(".csv") in files) == (link[:-4] + ".csv" in linked)


@pytest.mark.parametrize("horizon", ["h1", "h24"])
def test_pages_of_a_model_without_convolutions_have_no_section_about_them(reported, horizon):
    for name in (
        f"{horizon}/B_attribution",
        f"{horizon}/C_hidden_states",
        f"{horizon}/D_temporal",
        "E_horizons",
    ):
        without, with_them = (
            set(re.findall(r"<h2>(.*?)<", page(reported, f"studies/smoke/{model}/{name}.html")))
            for model in SECTIONS
        )
        assert without < with_them, name
        html = page(reported, f"studies/smoke/lstm/{name}.html")
        assert not re.search("no (convolutions|filters|stage|ReLU)|[Nn]eeds convolutions", html), name


def test_second_report_does_nothing_and_says_so(reported):
    assert "Nothing to be done" in report(reported)


def test_changed_parameter_redoes_what_depends_on_it(reported):
    params = reported / "params/smoke.yml"
    params.write_text(params.read_text().replace("costly_windows: 8", "costly_windows: 6"))
    redone = jobs(report(reported))
    assert sum("B_attribution" in job for job in redone) == 4
    assert {job.split()[1] for job in redone if job.startswith("Executing")} == {
        "B_attribution", "E_horizons", "summary", "peers",
    }  # fmt: skip
    assert not any(job.startswith("Training") for job in redone)


def test_builds_with_something_executed(reported):
    shutil.rmtree(reported / "book/studies/smoke/lstm/h1")
    (reported / "book/studies/smoke/cnn_lstm/h24/B_attribution.ipynb").unlink()
    run(reported, sys.executable, "-m", "lstmkit", "index", "smoke", "book")
    build(reported)
