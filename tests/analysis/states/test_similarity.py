"""Alignment equals the definition; canonical correlations are those that were planted, and none where none were."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmkit.analysis.states.representation import Representation
from lstmkit.analysis.states.similarity import (
    CanonicalCorrelations,
    Similarity,
    compare,
    debiased_cka,
    linear_cka,
)
from lstmkit.data.calendar import Calendar
from lstmkit.errors import LstmkitError
from lstmkit.findings.states.similarity import similarity_finding
from tests.groups import ranges

HOUR = pd.Timedelta("1h")


def representation(values: np.ndarray, name: str = "first", start: str = "2025-01-01") -> Representation:
    origin = pd.date_range(start, periods=len(values), freq="h", tz="UTC")
    zeros = np.zeros(len(values))
    groups, calendar = ranges(zeros, (-0.5, 0.5)), Calendar("1h")
    return Representation(name, values, origin, zeros, groups.codes, groups, "ppm", calendar)


def compared(x: np.ndarray, y: np.ndarray, gap: str = "6h", seed: int = 0) -> Similarity:
    return compare(representation(x), representation(y, "second"), pd.Timedelta(gap), seed)


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def rotation(seed: int, n: int) -> np.ndarray:
    return np.linalg.qr(noise(seed, n, n))[0]


def hsic(k: np.ndarray, l: np.ndarray) -> float:  # noqa: E741
    """The definition: trace of K H L H with the centring matrix H."""
    h = np.eye(len(k)) - 1 / len(k)
    return float(np.trace(k @ h @ l @ h))


def unbiased_hsic(k: np.ndarray, l: np.ndarray) -> float:  # noqa: E741
    """The U-statistic over all ordered sets of four different windows (Song et al. 2012)."""
    total = [
        k[a, b] * (l[a, b] + l[c, d] - 2 * l[a, c]) for a, b, c, d in itertools.permutations(range(len(k)), 4)
    ]
    return float(np.mean(total))


def kernel_alignment(estimate, x: np.ndarray, y: np.ndarray) -> float:
    k, l = x @ x.T, y @ y.T  # noqa: E741
    return estimate(k, l) / np.sqrt(estimate(k, k) * estimate(l, l))


@pytest.mark.parametrize(("a", "b"), [(3, 2), (40, 2), (3, 40), (40, 30)], ids=str)
def test_alignment_is_the_ratio_of_hsic_by_its_definition(a, b):
    x = noise(0, 25, a) + 4.0
    y = x[:, :2] @ noise(1, 2, b) + noise(2, 25, b)
    assert linear_cka(x, y) == pytest.approx(kernel_alignment(hsic, x, y), rel=1e-10)


@pytest.mark.parametrize("width", [2, 12])
def test_debiased_alignment_is_the_mean_over_sets_of_four_windows(width):
    x = noise(0, 8, 3) + 2.0
    y = x @ noise(1, 3, width) + 0.7 * noise(2, 8, width)
    assert debiased_cka(x, y) == pytest.approx(kernel_alignment(unbiased_hsic, x, y), rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(1e-3, 1e3), windows=st.integers(5, 30))
def test_alignment_ignores_turns_scales_and_shifts_but_not_stretches(seed, scale, windows):
    x, y = noise(seed, windows, 4), noise(seed + 1, windows, 3)
    moved = scale * x @ rotation(seed, 4) + noise(seed + 2, 4)
    for cka in (linear_cka, debiased_cka):
        assert cka(moved, y) == pytest.approx(cka(x, y), rel=1e-7, abs=1e-9)
        assert cka(x, y) == pytest.approx(cka(y, x), rel=1e-9, abs=1e-12)
        assert cka(x, moved) == pytest.approx(1, rel=1e-7)
        assert cka(x, x * np.array([10, 1, 0.1, 1])) < 1


def test_wide_noise_is_aligned_by_its_width_alone_unless_debiased():
    biased, debiased = [], []
    for seed in range(20):
        x, y = noise(2 * seed, 50, 400), noise(2 * seed + 1, 50, 300)
        biased.append(linear_cka(x, y))
        debiased.append(debiased_cka(x, y))
    assert min(biased) > 0.8
    # of 20 means around zero
    assert abs(np.mean(debiased)) < 3 * np.std(debiased) / np.sqrt(20)
    assert max(map(abs, debiased)) < 0.1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_does_not_vary_is_aligned_with_nothing(dtype):
    constant = np.full((12, 3), 0.1, dtype=dtype)  # whose mean is not quite 0.1
    for cka in (linear_cka, debiased_cka):
        assert cka(constant, noise(0, 12, 2)) == 0
        assert cka(noise(0, 12, 2), constant) == 0
    alone = np.zeros((12, 1))
    alone[5] = 1.0  # a single window that differs: no two windows are alike beyond the others
    assert debiased_cka(alone, noise(0, 12, 2)) == 0


def test_fewer_than_four_windows_cannot_be_debiased():
    with pytest.raises(LstmkitError, match="at least 4 windows, not 3"):
        debiased_cka(noise(0, 3, 2), noise(1, 3, 2))


def test_planted_correlations_are_found_in_held_out_windows_and_nothing_beside_them():
    # three latent series shared by both sides, each seen with its own noise, among eight independent ones
    n, planted = 8000, np.array([0.95, 0.8, 0.5])
    x, own = noise(0, n, 8), noise(1, n, 8)
    y = own.copy()
    y[:, :3] = planted * x[:, :3] + np.sqrt(1 - planted**2) * own[:, :3]
    pairs = compared(x @ rotation(2, 8), y @ rotation(3, 8)).canonical
    np.testing.assert_allclose(pairs.held_out[:3], planted, atol=0.04)  # 3/√2400 at most
    np.testing.assert_allclose(pairs.in_sample[:3], planted, atol=0.03)
    assert np.abs(pairs.held_out[3:]).max() < 0.07
    assert (pairs.held_out[:3] > pairs.shifted[:3]).all()
    assert pairs.shifted.max() < 0.1


def test_independent_noise_correlates_only_where_it_was_fitted():
    pairs = compared(noise(0, 500, 20), noise(1, 500, 20)).canonical
    assert pairs.in_sample[0] > 0.3  # 20 directions to choose from, 344 windows
    assert abs(pairs.held_out.mean()) < 0.05
    assert np.abs(pairs.held_out).max() < 0.35
    assert pairs.n_shared <= 4  # a twentieth of 20, and chance


def test_in_sample_correlations_are_the_cosines_between_the_subspaces():
    x, y = noise(0, 300, 5), noise(1, 300, 4)
    y[:, 0] += x[:, 1]
    pairs = compared(x, y, gap="6h").canonical
    bases = [np.linalg.qr(side[:205] - side[:205].mean(axis=0))[0] for side in (x, y)]
    assert pairs.n_fit == 205
    np.testing.assert_allclose(
        pairs.in_sample, np.linalg.svd(bases[0].T @ bases[1], compute_uv=False), atol=1e-5
    )  # of an iteration that stops at 1e-6


def test_a_common_daily_rhythm_is_not_taken_for_a_shared_representation():
    # each side follows the clock and its own noise; they say nothing of each other beyond the hour
    n = 24 * 120
    angle = 2 * np.pi * np.arange(n) / 24
    clock = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    result = compared(
        clock @ rotation(0, 2) + 0.5 * noise(1, n, 2), clock @ rotation(2, 2) + 0.5 * noise(3, n, 2), "24h"
    )
    expected = 0.5 / (0.5 + 0.25)  # variance of the clock's hand along one direction, and of the noise
    np.testing.assert_allclose(result.canonical.held_out, expected, atol=0.05)
    assert result.canonical.n_shared == 0
    assert result.cka < result.cka_shifted + 0.02


def test_only_leading_components_far_fewer_than_windows_enter():
    # 60 windows of 500 units: all correlations would be one; a tenth of the 36 to fit on is 3 components
    pairs = compared(noise(0, 60, 500), noise(1, 60, 400)).canonical
    assert (pairs.n_fit, pairs.n_held_out) == (37, 18)
    assert len(pairs.in_sample) == 3
    assert pairs.kept[0] < 0.3
    x = noise(0, 400, 3) * [10, 1, 0.1]
    assert compared(x, noise(1, 400, 2)).canonical.kept[0] == pytest.approx(100 / 101.01, abs=0.005)
    assert len(compared(x, noise(1, 400, 2)).canonical.held_out) == 1  # one direction holds 99 %


def test_directions_know_nothing_of_held_out_windows():
    x, y = noise(0, 300, 4), noise(1, 300, 4)
    later = y.copy()
    later[210:] = noise(2, 90, 4)
    first, second = compared(x, y).canonical, compared(x, later).canonical
    np.testing.assert_allclose(
        first.in_sample, second.in_sample, rtol=1e-12
    )  # centred on all, fitted on some
    assert not np.allclose(first.held_out, second.held_out)


def test_wide_and_narrow_forms_of_the_same_representation_give_the_same():
    x, y = noise(0, 80, 6), noise(1, 80, 3)
    y += x[:, :3]
    wide = x @ np.linalg.qr(noise(2, 200, 6))[0].T  # the same inner products in 200 units
    narrow, other = compared(x, y), compared(wide, y)
    assert other.cka == pytest.approx(narrow.cka, abs=1e-9)
    np.testing.assert_allclose(
        other.canonical.held_out, narrow.canonical.held_out, atol=1e-5
    )  # of an iteration
    np.testing.assert_allclose(other.canonical.shifted, narrow.canonical.shifted, atol=1e-3)


def test_too_short_a_span_and_a_dead_side_leave_the_alignment():
    short = compared(noise(0, 30, 2), noise(1, 30, 2), gap="24h")
    assert short.canonical is None
    assert similarity_finding(short).startswith(
        "Canonical correlations are omitted: 30 windows from 2025-01-01 00:00"
    )
    dead = compared(np.zeros((60, 3)), noise(1, 60, 2))
    assert (dead.canonical, dead.cka, dead.cka_shifted) == (None, 0.0, 0.0)
    assert "is the same for all windows to fit on" in similarity_finding(dead)
    asleep = noise(0, 60, 2)
    asleep[:40] = 0.3  # wakes up in the held-out part
    assert "is the same for all windows to fit on" in similarity_finding(compared(asleep, noise(1, 60, 2)))
    late = noise(0, 60, 2)
    late[42:] = 0.3
    assert compared(late, noise(1, 60, 2)).canonical.held_out.tolist() == [0, 0]
    for result in (short, dead):
        json.dumps(result.facts(), allow_nan=False)
        assert list(result.to_frame().index) == ["CKA"]


def test_representations_of_other_windows_are_refused():
    other = representation(noise(1, 50, 2), "second", "2025-01-02")
    with pytest.raises(LstmkitError, match="first and second are not representations of the same windows"):
        compare(representation(noise(0, 50, 2)), other, HOUR, 0)


def test_shifts_are_seeded():
    x, y = noise(0, 200, 3), noise(1, 200, 3)
    first, again, other = (compared(x, y, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.canonical.shifted, again.canonical.shifted)
    assert (first.canonical.shifted != other.canonical.shifted).any()


RESULT = Similarity(
    names=("CNN output", "LSTM state"),
    canonical=CanonicalCorrelations(
        in_sample=np.array([0.91, 0.5, 0.3]),
        held_out=np.array([0.9, 0.4, -0.1]),
        shifted=np.array([0.2, 0.5, 0.3]),
        kept=(0.7, 0.95),
        n_fit=700,
        n_held_out=300,
    ),
    omitted="",
    cka=-0.004,
    cka_biased=0.1,
    cka_shifted=0.12,
    n_windows=1024,
)


def test_of_one_pair_the_finding_speaks_in_the_singular():
    def said(held_out: float) -> str:
        pair = CanonicalCorrelations(
            np.array([0.91]), np.array([held_out]), np.array([0.2]), (0.7, 0.95), n_fit=700, n_held_out=300
        )
        return similarity_finding(replace(RESULT, canonical=pair))

    assert said(0.9).startswith(
        "1 pair of directions is compared, taken from 70 % of the variance of the CNN output and 95 % of that of the "
        "LSTM state. In 300 held-out windows the pair correlates by 0.90, in the 700 windows it was fitted on by 0.91. "
        "It exceeds what 95 % of the pairs reach when one side is shifted in time, which is up to 0.20. The linear CKA "
    )
    assert "correlates by −0.10, in" in said(-0.1)
    assert "It does not exceed what 95 % of the pairs reach" in said(-0.1)


def test_finding_and_frame_say_the_numbers():
    finding = similarity_finding(RESULT)
    assert "70 % of the variance of the CNN output and 95 % of that of the LSTM state" in finding
    assert "300 held-out windows the pairs correlate by 0.40 on average and 0.90 at best" in finding
    assert "700 windows they were fitted on by 0.57 and 0.91. 1 of 3 exceed" in finding
    assert "1,024 windows is 0.00; shifted in time it stays below 0.12" in finding
    frame = RESULT.to_frame()
    assert list(frame.index) == [1, 2, 3, "CKA"]
    assert frame["held_out"].tolist() == [0.9, 0.4, -0.1, -0.004]
    assert RESULT.facts() == {
        "first": "CNN output",
        "second": "LSTM state",
        "cka": -0.004,
        "cka_shifted": 0.12,
        "pairs": 3,
        "pairs_shared": 1,
        "mean_in_sample": pytest.approx(0.57),
        "mean_held_out": pytest.approx(0.4),
    }
