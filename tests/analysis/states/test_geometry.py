"""The geometry of hidden states: clouds made by hand, whose dimensions and directions are known."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from lstmkit.analysis.states.geometry import explained_shares, geometry, separation
from lstmkit.errors import LstmkitError
from lstmkit.findings.states.geometry import (
    geometry_caption,
    geometry_finding,
    geometry_hour_finding,
    geometry_regime_finding,
    geometry_weekend_finding,
)
from tests.analysis.states.clouds import cloud
from tests.groups import ranges

WEEK = 7 * 24
ZERO = np.zeros(WEEK)


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def uncorrelated(n: int, columns: int) -> np.ndarray:
    """Columns of mean zero and variance one that do not correlate at all."""
    values = random(n, columns)
    return np.linalg.qr(values - values.mean(axis=0))[0] * np.sqrt(n)


def test_three_directions_of_known_variance():
    # variances 4 : 3 : 1 in three of eight turned directions
    axes = np.linalg.qr(random(8, 8))[0][:3]
    scores = uncorrelated(WEEK, 3) * np.sqrt([4, 3, 1])
    found = geometry(cloud(scores @ axes + 7), ZERO)
    np.testing.assert_allclose(found.shares, [4 / 8, 3 / 8, 1 / 8, 0, 0, 0, 0, 0], atol=1e-12)
    assert (found.shares > 0).sum() == 3
    assert found.effective_dimension == pytest.approx(64 / 26)  # 8² / (16 + 9 + 1)
    assert [found.dimensions_holding(share) for share in (0.5, 0.51, 0.875, 0.9, 1.0)] == [1, 2, 2, 3, 3]
    np.testing.assert_allclose(np.abs(found.components[:3] @ axes.T), np.eye(3), atol=1e-9)
    np.testing.assert_allclose(np.abs(found.scores[:, :3]), np.abs(scores), atol=1e-9)
    assert not found.components[3:].any()
    assert found.spread == pytest.approx(np.sqrt(8))
    assert found.variance_frame()["cumulative_percent"].tolist()[:3] == pytest.approx([50, 87.5, 100])


def test_other_states_are_seen_in_the_same_directions():
    states = cloud(random(WEEK, 4))
    found = geometry(states, random(WEEK, seed=1))
    np.testing.assert_allclose(found.project(states.values), found.scores)
    np.testing.assert_allclose(
        found.project(states.values[:6].reshape(2, 3, 4)), found.scores[:6].reshape(2, 3, 4)
    )
    np.testing.assert_allclose(found.project(found.centre), np.zeros(4), atol=1e-12)


def test_components_point_to_where_the_correction_grows():
    scores = uncorrelated(WEEK, 3) * [3, 2, 1]
    for signs in ([1, 1, 1], [-1, 1, -1]):
        correction = scores @ np.array(signs, float)
        found = geometry(cloud(scores), correction)
        np.testing.assert_allclose(found.scores, scores * signs, atol=1e-9)


def test_a_circle_of_the_hour_is_explained_by_the_hour_alone():
    angle = 2 * np.pi * np.arange(WEEK) / 24
    circle = np.stack([np.cos(angle), 0.5 * np.sin(angle), ZERO], axis=1)
    latest = np.where(
        np.arange(WEEK) % 2, 400.0, 600.0
    )  # every other hour, which no harmonic of the three follows
    found = geometry(cloud(circle, latest), random(WEEK))
    percent = found.explained
    assert percent.loc["hour of day"].tolist() == pytest.approx([100, 100, 0, 100])
    assert percent.loc["regime"].max() == 0  # below zero once it is corrected for its size
    assert percent.loc["weekend"].max() == 0
    assert percent.loc["these three"].tolist() == pytest.approx([100, 100, 0, 100])
    assert geometry_hour_finding(found) == (
        "The hour of day, as 3 harmonics of 24 h, accounts for 100 % of the states' variance "
        "(100 % of PC1, 100 % of PC2)."
    )


def test_each_explainer_finds_its_own_direction():
    # a week by hours from Monday: unit 1 is the regime, unit 2 the weekend, unit 3 the correction
    regime = np.arange(WEEK) // 7 % 3
    weekend = np.arange(WEEK) >= 5 * 24
    correction = random(WEEK)
    values = np.stack([10.0 * (regime == 1), 1.0 * weekend, 0.1 * correction], axis=1)
    states = cloud(values, latest=np.array([400.0, 500.0, 600.0])[regime])
    for unit, (name, share) in enumerate([("regime", 100), ("weekend", 100), ("correction", 100)]):
        alone = geometry(dataclasses.replace(states, values=values[:, [unit]]), correction)
        assert alone.explained.loc[name].tolist() == pytest.approx([share, share])
    together = geometry(states, correction)
    assert together.explained.loc["regime", "PC1"] > 99.9
    assert together.explained.loc["correction", "PC3"] > 95
    assert together.followed_most("PC1")[0] == "regime"
    assert together.followed_most("PC3") == ("correction", together.percent_following("correction", "PC3"))
    assert together.percent_following("regime") == together.explained.loc["regime", "all"]
    assert together.percent_following("regime", "PC4") == 0
    assert states.weekend_percent == pytest.approx(100 * 2 / 7)
    assert "PC1 (99 % of the variance) follows most closely the regime (100 %)" in geometry_finding(together)


@settings(deadline=None, max_examples=40)
@given(st.integers(12, 40), st.integers(1, 6), st.integers(0, 10_000))
def test_shares_are_adjusted_r_squared(n, regressors, seed):
    x, y = random(n, regressors, seed=seed), random(n, 3, seed=seed + 1)
    y[:, 0] += x[:, 0]
    shares, together = explained_shares(x, y)
    fitted = LinearRegression().fit(x, y).predict(x)
    left = ((y - fitted) ** 2).sum(axis=0), ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    factor = (n - 1) / (n - regressors - 1)
    np.testing.assert_allclose(shares, np.clip(1 - factor * left[0] / left[1], 0, 1), atol=1e-9)
    assert together == pytest.approx(max(0, 1 - factor * left[0].sum() / left[1].sum()), abs=1e-9)


def test_a_regressor_that_is_said_twice_or_never_changes_counts_once_or_not_at_all():
    x, y = random(30, 1), random(30, 2, seed=1) + random(30, 1)
    shares, _ = explained_shares(x, y)
    padded = np.hstack([x, -2 * x, np.full((30, 1), 3.0)])
    np.testing.assert_allclose(explained_shares(padded, y)[0], shares)
    assert explained_shares(np.ones((30, 1)), y) == (pytest.approx([0, 0]), 0.0)
    assert explained_shares(x, np.ones((30, 2))) == (pytest.approx([0, 0]), 0.0)
    assert explained_shares(random(4, 3), random(4, 2)) == (pytest.approx([0, 0]), 0.0)  # as many unknowns


def test_regimes_that_lie_apart_and_regimes_that_do_not():
    regime = np.arange(WEEK) % 3
    latest = np.array([400.0, 500.0, 600.0])[regime]
    apart = cloud(20.0 * np.eye(3)[regime] + random(WEEK, 3), latest)
    far = geometry(apart, ZERO)
    assert far.silhouette > 0.8
    assert "The regimes lie clearly apart" in geometry_regime_finding(far)
    assert "with edges at 450 and 550 ppm" in geometry_regime_finding(far)
    groups = ranges(np.zeros(1), (0.000443, 0.0005123))
    small = dataclasses.replace(far, representation=dataclasses.replace(far.representation, groups=groups))
    assert "with edges at 0.000443 and 0.000512 ppm" in geometry_regime_finding(small)
    mixed = geometry(cloud(random(WEEK, 3), latest), ZERO)
    assert abs(mixed.silhouette) < 0.05
    assert "The regimes lie within one another (mean silhouette −0.0" in geometry_regime_finding(mixed)


def test_the_silhouette_by_hand():
    # on a line at 0, 1 | 4: a = 1, 1, –; b = 4, 3; a group of one has the silhouette zero
    values = np.array([[0.0], [1.0], [4.0]])
    assert separation(values, np.array([0, 0, 1])) == pytest.approx((3 / 4 + 2 / 3 + 0) / 3)
    assert separation(values, np.array([2, 2, 2])) is None
    assert separation(values, np.array([0, 1, 2])) is None


def test_the_silhouette_of_many_points_is_taken_of_a_spread_of_them():
    groups = np.arange(4000) % 2
    values = random(4000, 2) * 0.1 + 5.0 * groups[:, None]
    assert separation(values, groups) == pytest.approx(separation(values[::3], groups[::3]), abs=0.01)


def test_states_that_never_change_have_no_dimensions():
    states = cloud(np.full((WEEK, 4), 0.1), latest=np.linspace(400, 600, WEEK))
    found = geometry(states, random(WEEK))
    assert found.effective_dimension == found.dimensions_holding(0.9) == found.spread == 0
    assert not found.shares.any()
    assert not found.scores.any()
    assert not found.explained.to_numpy().any()
    assert geometry_finding(found) == (
        "LSTM layer 2 ends in the same state after every window: there is nothing to decompose."
    )
    assert np.isfinite([value for value in found.facts().values() if not isinstance(value, str)]).all()


@pytest.mark.parametrize(("windows", "units"), [(2, 5), (3, 128), (40, 1), (40, 2), (30, 128)])
def test_few_windows_or_units_leave_few_components(windows, units):
    found = geometry(cloud(random(windows, units)), random(windows, seed=1))
    rank = min(windows - 1, units)
    assert (found.shares > 0).sum() == rank
    assert found.shares.sum() == pytest.approx(1)
    assert found.components.shape == (max(3, min(20, windows, units)), units)
    assert not found.scores[:, rank:].any()
    assert np.isfinite(found.explained.to_numpy()).all()
    assert "nan" not in geometry_finding(found)
    assert "PC2" not in geometry_finding(found) or rank > 1


def test_a_correction_that_only_rounds_is_none():
    states = cloud(random(WEEK, 4), latest=500.0)
    still = geometry(states, 3 + 2e-5 * random(WEEK))  # as float32 rounds 500 ppm
    assert not still.corrects
    assert geometry_finding(still).endswith("the correction for none, since it is the same in every window.")
    moved = geometry(states, 3 + 0.01 * random(WEEK))
    assert moved.corrects
    assert geometry_finding(moved).endswith(
        f"the correction alone for {moved.explained.loc['correction', 'all']:.0f} %."
    )


def test_a_single_window_has_no_geometry():
    with pytest.raises(LstmkitError, match="at least two windows"):
        geometry(cloud(np.ones((1, 3))), np.zeros(1))


def test_constant_units_change_nothing():
    states, correction = random(WEEK, 4), random(WEEK, seed=1)
    plain = geometry(cloud(states), correction)
    wider = geometry(cloud(np.hstack([states, np.full((WEEK, 3), 0.7)])), correction)
    np.testing.assert_allclose(wider.shares[:4], plain.shares, atol=1e-12)
    np.testing.assert_allclose(wider.scores[:, :4], plain.scores, atol=1e-9)
    assert wider.effective_dimension == pytest.approx(plain.effective_dimension)


def test_what_is_missing_is_said():
    values = random(48, 3)
    few = geometry(cloud(values, latest=np.where(np.arange(48) < 24, 400.0, 600.0)), np.zeros(48))
    assert geometry_regime_finding(few).endswith("No window starts in Medium.")
    states = few.representation
    assert (states.present_groups, states.absent_groups) == (("Low", "High"), ("Medium",))
    assert geometry_weekend_finding(few) == "All windows start on weekdays: nothing to compare."
    one = geometry(cloud(values, latest=500.0, start="2025-06-07"), np.zeros(48))
    assert (
        geometry_regime_finding(one)
        == "All windows start in the regime Medium: there is nothing to separate."
    )
    assert geometry_weekend_finding(one) == "All windows start on weekends: nothing to compare."
    assert one.silhouette is None
    assert "regime_silhouette" not in one.facts()


def test_frames_and_facts():
    states = cloud(random(WEEK, 30), latest=np.linspace(400, 600, WEEK))
    correction = random(WEEK, seed=1)
    found = geometry(states, correction)
    frame = found.to_frame()
    assert list(frame) == ["latest", "regime", "correction", "PC1", "PC2", "PC3"]
    assert frame.index.equals(states.origin.rename("origin"))
    assert frame["regime"].iloc[[0, 84, -1]].tolist() == ["Low", "Medium", "High"]
    np.testing.assert_array_equal(frame["PC2"], found.scores[:, 1])
    assert len(found.variance_frame()) == 20
    assert list(found.explained.index) == ["regime", "hour of day", "weekend", "these three", "correction"]
    assert list(found.explained) == ["PC1", "PC2", "PC3", "PC4", "PC5", "all"]
    facts = found.facts()
    assert facts["units"] == 30
    assert facts["hour_of_day_percent"] == found.explained.loc["hour of day", "all"]
    assert {type(value) for value in facts.values()} == {str, int, float}
    assert (
        geometry_caption(found)
        == "LSTM layer 2, 30 units, final states of 168 test windows spread evenly over time."
    )
