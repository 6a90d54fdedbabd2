"""Whether different methods of attribution see the same."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from lstmkit.analysis.attribution import Attribution
from lstmkit.wording import feature_label, plain

LEAST = 0.01  # of the largest magnitude of a map, below which the order of cells is noise


@dataclass(frozen=True)
class Agreement:
    """How alike the maps of several methods are.

    Attributes:
        correlation: Spearman rank correlation of the magnitudes of the cells that matter, method by method.
        compared: how many cells these are: those that either method puts at `LEAST` of its own largest or more.
        n_cells: of a whole map.
        shares: percent of the whole magnitude per feature (rows) and method (columns).
        incomplete: methods that do not keep what they promise on this model, and are not counted.
    """

    correlation: pd.DataFrame
    compared: pd.DataFrame
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
        """The correlations, and the number of cells that each is of."""
        return pd.concat({"rank_correlation": self.correlation, "cells": self.compared}, axis=1)

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
        if len(pairs) == 1:
            return f"{where} at least one of their maps, the rank correlation is {plain(pairs[least])}.{uncounted}"
        median = plain(float(np.median(list(pairs.values()))))
        return (
            f"{where} at least one of two maps, the rank correlation is {median} in the median over pairs of methods, "
            f"lowest between {least[0]} and {least[1]} ({plain(pairs[least])}).{uncounted}"
        )

    def _counted(self) -> pd.DataFrame:
        """Shares of the methods that keep what they promise and whose maps have a rank correlation, as they vary."""
        kept = self.shares.drop(columns=list(self.incomplete))
        varies = ~self.correlation.loc[kept.columns, kept.columns].isna().all()
        return kept.loc[:, kept.any() & varies]

    def _pairs(self, shares: pd.DataFrame) -> dict[tuple[str, str], float]:
        found = {(a, b): float(self.correlation.loc[a, b]) for a, b in combinations(shares, 2)}
        return {pair: value for pair, value in found.items() if not np.isnan(value)}

    def _cells(self, pairs: dict[tuple[str, str], float]) -> list[int]:
        return [int(self.compared.loc[pair]) for pair in pairs]


def agreement(attributions: list[Attribution]) -> Agreement:
    """Compare the maps of several methods over the cells that matter to at least one of two.

    Args:
        attributions: at least two, of the same windows' shape and features.
    """
    maps = {a.method: a.magnitude.ravel() for a in attributions}
    matter = {name: _matter(values) for name, values in maps.items()}
    names = list(maps)
    correlation = pd.DataFrame(np.nan, index=names, columns=names)
    compared = pd.DataFrame(0, index=names, columns=names)
    for one in names:
        for other in names:
            cells = matter[one] | matter[other]
            pair = pd.DataFrame({"one": maps[one][cells], "other": maps[other][cells]})
            correlation.loc[one, other] = pair.corr(method="spearman").loc["one", "other"]
            compared.loc[one, other] = cells.sum()
    shares = pd.DataFrame({a.method: a.share for a in attributions})
    incomplete = tuple(a.method for a in attributions if a.incomplete)
    return Agreement(correlation, compared, attributions[0].magnitude.size, shares, incomplete)


def _matter(magnitude: Float[np.ndarray, "cell"]) -> Bool[np.ndarray, "cell"]:
    return (magnitude >= LEAST * magnitude.max()) & (magnitude > 0)
