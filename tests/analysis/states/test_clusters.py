"""Clusters of hidden states: planted ones are found, numbered and described; what is no cluster is called so."""

import numpy as np
import pandas as pd
import pytest

from lstmkit.analysis.states.clusters import ClusterCounts, Clusters, count_clusters, find_clusters
from lstmkit.analysis.states.geometry import geometry
from lstmkit.errors import LstmkitError
from lstmkit.findings.states.clusters import cluster_counts_finding, clusters_finding, clusters_regime_finding
from tests.analysis.states.clouds import cloud

N = 240  # ten days by hours


def planted(group: np.ndarray, centres: np.ndarray, noise: float = 0.1) -> np.ndarray:
    return centres[group] + noise * np.random.default_rng(0).normal(size=(len(group), centres.shape[1]))


def clusters_of(
    values: np.ndarray, asked: int, latest=500.0, correction: np.ndarray | None = None
) -> Clusters:
    correction = np.zeros(len(values)) if correction is None else correction
    return find_clusters(geometry(cloud(values, latest), correction), asked, seed=0)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_the_silhouette_picks_as_many_clusters_as_were_planted(k):
    group = np.arange(N) % k
    counts = count_clusters(cloud(planted(group, 3 * np.eye(6)[:k])), asked=4, seed=0)
    assert counts.counts.tolist() == [2, 3, 4, 5, 6, 7, 8]
    assert counts.best == k
    table = counts.to_frame()
    assert table.loc[k, "recurrence"] == 1  # both halves of the time hold all of them
    assert table.loc[k, "silhouette"] > 0.9
    finding = cluster_counts_finding(counts)
    assert finding.startswith(f"The silhouette would choose K = {k} (0.9")
    assert "not the K = 4 of the study" in finding


def test_the_study_may_ask_for_what_the_silhouette_chooses():
    group = np.arange(N) % 4
    counts = count_clusters(cloud(planted(group, 3 * np.eye(4))), asked=4, seed=0)
    assert "clear structure), which is what the study asks for. With K = 4" in cluster_counts_finding(counts)
    assert "are found again in the other (adjusted Rand index 1.00)" in cluster_counts_finding(counts)


def test_clusters_of_one_half_of_the_time_alone_are_not_found_again():
    late = np.arange(N) >= N // 2
    centres = np.array([[0.0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 9, 2]])
    group = 2 * late + np.arange(N) % 2  # each half has two clusters of its own
    counts = count_clusters(cloud(planted(group, centres)), asked=2, seed=0)
    table = counts.to_frame()
    assert table.loc[2, "recurrence"] < 0.6
    assert "are found again" not in cluster_counts_finding(counts)


def test_one_round_cloud_has_no_structure():
    counts = count_clusters(cloud(np.random.default_rng(0).normal(size=(N, 10))), asked=4, seed=0)
    assert counts.silhouette.max() < 0.25
    assert "no substantial structure" in cluster_counts_finding(counts)
    assert "are not found again" in cluster_counts_finding(counts)


def test_more_clusters_than_eight_are_tried_where_the_study_asks_for_them():
    counts = count_clusters(cloud(np.random.default_rng(0).normal(size=(60, 3))), asked=10, seed=0)
    assert counts.counts.tolist() == list(range(2, 11))


@pytest.mark.parametrize(("values", "tried"), [
    (np.ones((30, 3)), []),
    (np.ones((1, 3)), []),
    (np.repeat(np.eye(3), 10, axis=0), [2]),  # each half of the time holds two of the three states
    (np.tile(np.eye(3), (10, 1)), [2, 3]),
    (np.arange(9.0)[:, None], [2, 3, 4]),
])  # fmt: skip
def test_no_more_clusters_are_tried_than_there_are_different_states(values, tried):
    counts = count_clusters(cloud(values), asked=4, seed=0)
    assert counts.counts.tolist() == tried
    assert np.isfinite(counts.to_frame().to_numpy()).all()
    if not tried:
        assert counts.best is None
        assert (
            cluster_counts_finding(counts)
            == "The states of LSTM layer 2 are too few, or too much alike, to be clustered."
        )


def test_clusters_are_numbered_by_their_mean_target():
    group = np.arange(N) % 3
    centres = np.array([[5.0, 0], [0, 5], [-5, -5]])
    latest = np.array([700.0, 420, 510])[group] + (np.arange(N) % 2)  # 700.5, 420.5, 510.5 on average
    correction = np.array([3.0, -1, 7])[group]
    found = clusters_of(planted(group, centres, noise=0.01), 3, latest, correction)
    np.testing.assert_array_equal(found.labels, np.array([2, 0, 1])[group])
    np.testing.assert_allclose(found.centroids, centres[[1, 2, 0]], atol=0.01)
    table = found.to_frame()
    assert table.index.tolist() == [1, 2, 3]
    assert table["windows"].tolist() == [80, 80, 80]
    assert table["mean_ppm"].tolist() == pytest.approx([420.5, 510.5, 700.5])
    assert table["mean_correction_ppm"].tolist() == pytest.approx([-1, 7, 3])
    assert found.counts.loc[1].tolist() == [80, 0, 0]
    assert found.counts.loc[2].tolist() == [0, 80, 0]
    assert found.row_percent.loc[3].tolist() == [0, 0, 100]
    assert found.information == pytest.approx(1)
    assert found.guessed == pytest.approx((100, 100 / 3))
    assert clusters_finding(found) == (
        "Cluster 1 (33 % of the windows): 420 ppm on average, correction −1.0 ppm; cluster 2 (33 % of the windows): "
        "510 ppm on average, correction +7.0 ppm; cluster 3 (33 % of the windows): 700 ppm on average, correction "
        "+3.0 ppm. "
        "The clusters account for 100 % of the variance of the correction."
    )
    assert found.facts()["correction_percent"] == pytest.approx(100)


def test_numbers_do_not_depend_on_the_seed():
    group = np.arange(N) % 4
    states = cloud(planted(group, 3 * np.eye(4)), np.array([600.0, 430, 520, 480])[group])
    cut = geometry(states, np.zeros(N))
    labels = [find_clusters(cut, 4, seed).labels for seed in range(4)]
    for other in labels[1:]:
        np.testing.assert_array_equal(other, labels[0])


def test_clusters_that_have_nothing_to_do_with_the_regime():
    group, regime = np.arange(N) % 2, np.arange(N) // 2 % 3
    found = clusters_of(planted(group, 3 * np.eye(2)), 2, np.array([400.0, 500, 600])[regime])
    assert (found.counts.to_numpy() == 40).all()
    assert found.information == pytest.approx(0, abs=0.01)
    assert clusters_regime_finding(found) == (
        "Knowing its cluster, the regime of 33 % of the windows can be guessed; without, 33 %. Adjusted mutual "
        f"information {found.information:.2f} (1: clusters are the regimes; 0: chance). Purest is cluster 1, 33 % Low."
    )


def test_clusters_know_their_place_in_the_week():
    hours = np.arange(14 * 24)  # from Monday
    of_day, is_weekend = hours % 24, hours // 24 % 7 >= 5
    group = np.select([of_day < 5, is_weekend & (of_day > 11) & (of_day < 19)], [0, 1], 2)
    found = clusters_of(planted(group, 3 * np.eye(3)), 3, np.array([400.0, 500, 600])[group])
    table = found.to_frame()
    assert table["typical_hour"].tolist() == ["02:00", "15:00", "none"]
    outside = 2 * (24 - 5 - 7) / (2 * (24 - 5 - 7) + 5 * (24 - 5))
    assert table["weekend_percent"].tolist() == pytest.approx([100 * 2 / 7, 100, 100 * outside])
    even = clusters_of(planted(hours % 2, 3 * np.eye(2)), 2)
    assert even.to_frame()["typical_hour"].tolist() == ["none", "none"]


def test_small_values_have_three_digits():
    group = np.arange(N) % 2
    latest, correction = np.array([0.0004104, 0.0007])[group], np.array([-1.96e-6, 0.0])[group]
    assert clusters_finding(clusters_of(planted(group, 3 * np.eye(2)), 2, latest, correction)).startswith(
        "Cluster 1 (50 % of the windows): 0.000410 ppm on average, correction −1.96e−06 ppm; cluster 2 (50 % of "
        "the windows): 0.000700 ppm on average, correction 0 ppm."
    )


def test_fewer_different_states_than_clusters():
    values = np.tile(np.eye(3), (10, 1))
    found = clusters_of(values, 4, np.tile([600.0, 500.0, 400.0], 10))
    assert found.labels.tolist() == [2, 1, 0] * 10
    assert clusters_finding(found) == (
        "Cluster 1 (33 % of the windows): 400 ppm on average; cluster 2 (33 % of the windows): 500 ppm on average; "
        "cluster 3 (33 % of the windows): 600 ppm on average. There are only 3 different states, so not 4 clusters. "
        "The correction is the same in every window."
    )
    single = clusters_of(np.ones((5, 3)), 4)
    assert clusters_finding(single) == "The states of LSTM layer 2 form a single cluster."
    assert single.facts() == {
        "clusters": 1,
        "regime_guessed_percent": 100.0,
        "regime_blind_percent": 100.0,
        "correction_percent": 0.0,
    }


def test_an_empty_regime_keeps_its_column():
    found = clusters_of(np.random.default_rng(0).normal(size=(30, 3)), 3, np.linspace(300, 440, 30))
    assert list(found.counts) == ["Low", "Medium", "High"]
    assert found.counts[["Medium", "High"]].to_numpy().sum() == 0
    assert found.counts["Low"].sum() == 30
    assert np.isfinite(found.row_percent.to_numpy()).all()
    assert (
        clusters_regime_finding(found) == "There is a single cluster or a single regime: nothing to compare."
    )


def test_no_clusters_cannot_be_asked_for():
    with pytest.raises(LstmkitError, match="ask for at least one"):
        clusters_of(np.eye(3), 0)


def test_frames_are_tables():
    counts = ClusterCounts("x", np.array([2, 3]), np.array([0.4, 0.5]), np.array([1.0, -0.02]), asked=4)
    expected = pd.DataFrame(
        {"silhouette": [0.4, 0.5], "recurrence": [1.0, -0.02]}, index=pd.Index([2, 3], name="clusters")
    )
    pd.testing.assert_frame_equal(counts.to_frame(), expected)
    assert cluster_counts_finding(counts) == (
        "The silhouette would choose K = 3 (0.50, clear structure). With K = 3 the clusters of one half of the time "
        "are not found again in the other (adjusted Rand index −0.02)."
    )


def test_the_number_that_is_judged_is_the_one_asked_for_where_it_was_tried():
    counts = ClusterCounts("x", np.array([2, 3]), np.array([0.4, 0.5]), np.array([1.0, 0.9]), asked=2)
    assert (counts.best, counts.judged) == (3, 2)
    assert ClusterCounts("x", counts.counts, counts.silhouette, counts.recurrence, asked=4).judged == 3
    nothing = np.zeros(0)
    assert ClusterCounts("x", np.zeros(0, "int64"), nothing, nothing, asked=4).judged is None


def test_sizes_and_the_purest_cluster():
    group = np.repeat([0, 0, 0, 1], N // 4)
    latest = np.where(group == 1, 600.0, np.where(np.arange(N) % 3, 500.0, 400.0))
    found = clusters_of(planted(group, 3 * np.eye(2)), 2, latest)
    assert found.size_percent.tolist() == [75, 25]
    assert found.purest == (2, "High", 100.0)
    assert found.row_percent.loc[1, "Medium"] == pytest.approx(200 / 3)
