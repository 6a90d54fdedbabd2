"""How many directions two representations of the same windows fill."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Shaped

from lstmkit.analysis.states.representation import Representation
from lstmkit.analysis.states.similarity import compact, same_windows
from lstmkit.wording import count

MOST = 0.9  # of the variance, to count the components that hold it


@dataclass(frozen=True)
class VarianceComparison:
    """How many principal components hold the variance of two representations of the same windows.

    Attributes:
        names: of the two.
        cumulative: for each, the share of the variance that the first components hold together, shape (component,).
        components: for each, how many hold nine tenths.
        participation: for each, the participation ratio, the number of equal directions that would spread as widely.
        n_units: for each, how many numbers describe a window.
        n_windows: of both; there are fewer components than that.
    """

    names: tuple[str, str]
    cumulative: tuple[Float[np.ndarray, "_"], Float[np.ndarray, "_"]]
    components: tuple[int, int]
    participation: tuple[float, float]
    n_units: tuple[int, int]
    n_windows: int

    def to_frame(self) -> pd.DataFrame:
        """The two curves side by side, one row per component; empty where a representation has no more."""
        curves = [
            pd.Series(curve, index=np.arange(1, len(curve) + 1), name=name)
            for name, curve in zip(self.names, self.cumulative, strict=True)
        ]
        return pd.concat(curves, axis=1).rename_axis("component")

    def finding(self) -> str:
        """Which of the two is the more compact."""
        if same := [f"the {name}" for name, n in zip(self.names, self.components, strict=True) if not n]:
            which = f"{' and '.join(same)} {'is' if len(same) == 1 else 'are'}"
            return f"{which[0].upper()}{which[1:]} the same for every window, so there is nothing to compare."
        parts = [
            f"{count(n, 'component')} hold{'s' if n == 1 else ''} nine tenths of the variance of the {name} "
            f"({units:,} numbers per window, participation ratio {ratio:.1f})"
            for n, name, units, ratio in zip(
                self.components, self.names, self.n_units, self.participation, strict=True
            )
        ]
        fewer = int(np.argmin(self.components))
        verdict = f"the {self.names[fewer]} is the more compact"
        if len(set(self.components)) == 1:
            verdict = "neither is the more compact"
        return f"{parts[0]}, {parts[1]}: {verdict}. Both are counted on the same {self.n_windows:,} windows."

    def facts(self) -> dict[str, float | int | str]:
        """The numbers for a summary."""
        facts: dict[str, float | int | str] = {"windows": self.n_windows}
        for which, name, n, ratio in zip(
            ("first", "second"), self.names, self.components, self.participation, strict=True
        ):
            facts |= {which: name, f"{which}_components": n, f"{which}_participation": ratio}
        return facts


def compare_variance(first: Representation, second: Representation) -> VarianceComparison:
    """Compare how many directions two representations of the same windows fill.

    Args:
        first: of some windows.
        second: of the same windows.

    Raises:
        LstmkitError: the windows differ.
    """
    values = same_windows(first, second)
    shares = [_shares(side) for side in values]
    return VarianceComparison(
        names=(first.name, second.name),
        cumulative=tuple(np.cumsum(share) for share in shares),
        components=tuple(_number_holding(MOST, share) for share in shares),
        participation=tuple(_equal_directions(share) for share in shares),
        n_units=tuple(side.shape[1] for side in values),
        n_windows=len(first),
    )


def participation_ratio(values: Shaped[np.ndarray, "window unit"]) -> float:
    """The number of equal directions that would spread values as widely; zero where nothing varies.

    Args:
        values: one row per window.
    """
    return _equal_directions(_shares(values))


def _equal_directions(shares: Float[np.ndarray, "component"]) -> float:
    return float(1 / (shares**2).sum()) if shares.any() else 0.0


def _shares(values: Shaped[np.ndarray, "window unit"]) -> Float[np.ndarray, "component"]:
    """Share of the variance along each principal component, the largest first; zeros where nothing varies."""
    centred = compact(values)
    most = min(centred.shape[1], len(centred) - 1)
    variances = np.clip(np.linalg.eigvalsh(centred.T @ centred)[::-1][:most], 0, None)
    return variances / (variances.sum() or 1.0)


def _number_holding(most: float, shares: Float[np.ndarray, "component"]) -> int:
    return int(np.searchsorted(np.cumsum(shares), most * shares.sum())) + 1 if shares.any() else 0
