"""What the widgets show of a window, held against the model itself."""

import json
import re
from html import unescape

import numpy as np
import pytest
import torch

from lstmkit import LstmkitError, open_study
from lstmkit.explore import Explorer
from lstmkit.explore.panel import Panel
from lstmkit.wording import feature_label
from tests.explore.projects import project_in
from tests.test_notebooks import papermill


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return project_in(tmp_path_factory.mktemp("project") / "smoke")


@pytest.fixture(scope="module")
def study(source):
    return open_study(source, "lstm", 24)


@pytest.fixture(scope="module")
def explorer(study):
    return Explorer(study)


def captions_of(explorer: Explorer) -> list[str]:
    """What the four panels say, each below its picture."""
    found = [re.fullmatch('<img alt="([^"]*)" .*?<b>(.*?)</b>.*</p>', each.value) for each in explorer.panels]
    assert [match[2] for match in found] == ["Forecast.", "Attribution.", "Gates.", "Trajectory."]
    return [unescape(match[1]) for match in found]


def forecast_of(study, position: int) -> tuple[np.ndarray, np.ndarray]:
    """What the model forecasts of one window, and what was observed."""
    window = study.windows["test"].select(torch.tensor([position]))
    with torch.no_grad():
        outputs = study.model(window.gather(torch.tensor([0]))[0])
    return window.to_units(outputs)[0, :, 0], window.observed()[0, :, 0]


def share_of(study, position: int, step: int) -> tuple[str, float]:
    """The feature with most of gradient × distance from the window's mean, by autograd, and its percent."""
    x = study.windows["test"].gather(torch.tensor([position]))[0].requires_grad_()
    study.model(x)[0, step - 1].sum().backward()
    by_feature = (x.grad * (x - x.mean(dim=1, keepdim=True))).abs().sum(dim=(0, 1)).detach()
    percent = 100 * by_feature / by_feature.sum()
    return study.windows["test"].features[int(percent.argmax())], float(percent.max())


def test_it_begins_with_the_largest_error(study, explorer):
    errors = [forecast_of(study, position) for position in range(len(study.windows["test"]))]
    rmse = [np.sqrt(((forecast - observed) ** 2).mean()) for forecast, observed in errors]
    assert Explorer(study).window.value == int(np.argmax(rmse))
    np.testing.assert_allclose(explorer.curve.data[0].y, rmse, rtol=1e-4)


def test_a_window_is_that_of_the_model(study, explorer):
    explorer.window.value, explorer.method.value = 7, "gradient_x_input"
    explorer.step.value, explorer.baseline.value = 3, "window mean"
    forecast, observed = forecast_of(study, 7)
    rmse = np.sqrt(((forecast - observed) ** 2).mean())
    said, attributed, gates, trajectory = captions_of(explorer)
    written = f"{rmse:#.3g}".rstrip(".")
    assert f"the RMSE of the forecast is {written} ppm" in said
    assert said.endswith(f"{forecast[-1]:.0f} ppm were forecast and {observed[-1]:.0f} ppm observed.")
    assert "step 3 ahead, compared with each window's own mean, of one test window" in attributed
    feature, percent = share_of(study, 7, step=3)
    assert f"{feature_label(feature)} holds {percent:.0f} % of the attribution" in attributed
    assert gates.startswith("Gates of 8 units of layer 1 at 24 steps")
    assert trajectory.startswith("Hidden state of LSTM layer ")
    origin = study.windows["test"].origin[7]
    assert explorer.moment.value.endswith(f"from {origin:%a %d %b %Y, %H:%M} on")
    marked = explorer.curve.data[1]
    assert (marked.x[0], marked.y[0]) == (origin.tz_localize(None), pytest.approx(rmse, rel=1e-4))


def test_what_a_method_does_not_use_cannot_be_chosen(explorer):
    explorer.method.value = "saliency"
    assert explorer.baseline.disabled
    assert "compared with" not in captions_of(explorer)[1]
    explorer.method.value = "occlusion"
    assert not explorer.baseline.disabled
    assert "guided_backprop" not in dict(map(reversed, explorer.method.options))  # an LSTM has no ReLU


def test_a_reason_stands_in_place_of_a_figure():
    def refuse():
        raise LstmkitError("no <path> in time")

    panel = Panel("Trajectory")
    panel.show(refuse)
    assert panel.value == "<p><b>Trajectory.</b> no &lt;path&gt; in time</p>"


@pytest.mark.parametrize(
    ("model", "part"), [("lstm", "layer 1"), ("cnn_lstm", "layer 1"), ("mine", "layer 1 of encoder")]
)
def test_it_runs_without_a_front_end_and_shows_the_first_window(source, model, part):
    parameters = [
        f for pair in (("study", "smoke"), ("model", model), ("horizon", "24")) for f in ("-p", *pair)
    ]
    project = source.parent.parent
    done = papermill(project, "notebooks/explore.ipynb", f"{model}.ipynb", *parameters)
    assert done.returncode == 0, done.stderr[-3000:]
    *_, last = json.loads((project / f"{model}.ipynb").read_text())["cells"]
    (shown,) = last["outputs"]
    html = "".join(shown["data"]["text/html"])
    assert html.count("<img alt=") == 4
    assert re.search(rf"Gates of \d+ units of {part} at \d+ steps", html)
