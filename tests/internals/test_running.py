"""Models are run in evaluation mode and uncompiled while they are looked into, and are left as they were."""

import pytest
import torch
from torch import nn

from lstmkit.errors import LstmkitError
from lstmkit.findings.gates.trace_check import trace_check_finding
from lstmkit.internals.ablation import replaced
from lstmkit.internals.activations import record
from lstmkit.internals.convolutions import find_convolutions
from lstmkit.internals.gates import trace_lstm
from lstmkit.internals.recurrent import find_lstms, first_lstm, record_final_states
from lstmkit.internals.running import evaluated, forecast
from lstmkit.internals.trace_check import check_trace
from lstmkit.models.causal_convolution import CausalConv1d
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from tests.analysis.tiny import state_of, stirred

X = torch.randn(5, 8, 2, generator=torch.Generator().manual_seed(3))


def small() -> CNNLSTMForecaster:
    """With dropout and batch norms, which make another forecast in training mode."""
    return stirred(CNNLSTMForecaster(2, 3, channels=(4, 5), hidden=4, head=6, dropout=0.5))


def half_frozen() -> CNNLSTMForecaster:
    """In training mode but for one batch norm."""
    model = small().train()
    model.norm1.eval()
    return model


def looked_into(name: str, model: nn.Module) -> torch.Tensor:
    """What the model's last modules put out while it is looked into."""
    bodies = {
        "record": lambda: record(model, ["fc2"]),
        "replaced": lambda: replaced(model, "fc2", torch.zeros(3), torch.zeros(3, dtype=torch.bool)),
        "final states": lambda: record_final_states(model),
        "evaluated": lambda: evaluated(model),
    }
    if name == "forecast":
        return forecast(model, X)
    with bodies[name]():
        return model(X)


WAYS = ("record", "final states", "evaluated", "forecast")


@pytest.mark.parametrize("way", WAYS)
def test_a_model_left_in_training_mode_is_evaluated_and_left_so(way):
    expected = small()(X)
    model = half_frozen()
    before = state_of(model)
    torch.testing.assert_close(looked_into(way, model), expected, rtol=0, atol=0)
    assert state_of(model) == before  # also of the batch norms' running means
    assert not torch.equal(model(X), expected)


def test_maps_are_replaced_in_evaluation_mode():
    maps = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    with replaced(small(), "pool", maps):
        pass
    evaluated_model, model = small(), half_frozen()
    with replaced(evaluated_model, "pool", maps):
        expected = evaluated_model(X)
    with replaced(model, "pool", maps):
        torch.testing.assert_close(model(X), expected, rtol=0, atol=0)
    assert model.training


def test_what_the_lstm_reads_and_the_convolutions_are_found_in_evaluation_mode():
    expected, model = first_lstm(small(), X).x, half_frozen()
    before = state_of(model)
    torch.testing.assert_close(first_lstm(model, X).x, expected, rtol=0, atol=0)
    assert [found.name for found in find_convolutions(model, X)] == ["conv1", "conv2"]
    assert state_of(model) == before


def test_modes_come_back_when_the_body_raises():
    model = half_frozen()
    before = state_of(model)
    with pytest.raises(KeyError), evaluated(model):
        assert not any(module.training for module in model.modules())
        raise KeyError
    assert state_of(model) == before


class PutsOut(nn.Module):
    """Something other than a row of steps ahead for each window."""

    def __init__(self, of):
        super().__init__()
        self.of = of

    def forward(self, x):
        return self.of(x)


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (
            lambda x: x.mean(dim=(1, 2)),
            r"puts out the shape \(5,\); \(5, 2, 1\) is expected: windows, steps ahead, targets",
        ),
        (lambda x: x[:, :2, :1, None], r"puts out the shape \(5, 2, 1, 1\); \(5, 2, 1\) is expected"),
        (lambda x: x[:, :2], r"puts out the shape \(5, 2, 2\); \(5, 2, 1\) is expected"),
        (lambda x: x[:, :1, 0], r"puts out the shape \(5, 1\); \(5, 2, 1\) is expected"),
        (lambda x: x[:, :1, :1], r"puts out the shape \(5, 1, 1\); \(5, 2, 1\) is expected"),
        (lambda x: x[:2, 0], r"puts out the shape \(2, 2\); \(5, 2, 1\) is expected"),
        (lambda x: (x[:, 0], None), r"puts out a tuple; a tensor of shape \(5, 2, 1\) is expected"),
        (
            lambda x: x[:, 0] / (x[:, 0] != X[3, 0]),
            r"forecasts NaN or infinity for the window 3: its weights or",
        ),
        (lambda x: x[:, 0] * torch.tensor([1.0, torch.nan]), r"forecasts NaN or infinity for the window 0"),
    ],
    ids=[
        "no steps",
        "a fourth axis",
        "two targets",
        "one step",
        "one step of a target",
        "two windows",
        "a tuple",
        "infinity",
        "NaN",
    ],
)
def test_other_outputs_than_forecasts_are_refused(of, said):
    with pytest.raises(LstmkitError, match=f"^PutsOut {said}") as raised:
        forecast(PutsOut(of), X, shape=(2, 1))
    assert "\n" not in str(raised.value)


def test_several_targets_are_refused_where_the_model_has_no_axis_for_them():
    with pytest.raises(LstmkitError, match=r"puts out the shape \(5, 2\); \(5, 2, 2\) is expected"):
        forecast(PutsOut(lambda x: x[:, 0]), X, shape=(2, 2))


@pytest.mark.parametrize("shape", [None, (2, 1)])
def test_a_single_target_needs_no_axis(shape):
    without, having = (
        forecast(PutsOut(of), X, shape) for of in (lambda x: x[:, 0], lambda x: x[:, 0, :, None])
    )
    torch.testing.assert_close(without, X[:, 0, :, None], rtol=0, atol=0)
    torch.testing.assert_close(having, without, rtol=0, atol=0)


@pytest.mark.parametrize("shape", [None, (3, 2)])
def test_several_targets_are_handed_on_and_a_window_is_named_whichever_is_no_number(shape):
    ahead = forecast(PutsOut(lambda x: x[:, :3]), X, shape)
    torch.testing.assert_close(ahead, X[:, :3], rtol=0, atol=0)
    with pytest.raises(LstmkitError, match="for the window 3: its weights"):
        forecast(PutsOut(lambda x: x[:, :3] / (x[:, :3] != X[3, 2, 1])), X, shape)


def test_the_window_of_a_forecast_that_is_no_number_is_named():
    with pytest.raises(LstmkitError, match="for the window fourth: its weights"):
        forecast(PutsOut(lambda x: x[:, 0] / (x[:, 0] != X[3, 0])), X, windows=("", "", "", "fourth", ""))


class UnannotatedConvolution(CausalConv1d):
    """Without the shapes in its signature, whose check under pytest cannot be compiled."""

    def forward(self, maps):
        return nn.Conv1d.forward(self, nn.functional.pad(maps, (self.kernel_size[0] - 1, 0)))


class Unannotated(CNNLSTMForecaster):
    """Without the shapes in the signatures, as above."""

    def __init__(self, *sizes, **more):
        super().__init__(*sizes, **more)
        for name in ("conv1", "conv2"):
            conv = getattr(self, name)
            setattr(
                self, name, UnannotatedConvolution(conv.in_channels, conv.out_channels, *conv.kernel_size)
            )

    def forward(self, x):
        maps = self.relu1(self.norm1(self.conv1(x.transpose(1, 2))))
        pooled = self.pool(self.relu2(self.norm2(self.conv2(maps))))
        states, _ = self.lstm(pooled.transpose(1, 2))
        return self.fc2(self.relu3(self.fc1(states[:, -1])))


def unannotated() -> CNNLSTMForecaster:
    return stirred(Unannotated(2, 3, channels=(4, 5), hidden=4, head=6))


def test_a_model_in_another_precision_than_its_inputs_is_said():
    said = r"^CNNLSTMForecaster computes in float64, but its inputs are float32: convert it with \.to\(torch"
    with pytest.raises(LstmkitError, match=said):
        forecast(small().double(), X)


# Compiled with the hooks unknown to the compiler, as by a user who compiles a model and later looks into it.
COMPILED = {
    "as a whole": lambda model: torch.compile(model, backend="eager"),
    "in place": lambda model: model.compile(backend="eager") or model,
    "the LSTM": lambda model: setattr(model, "lstm", torch.compile(model.lstm, backend="eager")) or model,
    "the LSTM in place": lambda model: model.lstm.compile(backend="eager") or model,
}
every_compiled = pytest.mark.parametrize("compiled", COMPILED.values(), ids=COMPILED)


@every_compiled
def test_compiled_models_are_looked_into_as_they_were_written(compiled):
    plain = unannotated()
    names = ["relu1", "relu2", "pool", "lstm"]
    with torch.no_grad():
        with record(plain, names) as expected, record_final_states(plain) as expected_states:
            plain(X)
        with replaced(plain, "relu2", torch.ones(5, 8)):
            expected_held = plain(X)
        model = compiled(unannotated())
        model(X)  # compiled before any hook is there
        with record(model, names) as outputs, record_final_states(model) as states:
            model(X)
        with replaced(model, "relu2", torch.ones(5, 8)):
            held = model(X)
    assert list(find_lstms(model)) == ["lstm"]
    for name in names:
        torch.testing.assert_close(outputs[name], expected[name], rtol=0, atol=0)
    torch.testing.assert_close(held, expected_held, rtol=0, atol=0)
    torch.testing.assert_close(states, expected_states, rtol=0, atol=0)
    assert [found.relu for found in find_convolutions(model, X)] == ["relu1", "relu2"]


@every_compiled
def test_compiled_lstms_are_traced(compiled):
    expected = trace_lstm(unannotated().lstm, first_lstm(unannotated(), X).x)
    model = compiled(unannotated())
    model(X)
    call = first_lstm(model, X)
    for lstm in (call.lstm, model.lstm):
        for trace, values in zip(trace_lstm(lstm, call.x), expected, strict=True):
            torch.testing.assert_close(trace.c, values.c, rtol=0, atol=0)
        check = check_trace(lstm, call.x)
        assert check.in_double <= 1e-12
        assert "it is the same recurrence" in trace_check_finding(check)


def test_a_compiled_model_is_named_by_its_own_class():
    said, model = (
        r"^Unannotated has no module relu9; it has conv1",
        torch.compile(unannotated(), backend="eager"),
    )
    with pytest.raises(LstmkitError, match=said), record(model, ["relu9"]):
        pass
