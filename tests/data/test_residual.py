"""The rule from which a network forecasts the difference, held against forecasts written down by hand."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmkit.data.residual import ResidualBaseline, best_baseline, fit_residual_baseline

KINDS = ("none", "last", "climatology", "damped")
TARGET = np.array([102.0, 114.0, 120.0, 128.0, 146.0])
USUAL = np.array([100.0, 110.0, 120.0, 130.0, 140.0])
TRAINING = np.arange(4)  # with a mean of 116


def fitted(kind: str, target=TARGET, usual=USUAL, training=TRAINING, origin=(0, 1), horizon=2):
    """Of a single target."""
    return fit_residual_baseline(kind, target[:, None], usual[:, None], training, np.array(origin), horizon)


def alone(rule: ResidualBaseline, origin: list[int], horizon: int) -> np.ndarray:
    """What the rule forecasts of a single target without a network, shape (window, horizon)."""
    forecast = rule.to_units(torch.zeros(len(origin), horizon, 1), torch.tensor(origin))
    assert forecast.shape == (len(origin), horizon, 1)
    return forecast[..., 0]


def with_scale(rule: ResidualBaseline, scale: float) -> ResidualBaseline:
    """The same rule, with differences in another unit."""
    deviations = rule.deviations * rule.scale.item() / scale
    return dataclasses.replace(rule, scale=np.array([scale]), deviations=deviations)


@pytest.mark.parametrize(
    ("kind", "words", "forecast"),
    [
        ("none", "the mean of the training part", [116, 116]),
        ("last", "the last value", [114, 114]),
        ("climatology", "the climatology", [120, 130]),
    ],
)
def test_rules_without_a_rate_to_fit(kind, words, forecast):
    rule = fitted(kind)
    assert rule.rule == words
    np.testing.assert_allclose(alone(rule, [1], 2), [forecast], rtol=1e-6)
    left = (np.array([[120, 128]]) - forecast)[..., None]
    np.testing.assert_allclose(rule.residuals(torch.tensor([1]), 2), left / rule.scale, rtol=1e-6, atol=1e-6)


def test_the_last_deviation_from_the_climatology_fades_by_one_factor_per_step():
    """Of 4 above the usual value at the origin, 2 and then 1 are expected to be left."""
    deviations = torch.from_numpy(((TARGET - USUAL) / 8).astype("float32"))
    rule = ResidualBaseline("damped", USUAL[:, None], np.array([0.5]), np.array([8.0]), deviations[:, None])
    assert rule.rule == "the damped climatology"
    np.testing.assert_allclose(rule.fading(3), [[0.5], [0.25], [0.125]])
    np.testing.assert_allclose(alone(rule, [1], 2), [[122, 131]])
    outputs = torch.tensor([[[0.5], [-1.0]]])
    np.testing.assert_allclose(rule.to_units(outputs, torch.tensor([1])), [[[126], [123]]])
    left = [[[(120 - 122) / 8], [(128 - 131) / 8]]]
    np.testing.assert_allclose(rule.residuals(torch.tensor([1]), 2), left)


@pytest.mark.parametrize(
    ("kind", "left"),
    [
        ("none", [114 - 116, 120 - 116, 120 - 116, 128 - 116]),
        ("last", [114 - 102, 120 - 102, 120 - 114, 128 - 114]),
        ("climatology", [4, 0, 0, -2]),
    ],
)
def test_the_scale_is_that_of_what_the_rule_leaves_of_the_training_windows(kind, left):
    assert fitted(kind).scale == pytest.approx([np.sqrt(np.mean(np.square(left)))])


def test_residuals_of_many_origins_of_each_window():
    rule = fitted("last")
    origin = torch.tensor([[0, 1], [1, 2]])
    assert rule.residuals(origin, 2).shape == (2, 2, 2, 1)
    ahead = np.array([[[12, 18], [6, 14]], [[6, 14], [8, 26]]])[..., None]
    np.testing.assert_allclose(rule.residuals(origin, 2).numpy() * rule.scale, ahead, rtol=1e-5)


@pytest.mark.parametrize(
    ("target", "usual", "best"),
    [
        (
            TARGET,
            USUAL,
            "climatology",
        ),  # from origin 0: 12² + 18² from the last value, 4² + 0² from the climatology
        (TARGET, USUAL + 20, "last"),  # the climatology is further from every target
        (np.full(5, 7.0), np.full(5, 7.0), "last"),  # both without any error
    ],
)
@pytest.mark.parametrize("origin", [[0], [1], [0, 1]])
def test_the_best_rule_of_some_windows(origin, target, usual, best):
    rules = [fitted(kind, target, usual) for kind in ("last", "climatology")]
    assert best_baseline(rules, np.array(origin), 2).kind == best


def test_rules_are_compared_in_the_targets_unit():
    """Each rule has a scale of its own, by which the network's target is divided."""
    rules = [fitted("last"), fitted("climatology")]
    alone_errors = [np.square(alone(rule, [0, 1], 2) - [[114, 120], [120, 128]]).mean() for rule in rules]
    assert alone_errors[1] < alone_errors[0]
    rules[1] = with_scale(rules[1], 100.0)
    assert best_baseline(rules, np.array([0, 1]), 2).kind == "climatology"
    rules[0] = with_scale(rules[0], 100.0)
    assert best_baseline([rules[0], fitted("climatology")], np.array([0, 1]), 2).kind == "climatology"


@pytest.mark.parametrize("coefficient", [0.3, 0.9, 0.99])
def test_the_rate_of_an_autoregressive_process_is_its_coefficient(coefficient):
    n, noise = 40_000, np.random.default_rng(1).normal(size=40_000)
    deviation = np.zeros(n)
    for t in range(1, n):
        deviation[t] = coefficient * deviation[t - 1] + noise[t]
    usual = 600 + 50 * np.sin(np.arange(n) / 40)
    rule = fitted("damped", usual + deviation, usual, np.arange(n), np.arange(n - 12), 12)
    error = np.sqrt(
        (1 - coefficient**2) / (n / 4)
    )  # of every fourth origin, at one step; more steps add little
    assert rule.rate == pytest.approx([coefficient], abs=4 * error)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_for_one_step_the_rate_is_that_of_least_squares(seed):
    deviation = np.cumsum(np.random.default_rng(seed).normal(size=300))
    rule = fitted("damped", deviation, np.zeros(300), np.arange(300), np.arange(299), 1)
    best = (deviation[:-1] @ deviation[1:]) / (deviation[:-1] @ deviation[:-1])
    assert rule.rate == pytest.approx([np.clip(best, 0, np.exp(-np.exp(-12.25)))], abs=1e-4)


@pytest.mark.parametrize("period", [6, 40, 200])
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_no_other_rate_leaves_less_where_a_rhythm_makes_several_minima(period, noise):
    steps, horizon = np.arange(2000), 2 * period
    random = np.random.default_rng(2).normal(size=2000)
    deviation = np.cos(2 * np.pi * steps / period) + noise * np.convolve(random, 0.8 ** np.arange(30), "same")
    origin = np.arange(2000 - horizon)
    rule = fitted("damped", deviation, np.zeros(2000), np.arange(2000), origin, horizon)
    ahead = deviation[origin[:, None] + 1 + np.arange(horizon)]

    def left(rate: float) -> float:
        return np.mean((ahead - deviation[origin][:, None] * rate ** np.arange(1, horizon + 1)) ** 2)

    rates = np.r_[0, np.exp(-np.exp(-np.linspace(-2, 12, 3000)))]
    assert left(rule.rate.item()) <= min(map(left, rates)) * (1 + 1e-6)
    assert rule.scale == pytest.approx([np.sqrt(left(rule.rate.item()))])


def test_a_deviation_that_changes_its_sign_from_step_to_step_is_not_expected_to_last():
    deviation = np.where(np.arange(100) % 2, 1.0, -1.0)
    rule = fitted("damped", deviation, np.zeros(100), np.arange(100), np.arange(99), 1)
    assert rule.rate.tolist() == [0]
    np.testing.assert_array_equal(alone(rule, [5], 1), [[0]])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0.0, 600.1, -1e6])
def test_of_a_constant_series_nothing_is_left_to_forecast(kind, value):
    target = np.full(300, value)
    usual = target * (1 + 2e-16)  # a mean, which rounds
    rule = fitted(kind, target, usual, np.arange(200), np.arange(150), 4)
    assert rule.scale.tolist() == [1]
    np.testing.assert_allclose(rule.residuals(torch.arange(290), 4), 0, atol=1e-8)
    np.testing.assert_allclose(alone(rule, [7, 250], 4), value, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_missing_values_stay_where_they_are(kind):
    target, usual = 600 + 40 * np.random.default_rng(4).normal(size=(2, 100))
    target[40:45] = np.nan
    origin = np.array([t for t in range(70) if not 37 <= t < 45])
    rule = fitted(kind, target, usual, np.arange(80), origin, 3)
    assert np.isfinite(np.concatenate([rule.scale, rule.rate, rule.expected[:, 0]])).all()
    assert np.isnan(rule.deviations.numpy()).tolist() == np.isnan(target[:, None]).tolist()
    if kind == "none":
        np.testing.assert_allclose(alone(rule, [50], 3), np.mean(np.delete(target[:80], np.s_[40:45])))


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 2**32 - 1),
    horizon=st.integers(1, 30),
    level=st.sampled_from([0.0, 600.0, 1e5]),
)
def test_back_in_units_the_residuals_are_the_observed_values(kind, seed, horizon, level):
    random = np.random.default_rng(seed)
    target = level + 40 * random.normal(size=200) + random.normal(size=200).cumsum()
    usual = level + 20 * np.sin(np.arange(200) / 10)
    rule = fitted(kind, target, usual, np.arange(120), np.arange(120 - horizon), horizon)
    origin = torch.arange(200 - horizon)
    back = rule.to_units(rule.residuals(origin, horizon), origin)
    largest = 4 * rule.deviations.abs().max().item()  # float32 rounds both deviations and their difference
    ahead = np.lib.stride_tricks.sliding_window_view(target, horizon)[1:, :, None]
    np.testing.assert_allclose(back, ahead, rtol=0, atol=2**-24 * largest * rule.scale.item() + 1e-9)
