"""The notebook in a real JupyterLab: a window is picked with the keyboard and with the mouse."""

import json

import numpy as np
import pytest
import torch

from lstmkit import open_study
from tests.explore.lab import Lab, lab_with
from tests.explore.projects import give_parameters, project_in
from tests.report.browser import CHROMIUM

PANEL = ".widget-html-content"
PLOT = ".js-plotly-plot"
ERRORS = "[data-mime-type='application/vnd.jupyter.error'], [data-mime-type='application/vnd.jupyter.stderr']"
WHERE = """(() => {
  const plot = document.querySelector(".js-plotly-plot"), axis = plot._fullLayout.xaxis;
  return plot.getBoundingClientRect().left + axis._offset + axis.d2p(plot.calcdata[0][POINT].x);
})()"""  # of a point, from the left end of the screen
CHOOSE_SALIENCY = """(() => {
  const choice = document.querySelector(".widget-dropdown select");
  choice.value = "Saliency";
  choice.dispatchEvent(new Event("change", {bubbles: true}));
})()"""
FITS = """(() => {
  const outputs = [...document.querySelectorAll(".jp-OutputArea-output")];
  const plot = document.querySelector(".js-plotly-plot");
  const beyond = plot.parentElement.clientWidth - plot._fullLayout.width;
  return outputs.every(each => each.scrollWidth <= each.clientWidth + 1) && Math.abs(beyond) < 40;
})()"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    study = open_study(project_in(tmp_path_factory.mktemp("project") / "smoke"), "lstm", 24)
    assert study.metrics  # what takes long is done before the browser waits for it
    return study


@pytest.fixture(scope="module")
def lab(study, tmp_path_factory):
    """The notebook after all its cells have run."""
    notebook = study.source.parent.parent / "notebooks/explore.ipynb"
    give_parameters(notebook, str(study.source), "lstm", 24)
    with lab_with(notebook, tmp_path_factory.mktemp("browser")) as opened:
        opened.run_all_cells()
        opened.wait_for(f"document.querySelectorAll('{PANEL} img').length === 4")
        opened.wait_for(f"document.querySelector('{PLOT} .nsewdrag') !== null")
        yield opened


def shown(study, position: int) -> tuple[str, list[str]]:
    """What the page must say of a window, computed from the model's own outputs."""
    test = study.windows["test"]
    window = test.select(torch.tensor([position]))
    with torch.no_grad():
        forecast = window.to_units(study.model(window.gather(torch.tensor([0]))[0]))[0, :, 0]
    observed = window.observed()[0, :, 0]
    rmse = np.sqrt(((forecast - observed) ** 2).mean())
    moment = f"{position + 1:,} of {len(test):,}: from {test.origin[position]:%a %d %b %Y, %H:%M} on"
    rmse, forecast, observed = (f"{value:#.3g}".rstrip(".") for value in (rmse, forecast[-1], observed[-1]))
    return moment, [
        f"the RMSE of the forecast is {rmse} ppm",
        f"{forecast} ppm were forecast and {observed} ppm observed.",
    ]


def wait_for_window(lab: Lab, study, position: int) -> None:
    moment, numbers = shown(study, position)
    lab.wait_for(f"document.querySelector('{PANEL}').innerText === {json.dumps(moment)}")
    for number in numbers:
        lab.wait_for(f"document.querySelectorAll('{PANEL}')[1].innerText.includes({json.dumps(number)})")


def value_of(study) -> int:
    """The window with the largest error."""
    squares = [((p - o[..., 0]) ** 2).mean(axis=1) for p, o in pairs(study)]
    return int(np.concatenate(squares).argmax())


def pairs(study):
    observed, first = study.windows["test"].observed(), 0
    for chunk in study.predictions.chunks():
        yield chunk, observed[first : first + len(chunk)]
        first += len(chunk)


def test_it_begins_with_the_largest_error_and_says_no_error(study, lab):
    wait_for_window(lab, study, value_of(study))
    assert not lab.texts(ERRORS)


def test_the_keys_move_the_slider(study, lab):
    first = value_of(study)
    lab.evaluate("document.querySelector('.noUi-handle').focus()")
    lab.press("ArrowLeft")
    wait_for_window(lab, study, first - 1)
    assert not lab.texts(ERRORS)


def test_a_click_on_the_curve_picks_its_window(study, lab):
    box = lab.box(f"{PLOT} .nsewdrag")
    lab.click(lab.evaluate(WHERE.replace("POINT", "130")), box["y"] + box["height"] / 2)
    wait_for_window(lab, study, 130)  # the curve has a point for each window
    assert not lab.texts(ERRORS)


def test_another_method_draws_another_map(lab):
    before = lab.evaluate(f"document.querySelectorAll('{PANEL}')[2].querySelector('img').src")
    lab.evaluate(CHOOSE_SALIENCY)
    lab.wait_for(f"document.querySelectorAll('{PANEL}')[2].innerText.includes('Saliency of the mean')")
    assert lab.evaluate(f"document.querySelectorAll('{PANEL}')[2].querySelector('img').src") != before
    lab.wait_for("document.querySelectorAll('.widget-dropdown select')[2].disabled")
    assert not lab.texts(ERRORS)


@pytest.mark.parametrize("width", [1000, 1400])
def test_nothing_is_wider_than_its_place(lab, width):
    lab.resize(width)
    lab.wait_for(FITS)
