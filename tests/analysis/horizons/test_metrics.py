"""Metrics of several horizons side by side, windows that they share, shares and ranks."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from lstmkit.analysis.horizons.metrics import metrics_summary, ranks, shared_windows, shares
from lstmkit.errors import LstmkitError
from lstmkit.findings.horizons.metrics import metrics_summary_caption, metrics_summary_finding
from tests.analysis.tiny import make_test_windows

Ends = tuple[float, float | None, float | None]


def metrics(rmse: float, skill: Ends, mape: float | None = 2.0) -> dict:
    """What `metrics.json` holds; at the last step everything is twice as large."""

    def both(value):
        return {"all_steps": value, "last_step": None if value is None else 2.0 * value}

    one = {"rmse": both(rmse), "mae": both(rmse / 2), "r2": both(0.4), "mape": both(mape)}
    value, low, high = skill
    best = {"value": value, "low": low, "high": high, "best_baseline": "ridge"}
    baseline = {"rmse": both(rmse + 1), "mae": both(rmse), "r2": both(0.3), "mape": both(mape)}
    worse = {"rmse": both(1e3), "mae": both(1e3), "r2": both(-5.0), "mape": both(mape)}
    return one | {
        "skill": {"all_steps": best, "last_step": best},
        "baselines": {"persistence": worse, "ridge": baseline},
        "unit": "ppm",
        "test_days": 30,
        "confidence": 0.95,
    }


def test_a_row_per_horizon_and_range_with_the_best_baseline():
    summary = metrics_summary(
        "LSTM", {24.0: metrics(50.0, (0.02, -0.01, 0.05)), 1.0: metrics(20.0, (0.1, 0.05, 0.15))}
    )
    table = summary.table
    assert list(table.index) == [
        ("1 h", "all steps"), ("1 h", "last step"), ("24 h", "all steps"), ("24 h", "last step"),
    ]  # fmt: skip
    assert summary.overall["rmse"].to_dict() == {"1 h": 20, "24 h": 50}
    assert summary.growth == 2.5
    row = table.loc[("24 h", "last step")]
    assert (row["rmse"], row["mae"], row["r2"], row["mape"]) == (100, 50, 0.8, 4)
    assert (row["baseline_rmse"], row["baseline_r2"], row["best_baseline"]) == (102, 0.6, "ridge")
    assert row[["skill", "skill_low", "skill_high"]].tolist() == pytest.approx([2, -1, 5])
    assert summary.facts() == {
        "rmse 1 h": 20, "skill_percent 1 h": 10, "rmse 24 h": 50, "skill_percent 24 h": 2,
    }  # fmt: skip
    assert {"RMSE (ppm)", "best baseline's RMSE (ppm)", "skill, low end of 95 % (%)"} <= set(
        summary.to_frame()
    )


def test_finding_says_where_the_model_is_better_and_where_that_is_unsure():
    summary = metrics_summary(
        "LSTM", {1.0: metrics(20.0, (0.1, 0.05, 0.15)), 24.0: metrics(50.0, (0.02, -0.01, 0.05))}
    )
    assert metrics_summary_finding(summary) == (
        "1 h ahead: RMSE 20.0 ppm over all steps against 21.0 ppm for ridge, a skill of +10.0 % (95 % interval +5.0 to "
        "+15.0 %, without zero). 24 h ahead: RMSE 50.0 ppm over all steps against 51.0 ppm for ridge, a skill of +2.0 "
        "% (95 % interval −1.0 to +5.0 %, and zero lies inside: this test part cannot tell the two apart). From 1 h to "
        "24 h ahead the RMSE over all steps changes by a factor of 2.5."
    )


def test_a_skill_without_an_interval_is_said_to_have_none():
    few = metrics(50.0, (0.02, None, None)) | {"test_days": 4}
    summary = metrics_summary("LSTM", {1.0: metrics(20.0, (0.1, 0.05, 0.15)), 24.0: few})
    assert (
        "24 h ahead: RMSE 50.0 ppm over all steps against 51.0 ppm for ridge, a skill of +2.0 % (too few days for an "
        "interval). From" in metrics_summary_finding(summary)
    )
    whiskers = " Whiskers of the skill are 95 % intervals over resampled blocks of days"
    assert metrics_summary_caption(summary).endswith(
        f"{whiskers}; where there are none, there are too few days."
    )
    near = metrics_summary("LSTM", {1.0: metrics(20.0, (0.1, 0.05, 0.15))})
    assert metrics_summary_caption(near).endswith(f"{whiskers}.")
    assert " Test days: 30 (1 h ahead), 4 (24 h ahead). " in metrics_summary_caption(summary)
    assert summary.table.loc["24 h", ["skill_low", "skill_high"]].isna().all(axis=None)


def test_one_horizon_and_metrics_that_are_undefined():
    summary = metrics_summary("LSTM", {0.5: metrics(20.0, (-0.1, -0.2, -0.05), mape=None)})
    assert metrics_summary_finding(summary).startswith("30 min ahead: RMSE 20.0 ppm")
    assert "factor" not in metrics_summary_finding(summary)
    assert summary.table["mape"].isna().all()
    assert all(np.isfinite(value) for value in summary.facts().values())


def test_small_errors_have_three_digits():
    small = metrics(0.0, (0.1, 0.05, 0.15))
    small["rmse"]["all_steps"], small["baselines"]["ridge"]["rmse"]["all_steps"] = 1.96e-5, 0.0002344
    found = metrics_summary_finding(metrics_summary("LSTM", {1.0: small | {"unit": "mol/mol"}}))
    assert found.startswith(
        "1 h ahead: RMSE 1.96e−05 mol/mol over all steps against 0.000234 mol/mol for ridge, a skill"
    )


def test_shared_windows_have_the_same_inputs():
    long = make_test_windows(n=40, lookback=6, horizon=2)
    gaps = torch.tensor([0, 3, 4, 11, 12, 13, 30])
    short = dataclasses.replace(long, starts=long.starts[gaps] + 2)  # some of them lie beyond the other's
    one, other = shared_windows([long, short], 100)
    assert one.starts.tolist() == other.starts.tolist() == short.starts.tolist()
    few, again = shared_windows([long, short], 3)
    assert few.starts.tolist() == again.starts.tolist() == short.starts[[0, 3, 6]].tolist()


def test_horizons_without_a_common_window_are_refused():
    windows = make_test_windows(n=40)
    with pytest.raises(LstmkitError, match="no test window serves every horizon"):
        shared_windows([windows.select(torch.arange(5)), windows.select(torch.arange(5, 9))], 10)


def test_shares_and_ranks_by_hand():
    sums = np.array([[1.0, 3.0, 0.0], [0.0, 0.0, 0.0], [2.0, 2.0, 4.0]])
    np.testing.assert_array_equal(shares(sums), [[25, 75, 0], [0, 0, 0], [25, 25, 50]])
    np.testing.assert_array_equal(ranks(sums), [[2, 1, 3], [2, 2, 2], [2.5, 2.5, 1]])
    np.testing.assert_array_equal(shares(sums[0]), [25, 75, 0])


def test_ranks_agree_with_pandas():
    sums = np.random.default_rng(0).integers(0, 5, (20, 7)).astype(float)
    expected = pd.DataFrame(sums).rank(axis=1, ascending=False)
    np.testing.assert_array_equal(ranks(sums), expected)
