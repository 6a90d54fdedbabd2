"""Regimes, worked out by hand."""

from itertools import combinations

import numpy as np
import pytest
from lstmkit.data.regimes import Regimes, find_regimes

from lstmkit.errors import LstmkitError
from lstmkit.params import RegimeParams


def test_terciles_of_the_training_part():
    regimes = find_regimes(np.array([400.0, np.nan, 700, 500, 600]), RegimeParams())
    assert regimes.labels == ("Low", "Medium", "High")
    assert regimes.edges == pytest.approx((500, 600))


def test_terciles_share_the_training_part_equally():
    values = np.random.default_rng(0).lognormal(size=3000)
    regimes = find_regimes(values, RegimeParams())
    assert np.bincount(regimes.of(values)).tolist() == [1000, 1000, 1000]


def test_fixed_edges_are_taken_as_they_are():
    params = RegimeParams(labels=("fresh", "used", "stale"), edges=(800, 1200))
    regimes = find_regimes(np.array([1.0, 2, 3]), params)
    assert (regimes.labels, regimes.edges) == (("fresh", "used", "stale"), (800, 1200))


def test_a_value_at_an_edge_belongs_to_the_upper_range():
    regimes = find_regimes(np.zeros(1), RegimeParams(edges=(800, 1200)))
    values = np.array([[799.9, 800, 800.1], [1199.9, 1200, 5000]])
    assert regimes.of(values).tolist() == [[0, 1, 1], [1, 2, 2]]


@pytest.mark.parametrize(
    ("target", "values", "expected", "empty"),
    [
        ([0] * 8 + [1, 2], [0, 1, 2], [0, 1, 2], ()),
        ([0] * 5 + [1, 2, 3, 4, 5], [0, 2, 5], [0, 1, 2], ()),
        ([1, 2, 3] + [10] * 7, [1, 3, 10], [0, 1, 2], ()),  # a sensor that saturates
        ([0] * 3 + [5] * 5 + [9] * 2, [0, 5, 9], [0, 1, 2], ()),
        ([-0.01] + [0] * 50 + list(range(1, 50)), [-0.01, 0, 1, 49], [0, 0, 1, 2], ()),
        ([0] * 8 + [1] * 2, [0, 1], [0, 2], ("Medium",)),
        ([7] * 10, [7], [0], ("Medium", "High")),
    ],
    ids=[
        "mostly zero",
        "half zero",
        "saturated",
        "middle",
        "nearly at the bottom",
        "two values",
        "one value",
    ],
)
def test_values_that_are_tied_belong_together_and_leave_no_regime_empty(target, values, expected, empty):
    regimes = find_regimes(np.array(target, float), RegimeParams())
    assert regimes.of(np.array(values, float)).tolist() == expected
    assert regimes.empty == empty


def test_ties_are_parted_as_near_to_thirds_as_any_edges_part_them():
    rng = np.random.default_rng(0)
    for _ in range(50):
        values = rng.choice([0, 0, 0, 0, 0, 1, 2, 3, 7, 7, 8], size=40).astype(float)
        regimes = find_regimes(values, RegimeParams())
        sizes = np.bincount(regimes.of(values), minlength=3)
        tried = [
            np.bincount(np.digitize(values, edges), minlength=3)
            for edges in combinations(np.unique(values)[1:], 2)
        ]
        terciles = np.digitize(values, np.quantile(values, [1 / 3, 2 / 3]))
        if np.bincount(terciles, minlength=3).min() < len(values) / 6:
            assert (sizes**2).sum() == min((other**2).sum() for other in tried if other.all())


@pytest.mark.parametrize("resolution", [None, 1.0], ids=["continuous", "whole ppm"])
def test_edges_of_ordinary_values_are_their_terciles(resolution):
    values = np.random.default_rng(0).normal(500, 60, 999)
    values = values if resolution is None else np.round(values / resolution)
    edges = find_regimes(values, RegimeParams()).edges
    assert edges == tuple(np.quantile(values, [1 / 3, 2 / 3]))


def test_regimes_without_a_value_of_the_training_part_are_said():
    regimes = find_regimes(np.array([500.0, 600, 700]), RegimeParams(edges=(800, 1200)))
    assert regimes.empty_sentence == "No value of the training part is Medium or High."
    assert find_regimes(np.array([500.0, 900, 1300]), RegimeParams(edges=(800, 1200))).empty_sentence == ""


def test_a_missing_value_has_no_regime():
    regimes = Regimes(("Low", "Medium", "High"), (1.0, 2.0))
    with pytest.raises(LstmkitError, match="1 of 3 target values are NaN and have no regime"):
        regimes.of(np.array([0.0, np.nan, 3]))


def test_a_target_without_a_value_has_no_regimes():
    with pytest.raises(LstmkitError, match="no value in the training part"):
        find_regimes(np.full(3, np.nan), RegimeParams())
