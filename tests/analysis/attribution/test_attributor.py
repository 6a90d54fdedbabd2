"""Attribution: gradients derived by hand, captum called directly, and averages redone window by window."""

import dataclasses
import math
import weakref

import captum.attr
import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

from lstmkit.analysis.attribution import methods
from lstmkit.analysis.attribution.agreement import agreement
from lstmkit.analysis.attribution.attributor import Attributor
from lstmkit.analysis.attribution.averages import Attribution
from lstmkit.analysis.attribution.methods import (
    ScalarForecast,
    gradient_x_input,
    guided_backprop,
    integrated_gradients,
    occlusion,
    saliency,
    smoothgrad,
)
from lstmkit.data.cutting import make_windows
from lstmkit.data.features import build_features
from lstmkit.data.grid import make_dataset
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.findings.attribution.agreement import agreement_finding
from lstmkit.findings.attribution.attributor import (
    attribution_caption,
    attribution_finding,
    attributor_finding,
)
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import AttributionParams, SplitParams, WindowParams
from lstmkit.wording import percent, plain
from tests.analysis.tiny import Squared, Weighted, make_test_windows, state_of, stirred

WEIGHTS = torch.tensor([[1.0, -2.0], [0.5, 0.0], [3.0, 4.0]])  # three steps, two features
X = torch.tensor([[[2.0, 1.0], [-4.0, 7.0], [1.0, -0.5]], [[0.0, -3.0], [8.0, 1.0], [-2.0, 0.25]]])
PRODUCTS = [[[2.0, -2.0], [-2.0, 0.0], [3.0, -2.0]], [[0.0, 6.0], [4.0, 0.0], [-6.0, 1.0]]]  # w·x

METHODS = {
    "saliency": saliency,
    "gradient_x_input": gradient_x_input,
    "integrated_gradients": lambda forecast, x: integrated_gradients(forecast, x, steps=8),
    "occlusion": lambda forecast, x: occlusion(forecast, x, steps=1),
    "smoothgrad": lambda forecast, x: smoothgrad(
        forecast, x, samples=3, sigma=torch.full(x.shape[2:], 0.1, dtype=x.dtype)
    ),
}


def lstm(**changed) -> nn.Module:
    return stirred(LSTMForecaster(**({"n_features": 3, "horizon": 4, "hidden": 6, "layers": 2} | changed)))


def cnn_lstm(**changed) -> nn.Module:
    small = {"n_features": 3, "horizon": 4, "channels": (5, 6), "hidden": 6, "layers": 2, "head": 7}
    return stirred(CNNLSTMForecaster(**(small | changed)))


def noise(*shape: int, seed: int = 3, dtype=torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


# --- a linear model: every method is known exactly ----------------------------------------------------------


def test_linear_model_by_gradients():
    forecast = ScalarForecast(Weighted(WEIGHTS))
    assert saliency(forecast, X.clone()).tolist() == [WEIGHTS.tolist()] * 2
    assert gradient_x_input(forecast, X.clone()).tolist() == PRODUCTS


@pytest.mark.parametrize("steps", [1, 2, 50])
def test_linear_model_by_integrated_gradients(steps):
    forecast = ScalarForecast(Weighted(WEIGHTS.double()))
    values = integrated_gradients(forecast, X.double(), steps=steps)
    # captum holds the weights of the Gauss-Legendre rule in float32: they add up to 1 within 1e-9
    np.testing.assert_allclose(values.detach(), PRODUCTS, rtol=2e-9, atol=0)


def test_linear_model_by_occlusion():
    forecast = ScalarForecast(Weighted(WEIGHTS))
    assert occlusion(forecast, X.clone(), steps=1).tolist() == PRODUCTS
    # the whole window of a feature: w·x adds up to 2 − 2 + 3 = 3 and −2 + 0 − 2 = −4 in the first window
    whole = occlusion(forecast, X.clone(), steps=3)
    expected = [[[1.0, -4 / 3]] * 3, [[-2 / 3, 7 / 3]] * 3]
    np.testing.assert_allclose(whole, expected, rtol=1e-6)  # float32


@pytest.mark.parametrize("spread", [0.01, 100.0])
def test_linear_model_by_smoothgrad_whatever_the_noise(spread):
    torch.manual_seed(0)
    sigma = torch.tensor([spread, 3 * spread], dtype=torch.float64)
    forecast = ScalarForecast(Weighted(WEIGHTS.double()))
    values = smoothgrad(forecast, X.double(), samples=7, sigma=sigma)
    # ·σ and /σ and the mean of seven: a few float64 roundings
    np.testing.assert_allclose(values, [WEIGHTS.tolist()] * 2, rtol=1e-14, atol=1e-14)


# --- occlusion's patches ------------------------------------------------------------------------------------


def test_patches_are_counted_from_the_newest_step_and_share_their_change_equally():
    # five steps of one feature in patches of two: {4, 3}, {2, 1}, and what is left, {0}
    forecast = ScalarForecast(Weighted(torch.tensor([[1.0], [2.0], [4.0], [8.0], [16.0]])))
    values = occlusion(forecast, torch.ones(1, 5, 1), steps=2)
    assert values.flatten().tolist() == [1.0, 3.0, 3.0, 12.0, 12.0]


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 6, 7, 100])
def test_occlusion_of_a_linear_model_adds_up_whatever_the_patch(steps):
    forecast = ScalarForecast(Weighted(noise(7, 2)))
    x = noise(3, 7, 2, seed=4)
    values = occlusion(forecast, x, steps)
    torch.testing.assert_close(values.sum(dim=(1, 2)), forecast(x).detach(), rtol=1e-5, atol=1e-5)  # float32


def test_occlusion_equals_captums_sliding_patch_where_that_divides_the_window():
    model = lstm()
    x = noise(4, 12, 3)
    expected = captum.attr.Occlusion(lambda x: model(x).mean(dim=1)).attribute(
        x, sliding_window_shapes=(3, 1), strides=(3, 1)
    )
    values = occlusion(ScalarForecast(model), x, steps=3)
    torch.testing.assert_close(3 * values, expected, rtol=1e-5, atol=1e-6)  # float32


# --- a quadratic model --------------------------------------------------------------------------------------


def test_quadratic_model_by_hand():
    forecast = ScalarForecast(Squared(WEIGHTS.double()))
    x = X.double()
    torch.testing.assert_close(saliency(forecast, x.clone()), 2 * WEIGHTS * x, rtol=0, atol=1e-14)
    # from 0 to x the mean of 2wx is wx, so the integral is wx²: Gauss-Legendre is exact for polynomials
    values = integrated_gradients(forecast, x.clone(), steps=4)
    torch.testing.assert_close(values.detach(), WEIGHTS * x**2, rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(occlusion(forecast, x, steps=1), WEIGHTS * x**2, rtol=1e-13, atol=1e-12)


def test_quadratic_model_by_smoothgrad():
    # the gradient at x + ε is 2w(x + ε), so the mean of n misses 2wx by a normal error of spread 2wσ/√n
    samples, sigma = 64, torch.tensor([0.5, 4.0])
    weights, x = torch.ones(40, 2), noise(50, 40, 2)
    torch.manual_seed(1)
    values = smoothgrad(ScalarForecast(Squared(weights)), x, samples, sigma)
    missed = (values - 2 * x) / (2 * sigma / math.sqrt(samples))  # 4,000 standard normals
    assert missed.abs().max() < 5  # P ≈ 0.002
    for feature in range(2):
        # mean and spread of 2,000: 1/√2000 = 0.022 and 1/√4000 = 0.016, at four standard errors
        assert abs(missed[..., feature].mean()) < 0.09
        assert missed[..., feature].std() == pytest.approx(1, abs=0.065)


# --- one LSTM unit by the chain rule ------------------------------------------------------------------------

GATES = {"i": (0.7, -0.4, 0.1), "f": (-0.3, 0.9, 0.8), "g": (1.1, 0.6, -0.2), "o": (0.5, -0.8, 0.3)}
HEAD = (1.7, -0.25)


def one_unit() -> nn.Module:
    """An LSTM of one unit, each gate with its weights of the input, of the last state, and its bias."""
    model = LSTMForecaster(1, 1, hidden=1, layers=1).double().eval()
    W, U, b = (torch.tensor(row, dtype=torch.float64) for row in zip(*GATES.values(), strict=True))
    with torch.no_grad():
        model.lstm.weight_ih_l0.copy_(W[:, None])
        model.lstm.weight_hh_l0.copy_(U[:, None])
        model.lstm.bias_ih_l0.copy_(b)
        model.lstm.bias_hh_l0.zero_()
        model.projection.weight.fill_(HEAD[0])
        model.projection.bias.fill_(HEAD[1])
    return model


def forecast_and_gradient(x: list[float]) -> tuple[float, list[float]]:
    """The forecast and its derivatives by each input, with the tangents of h and c carried along.

    dc = f·dc' + c'·f(1−f)·df + i·(1−g²)·dg + g·i(1−i)·di, and dh = o·(1−tanh²c)·dc + tanh c·o(1−o)·do,
    where each pre-activation changes by w·dx + u·dh'.
    """
    h = c = 0.0
    dh, dc = [0.0] * len(x), [0.0] * len(x)
    for t, x_t in enumerate(x):
        z = {gate: w * x_t + u * h + b for gate, (w, u, b) in GATES.items()}
        i, f, o = (1 / (1 + math.exp(-z[gate])) for gate in "ifo")
        g = math.tanh(z["g"])
        new_c = f * c + i * g
        tanh_c = math.tanh(new_c)
        for s in range(len(x)):
            dz = {gate: w * (s == t) + u * dh[s] for gate, (w, u, _) in GATES.items()}
            dc[s] = (
                f * dc[s] + c * f * (1 - f) * dz["f"] + i * (1 - g**2) * dz["g"] + g * i * (1 - i) * dz["i"]
            )
            dh[s] = o * (1 - tanh_c**2) * dc[s] + tanh_c * o * (1 - o) * dz["o"]
        c, h = new_c, o * tanh_c
    return HEAD[0] * h + HEAD[1], [HEAD[0] * d for d in dh]


@pytest.mark.parametrize("x", [[0.8, -1.3], [2.0, 0.0, -0.7], [0.3, 0.1, -2.0, 1.5]])
def test_one_lstm_unit_by_the_chain_rule(x):
    forecast = ScalarForecast(one_unit())
    inputs = torch.tensor(x, dtype=torch.float64)[None, :, None]
    expected, gradient = forecast_and_gradient(x)
    assert forecast(inputs).item() == pytest.approx(expected, abs=1e-14)
    values = saliency(forecast, inputs.clone()).flatten()
    np.testing.assert_allclose(values, gradient, rtol=0, atol=1e-14)  # float64
    products = gradient_x_input(forecast, inputs.clone()).flatten().detach()
    np.testing.assert_allclose(products, np.multiply(gradient, x), rtol=0, atol=1e-14)
    for step in range(len(x)):  # central differences: error ~ h² + 1e-16 / h
        up, down = ([*x[:step], x[step] + move, *x[step + 1 :]] for move in (1e-5, -1e-5))
        slope = (forecast_and_gradient(up)[0] - forecast_and_gradient(down)[0]) / 2e-5
        assert values[step].item() == pytest.approx(slope, abs=1e-9)


@pytest.mark.parametrize("build", [lstm, cnn_lstm], ids=["lstm", "cnn_lstm"])
def test_saliency_equals_finite_differences(build):
    forecast = ScalarForecast(build(dropout=0.3).double())
    x = noise(1, 9, 3, dtype=torch.float64)
    values = saliency(forecast, x.clone())[0]
    slopes = torch.zeros(9, 3, dtype=torch.float64)
    with torch.no_grad():
        for step in range(9):
            for feature in range(3):
                move = torch.zeros_like(x)
                move[0, step, feature] = 1e-6
                slopes[step, feature] = (forecast(x + move) - forecast(x - move)).item() / 2e-6
    # differences of 1e-16 over 1e-6; no ReLU or pool switches within so small a move
    torch.testing.assert_close(values, slopes, rtol=0, atol=1e-8)


# --- the scalar ---------------------------------------------------------------------------------------------


def test_the_mean_over_the_horizon_and_a_single_step():
    model = Weighted(torch.ones(2, 1), ahead=(1.0, 10.0, 4.0))
    x = torch.tensor([[[1.0], [2.0]]])  # adds up to 3
    assert ScalarForecast(model)(x).tolist() == [15.0]
    assert [ScalarForecast(model, step)(x).item() for step in (1, 2, 3)] == [3.0, 30.0, 12.0]
    assert saliency(ScalarForecast(model, 2), x).flatten().tolist() == [10.0, 10.0]


@pytest.mark.parametrize("step", [0, -1, 4])
def test_a_step_that_the_model_does_not_forecast_is_refused(step):
    model = Weighted(torch.ones(2, 1), ahead=(1.0, 10.0, 4.0))
    with pytest.raises(LstmkitError, match=f"^step is {step}, but output has 3 steps ahead, counted from 1$"):
        ScalarForecast(model, step)(torch.ones(1, 2, 1))


def test_a_step_beyond_the_horizon_is_refused_before_any_work():
    with pytest.raises(LstmkitError, match=r"attribution.target_step is 3; the horizon has 2 steps"):
        Attributor(Weighted(torch.ones(6, 2)), make_test_windows(), AttributionParams(target_step=3), 0)


@pytest.mark.parametrize("kind", ["none", "last", "climatology", "damped"])
def test_attributions_are_of_what_the_network_adds_to_its_rule_in_the_targets_unit(kind):
    # one test value is raised by its standard deviation: the network's part in ppm moves by the attribution
    stamps = pd.date_range("2025-01-01", periods=1200, freq="1h", tz="UTC")
    values = 600 + np.random.default_rng(0).normal(size=(1200, 2)).cumsum(axis=0)

    def windows_with(raised: float, column: str) -> Windows:
        frame = pd.DataFrame(values.copy(), index=stamps, columns=["a", "b"])
        frame.loc[stamps[1100], column] += raised
        described = {"interval": pd.Timedelta("1h"), "site_timezone": "UTC", "units": {}}
        dataset = make_dataset("walk", frame, target="a", **described)
        params = WindowParams(lookback=30, scaling="standard", residual=kind)
        return make_windows(
            dataset, build_features(dataset, "raw"), 3, params, SplitParams(validation_blocks=1)
        )["test"]

    model = stirred(LSTMForecaster(2, 3, hidden=4))
    before = windows_with(0.0, "a")
    for column in ("a", "b"):
        feature = before.features.index(column)
        deviation = before.scaler.scale[feature]
        for lag in (0, 1, 22, 27):
            index = torch.tensor([1100 + lag - 29 - int(before.starts[0])])
            one = before.select(index)
            after = windows_with(1e-2 * deviation, column).select(index)
            with torch.no_grad():
                outputs = [w.to_units(model(w.gather(torch.arange(1))[0])) for w in (one, after)]
            added = [ahead - w.without_network() for ahead, w in zip(outputs, (one, after), strict=True)]
            moved = (added[1] - added[0])[0, 1, 0] / 1e-2
            result = Attributor(model, one, AttributionParams(target_step=2), 0).saliency()
            # a move of 0.01 bends the forecast a little; float32 of order 1, in units of 30, over 0.01
            assert result.signed[29 - lag, feature] == pytest.approx(moved, rel=0.02, abs=2e-3), (column, lag)


# --- captum called directly ---------------------------------------------------------------------------------


class Mean(nn.Module):
    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x).mean(dim=1)


@pytest.mark.parametrize("build", [lstm, cnn_lstm], ids=["lstm", "cnn_lstm"])
def test_equal_to_captum_on_the_same_model(build):
    model = build(dropout=0.3)
    x = noise(5, 14, 3)
    forecast = ScalarForecast(model)
    # float32, and batches that captum cuts elsewhere: 1e-5 of values of order one
    tolerance = {"rtol": 1e-5, "atol": 1e-6}
    expected = captum.attr.Saliency(lambda x: model(x).mean(dim=1)).attribute(x.clone(), abs=False)
    torch.testing.assert_close(saliency(forecast, x.clone()), expected, **tolerance)
    expected = captum.attr.InputXGradient(lambda x: model(x).mean(dim=1)).attribute(x.clone())
    torch.testing.assert_close(gradient_x_input(forecast, x.clone()), expected, **tolerance)
    expected = captum.attr.IntegratedGradients(lambda x: model(x)[:, 2]).attribute(x.clone(), n_steps=32)
    values = integrated_gradients(ScalarForecast(model, 3), x.clone(), steps=32)
    torch.testing.assert_close(values, expected, **tolerance)
    expected = captum.attr.GuidedBackprop(Mean(model)).attribute(x.clone())
    torch.testing.assert_close(guided_backprop(forecast, x.clone()), expected, **tolerance)


def test_guided_backprop_of_an_lstm_is_the_saliency_and_therefore_refused():
    model = lstm()
    x = noise(5, 14, 3)
    guided = captum.attr.GuidedBackprop(Mean(model)).attribute(x.clone())
    plain = captum.attr.Saliency(Mean(model)).attribute(x.clone(), abs=False)
    assert torch.equal(guided, plain)
    windows = make_test_windows(features=("co2", "temperature", "humidity"))
    with pytest.raises(LstmkitError, match="without a ReLU is exactly the saliency"):
        Attributor(model, windows, AttributionParams(), 0).guided_backprop()


class GuidedReLU(torch.autograd.Function):
    """A ReLU whose backward pass lets through what is positive in both directions."""

    @staticmethod
    def forward(ctx, values):
        ctx.save_for_backward(values)
        return values * (values > 0)

    @staticmethod
    def backward(ctx, gradient):
        (values,) = ctx.saved_tensors
        return gradient * (values > 0) * (gradient > 0)


def test_guided_backprop_of_the_cnn_lstm_equals_a_relu_with_a_backward_pass_of_its_own():
    model = cnn_lstm()
    x = noise(4, 15, 3)
    relu, inputs = GuidedReLU.apply, x.clone().requires_grad_()
    maps = relu(model.norm1(model.conv1(inputs.transpose(1, 2))))
    maps = relu(model.norm2(model.conv2(maps)))
    maps = torch.cat([maps[..., :1], maps], dim=-1)  # an odd window: the oldest step again
    pooled = torch.maximum(maps[..., 0::2], maps[..., 1::2])
    states, _ = model.lstm(pooled.transpose(1, 2))
    total = model.fc2(relu(model.fc1(states[:, -1]))).mean(dim=1).sum()
    (expected,) = torch.autograd.grad(total, inputs)
    values = guided_backprop(ScalarForecast(model), x.clone())
    # float32; `maximum` halves gradients between equals, which are zeros that the ReLU stops in any case
    torch.testing.assert_close(values, expected, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(values, saliency(ScalarForecast(model), x.clone()), rtol=1e-2)


# --- completeness -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "coarse", "fine"),
    # the LSTM is smooth and the rule converges fast; where a ReLU or the pool switches on the path, as ~1/steps
    [(lstm, 1e-5, 1e-5), (cnn_lstm, 0.1, 0.02)],
    ids=["lstm", "cnn_lstm"],
)
def test_integrated_gradients_are_complete(build, coarse, fine):
    forecast = ScalarForecast(build(dropout=0.3))
    x = noise(32, 24, 3)
    with torch.no_grad():
        moved = forecast(x) - forecast(torch.zeros_like(x))

    def error(steps):
        added = integrated_gradients(forecast, x.clone(), steps).sum(dim=(1, 2))
        return ((added - moved).abs().mean() / moved.abs().mean()).item()

    assert error(2) > 0.5  # the path is far from straight
    assert error(64) < coarse
    assert error(256) < fine


def test_the_completeness_error_that_is_reported():
    model = cnn_lstm()
    windows = make_test_windows(n=30, lookback=24, features=("co2", "temperature", "humidity"), horizon=4)
    params = AttributionParams(path_steps=3, batch_size=7)
    result = Attributor(model, windows, params, 0).integrated_gradients()
    gap, change = [], []
    for x, _ in windows.batches(1):
        added = captum.attr.IntegratedGradients(Mean(model)).attribute(x, n_steps=3).sum().item()
        moved = (model(x).mean() - model(torch.zeros_like(x)).mean()).item()
        gap.append(abs(added - moved))
        change.append(abs(moved))
    assert result.completeness_error == pytest.approx(np.mean(gap) / np.mean(change), rel=1e-4)  # float32
    assert result.completeness_error > 1e-3
    assert f"by {percent(result.completeness_error)} on average" in attribution_finding(result)
    linear = Attributor(Weighted(noise(24, 3), (1.0,) * 4), windows, params, 0)
    assert linear.integrated_gradients().completeness_error < 1e-6
    assert linear.saliency().completeness_error is None


# --- nothing is left behind ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [*METHODS.values(), guided_backprop], ids=[*METHODS, "guided_backprop"])
@pytest.mark.parametrize("build", [lstm, cnn_lstm], ids=["lstm", "cnn_lstm"])
def test_the_model_stays_as_it_was(build, method):
    model = build(dropout=0.3)
    next(model.parameters()).requires_grad_(False)
    before = state_of(model)
    method(ScalarForecast(model), noise(2, 14, 3))
    assert state_of(model) == before


@pytest.mark.parametrize("method", [*METHODS.values(), guided_backprop], ids=[*METHODS, "guided_backprop"])
def test_a_model_left_in_training_mode_is_explained_in_evaluation_mode(method):
    x, model = noise(2, 14, 3), cnn_lstm(dropout=0.5)
    torch.manual_seed(0)
    expected = method(ScalarForecast(model), x)
    model.train().norm1.eval()
    before = state_of(model)
    torch.manual_seed(0)
    torch.testing.assert_close(method(ScalarForecast(model), x), expected, rtol=0, atol=0)
    assert state_of(model) == before


class Flattened(Weighted):
    """Forecasts one step, and puts it out without an axis for the steps."""

    def forward(self, x):
        return super().forward(x)[:, 0]


class Deepened(Weighted):
    """Puts out an axis for its one target."""

    def forward(self, x):
        return super().forward(x)[:, :, None]


class TooDeep(Weighted):
    """Puts out an axis too many."""

    def forward(self, x):
        return super().forward(x)[:, :, None, None]


class OneWindow(Weighted):
    """Loses windows on the way."""

    def forward(self, x):
        return super().forward(x)[:1]


@pytest.mark.parametrize(("kind", "shape"), [(TooDeep, r"\(2, 1, 1, 1\)"), (OneWindow, r"\(1, 1\)")])
def test_outputs_that_are_no_forecasts_are_refused(kind, shape):
    said = rf"^{kind.__name__} returns float32 of shape {shape}; a tensor of shape \(2,\), \(2, horizon\) or "
    with pytest.raises(LstmkitError, match=said):
        saliency(ScalarForecast(kind(noise(14, 3))), noise(2, 14, 3))


@pytest.mark.parametrize("kind", [Flattened, Deepened])
def test_one_step_or_one_target_without_or_with_an_axis_of_its_own_is_the_same(kind):
    windows, params = make_test_windows(), AttributionParams(smooth_samples=3)
    ahead = (1.0,) if kind is Flattened else (1.0, 3.0)
    plain, other = (Attributor(each(noise(6, 2), ahead), windows, params, 0) for each in (Weighted, kind))
    for method in set(methods.METHODS) - {"guided_backprop"}:
        expected, found = (getattr(each, method)() for each in (plain, other))
        for field in dataclasses.fields(expected):
            np.testing.assert_array_equal(getattr(found, field.name), getattr(expected, field.name))


def test_a_forecast_that_is_nan_at_another_step_than_the_one_explained_is_refused():
    model = Weighted(noise(14, 3), ahead=(1.0, torch.nan))
    with pytest.raises(LstmkitError, match=r"^Weighted forecasts NaN or infinity for the window 0"):
        saliency(ScalarForecast(model, 1), noise(2, 14, 3))


def test_hooks_come_off_when_the_forward_pass_raises():
    model = cnn_lstm()
    before = state_of(model)
    with pytest.raises(LstmkitError, match=r"^step is 9, but output has 4 steps ahead"):
        guided_backprop(ScalarForecast(model, 9), noise(2, 14, 3))
    with pytest.raises(RuntimeError):
        guided_backprop(ScalarForecast(model), noise(2, 14, 5))
    assert state_of(model) == before


def test_the_global_random_state_stays_as_it_was():
    windows = make_test_windows()
    attributor = Attributor(Squared(noise(6, 2)), windows, AttributionParams(smooth_samples=2), 0)
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    attributor.smoothgrad()
    assert torch.equal(torch.rand(3), expected)


# --- averages over windows ----------------------------------------------------------------------------------


def by_hand(values: np.ndarray, hours: list[slice]) -> dict[str, np.ndarray]:
    """What an Attribution holds, from attributions (window, time, feature) with plain NumPy."""
    absolute = np.abs(values)
    parts = {
        "magnitude": absolute,
        "signed": values,
        "by_feature": absolute.sum(axis=1),
        "by_step": absolute.sum(axis=2),
        "by_hour": np.stack([absolute[:, hour].sum(axis=(1, 2)) for hour in hours], axis=1),
    }
    means = {name: part.mean(axis=0) for name, part in parts.items()}
    errors = {
        f"{name}_error": part.std(axis=0, ddof=1) / math.sqrt(len(values)) for name, part in parts.items()
    }
    return means | errors


@pytest.mark.parametrize("batch_size", [1, 7, 64])
@pytest.mark.parametrize("step", [None, 2])
def test_averages_equal_a_loop_over_windows(batch_size, step):
    # 29 steps of 5 min: the newest two hours are steps 5–16 and 17–28, and five older steps are left over
    hours = [slice(0, 5), slice(5, 17), slice(17, 29)]
    windows = make_test_windows(
        n=23, lookback=29, horizon=4, features=("co2", "temperature", "humidity"), target_scale=50.0
    )
    model = lstm()
    gradients = []
    for start in range(23):
        x = windows.inputs[start : start + 29][None].clone().requires_grad_()
        ahead = model(x)[0]
        (gradient,) = torch.autograd.grad(ahead.mean() if step is None else ahead[step - 1], x)
        gradients.append(50.0 * gradient[0].numpy().astype("float64"))
    params = AttributionParams(batch_size=batch_size, target_step=step)
    result = Attributor(model, windows, params, 0).saliency()
    for name, expected in by_hand(np.array(gradients), hours).items():
        # float32 gradients of order 50
        np.testing.assert_allclose(getattr(result, name), expected, rtol=1e-4, atol=1e-4, err_msg=name)
    assert result.n_windows == 23
    assert result.features == ("co2", "temperature", "humidity")
    np.testing.assert_allclose(result.hours_before, np.arange(28, -1, -1) / 12)
    assert result.explained == ("mean over the horizon" if step is None else "step 2 ahead")
    assert (
        attribution_caption(result) == f"Saliency of the {result.explained}, averaged over 23 test windows."
    )


@pytest.mark.parametrize("method", ["gradient_x_input", "integrated_gradients", "occlusion"])
def test_other_methods_are_averaged_alike_whatever_the_batch_size(method):
    windows = make_test_windows(n=11, lookback=14, features=("a", "b", "c"), horizon=4, target_scale=3.0)
    model = lstm()
    results = [
        getattr(Attributor(model, windows, AttributionParams(batch_size=size), 0), method)()
        for size in (1, 4, 11)
    ]
    forecast = ScalarForecast(model)
    x, _ = windows.gather(torch.arange(11))
    values = {
        "gradient_x_input": lambda: gradient_x_input(forecast, x),
        "integrated_gradients": lambda: integrated_gradients(forecast, x, AttributionParams().path_steps),
        "occlusion": lambda: occlusion(forecast, x, 12),  # one hour
    }[method]()
    expected = by_hand(3.0 * values.detach().numpy(), [slice(0, 2), slice(2, 14)])
    for result in results:
        for name, values in expected.items():
            np.testing.assert_allclose(getattr(result, name), values, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    ("interval", "lookback", "starts"),
    [("5min", 24, [0, 12]), ("5min", 25, [0, 1, 13]), ("15min", 6, [0, 2]), ("1h", 3, [0, 1, 2])],
)
def test_hours_are_counted_from_the_newest_step(interval, lookback, starts):
    windows = make_test_windows(n=3, lookback=lookback, interval=interval)
    model = Weighted(torch.ones(lookback, 2), ahead=(1.0, 1.0))  # each step holds 2
    result = Attributor(model, windows, AttributionParams(), 0).saliency()
    np.testing.assert_array_equal(result.by_hour, 2 * np.diff([*starts, lookback]))


def test_the_noise_of_smoothgrad_is_a_share_of_each_features_spread():
    windows = make_test_windows(n=50, lookback=20)
    windows.inputs[:, 1] *= 30.0
    seen = []
    model = Weighted(torch.ones(20, 2), ahead=(1.0, 1.0))
    model.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0].detach().clone()))
    params = AttributionParams(smooth_samples=4, smooth_sigma=0.2, batch_size=50)
    Attributor(model, windows, params, 0).smoothgrad()
    clean, _ = windows.gather(torch.arange(50))
    added = torch.stack([noisy for noisy in seen if noisy.shape == clean.shape]) - clean
    spread = clean.std(dim=(0, 1))
    # 4,000 draws per feature: the spread of their spread is 1/√8000 = 1.1 %
    torch.testing.assert_close(added.std(dim=(0, 1, 2)), 0.2 * spread, rtol=0.05, atol=0)


def test_a_constant_feature_does_not_break_smoothgrad():
    windows = make_test_windows()
    windows.inputs[:, 1] = 0.0
    attributor = Attributor(Weighted(torch.ones(6, 2), (1.0, 1.0)), windows, AttributionParams(), 0)
    np.testing.assert_allclose(attributor.smoothgrad().magnitude, 1.0, rtol=1e-5)  # float32


def test_the_sample_is_seeded():
    windows = make_test_windows(n=40)
    model = Squared(noise(6, 2), (1.0, 1.0))
    params = AttributionParams(windows=10, costly_windows=4, smooth_samples=5)

    def magnitudes(seed):
        attributor = Attributor(model, windows, params, seed)
        results = [attributor.saliency(), attributor.smoothgrad()]
        assert [result.n_windows for result in results] == [10, 4]
        return [result.magnitude for result in results]

    first, again, other = magnitudes(3), magnitudes(3), magnitudes(4)
    for k in range(2):
        np.testing.assert_array_equal(first[k], again[k])
        assert not np.array_equal(first[k], other[k])


def test_attributions_of_a_batch_are_let_go_before_the_next(monkeypatch):
    windows = make_test_windows(n=60)
    attributor = Attributor(
        Weighted(torch.ones(6, 2), (1.0, 1.0)), windows, AttributionParams(batch_size=5), 0
    )
    kept, alive = [], []

    def watched(forecast, x):
        alive.append(sum(reference() is not None for reference in kept))
        values = saliency(forecast, x)
        kept.extend([weakref.ref(values), weakref.ref(x)])
        return values

    method = dataclasses.replace(methods.METHODS["saliency"], attribute=watched)
    monkeypatch.setitem(methods.METHODS, "saliency", method)
    attributor.saliency()
    assert len(alive) == 12
    assert max(alive) == 0


# --- what a reader reads ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "unit"),
    [
        ("saliency", "ppm per standard deviation"),
        ("smoothgrad", "ppm per standard deviation"),
        ("guided_backprop", "ppm per standard deviation"),
        ("gradient_x_input", "ppm"),
        ("integrated_gradients", "ppm"),
        ("occlusion", "ppm"),
    ],
)
def test_units(method, unit):
    model = stirred(CNNLSTMForecaster(2, 2, channels=(2, 2), hidden=2, head=2))
    params = AttributionParams(smooth_samples=2, path_steps=2)
    assert getattr(Attributor(model, make_test_windows(n=4), params, 0), method)().unit == unit


def attribution(magnitude, method: str = "Saliency", hours: float = 1.0, **changed) -> Attribution:
    """An Attribution of a map (time, feature) that all windows agree on."""
    magnitude = np.asarray(magnitude, "float64")
    by_feature, by_step = magnitude.sum(axis=0), magnitude.sum(axis=1)
    described = {
        "method": method,
        "unit": "ppm",
        "magnitude": magnitude,
        "magnitude_error": 0 * magnitude,
        "signed": -magnitude,
        "signed_error": 0 * magnitude,
        "by_feature": by_feature,
        "by_feature_error": 0.1 * by_feature,
        "by_step": by_step,
        "by_step_error": 0 * by_step,
        "by_hour": by_step,
        "by_hour_error": 0 * by_step,
        "features": tuple("abcdefgh"[: magnitude.shape[1]]),
        "hours_before": np.arange(len(magnitude) - 1, -1, -1) * hours,
        "explained": "mean over the horizon",
        "n_windows": 5,
    }
    return Attribution(**(described | changed))


def test_shares():
    result = attribution([[1, 6, 0], [0, 2, 1]])
    assert result.share.to_dict() == {"b": 80.0, "a": 10.0, "c": 10.0}
    assert result.share.index[0] == "b"
    assert result.share.sum() == pytest.approx(100)
    frame = result.features_frame()
    assert frame.loc["b"].to_dict() == {"total": 8.0, "standard_error": 0.8, "share_percent": 80.0}


def test_shares_of_a_real_model_add_up():
    model = lstm()
    windows = make_test_windows(features=("a", "b", "c"), horizon=4)
    result = Attributor(model, windows, AttributionParams(), 0).saliency()
    assert result.share.sum() == pytest.approx(100, abs=1e-9)
    assert result.by_hour.sum() == pytest.approx(result.by_feature.sum())
    assert result.by_step.sum() == pytest.approx(result.magnitude.sum())


def test_frames():
    result = attribution([[1, 6], [0, 2], [3, 4]], hours=0.5)
    frame = result.to_frame()
    assert frame.loc[(0.5, "b"), "magnitude"] == 2
    assert frame.loc[(1.0, "a"), "signed"] == -1
    assert len(frame) == 6
    steps = result.steps_frame()
    assert steps["total"].to_dict() == {1.0: 7.0, 0.5: 2.0, 0.0: 7.0}


@pytest.mark.parametrize(
    ("share", "hours"),
    # from the newest step back: 50 %, 20 %, 20 %, 10 % of the whole
    [(0.1, 0.5), (0.5, 0.5), (0.51, 1.0), (0.7, 1.0), (0.71, 1.5), (0.9, 1.5), (0.91, 2.0), (1.0, 2.0)],
)
def test_hours_that_hold_a_share_by_hand(share, hours):
    result = attribution([[1], [2], [2], [5]], hours=0.5, features=("a",))
    assert result.hours_holding(share) == hours


def test_facts_by_hand():
    facts = attribution([[1], [2], [2], [5]], hours=0.5, features=("a",)).facts()
    assert facts == {"shares": {"a": 100.0}, "hours_of_half": 0.5, "hours_of_nine_tenths": 1.5}


def test_all_hours_hold_everything_whatever_the_rounding():
    by_step = np.random.default_rng(0).uniform(size=(200, 31))
    for steps in by_step:
        result = attribution(steps[:, None], hours=0.5)
        assert result.hours_holding(1.0) == 15.5


def test_finding_names_features_and_hours():
    result = attribution([[0, 2, 0], [0, 2, 1], [1, 10, 4]], features=("co2", "humidity", "hour_sin"))
    assert attribution_finding(result) == (
        "humidity holds 70 % of the attribution and hour sin 25 %. "
        "Half of it lies in the newest 1 h of the window, nine tenths in the newest 2 h."
    )
    assert "newest 5 min of" in attribution_finding(attribution([[0, 1], [0, 1], [1, 10]], hours=1 / 12))


def test_a_map_that_does_not_add_up_is_not_read():
    complete, incomplete = (
        attribution_finding(attribution([[1, 2]] * 3, completeness_error=error)) for error in (0.000344, 1.2)
    )
    assert complete.startswith("b holds 67 % of the attribution")
    assert complete.endswith("that they should add up to by less than 0.1 % on average.")
    assert incomplete == (
        "The attributions miss the change of the forecast that they should add up to by 120 % on average. The forecast "
        "changes too abruptly along the path for its points, so this map does not say what the forecast owes to "
        "its inputs."
    )


def test_finding_leaves_out_a_feature_that_holds_nothing_to_speak_of():
    told = attribution_finding(attribution([[1, 0.003], [0, 0], [3, 0]]))
    assert told.startswith("a holds more than 99 % of the attribution. Half")


def test_finding_of_a_single_feature():
    assert attribution_finding(attribution([[1], [0], [3]])) == (
        "a holds 100 % of the attribution. "
        "Half of it lies in the newest 1 h of the window, nine tenths in the newest 3 h."
    )


def test_finding_of_a_model_that_looks_at_nothing():
    windows = make_test_windows()
    attributor = Attributor(Weighted(torch.zeros(6, 2), (1.0, 1.0)), windows, AttributionParams(), 0)
    for result in (attributor.saliency(), attributor.integrated_gradients()):
        assert (
            attribution_finding(result)
            == "All attributions are zero: the forecast does not depend on the inputs."
        )
        assert result.share.to_dict() == {"co2": 0.0, "temperature": 0.0}
        assert (result.features_frame()["share_percent"] == 0).all()


def test_what_is_explained_is_said():
    windows = make_test_windows(n=1500)
    params = AttributionParams(windows=512, costly_windows=96, target_step=2)
    said = attributor_finding(Attributor(Weighted(torch.ones(6, 2)), windows, params, 8))
    assert said.startswith(
        "Explained is what the network forecasts, the difference from the mean of the training part (step 2 ahead). "
        "No map contains what the mean of the training part forecasts by itself."
    )
    assert "see 512 of the 1,500 test windows, those of many passes 96, drawn with seed 8" in said
    few = attributor_finding(Attributor(Weighted(torch.ones(6, 2)), make_test_windows(n=40), params, 8))
    assert "see 40 of the 40 test windows, those of many passes 40" in few


def both(found, cells="4 of 4"):
    """The finding on two methods whose maps have the same order."""
    chance = plain(found.facts()["chance_correlation"])
    return (
        f"Both methods rank b first. Over the {cells} cells that reach 1 % of the largest in at least one of their "
        f"maps, the rank correlation is 1.00 (shuffled cells give {chance})."
    )


def test_agreement_by_scipy():
    random = np.random.default_rng(2)
    results = [attribution(random.gamma(0.2, size=(9, 3)), method) for method in ("A", "B", "C")]
    found = agreement(results)
    for a in results:
        for b in results:
            one, other = a.magnitude.ravel(), b.magnitude.ravel()
            cells = [k for k in range(27) if one[k] >= one.max() / 100 or other[k] >= other.max() / 100]
            expected = spearmanr(one[cells], other[cells]).statistic
            assert found.correlation.loc[a.method, b.method] == pytest.approx(expected, abs=1e-12)
            assert found.compared.loc[a.method, b.method] == len(cells) < 27
    pd.testing.assert_series_equal(found.shares["B"], results[1].share.loc[list("abc")], check_names=False)
    assert found.to_frame().loc["A", ("cells", "B")] == found.compared.loc["A", "B"]
    assert found.to_frame().loc["A", ("rank_correlation", "B")] == found.correlation.loc["A", "B"]


def test_agreement_leaves_out_the_cells_that_no_method_of_a_pair_gives_anything():
    # the cells that matter are in the same order, those below a hundredth of the largest in opposite ones
    one, other = [[100, 50], [0.4, 0.5], [0.6, 0.7]], [[100, 50], [0.7, 0.6], [0.5, 0.4]]
    found = agreement([attribution(one, "A"), attribution(other, "B")])
    assert found.correlation.loc["A", "B"] == 1.0
    assert found.compared.loc["A", "B"] == 2
    assert agreement_finding(found) == both(found, "2 of 6").replace("rank b", "rank a")
    # a cell that one of them gives a hundredth of its largest counts: 100, 50, 1 and 100, 50, 99 are in other orders
    seen = agreement([attribution([[100, 50], [1, 0.5]], "A"), attribution([[100, 50], [99, 0.4]], "B")])
    assert seen.compared.loc["A", "B"] == 3
    assert seen.correlation.loc["A", "B"] == pytest.approx(0.5)


def test_agreement_does_not_depend_on_the_unit_of_a_map():
    random = np.random.default_rng(5)
    maps = [random.lognormal(0, 3, size=(40, 3)) for _ in range(2)]
    found = [
        agreement([attribution(maps[0], "A"), attribution(scale * maps[1], "B")]) for scale in (1, 1e-9, 1e9)
    ]
    for other in found[1:]:
        pd.testing.assert_frame_equal(other.to_frame(), found[0].to_frame())


def test_agreement_says_what_unrelated_maps_give_where_small_cells_are_left_out():
    random = np.random.default_rng(6)
    maps = [attribution(random.lognormal(0, 2, size=(360, 8)), name) for name in "ABC"]
    found = agreement(maps)
    for a, b in (("A", "B"), ("A", "C"), ("B", "C")):
        assert found.by_chance.loc[a, b] == found.by_chance.loc[b, a] < -0.4
        assert found.correlation.loc[a, b] == pytest.approx(found.by_chance.loc[a, b], abs=0.06)
    even = [attribution(random.uniform(1, 2, size=(360, 8)), name) for name in "AB"]
    assert agreement(even).by_chance.loc["A", "B"] == pytest.approx(0, abs=0.02)


def test_agreement_names_who_agrees_least():
    rising, falling = [[1, 2], [3, 8]], [[9, 4], [3, 1]]
    found = agreement([attribution(rising, "A"), attribution(rising, "B"), attribution(falling, "C")])
    assert agreement_finding(found) == (
        "2 of 3 methods rank b first; not so C (a). Over the 4 of 4 cells that reach 1 % of the largest in at least "
        "one of two maps, the rank correlation is −1.00 in the median over pairs of methods "
        f"(shuffled cells give {plain(found.facts()['chance_correlation'])}), lowest between A and C (−1.00)."
    )
    same = agreement([attribution(rising, "A"), attribution(rising, "B")])
    assert agreement_finding(same) == both(same)
    fewer = agreement(
        [
            attribution([[0.01, 2], [3, 8]], "A"),
            attribution([[0.02, 2], [3, 8]], "B"),
            attribution(falling, "C"),
        ]
    )
    assert "Over the 3 to 4 of 4 cells that reach" in agreement_finding(fewer)
    facts = fewer.facts()
    assert (facts["fewest_cells"], facts["most_cells"], facts["cells"]) == (3, 4, 4)


def test_agreement_does_not_count_a_map_that_is_the_same_everywhere():
    rising, flat = [[1, 2], [3, 8]], [[2, 2], [2, 2]]
    found = agreement([attribution(rising, "A"), attribution(flat, "B"), attribution(rising, "C")])
    assert agreement_finding(found) == both(found)
    assert found.facts()["lowest_correlation"] == 1.0
    alone = agreement([attribution(rising, "A"), attribution(flat, "B")])
    assert (
        agreement_finding(alone)
        == "Fewer than two methods tell inputs apart, so there is nothing to compare."
    )
    assert alone.facts() == {"methods": 1}


def test_attributions_that_are_nan_are_refused():
    class Rooted(Weighted):
        """Finite everywhere, with a gradient that is infinite at zero."""

        def forward(self, x):
            return super().forward(x) + (0 * x).sum(dim=(1, 2))[:, None].abs().sqrt()

    attributor = Attributor(Rooted(torch.ones(6, 2)), make_test_windows(n=40), AttributionParams(), 8)
    with pytest.raises(LstmkitError, match=r"^Saliency attributes NaN or infinity to an input"):
        attributor.saliency()


def test_agreement_does_not_count_a_map_that_does_not_add_up():
    rising, falling = [[1, 2], [3, 8]], [[9, 4], [3, 1]]
    wrong = attribution(falling, "Integrated gradients", completeness_error=0.46)
    found = agreement([attribution(rising, "A"), wrong, attribution(rising, "B")])
    assert (
        agreement_finding(found)
        == f"{both(found)} Integrated gradients does not add up here and is not counted."
    )
    assert found.facts() == {
        "not_counted": "Integrated gradients",
        "methods": 2,
        "leader": "b",
        "methods_naming_it": 2,
        "median_correlation": 1.0,
        "lowest_correlation": 1.0,
        "chance_correlation": found.by_chance.loc["A", "B"],
        "fewest_cells": 4,
        "most_cells": 4,
        "cells": 4,
    }
    assert "Integrated gradients" in found.to_frame().index
    right = dataclasses.replace(wrong, completeness_error=0.05)
    assert "2 of 3 methods" in agreement_finding(
        agreement([attribution(rising, "A"), right, attribution(rising, "B")])
    )


def test_agreement_leaves_a_map_of_zeros_out():
    rising, flat = [[1, 2], [3, 8]], [[0, 0], [0, 0]]
    found = agreement([attribution(flat, "none"), attribution(rising, "A"), attribution(rising, "B")])
    assert agreement_finding(found) == both(found)
    alone = agreement_finding(agreement([attribution(flat, "none"), attribution(rising, "A")]))
    assert alone == "Fewer than two methods tell inputs apart, so there is nothing to compare."


def test_hours_before():
    windows = make_test_windows(lookback=4, interval="15min")
    assert windows.hours_before().tolist() == [0.75, 0.5, 0.25, 0.0]
