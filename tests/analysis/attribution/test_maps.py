"""One map per window: by hand for each target, output, step and baseline; in batches, alone, and in averages."""

import dataclasses
import doctest

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.analysis.attribution.attributor import Attributor
from lstmkit.analysis.attribution.lead_gradients import lead_gradients
from lstmkit.analysis.attribution.methods import METHODS, ScalarForecast, maps
from lstmkit.errors import LstmkitError
from lstmkit.internals.input_baselines import input_baseline
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import AttributionParams
from tests.analysis.attribution.named import Named, Remembering, Targets
from tests.analysis.tiny import Squared, Weighted, make_test_windows, state_of, stirred

# two targets, three steps, two features; the second target ignores the first feature
WEIGHTS = torch.tensor([[[1.0, -2.0], [0.5, 0.0], [3.0, 4.0]], [[0.0, 5.0], [0.0, -1.0], [0.0, 2.0]]])
AHEAD = (2.0, -4.0)
X = torch.tensor([[[2.0, 1.0], [-4.0, 7.0], [1.0, -0.5]], [[0.0, -3.0], [8.0, 1.0], [-2.0, 0.25]]])
ONE = torch.tensor([[1.0, 1.0], [0.0, -2.0], [0.5, 4.0]])  # one baseline for all windows
GRADIENTS, COMPARING = ("saliency", "smoothgrad"), ("gradient_x_input", "integrated_gradients", "occlusion")
BASELINES = {
    "not given": (None, torch.zeros_like(X)),
    "centre": ("centre", torch.zeros_like(X)),
    # means over the window: −1/3 and 5/2, 2 and −7/12
    "window mean": ("window mean", torch.tensor([[[-1 / 3, 2.5]] * 3, [[2.0, -7 / 12]] * 3])),
    "an array": (ONE.numpy(), torch.stack([ONE, ONE])),
    "an array per window": (torch.stack([ONE, -ONE]), torch.stack([ONE, -ONE])),
}
SMALL = {"smoothgrad": {"samples": 3}, "integrated_gradients": {"steps": 8}, "occlusion": {"steps": 2}}


def noise(*shape: int, seed: int = 3, dtype=torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def factor(step: int | None) -> float:
    """Of a step ahead; of the mean over both."""
    return -1.0 if step is None else AHEAD[step - 1]


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)  # float32


# --- linear models: every map is known exactly --------------------------------------------------------------

every_choice = pytest.mark.parametrize(
    ("step", "target"), [(None, 0), (None, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
)
EVERY_MODEL = {"a tensor": (Targets(WEIGHTS, AHEAD), None), "a dict": (Named(WEIGHTS, AHEAD), "flow")}
every_model = pytest.mark.parametrize(("model", "output"), EVERY_MODEL.values(), ids=EVERY_MODEL)


@every_model
@every_choice
@pytest.mark.parametrize("method", GRADIENTS)
def test_gradients_are_the_weights_of_the_target(model, output, step, target, method):
    expected = (factor(step) * WEIGHTS[target]).expand_as(X)
    close(maps(model, X, method, output, step, target), expected)


@every_model
@every_choice
@pytest.mark.parametrize("method", COMPARING)
@pytest.mark.parametrize("baseline", BASELINES)
def test_contributions_are_weights_times_distance_from_the_baseline(
    model, output, step, target, method, baseline
):
    given, values = BASELINES[baseline]
    expected = factor(step) * WEIGHTS[target] * (X - values)
    found = maps(model, X, method, output, step, target, given)
    close(found, expected)
    if target == 1:
        assert not found[:, :, 0].any()  # the feature that it ignores


def test_outputs_inside_a_dict_inside_have_both_names():
    found = maps(Named(WEIGHTS, AHEAD), X, "gradient_x_input", "all.mean", step=1)
    close(found, 2.0 * WEIGHTS.mean(dim=0) * X)


def test_a_patch_is_set_to_the_baseline_at_once():
    # patches {2, 1} and {0} of three steps; of two windows of one feature that all hold 1, and a baseline of −1
    model = Weighted(torch.tensor([[1.0], [2.0], [4.0]]))
    found = maps(model, torch.ones(2, 3, 1), "occlusion", baseline=-np.ones((3, 1)), steps=2)
    assert found[:, :, 0].tolist() == [[2.0, 6.0, 6.0]] * 2


def test_integrated_gradients_of_a_quadratic_model_from_any_baseline():
    # the mean of 2wx from b to x is w(x + b), so the integral is w(x² − b²)
    model, x = Squared(WEIGHTS[0].double()), X.double()
    for given, values in BASELINES.values():
        found = maps(model, x, "integrated_gradients", baseline=given, steps=4)
        beside = input_baseline(given, x)
        torch.testing.assert_close(beside, values.double(), rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(found, WEIGHTS[0] * (x**2 - beside**2), rtol=1e-8, atol=1e-8)


def test_one_step_without_an_axis_of_its_own():
    class Sum(nn.Module):
        def forward(self, x):
            return 3 * x.sum(dim=(1, 2))

    assert maps(Sum(), X, "gradient_x_input", step=1).tolist() == (3 * X).tolist()


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [*GRADIENTS, "guided_backprop"])
@pytest.mark.parametrize("baseline", ["centre", "window mean", ONE])
def test_a_baseline_for_a_method_that_compares_with_none_is_refused(method, baseline):
    model = nn.Sequential(Targets(WEIGHTS), nn.ReLU())
    with pytest.raises(
        LstmkitError, match=f"^{METHODS[method].title} compares with no baseline: leave it out$"
    ):
        maps(model, X, method, baseline=baseline)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"method": "lime"}, "^unknown method 'lime'; there are saliency, gradient_x_input, smoothgrad,"),
        ({}, r"^the model has several outputs, name the one that is meant: flow \(2, 2, 2\), all\.mean \(2, 2, 1\)$"),
        ({"output": "flux"}, r"^the model has no output 'flux'; it has flow \(2, 2, 2\), all\.mean"),
        ({"output": "flow", "step": 3}, r"^step is 3, but flow has 2 steps ahead"),
        ({"output": "flow", "target": 2}, r"^target is 2, but flow has 2 targets"),
        ({"output": "flow", "baseline": "zero"}, r"^unknown baseline 'zero'"),
        ({"output": "flow", "baseline": ONE[:2]}, r"^the baseline has the shape \(2, 2\)"),
        ({"method": "guided_backprop", "output": "flow"}, "without a ReLU is exactly the saliency"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said(given, said):
    with pytest.raises(LstmkitError, match=said):
        maps(Named(WEIGHTS, AHEAD), X, **given)


@pytest.mark.parametrize("x", [X[0], X[:0], X[None]])
def test_inputs_of_another_shape_are_refused(x):
    with pytest.raises(LstmkitError, match=r"shape \(window, time, feature\) is expected$"):
        maps(Targets(WEIGHTS), x)


@pytest.mark.parametrize("method", METHODS)
def test_outputs_that_are_nan_are_refused(method):
    model = nn.Sequential(Targets(WEIGHTS, ahead=(torch.nan,)), nn.ReLU())
    with pytest.raises(LstmkitError, match=r"forecasts NaN or infinity for the window 0"):
        maps(model, X, method)


# --- alone and in batches -----------------------------------------------------------------------------------


def forgetful() -> nn.Module:
    """A CNN-LSTM with two targets, in training mode with dropout, and a parameter that is not trained."""

    class TwoTargets(CNNLSTMForecaster):
        def forward(self, x):
            return super().forward(x).reshape(len(x), 4, 2)

    model = stirred(TwoTargets(3, 8, channels=(5, 6), hidden=6, head=7, dropout=0.4)).train()
    model.norm1.eval()
    next(model.parameters()).requires_grad_(False)
    return model


MODELS = {
    "CNN-LSTM": (forgetful, None),
    "LSTM": (lambda: stirred(LSTMForecaster(3, 4, hidden=6, layers=2)), None),
    "tuple": (lambda: stirred(Remembering()), None),
    "dict": (lambda: stirred(Remembering(as_dict=True)), "ahead"),
}


def every_case(*left_out: str):
    """Each model with each method that it can be explained by; guided backpropagation needs a ReLU."""
    cases = [(name, method) for name in MODELS for method in METHODS if method not in left_out]
    cases = [case for case in cases if case[1] != "guided_backprop" or case[0] == "CNN-LSTM"]
    return pytest.mark.parametrize(
        ("build", "output", "method"),
        [(*MODELS[name], method) for name, method in cases],
        ids=[f"{name}-{method}" for name, method in cases],
    )


@every_case("smoothgrad")
def test_maps_of_single_windows_equal_maps_in_batches(build, output, method):
    model, x = build(), noise(5, 10, 3)
    given = [None, "window mean", noise(10, 3, seed=8), noise(5, 10, 3, seed=9)]
    for baseline in given if METHODS[method].compares else [None]:
        each = [baseline[k : k + 1] if np.ndim(baseline) == 3 else baseline for k in range(5)]
        settings = SMALL.get(method, {})
        alone = [maps(model, x[k : k + 1], method, output, 2, 0, each[k], **settings) for k in range(5)]
        assert alone[0].abs().max() > 1e-3
        for size in (2, 64):
            found = maps(model, x, method, output, 2, 0, baseline, batch_size=size, **settings)
            torch.testing.assert_close(found, torch.cat(alone), rtol=1e-4, atol=1e-5)  # float32


def test_smoothgrad_draws_from_the_seed_alone():
    model, x = MODELS["LSTM"][0](), noise(5, 14, 3)
    torch.manual_seed(1)
    first = maps(model, x, "smoothgrad", seed=4, samples=3)
    torch.manual_seed(2)
    assert torch.equal(maps(model, x, "smoothgrad", seed=4, samples=3), first)
    assert not torch.equal(maps(model, x, "smoothgrad", seed=5, samples=3), first)
    torch.manual_seed(2)
    assert torch.equal(torch.rand(3), torch.rand(3, generator=torch.Generator().manual_seed(2)))


def test_the_noise_of_smoothgrad_is_a_tenth_of_the_spread_over_all_windows_whatever_the_batches():
    x, seen = noise(40, 30, 3) * torch.tensor([1.0, 30.0, 0.0]), []
    model = Weighted(torch.ones(30, 3))
    model.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0].detach().clone()))
    maps(model, x, "smoothgrad", batch_size=20, samples=4)
    added = torch.stack(seen).reshape(2, 4, 20, 30, 3) - x.reshape(2, 1, 20, 30, 3)
    # 4,800 draws per feature: the spread of their spread is 1 %; a feature that does not vary gets the noise of 1
    spread = torch.tensor([x[..., 0].std(), x[..., 1].std(), 1.0])
    torch.testing.assert_close(added.std(dim=(0, 1, 2, 3)), 0.1 * spread, rtol=0.05, atol=0)


# --- completeness -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("step", [None, 3])
@pytest.mark.parametrize("baseline", ["centre", "window mean", "array", "array per window"])
def test_integrated_gradients_are_complete_in_every_window_for_each_target(target, step, baseline):
    model, x = stirred(Remembering(as_dict=True)).double(), noise(6, 12, 3, dtype=torch.float64)
    values = noise(6, 12, 3, seed=9, dtype=torch.float64)
    given = {"array": values[0], "array per window": values}.get(baseline, baseline)
    found = maps(model, x, "integrated_gradients", "ahead", step, target, given, steps=64)
    with torch.no_grad():
        ahead = model(x)["ahead"] - model(input_baseline(given, x))["ahead"]
    moved = ahead[:, :, target].mean(dim=1) if step is None else ahead[:, step - 1, target]
    assert moved.abs().min() > 1e-3
    torch.testing.assert_close(found.sum(dim=(1, 2)), moved, rtol=0, atol=1e-5)


# --- nothing is left behind ---------------------------------------------------------------------------------


@every_case()
def test_the_model_and_the_inputs_stay_as_they_were(build, output, method):
    model, x = build(), noise(3, 14, 3)
    before, kept, random = state_of(model), x.clone(), torch.random.get_rng_state()
    found = maps(model, x, method, output, step=1, **SMALL.get(method, {}))
    assert state_of(model) == before
    assert torch.equal(x, kept) and not x.requires_grad and x.grad is None
    assert not found.requires_grad
    assert torch.equal(torch.random.get_rng_state(), random)
    with torch.no_grad():
        assert torch.equal(maps(model, x, method, output, step=1, **SMALL.get(method, {})), found)


@pytest.mark.parametrize("method", METHODS)
def test_the_model_stays_as_it_was_when_a_pass_fails(method):
    model = forgetful()
    before, random, cudnn = state_of(model), torch.random.get_rng_state(), torch.backends.cudnn.enabled
    with pytest.raises(LstmkitError, match=r"^step is 9"):
        maps(model, noise(3, 14, 3), method, step=9)
    with pytest.raises(RuntimeError):
        maps(model, noise(3, 14, 5), method)
    assert state_of(model) == before
    assert torch.equal(torch.random.get_rng_state(), random)
    assert torch.backends.cudnn.enabled == cudnn


# --- averages are of these maps -----------------------------------------------------------------------------

FEATURES = ("co2", "temperature", "humidity")
PARAMS = AttributionParams(
    windows=20, costly_windows=9, smooth_samples=3, path_steps=8, occlusion="10min", batch_size=4
)


def attributor_of(model: nn.Module, targets: tuple[str, ...] = (), **more) -> Attributor:
    scale = (50.0, 4.0) if targets else 50.0
    windows = make_test_windows(
        n=30, lookback=14, horizon=4, features=FEATURES, target_scale=scale, targets=targets
    )
    return Attributor(model, windows, PARAMS, seed=3, **more)


@every_case()
def test_the_mean_of_the_maps_is_the_average_that_is_reported(build, output, method):
    model = build()
    attributor = attributor_of(model, output=output)
    baselines = ["centre", "window mean", noise(14, 3)] if METHODS[method].compares else [None]
    for baseline in baselines:
        given = {} if baseline is None else {"baseline": baseline}
        result = getattr(attributor, method)(**given)
        each = 50.0 * attributor.maps(method, **given).double().numpy()
        assert len(each) == result.n_windows == (9 if METHODS[method].costly else 20)
        # the mean of float32 values times 50, in another order
        np.testing.assert_allclose(result.signed, each.mean(axis=0), rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(result.magnitude, np.abs(each).mean(axis=0), rtol=1e-6, atol=1e-6)
        error = each.std(axis=0, ddof=1) / len(each) ** 0.5
        np.testing.assert_allclose(result.signed_error, error, rtol=1e-5, atol=1e-6)
        by_feature = np.abs(each).sum(axis=1)
        np.testing.assert_allclose(result.by_feature, by_feature.mean(axis=0), rtol=1e-5, atol=1e-6)
        assert result.baseline == (
            baseline if baseline is None or isinstance(baseline, str) else "given values"
        )


def test_the_completeness_error_is_of_the_baseline_that_is_asked_for():
    model = stirred(Remembering())
    attributor = attributor_of(model)
    for baseline in ("centre", "window mean", noise(14, 3)):
        result = attributor.integrated_gradients(baseline)
        sample = attributor.windows.sample(9, 3)
        x, _ = sample.gather(torch.arange(9))
        forecast = ScalarForecast(model)
        with torch.no_grad():
            moved = forecast(x) - forecast(input_baseline(baseline, x))
        missed = attributor.maps("integrated_gradients", sample, baseline=baseline).sum(dim=(1, 2)) - moved
        expected = (missed.abs().mean() / moved.abs().mean()).item()
        assert result.completeness_error == pytest.approx(expected, rel=1e-3)  # float32


TWO = torch.stack([torch.ones(14, 3), torch.tensor([0.0, 2.0, -6.0]).expand(14, 3)])  # weights of two targets
FOUR = (1.0, 1.0, 1.0, 5.0)  # factors of the steps ahead, 2 on average


@pytest.mark.parametrize(("target", "at"), [(None, 0), (0, 0), ("co2", 0), (1, 1), ("humidity", 1)])
@pytest.mark.parametrize("kind", [Targets, Named])
def test_averages_of_each_target_by_hand(kind, target, at):
    model, output = kind(TWO, FOUR), "flow" if kind is Named else None
    attributor = attributor_of(model, targets=("co2", "humidity"), output=output, target=target)
    assert attributor.scale == (50.0, 4.0)[at]
    result = attributor.saliency()
    assert result.unit == f"{('ppm', '%')[at]} per standard deviation"
    np.testing.assert_allclose(result.signed, attributor.scale * 2 * TWO[at], rtol=1e-6)
    shares = dict.fromkeys(FEATURES, 100 / 3) if at == 0 else {"co2": 0, "temperature": 25, "humidity": 75}
    assert result.share.to_dict() == pytest.approx(shares)
    words = ["mean over the horizon"] + ["output flow"] * (kind is Named)
    words.append(f"target {('CO₂', 'humidity')[at]}")
    assert result.explained == attributor.explained == ", ".join(words)
    close(attributor.maps("saliency", step=4), (5 * TWO[at]).expand(20, 14, 3))
    close(attributor.maps("saliency", target="co2"), (2 * TWO[0]).expand(20, 14, 3))


def test_windows_that_explain_their_second_target_are_followed():
    first = attributor_of(Targets(TWO, FOUR), targets=("co2", "humidity"))
    windows = dataclasses.replace(first.windows, target=1)
    found = Attributor(first.forecast.model, windows, PARAMS, 3).saliency()
    assert found.unit == "% per standard deviation"
    np.testing.assert_allclose(found.signed, 4.0 * 2 * TWO[1], rtol=1e-6)
    assert found.explained == "mean over the horizon, target humidity"


def test_an_output_of_one_target_may_have_targets_of_its_own():
    attributor = attributor_of(Targets(TWO, FOUR), target=1)  # such as quantiles of the one target
    np.testing.assert_allclose(attributor.saliency().signed, 50.0 * 2 * TWO[1], rtol=1e-6)
    assert attributor.explained == "mean over the horizon, target 1"
    assert attributor.unit == "ppm"


def test_a_target_that_is_not_there_is_said():
    with pytest.raises(LstmkitError, match="there is no target 2; there are co2, humidity"):
        attributor_of(Targets(TWO, FOUR), targets=("co2", "humidity"), target=2)
    attributor = attributor_of(Targets(TWO, FOUR))
    with pytest.raises(LstmkitError, match="there is no target 'flow'; there are co2"):
        attributor.maps("saliency", target="flow")
    with pytest.raises(LstmkitError, match="target is 2, but output has 2 targets"):
        attributor.maps("saliency", target=2)


def test_maps_of_windows_and_of_their_inputs_are_the_same():
    attributor = attributor_of(stirred(LSTMForecaster(3, 4, hidden=5)))
    windows = attributor.windows.select(torch.tensor([2, 5, 11]))
    x, _ = windows.gather(torch.arange(3))
    for method in ("saliency", "smoothgrad", "integrated_gradients", "occlusion"):
        of_windows, of_inputs = attributor.maps(method, windows, step=2), attributor.maps(method, x, step=2)
        assert of_windows.shape == (3, 14, 3)
        assert torch.equal(of_windows, of_inputs)
    expected = maps(attributor.forecast.model, x, "integrated_gradients", step=2, steps=8)
    close(attributor.maps("integrated_gradients", windows, step=2), expected)
    patches = maps(attributor.forecast.model, x, "occlusion", step=2, steps=2)  # ten minutes
    close(attributor.maps("occlusion", windows, step=2), patches)


def test_an_average_is_over_windows_that_share_a_baseline():
    attributor = attributor_of(stirred(LSTMForecaster(3, 4, hidden=5)))
    with pytest.raises(LstmkitError, match=r"give it \(time, feature\)$"):
        attributor.occlusion(noise(9, 14, 3))
    with pytest.raises(LstmkitError, match=r"^unknown method 'lime'"):
        attributor.maps("lime")


# --- the gradient of every step ahead, and the example ------------------------------------------------------


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("horizon", [4, 9])  # fewer and more steps than the LSTM has units
@pytest.mark.parametrize("as_dict", [False, True])
def test_lead_gradients_are_the_maps_of_each_step(target, horizon, as_dict):
    model, x = stirred(Remembering(horizon, as_dict)).double(), noise(2, 13, 3, dtype=torch.float64)
    output = "ahead" if as_dict else None
    found = lead_gradients(model, x[0], output, target)
    expected = [maps(model, x[:1], "saliency", output, step, target)[0] for step in range(1, horizon + 1)]
    torch.testing.assert_close(found, torch.stack(expected), rtol=0, atol=1e-12)


def test_the_example_runs():
    example = doctest.DocTestParser().get_doctest(maps.__doc__, {}, "maps", None, None)
    assert len(example.examples) == 6
    assert doctest.DocTestRunner().run(example).failed == 0


@pytest.mark.parametrize("method", ["saliency", *COMPARING])
def test_the_average_over_one_window_at_a_step_is_its_map(method):
    windows = make_test_windows(n=9, target_scale=3.0)
    model = Weighted(torch.linspace(-1, 2, 12).reshape(6, 2), ahead=(1.0, -2.0))
    attributor = Attributor(model, windows, AttributionParams(occlusion="10min"), seed=0)
    one, baseline = windows.select(torch.tensor([4])), None if method == "saliency" else "window mean"
    found = attributor.at_step(2).average(method, one, baseline)
    (expected,) = attributor.maps(method, one, step=2, baseline=baseline)
    np.testing.assert_allclose(found.signed, 3 * expected.numpy(), rtol=1e-5, atol=1e-6)
    assert (found.n_windows, found.explained) == (1, "step 2 ahead")
