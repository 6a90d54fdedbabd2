"""Equal shares and their ties, worked out by hand and against every choice of edges."""

from itertools import combinations

import numpy as np
import pytest

from lstmkit.data.equal_shares import equal_shares


def sizes(values: np.ndarray, edges: tuple[float, ...]) -> np.ndarray:
    return np.bincount(np.digitize(values, edges), minlength=len(edges) + 1)


def test_terciles_by_hand():
    assert equal_shares(np.array([400.0, 700, 500, 600]), 3) == pytest.approx((500, 600))


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_shares_are_equal(n):
    values = np.random.default_rng(0).lognormal(size=600 * n)
    assert sizes(values, equal_shares(values, n)).tolist() == [600] * n


@pytest.mark.parametrize("resolution", [None, 1.0], ids=["continuous", "whole ppm"])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_edges_of_ordinary_values_are_their_quantiles(resolution, n):
    values = np.random.default_rng(0).normal(500, 60, 999)
    values = values if resolution is None else np.round(values / resolution)
    assert equal_shares(values, n) == tuple(np.quantile(values, np.arange(1, n) / n))


@pytest.mark.parametrize(
    ("target", "values", "expected"),
    [
        ([0] * 8 + [1, 2], [0, 1, 2], [0, 1, 2]),
        ([0] * 5 + [1, 2, 3, 4, 5], [0, 2, 5], [0, 1, 2]),
        ([1, 2, 3] + [10] * 7, [1, 3, 10], [0, 1, 2]),  # a sensor that saturates
        ([0] * 3 + [5] * 5 + [9] * 2, [0, 5, 9], [0, 1, 2]),
        ([-0.01] + [0] * 50 + list(range(1, 50)), [-0.01, 0, 1, 49], [0, 0, 1, 2]),
        ([0] * 8 + [1] * 2, [0, 1], [0, 2]),
        ([7] * 10, [7], [0]),
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
def test_values_that_are_tied_belong_together_and_leave_no_third_empty(target, values, expected):
    edges = equal_shares(np.array(target, float), 3)
    assert np.digitize(np.array(values, float), edges).tolist() == expected


@pytest.mark.parametrize(
    ("target", "n", "expected"),
    [
        ([0] * 8 + [1, 2, 3], 4, [0, 1, 2, 3]),  # as many values as groups
        ([0, 0, 0, 1, 1, 1, 1, 2], 5, [0, 2, 4]),  # fewer: the least is lowest, the greatest highest
        ([0] * 90 + [1] * 10, 2, [0, 1]),
        ([0] * 90 + [1] * 10, 4, [0, 3]),
    ],
    ids=["four values", "three in five groups", "two in two", "two in four"],
)
def test_few_values_are_as_far_apart_as_the_groups_allow(target, n, expected):
    target = np.array(target, float)
    assert np.digitize(np.unique(target), equal_shares(target, n)).tolist() == expected


def test_ties_are_parted_as_near_to_thirds_as_any_edges_part_them():
    rng = np.random.default_rng(0)
    for _ in range(50):
        values = rng.choice([0, 0, 0, 0, 0, 1, 2, 3, 7, 7, 8], size=40).astype(float)
        found = sizes(values, equal_shares(values, 3))
        if sizes(values, tuple(np.quantile(values, [1 / 3, 2 / 3]))).min() < len(values) / 6:
            tried = [sizes(values, edges) for edges in combinations(np.unique(values)[1:], 2)]
            assert (found**2).sum() == min((other**2).sum() for other in tried)


@pytest.mark.parametrize("n", [4, 5])
def test_ties_leave_no_group_empty_and_are_nearly_as_even_as_can_be(n):
    rng = np.random.default_rng(0)
    for _ in range(50):
        values = rng.choice([0, 0, 0, 0, 0, 1, 2, 3, 7, 7, 8], size=40).astype(float)
        found = sizes(values, equal_shares(values, n))
        tried = [sizes(values, edges) for edges in combinations(np.unique(values)[1:], n - 1)]
        assert found.min() > 0
        assert (found**2).sum() <= 1.15 * min((other**2).sum() for other in tried)
