"""Activity of filters: equal to a convolution written out in numpy, and to filters whose activity is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.analysis.filters.activity import BATCH, FilterActivity, LayerActivity, measure_activity
from lstmkit.errors import LstmkitError
from lstmkit.findings.filters.activity import activity_caption, layer_activity_finding
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.convolutional import Stack, set_filter, small
from tests.analysis.tiny import make_test_windows, state_of


def convolve(x: np.ndarray, conv: nn.Conv1d, norm: nn.BatchNorm1d) -> np.ndarray:
    """One layer in numpy, (channel, step) to (filter, step), tap by tap."""
    weight, bias = conv.weight.detach().double().numpy(), conv.bias.detach().double().numpy()
    padded = np.pad(x, ((0, 0), (weight.shape[2] - 1, 0)))  # before the oldest step
    out = np.zeros((len(weight), x.shape[1]))
    for f in range(len(weight)):
        for t in range(x.shape[1]):
            out[f, t] = (weight[f] * padded[:, t : t + weight.shape[2]]).sum() + bias[f]
    mean, variance = norm.running_mean.double().numpy(), norm.running_var.double().numpy()
    scale = norm.weight.detach().double().numpy() / np.sqrt(variance + norm.eps)
    shifted = (out - mean[:, None]) * scale[:, None] + norm.bias.detach().double().numpy()[:, None]
    return np.maximum(shifted, 0)


def test_statistics_equal_those_of_a_convolution_written_out():
    windows = make_test_windows(n=BATCH + 30, lookback=15, features=("a", "b", "c"))
    model = small(features=3, dropout=0.4)
    before = state_of(model)
    activity = measure_activity(model, windows)
    assert state_of(model) == before
    x = windows.gather(torch.arange(len(windows)))[0].double().numpy()
    maps = [convolve(one.T, model.conv1, model.norm1) for one in x]
    layers = [maps, [convolve(one, model.conv2, model.norm2) for one in maps]]
    assert activity.n_windows == BATCH + 30
    assert [layer.layer for layer in activity.layers] == ["CNN layer 1", "CNN layer 2"]
    for layer, expected in zip(activity.layers, map(np.stack, layers), strict=True):
        np.testing.assert_allclose(layer.mean, expected.mean(axis=(0, 2)), rtol=1e-5, atol=1e-7)  # float32
        np.testing.assert_allclose(layer.largest, expected.max(axis=(0, 2)), rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(layer.zero, 100 * (expected == 0).mean(axis=(0, 2)), rtol=1e-9)
        np.testing.assert_allclose(layer.near_zero, 100 * (expected <= 0.05).mean(axis=(0, 2)), rtol=1e-9)
        np.testing.assert_allclose(layer.by_window, expected.mean(axis=2), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(layer.newest, expected[:, :, -12:].mean(axis=2), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("interval", "steps"), [("5min", 12), ("20min", 3), ("1h", 1), ("3h", 1)])
def test_the_newest_hour_is_at_least_one_step(interval, steps):
    windows = make_test_windows(n=5, lookback=15, interval=interval)
    model = small()
    activity = measure_activity(model, windows)
    x, _ = windows.gather(torch.arange(5))
    with torch.no_grad():
        maps = model.relu1(model.norm1(model.conv1(x.transpose(1, 2))))
    np.testing.assert_allclose(
        activity.layers[0].newest, maps[:, :, -steps:].double().mean(dim=2), rtol=1e-5, atol=1e-7
    )


def test_filters_that_never_fire_and_filters_that_always_fire():
    model = small()
    with torch.no_grad():
        model.norm1.bias[:] = torch.tensor([-1e3, 0.0, 1e3])
    layer = measure_activity(model, make_test_windows(n=30, lookback=15)).layers[0]
    assert (layer.zero[0], layer.near_zero[0], layer.largest[0], layer.mean[0]) == (100, 100, 0, 0)
    assert (layer.zero[2], layer.near_zero[2]) == (0, 0)
    assert layer.order.tolist() == [2, 1, 0]
    finding = layer_activity_finding(layer)
    assert (
        "Most active is filter 2 (mean 1e+03, at zero for 0 %), least active filter 0 (mean 0, at zero"
        in finding
    )
    assert "1 of them fires at fewer than 5 % of the steps, and 1 is never at zero" in finding


def test_a_filter_made_by_hand_and_a_constant_feature():
    # the filter passes the feature on, so its activity is the positive part of a constant: the constant
    windows = make_test_windows(n=10, lookback=12)
    inputs = windows.inputs.clone()
    inputs[:, 1] = 0.75
    windows = replace(windows, inputs=inputs)
    model = Stack(nn.Conv1d(2, 2, 3, padding="same"), nn.ReLU(), channels=2).eval()
    set_filter(model.stack[0], 0, [[0, 0, 0], [0, 1, 0]])
    set_filter(model.stack[0], 1, [[0, 0, 0], [0, -1, 0]])
    layer = measure_activity(model, windows).layers[0]
    assert layer.mean.tolist() == [0.75, 0.0]
    assert layer.zero.tolist() == [0.0, 100.0]
    assert layer.by_window[:, 0].tolist() == [0.75] * 10


def layer_of(mean: list[float], zero: list[float]) -> LayerActivity:
    values = np.array(mean)
    shares = np.array(zero)
    return LayerActivity("CNN layer 1", values, 2 * values, shares, shares, values[None], values[None])


def test_ordinary_filters_are_said_to_switch():
    finding = layer_activity_finding(layer_of([0.5, 0.25], [40.0, 60.0]))
    assert "at zero for 50 % of the steps" in finding
    assert "Most active is filter 0 (mean 0.5, at zero for 40 %), least active filter 1 (mean 0.25" in finding
    assert finding.endswith("Every one of them fires at 5 % of the steps or more and is at zero for some.")


def test_frames():
    means = [0.1, 0.9, 0.3, 0.8, 0.2, 0.7, 0.6, 0.5]
    activity = FilterActivity((layer_of(means, [10.0] * 8), layer_of([0.2, 0.1], [5.0, 6.0])), 7)
    activity = replace(
        activity, layers=(activity.layers[0], replace(activity.layers[1], layer="CNN layer 2"))
    )
    frame = activity.to_frame()
    assert frame.loc[("CNN layer 1", 3)].tolist() == [0.8, 1.6, 10.0, 10.0]
    extremes = activity.extremes_frame()
    assert extremes.index.tolist() == [
        *(("CNN layer 1", number) for number in (1, 3, 5, 2, 4, 0)),
        *(("CNN layer 2", number) for number in (0, 1)),  # two filters are told once, not three times
    ]
    assert activity.facts() == {"zero_percent": [10.0, 5.5]}
    assert "over all steps of 7 test windows" in activity_caption(activity)


def test_what_is_no_filter_after_a_relu_is_refused():
    windows = make_test_windows(n=3, lookback=12)
    with pytest.raises(LstmkitError, match=r"contains no nn\.Conv1d"):
        measure_activity(LSTMForecaster(2, 2, hidden=2).eval(), windows)
    bare = Stack(nn.Conv1d(2, 2, 3), nn.BatchNorm1d(2), nn.Tanh(), channels=2).eval()
    with pytest.raises(LstmkitError, match=r"stack\.0 and its norm are not followed by an nn\.ReLU"):
        measure_activity(bare, windows)


def test_another_sample_is_refused():
    activity = measure_activity(small(), make_test_windows(n=6, lookback=12))
    with pytest.raises(LstmkitError, match="measured on 6 windows, not on these 5"):
        activity.require(make_test_windows(n=5, lookback=12))


def test_an_activation_that_is_nan_is_refused():
    model = small(features=2)
    with torch.no_grad():
        model.norm2.bias[0] = float("nan")
    with pytest.raises(LstmkitError, match=r"^an activation of .* is NaN or infinite"):
        measure_activity(model, make_test_windows(n=8, lookback=15))
