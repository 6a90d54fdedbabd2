"""Specialisation: planted, against pandas, and where regimes are empty."""

import numpy as np
import pandas as pd
import pytest

from lstmkit.analysis.filters.activity import FilterActivity, LayerActivity, measure_activity
from lstmkit.analysis.filters.by_group import LayerByRegime, filter_regimes
from lstmkit.errors import LstmkitError
from lstmkit.findings.filters.by_group import (
    filter_regimes_caption,
    filter_regimes_finding,
    layer_regimes_finding,
)
from tests.analysis.convolutional import small
from tests.analysis.tiny import make_test_windows
from tests.groups import by_edges

LABELS = ("Low", "Medium", "High")
WINDOWS = make_test_windows(n=90, lookback=12)
LATEST = WINDOWS.latest()[:, 0]
TERCILES = by_edges(WINDOWS, tuple(float(q) for q in np.quantile(LATEST, [1 / 3, 2 / 3])))
REGIME = TERCILES.of_windows(WINDOWS)


def activity_of(newest: np.ndarray) -> FilterActivity:
    mean = newest.mean(axis=0)
    layer = LayerActivity("CNN layer 1", mean, mean, mean, mean, newest, newest)
    return FilterActivity((layer,), len(newest))


def planted() -> np.ndarray:
    noise = np.random.default_rng(4).normal(size=(90, 2))
    return np.stack(
        [REGIME, noise[:, 0], np.full(90, 0.7), 2.0 - REGIME, REGIME + noise[:, 1]], axis=1
    ).astype(float)


def test_planted_specialists_are_found():
    result = filter_regimes(activity_of(planted()), WINDOWS, TERCILES)
    (layer,) = result.layers
    assert result.labels == LABELS
    assert result.n_windows.tolist() == np.bincount(REGIME).tolist()
    np.testing.assert_allclose(layer.mean[:, 0], [0, 1, 2])
    np.testing.assert_allclose(layer.error[:, 0], 0)
    assert layer.explained[[0, 2, 3]] == pytest.approx([1.0, 0.0, 1.0])  # the constant one explains nothing
    assert layer.explained[1] < 0.15
    assert 0.2 < layer.explained[4] < 0.8
    assert layer.specialisation[[0, 2, 3]] == pytest.approx([1, 0, -1])
    assert layer.order[0] == 3
    assert layer.order[-1] == 0
    finding = filter_regimes_finding(result)
    assert "most for High: 0, 4" in finding
    assert "most for Low: 3" in finding
    assert "at most 100 % (filter 0: mean 2.00 in High, 0.00 in Low)" in finding
    assert result.facts()["most_specialised_filter"] == [0]
    assert result.facts()["most_explained_percent"] == [pytest.approx(100)]


def test_means_errors_and_shares_equal_pandas():
    values = planted()
    (layer,) = filter_regimes(activity_of(values), WINDOWS, TERCILES).layers
    grouped = pd.DataFrame(values).groupby(REGIME)
    np.testing.assert_allclose(layer.mean, grouped.mean())
    np.testing.assert_allclose(layer.error, grouped.sem(), atol=1e-15)
    frame = pd.DataFrame(values)
    within = ((frame - grouped.transform("mean")) ** 2).sum()
    total = ((frame - frame.mean()) ** 2).sum()
    expected = (1 - within / total).drop(2)
    np.testing.assert_allclose(np.delete(layer.explained, 2), expected, atol=1e-12)


def test_the_activity_of_a_model_is_that_of_the_newest_hour():
    model = small()
    activity = measure_activity(model, WINDOWS)
    result = filter_regimes(activity, WINDOWS, TERCILES)
    assert [layer.layer for layer in result.layers] == ["CNN layer 1", "CNN layer 2"]
    for layer, measured in zip(result.layers, activity.layers, strict=True):
        np.testing.assert_allclose(layer.mean[2], measured.newest[REGIME == 2].mean(axis=0))
        assert (layer.explained >= 0).all()
        assert (layer.explained <= 1).all()
    frame = result.to_frame()
    assert list(frame) == [f"{kind}_{label}" for kind in ("mean", "error") for label in LABELS] + [
        "specialisation"
    ]
    assert frame.loc[("CNN layer 2", 1), "mean_High"] == result.layers[1].mean[2, 1]


def test_an_empty_regime_is_left_out_and_said():
    edges = (float(LATEST.min()) - 1, float(np.median(LATEST)))
    result = filter_regimes(activity_of(planted()), WINDOWS, by_edges(WINDOWS, edges))
    assert result.labels == ("Medium", "High")
    assert (result.present, result.compared) == ((1, 2), (1, 2))
    assert result.left_out == ("Low",)
    assert result.layers[0].mean.shape == (2, 5)
    assert "Low holds no window and is left out." in filter_regimes_finding(result)
    assert "more active in High than in Medium" in filter_regimes_finding(result)
    assert "Low" not in " ".join(result.to_frame())


def test_a_single_regime_leaves_nothing_to_compare():
    result = filter_regimes(activity_of(planted()), WINDOWS, by_edges(WINDOWS, (1e8, 1e9)))
    assert result.labels == ("Low",)
    assert filter_regimes_finding(result) == (
        "All windows lie in the regime Low: there is nothing to compare. Medium holds no window and is left out. "
        "High holds no window and is left out."
    )
    assert (result.layers[0].explained == 0).all()
    assert result.facts() == {}


def test_a_regime_of_one_window_has_a_mean_and_no_error():
    highest = np.sort(LATEST)
    edges = (float(np.median(highest)), float(highest[-2:].mean()))
    result = filter_regimes(activity_of(planted()), WINDOWS, by_edges(WINDOWS, edges))
    assert result.n_windows[2] == 1
    assert np.isfinite(result.layers[0].mean).all()
    assert np.isnan(result.layers[0].error[2]).all()
    assert np.isfinite(result.layers[0].error[:2]).all()
    assert "nan" not in filter_regimes_finding(result)


def test_filters_that_tell_nothing():
    result = filter_regimes(activity_of(np.zeros((90, 3))), WINDOWS, TERCILES)
    assert filter_regimes_finding(result).startswith("No filter of CNN layer 1 tells the regimes apart.")


def test_filters_of_the_middle_regime_alone_belong_to_neither_end():
    layer = LayerByRegime(
        "CNN layer 1",
        mean=np.array([[1.0, 0.0], [3.0, 0.0], [1.0, 0.0]]),
        error=np.zeros((3, 2)),
        explained=np.array([0.5, 0.0]),
        compared=(0, 2),
    )
    assert layer_regimes_finding(layer, TERCILES, 0, 2) == (
        "In CNN layer 1 the regime explains 25 % of a filter's variance (median), at most 50 % (filter 0: mean 1.00 in "
        "High, 1.00 in Low). 0 of 2 filters are more active in High than in Low."
    )


def test_a_single_filter_of_the_highest_regime_is_singular():
    layer = LayerByRegime(
        "CNN layer 1", np.array([[1.0, 0.0], [3.0, 0.0]]), np.zeros((2, 2)), np.array([0.5, 0.0]), (0, 1)
    )
    assert layer_regimes_finding(layer, TERCILES, 0, 2).endswith(
        "1 of 2 filters is more active in High than in Low; most for High: 0."
    )


def test_the_spacing_is_that_of_the_sample():
    spread = make_test_windows(n=400, lookback=12).spread(50)
    groups = by_edges(spread, TERCILES.edges)
    result = filter_regimes(activity_of(np.zeros((50, 1))), spread, groups)
    assert result.spacing == pd.Timedelta("40min")  # 399 steps over 49 gaps: eight each, in the median
    assert "The 50 windows lie 40 min apart" in filter_regimes_finding(result)
    one = spread.select(spread.starts.new_tensor([0]))
    assert filter_regimes(activity_of(np.zeros((1, 1))), one, groups).spacing == pd.Timedelta(0)


def test_the_caption_counts_the_windows():
    caption = filter_regimes_caption(filter_regimes(activity_of(planted()), WINDOWS, TERCILES))
    low, medium, high = np.bincount(REGIME)
    assert f"({low} Low, {medium} Medium, {high} High windows)" in caption


def test_another_sample_is_refused():
    with pytest.raises(LstmkitError, match="measured on 90 windows, not on these 5"):
        filter_regimes(activity_of(planted()), WINDOWS.spread(5), TERCILES)
