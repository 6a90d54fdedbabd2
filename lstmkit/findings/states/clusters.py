"""Sentences about groups among the hidden states."""

import pandas as pd

from lstmkit.analysis.states.clusters import ClusterCounts, Clusters
from lstmkit.findings.known import SHORT
from lstmkit.findings.states.geometry import CLEAR, LOOSE
from lstmkit.wording import digits, plain, plural, signed_alike

FOUND_AGAIN, LOST = 0.8, 0.3  # adjusted Rand index


def cluster_counts_finding(counts: ClusterCounts) -> str:
    """Which number the silhouette would choose, and what it says about the one asked for.

    Args:
        counts: of one representation.
    """
    best, judged = counts.best, counts.judged
    if best is None or judged is None:
        return f"The states of {counts.name} are too few, or too much alike, to be clustered."
    table = counts.to_frame()
    highest = table.loc[best, "silhouette"]
    text = f"The silhouette would choose K = {best} ({highest:.2f}, {_strength(highest)})"
    if counts.asked == best:
        text += ", which is what the study asks for"
    elif counts.asked == judged:
        text += f", not the K = {counts.asked} of the study ({table.loc[judged, 'silhouette']:.2f})"
    again = table.loc[judged, "recurrence"]
    verdict = "are found again" if again >= FOUND_AGAIN else "are only partly found again"
    if again < LOST:
        verdict = "are not found again"
    return (
        f"{text}. With K = {judged} the clusters of one half of the time {verdict} in the other "
        f"(adjusted Rand index {plain(again)})."
    )


def _strength(silhouette: float) -> str:
    if silhouette < LOOSE:
        return "no substantial structure"
    return "weak structure" if silhouette < CLEAR else "clear structure"


def clusters_finding(clusters: Clusters) -> str:
    """What distinguishes the clusters.

    Args:
        clusters: of final states.
    """
    table = clusters.to_frame()
    if len(table) < 2:
        return f"The states of {clusters.geometry.representation.name} form a single cluster."
    fewer = ""
    if len(table) < clusters.asked:
        fewer = f" There are only {len(table)} different states, so not {clusters.asked} clusters."
    each = "; ".join(
        _cluster(clusters, number, row, correction)
        for (number, row), correction in zip(table.iterrows(), correction_words(clusters), strict=True)
    )
    if not clusters.geometry.corrects:
        return f"{each}.{fewer} The correction is the same in every window."
    share = clusters.correction_percent
    return f"{each}.{fewer} The clusters account for {share:.0f} % of the variance of the correction."


def correction_words(clusters: Clusters) -> list[str]:
    """The mean correction of each cluster, in words.

    Args:
        clusters: of final states.
    """
    unit = clusters.geometry.representation.unit
    values = signed_alike(*clusters.to_frame()[f"mean_correction_{unit}"])
    return [f"correction {value} {unit}" for value in values]


def _cluster(clusters: Clusters, number: int, row: pd.Series, correction: str) -> str:
    unit, size = clusters.geometry.representation.unit, clusters.size_percent[number]
    name = f"{'Cluster' if number == 1 else 'cluster'} {number} ({size:.0f} % of the windows)"
    mean = f"{name}: {digits(row[f'mean_{unit}'])} {unit} on average"
    if not clusters.geometry.corrects:
        return mean
    return f"{mean}, {correction}"


def crosstab_caption(clusters: Clusters) -> str:
    """Of the share of each group in each cluster.

    Args:
        clusters: of final states.
    """
    noun = clusters.geometry.representation.groups.noun
    return f"Percent of each cluster's windows in each {noun} at the origin, and their number."


def centroids_caption(clusters: Clusters) -> str:
    """What is said of each centroid.

    Args:
        clusters: of final states.
    """
    clock, what = clusters.geometry.representation.clock, "the mean value at the origin"
    if clock is None:
        return f"Centroids, with {what} and the mean correction."
    return f"Centroids, with {what}, the mean correction and the circular mean of the {SHORT[clock.name]}."


def clusters_regime_finding(clusters: Clusters) -> str:
    """How much of the group the clusters explain.

    Args:
        clusters: of final states.
    """
    noun = clusters.geometry.representation.groups.noun
    if clusters.information is None:
        return f"There is a single cluster or a single {noun}: nothing to compare."
    (right, blind), (purest, label, percent) = clusters.guessed, clusters.purest
    return (
        f"Knowing its cluster, the {noun} of {right:.0f} % of the windows can be guessed; without, {blind:.0f} %. "
        f"Adjusted mutual information {clusters.information:.2f} (1: clusters are the {plural(noun)}; 0: chance). "
        f"Purest is cluster {purest}, {percent:.0f} % {label}."
    )
