"""The figure that turns, in a real JupyterLab without a network."""

import json

import nbformat
import pytest

from tests.explore.lab import lab_with
from tests.report.browser import CHROMIUM

PLOT = ".js-plotly-plot"
EYE = f"document.querySelector('{PLOT}')?._fullLayout?.scene?._scene?.getCamera().eye"
CLOUD = """
import numpy as np
import pandas as pd

from lstmkit.analysis.states.geometry import geometry
from lstmkit.analysis.states.representation import Representation
from lstmkit.data.calendar import Calendar
from lstmkit.data.groups import Groups
from lstmkit.plots.states.space import as_output, plot_turning

values = np.random.default_rng(0).normal(size=(300, 5))
origin = pd.date_range("2025-06-02", periods=300, freq="1h", tz="UTC")
latest = values[:, 0]
codes = np.digitize(latest, (-0.5, 0.5))
ranges = Groups(("Low", "Medium", "High"), codes, edges=(-0.5, 0.5), unit="ppm", of_target=True)
states = Representation("LSTM layer 1", values, origin, latest, codes, ranges, "ppm", Calendar("1h"))
display(as_output(plot_turning(geometry(states, latest))), raw=True)
"""


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_it_fills_its_place_and_turns_with_the_mouse(tmp_path):
    (tmp_path / "notebooks").mkdir()
    cells = [nbformat.v4.new_markdown_cell("# A cloud"), nbformat.v4.new_code_cell(CLOUD)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = tmp_path / "notebooks/cloud.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), notebook)
    (tmp_path / "browser").mkdir()
    with lab_with(notebook, tmp_path / "browser") as lab:
        lab.run_all_cells()
        lab.wait_for(EYE)
        place = lab.box(PLOT)
        assert place["height"] == 520
        assert place["width"] > 800
        before = lab.evaluate(EYE)
        lab.drag(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2, 150)
        lab.wait_for(f"Math.abs({EYE}.x - {json.dumps(before['x'])}) > 0.2")
        assert lab.evaluate(EYE)["z"] == pytest.approx(before["z"], abs=0.1)
        assert not lab.texts("[data-mime-type='application/vnd.jupyter.error']")
