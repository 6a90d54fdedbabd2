"""Whether different methods of attribution see the same."""

from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement
from typing import Required, TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from lstmkit.analysis.attribution.averages import Attribution

LEAST = 0.01  # of the largest magnitude of a map, below which the order of cells is noise
SHUFFLES, SEED = 20, 0
Pair = tuple[str, str]


class AgreementFacts(TypedDict, total=False):
    """How alike the maps of several methods are; the number of methods alone where no two of them can be compared.

    Attributes:
        methods: how many are counted.
        leader: the feature that most of them name first.
        methods_naming_it: how many.
        median_correlation: rank correlation of two maps, in the median over pairs of methods.
        lowest_correlation: of any pair.
        chance_correlation: median over pairs where the cells of one of the two are shuffled.
        fewest_cells: that a pair is compared over.
        most_cells: the same, of the pair with the most.
        cells: of a whole map.
        not_counted: methods that miss what they promise to add up to, where there are any.
    """

    methods: Required[int]
    leader: str
    methods_naming_it: int
    median_correlation: float
    lowest_correlation: float
    chance_correlation: float
    fewest_cells: int
    most_cells: int
    cells: int
    not_counted: str


@dataclass(frozen=True)
class Agreement:
    """How alike the maps of several methods are.

    Attributes:
        correlation: Spearman rank correlation of the magnitudes of the cells that matter, method by method.
        compared: how many cells these are: those that either method puts at `LEAST` of its own largest or more.
        by_chance: the same correlation where the cells of one of the two are shuffled, as a mean; it is no zero, for
            cells that are small in both are left out, and what is left looks opposed.
        n_cells: of a whole map.
        shares: percent of the whole magnitude per feature (rows) and method (columns).
        incomplete: methods that do not keep what they promise on this model, and are not counted.
    """

    correlation: pd.DataFrame
    compared: pd.DataFrame
    by_chance: pd.DataFrame
    n_cells: int
    shares: pd.DataFrame
    incomplete: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """The correlations, the number of cells that each is of, and what chance gives."""
        tables = {"rank_correlation": self.correlation, "cells": self.compared, "by_chance": self.by_chance}
        return pd.concat(tables, axis=1)

    @property
    def counted(self) -> pd.DataFrame:
        """Shares of the methods that keep what they promise and whose maps have a rank correlation, as they vary."""
        kept = self.shares.drop(columns=list(self.incomplete))
        varies = ~self.correlation.loc[kept.columns, kept.columns].isna().all()
        return kept.loc[:, kept.any() & varies]

    @property
    def leaders(self) -> dict[str, str]:
        """The feature with the largest share by each method that is counted."""
        return {str(method): str(shares.idxmax()) for method, shares in self.counted.items()}

    @property
    def leader(self) -> str:
        """The feature that most of the methods name first."""
        return str(pd.Series(self.leaders).mode()[0])

    @property
    def pairs(self) -> dict[Pair, float]:
        """Rank correlation of each pair of the methods that are counted; empty where no two can be compared."""
        found = {(a, b): float(self.correlation.loc[a, b]) for a, b in combinations(self.counted, 2)}
        return {pair: value for pair, value in found.items() if not np.isnan(value)}

    @property
    def least_alike(self) -> Pair:
        """The pair with the lowest rank correlation."""
        return min(self.pairs.items(), key=lambda item: item[1])[0]

    @property
    def median_correlation(self) -> float:
        """Rank correlation in the median over the pairs."""
        return float(np.median(list(self.pairs.values())))

    @property
    def chance_correlation(self) -> float:
        """The same where the cells of one of the two maps are shuffled."""
        return float(np.median([self.by_chance.loc[pair] for pair in self.pairs]))

    @property
    def cells_of_pairs(self) -> tuple[int, int]:
        """Fewest and most cells that a pair is compared over."""
        cells = [int(self.compared.loc[pair]) for pair in self.pairs]
        return min(cells), max(cells)

    def facts(self) -> AgreementFacts:
        """How many methods name the same feature first, and how alike their maps are, for the summary."""
        if not (pairs := self.pairs):
            return {"methods": len(self.counted.columns)}
        leaders, (fewest, most) = list(self.leaders.values()), self.cells_of_pairs
        facts: AgreementFacts = {
            "methods": len(leaders),
            "leader": self.leader,
            "methods_naming_it": leaders.count(self.leader),
            "median_correlation": self.median_correlation,
            "lowest_correlation": min(pairs.values()),
            "chance_correlation": self.chance_correlation,
            "fewest_cells": fewest,
            "most_cells": most,
            "cells": self.n_cells,
        }
        if self.incomplete:
            facts["not_counted"] = ", ".join(self.incomplete)
        return facts


def agreement(attributions: list[Attribution]) -> Agreement:
    """Compare the maps of several methods over the cells that matter to at least one of two.

    Args:
        attributions: at least two, of the same windows' shape and features.
    """
    maps = {a.method: a.magnitude.ravel() for a in attributions}
    names = list(maps)
    correlation, by_chance = (pd.DataFrame(np.nan, index=names, columns=names) for _ in range(2))
    compared = pd.DataFrame(0, index=names, columns=names)
    generator = np.random.default_rng(SEED)
    for one, other in combinations_with_replacement(names, 2):
        found, cells = _rank_correlation(maps[one], maps[other])
        shuffled = [
            _rank_correlation(maps[one], generator.permutation(maps[other]))[0] for _ in range(SHUFFLES)
        ]
        for pair in ((one, other), (other, one)):
            correlation.loc[pair], compared.loc[pair] = found, cells
            # what is the same in all cells that are left after a shuffle has no order to share
            by_chance.loc[pair] = np.nan if np.isnan(found) else np.nan_to_num(shuffled).mean()
    shares = pd.DataFrame({a.method: a.share for a in attributions})
    incomplete = tuple(a.method for a in attributions if a.incomplete)
    return Agreement(correlation, compared, by_chance, attributions[0].magnitude.size, shares, incomplete)


def _rank_correlation(one: Float[np.ndarray, "cell"], other: Float[np.ndarray, "cell"]) -> tuple[float, int]:
    """Of the cells that matter to one of the two maps, and how many these are; NaN where one is the same in all."""
    cells = _matter(one) | _matter(other)
    pair = pd.DataFrame({"one": one[cells], "other": other[cells]})
    return float(pair.corr(method="spearman").loc["one", "other"]), int(cells.sum())


def _matter(magnitude: Float[np.ndarray, "cell"]) -> Bool[np.ndarray, "cell"]:
    return (magnitude >= LEAST * magnitude.max()) & (magnitude > 0)
