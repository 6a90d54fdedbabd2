"""Singular values: ranks by hand, matrices whose spectra are known, and the random matrices they are held against."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ortho_group
from torch import nn

from lstmkit.analysis.weights.layers import GATES
from lstmkit.analysis.weights.singular_values import (
    SingularValues,
    Spectrum,
    condition_number,
    effective_rank,
    energy_rank,
    singular_values,
)
from lstmkit.errors import LstmkitError
from lstmkit.findings.weights.singular_values import singular_values_finding
from tests.analysis.tiny import stirred

SPECTRA = arrays(float, st.integers(1, 12), elements=st.integers(0, 1000).map(float))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0], 1),
        ([5.0, 5.0, 5.0], 3),
        ([2.0, 0.0, 0.0], 1),
        ([0.0, 0.0], 0),
        ([3.0, 1.0], math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))),
        ([2.0, 1.0, 1.0], 2 * math.sqrt(2)),  # entropy of 1/2, 1/4, 1/4 is 3/2 bits
    ],
)
def test_effective_rank_by_hand(values, expected):
    assert effective_rank(np.array(values)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([10.0, 1.0], 1),  # 100 of 101
        ([9.0, 1.0], 2),  # 81 of 82
        ([1.0] * 100, 99),
        ([1.0] * 200, 198),
        ([0.0, 0.0], 0),
        ([7.0, 0.0], 1),
    ],
)
def test_number_of_values_for_99_percent_by_hand(values, expected):
    assert energy_rank(np.array(values)) == expected


@given(SPECTRA, st.integers(1, 1000))
def test_ranks_lie_between_one_and_the_number_of_values_whatever_their_scale(values, factor):
    values = -np.sort(-values)
    present = int((values > 0).sum())
    rank, energy = effective_rank(values), energy_rank(values)
    if not present:
        assert rank == energy == 0
        return
    assert 1 - 1e-9 <= rank <= present + 1e-9
    assert 1 <= energy <= present
    assert effective_rank(values / factor) == pytest.approx(rank)


def test_condition_number():
    assert condition_number(np.array([8.0, 2.0]), (2, 2)) == 4
    assert math.isnan(condition_number(np.array([8.0, 0.0]), (2, 2)))
    assert math.isnan(condition_number(np.array([1.0, 1e-8]), (512, 2)))  # lost in float32
    assert math.isnan(condition_number(np.zeros(2), (2, 2)))


def lstm_with(read: np.ndarray, recurrent: np.ndarray) -> nn.LSTM:
    """An LSTM of one layer with given matrices of all gates."""
    lstm = nn.LSTM(read.shape[1], recurrent.shape[1], batch_first=True).double()
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(torch.from_numpy(read))
        lstm.weight_hh_l0.copy_(torch.from_numpy(recurrent))
    return lstm


def test_spectra_of_matrices_that_are_known():
    rank_one = np.outer(np.arange(1.0, 17), [3.0, 4.0, 0.0])
    turn = ortho_group.rvs(4, random_state=0)
    stacked = np.concatenate([turn, turn, np.diag([4.0, 3.0, 2.0, 1.0]), np.zeros((4, 4))])
    read, recurrent = singular_values(lstm_with(rank_one, stacked), 0).whole
    np.testing.assert_allclose(
        read.singular, [5 * np.linalg.norm(np.arange(1.0, 17)), 0, 0], rtol=1e-12, atol=1e-12
    )
    assert effective_rank(np.round(read.singular, 9)) == pytest.approx(1)
    # an orthogonal block adds one to every eigenvalue of the Gram matrix: √(1 + 1 + 16), …
    np.testing.assert_allclose(recurrent.singular, np.sqrt([18, 11, 6, 3]))
    result = singular_values(lstm_with(rank_one, stacked), 0)
    gates = result.gates(recurrent)
    assert [gate.part for gate in gates] == list(GATES)
    np.testing.assert_allclose(gates[0].singular, np.ones(4))
    np.testing.assert_allclose(gates[2].singular, [4, 3, 2, 1])
    assert not gates[3].singular.any()
    table = result.ranks_frame()
    assert table.loc[("layer 1", "W_ih"), "size"] == "16 × 3"
    assert math.isnan(table.loc[("layer 1", "W_ih"), "condition"])
    assert table.loc[("layer 1", "W_hh"), "condition"] == pytest.approx(math.sqrt(6))


@pytest.mark.parametrize(
    "changed", [{}, {"num_layers": 2, "bidirectional": True}, {"proj_size": 2, "num_layers": 2}]
)
def test_squares_of_the_singular_values_are_those_of_the_weights(changed):
    lstm = stirred(nn.LSTM(3, 5, batch_first=True, **changed)).double()
    result = singular_values(lstm, 0)
    directions = ["", "_reverse"] if lstm.bidirectional else [""]
    names = {"W_ih": "weight_ih", "W_hh": "weight_hh", "W_hr": "weight_hr"}
    suffixes = [f"_l{k}{way}" for k in range(lstm.num_layers) for way in directions]
    layers = dict(zip(dict.fromkeys(spectrum.layer for spectrum in result.whole), suffixes, strict=True))
    assert len(result.whole) == len(suffixes) * (3 if lstm.proj_size else 2)
    for spectrum in result.whole:
        weights = getattr(lstm, names[spectrum.matrix] + layers[spectrum.layer]).detach().numpy()
        assert spectrum.shape == weights.shape
        assert (spectrum.singular**2).sum() == pytest.approx((weights**2).sum())
        if gates := result.gates(spectrum):
            assert sum((gate.singular**2).sum() for gate in gates) == pytest.approx((weights**2).sum())
        else:
            assert spectrum.matrix == "W_hr"


def test_a_fresh_lstm_cannot_be_told_from_random_weights():
    torch.manual_seed(5)
    spectra = singular_values(nn.LSTM(20, 64, 2), 0).spectra
    for spectrum in spectra:
        np.testing.assert_allclose(spectrum.singular[0], spectrum.initial[0], rtol=0.1)
        assert effective_rank(spectrum.singular) == pytest.approx(spectrum.initial_rank, rel=0.03)
    assert (
        sum(spectrum.above_random for spectrum in spectra) <= 3
    )  # each of 20 has one with a chance of 1 in 21


def test_a_direction_that_was_learned_stands_out():
    torch.manual_seed(5)
    lstm, shape = nn.LSTM(20, 64), np.random.default_rng(1)
    learned = np.outer(shape.normal(size=256), shape.normal(size=64))
    with torch.no_grad():
        lstm.weight_hh_l0 += torch.from_numpy(10 * learned / np.linalg.norm(learned)).float()
    recurrent = next(s for s in singular_values(lstm, 0).whole if s.matrix == "W_hh")
    assert recurrent.above_random == 1
    random_squares = 256 * 64 / (3 * 64)  # variance of uniform ±1/8 is 1/192
    assert recurrent.above_random_share == pytest.approx(100 * 100 / (100 + random_squares), abs=3)


def test_random_weights_are_seeded_and_the_model_needs_an_lstm():
    lstm = nn.LSTM(3, 8)
    first, again, other = (singular_values(lstm, seed).spectra[0].initial for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    with pytest.raises(LstmkitError, match=r"Linear contains no nn\.LSTM"):
        singular_values(nn.Linear(2, 2), 0)


def spectrum(matrix: str, values: list[float], initial: list[float], rank: float) -> Spectrum:
    return Spectrum(
        "layer 1",
        matrix,
        "all gates",
        (8, len(values)),
        np.array(values),
        np.array(initial),
        initial[0],
        rank,
        float(len(values)),
    )


def test_finding_counts_what_stands_out():
    result = SingularValues(
        (
            spectrum("W_ih", [3.0, 4.0], [5.0, 4.0], 1.9),
            spectrum("W_hh", [12.0, 3.0, 4.0], [3.5, 3.0, 2.0], 2.9),
        )
    )
    assert singular_values_finding(result) == (
        "Singular values above all of 20 random matrices of the same size: 0 of 2 in W_ih of layer 1 (0 % of its "
        "squared norm); 2 of 3 in W_hh of layer 1 (91 % of its squared norm). Beside random weights the effective rank "
        "is lowest in W_hh of layer 1, with 2.48 against 2.90. A high rank is no sign of use, for weights that never "
        "learned have it too. The directions that stand out come from training; the others need not."
    )
    assert result.facts()["recurrent_above_random"] == 2


def test_zero_weights_give_no_nan():
    result = singular_values(lstm_with(np.zeros((8, 3)), np.zeros((8, 2))), 0)
    assert "nan" not in singular_values_finding(result)
    numbers = result.ranks_frame().drop(columns=["size", "condition"]).astype(float)
    assert np.isfinite(numbers.to_numpy()).all()
    assert result.to_frame().notna().all(axis=None)


def test_frame_holds_every_value():
    lstm = stirred(nn.LSTM(3, 5))
    result = singular_values(lstm, 0)
    frame = result.to_frame().sort_index()
    assert list(frame.columns) == ["singular_value", "random"]
    np.testing.assert_array_equal(
        frame.loc[("layer 1", "W_hh", "candidate g"), "singular_value"], result.spectra[8].singular
    )
    assert len(frame) == 5 * 3 + 5 * 5
