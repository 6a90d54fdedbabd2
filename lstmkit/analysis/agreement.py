"""Whether different methods of attribution tell the same story."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from lstmkit.analysis.attribution import Attribution
from lstmkit.wording import feature_label


@dataclass(frozen=True)
class Agreement:
    """How alike the maps of several methods are.

    Attributes:
        correlation: Spearman rank correlation of the magnitudes of all cells, method by method.
        shares: percent of the whole magnitude per feature (rows) and method (columns).
        incomplete: methods that do not keep what they promise on this model, and are not counted.
    """

    correlation: pd.DataFrame
    shares: pd.DataFrame
    incomplete: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """The correlations."""
        return self.correlation

    def facts(self) -> dict[str, float | int | str]:
        """How many methods name the same feature first, and how alike their maps are, for the summary."""
        shares = self._counted()
        if len(shares.columns) < 2:
            return {"methods": len(shares.columns)}
        leaders = shares.idxmax()
        pairs = [float(self.correlation.loc[a, b]) for a, b in combinations(shares, 2)]
        return ({"not_counted": ", ".join(self.incomplete)} if self.incomplete else {}) | {
            "methods": len(leaders),
            "leader": str(leaders.mode()[0]),
            "methods_naming_it": int((leaders == leaders.mode()[0]).sum()),
            "median_correlation": float(np.median(pairs)),
            "lowest_correlation": min(pairs),
        }

    def finding(self) -> str:
        """Which methods agree least, and whether they name the same feature."""
        shares = self._counted()
        if len(shares.columns) < 2:
            return "Fewer than two methods tell inputs apart, so there is nothing to compare."
        pairs = {(a, b): self.correlation.loc[a, b] for a, b in combinations(shares, 2)}
        least, leaders = min(pairs, key=pairs.get), shares.idxmax()
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
        if len(pairs) == 1:
            return f"{named}. The rank correlation of their maps is {pairs[least]:.2f}.{uncounted}"
        return (
            f"{named}. The rank correlation of whole maps is {np.median(list(pairs.values())):.2f} in the median over "
            f"pairs of methods, lowest between {least[0]} and {least[1]} ({pairs[least]:.2f}).{uncounted}"
        )

    def _counted(self) -> pd.DataFrame:
        """Shares of the methods that keep what they promise and whose maps have a rank correlation, as they vary."""
        kept = self.shares.drop(columns=list(self.incomplete))
        varies = ~self.correlation.loc[kept.columns, kept.columns].isna().all()
        return kept.loc[:, kept.any() & varies]


def agreement(attributions: list[Attribution]) -> Agreement:
    """Compare the maps of several methods.

    Args:
        attributions: at least two, of the same windows' shape and features.
    """
    maps = pd.DataFrame({a.method: a.magnitude.ravel() for a in attributions})
    shares = pd.DataFrame({a.method: a.share for a in attributions})
    incomplete = tuple(a.method for a in attributions if a.incomplete)
    return Agreement(maps.corr(method="spearman"), shares, incomplete)
