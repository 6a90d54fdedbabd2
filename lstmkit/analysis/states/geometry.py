"""The shape of a cloud of hidden states: how many dimensions it fills, and what its directions follow."""

from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, cast

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

from lstmkit.analysis.states.representation import Representation
from lstmkit.data.windows import spread_evenly
from lstmkit.errors import LstmkitError

KEPT = 20  # components
EXPLAINED = 5  # components that are held against the clock, the target and the forecast
HARMONICS = 3  # of the shortest cycle
NEGLIGIBLE = 1e-12  # of the largest variance: rounding
FORECAST_ROUNDING = 1e-6  # of the target: forecasts are kept in single precision
COMPARED = 1536  # points between which silhouettes take all distances
TOGETHER = {2: "these two", 3: "these three"}


class GeometryFacts(TypedDict):
    """What a summary needs of the geometry of states; percents are of the variance.

    Attributes:
        stage: name of the representation.
        windows: how many states there are.
        units: how many numbers describe a state.
        components_90: how many hold nine tenths of the variance.
        effective_dimension: the participation ratio.
        first_component_percent: that the first component holds.
        regime_percent: that follows the group.
        hour_of_day_percent: that follows the hour of day.
        day_of_week_percent: that follows the day of the week, where this is the shortest cycle.
        time_of_year_percent: that follows the time of the year, where this is the shortest cycle.
        weekend_percent: that follows the weekend, where the series resolves it.
        these_two_percent: that follows group and clock together, where the series resolves no weekend.
        these_three_percent: that follows group, clock and weekend together.
        correction_percent: that follows the correction.
        first_component_correction_percent: of the first component, that follows the correction.
        regime_silhouette: mean silhouette of the groups, where there are two.
        explained_by: the names of what is known of a moment, where they are not regime, hour of day and weekend.
    """

    stage: str
    windows: int
    units: int
    components_90: int
    effective_dimension: float
    first_component_percent: float
    regime_percent: float
    hour_of_day_percent: NotRequired[float]
    day_of_week_percent: NotRequired[float]
    time_of_year_percent: NotRequired[float]
    weekend_percent: NotRequired[float]
    these_two_percent: NotRequired[float]
    these_three_percent: NotRequired[float]
    correction_percent: float
    first_component_correction_percent: float
    regime_silhouette: NotRequired[float]
    explained_by: NotRequired[list[str]]


@dataclass(frozen=True)
class Geometry:
    """The principal components of a representation.

    Units are centred and not scaled: all are bounded alike, and one that hardly moves should count little.

    Attributes:
        representation: whose.
        correction: what the network adds to the residual baseline, mean over the horizon, in the target's unit.
        shares: of the variance, of every component, largest first; zeros where nothing varies.
        centre: the mean state, shape (unit,).
        components: the first of them, shape (component, unit); each points to where the correction grows.
            There are at least three: where the states have fewer, the others are zero.
        scores: coordinates of the states along them, shape (window, component).
        explained: percent of the variance of each component, and of all together (column `all`), that follows
            each of what is known linearly, corrected for the number of regressors: `regime`, which is the group, the
            name of the clock, `weekend`, these together, and the correction.
        silhouette: mean silhouette of the groups; None where there are not two.
    """

    representation: Representation
    correction: Float[np.ndarray, "window"]
    shares: Float[np.ndarray, "rank"]
    centre: Float[np.ndarray, "unit"]
    components: Float[np.ndarray, "component unit"]
    scores: Float[np.ndarray, "window component"]
    explained: pd.DataFrame
    silhouette: float | None

    @property
    def effective_dimension(self) -> float:
        """The participation ratio of the components' variances; zero where nothing varies."""
        return float(1 / (self.shares**2).sum()) if self.shares.any() else 0.0

    @property
    def spread(self) -> float:
        """Root mean square of the states' distances from their mean; zero where nothing varies."""
        states = self.representation
        return float(np.sqrt(states.values.var(axis=0).sum())) if states.varies else 0.0

    @property
    def corrects(self) -> bool:
        """Whether the correction differs between windows by more than the rounding of the forecasts."""
        largest = float(np.abs(self.representation.latest).max())
        return float(np.ptp(self.correction)) > FORECAST_ROUNDING * (largest or 1.0)

    def dimensions_holding(self, share: float) -> int:
        """How many components hold a share of the variance.

        Args:
            share: between 0 and 1.
        """
        if not self.shares.any():
            return 0
        return int(np.searchsorted(np.cumsum(self.shares), share * self.shares.sum() * (1 - 1e-12))) + 1

    def percent_following(self, explainer: str, component: str = "all") -> float:
        """Percent of the variance of a component that follows what is known; zero where there is no such component.

        Args:
            explainer: a row of `explained`.
            component: a column of `explained`; `all` is the whole variance.
        """
        return float(self.explained.loc[explainer, component]) if component in self.explained else 0.0

    def followed_most(self, component: str) -> tuple[str, float]:
        """What a component follows most alone, and how many percent of it do.

        Args:
            component: a column of `explained`.
        """
        percent = self.explained.loc[[*self.known, "correction"], component]
        return str(percent.idxmax()), float(percent.max())

    @property
    def known(self) -> list[str]:
        """What is known of a moment, as rows of `explained`, the group, and clock and weekend if there are such."""
        return [name for name in self.explained.index[:-1] if name not in TOGETHER.values()]

    def called(self, explainer: str) -> str:
        """A row of `explained` as a reader knows it: the noun of the groups in place of `regime`.

        Args:
            explainer: a row of `explained`.
        """
        return self.representation.groups.noun if explainer == "regime" else explainer

    @property
    def together(self) -> str:
        """The row of `explained` that has all of these together."""
        return str(self.explained.index[-2])

    def project(self, states: Float[np.ndarray, "*state unit"]) -> Float[np.ndarray, "*state component"]:
        """Coordinates of other states along the same components.

        Args:
            states: of the same units.
        """
        return (states - self.centre) @ self.components.T

    def variance_frame(self) -> pd.DataFrame:
        """Percent of the variance of the first components, alone and summed."""
        percent = 100 * self.shares[:KEPT]
        index = pd.Index(np.arange(1, len(percent) + 1), name="component")
        return pd.DataFrame({"percent": percent, "cumulative_percent": percent.cumsum()}, index=index)

    def to_frame(self) -> pd.DataFrame:
        """One row per window: its moment, its value, its correction, and its first three coordinates."""
        states = self.representation
        frame = pd.DataFrame(self.scores[:, :3], columns=["PC1", "PC2", "PC3"], index=states.origin)
        frame.insert(0, "latest", states.latest)
        frame.insert(1, "regime", np.array(states.groups.labels)[states.group])
        frame.insert(2, "correction", self.correction)
        return frame.rename_axis("origin")

    def facts(self) -> GeometryFacts:
        """The numbers that a summary needs."""
        facts: dict[str, Any] = {
            "stage": self.representation.name,
            "windows": len(self.representation),
            "units": self.representation.values.shape[1],
            "components_90": self.dimensions_holding(0.9),
            "effective_dimension": self.effective_dimension,
            "first_component_percent": float(100 * self.shares[0]),
            **{percent_key(name): self.percent_following(name) for name in self.explained.index},
            "first_component_correction_percent": float(self.explained.loc["correction"].iloc[0]),
        }
        if self.silhouette is not None:
            facts["regime_silhouette"] = self.silhouette
        known = [self.representation.groups.noun, *self.known[1:]]
        if known != ["regime", "hour of day", "weekend"]:
            facts["explained_by"] = known
        return cast(GeometryFacts, facts)  # some keys are made of what is known


def percent_key(explainer: str) -> str:
    """The key of the percent of a variance that follows something.

    Args:
        explainer: a row of `Geometry.explained`.
    """
    return f"{explainer.replace(' ', '_')}_percent"


def geometry(representation: Representation, correction: Float[np.ndarray, "window"]) -> Geometry:
    """Find the principal components of a representation, and what they follow.

    Args:
        representation: of at least two windows.
        correction: what the network adds to the residual baseline in each of them, in the target's unit.

    Raises:
        LstmkitError: there is only one window.
    """
    n_windows, units = representation.values.shape
    if n_windows < 2:
        raise LstmkitError("the geometry of hidden states needs at least two windows; there is one")
    centre = representation.values.mean(axis=0)
    centred = representation.values - centre if representation.varies else np.zeros((n_windows, units))
    with np.errstate(invalid="ignore"):  # of states that do not vary there are no shares
        found = PCA().fit(centred)
    variances = found.explained_variance_
    variances = np.where(variances > NEGLIGIBLE * variances[0], variances, 0.0)
    components = found.components_ * (variances[:, None] > 0)
    components *= _signs(centred @ components.T, correction)[:, None]
    kept = np.zeros((max(3, min(KEPT, len(components))), units))
    kept[: len(components)] = components[: len(kept)]
    return Geometry(
        representation=representation,
        correction=correction,
        shares=variances / (variances.sum() or 1.0),
        centre=centre,
        components=kept,
        scores=centred @ kept.T,
        explained=_explained(representation, correction, centred @ components.T),
        silhouette=separation(representation.values, representation.group),
    )


def _signs(
    scores: Float[np.ndarray, "window component"], correction: Float[np.ndarray, "window"]
) -> Float[np.ndarray, "component"]:
    return np.where((correction - correction.mean()) @ scores < 0, -1.0, 1.0)


def _explained(
    representation: Representation,
    correction: Float[np.ndarray, "window"],
    scores: Float[np.ndarray, "window component"],
) -> pd.DataFrame:
    designs = _known(representation)
    if name := TOGETHER.get(len(designs)):
        designs[name] = np.hstack(list(designs.values()))
    designs["correction"] = correction[:, None]
    rows = []
    for design in designs.values():
        each, together = explained_shares(design, scores)
        rows.append([*100 * each[:EXPLAINED], 100 * together])
    columns = [*(f"PC{k + 1}" for k in range(min(EXPLAINED, scores.shape[1]))), "all"]
    return pd.DataFrame(rows, index=pd.Index(designs, name="explained_by"), columns=columns)


def _known(representation: Representation) -> dict[str, Float[np.ndarray, "window regressor"]]:
    """Regressors of what is known of the moment of each window."""
    designs = {"regime": np.eye(len(representation.groups))[representation.group]}
    if (clock := representation.clock) is not None:
        angle = 2 * np.pi * representation.phase / clock.period
        waves = [f(k * angle) for k in range(1, HARMONICS + 1) for f in (np.sin, np.cos)]
        designs[clock.name] = np.stack(waves, axis=1)
    if representation.has_weekends:
        designs["weekend"] = representation.is_weekend[:, None].astype(float)
    return designs


def explained_shares(
    regressors: Float[np.ndarray, "window regressor"], values: Float[np.ndarray, "window value"]
) -> tuple[Float[np.ndarray, "value"], float]:
    """Shares of variance that a linear regression explains, corrected for its size (adjusted R²), zero at the least.

    Zero also where nothing varies, and where there are too few windows.

    Args:
        regressors: may be constant or depend on one another; an intercept is added.
        values: to explain.

    Returns:
        The share of each column, and that of the variance of all columns together.
    """
    regressors, values = regressors - regressors.mean(axis=0), values - values.mean(axis=0)
    weights, _, rank, _ = np.linalg.lstsq(regressors, values, rcond=None)
    unexplained = ((values - regressors @ weights) ** 2).sum(axis=0)
    total = (values**2).sum(axis=0)
    freedom = len(values) - 1 - rank
    if freedom <= 0:
        return np.zeros(values.shape[1]), 0.0
    left = (len(values) - 1) / freedom
    shares = 1 - left * unexplained / np.where(total > 0, total, np.inf)
    together = 1 - left * unexplained.sum() / total.sum() if total.any() else 0.0
    return np.where(total > 0, np.clip(shares, 0, 1), 0.0), float(np.clip(together, 0, 1))


def separation(values: Float[np.ndarray, "window unit"], groups: Int[np.ndarray, "window"]) -> float | None:
    """Mean silhouette of groups of points, on a bounded sample of them (Rousseeuw 1987, J Comput Appl Math 20:53).

    Args:
        values: the points, in order of time.
        groups: the group of each.

    Returns:
        Between −1 and 1; None where there are fewer than two groups, or as many as points.
    """
    chosen = spread_evenly(len(values), COMPARED)
    if not 2 <= len(np.unique(groups[chosen])) < len(chosen):
        return None
    return float(silhouette_score(values[chosen], groups[chosen]))
