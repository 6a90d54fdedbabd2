"""Regimes, worked out by hand."""

import numpy as np
import pytest

from lstmkit.data.regimes import find_regimes
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
