"""Frequency responses: filters whose response is a formula, and properties of any filter."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lstmkit.analysis.filters.bank import FilterBank, filter_banks
from lstmkit.analysis.filters.frequency_response import KINDS, RANDOM_TAPS, classify, frequency_response, gain
from lstmkit.findings.filters.frequency_response import response_caption, response_finding
from tests.analysis.convolutional import Stack, set_filter
from tests.analysis.tiny import make_test_windows

OMEGA = np.linspace(0, np.pi, 101)
SEVEN = 7


def dirichlet(n: int) -> np.ndarray:
    """Response of a mean of n steps; 1 where both sines vanish."""
    with np.errstate(invalid="ignore"):
        values = np.abs(np.sin(n * OMEGA / 2) / (n * np.sin(OMEGA / 2)))
    return np.where(OMEGA == 0, 1.0, values)


@pytest.mark.parametrize(
    ("taps", "expected", "kind"),
    [
        ([1, -1], 2 * np.sin(OMEGA / 2), "high-pass"),  # first difference
        ([1, -2, 1], 4 * np.sin(OMEGA / 2) ** 2, "high-pass"),  # second difference
        ([1 / SEVEN] * SEVEN, dirichlet(SEVEN), "low-pass"),  # moving mean
        ([0.5, 0.5], np.abs(np.cos(OMEGA / 2)), "low-pass"),
        ([0, 0, 1, 0], np.ones(101), "all-pass"),  # a delay
        ([0, 0, -3, 0], 3 * np.ones(101), "all-pass"),
        ([1, 0, -1], 2 * np.abs(np.sin(OMEGA)), "band-pass"),  # nothing at either end
        ([1, 0, 1], 2 * np.abs(np.cos(OMEGA)), "band-stop"),  # nothing at a period of four steps
        (
            [1, 0.2],
            np.abs(1 + 0.2 * np.exp(-1j * OMEGA)),
            "low-pass",
        ),  # 0.8 / 1.2 is below the half of the power
        ([1, 0.1], np.abs(1 + 0.1 * np.exp(-1j * OMEGA)), "all-pass"),  # 0.9 / 1.1 is above it
        ([0, 0, 0], np.zeros(101), "silent"),
    ],
)
def test_responses_that_are_formulas(taps, expected, kind):
    np.testing.assert_allclose(gain(np.array(taps, float), OMEGA), expected, atol=1e-12)
    assert classify(np.array(taps, float)) == kind


rows = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=9)


@given(rows, st.integers(1, 50))
def test_the_kind_is_that_of_the_filter_scaled_turned_and_moved(taps, factor):
    taps = np.array(taps)
    kind = classify(taps)
    assert kind in KINDS
    kept = gain(taps, np.linspace(0, np.pi, 513)) / (gain(taps, np.linspace(0, np.pi, 513)).max() or 1)
    if np.abs(kept - 0.5**0.5).min() < 1e-9:
        return  # on the edge between two kinds rounding decides
    assert classify(-factor * taps) == kind
    assert classify(taps[::-1].copy()) == kind
    assert classify(np.concatenate([[0.0, 0.0], taps, [0.0]])) == kind


@given(rows)
def test_modulation_by_the_fastest_oscillation_swaps_low_and_high(taps):
    taps = np.array(taps)
    gains = gain(taps, np.linspace(0, np.pi, 513))
    if np.abs(gains / (gains.max() or 1) - 0.5**0.5).min() < 1e-9:
        return
    swapped = {"low-pass": "high-pass", "high-pass": "low-pass"}
    kind = classify(taps)
    assert classify(taps * (-1.0) ** np.arange(len(taps))) == swapped.get(kind, kind)


@given(rows)
def test_the_mean_power_is_the_sum_of_squares(taps):
    taps = np.array(taps)
    omega = 2 * np.pi * np.arange(64) / 64  # Parseval over a whole turn
    power = gain(taps, np.where(omega > np.pi, 2 * np.pi - omega, omega)) ** 2
    assert power.mean() == pytest.approx((taps**2).sum(), rel=1e-9, abs=1e-12)


def bank_of(weights, channels=("co2", "temperature"), offsets=None, interval="5min") -> FilterBank:
    weights = np.asarray(weights, float)
    offsets = np.arange(weights.shape[2]) if offsets is None else np.asarray(offsets)
    return FilterBank(
        "CNN layer 1", weights, np.zeros(len(weights)), tuple(channels), offsets, pd.Timedelta(interval)
    )


SMOOTH, DIFFERENCE, BAND, NOTHING = [1, 1, 1], [1, -2, 1], [2, 0, -2], [0, 0, 0]


def test_each_filter_is_judged_by_the_feature_that_it_weighs_most():
    response = frequency_response(
        bank_of([[SMOOTH, NOTHING], [SMOOTH, DIFFERENCE], [BAND, SMOOTH], [NOTHING, NOTHING]]), seed=0
    )
    assert response.strongest == ("co2", "temperature", "co2", "co2")
    assert response.kind == ("low-pass", "high-pass", "band-pass", "silent")
    assert response.kinds["temperature"].tolist() == ["silent", "high-pass", "low-pass", "silent"]
    assert response.order.tolist() == [0, 2, 1, 3]  # in the order of the kinds
    finding = response_finding(response)
    assert (
        "Of the 4 filters of CNN layer 1, each held against the feature that it weighs most, 1 smooths it (low-pass) "
        "and 1 differentiates it (high-pass); 1 is band-pass; 1 is silent." in finding
    )
    assert "Filters that smooth CO₂: 2; that differentiate it: 0." in finding
    assert "Of all pairs of filter and feature, 38 % smooth and 12 % differentiate" in finding  # 3 and 1 of 8
    assert response.facts() == {"smoothing_filters": 1, "differentiating_filters": 1}


def test_counts_of_other_than_one_are_plural():
    finding = response_finding(
        frequency_response(bank_of([[SMOOTH, NOTHING]] * 2 + [[BAND, NOTHING]] * 2), seed=0)
    )
    assert "2 smooth it (low-pass) and 0 differentiate it (high-pass); 2 are band-pass." in finding


def test_gains_stand_at_their_periods():
    response = frequency_response(bank_of([[[1, -1]], [[0.5, 0.5]]], channels=("co2",)), seed=0)
    assert response.nyquist == pytest.approx(1 / 6)  # two steps of five minutes
    assert response.periods[-1] == pytest.approx(1 / 6)
    assert response.periods[0] == pytest.approx(20 / 12)  # ten times two taps
    omega = 2 * np.pi * (1 / 12) / response.periods
    np.testing.assert_allclose(response.gain[0], 2 * np.sin(omega / 2), rtol=1e-9)
    np.testing.assert_allclose(response.gain[1], np.abs(np.cos(omega / 2)), atol=1e-12)
    assert response.relative_gain.max(axis=1) == pytest.approx([1, 1], rel=0.02)
    assert "no period below 10 min, two steps, is resolved (Nyquist)" in response_caption(response)
    frame = response.to_frame()
    assert frame.index.tolist() == response.order.tolist()
    assert frame.loc[0, "kind"] == "high-pass"


def test_a_dilated_filter_has_zeros_between_its_taps():
    plain = frequency_response(bank_of([[[1, -1]]], channels=("co2",)), seed=0)
    dilated = frequency_response(bank_of([[[1, -1]]], channels=("co2",), offsets=[-1, 1]), seed=0)
    assert plain.kind == ("high-pass",)
    assert dilated.kind == ("band-pass",)  # 2 sin ω vanishes at both ends
    omega = 2 * np.pi * (1 / 12) / dilated.periods
    np.testing.assert_allclose(dilated.gain[0], 2 * np.abs(np.sin(omega)), atol=1e-12)


def test_a_model_with_filters_set_by_hand():
    model = Stack(nn.Conv1d(2, 3, 3, padding="same"), nn.BatchNorm1d(3), nn.ReLU(), channels=3).eval()
    with torch.no_grad():
        model.stack[1].weight[:] = torch.tensor([-2.0, 1.0, 5.0])  # a scale changes no kind
    for number, row in enumerate((SMOOTH, DIFFERENCE, [0, 1, 0])):
        set_filter(model.stack[0], number, [NOTHING, row])
    bank = filter_banks(model, make_test_windows(n=3, lookback=12))[0]
    response = frequency_response(bank, seed=0)
    assert response.strongest == ("temperature",) * 3
    assert response.kind == ("low-pass", "high-pass", "all-pass")
    assert set(response.kinds["co2"]) == {"silent"}


def test_shares_hold_every_feature_and_random_taps():
    response = frequency_response(bank_of([[SMOOTH, BAND], [SMOOTH, DIFFERENCE]]), seed=0)
    shares = response.shares
    assert shares.index.tolist() == ["co2", "temperature", RANDOM_TAPS]
    assert shares.loc["co2", "low-pass"] == 100
    assert shares.loc["temperature", ["band-pass", "high-pass"]].tolist() == [50, 50]
    assert shares.sum(axis=1).to_numpy() == pytest.approx(
        [100] * 3, abs=1
    )  # kinds below half a percent drop out
    assert "silent" not in shares
    random = response.random
    assert sum(random.values()) == pytest.approx(100)
    assert random["low-pass"] == pytest.approx(random["high-pass"], abs=4)  # the two are mirror images
    assert frequency_response(bank_of([[SMOOTH, BAND]]), seed=0).random == random
    assert frequency_response(bank_of([[SMOOTH, BAND]]), seed=1).random != random


def test_one_tap_passes_everything():
    response = frequency_response(bank_of([[[2.0]]], channels=("co2",), interval="1h"), seed=0)
    assert response.kind == ("all-pass",)
    assert response.random == {"all-pass": 100.0}
    np.testing.assert_allclose(response.gain, 2.0)
    assert "no period below 2 h" in response_caption(response)
    assert "random taps would give 0 % and 0 %" in response_finding(response)
