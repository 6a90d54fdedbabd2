"""How alike two representations of the same windows are: canonical correlations and aligned kernels."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import numpy as np
import pandas as pd
from jaxtyping import Float, Shaped
from sklearn.cross_decomposition import CCA
from sklearn.decomposition import PCA

from lstmkit.analysis.resampling.holdout import Split, split_in_time
from lstmkit.analysis.states.representation import Representation
from lstmkit.errors import LstmkitError

KEPT, MOST_COMPONENTS, WINDOWS_PER_COMPONENT = 0.95, 20, 10  # what canonical correlations are taken of
SHIFTS, PERCENTILE = 40, 0.95
NEGLIGIBLE = 1e-12  # of a sum: rounding


class SimilarityFacts(TypedDict):
    """What a summary needs of how alike two representations are.

    Attributes:
        first: name of the first.
        second: name of the second.
        cka: linear centred kernel alignment of all windows, debiased.
        cka_shifted: the 95th percentile of the same when one side is shifted in time.
        pairs: directions that are compared, where enough windows could be held back.
        pairs_shared: of these, that correlate in later windows more than shifted ones do.
        mean_in_sample: mean correlation in the windows that the pairs were fitted on.
        mean_held_out: mean correlation in later windows.
    """

    first: str
    second: str
    cka: float
    cka_shifted: float
    pairs: NotRequired[int]
    pairs_shared: NotRequired[int]
    mean_in_sample: NotRequired[float]
    mean_held_out: NotRequired[float]


@dataclass(frozen=True)
class CanonicalCorrelations:
    """Pairs of directions, one in each representation, along which earlier windows correlate most.

    Attributes:
        in_sample: correlations in the windows that the pairs were fitted on, shape (pair,).
        held_out: correlations of the same pairs in later windows.
        shifted: the 95th percentile of the held-out correlations when one side is shifted in time.
        kept: for each side, the share of its variance from which the pairs are taken.
        n_fit: windows that they were fitted on.
        n_held_out: later windows.
    """

    in_sample: Float[np.ndarray, "pair"]
    held_out: Float[np.ndarray, "pair"]
    shifted: Float[np.ndarray, "pair"]
    kept: tuple[float, float]
    n_fit: int
    n_held_out: int

    @property
    def n_shared(self) -> int:
        """How many pairs correlate in later windows more than shifted ones do."""
        return int((self.held_out > self.shifted).sum())

    def to_frame(self) -> pd.DataFrame:
        """One row per pair."""
        index = pd.RangeIndex(1, len(self.in_sample) + 1, name="pair")
        columns = {"in_sample": self.in_sample, "held_out": self.held_out, "shifted": self.shifted}
        return pd.DataFrame(columns, index=index)


@dataclass(frozen=True)
class Similarity:
    """Canonical correlations and centred kernel alignment of two representations of the same windows.

    Attributes:
        names: of the two.
        canonical: correlations; None where there are too few windows to hold some back.
        omitted: why there are none, else empty.
        cka: linear centred kernel alignment of all windows, debiased.
        cka_biased: the same as it is usually given, which grows with the number of units.
        cka_shifted: the 95th percentile of the debiased one when one side is shifted in time.
        n_windows: all windows.
    """

    names: tuple[str, str]
    canonical: CanonicalCorrelations | None
    omitted: str
    cka: float
    cka_biased: float
    cka_shifted: float
    n_windows: int

    def to_frame(self) -> pd.DataFrame:
        """The pairs of directions, and below them the alignment."""
        scores = {"in_sample": np.nan, "held_out": self.cka, "shifted": self.cka_shifted}
        alignment = pd.DataFrame(scores, index=pd.Index(["CKA"], name="pair"))
        return pd.concat([self.canonical.to_frame(), alignment]) if self.canonical else alignment

    def facts(self) -> SimilarityFacts:
        """The numbers for a summary."""
        facts: SimilarityFacts = {
            "first": self.names[0],
            "second": self.names[1],
            "cka": self.cka,
            "cka_shifted": self.cka_shifted,
        }
        if self.canonical is not None:
            facts["pairs"] = len(self.canonical.held_out)
            facts["pairs_shared"] = self.canonical.n_shared
            facts["mean_in_sample"] = float(self.canonical.in_sample.mean())
            facts["mean_held_out"] = float(self.canonical.held_out.mean())
        return facts


def compare(first: Representation, second: Representation, gap: pd.Timedelta, seed: int) -> Similarity:
    """Compare two representations of the same windows.

    Canonical correlations are taken of the leading principal components, fitted on the earlier windows and scored on
    later ones. Both scores are held against representations that are shifted in time against each other, which keeps
    the memory and the daily rhythm of each and loses what they say of the same moment.

    Args:
        first: of some windows.
        second: of the same windows.
        gap: between the windows that are fitted on and those that are held out; the lookback, so that they share no
            input step.
        seed: of the shifts.

    Raises:
        LstmkitError: the windows differ, or are fewer than four.

    Reference:
        Kornblith et al. (2019), Similarity of Neural Network Representations Revisited, arXiv:1905.00414.
    """
    x, y = (compact(values) for values in same_windows(first, second))
    canonical, omitted = None, ""
    try:
        canonical = _canonical(x, y, split_in_time(first.origin, gap), _shifts(seed))
    except LstmkitError as error:
        omitted = str(error)
    return Similarity(
        names=(first.name, second.name),
        canonical=canonical,
        omitted=omitted,
        cka=debiased_cka(x, y),
        cka_biased=linear_cka(x, y),
        cka_shifted=shifted_cka(x, y, seed),
        n_windows=len(first),
    )


def linear_cka(x: Shaped[np.ndarray, "window a"], y: Shaped[np.ndarray, "window b"]) -> float:
    """Linear centred kernel alignment: 1 where one is the other turned and scaled, 0 where nothing is shared.

    Also 0 where one does not vary. Few windows of many units raise it without anything being shared; see
    `debiased_cka`.

    Args:
        x: one representation.
        y: another, of the same windows.

    Reference:
        Kornblith et al. (2019), arXiv:1905.00414.
    """
    x, y = _centred(x), _centred(y)
    return _cosine(_overlap(x, y), _overlap(x, x), _overlap(y, y))


def debiased_cka(x: Shaped[np.ndarray, "window a"], y: Shaped[np.ndarray, "window b"]) -> float:
    """Linear centred kernel alignment from unbiased estimates: around 0 where nothing is shared, at any width.

    Args:
        x: one representation.
        y: another, of the same windows, at least four.

    Raises:
        LstmkitError: there are fewer windows.

    Reference:
        Song et al. (2012), JMLR 13:1393, for the estimator; Nguyen et al. (2021), arXiv:2010.15327, for its use.
    """
    x, y = _centred(x), _centred(y)
    return _cosine(_unbiased(x, y), _unbiased(x, x), _unbiased(y, y))


def shifted_cka(x: Shaped[np.ndarray, "window a"], y: Shaped[np.ndarray, "window b"], seed: int) -> float:
    """What 95 % of the debiased alignments stay below when one side is shifted in time against the other.

    Args:
        x: one representation, in order of time.
        y: another, of the same windows, at least four.
        seed: of the shifts.

    Raises:
        LstmkitError: there are fewer windows.
    """
    x, y = _centred(x), _centred(y)
    own = (_unbiased(x, x), _unbiased(y, y))
    moved = [_cosine(_unbiased(x, np.roll(y, round(part * len(y)), axis=0)), *own) for part in _shifts(seed)]
    return float(np.quantile(moved, PERCENTILE))


def compact(values: Shaped[np.ndarray, "window unit"]) -> Float[np.ndarray, "window direction"]:
    """Centred values turned into no more directions than there are windows; all inner products stay.

    Args:
        values: one row per window.
    """
    centred = _centred(values)
    if centred.shape[1] <= len(centred):
        return centred
    triangle = np.asarray(np.linalg.qr(centred.T, mode="r"))
    return triangle.T


def same_windows(first: Representation, second: Representation) -> tuple[np.ndarray, np.ndarray]:
    """The values of two representations.

    Args:
        first: of some windows.
        second: of the same windows.

    Raises:
        LstmkitError: the windows differ.
    """
    if not first.origin.equals(second.origin):
        raise LstmkitError(f"{first.name} and {second.name} are not representations of the same windows")
    return first.values, second.values


def _shifts(seed: int) -> Float[np.ndarray, "shift"]:
    """By which parts of its length one side is moved."""
    return np.random.default_rng(seed).uniform(0.25, 0.75, SHIFTS)


def _overlap(x: Float[np.ndarray, "window a"], y: Float[np.ndarray, "window b"]) -> float:
    """Squared Frobenius norm of xᵀy, which is the sum over the product of the kernels xxᵀ and yyᵀ."""
    if x.shape[1] * y.shape[1] > len(x) ** 2:
        return float(((x @ x.T) * (y @ y.T)).sum())
    return float(((x.T @ y) ** 2).sum())


def _unbiased(x: Float[np.ndarray, "window a"], y: Float[np.ndarray, "window b"]) -> float:
    """The unbiased HSIC of centred data, but for a factor that depends on the number of windows alone."""
    if len(x) < 4:
        raise LstmkitError(f"a debiased alignment needs at least 4 windows, not {len(x)}")
    n, of_x, of_y, biased = len(x), (x**2).sum(axis=1), (y**2).sum(axis=1), _overlap(x, y)
    unbiased = biased - n / (n - 2) * of_x @ of_y + of_x.sum() * of_y.sum() / ((n - 1) * (n - 2))
    return float(unbiased) if abs(unbiased) > NEGLIGIBLE * biased else 0.0


def _cosine(cross: float, first: float, second: float) -> float:
    return float(cross / np.sqrt(first * second)) if min(first, second) > 0 else 0.0


def _centred(values: Shaped[np.ndarray, "window unit"]) -> Float[np.ndarray, "window unit"]:
    varies = np.ptp(values, axis=0) > 0  # the mean of equal values may differ from them in the last digit
    return (values.astype("float64") - values.mean(axis=0, dtype="float64")) * varies


def _canonical(
    x: Float[np.ndarray, "window a"], y: Float[np.ndarray, "window b"], split: Split, shifts: np.ndarray
) -> CanonicalCorrelations:
    (x, of_x), (y, of_y) = (_leading(values, split) for values in (x, y))
    n_fit, n_held_out = (len(part) for part in split)
    in_sample, held_out = _correlate(x, y, n_fit)
    moved = []
    for part in shifts:
        steps = round(part * n_held_out)
        turned = np.concatenate([np.roll(side, steps, axis=0) for side in (y[:n_fit], y[n_fit:])])
        moved.append(_correlate(x, turned, n_fit)[1])
    shifted = np.quantile(moved, PERCENTILE, axis=0)
    return CanonicalCorrelations(in_sample, held_out, shifted, (of_x, of_y), n_fit, n_held_out)


def _leading(
    values: Float[np.ndarray, "window unit"], split: Split
) -> tuple[Float[np.ndarray, "kept component"], float]:
    """Leading principal components of the windows to fit on, at most 20 and far fewer than these windows.

    Returns:
        The components of the windows to fit on, then of those held out, and the share of the variance that they hold.
    """
    fit, held_out = split
    if not np.ptp(values[fit], axis=0).any():
        raise LstmkitError("one of the two is the same for all windows to fit on")
    most = min(MOST_COMPONENTS, max(1, len(fit) // WINDOWS_PER_COMPONENT), values.shape[1])
    found = PCA(most, random_state=0).fit(values[fit])
    share = np.cumsum(found.explained_variance_ratio_)
    enough = min(int(np.searchsorted(share, KEPT)) + 1, most)
    return found.transform(values[np.concatenate([fit, held_out])])[:, :enough], float(share[enough - 1])


def _correlate(
    x: Float[np.ndarray, "window a"], y: Float[np.ndarray, "window b"], n_fit: int
) -> tuple[Float[np.ndarray, "pair"], Float[np.ndarray, "pair"]]:
    """Correlation of each pair of canonical directions, in the windows that they are fitted on and in the others."""
    model = CCA(min(x.shape[1], y.shape[1]), max_iter=2000).fit(x[:n_fit], y[:n_fit])
    a, b = model.transform(x, y)
    return _correlation(a[:n_fit], b[:n_fit]), _correlation(a[n_fit:], b[n_fit:])


def _correlation(
    a: Float[np.ndarray, "window pair"], b: Float[np.ndarray, "window pair"]
) -> Float[np.ndarray, "pair"]:
    """Pearson correlation column by column; zero where a column does not vary."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    scale = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return (a * b).sum(axis=0) / np.where(scale > 0, scale, 1.0)
