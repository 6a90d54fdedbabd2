"""A module in memory with plain arrays: what `open_model` returns is a study, on which every notebook works."""

import doctest
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import torch
from IPython.display import display
from torch import nn

from lstmkit import LstmkitError, open_model, open_study, study_page
from lstmkit import study as front_door
from lstmkit.analysis.gates.statistics import gate_statistics
from lstmkit.sections import SECTIONS

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
LOOKBACK, HORIZON = 12, 3
QUICK = {
    "evaluation": {"bootstrap": 20},
    "attribution": {"windows": 16, "costly_windows": 4, "smooth_samples": 2, "path_steps": 8},
    "hidden_states": {"windows": 200, "embedding_windows": 100},
}


class Forecaster(nn.Module):
    """An LSTM and a linear head, whose outputs are returned as is said."""

    def __init__(self, returns="matrix", steps=HORIZON, **options):
        super().__init__()
        self.lstm, self.returns = nn.LSTM(2, 4, **{"batch_first": True} | options), returns
        self.head = nn.LazyLinear(steps)
        self(torch.zeros(1, LOOKBACK, 2))

    def forward(self, x):
        first = self.lstm.batch_first
        states, _ = self.lstm(x if first else x.transpose(0, 1))
        ahead = self.head(states[:, -1] if first else states[-1])
        if self.returns == "vector":
            return ahead[:, 0]
        shapes = {"matrix": ahead, "cube": ahead[..., None], "tuple": (ahead, states)}
        return shapes.get(self.returns, {"mean": ahead, "spread": ahead.exp()})


def windows(n: int = 700) -> tuple[torch.Tensor, torch.Tensor]:
    steps = torch.arange(float(n))
    noise = torch.randn(n, generator=torch.Generator().manual_seed(0))
    series = torch.stack([20 + 5 * torch.sin(steps / 4) + noise, 100 * torch.cos(steps / 50)], dim=1)
    cut = series.unfold(0, LOOKBACK + HORIZON, 1).transpose(1, 2)
    return cut[:, :LOOKBACK], cut[:, LOOKBACK:, 0]


def opened(folder, module, x=None, y=None, **changed):
    given = windows()
    stated = {"features": ["load", "heat"], "target": "load", "interval": "1h", "folder": folder} | QUICK
    x, y = given[0] if x is None else x, given[1] if y is None else y
    return open_model(module, x, y, **stated | changed)


def fitted(module: nn.Module, batches: int = 60) -> nn.Module:
    x, y = windows()
    nn.init.constant_(module.head.bias, float(y.mean()))
    optimiser = torch.optim.Adam(module.parameters(), 0.02)
    for k in range(batches):
        some = slice(5 * k, 5 * k + 64)
        optimiser.zero_grad()
        (module(x[some] / 100) - y[some]).square().mean().backward()
        optimiser.step()
    return nn.Sequential(Scaled(), module).eval()


class Scaled(nn.Module):
    """The inputs, a hundred times smaller."""

    def forward(self, x):
        return x / 100


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    torch.manual_seed(0)
    return opened(tmp_path_factory.mktemp("own"), fitted(Forecaster()), label="Mine", units={"load": "kW"})


def test_the_forecasts_are_those_of_the_module(study):
    x, y = windows()
    test = study.windows["test"]
    with torch.no_grad():
        expected = study.module(x[-len(test) :])
    forecasts = np.concatenate(list(study.predictions.chunks()))
    np.testing.assert_allclose(forecasts, expected, rtol=1e-4)
    error = expected.numpy() - y[-len(test) :].numpy()
    assert study.metrics["rmse"]["all_steps"] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-4)


def test_states_and_titles_are_the_modules(study):
    x, _ = windows()
    test = study.windows["test"]
    with torch.no_grad():
        _, (last, _) = study.module[1].lstm(x[-len(test) :] / 100)
    states = np.concatenate(list(study.hidden_states.chunks()))
    np.testing.assert_allclose(states[:, 0], last[0], atol=1e-4)
    assert study.label == "Mine, 3 h ahead, given windows"
    assert study.unit == "kW"


def test_the_module_is_left_as_it_is_and_an_untrained_copy_has_other_weights(study):
    before = {name: values.clone() for name, values in study.module.state_dict().items()}
    untrained = study.untrained.own_module
    assert all(torch.equal(before[name], values) for name, values in study.module.state_dict().items())
    for name, values in untrained.state_dict().items():
        assert not torch.equal(values, before[name])
    lstm = untrained[1].lstm  # as nn.LSTM draws them: uniform, up to 1 / sqrt(units)
    assert all(float(values.detach().abs().max()) <= 0.5 for values in lstm.parameters())


@pytest.mark.parametrize("notebook", [section.notebook for section in SECTIONS])
def test_the_cells_of_every_notebook_work_on_it(study, notebook):
    assert run_cells(notebook, study)["study"] is study


def run_cells(notebook: str, study) -> dict:
    """What the cells of a notebook define after they ran on a study."""
    cells = nbformat.read(NOTEBOOKS / f"{notebook}.ipynb", as_version=4).cells
    names = {"study": study, "model": "lstm", "horizon": 12, "display": display}
    for cell in cells:
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", ()):
            exec(compile(cell.source, notebook, "exec"), names)
    plt.close("all")
    return names


def test_the_page_of_states_says_why_a_bidirectional_lstm_has_no_trajectories(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(study_page, "show_finding", said.append)
    page = opened(tmp_path, fitted(Forecaster(bidirectional=True)))
    run_cells("C_hidden_states", page)
    assert "Half of a bidirectional LSTM reads backwards: its states have no path in time." in said
    assert list(page.folder.rglob("C12_probes.csv"))  # the cells behind have run


def test_what_is_open_is_opened_again_as_it_is(study):
    assert open_study(study, "lstm", 12) is study


@pytest.mark.parametrize(
    ("module", "chosen"),
    [
        (Forecaster("cube"), {}),
        (Forecaster("tuple"), {"output": "0"}),
        (Forecaster("dict"), {"output": "mean"}),
        (Forecaster(batch_first=False), {}),
        (Forecaster(bidirectional=True, num_layers=2), {}),
        (Forecaster(proj_size=2), {}),
    ],
)
def test_modules_of_all_kinds_forecast_as_they_do_alone(tmp_path, module, chosen):
    x, _ = windows()
    study = opened(tmp_path, module.eval(), **chosen)
    n_test = len(study.windows["test"])
    with torch.no_grad():
        returned = module(x[-n_test:])
    ahead = {"tuple": lambda: returned[0], "dict": lambda: returned["mean"]}.get(
        module.returns, lambda: returned
    )()
    forecasts = np.concatenate(list(study.predictions.chunks()))
    np.testing.assert_allclose(forecasts, ahead.reshape(n_test, HORIZON), rtol=1e-4, atol=1e-5)


class TwoLSTMs(nn.Module):
    """An encoder and a decoder that starts from its states, with a head that both share."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.LSTM(2, 4, batch_first=True), nn.LSTM(4, 4, batch_first=True)
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.second.weight = self.first.weight

    def forward(self, x):
        states, last = self.encoder(x)
        ahead, _ = self.decoder(self.first(states[:, -HORIZON:]), last)
        return self.second(ahead)[..., 0]


def normed() -> nn.Module:
    module = Forecaster()
    nn.utils.parametrizations.weight_norm(module.lstm, "weight_hh_l0")
    return module


@pytest.mark.parametrize(
    ("module", "lstm", "units"),
    [(TwoLSTMs(), "decoder", 4), (normed(), None, 4), (torch.compile(Forecaster(), backend="eager"), None, 4)],
    ids=["two LSTMs and tied weights", "weight-normed", "compiled"],
)  # fmt: skip
def test_gates_attribution_and_states_of_unusual_modules(tmp_path, module, lstm, units):
    study = opened(tmp_path, module.eval(), lstm=lstm)
    gates = gate_statistics(study.model, study.windows["test"].spread(50), study.groups)
    assert len(gates.parts) == (2 if lstm else 1)
    assert study.attributor.saliency().share.sum() == pytest.approx(100)
    assert study.hidden_states.shape == (len(study.windows["test"]), 1, units)
    (untrained,) = {float(values.abs().max()) <= 0.71 for values in study.untrained.state_dict().values()}
    assert untrained


@pytest.mark.parametrize("returns", ["vector", "matrix"])
def test_one_value_per_window(tmp_path, returns):
    _, y = windows()
    study = opened(tmp_path, Forecaster(returns, steps=1).eval(), y=y[:, :1])
    assert study.predictions.shape == (len(study.windows["test"]), 1)


class Normalising(Forecaster):
    """Its forecasts depend on the other windows of the batch."""

    def forward(self, x):
        return super().forward(x) - x.mean(dim=0)[-1, 0]


class Gated(nn.Module):
    """A GRU in place of an LSTM."""

    def __init__(self):
        super().__init__()
        self.gru, self.head = nn.GRU(2, 4, batch_first=True), nn.Linear(4, HORIZON)

    def forward(self, x):
        return self.head(self.gru(x)[0][:, -1])


class Classifier(Forecaster):
    """Logits of three classes for each step ahead."""

    def __init__(self):
        super().__init__(steps=3 * HORIZON)

    def forward(self, x):
        return super().forward(x / 100).unflatten(1, (HORIZON, 3))


def test_a_module_of_classes_puts_out_logits(tmp_path):
    x, y = windows()
    numbers = torch.bucketize(y, torch.tensor([17.0, 23.0]))
    torch.manual_seed(1)
    module = Classifier().eval()
    study = opened(tmp_path, module, x, numbers, classes=["low", "normal", "high"], explained="high")
    probabilities = np.concatenate(list(study.predictions.chunks()))
    with torch.no_grad():
        expected = module(x[-len(probabilities) :]).softmax(dim=2)
    np.testing.assert_allclose(probabilities, expected[:, :, 2], atol=1e-6)
    assert study.target == "load_high"
    accuracy = (expected.argmax(dim=2) == numbers[-len(probabilities) :]).double().mean()
    assert study.class_scores.loc["Classifier", "accuracy"] == pytest.approx(float(accuracy))


def dropping() -> nn.Module:
    module = Forecaster().eval()
    module.head.train()
    return module


@pytest.mark.parametrize(
    ("module", "changed", "told"),
    [
        (Forecaster(), {}, r"Forecaster is in training mode, .*: call module.eval\(\)"),
        (dropping(), {}, r"Forecaster is in training mode \(its head\)"),
        (Forecaster().to("meta").eval(), {}, r"Forecaster is on meta: call module.cpu\(\)"),
        (Forecaster().double().eval(), {}, r"compute in float32 \(lstm.weight_ih_l0\): call module.float\(\)"),
        (Forecaster(steps=2).eval(), {}, r"puts out the shape \(8, 2, 1\) for 8 windows; \(8, 3, 1\) is expected"),
        (Forecaster("dict").eval(), {}, r"name the one that is meant: mean \(8, 3, 1\), spread \(8, 3, 1\)"),
        (Normalising().eval(), {}, "depend on the other windows of its batch"),
        (Gated().eval(), {}, "GRU"),
        (nn.Sequential(nn.Flatten(), nn.Linear(24, 3)).eval(), {}, "contains no nn.LSTM"),
        (Forecaster().eval(), {"features": ["load"]}, "x has 2 features, but 1 name is given: load"),
        (Forecaster().eval(), {"interval": "soon"}, "interval: 'soon' is no duration"),
        (Forecaster().eval(), {"split": {"train": 2}}, "split.train: "),
        (Forecaster().eval(), {"seedz": 3}, "seedz: this key is not known"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_is_refused_in_one_line(tmp_path, module, changed, told):
    with pytest.raises(LstmkitError, match=told) as error:
        opened(tmp_path / "run", module, **changed)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_the_example_of_the_docstring_is_right(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example = doctest.DocTestParser().get_doctest(front_door.open_model.__doc__, {}, "open_model", None, None)
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0
    assert (tmp_path / "results" / "Forecaster" / "h6" / "model.safetensors").is_file()
