"""What is kept of the comparison of horizons: the metrics of all of them beside the reach of one."""

from lstmkit.analysis.horizons.facts import horizons_facts
from lstmkit.analysis.horizons.metrics import metrics_summary
from tests.analysis.horizons.test_atlas import atlas_of, hourly_windows, random_weights
from tests.analysis.horizons.test_metrics import metrics


def test_the_facts_are_those_of_both_results():
    summary = metrics_summary("LSTM", {1.0: metrics(20.0, (0.1, 0.05, 0.15))})
    windows = hourly_windows(lookback=6, horizon=3)
    atlas = atlas_of(random_weights(windows), windows)
    facts = horizons_facts(summary, atlas)
    assert facts == summary.facts() | atlas.facts()
    assert list(facts) == [
        "rmse 1 h",
        "skill_percent 1 h",
        "newest_hour_percent nearest",
        "newest_hour_percent farthest",
    ]
