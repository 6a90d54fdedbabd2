"""Whether different methods of attribution see the same."""

from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from lstmkit.analysis.attribution.attributor import Attribution
from lstmkit.wording import feature_label, plain

LEAST = 0.01  # of the largest magnitude of a map, below which the order of cells is noise
SHUFFLES, SEED = 20, 0


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

    @property
    def caption(self) -> str:
        """What is drawn."""
        return (
            f"Left, Spearman correlation of the maps of all methods, and below it the number of cells that it is of: "
            f"those of {self.n_cells:,} that reach {100 * LEAST:.0f} % of the largest in at least one of the two maps. "
            f"Right, the share that each method gives to each feature."
        )

    def to_frame(self) -> pd.DataFrame:
        """The correlations, the number of cells that each is of, and what chance gives."""
        tables = {"rank_correlation": self.correlation, "cells": self.compared, "by_chance": self.by_chance}
        return pd.concat(tables, axis=1)

    def facts(self) -> dict[str, float | int | str]:
        """How many methods name the same feature first, and how alike their maps are, for the summary."""
        shares = self._counted()
        if not (pairs := self._pairs(shares)):
            return {"methods": len(shares.columns)}
        leaders = shares.idxmax()
        return ({"not_counted": ", ".join(self.incomplete)} if self.incomplete else {}) | {
            "methods": len(leaders),
            "leader": str(leaders.mode()[0]),
            "methods_naming_it": int((leaders == leaders.mode()[0]).sum()),
            "median_correlation": float(np.median(list(pairs.values()))),
            "lowest_correlation": min(pairs.values()),
            "chance_correlation": self._chance(pairs),
            "fewest_cells": min(self._cells(pairs)),
            "most_cells": max(self._cells(pairs)),
            "cells": self.n_cells,
        }

    def finding(self) -> str:
        """Which methods agree least, and whether they name the same feature."""
        shares = self._counted()
        if not (pairs := self._pairs(shares)):
            return "Fewer than two methods tell inputs apart, so there is nothing to compare."
        leaders, least = shares.idxmax(), min(pairs, key=pairs.get)
        leader = leaders.mode()[0]
        others = [f"{method} ({feature_label(name)})" for method, name in leaders.items() if name != leader]
        every = "Both" if len(leaders) == 2 else f"All {len(leaders)}"
        named = f"{every} methods rank {feature_label(leader)} first"
        if others:
            share = f"{len(leaders) - len(others)} of {len(leaders)}"
            named = f"{share} methods rank {feature_label(leader)} first; not so {', '.join(others)}"
        uncounted = "".join(
            f" {method} does not add up here and is not counted." for method in self.incomplete
        )
        fewest, most = min(self._cells(pairs)), max(self._cells(pairs))
        cells = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
        where = f"{named}. Over the {cells} of {self.n_cells:,} cells that reach {100 * LEAST:.0f} % of the largest in"
        chance = f"shuffled cells give {plain(self._chance(pairs))}"
        if len(pairs) == 1:
            return (
                f"{where} at least one of their maps, the rank correlation is {plain(pairs[least])} ({chance})."
                f"{uncounted}"
            )
        median = plain(float(np.median(list(pairs.values()))))
        return (
            f"{where} at least one of two maps, the rank correlation is {median} in the median over pairs of methods "
            f"({chance}), lowest between {least[0]} and {least[1]} ({plain(pairs[least])}).{uncounted}"
        )

    def _counted(self) -> pd.DataFrame:
        """Shares of the methods that keep what they promise and whose maps have a rank correlation, as they vary."""
        kept = self.shares.drop(columns=list(self.incomplete))
        varies = ~self.correlation.loc[kept.columns, kept.columns].isna().all()
        return kept.loc[:, kept.any() & varies]

    def _pairs(self, shares: pd.DataFrame) -> dict[tuple[str, str], float]:
        found = {(a, b): float(self.correlation.loc[a, b]) for a, b in combinations(shares, 2)}
        return {pair: value for pair, value in found.items() if not np.isnan(value)}

    def _chance(self, pairs: dict[tuple[str, str], float]) -> float:
        return float(np.median([self.by_chance.loc[pair] for pair in pairs]))

    def _cells(self, pairs: dict[tuple[str, str], float]) -> list[int]:
        return [int(self.compared.loc[pair]) for pair in pairs]


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
