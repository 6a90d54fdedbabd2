"""The window that stands for many, and what its filters do: planted, and checked against the series itself."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from lstmkit.analysis.filters.activation_map import ActivationMap, Example, activation_maps, representative
from lstmkit.analysis.filters.activity import FilterActivity, LayerActivity, measure_activity
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.findings.filters.activation_map import (
    activation_caption,
    activation_finding,
    example_finding,
    example_rule,
)
from lstmkit.wording import digits
from tests.analysis.convolutional import Stack, set_filter, small
from tests.analysis.tiny import make_test_windows, state_of
from tests.groups import by_edges
from tests.series import dataset_of, raw_windows

LABELS = ("Low", "Medium", "High")


def series(n: int = 400) -> np.ndarray:
    return 500 + 50 * np.sin(np.arange(n) / 7) + np.random.default_rng(0).normal(size=n)


def windows_of(values: np.ndarray, **params) -> Windows:
    columns = {"co2": values, "temperature": np.random.default_rng(1).normal(size=len(values))}
    return raw_windows(dataset_of(columns), 2, lookback=12, **params)["test"]


def planted(by_window: np.ndarray) -> FilterActivity:
    mean = by_window.mean(axis=0)
    return FilterActivity(
        (LayerActivity("CNN layer 1", mean, mean, mean, mean, by_window, by_window),), len(by_window)
    )


def test_the_window_nearest_the_median_of_the_middle_regime_is_chosen():
    windows = make_test_windows(n=7, lookback=12)
    latest = np.sort(windows.latest()[:, 0])
    edges = (float(latest[1:3].mean()), float(latest[5:].mean()))  # two below, four between, one above
    regime = np.digitize(windows.latest()[:, 0], edges)
    assert np.bincount(regime).tolist() == [2, 4, 1]
    values = np.full((7, 2), 100.0)  # far from the median, were the other regimes candidates
    values[regime == 1] = [[0.0, 9.0], [2.0, 1.0], [2.4, 2.0], [9.0, 3.0]]  # median 2.2 and 2.5
    example = representative(planted(values), windows, by_edges(windows, edges))
    expected = np.flatnonzero(regime == 1)[2]
    assert example.origin == windows.origin[expected]
    assert example.group == "Medium"
    assert example.latest == windows.latest()[expected, 0]
    assert (
        "of 7 test windows, the one whose mean activations lie nearest the median of those in"
        in example_rule(example)
    )
    finding = example_finding(example)
    assert f"{example.origin:%d %B %Y at %H:%M}, at {digits(example.latest)} ppm (Medium)" in finding


def test_filters_count_in_their_own_standard_deviations_and_constant_ones_not_at_all():
    windows = make_test_windows(n=5, lookback=12)
    everywhere = by_edges(windows, (-1e9, 1e9))
    # in raw units the first filter would decide for window 3, in its own deviations the second decides for 1
    values = np.array([[0, 9, 3], [-400, 5, 3], [1000, 0, 3], [10, 2, 3], [-1000, 10, 3]], float)
    example = representative(planted(values), windows, everywhere)
    scaled = values[:, :2] / values[:, :2].std(axis=0)
    distance = ((scaled - np.median(scaled, axis=0)) ** 2).sum(axis=1)
    raw = ((values - np.median(values, axis=0)) ** 2).sum(axis=1)
    assert distance.argmin() != raw.argmin()
    assert example.origin == windows.origin[int(distance.argmin())]


def test_without_a_window_in_the_middle_all_of_them_compete():
    windows = make_test_windows(n=5, lookback=12)
    example = representative(planted(np.arange(5.0)[:, None]), windows, by_edges(windows, (1e8, 1e9)))
    assert example.origin == windows.origin[2]
    assert example.group == "Low"
    assert "all, for none is in the regime Medium" in example_rule(example)


@pytest.mark.parametrize("residual", ["none", "climatology"])
def test_the_course_of_the_target_is_that_of_the_series(residual):
    values = series()
    windows = windows_of(values, residual=residual)
    by_window = np.arange(len(windows), dtype=float)[:, None]
    example = representative(planted(by_window), windows, by_edges(windows, (-1e9, 1e9)))
    row = windows.time.get_loc(example.origin)
    np.testing.assert_allclose(example.target, values[row - 11 : row + 1], rtol=1e-5)  # float32
    assert example.target[-1] == pytest.approx(example.latest)
    assert example.hours_before.tolist() == list(range(11, -1, -1))
    assert (example.name, example.unit) == ("co2", "ppm")
    assert len(example.window) == 1


def example_of(target: np.ndarray, windows: Windows | None = None) -> Example:
    windows = windows or make_test_windows(n=1, lookback=len(target), interval="1h")
    return Example(
        window=windows,
        origin=pd.Timestamp("2025-03-04 05:06"),
        latest=float(target[-1]),
        group="Medium",
        noun="regime",
        target=target,
        hours_before=np.arange(len(target) - 1.0, -1, -1),
        name="co2",
        unit="ppm",
        n_windows=7,
        typical=("Medium",),
        is_typical=True,
    )


def test_filters_that_rise_that_fall_and_that_are_silent():
    windows = make_test_windows(n=1, lookback=16, interval="1h")
    target = windows.gather(torch.tensor([0]))[0][0, :, 0].double().numpy()
    model = Stack(nn.Conv1d(2, 5, 1), nn.ReLU(), channels=5).eval()
    for number, weight, bias in [(0, -1.0, 9.0), (1, 0.0, -1.0), (2, 2.0, 9.0), (3, 0.0, 1.0), (4, 1.0, 9.0)]:
        set_filter(model.stack[0], number, [[weight], [0.0]], bias)
    before = state_of(model)
    (result,) = activation_maps(model, example_of(target, windows))
    assert state_of(model) == before
    np.testing.assert_allclose(result.follows, [-1, 0, 1, 0, 1], atol=1e-6)
    np.testing.assert_allclose(result.activation[2], 2 * target + 9, rtol=1e-5)
    assert set(result.order[:2].tolist()) == {2, 4}
    assert result.order[2:].tolist() == [3, 0, 1]  # the constant one, the falling one, the silent one last
    assert activation_finding(result) == (
        "Of the 5 filters of CNN layer 1, 2 rise and 1 falls with CO₂ in this window (correlation beyond "
        "±0.5), 1 does neither, and 1 stays silent throughout."
    )
    assert result.facts() == {"rise_with_target": 2, "fall_with_target": 1}
    frame = result.to_frame()
    assert frame.index.tolist() == result.order.tolist()
    np.testing.assert_array_equal(frame.to_numpy(), result.activation[result.order])


def test_correlations_equal_numpys():
    model, windows = small(), make_test_windows(n=1, lookback=18, interval="1h")
    example = example_of(np.random.default_rng(2).normal(size=18), windows)
    for result in activation_maps(model, example):
        for values, follows in zip(result.activation, result.follows, strict=True):
            if np.ptp(values):
                assert follows == pytest.approx(np.corrcoef(values, example.target)[0, 1])


def test_a_layer_with_a_stride_is_compared_with_the_target_at_its_own_steps():
    windows = make_test_windows(n=1, lookback=16, interval="1h")
    target = np.arange(16.0)
    model = Stack(nn.Conv1d(2, 2, 2, stride=2), nn.ReLU(), channels=2).eval()
    (result,) = activation_maps(model, example_of(target, windows))
    assert result.activation.shape == (2, 8)
    assert result.hours_before.tolist() == [14, 12, 10, 8, 6, 4, 2, 0]
    expected = (
        np.corrcoef(result.activation[0], np.arange(1.0, 16, 2))[0, 1]
        if np.ptp(result.activation[0])
        else 0.0
    )
    assert result.follows[0] == pytest.approx(expected)


def test_a_constant_target_follows_nothing():
    windows = make_test_windows(n=1, lookback=12, interval="1h")
    results = activation_maps(small(), example_of(np.full(12, 400.0), windows))
    for result in results:
        assert (result.follows == 0).all()
        assert activation_finding(result).startswith("CO₂ is constant in this window: nothing follows it")


def test_counts_of_one_are_singular():
    one = ActivationMap(
        "CNN layer 2",
        np.eye(3, 4),
        np.arange(3.0, -1, -1),
        np.array([0.9, 0.0, 0.0]),
        example_of(np.arange(4.0)),
    )
    assert "1 rises and 0 fall with CO₂" in activation_finding(one)
    assert "2 do neither, and 0 stay silent throughout." in activation_finding(one)
    constant = replace(
        one, activation=np.eye(2, 4), follows=np.zeros(2), example=example_of(np.full(4, 400.0))
    )
    assert activation_finding(constant).endswith("nothing follows it, and 0 of 2 filters are silent.")
    dead = replace(constant, activation=np.zeros((1, 4)), follows=np.zeros(1))
    assert activation_finding(dead).endswith("nothing follows it, and 1 of 1 filter is silent.")


def test_the_caption_names_the_window():
    result = ActivationMap(
        "CNN layer 2", np.ones((2, 4)), np.arange(3.0, -1, -1), np.zeros(2), example_of(np.arange(4.0))
    )
    assert "CNN layer 2 in the window before 04 March 2025, 05:06, 3.00 ppm" in activation_caption(result)
    assert "0 stay silent throughout" in activation_finding(result)
    small = replace(result, example=replace(result.example, latest=0.0005104, unit="mol/mol"))
    assert "05:06, 0.000510 mol/mol; filters" in activation_caption(small)
    assert "at 0.000510 mol/mol (Medium)" in example_finding(small.example)


def test_a_real_sample_end_to_end():
    windows, model = windows_of(series(), residual="none"), small()
    activity = measure_activity(model, windows)
    example = representative(activity, windows, by_edges(windows, (480.0, 520.0)))
    assert 480 <= example.latest < 520
    first, second = activation_maps(model, example)
    position = windows.origin.get_loc(example.origin)
    for layer, result in zip(activity.layers, (first, second), strict=True):
        np.testing.assert_allclose(
            result.activation.mean(axis=1), layer.by_window[position], rtol=1e-5, atol=1e-7
        )
    with pytest.raises(LstmkitError, match="not on these 3"):
        representative(activity, replace(windows, starts=windows.starts[:3]), by_edges(windows, (0.0, 1.0)))
