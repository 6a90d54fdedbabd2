"""Errors by regime: what is planted in one regime, or on one way between two, is found there and adds up."""

import json

import numpy as np
import pytest

from lstmkit.analysis.errors.by_group import error_by_regime
from lstmkit.findings.errors.by_group import error_by_regime_finding, groups_with_ranges
from tests.analysis.planted import last_of
from tests.groups import LABELS, of_last

EDGES = (500.0, 700.0)
LEVEL = np.array([400.0, 600.0, 800.0])


def parted(error, true, start=None):
    """Errors at true regimes, from regimes at the origin."""
    start = true if start is None else start
    last = last_of(error, LEVEL[np.asarray(true)], LEVEL[np.asarray(start)])
    return error_by_regime(last, of_last(last, EDGES))


def test_a_bias_planted_in_one_regime_is_found_in_it():
    true = np.repeat([0, 1, 2], [50, 30, 20])
    table = parted(np.where(true == 2, -12.0, 0.0), true).table
    assert table["windows"].tolist() == [50, 30, 20]
    assert table["share"].tolist() == [0.5, 0.3, 0.2]
    for name, expected in (("bias", -12), ("mae", 12), ("rmse", 12), ("error_share", 1)):
        np.testing.assert_allclose(table[name], [0, 0, expected], atol=1e-9)


def test_the_table_and_the_boxes_are_those_of_each_regime_alone():
    rng = np.random.default_rng(0)
    true, error = rng.integers(3, size=500), rng.normal(5, 20, size=500)
    result = parted(error, true)
    for regime, name in enumerate(LABELS):
        there, row = error[true == regime], result.table.loc[name]
        expected = [
            len(there),
            len(there) / 500,
            there.mean(),
            np.abs(there).mean(),
            np.sqrt((there**2).mean()),
        ]
        np.testing.assert_allclose(row.iloc[:5], expected)
        assert row["error_share"] == pytest.approx((there**2).sum() / (error**2).sum())
        np.testing.assert_allclose(result.boxes.loc[name], np.quantile(there, [0.05, 0.25, 0.5, 0.75, 0.95]))
    assert result.table["error_share"].sum() == pytest.approx(1)


def test_a_value_at_an_edge_belongs_to_the_upper_regime():
    last = last_of([1.0, 1, 1], np.array([499.999, 500, 700]))
    assert error_by_regime(last, of_last(last, EDGES)).table["windows"].tolist() == [1, 1, 1]


def test_errors_on_the_way_from_low_to_high_are_found_there():
    start, true = np.array([0] * 80 + [0] * 10 + [2] * 10), np.array([0] * 80 + [2] * 10 + [2] * 10)
    error = np.array([1.0] * 80 + [-30] * 10 + [3] * 10)
    result = parted(error, true, start)
    assert result.windows.tolist() == [[80, 0, 10], [0, 0, 0], [0, 0, 10]]
    np.testing.assert_allclose(result.squares, [[80, 0, 9000], [0, 0, 0], [0, 0, 90]])
    np.testing.assert_allclose(result.error_shares, result.squares / 9170)
    assert error_by_regime_finding(result) == (
        "High holds 99 % of the squared error in 20 % of the windows: RMSE 21.3 ppm, against 1.00 ppm in Low. "
        "The bias is +1 ppm in Low, −14 ppm in High. Windows that change their regime between origin and last "
        "step are 10 % of all and hold 98 % of the squared error; among them Low to High weighs most (10.0 % of the "
        "windows, 98 % of the squared error, bias −30.0 ppm). No true value of the test part at this step lies in "
        "Medium, so nothing is said of it."
    )
    frame = result.to_frame()
    assert frame.index.tolist() == [("Low", "Low"), ("Low", "High"), ("High", "High")]
    np.testing.assert_allclose(frame["rmse"], [1, 30, 3])
    np.testing.assert_allclose(frame["bias"], [1, -30, 3])
    facts = result.facts()
    assert facts["changing_error_share"] == pytest.approx(9000 / 9170)
    assert facts["changing_windows_share"] == pytest.approx(0.1)


def test_an_empty_regime_is_stated_and_makes_no_number():
    result = parted([1.0, -2, 3], [1, 1, 1])
    assert result.table["windows"].tolist() == [0, 3, 0]
    assert result.boxes.index.tolist() == ["Medium"]
    assert error_by_regime_finding(result) == (
        "Medium holds 100 % of the squared error in 100 % of the windows: RMSE 2.16 ppm. No window changes its regime "
        "between origin and last step. No true value of the test part at this step lies in Low or High, so nothing is "
        "said of it."
    )
    assert list(result.facts()["regimes"]) == ["Medium"]
    assert result.facts()["labels"] == ["Low", "Medium", "High"]
    json.dumps(result.facts(), allow_nan=False)
    assert np.isfinite(result.to_frame()).all(axis=None)


def test_changes_without_any_error_hold_nothing():
    finding = error_by_regime_finding(parted([2.0, 2, 0, 0], [0, 1, 2, 2], [0, 1, 0, 1]))
    assert finding.endswith(
        "Windows that change their regime between origin and last step are 50 % of all and hold 0 % of the squared "
        "error."
    )


def test_without_any_error_there_is_nothing_to_share():
    result = parted(np.zeros(6), [0, 0, 1, 1, 2, 2])
    assert error_by_regime_finding(result) == "There is no error at all."
    assert (result.error_shares == 0).all()
    json.dumps(result.facts(), allow_nan=False)


def test_a_regime_between_equal_edges_holds_no_value():
    last = last_of([1.0, -2], [400.0, 600], [400.0, 600])
    result = error_by_regime(last, of_last(last, (500.0, 500.0)))
    assert groups_with_ranges(result) == ["Low\nbelow 500 ppm", "Medium\nno value", "High\nfrom 500 ppm"]
    assert "No true value of the test part at this step lies in Medium" in error_by_regime_finding(result)


def test_regimes_are_named_with_their_ranges():
    result = parted([1.0, -2, 3], [0, 1, 2])
    assert groups_with_ranges(result) == [
        "Low\nbelow 500 ppm",
        "Medium\n500 to 700 ppm",
        "High\nfrom 700 ppm",
    ]
    table = result.table_frame()
    assert list(table.columns) == [
        "windows", "share of windows (%)", "bias (ppm)", "MAE (ppm)", "RMSE (ppm)", "share of squared error (%)",
    ]  # fmt: skip
    assert table["share of squared error (%)"].sum() == pytest.approx(100)
