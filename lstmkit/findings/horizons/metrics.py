"""How good the same model is at several horizons, in words."""

import math

import pandas as pd

from lstmkit.analysis.horizons.metrics import MetricsSummary
from lstmkit.analysis.resampling.statistics import side_of_zero
from lstmkit.wording import digits, signed


def metrics_summary_caption(summary: MetricsSummary) -> str:
    """What is drawn, on how many days.

    Args:
        summary: of one model.
    """
    days = ", ".join(f"{count} ({horizon} ahead)" for horizon, count in summary.test_days.items())
    missing = summary.table["skill_low"].isna().any()
    return (
        f"Metrics of the {summary.model} on every test window, with the best baseline beside it. Test "
        f"{summary.block}s: {days}. "
        f"Whiskers of the skill are {100 * summary.confidence:.0f} % intervals over resampled blocks of "
        f"{summary.block}s"
        f"{f'; where there are none, there are too few {summary.block}s' if missing else ''}."
    )


def metrics_summary_finding(summary: MetricsSummary) -> str:
    """At which horizons the model beats its best baseline, and how the error grows.

    Args:
        summary: of one model.
    """
    horizons = list(summary.overall.index)
    parts = [_sentence(summary, horizon) for horizon in horizons]
    if len(horizons) > 1:
        parts.append(
            f"From {horizons[0]} to {horizons[-1]} ahead the RMSE over all steps changes by a factor of "
            f"{summary.growth:.2g}."
        )
    return " ".join(parts)


def _sentence(summary: MetricsSummary, horizon: str) -> str:
    row = summary.overall.loc[horizon]
    return (
        f"{horizon} ahead: RMSE {digits(row['rmse'])} {summary.unit} over all steps against "
        f"{digits(row['baseline_rmse'])} {summary.unit} for {row['best_baseline']}, a skill of "
        f"{signed(row['skill'])} % ({_interval(row, summary.confidence, summary.block)})."
    )


def _interval(row: pd.Series, confidence: float, block: str) -> str:
    low, high = row["skill_low"], row["skill_high"]
    if math.isnan(low):
        return f"too few {block}s for an interval"
    verdict = "without zero"
    if side_of_zero(low, high) == 0:
        verdict = "and zero lies inside: this test part cannot tell the two apart"
    return f"{100 * confidence:.0f} % interval {signed(low)} to {signed(high)} %, {verdict}"
