"""How many directions two representations of the same windows fill."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float, Shaped

from lstmkit.analysis.states.representation import Representation
from lstmkit.analysis.states.similarity import compact, same_windows

MOST = 0.9  # of the variance, to count the components that hold it


class CompactnessFacts(TypedDict):
    """What a summary needs of the variance of two representations.

    Attributes:
        windows: on which both are counted.
        first: name of the first.
        first_components: how many hold nine tenths of its variance.
        first_participation: its participation ratio.
        second: name of the second.
        second_components: how many hold nine tenths of its variance.
        second_participation: its participation ratio.
    """

    windows: int
    first: str
    first_components: int
    first_participation: float
    second: str
    second_components: int
    second_participation: float


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

    @property
    def constant(self) -> tuple[str, ...]:
        """Names of those that are the same for every window."""
        return tuple(name for name, n in zip(self.names, self.components, strict=True) if not n)

    @property
    def more_compact(self) -> str | None:
        """Name of the one whose variance fewer components hold; None where both need as many."""
        first, second = self.components
        return None if first == second else self.names[int(second < first)]

    def to_frame(self) -> pd.DataFrame:
        """The two curves side by side, one row per component; empty where a representation has no more."""
        curves = [
            pd.Series(curve, index=np.arange(1, len(curve) + 1), name=name)
            for name, curve in zip(self.names, self.cumulative, strict=True)
        ]
        return pd.concat(curves, axis=1).rename_axis("component")

    def facts(self) -> CompactnessFacts:
        """The numbers for a summary."""
        return {
            "windows": self.n_windows,
            "first": self.names[0],
            "first_components": self.components[0],
            "first_participation": self.participation[0],
            "second": self.names[1],
            "second_components": self.components[1],
            "second_participation": self.participation[1],
        }


def compare_variance(first: Representation, second: Representation) -> VarianceComparison:
    """Compare how many directions two representations of the same windows fill.

    Args:
        first: of some windows.
        second: of the same windows.

    Raises:
        LstmkitError: the windows differ.
    """
    x, y = same_windows(first, second)
    of_x, of_y = _shares(x), _shares(y)
    return VarianceComparison(
        names=(first.name, second.name),
        cumulative=(np.cumsum(of_x), np.cumsum(of_y)),
        components=(_number_holding(MOST, of_x), _number_holding(MOST, of_y)),
        participation=(_equal_directions(of_x), _equal_directions(of_y)),
        n_units=(x.shape[1], y.shape[1]),
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
