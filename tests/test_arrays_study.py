"""A study whose YAML names arrays and a module: it is what `open_model` makes of the same."""

import numpy as np
import pytest
import safetensors.torch
import torch
import yaml

from lstmkit import LstmkitError, open_model, open_study
from lstmkit.params import load_params, source_files
from lstmkit.study import find_study

FACTORY = """
import torch
from torch import nn


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(2, 3, batch_first=True), nn.Linear(3, 4)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])
"""
DATA = {
    "kind": "arrays",
    "file": "windows.npz",
    "features": ["load", "heat"],
    "target": "load",
    "interval": "1h",
}
MODULE = {"kind": "module", "factory": "forecasters_of_arrays:Forecaster", "weights": "mine.safetensors"}
STUDY = {
    "title": "Mine",
    "data": DATA,
    "windows": {"lookback": 12},
    "horizons": [4],
    "models": {"mine": MODULE | {"inputs": "unit", "outputs": "unit"}},
}


def arrays() -> tuple[np.ndarray, np.ndarray]:
    steps = np.arange(500.0)
    series = np.column_stack([np.sin(steps / 4), np.cos(steps / 9)]).astype("float32")
    cut = np.lib.stride_tricks.sliding_window_view(series, 16, axis=0).swapaxes(1, 2)
    return cut[:, :12], cut[:, 12:, 0]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with arrays, a factory and weights."""
    (tmp_path / "params").mkdir()
    (tmp_path / "forecasters_of_arrays.py").write_text(FACTORY)
    monkeypatch.syspath_prepend(tmp_path)
    from forecasters_of_arrays import Forecaster

    torch.manual_seed(0)
    safetensors.torch.save_file(Forecaster().state_dict(), tmp_path / "mine.safetensors")
    x, y = arrays()
    np.savez(tmp_path / "windows.npz", x=x, y=y)
    yield tmp_path
    import sys

    sys.modules.pop("forecasters_of_arrays")


def written(project, **changed):
    path = project / "params" / "mine.yml"
    path.write_text(yaml.safe_dump(STUDY | changed))
    return path


def test_it_forecasts_as_the_same_module_does_in_memory(project):
    from forecasters_of_arrays import Forecaster

    study = open_study(written(project), "mine", 4)
    module = Forecaster().eval()
    module.load_state_dict(safetensors.torch.load_file(project / "mine.safetensors"))
    x, y = arrays()
    options = {"features": ["load", "heat"], "target": "load", "interval": "1h", "folder": project / "own"}
    memory = open_model(module, x, y, **options)
    one, other = (np.concatenate(list(each.predictions.chunks())) for each in (study, memory))
    np.testing.assert_array_equal(one, other)
    assert study.dataset.fingerprint == memory.dataset.fingerprint
    assert study.folder == project / "results" / "mine" / "mine_interpretability" / "h4"
    assert study.params.seeds == 3
    assert len(study.networks) == study.params.n_networks("mine") == 1
    assert source_files(study.params.data, project) == [project / "windows.npz"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"windows": {"lookback": 24}},
            "mine.yml: windows.lookback is 24, but the arrays have 12: write that",
        ),
        ({"horizons": [6]}, r"mine.yml: horizons is \[6\], but the arrays have \[4\]: write that"),
    ],
)
def test_other_windows_than_the_arrays_hold_are_refused(project, changed, told):
    path = written(project, **changed)
    with pytest.raises(LstmkitError, match=told):
        find_study(path, "mine", load_params(path).horizons[0])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"data": DATA | {"features": []}}, "data.features: "),
        ({"data": DATA | {"features": ["load", "load"]}}, "data.features: a feature is there twice"),
        ({"data": DATA | {"units": {"cold": "degC"}}}, "data: `units` names 'cold', which is neither"),
        ({"data": DATA | {"source": "x.csv"}}, "data.source: this key is not known"),
        ({"data": DATA | {"explained": "heat"}}, "data: `explained` is 'heat', which is none of the targets load"),
        ({"data": DATA | {"classes": ["low"]}}, "data.classes: "),
        ({"data": DATA | {"classes": ["low", "high"], "explained": "load"}}, "none of the classes low, high"),
        ({"data": DATA | {"classes": ["a", "b"], "target": ["load", "heat"]}}, "a target of classes is forecast alone"),
        ({"data": DATA | {"kind": "tables"}}, "data.kind: "),
        ({"variant": "raw"}, "`variant` is not used, as `data.features` names the features of `x`: remove it"),
        ({"horizons": [4, 8]}, r"horizons are \[4, 8\], but `y` has one"),
        ({"models": {"lstm": {"kind": "lstm"}}}, "models.lstm: arrays are for modules that were trained elsewhere"),
    ],
)  # fmt: skip
def test_what_a_study_of_arrays_cannot_say_is_refused(project, changed, told):
    with pytest.raises(LstmkitError, match=told) as error:
        load_params(written(project, **changed))
    assert "\n" not in str(error.value)
