"""Modules that their user trained elsewhere: what they put out becomes forecasts, and what cannot work is refused."""

from functools import partial

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.recurrent import find_lstms
from lstmkit.internals.running import forecast, kind_of
from lstmkit.models.own import OwnForecaster, build_own
from lstmkit.params import ModuleParams
from lstmkit.training.own import check_own, take_own, untrained_own
from lstmkit.training.trained import TrainedModel
from tests.series import dataset_of, raw_windows

FACTORY = '''
import torch
from torch import nn


class Model(nn.Module):
    """An LSTM, and forecasts in the target's unit, returned as is said."""

    def __init__(self, returns, bias=500.0):
        super().__init__()
        self.lstm, self.head, self.returns = nn.LSTM(2, 3, batch_first=True), nn.Linear(3, 2), returns
        nn.init.constant_(self.head.bias, bias)

    def forward(self, x):
        states, last = self.lstm(x)
        ahead = self.head(states[:, -1])
        return {
            "matrix": ahead,
            "cube": ahead[..., None],
            "dict": {"level": ahead, "trend": ahead[:, :1]},
            "tuple": (ahead, last),
            "short": ahead[:, :1],
            "text": "five",
            "normalised": ahead - ahead.mean(dim=0),
        }[self.returns]


def build(returns="matrix", **options):
    return Model(returns, **options)


def number():
    return 5


def plain():
    return nn.Sequential(nn.Flatten(), nn.Linear(8, 2))
'''


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a user's package, whose modules are forgotten afterwards."""
    (tmp_path / "own_package.py").write_text(FACTORY)
    yield tmp_path
    import sys

    sys.modules.pop("own_package", None)


@pytest.fixture(scope="module")
def windows():
    steps = np.arange(400.0)
    columns = {"co2": 600 + 80 * np.sin(steps / 9), "temperature": 20 + np.cos(steps / 7)}
    return raw_windows(dataset_of(columns), 2, lookback=4, residual="none")


def params_of(**changed) -> ModuleParams:
    return ModuleParams(**{"kind": "module", "factory": "own_package:build"} | changed)


def taken(folder, params: ModuleParams, dataset, windows, project) -> TrainedModel:
    model = build_own(params, windows["train"], project)
    return take_own(folder / "run", model, params, dataset, windows["train"])


def forecasts(model: nn.Module, windows) -> torch.Tensor:
    x, _ = windows.gather(torch.arange(5))
    with torch.no_grad():
        return windows.select(torch.arange(5)).to_units(forecast(model, x, windows.shape))


@pytest.mark.parametrize(
    ("returns", "output"),
    [("matrix", None), ("cube", None), ("dict", "level"), ("tuple", None), ("tuple", "0")],
)
def test_what_a_module_puts_out_in_the_targets_unit_is_the_forecast(project, windows, returns, output):
    test = windows["test"]
    model = build_own(params_of(arguments={"returns": returns}, output=output), test, project)
    x, _ = test.gather(torch.arange(5))
    with torch.no_grad():
        states, _ = model.own_module.lstm(x)
        expected = model.own_module.head(states[:, -1])
    np.testing.assert_allclose(forecasts(model, test)[..., 0], expected, rtol=1e-6)


def test_inputs_and_outputs_may_be_in_units_or_scaled(windows):
    test = windows["test"]

    class Newest(nn.Module):
        """Forecasts the newest value of the target."""

        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(2, 1)

        def forward(self, x):
            return x[:, -1:, 0].expand(-1, 2)

    latest = np.repeat(test.select(torch.arange(5)).latest()[:, None], 2, axis=1)
    for way in ("scaled", "unit"):
        model = OwnForecaster(Newest(), test, way, way).eval()
        np.testing.assert_allclose(forecasts(model, test), latest, rtol=1e-5)


def test_weights_are_read_from_safetensors_and_an_untrained_module_has_others(project, windows):
    made = build_own(params_of(), windows["train"], project).own_module
    safetensors.torch.save_file(made.state_dict(), project / "mine.safetensors")
    params = params_of(weights="mine.safetensors")
    again = build_own(params, windows["train"], project).own_module
    assert all(torch.equal(again.state_dict()[name], values) for name, values in made.state_dict().items())
    before = torch.random.get_rng_state()
    one, other, same = (
        untrained_own(
            partial(build_own, params, windows["train"], project, with_weights=False), seed
        ).own_module
        for seed in (1, 2, 1)
    )
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(one.head.weight, same.head.weight)
    assert not torch.equal(one.head.weight, other.head.weight)


def test_the_card_knows_the_weights(project, windows, tmp_path):
    dataset = dataset_of({"co2": np.arange(9.0)})
    torch.manual_seed(0)
    first = build_own(params_of(), windows["train"], project).own_module
    safetensors.torch.save_file(first.state_dict(), project / "mine.safetensors")
    params = params_of(weights="mine.safetensors")
    cards = [taken(tmp_path, params, dataset, windows, project).saved.card for _ in range(2)]
    changed = {name: values + 1 for name, values in first.state_dict().items()}
    safetensors.torch.save_file(changed, project / "mine.safetensors")
    cards.append(taken(tmp_path, params, dataset, windows, project).saved.card)
    assert cards[0] == cards[1] != cards[2]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"factory": "nowhere:build"}, "nowhere:build cannot be imported"),
        ({"factory": "own_package:other"}, "own_package:other cannot be imported"),
        ({"factory": "own_package:number"}, "own_package:number returns a int, not an nn.Module"),
        ({"arguments": {"layers": 3}}, "own_package:build cannot be called"),
        ({"weights": "missing.safetensors"}, "there is no file .*missing.safetensors"),
        (
            {"weights": "mine.pt"},
            r"Convert them once: python -c .*torch.load\('.*mine.pt', weights_only=True\)",
        ),
        ({"weights": "own_package.py"}, "does not hold the weights of Model"),
        (
            {"arguments": {"returns": "short"}},
            r"Model puts out the shape \(8, 1, 1\) for 8 windows; \(8, 2, 1\) is expected",
        ),
        (
            {"arguments": {"returns": "text"}},
            r"Model returns a str; a tensor of shape \(8,\), \(8, horizon\) or \(8, horizon, target\) is expected",
        ),
        (
            {"arguments": {"returns": "dict"}},
            r"name the one that is meant: level \(8, 2, 1\), trend \(8, 1, 1\)",
        ),
        (
            {"arguments": {"returns": "dict"}, "output": "price"},
            r"no output 'price'; it has level \(8, 2, 1\), trend \(8, 1, 1\)",
        ),
        ({"arguments": {"returns": "normalised"}}, "depend on the other windows of its batch"),
        ({"factory": "own_package:plain"}, "contains no nn.LSTM"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(project, windows, tmp_path, changed, told):
    dataset = dataset_of({"co2": np.arange(9.0)})
    with pytest.raises(LstmkitError, match=told) as error:
        taken(tmp_path, params_of(**changed), dataset, windows, project)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_messages_and_names_are_those_of_the_users_module(project, windows):
    model = build_own(params_of(), windows["train"], project)
    assert kind_of(model) == "Model"
    assert list(find_lstms(model)) == ["lstm"]


def test_a_module_is_tried_when_it_is_first_seen(project, windows, tmp_path, monkeypatch):
    dataset, tried = dataset_of({"co2": np.arange(9.0)}), []
    monkeypatch.setattr("lstmkit.training.own.check_own", lambda *given: tried.append(given))
    torch.manual_seed(0)
    made = build_own(params_of(), windows["train"], project).own_module
    safetensors.torch.save_file(made.state_dict(), project / "mine.safetensors")
    for _ in range(2):
        taken(tmp_path, params_of(weights="mine.safetensors"), dataset, windows, project)
    assert len(tried) == 1


def test_a_module_in_training_mode_is_run_in_evaluation_mode(windows):
    class Dropping(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.drop = nn.LSTM(2, 3, batch_first=True), nn.Dropout(0.9)
            self.head = nn.Linear(3, 2)

        def forward(self, x):
            return self.head(self.drop(self.lstm(x)[0][:, -1]))

    model = OwnForecaster(Dropping().train(), windows["test"], "scaled", "unit")
    check_own(model, windows["test"])
    assert model.own_module.drop.training


@pytest.mark.parametrize("factory", ["os.system", "a b:c", "a:b:c", ":build", "a.b:"])
def test_a_factory_is_a_module_and_a_function(factory):
    with pytest.raises(ValueError, match="write a module and a function of it"):
        params_of(factory=factory)
