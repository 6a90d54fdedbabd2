"""Sufficient history: networks whose need of the past is known by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from lstmkit.analysis.attribution.sufficient_history import RESAMPLINGS, _donors, enough, sufficient_history
from lstmkit.data.cutting import make_windows
from lstmkit.data.features import build_features
from lstmkit.data.windows import Windows
from lstmkit.findings.attribution.sufficient_history import (
    sufficient_history_caption,
    sufficient_history_finding,
)
from lstmkit.params import SplitParams, WindowParams
from tests.analysis.drawn import windows_drawn
from tests.series import dataset_of, raw_windows

HALF = SplitParams(validation_blocks=1, train=0.3, validation=0.1)
LOOKBACK = 64


class Filter(nn.Module):
    """Forecasts from the newest steps of the second feature, each with its weight; weights are newest first."""

    def __init__(self, windows: Windows, weights: np.ndarray, horizon: int = 1):
        super().__init__()
        self.weights = torch.from_numpy(weights)
        self.centre, self.scale = (float(each[1]) for each in (windows.scaler.center, windows.scaler.scale))
        self.rule, self.unit = float(windows.residual.expected[0, 0]), windows.scale
        self.horizon = horizon

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        newest_first = x[:, :, 1].double().flip(1)[:, : len(self.weights)] * self.scale + self.centre
        return (
            (((newest_first @ self.weights) - self.rule) / self.unit)
            .float()[:, None]
            .expand(-1, self.horizon)
        )


class Constant(nn.Module):
    def __init__(self, value: float = 0.0, horizon: int = 1):
        super().__init__()
        self.value, self.horizon = value, horizon

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.full((len(x), self.horizon), self.value)


def filtered(weights: np.ndarray, n: int = 6000, split: SplitParams = HALF, **dataset) -> Windows:
    """Windows of a target that is a filter of a noise that is an input, so that the right filter forecasts it."""
    noise = np.random.default_rng(7).normal(size=n)
    target = np.convolve(noise, weights)[: n - 1]
    columns = {"co2": np.append(0.0, target), "temperature": noise}
    return raw_windows(dataset_of(columns, **dataset), 1, split, lookback=LOOKBACK, residual="none")["test"]


@pytest.mark.parametrize("k", [1, 5, 17, LOOKBACK])
def test_a_network_that_reads_one_step_of_the_past_needs_just_as_much(k):
    weights = np.zeros(k)
    weights[-1] = 1.0  # the k-th newest step alone
    windows = filtered(weights)
    found = sufficient_history(Filter(windows, weights), windows, 0, size=1000, lengths=2000)
    assert {k - 1, k} - {0} <= {*found.steps.tolist()}
    np.testing.assert_allclose(found.gain[found.steps >= k], 1, atol=1e-9)
    # another's noise instead: twice the variance, where the rule alone leaves it once
    np.testing.assert_allclose(found.gain[found.steps < k], -1, atol=0.25)
    assert found.sufficient == found.output == k
    assert found.sufficient_interval.tolist() == [k, k]
    assert found.hours == k


def test_a_network_that_reads_several_steps_gains_with_each_of_them():
    k = 8
    windows = filtered(np.ones(k))
    found = sufficient_history(Filter(windows, np.ones(k)), windows, 0, size=2000, lengths=200)
    expected = 1 - 2 * np.maximum(k - found.steps, 0) / k  # 2 (k - h) of k variances are wrong
    np.testing.assert_allclose(found.gain, expected, atol=0.15)
    assert found.sufficient == k


def test_an_exponential_filter_needs_what_its_time_constant_says():
    tau = 9.0
    weights = np.exp(-np.arange(LOOKBACK) / tau)
    windows = filtered(weights, n=20_000)
    found = sufficient_history(Filter(windows, weights), windows, 0, size=4000, lengths=200)
    # what is older than h steps holds exp(-2 h / tau) of the variance, and counts twice
    np.testing.assert_allclose(found.gain, 1 - 2 * np.exp(-2 * found.steps / tau), atol=0.08)
    np.testing.assert_allclose(found.reproduced, 1 - np.exp(-2 * found.steps / tau), atol=0.04)
    assert found.sufficient == pytest.approx(tau / 2 * np.log(2 / 0.05), rel=0.1)
    assert found.output == pytest.approx(tau / 2 * np.log(1 / 0.05), rel=0.1)
    low, high = found.sufficient_interval
    assert low <= found.sufficient <= high


def test_between_two_lengths_a_line_over_the_logarithm_tells_the_steps():
    steps = np.array([1, 10, 100, 1000])
    assert enough(steps, np.array([0.0, 0.90, 1.0, 1.0])) == 32  # half-way from 10 to 100: 31.6
    assert enough(steps, np.array([0.96, 0.94, 0.96, 1.0])) == 32  # once more below
    assert enough(steps, np.array([0.95, 0.99, 0.97, 1.0])) == 1
    assert enough(np.array([1, 2]), np.array([0.0, 1.0])) == 2


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_a_constant_network_has_no_gain_whose_history_could_be_measured(value):
    windows = filtered(np.ones(1))
    found = sufficient_history(Constant(value), windows, 0)
    assert (found.gain, found.sufficient, found.hours, found.sufficient_interval) == (None,) * 4
    assert (found.reproduced, found.output, found.output_hours) == (None,) * 3
    assert found.rmse[0] == found.rmse[-1] >= found.rmse_rule * (1 - 1e-12)
    assert set(found.facts()) == {"rmse", "rmse_rule"}
    said = sufficient_history_finding(found, found)
    assert "no gain whose history could be measured" in said
    assert "the network's output never changes; before training it never changes." in said
    assert found.to_frame()[["gain", "reproduced"]].isna().all(axis=None)


def test_a_network_that_harms_has_no_gain_but_its_output_has_a_history():
    weights = np.array([0.0, 0.0, 1.0])
    windows = filtered(-weights)
    found = sufficient_history(Filter(windows, weights), windows, 0, lengths=200)
    assert found.gain is None
    assert found.output == 3
    assert found.rmse[-1] == pytest.approx(2 * found.rmse_rule, rel=0.02)


def test_a_gain_that_resampled_days_do_not_confirm_is_none():
    windows = filtered(np.ones(1))
    chance = Filter(windows, np.array([0.0, 0.0, 0.02]))  # what it reads has nothing to do with the target
    assert sufficient_history(chance, windows, 0, size=1500).gain is None


def test_sentences():
    windows = filtered(np.ones(5))
    trained = sufficient_history(Filter(windows, np.ones(5)), windows, 0, size=500, lengths=200)
    untrained = sufficient_history(Filter(windows, np.ones(2)), windows, 0, size=500, lengths=200)
    trained = replace(trained, rmse=np.append(trained.rmse[:-1], 0.25), rmse_rule=2.0)
    assert sufficient_history_finding(trained, untrained) == (
        "The newest 5 h (95 % interval 5 h to 5 h) of the 64 h of input give 95 % of what the network gains on the "
        "mean of the training part (RMSE 0.250 ppm, without its network 2.00 ppm). Whatever it is worth, the network's "
        "output is determined to 95 % by the newest 5 h; before training it is determined to 95 % by the newest 2 h."
    )
    assert trained.facts() == {
        "rmse": 0.25, "rmse_rule": 2.0, "hours": 5, "low": 5, "high": 5, "output_hours": 5
    }  # fmt: skip
    assert trained.lookback_hours == LOOKBACK


def test_the_table_holds_gain_and_error_of_each_length():
    windows = filtered(np.ones(5))
    found = sufficient_history(Filter(windows, np.ones(5)), windows, 0, size=500)
    table = found.to_frame()
    assert table.index.tolist() == found.steps.tolist()
    errors = table["rmse"] ** 2
    np.testing.assert_allclose(
        table["gain"], (found.rmse_rule**2 - errors) / (found.rmse_rule**2 - errors.iloc[-1])
    )


def test_the_interval_is_that_of_blocks_of_days_written_out():
    """The network reads the second newest step alone: what it gains with one step of its own is known per window."""
    windows = filtered(np.array([0.0, 1.0]))
    found = sufficient_history(
        Filter(windows, np.array([0.0, 1.0])), windows, 3, size=len(windows), lengths=LOOKBACK
    )
    rule = (windows.observed()[:, 0, 0] - windows.residual.expected[0, 0]) ** 2
    assert found.rmse_rule == pytest.approx(np.sqrt(rule.mean()))
    assert found.rmse[0] ** 2 == pytest.approx((1 - found.gain[0]) * rule.mean())
    # with two steps and more the forecast is right, so that what is gained is the squared error of the rule
    days = np.asarray(windows.origin.date)
    donors, _ = _donors(windows, np.arange(len(windows)), 3)
    noise = windows.observed()[:, 0, 0]  # of the second newest step, as far as the filter tells it
    wrong = (noise - noise[donors]) ** 2
    improved = np.stack([rule - wrong, *[rule] * (len(found.steps) - 1)], axis=1)
    drawn = windows_drawn(days, improved, RESAMPLINGS, 3)
    shares = [improved[some, 0].sum() / rule[some].sum() for some in drawn]
    np.testing.assert_allclose(found.gain[0], improved[:, 0].sum() / rule.sum(), rtol=1e-4)
    np.testing.assert_allclose(found.gain_interval[:, 0], np.quantile(shares, [0.025, 0.975]), rtol=1e-3)
    np.testing.assert_allclose(found.gain_interval[:, 1:], 1, atol=1e-9)


def test_too_few_days_give_no_interval():
    windows = filtered(np.ones(2), n=800, interval="10min")
    found = sufficient_history(Filter(windows, np.ones(2)), windows, 0)
    assert found.n_days < 5
    assert found.sufficient == 2
    assert found.gain_interval is None
    assert "interval" not in sufficient_history_finding(found, found)
    assert "too few" in sufficient_history_caption(found)


class OfTheClock(nn.Module):
    """Adds up the clock over the whole window, with other weights at each step."""

    def __init__(self, windows: Windows):
        super().__init__()
        self.which = [k for k, each in enumerate(windows.provenance) if each.is_clock]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weights = torch.linspace(1, 2, x.shape[1])[:, None]
        return (x[:, :, self.which] * weights).sum(dim=(1, 2))[:, None]


def clocked(days: int, lookback: int = 24) -> Windows:
    noise = np.random.default_rng(1).normal(size=(3, 24 * days))
    dataset = dataset_of(dict(zip(("co2", "temperature", "humidity"), noise, strict=True)))
    params = WindowParams(lookback=lookback, residual="last")
    return make_windows(dataset, build_features(dataset, "preproc_D"), 1, params, HALF)["test"]


def test_the_clock_of_a_window_stays_true_where_it_is_an_input():
    windows = clocked(days=60)
    found = sufficient_history(OfTheClock(windows), windows, 0)
    assert found.same_time == 1
    assert found.reproduced is None  # another week's past shows the same clock
    caption = sufficient_history_caption(found)
    assert "the same time of another week, so that the clock among the inputs stays true" in caption


@pytest.mark.parametrize(
    ("interval", "lookback", "n_steps", "told"),
    [
        ("1D", 14, 2200, "on the same weekday of the same month"),
        ("7D", 8, 900, "in the same month of another year"),
        ("month", 6, 500, "in the same month of another year"),
        ("quarter", 4, 200, "in the same quarter of another year"),
    ],
)
def test_the_past_of_longer_steps_comes_from_the_same_point_of_their_cycles(
    interval, lookback, n_steps, told
):
    noise = np.random.default_rng(1).normal(size=n_steps)
    dataset = dataset_of({"co2": noise}, interval=interval, start="1990-01-01")
    features = build_features(dataset, "raw", True)
    windows = make_windows(dataset, features, 1, WindowParams(lookback=lookback, residual="none"), HALF)[
        "test"
    ]
    chosen = np.arange(0, len(windows), 9)
    donors, share = _donors(windows, chosen, seed=0)
    assert share == 1
    own, other = windows.origin[chosen], windows.origin[donors]
    assert (np.abs(donors - chosen) >= lookback).all()
    assert (own.month == other.month).all() or interval == "quarter"
    assert (own.quarter == other.quarter).all()
    assert interval != "1D" or (own.day_of_week == other.day_of_week).all()
    history = sufficient_history(OfTheClock(windows), windows, 0, size=64)
    assert f"{told}, so that the clock among the inputs stays true" in sufficient_history_caption(history)
    assert f"test windows of {history.n_days} {windows.calendar.block}s" in sufficient_history_caption(
        history
    )


def test_without_another_week_the_past_is_of_another_day():
    windows = clocked(days=14)
    found = sufficient_history(OfTheClock(windows), windows, 0)
    assert 0 <= found.same_time < 1
    assert found.reproduced is not None


def test_where_the_clock_is_no_input_the_past_may_tell_the_time_of_day():
    """A network that reads the time of day from the past needs it: a donor of the same time would hide that."""
    n = 3000
    hour = np.arange(n) % 24
    rng = np.random.default_rng(0)
    columns = {"co2": 500 + 100.0 * (hour == 12), "temperature": 1.0 * (hour == 11) + 0 * rng.normal(size=n)}
    windows = raw_windows(dataset_of(columns), 1, HALF, lookback=48, residual="none")["test"]
    weights = np.zeros(24)
    weights[-1] = 100.0
    found = sufficient_history(Filter(windows, weights), windows, 0, size=2000, lengths=200)
    assert found.same_time == 0
    assert found.output == 24
    assert "at any time" in sufficient_history_caption(found)


def test_a_part_shorter_than_two_lookbacks_takes_the_window_that_shares_least():
    windows = filtered(np.ones(3), n=200, split=SplitParams(validation_blocks=1, train=0.5, validation=0.1))
    assert len(windows) < 2 * LOOKBACK
    found = sufficient_history(Filter(windows, np.ones(3)), windows, 0, lengths=200)
    assert found.sufficient == 3


def test_two_networks_of_one_seed_are_given_the_same_windows():
    windows = filtered(np.ones(3))
    first, second = (sufficient_history(Constant(), windows, seed, size=50) for seed in (4, 4))
    assert first.rmse_rule == second.rmse_rule
    assert first.rmse_rule != sufficient_history(Constant(), windows, 5, size=50).rmse_rule
    assert isinstance(first.to_frame(), pd.DataFrame)
