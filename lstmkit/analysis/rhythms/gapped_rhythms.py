"""Which rhythms a series with gaps has: generalised least squares in autoregressive noise, the strongest first."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Complex, Float, Int
from scipy.sparse import coo_array

from lstmkit.analysis.rhythms.gapped_noise import Sampling, chance_of_one, fit_autoregression, whitening

MOST_ROUNDS = 200
ROUNDING = 1e-10  # of the variance; less is no rhythm
RESOLVED = 0.01  # of the information that the same values would hold if they were spread evenly
APART = 0.1  # of the power of one rhythm that another may take up and still be judged in the same round
ALIAS = 0.3  # of the power of one rhythm that an alias takes up at the least
AS_LIKELY = np.log(20)  # by which the log-likelihoods of rhythms that can be distinguished differ
TIED = 1e-6
MOST_UNSEEN = 4  # power of a sinusoid over what it explains; amplitudes that cancel one another exceed it


@dataclass(frozen=True)
class Rhythm:
    """A sinusoid that stands above the floor.

    Attributes:
        cycles: over the whole length.
        columns: courses at the steps that are there that span what the gaps resolve of it, one or two.
    """

    cycles: int
    columns: Float[np.ndarray, "value column"]


@dataclass(frozen=True)
class GappedSpectrum:
    """Spectrum of one series, and its rhythms.

    Attributes:
        power: of each frequency, variance of the sinusoid as far as the gaps resolve it beside the rhythms; NaN
            where they do not.
        background: expected power of the noise; NaN where the gaps do not resolve the frequency at all.
        above: which frequencies are rhythms.
        amplitude: of the rhythms; NaN elsewhere, and where the gaps resolve only a part of it.
        share: of the variance that each rhythm explains beyond the stronger ones; zero elsewhere.
        variance: around the trend.
        aliases: per rhythm, the cycles of those that would explain the values as well.
    """

    power: Float[np.ndarray, "frequency"]
    background: Float[np.ndarray, "frequency"]
    above: Bool[np.ndarray, "frequency"]
    amplitude: Float[np.ndarray, "frequency"]
    share: Float[np.ndarray, "frequency"]
    variance: float
    aliases: dict[int, tuple[int, ...]]


@dataclass(frozen=True)
class Scan:
    """What a sinusoid of each frequency would add to a fit.

    Attributes:
        gain: of the log-likelihood; in noise alone it exceeds x with a probability of at most exp(−x).
        information: on the sinusoid, in inverse units of the noise; zero where the gaps do not resolve it.
        phase: of the part that is resolved better.
        both: whether the other part is resolved as well.
    """

    gain: Float[np.ndarray, "frequency"]
    information: Float[np.ndarray, "frequency"]
    phase: Float[np.ndarray, "frequency"]
    both: Bool[np.ndarray, "frequency"]

    def power(self, noise: float) -> Float[np.ndarray, "frequency"]:
        """Variance of the sinusoid, NaN where the gaps do not resolve it.

        Args:
            noise: variance of its innovations.
        """
        return self.gain * _background(self.information, noise)


def _background(information: Float[np.ndarray, "frequency"], noise: float) -> Float[np.ndarray, "frequency"]:
    """Power that noise shows on average."""
    return 2 * noise / np.where(information > 0, information, np.nan)


class Fit:
    """A line and some rhythms, fitted jointly by generalised least squares.

    Args:
        values: at the steps that are there.
        sampling: which steps these are.
        rhythms: to fit.
        max_order: of the autoregression that describes the noise.
        precision: of the noise, where it is known.
    """

    def __init__(
        self,
        values: Float[np.ndarray, "value"],
        sampling: Sampling,
        rhythms: list[Rhythm],
        max_order: int,
        precision: coo_array | None = None,
    ):
        self.sampling, self.rhythms, self.values = sampling, rhythms, values
        self.design = np.column_stack([sampling.trend, *(rhythm.columns for rhythm in rhythms)])
        if precision is None:
            alone = self.design.T @ self.design
            rest = values - self.design @ np.linalg.solve(alone, self.design.T @ values)
            white = whitening(fit_autoregression(rest, sampling, max_order), sampling)
            precision = (white.T @ white).tocoo()
        self.precision = precision
        self.against = precision @ self.design
        self.covariance = np.linalg.pinv(self.design.T @ self.against, hermitian=True)
        self.weights = self.covariance @ (self.against.T @ values)
        self.rest = values - self.design @ self.weights
        self.noise = max(float(self.rest @ (precision @ self.rest)) / len(values), np.finfo(float).tiny)

    def without(self, cycles: set[int]) -> "Fit":
        """The fit in the same noise without some rhythms.

        Args:
            cycles: of these.
        """
        kept = [rhythm for rhythm in self.rhythms if rhythm.cycles not in cycles]
        return Fit(self.values, self.sampling, kept, 0, self.precision)

    def scan(self) -> Scan:
        """What a sinusoid of each frequency would add.

        All products with sinusoids are Fourier transforms, also those of the precision matrix, summed along its
        diagonals and across them.
        """
        n_steps, at = len(self.sampling.present), self.sampling.steps
        of = slice(1, (n_steps - 1) // 2 + 1)
        row, column, entries = at[self.precision.row], at[self.precision.col], self.precision.data
        along, across = (
            np.fft.fft(np.bincount(place % n_steps, entries, n_steps))[of]
            for place in (row - column, row + column)
        )
        values, vectors = np.linalg.eigh(self.covariance)
        root = self.against @ (vectors * np.sqrt(np.maximum(values, 0)))
        known = np.fft.fft(self.sampling.on_grid(root), axis=0)[of]
        own = along.real - (np.abs(known) ** 2).sum(axis=1)
        mixed = across - (known**2).sum(axis=1)
        score = np.fft.fft(self.sampling.on_grid(self.precision @ self.rest))[of]
        return _scan(along.real, own, mixed, score, self.noise)

    def tests(self) -> tuple[Float[np.ndarray, "rhythm"], Float[np.ndarray, "rhythm"]]:
        """Gain of each rhythm beside all others, and its amplitude, NaN where only a part of it is resolved."""
        gain, amplitude = np.zeros((2, len(self.rhythms)))
        for i, columns in enumerate(self._columns()):
            weights = self.weights[columns]
            gain[i] = weights @ np.linalg.solve(self.covariance[columns, columns], weights) / 2 / self.noise
            amplitude[i] = np.hypot(*weights) if len(weights) == 2 else np.nan
        return gain, amplitude

    def shares(self) -> tuple[Float[np.ndarray, "rhythm"], Float[np.ndarray, "rhythm"], float]:
        """Shares of the variance that each rhythm explains alone, and beyond those that explain more; the variance."""
        trend = self.design[:, :2]
        courses = np.column_stack([self.values, self.design[:, 2:]])
        courses = courses - trend @ np.linalg.lstsq(trend, courses, rcond=None)[0]
        around, groups = courses[:, 0], [courses[:, one.start - 1 : one.stop - 1] for one in self._columns()]
        whole, beyond = float(around @ around), np.zeros(len(groups))
        alone = np.array([_explained(group, around).sum() / whole for group in groups])
        order = np.argsort(-alone, kind="stable")
        each = _explained(np.column_stack([courses[:, :0], *(groups[i] for i in order)]), around)
        ends = np.cumsum([groups[i].shape[1] for i in order]).astype(int)
        beyond[order] = [part.sum() / whole for part in np.split(each, ends)[:-1]]
        return alone, beyond, whole / len(self.values)

    def _columns(self) -> list[slice]:
        ends = np.cumsum([2, *(rhythm.columns.shape[1] for rhythm in self.rhythms)]).tolist()
        return [slice(*pair) for pair in pairwise(ends)]


def _explained(
    courses: Float[np.ndarray, "value column"], values: Float[np.ndarray, "value"]
) -> Float[np.ndarray, "column"]:
    """Sum of squares that each column explains beyond those before it."""
    return (np.linalg.qr(courses)[0].T @ values) ** 2


def _scan(
    along: Float[np.ndarray, "frequency"],
    own: Float[np.ndarray, "frequency"],
    mixed: Complex[np.ndarray, "frequency"],
    score: Complex[np.ndarray, "frequency"],
    noise: float,
) -> Scan:
    """Gains from the 2 × 2 normal equations of each frequency, part by part in their eigenvectors."""
    turned = score * np.exp(-0.5j * np.angle(mixed))
    resolved = [own + sign * np.abs(mixed) > RESOLVED * along for sign in (1, -1)]
    parts = [own + np.abs(mixed), own - np.abs(mixed)]
    squares = [turned.real**2, turned.imag**2]
    gain, information = np.zeros((2, len(own)))
    for is_resolved, part, square in zip(resolved, parts, squares, strict=True):
        gain += np.where(is_resolved, square / np.where(is_resolved, part, 1.0), 0.0) / noise
        information += np.where(is_resolved, part, 0.0)
    return Scan(gain, information / np.maximum(1, np.sum(resolved, axis=0)), np.angle(mixed) / 2, resolved[1])


def gapped_spectrum(
    values: Float[np.ndarray, "time"],
    sampling: Sampling,
    tested_from: int,
    max_order: int,
    false_alarm: float,
) -> GappedSpectrum:
    """Find the rhythms of a series with gaps.

    The strongest rhythm is taken first, with others only where the gaps keep them apart from it, and the rest is
    tested anew, so that an alias of a rhythm is no second one. Noise of the first order clears the way for higher ones.

    Args:
        values: any number where missing.
        sampling: which steps are there.
        tested_from: position of the first frequency that may be a rhythm.
        max_order: of the noise's autoregression.
        false_alarm: probability that noise alone shows any rhythm.
    """
    tested = np.arange((len(values) - 1) // 2) >= tested_from
    least = -np.log(chance_of_one(false_alarm, int(tested.sum())))
    fit = _settled(values[sampling.steps], sampling, [], tested, least, 1)
    return _result(_settled(fit.values, sampling, fit.rhythms, tested, least, max_order))


def _settled(
    values: Float[np.ndarray, "value"],
    sampling: Sampling,
    rhythms: list[Rhythm],
    tested: Bool[np.ndarray, "frequency"],
    least: float,
    max_order: int,
) -> Fit:
    """Take rhythms in and out until those of the fit, and no others, gain `least` or more."""
    open_still = tested.copy()
    for _ in range(MOST_ROUNDS):
        fit = Fit(values, sampling, rhythms, max_order)
        if weak := _weakest(fit, least):
            open_still[[at - 1 for at in weak]] = False  # else it could come and go for ever
            rhythms = [rhythm for rhythm in rhythms if rhythm.cycles not in weak]
            continue
        scan = fit.scan()
        is_above = open_still & (scan.gain > least) & (scan.power(fit.noise) > ROUNDING * values.var())
        if not is_above.any():
            break
        rhythms = [*rhythms, *_strongest(np.where(is_above, scan.gain, 0.0), scan, sampling)]
    return fit


def _weakest(fit: Fit, least: float) -> set[int]:
    """Cycles of the rhythms below the floor, of those that stand in for one another the weakest alone."""
    gain, _ = fit.tests()
    at = np.array([rhythm.cycles - 1 for rhythm in fit.rhythms], int)
    weak: list[int] = []
    for one in at[np.argsort(gain, kind="stable")][: np.count_nonzero(gain < least)].tolist():
        if (_coupling(one, np.array(weak, int), fit.sampling) < APART).all():
            weak.append(one)
    return {one + 1 for one in weak}


def _strongest(gain: Float[np.ndarray, "frequency"], scan: Scan, sampling: Sampling) -> list[Rhythm]:
    """The strongest frequency, the slowest of those that are tied, and others that it hardly touches."""
    size = np.sqrt(gain / np.where(scan.information > 0, scan.information, 1.0))
    slowest = int(np.flatnonzero(gain >= (1 - TIED) * gain.max())[0])
    taken: list[int] = []
    for at in [slowest, *np.argsort(-gain, kind="stable")[: np.count_nonzero(gain)].tolist()]:
        touched = np.sqrt(_coupling(at, np.array(taken, int), sampling))
        if at not in taken and (touched**2 < APART).all() and size[at] > 2 * touched @ size[taken]:
            taken.append(at)
    return [_rhythm(at, scan, sampling) for at in taken]


def _coupling(at: int, others: Int[np.ndarray, "other"], sampling: Sampling) -> Float[np.ndarray, "other"]:
    """Share of the power of one frequency that each other one takes up."""
    leakage = sampling.leakage
    return np.maximum(leakage[np.abs(at - others)], leakage[(at + others + 2) % len(leakage)])


def _rhythm(at: int, scan: Scan, sampling: Sampling) -> Rhythm:
    angle = 2 * np.pi * (at + 1) * sampling.steps / len(sampling.present) + scan.phase[at]
    parts = [np.cos(angle), np.sin(angle)] if scan.both[at] else [np.cos(angle)]
    return Rhythm(at + 1, np.column_stack(parts))


def _result(fit: Fit) -> GappedSpectrum:
    scan, cycles = fit.scan(), [rhythm.cycles for rhythm in fit.rhythms]
    at = np.array(cycles, int) - 1
    background = _background(fit.without(set(cycles)).scan().information, fit.noise)
    power = np.where(scan.information > 0, scan.gain, np.nan) * background
    amplitude, share, above = np.full(len(power), np.nan), np.zeros(len(power)), np.zeros(len(power), bool)
    above[at] = True
    gain, amplitude[at] = fit.tests()
    alone, share[at], variance = fit.shares()
    seen = np.maximum(alone, share[at]) * variance  # a strong rhythm may hide a weak one that is fitted alone
    power[at] = np.fmax(gain * background[at], np.minimum(amplitude[at] ** 2 / 2, seen))
    amplitude[at] = np.where(amplitude[at] ** 2 / 2 <= MOST_UNSEEN * seen, amplitude[at], np.nan)
    return GappedSpectrum(power, background, above, amplitude, share, variance, _aliases(fit, above))


def _aliases(fit: Fit, above: Bool[np.ndarray, "frequency"]) -> dict[int, tuple[int, ...]]:
    """Per rhythm, the frequencies away from it that would explain the values as well."""
    found: dict[int, tuple[int, ...]] = {}
    everywhere = np.arange(len(above))
    for rhythm in fit.rhythms:
        at = rhythm.cycles - 1
        touched = _coupling(at, everywhere, fit.sampling) >= ALIAS
        possible = touched & ~_run(touched, at) & ~above
        if not possible.any():
            continue
        gain = fit.without({int(one) + 1 for one in np.flatnonzero(_run(above, at))}).scan().gain
        alike = np.flatnonzero(possible & (gain >= gain[at] - AS_LIKELY))
        if len(alike):
            found[rhythm.cycles] = tuple(int(one) + 1 for one in alike)
    return found


def _run(inside: Bool[np.ndarray, "frequency"], at: int) -> Bool[np.ndarray, "frequency"]:
    """The unbroken stretch of true values around a position."""
    number = np.cumsum(np.append(True, np.diff(inside)))
    return (number == number[at]) & inside[at]
