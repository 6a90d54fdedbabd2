"""How many directions the weights of an LSTM use: singular values against those of random weights."""

from dataclasses import dataclass
from functools import cache
from typing import TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.linalg import svdvals
from scipy.stats import entropy
from torch import Tensor, nn

from lstmkit.analysis.weights.layers import DRAWS, GATES, LayerWeights, as_initialised, read_weights

ENERGY = 0.99  # share of the squared norm that the second rank keeps
ROUNDING = 1e-12
WHOLE = "all gates"


@dataclass(frozen=True)
class Spectrum:
    """Singular values of one matrix, and of random matrices of its size as at initialisation.

    Attributes:
        layer: its label.
        matrix: `W_ih`, `W_hh` or `W_hr`.
        part: a gate, or `all gates`.
        shape: rows and columns.
        singular: values, falling.
        initial: the same of the random matrices, mean of draws.
        edge: the largest singular value of any of the random matrices.
        initial_rank: effective rank of the random matrices, mean of draws.
        initial_energy_rank: their number of singular values for 99 % of the squared norm, mean of draws.
    """

    layer: str
    matrix: str
    part: str
    shape: tuple[int, int]
    singular: Float[np.ndarray, "_"]
    initial: Float[np.ndarray, "_"]
    edge: float
    initial_rank: float
    initial_energy_rank: float

    @property
    def effective_rank(self) -> float:
        """Effective rank of the matrix."""
        return effective_rank(self.singular)

    @property
    def above_random(self) -> int:
        """How many singular values lie above all of the random matrices."""
        return int((self.singular > self.edge).sum())

    @property
    def above_random_share(self) -> float:
        """Percent of the squared norm that these hold; zero for a matrix of zeros."""
        squares = self.singular**2
        return float(100 * squares[: self.above_random].sum() / (squares.sum() or 1.0))

    def row(self) -> dict[str, float | int | str]:
        """The numbers of one row of the table."""
        return {
            "size": f"{self.shape[0]} × {self.shape[1]}",
            "effective rank": self.effective_rank,
            "effective rank, random": self.initial_rank,
            "for 99 %": energy_rank(self.singular),
            "for 99 %, random": self.initial_energy_rank,
            "above random": self.above_random,
            "their share (%)": self.above_random_share,
            "condition": condition_number(self.singular, self.shape),
        }


class SingularValueFacts(TypedDict):
    """How many directions the last layer's recurrent weights use.

    Attributes:
        recurrent_effective_rank: their effective rank.
        recurrent_effective_rank_random: that of random matrices, mean of draws.
        recurrent_above_random: how many singular values lie above all of the random matrices.
    """

    recurrent_effective_rank: float
    recurrent_effective_rank_random: float
    recurrent_above_random: int


@dataclass(frozen=True)
class SingularValues:
    """Spectra of every matrix of an LSTM, whole and gate by gate.

    Attributes:
        spectra: a matrix as a whole is followed by its four gates; a projection has no gates.
        draws: how many random matrices of each size they are held against.
    """

    spectra: tuple[Spectrum, ...]
    draws: int = DRAWS

    @property
    def whole(self) -> tuple[Spectrum, ...]:
        """Spectra of whole matrices, in the order of the layers."""
        return tuple(spectrum for spectrum in self.spectra if spectrum.part == WHOLE)

    def gates(self, of: Spectrum) -> tuple[Spectrum, ...]:
        """Spectra of the gates of a whole matrix.

        Args:
            of: the whole matrix.
        """
        return tuple(
            spectrum
            for spectrum in self.spectra
            if (spectrum.layer, spectrum.matrix) == (of.layer, of.matrix) and spectrum.part != WHOLE
        )

    def to_frame(self) -> pd.DataFrame:
        """Every singular value: one row per matrix, part and position."""
        return pd.concat(
            {
                (spectrum.layer, spectrum.matrix, spectrum.part): pd.DataFrame(
                    {"singular_value": spectrum.singular, "random": spectrum.initial},
                    index=pd.RangeIndex(1, len(spectrum.singular) + 1),
                )
                for spectrum in self.spectra
            },
            names=["layer", "matrix", "part", "position"],
        )

    def ranks_frame(self) -> pd.DataFrame:
        """Ranks and condition number of every whole matrix; no condition number where the matrix is singular."""
        names = [(spectrum.layer, spectrum.matrix) for spectrum in self.whole]
        index = pd.MultiIndex.from_tuples(names, names=["layer", "matrix"])
        return pd.DataFrame([spectrum.row() for spectrum in self.whole], index=index)

    @property
    def lowest_beside_random(self) -> Spectrum:
        """The whole matrix whose effective rank is lowest relative to that of random weights."""
        return min(self.whole, key=lambda spectrum: spectrum.effective_rank / spectrum.initial_rank)

    def facts(self) -> SingularValueFacts:
        """Effective rank and directions above random of the last layer's recurrent weights."""
        last = [spectrum for spectrum in self.whole if spectrum.matrix == "W_hh"][-1]
        return {
            "recurrent_effective_rank": last.effective_rank,
            "recurrent_effective_rank_random": last.initial_rank,
            "recurrent_above_random": last.above_random,
        }


def singular_values(
    model: nn.Module, seed: int, x: Float[Tensor, "batch time feature"] | None = None
) -> SingularValues:
    """Singular values of every weight matrix of each LSTM that a model calls.

    Args:
        model: with an `nn.LSTM`.
        seed: of the random matrices.
        x: some inputs of the model; not needed where it has one LSTM.

    Raises:
        LstmkitError: as `read_weights`.
    """
    return SingularValues(
        tuple(spectrum for layer in read_weights(model, x) for spectrum in _spectra(layer, seed))
    )


def _spectra(layer: LayerWeights, seed: int) -> list[Spectrum]:
    found, hidden = [], layer.bias.shape[1]
    for matrix, weights in (("W_ih", layer.read), ("W_hh", layer.recurrent)):
        parts = dict(zip([WHOLE, *GATES], [np.concatenate(weights), *weights], strict=True))
        found += [
            _spectrum(layer.label, matrix, part, values, hidden, seed) for part, values in parts.items()
        ]
    if layer.projection is not None:
        found.append(_spectrum(layer.label, "W_hr", WHOLE, layer.projection, hidden, seed))
    return found


def _spectrum(
    layer: str, matrix: str, part: str, weights: Float[np.ndarray, "row column"], hidden: int, seed: int
) -> Spectrum:
    draws = _random_spectra(weights.shape, hidden, seed)
    return Spectrum(
        layer,
        matrix,
        part,
        weights.shape,
        svdvals(weights),
        draws.mean(axis=0),
        float(draws.max()),
        float(np.mean([effective_rank(values) for values in draws])),
        float(np.mean([energy_rank(values) for values in draws])),
    )


@cache
def _random_spectra(shape: tuple[int, int], hidden: int, seed: int) -> Float[np.ndarray, "draw value"]:
    random = np.random.default_rng(seed)
    return np.stack([svdvals(as_initialised(shape, hidden, random)) for _ in range(DRAWS)])


def effective_rank(values: Float[np.ndarray, "_"]) -> float:
    """The exponential of the entropy of the singular values' shares (Roy & Vetterli 2007); zero for zeros.

    Args:
        values: singular values.
    """
    return float(np.exp(entropy(values))) if values.any() else 0.0


def energy_rank(values: Float[np.ndarray, "_"], share: float = ENERGY) -> int:
    """How many of the largest singular values hold a share of the squared norm; zero for zeros.

    Args:
        values: singular values, falling.
        share: between 0 and 1.
    """
    held = np.cumsum(values**2)
    return int(np.searchsorted(held, share * held[-1] * (1 - ROUNDING)) + 1) if values.any() else 0


def condition_number(values: Float[np.ndarray, "_"], shape: tuple[int, int]) -> float:
    """Largest over smallest singular value; NaN where the matrix is singular to the precision of its weights.

    Args:
        values: singular values, falling.
        shape: of the matrix.
    """
    singular = values[-1] <= values[0] * max(shape) * np.finfo(np.float32).eps
    return float("nan") if singular else float(values[0] / values[-1])
