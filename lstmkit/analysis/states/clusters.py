"""Groups among the hidden states: how many there are, and what their windows have in common."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from lstmkit.analysis.states.geometry import Geometry, separation
from lstmkit.analysis.states.representation import Representation
from lstmkit.errors import LstmkitError

MOST_CLUSTERS = 8
STARTS = 10  # of k-means; the best one is kept
AROUND_THE_CLOCK = 0.3  # mean resultant length of phases below which none is typical


class ClusterFacts(TypedDict):
    """What a summary needs of the clusters.

    Attributes:
        clusters: how many there are.
        regime_guessed_percent: windows in the commonest group of their cluster.
        regime_blind_percent: windows in the commonest group of all.
        correction_percent: variance of the correction that lies between clusters.
        regime_information: adjusted mutual information of clusters and groups, where there are two of each.
    """

    clusters: int
    regime_guessed_percent: float
    regime_blind_percent: float
    correction_percent: float
    regime_information: NotRequired[float]


@dataclass(frozen=True)
class ClusterCounts:
    """How well k-means separates the states into 2, 3, … clusters, and whether it finds the same ones again.

    Attributes:
        name: of the stage.
        counts: numbers of clusters that were tried.
        silhouette: mean silhouette of each.
        recurrence: adjusted Rand index between the clusters that the first half of the time alone suggests and
            those of the second half, both applied to all windows; 1 is the same, 0 chance.
        asked: the number of clusters that the study asks for.
    """

    name: str
    counts: Int[np.ndarray, "count"]
    silhouette: Float[np.ndarray, "count"]
    recurrence: Float[np.ndarray, "count"]
    asked: int

    @property
    def best(self) -> int | None:
        """The number with the largest silhouette; None where there is no choice."""
        return int(self.counts[self.silhouette.argmax()]) if len(self.counts) else None

    @property
    def judged(self) -> int | None:
        """The number that is asked for where it was tried, else the best one."""
        return self.asked if self.asked in self.counts else self.best

    def to_frame(self) -> pd.DataFrame:
        """One row per number of clusters."""
        return pd.DataFrame(
            {"silhouette": self.silhouette, "recurrence": self.recurrence},
            index=pd.Index(self.counts, name="clusters"),
        )


@dataclass(frozen=True)
class Clusters:
    """Clusters of the hidden states, numbered from 1 by their mean target at the origin.

    Attributes:
        geometry: of the states that were clustered.
        labels: the cluster of each window, from 0, shape (window,).
        centroids: mean state of each, shape (cluster, unit).
        counts: windows per cluster (rows, from 1) and group (columns).
        asked: clusters that were asked for; there are fewer where there are not that many different states.
    """

    geometry: Geometry
    labels: Int[np.ndarray, "window"]
    centroids: Float[np.ndarray, "cluster unit"]
    counts: pd.DataFrame
    asked: int

    @property
    def row_percent(self) -> pd.DataFrame:
        """Percent of each cluster's windows in each group."""
        return 100 * self.counts.div(self.counts.sum(axis=1), axis=0)

    @property
    def information(self) -> float | None:
        """Adjusted mutual information of clusters and groups, 1 for the same, 0 by chance; None of a single one."""
        group = self.geometry.representation.group
        if len(self.centroids) < 2 or len(np.unique(group)) < 2:
            return None
        return float(adjusted_mutual_info_score(group, self.labels))

    @property
    def guessed(self) -> tuple[float, float]:
        """Percent of windows in the commonest group of their cluster, and in the commonest of all."""
        total = self.counts.to_numpy().sum()
        by_cluster, overall = self.counts.max(axis=1).sum(), self.counts.sum(axis=0).max()
        return float(100 * by_cluster / total), float(100 * overall / total)

    @property
    def purest(self) -> tuple[int, str, float]:
        """The cluster that lies most in one group, that group, and the percent of the cluster's windows in it."""
        percent = self.row_percent
        cluster = int(percent.max(axis=1).idxmax())
        return cluster, str(percent.loc[cluster].idxmax()), float(percent.loc[cluster].max())

    @property
    def size_percent(self) -> pd.Series:
        """Percent of all windows in each cluster."""
        sizes = self.counts.sum(axis=1)
        return 100 * sizes / sizes.sum()

    @property
    def correction_percent(self) -> float:
        """Percent of the variance of the correction that lies between clusters."""
        return float(100 * _between(self.geometry.correction, self.labels))

    def typical(self, number: int) -> float | None:
        """The circular mean of the phases of a cluster's windows, in whole units; None where they are spread.

        Args:
            number: of the cluster, from 1.
        """
        states = self.geometry.representation
        if states.clock is None:
            return None
        return _typical(states.phase[self.labels == number - 1], states.clock.period)

    def to_frame(self) -> pd.DataFrame:
        """One row per cluster: size, means at the origin, and where in the cycle and the week its windows lie."""
        states = self.geometry.representation
        rows = []
        for cluster in range(len(self.centroids)):
            inside = self.labels == cluster
            row: dict[str, object] = {
                "windows": int(inside.sum()),
                f"mean_{states.unit}": float(states.latest[inside].mean()),
                f"mean_correction_{states.unit}": float(self.geometry.correction[inside].mean()),
            }
            if states.clock is not None:
                phase = self.typical(cluster + 1)
                row[f"typical_{states.clock.column}"] = "none" if phase is None else states.clock.shown(phase)
            if states.has_weekends:
                row["weekend_percent"] = float(100 * states.is_weekend[inside].mean())
            rows.append(row)
        return pd.DataFrame(rows, index=self.counts.index)

    def facts(self) -> ClusterFacts:
        """The numbers that a summary needs."""
        right, blind = self.guessed
        facts: ClusterFacts = {
            "clusters": len(self.centroids),
            "regime_guessed_percent": right,
            "regime_blind_percent": blind,
            "correction_percent": self.correction_percent,
        }
        if self.information is not None:
            facts["regime_information"] = self.information
        return facts


def count_clusters(representation: Representation, asked: int, seed: int) -> ClusterCounts:
    """Try k-means with 2 to 8 clusters (and as many as are asked for).

    Args:
        representation: to cluster.
        asked: the study's number of clusters.
        seed: of the starts.
    """
    values, half = representation.values, len(representation) // 2
    different = min(_different(part) for part in (values, values[:half], values[half:]))
    counts = [k for k in range(2, max(MOST_CLUSTERS, asked) + 1) if k <= different and k < len(values)]
    silhouettes, recurrence = [], []
    for k in counts:
        silhouettes.append(separation(values, _k_means(values, k, seed).labels_) or 0.0)
        first, second = (_k_means(part, k, seed).predict(values) for part in (values[:half], values[half:]))
        recurrence.append(adjusted_rand_score(first, second))
    return ClusterCounts(
        name=representation.name,
        counts=np.array(counts, dtype="int64"),
        silhouette=np.array(silhouettes, dtype="float64"),
        recurrence=np.array(recurrence, dtype="float64"),
        asked=asked,
    )


def find_clusters(geometry: Geometry, asked: int, seed: int) -> Clusters:
    """Cluster the states by k-means (Lloyd 1982, IEEE Trans Inf Theory 28:129) in the space of all units.

    Args:
        geometry: of the states.
        asked: number of clusters.
        seed: of the starts.
    """
    if asked < 1:
        raise LstmkitError(f"{asked} clusters cannot be found; ask for at least one")
    states = geometry.representation
    found = _k_means(states.values, min(asked, _different(states.values)), seed)
    means = [states.latest[found.labels_ == cluster].mean() for cluster in range(found.n_clusters)]
    order = np.argsort(means, kind="stable")
    labels = np.argsort(order)[found.labels_]
    counts = np.zeros((len(order), len(states.groups)), dtype="int64")
    np.add.at(counts, (labels, states.group), 1)
    return Clusters(
        geometry=geometry,
        labels=labels,
        centroids=found.cluster_centers_[order],
        counts=pd.DataFrame(
            counts,
            index=pd.RangeIndex(1, len(order) + 1, name="cluster"),
            columns=list(states.groups.labels),
        ),
        asked=asked,
    )


def _k_means(values: Float[np.ndarray, "window unit"], k: int, seed: int) -> KMeans:
    return KMeans(k, n_init=STARTS, random_state=seed).fit(values)


def _different(values: Float[np.ndarray, "window unit"]) -> int:
    return len(np.unique(values, axis=0))


def _between(values: Float[np.ndarray, "window"], groups: Int[np.ndarray, "window"]) -> float:
    """Share of the variance that lies between groups; zero where there is none."""
    means = pd.Series(values).groupby(groups).transform("mean").to_numpy()
    return float(means.var() / (values.var() or 1.0))


def _typical(phases: Float[np.ndarray, "window"], period: float) -> float | None:
    """The circular mean of phases; None where they are spread around the clock."""
    resultant = np.exp(2j * np.pi * phases / period).mean()
    if abs(resultant) < AROUND_THE_CLOCK:
        return None
    return float(np.round(np.angle(resultant) * period / (2 * np.pi)) % period)
