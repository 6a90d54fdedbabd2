"""What models return, brought into one form: every shape and container by hand, and what cannot be an output."""

import pytest
import torch
from torch import nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.outputs import named_outputs, select_output, select_target
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from tests.analysis.tiny import state_of, stirred

X = torch.randn(5, 8, 2, generator=torch.Generator().manual_seed(3))
ROW = torch.arange(1.0, 6.0)  # one number per window


class Returns(nn.Module):
    """Whatever a function makes of the inputs."""

    def __init__(self, of):
        super().__init__()
        self.of = of

    def forward(self, x):
        return self.of(x)


def returned(of) -> dict[str, torch.Tensor]:
    return named_outputs(Returns(of), X)


def column(x: torch.Tensor) -> torch.Tensor:
    """1, 2, 3, … for the windows of a batch, which are any number."""
    return torch.arange(1.0, len(x) + 1)


# --- one tensor ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "shape"),
    [
        (lambda x: ROW, (5, 1, 1)),
        (lambda x: ROW[:, None], (5, 1, 1)),
        (lambda x: ROW[:, None] * torch.ones(4), (5, 4, 1)),
        (lambda x: ROW[:, None, None] * torch.ones(4, 3), (5, 4, 3)),
        (lambda x: ROW[:, None].double(), (5, 1, 1)),
        (lambda x: ROW[:, None].bfloat16(), (5, 1, 1)),
    ],
    ids=["(batch,)", "(batch, 1)", "(batch, horizon)", "(batch, horizon, target)", "float64", "bfloat16"],
)
def test_a_tensor_is_named_output_and_has_three_axes(of, shape):
    (found,) = (outputs := returned(of)).values()
    assert list(outputs) == ["output"]
    assert found.shape == shape
    assert found[:, 0, 0].tolist() == ROW.tolist()
    assert found.dtype == of(X).dtype


def test_steps_and_targets_keep_their_places():
    (found,) = returned(lambda x: torch.arange(30.0).reshape(5, 3, 2)).values()
    assert found[1].tolist() == [[6.0, 7.0], [8.0, 9.0], [10.0, 11.0]]
    (found,) = returned(lambda x: torch.arange(15.0).reshape(5, 3)).values()
    assert found[1, :, 0].tolist() == [3.0, 4.0, 5.0]


def test_gradients_pass():
    x = X.clone().requires_grad_()
    found = named_outputs(Returns(lambda x: 3 * x.sum(dim=(1, 2))), x)["output"]
    (gradient,) = torch.autograd.grad(found.sum(), x)
    assert (gradient == 3).all()


# --- containers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [tuple, list])
def test_entries_of_a_tuple_are_named_by_their_place(kind):
    found = returned(lambda x: kind([ROW, 2 * ROW[:, None], 3 * ROW[:, None, None]]))
    assert list(found) == ["0", "1", "2"]
    for k, name in enumerate(found):
        assert found[name].shape == (5, 1, 1)
        assert found[name].flatten().tolist() == ((k + 1) * ROW).tolist()


def test_states_of_an_lstm_are_left_out():
    torch.manual_seed(0)
    lstm = nn.LSTM(2, 3, batch_first=True)
    found = named_outputs(lstm, X)
    assert {name: tuple(each.shape) for name, each in found.items()} == {"0": (5, 8, 3)}
    torch.testing.assert_close(found["0"], lstm(X)[0], rtol=0, atol=0)


def test_what_cannot_be_an_output_is_left_out_beside_one_that_can():
    found = returned(
        lambda x: {
            "forecast": ROW,
            "loss": torch.tensor(0.5),
            "classes": torch.arange(5),
            "kernel": torch.ones(3, 2),
            "maps": torch.ones(5, 2, 2, 2),
            "empty": torch.ones(5, 0),
            "states": (ROW, ROW),
            "name": "flow",
            "nothing": None,
        }
    )
    assert list(found) == ["forecast"]


def test_a_dict_inside_gives_both_names():
    found = returned(lambda x: {"flow": {"mean": ROW, "spread": 2 * ROW}, "level": 3 * ROW, 7: 4 * ROW})
    assert {name: each[0].item() for name, each in found.items()} == {
        "flow.mean": 1.0,
        "flow.spread": 2.0,
        "level": 3.0,
        "7": 4.0,
    }
    assert list(returned(lambda x: ({"mean": ROW}, (ROW, ROW)))) == ["0.mean"]


@pytest.mark.parametrize("n_windows", [1, 2, 3])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("kind", ["tuple", "dict"])
def test_states_of_a_gru_are_no_output_however_many_windows_there_are(n_windows, layers, kind):
    class WithStates(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru, self.head = nn.GRU(2, 4, layers, batch_first=True), nn.Linear(4, 3)

        def forward(self, x):
            states, last = self.gru(x)
            ahead = self.head(states[:, -1])
            return (ahead, last) if kind == "tuple" else {"0": ahead, "last": last}

    found = named_outputs(WithStates(), X[:n_windows])
    assert {name: tuple(each.shape) for name, each in found.items()} == {"0": (n_windows, 3, 1)}


def test_an_output_with_as_many_steps_as_windows_is_kept_and_hooks_see_these_windows_last():
    model, seen = Returns(lambda x: (torch.ones(len(x), 5, 2), column(x))), []
    model.register_forward_hook(lambda _module, inputs, _output: seen.append(len(inputs[0])))
    assert list(named_outputs(model, X)) == ["0", "1"]
    assert seen == [5, 10, 5]
    assert list(named_outputs(model, X[:4])) == ["0", "1"]
    assert seen[3:] == [4]  # nothing to find out


# --- what is refused ----------------------------------------------------------------------------------------

EXPECTED = (
    r"; a tensor of shape \(5,\), \(5, horizon\) or \(5, horizon, target\) is expected, or a tuple, list or dict of "
    r"such tensors$"
)


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (lambda x: None, "a NoneType"),
        (lambda x: 3.0, "a float"),
        (lambda x: "flow", "a str"),
        (lambda x: torch.tensor(1.0), r"float32 of shape \(\)"),
        (lambda x: torch.ones(4), r"float32 of shape \(4,\)"),
        (lambda x: torch.ones(5, 1, 1, 1), r"float32 of shape \(5, 1, 1, 1\)"),
        (lambda x: torch.arange(5), r"int64 of shape \(5,\)"),
        (lambda x: torch.ones(5, 0), r"float32 of shape \(5, 0\)"),
        (lambda x: (), "a tuple of nothing"),
        (lambda x: [None, torch.ones(2)], r"a list of 0: a NoneType, 1: float32 of shape \(2,\)"),
        (lambda x: ((ROW, ROW),), "a tuple of 0: a tuple"),
        (lambda x: {"loss": torch.tensor(1.0)}, r"a dict of loss: float32 of shape \(\)"),
        (lambda x: {"a": {"b": {"c": ROW}}}, "a dict of a.b: a dict"),
    ],
)
def test_what_cannot_be_an_output_is_said(of, said):
    with pytest.raises(LstmkitError, match=f"^Returns returns {said}{EXPECTED}") as raised:
        returned(of)
    assert "\n" not in str(raised.value)


def test_another_precision_is_said():
    model = CNNLSTMForecaster(2, 3, channels=(2, 2), hidden=2, head=2).double()
    with pytest.raises(
        LstmkitError, match=r"^CNNLSTMForecaster computes in float64, but its inputs are float32"
    ):
        named_outputs(model, X)


# --- the model ----------------------------------------------------------------------------------------------


def test_a_model_left_in_training_mode_is_evaluated_and_left_so():
    def small() -> nn.Module:
        return stirred(CNNLSTMForecaster(2, 3, channels=(4, 5), hidden=4, head=6, dropout=0.5))

    expected, model = small()(X), small().train()
    model.norm1.eval()
    before = state_of(model)
    found = named_outputs(model, X)["output"]
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    assert state_of(model) == before


# --- which number -------------------------------------------------------------------------------------------

OUTPUTS = {
    "flow": torch.arange(12.0).reshape(2, 3, 2),  # (window, step, target)
    "level": torch.tensor([[[7.0]], [[-7.0]]]),
}


@pytest.mark.parametrize(
    ("output", "step", "target", "expected"),
    [
        ("flow", 1, 0, [0.0, 6.0]),
        ("flow", 3, 0, [4.0, 10.0]),
        ("flow", 2, 1, [3.0, 9.0]),
        ("flow", None, 0, [2.0, 8.0]),
        ("flow", None, 1, [3.0, 9.0]),
        ("level", 1, 0, [7.0, -7.0]),
        ("level", None, 0, [7.0, -7.0]),
    ],
)
def test_one_number_per_window(output, step, target, expected):
    assert select_output(OUTPUTS, output, step, target).tolist() == expected


def test_all_steps_of_one_target():
    assert select_target(OUTPUTS, "flow", 1).tolist() == [[1.0, 3.0, 5.0], [7.0, 9.0, 11.0]]


def test_a_single_output_needs_no_name():
    alone = {"level": OUTPUTS["level"]}
    assert select_output(alone, None, None, 0).tolist() == [7.0, -7.0]
    assert select_output(alone, "level", None, 0).tolist() == [7.0, -7.0]


@pytest.mark.parametrize(
    ("output", "step", "target", "said"),
    [
        (
            None,
            None,
            0,
            r"the model has several outputs, name the one that is meant: flow \(2, 3, 2\), level \(2, 1, 1\)",
        ),
        ("flux", None, 0, r"the model has no output 'flux'; it has flow \(2, 3, 2\), level \(2, 1, 1\)"),
        ("flow", 0, 0, "step is 0, but flow has 3 steps ahead, counted from 1"),
        ("flow", 4, 1, "step is 4, but flow has 3 steps ahead, counted from 1"),
        ("flow", -1, 0, "step is -1, but flow has 3 steps ahead, counted from 1"),
        ("level", 2, 0, "step is 2, but level has 1 step ahead, counted from 1"),
        ("flow", None, 2, "target is 2, but flow has 2 targets, counted from 0"),
        ("flow", None, -1, "target is -1, but flow has 2 targets, counted from 0"),
        ("level", 1, 1, "target is 1, but level has 1 target, counted from 0"),
    ],
)
def test_what_is_not_there_is_said(output, step, target, said):
    with pytest.raises(LstmkitError, match=f"^{said}$"):
        select_output(OUTPUTS, output, step, target)
