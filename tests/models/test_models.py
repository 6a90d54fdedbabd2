"""The models: equal to a recurrence in NumPy, to a composition of plain functions, and to their formulas."""

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter
from torch.nn import functional

from lstmkit.internals.activations import record
from lstmkit.models import KINDS, build_model
from lstmkit.models.bypass import BypassForecaster
from lstmkit.models.causal_convolution import CausalConv1d
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import BypassParams, CNNLSTMParams, LSTMParams, ModelParams
from lstmkit.params.models import least_parameters
from tests.analysis.tiny import stirred


def random_inputs(batch: int, steps: int, features: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(batch, steps, features, generator=torch.Generator().manual_seed(seed)).double()


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def recurrence(x: np.ndarray, weights: dict[str, np.ndarray], layers: int) -> np.ndarray:
    """Hidden states of a stacked LSTM, one window and one step at a time; x is (time, feature)."""
    for layer in range(layers):
        W, U = weights[f"weight_ih_l{layer}"], weights[f"weight_hh_l{layer}"]
        b = weights[f"bias_ih_l{layer}"] + weights[f"bias_hh_l{layer}"]
        h = c = np.zeros(U.shape[1])
        states = []
        for x_t in x:
            i, f, g, o = np.split(W @ x_t + U @ h + b, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            states.append(h)
        x = np.array(states)
    return x


def numpy_weights(module: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy() for name, value in module.named_parameters()}


@pytest.mark.parametrize(
    ("hidden", "layers", "features", "horizon", "targets"),
    [(1, 1, 1, 1, 1), (5, 1, 3, 2, 1), (4, 3, 2, 7, 1), (4, 2, 2, 3, 2)],
)
def test_the_lstm_equals_the_recurrence_written_out(hidden, layers, features, horizon, targets):
    model = stirred(LSTMForecaster(features, horizon, hidden=hidden, layers=layers, targets=targets)).double()
    x = random_inputs(3, 9, features)
    weights = numpy_weights(model.lstm)
    head = numpy_weights(model.projection)
    # the projection's rows are the targets of the first step ahead, then those of the second, …
    rows = [(steps, target) for steps in range(horizon) for target in range(targets)]
    expected = np.full((3, horizon, targets), np.nan)
    for window, one in enumerate(x.numpy()):
        outputs = head["weight"] @ recurrence(one, weights, layers)[-1] + head["bias"]
        for output, (steps, target) in zip(outputs, rows, strict=True):
            expected[window, steps, target] = output
    np.testing.assert_allclose(model(x).detach().numpy(), expected, rtol=0, atol=1e-12)  # float64


@pytest.mark.parametrize(
    ("steps", "pool", "kernels"), [(12, 2, (7, 3)), (13, 2, (4, 2)), (11, 3, (2, 5)), (10, 1, (1, 1))]
)
def test_the_cnn_lstm_equals_plain_functions(steps, pool, kernels):
    model = CNNLSTMForecaster(3, 4, channels=(5, 6), kernels=kernels, pool=pool, hidden=4, layers=2, head=5)
    model = stirred(model).double()
    x = random_inputs(2, steps, 3)

    def convolve(maps, conv, norm, width):
        zeros = maps.new_zeros(*maps.shape[:2], width - 1)  # before the oldest step
        maps = functional.conv1d(torch.cat([zeros, maps], dim=2), conv.weight, conv.bias)
        deviation = torch.sqrt(norm.running_var + 1e-5)[:, None]
        centred = (maps - norm.running_mean[:, None]) / deviation
        return torch.clamp(norm.weight[:, None] * centred + norm.bias[:, None], min=0)

    maps = convolve(x.transpose(1, 2), model.conv1, model.norm1, kernels[0])
    maps = convolve(maps, model.conv2, model.norm2, kernels[1])
    while maps.shape[-1] % pool:
        maps = torch.cat([maps[..., :1], maps], dim=-1)  # the oldest step again
    pooled = maps.reshape(*maps.shape[:2], -1, pool).amax(dim=-1).detach().numpy()
    weights = numpy_weights(model.lstm)
    last = np.array([recurrence(one.T, weights, 2)[-1] for one in pooled])
    inner, outer = numpy_weights(model.fc1), numpy_weights(model.fc2)
    units = np.maximum(last @ inner["weight"].T + inner["bias"], 0)
    expected = (units @ outer["weight"].T + outer["bias"])[..., None]
    np.testing.assert_allclose(model(x).detach().numpy(), expected, rtol=0, atol=1e-12)  # float64


@pytest.mark.parametrize("steps", [24, 25])
def test_the_newest_steps_are_never_lost_to_the_pool(steps):
    model = stirred(CNNLSTMForecaster(2, 1, channels=(4, 5), hidden=3, layers=1, head=3))
    x = random_inputs(1, steps, 2).float()
    with torch.no_grad(), record(model, ["relu2", "pool"]) as outputs:
        model(x)
        maps, pooled = outputs["relu2"], outputs["pool"]
        x[0, -1] += 3.0
        model(x)
        moved = outputs["pool"]
    assert pooled.shape[-1] == 12 + steps % 2
    torch.testing.assert_close(pooled[..., -1], maps[..., -2:].amax(dim=-1), rtol=0, atol=0)
    oldest = maps[..., :1] if steps % 2 else maps[..., :2]
    torch.testing.assert_close(pooled[..., 0], oldest.amax(dim=-1), rtol=0, atol=0)
    assert not torch.equal(moved[..., -1], pooled[..., -1])
    assert torch.equal(moved[..., 0], pooled[..., 0])


def test_one_pooled_step_sees_twelve_input_steps():
    # conv7 and conv5 see 7 + 5 − 1 = 11 steps; the pool adds the neighbour
    model = CNNLSTMForecaster(1, 1, channels=(2, 2), hidden=2, layers=1, head=2).eval()
    with torch.no_grad():
        for conv in (model.conv1, model.conv2):  # positive throughout, so that every ReLU is open
            conv.weight.fill_(0.1)
            conv.bias.fill_(1.0)
    x = torch.ones(1, 40, 1)
    pooled_step, seen = 10, []
    with torch.no_grad(), record(model, ["pool"]) as outputs:
        model(x)
        before = outputs["pool"][0, :, pooled_step].clone()
        for step in range(40):
            nudged = x.clone()
            nudged[0, step] += 1.0
            model(nudged)
            if not torch.equal(outputs["pool"][0, :, pooled_step], before):
                seen.append(step)
    newest = 2 * pooled_step + 1  # of the two steps that the pool joins
    assert seen == list(range(newest - 11, newest + 1))


@pytest.mark.parametrize("kernel", [1, 2, 5, 12])
def test_a_causal_convolution_is_a_sum_over_the_past(kernel):
    conv = CausalConv1d(3, 4, kernel).double()
    maps = random_inputs(2, 9, 3).transpose(1, 2)
    weight, bias = numpy_weights(conv)["weight"], numpy_weights(conv)["bias"]
    expected = np.tile(bias[:, None], (2, 1, 9))
    for step in range(9):
        for age in range(min(kernel, step + 1)):  # the last tap reads the step itself
            expected[:, :, step] += maps[:, :, step - age].numpy() @ weight[:, :, kernel - 1 - age].T
    np.testing.assert_allclose(conv(maps).detach().numpy(), expected, rtol=0, atol=1e-12)  # float64


@pytest.mark.parametrize("kind", KINDS)
def test_the_forecast_is_the_heads_of_the_newest_state(kind):
    model = stirred(KINDS[kind](2, 3, hidden=4))
    x = random_inputs(4, 17, 2).float()
    assert torch.equal(model(x), model.head(model.states(x)[:, -1]))
    assert torch.equal(model.head(model.states(x))[:, -1], model(x))


def lstm_size(inputs: int, hidden: int, layers: int) -> int:
    return sum(4 * hidden * ((inputs if layer == 0 else hidden) + hidden + 2) for layer in range(layers))


@pytest.mark.parametrize(("features", "horizon"), [(10, 12), (3, 288)])
def test_number_of_parameters(features, horizon):
    def size(model):
        return sum(p.numel() for p in model.parameters())

    lstm = LSTMForecaster(features, horizon)
    assert size(lstm) == lstm_size(features, 128, 2) + 129 * horizon
    convolutions = (7 * features + 1) * 32 + (5 * 32 + 1) * 64
    norms, head = 2 * 32 + 2 * 64, 129 * 64 + 65 * horizon
    cnn_lstm = CNNLSTMForecaster(features, horizon)
    assert size(cnn_lstm) == convolutions + norms + lstm_size(64, 128, 2) + head
    assert size(BypassForecaster(features, horizon)) == lstm_size(2 * features, 128, 2) + head


ARCHITECTURES = [
    {"kind": "lstm", "hidden": 6, "layers": 3, "dropout": 0.2},
    {
        "kind": "cnn_lstm",
        "channels": (4, 3),
        "kernels": (5, 3),
        "pool": 3,
        "hidden": 6,
        "layers": 1,
        "head": 5,
    },
    {"kind": "bypass", "patch": 3, "hidden": 6, "layers": 1, "head": 5},
]


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a["kind"])
def test_a_model_is_built_from_its_params(architecture):
    params = TypeAdapter(ModelParams).validate_python(architecture)
    model = build_model(params, n_features=3, horizon=5)
    assert type(model) is KINDS[architecture["kind"]]
    assert (model.lstm.hidden_size, model.lstm.num_layers) == (6, architecture["layers"])
    assert model(torch.zeros(2, 20, 3)).shape == (2, 5, 1)
    several = build_model(params, n_features=3, horizon=5, targets=2)
    assert several(torch.zeros(2, 20, 3)).shape == (2, 5, 2)
    assert several.head(several.states(torch.zeros(2, 20, 3))).shape[2:] == (5, 2)
    if architecture["kind"] == "cnn_lstm":
        assert (model.conv1.out_channels, model.conv2.out_channels) == (4, 3)
        assert (model.conv1.kernel_size, model.conv2.kernel_size) == ((5,), (3,))
        assert (model.pool.kernel_size, model.fc1.out_features) == (3, 5)
    elif architecture["kind"] == "bypass":
        assert (model.lstm.input_size, model.fc1.out_features) == (3 * 3, 5)
    else:
        assert model.lstm.dropout == model.dropout.p == 0.2


def test_dropout_acts_in_training_alone():
    model = build_model(LSTMParams(kind="lstm", hidden=8, layers=2, dropout=0.5), 2, 3)
    x = random_inputs(4, 6, 2).float()
    torch.manual_seed(0)
    assert not torch.equal(model.train()(x), model(x))
    assert torch.equal(model.eval()(x), model(x))


@pytest.mark.parametrize("kind", KINDS)
def test_windows_of_a_batch_do_not_know_each_other(kind):
    model = stirred(KINDS[kind](2, 3, hidden=4)).double()
    x = random_inputs(4, 16, 2)
    alone = torch.cat([model(one[None]) for one in x])
    torch.testing.assert_close(model(x), alone, rtol=0, atol=1e-12)  # float64


@pytest.mark.parametrize("kind", KINDS)
def test_every_relu_is_a_module_of_its_own_and_every_stage_exists(kind):
    model = KINDS[kind](2, 1, hidden=4)
    relus = [name for name, module in model.named_modules() if isinstance(module, torch.nn.ReLU)]
    assert relus == {"cnn_lstm": ["relu1", "relu2", "relu3"], "bypass": ["relu3"]}.get(kind, [])
    calls = []
    for name in relus:
        model.get_submodule(name).register_forward_hook(lambda *_, name=name: calls.append(name))
    model(torch.zeros(2, 16, 2))
    assert calls == relus
    assert set(model.stages.values()) <= {name for name, _ in model.named_modules()}


@pytest.mark.parametrize(("steps", "patch"), [(8, 2), (9, 2), (10, 3), (5, 1), (2, 4)])
def test_the_bypass_reads_neighbouring_steps_side_by_side(steps, patch):
    model = stirred(BypassForecaster(3, 4, patch=patch, hidden=5, layers=2, head=6)).double()
    x = random_inputs(2, steps, 3)
    expected = []
    for window in x.numpy():
        rows = list(window)
        while len(rows) % patch:
            rows.insert(0, rows[0])  # the oldest step again
        patches = np.array([np.concatenate(rows[i : i + patch]) for i in range(0, len(rows), patch)])
        last = recurrence(patches, numpy_weights(model.lstm), 2)[-1]
        inner, outer = numpy_weights(model.fc1), numpy_weights(model.fc2)
        units = np.maximum(inner["weight"] @ last + inner["bias"], 0)
        expected.append((outer["weight"] @ units + outer["bias"])[:, None])
    np.testing.assert_allclose(model(x).detach().numpy(), expected, rtol=0, atol=1e-12)  # float64


@pytest.mark.parametrize("steps", [12, 13])
def test_every_raw_input_reaches_the_forecast_of_the_bypass(steps):
    model = stirred(BypassForecaster(3, 2, hidden=8, head=6)).double()
    x = random_inputs(4, steps, 3).requires_grad_()
    (gradient,) = torch.autograd.grad(model(x).sum(), x)
    assert (gradient.abs().sum(dim=0) > 0).all()


@pytest.mark.parametrize("steps", [24, 25])
def test_the_lstm_of_the_bypass_has_as_many_steps_as_that_of_the_cnn_lstm(steps):
    lengths = []
    for model in (CNNLSTMForecaster(2, 1, pool=3, hidden=3), BypassForecaster(2, 1, patch=3, hidden=3)):
        model.lstm.register_forward_hook(lambda _m, inputs, _o: lengths.append(inputs[0].shape[1]))
        model(torch.zeros(1, steps, 2))
    assert lengths == [-(-steps // 3)] * 2


@pytest.mark.parametrize(
    "params",
    [
        LSTMParams(kind="lstm", hidden=5, layers=3),
        CNNLSTMParams(kind="cnn_lstm", channels=(3, 4), kernels=(5, 7), hidden=6, layers=2, head=9),
        BypassParams(kind="bypass", patch=3, hidden=6, layers=1, head=9),
    ],
    ids=lambda params: params.kind,
)
def test_the_least_number_of_parameters_is_that_with_one_feature(params):
    model = build_model(params, n_features=1, horizon=11)
    assert least_parameters(params, 11) == sum(weights.numel() for weights in model.parameters())
