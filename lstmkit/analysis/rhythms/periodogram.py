"""How much of a series is a rhythm of each period, and how much of it noise alone would show."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from lstmkit.analysis.rhythms.gapped_noise import Sampling, chance_of_one
from lstmkit.analysis.rhythms.gapped_rhythms import ROUNDING, gapped_spectrum

MOST_ROUNDS = 50
CONVERGED = 1e-3
MOST_LEAKAGE = 0.02  # of a rhythm's power that gaps may move to any other frequency before they need care
FEWEST_PRESENT = 0.8  # of the steps, likewise


def periodogram(
    values: Float[np.ndarray, "series time"], present: Bool[np.ndarray, "time"]
) -> Float[np.ndarray, "series frequency"]:
    """Variance of the sinusoid that fits each series best, at every whole number of cycles over its length.

    The Lomb–Scargle periodogram with a floating mean (Zechmeister & Kürster 2009, A&A 496:577); where nothing is
    missing, the Fourier periodogram. On a grid the sums of its normal equations are Fourier transforms of the series
    and of what is present (Press & Rybicki 1989, ApJ 338:277).

    Args:
        values: zero where missing.
        present: which steps are not missing.
    """
    n_steps = len(present)
    cycles = np.arange(1, (n_steps - 1) // 2 + 1)[:, None]
    waves = np.concatenate([cycles, -cycles, np.zeros_like(cycles)], axis=1)  # (frequency, 3)
    normal = np.fft.fft(present)[(waves[:, :, None] - waves[:, None, :]) % n_steps]
    transform = np.fft.fft(values, axis=1)[:, waves % n_steps]
    halves = np.einsum("fj,sfj->sf", np.linalg.pinv(normal, hermitian=True)[:, 0], transform)
    return 2 * np.abs(halves) ** 2


@dataclass(frozen=True)
class Fit:
    """Sinusoids and a straight line, fitted jointly.

    Attributes:
        power: variance of each sinusoid.
        rhythms: course of all sinusoids together, also where something is missing.
        trend: course of the line.
    """

    power: Float[np.ndarray, "rhythm"]
    rhythms: Float[np.ndarray, "time"]
    trend: Float[np.ndarray, "time"]


def fit_rhythms(
    values: Float[np.ndarray, "time"], present: Bool[np.ndarray, "time"], cycles: Int[np.ndarray, "rhythm"]
) -> Fit:
    """Fit sinusoids and a straight line jointly by least squares.

    Args:
        values: zero where missing.
        present: which steps are not missing.
        cycles: of each sinusoid over the whole length.
    """
    n_steps, line = len(present), np.linspace(-1, 1, len(present))
    waves = np.concatenate([cycles, -cycles, [0]])
    with_line = np.fft.fft(present * line)[waves]
    normal = np.fft.fft(present)[(waves[:, None] - waves) % n_steps]
    normal = np.block([[normal, with_line[:, None]], [with_line.conj(), (present * line**2).sum()]])
    right = np.append(np.fft.fft(values)[waves], values @ line)
    weights = np.linalg.pinv(normal, hermitian=True) @ right
    halves, mean, slope = weights[: len(cycles)], weights[-2].real, weights[-1].real
    spectrum = np.zeros(n_steps, complex)
    spectrum[cycles] = 2 * halves
    return Fit(2 * np.abs(halves) ** 2, n_steps * np.fft.ifft(spectrum).real, mean + slope * line)


@dataclass(frozen=True)
class Floor:
    """What noise alone would show.

    Attributes:
        background: expected power of the noise.
        height: power that noise alone exceeds at any of the frequencies with the probability `false_alarm`.
        order: of the autoregression that describes the noise.
        above: which frequencies exceed the height.
    """

    background: Float[np.ndarray, "frequency"]
    height: Float[np.ndarray, "frequency"]
    order: int
    above: Bool[np.ndarray, "frequency"]


def noise_floor(
    power: Float[np.ndarray, "frequency"],
    n_steps: int,
    *,
    tested_from: int,
    max_order: int,
    false_alarm: float,
) -> Floor:
    """Fit an autoregressive background to a periodogram without its peaks, and the height above it that counts.

    Ordinates of a periodogram of noise scatter exponentially around its spectrum (Torrence & Compo 1998, BAMS 79:61).
    Peaks are set to the background and the fit repeated until it stays, so that rhythms do not raise the floor
    under which they are sought (as in Mann & Lees 1996, Climatic Change 33:409).

    Args:
        power: at 1, 2, … cycles over the series' length.
        n_steps: length of the series.
        tested_from: position of the first frequency that may be a peak; those before have no say.
        max_order: of the autoregression.
        false_alarm: probability, over all tested frequencies together.
    """
    single = chance_of_one(false_alarm, len(power) - tested_from)
    is_tested = np.arange(len(power)) >= tested_from
    known = np.where(is_tested, power, power[tested_from])
    background, order = _autoregressive_spectrum(known, n_steps, max_order=1)
    for most in (
        1,
        max_order,
    ):  # the first order cannot imitate a peak, and so clears the way for higher ones
        for _ in range(MOST_ROUNDS):
            before, above = background, known > -np.log(single) * background
            cleaned = np.where(above, background, known)
            background, order = _autoregressive_spectrum(cleaned, n_steps, most)
            if np.allclose(background, before, rtol=CONVERGED, atol=0):
                break
    height = -np.log(single) * background
    return Floor(background, height, order, is_tested & (power > height))


@dataclass(frozen=True)
class Separated:
    """Spectra of some series, their trends and what gaps leak taken out.

    Attributes:
        power: at 1, 2, … cycles over the length, shape (series, frequency); NaN where gaps do not resolve it.
        background: expected power of the noise; NaN as above.
        floor: the height above it that counts; NaN as above.
        above: which frequencies exceed the floor.
        amplitude: of the sinusoids above the floor; NaN where gaps resolve only a part of it.
        share: of each series' variance that the sinusoid holds; counts above the floor alone.
        variance: of each series around its trend.
        aliases: per series, for some frequencies above the floor, in cycles, those that explain it as well.
    """

    power: Float[np.ndarray, "series frequency"]
    background: Float[np.ndarray, "series frequency"]
    floor: Float[np.ndarray, "series frequency"]
    above: Bool[np.ndarray, "series frequency"]
    amplitude: Float[np.ndarray, "series frequency"]
    share: Float[np.ndarray, "series frequency"]
    variance: Float[np.ndarray, "series"]
    aliases: tuple[dict[int, tuple[int, ...]], ...]


def nothing_separated(n_series: int) -> Separated:
    """What there is to say of series that are too short.

    Args:
        n_series: how many.
    """
    empty = np.zeros((n_series, 0))
    nothing: tuple[dict[int, tuple[int, ...]], ...] = ({},) * n_series
    return Separated(empty, empty, empty, empty.astype(bool), empty, empty, np.zeros(n_series), nothing)


def separate(
    values: Float[np.ndarray, "series time"], present: Bool[np.ndarray, "time"], **settings
) -> Separated:
    """Part each series into a straight line, the rhythms that stand above its floor, and the rest.

    Line and rhythms are fitted jointly, and the spectrum of the rest is taken anew, until the same frequencies stand
    above: what a strong rhythm leaks through gaps is neither a rhythm nor noise (in the manner of CLEAN, Roberts,
    Lehár & Dreher 1987, AJ 93:968). Where the gaps are many or regular, so that frequencies stand in for one another,
    rhythms are taken one by one, in noise that is seen through the same gaps (`gapped_spectrum`).

    Args:
        values: any number where missing.
        present: which steps are not missing.
        **settings: of `noise_floor`.
    """
    sampling = Sampling(present, settings["max_order"])
    if sampling.leakage[1:].max() > MOST_LEAKAGE or present.mean() < FEWEST_PRESENT:
        return _one_by_one(values, sampling, **settings)
    return _at_once(values, present, **settings)


def _one_by_one(
    values: Float[np.ndarray, "series time"],
    sampling: Sampling,
    *,
    tested_from: int,
    max_order: int,
    false_alarm: float,
) -> Separated:
    found = [gapped_spectrum(series, sampling, tested_from, max_order, false_alarm) for series in values]
    n_frequencies = (values.shape[1] - 1) // 2
    height = -np.log(chance_of_one(false_alarm, n_frequencies - tested_from))
    power, background, above, amplitude, share = (
        np.array([getattr(one, name) for one in found]).reshape(len(values), n_frequencies)
        for name in ("power", "background", "above", "amplitude", "share")
    )
    return Separated(
        power=power,
        background=background,
        floor=height * background,
        above=above.astype(bool),
        amplitude=amplitude,
        share=share,
        variance=np.array([one.variance for one in found], "float64"),
        aliases=tuple(one.aliases for one in found),
    )


def _at_once(
    values: Float[np.ndarray, "series time"], present: Bool[np.ndarray, "time"], **settings
) -> Separated:
    n_steps, values = len(present), np.where(present, values, 0.0)
    above = np.zeros((len(values), (n_steps - 1) // 2), bool)
    for _ in range(MOST_ROUNDS):
        fits = [
            fit_rhythms(series, present, np.flatnonzero(lines) + 1)
            for series, lines in zip(values, above, strict=True)
        ]
        around = values - np.array([fit.trend for fit in fits]).reshape(values.shape)
        rest = around - np.array([fit.rhythms for fit in fits]).reshape(values.shape)
        power = periodogram(np.where(present, rest, 0.0), present)
        for row, (lines, fit) in enumerate(zip(above, fits, strict=True)):
            power[row, lines] = fit.power
        floors = [noise_floor(row, n_steps, **settings) for row in power]
        before, above = above, np.array([floor.above for floor in floors], bool).reshape(above.shape)
        above &= power > ROUNDING * values[:, present].var(axis=1, keepdims=True)
        if (above == before).all():
            break
    variance = around[:, present].var(axis=1)
    whole = np.maximum(
        variance, np.where(above, power, 0.0).sum(axis=1)
    )  # where gaps leave the peaks of a rhythm out
    return Separated(
        power=power,
        background=np.array([floor.background for floor in floors]).reshape(power.shape),
        floor=np.array([floor.height for floor in floors]).reshape(power.shape),
        above=above,
        amplitude=np.sqrt(2 * power),
        share=power / whole[:, None],
        variance=variance,
        aliases=({},) * len(values),
    )


def _autoregressive_spectrum(
    power: Float[np.ndarray, "frequency"], n_steps: int, max_order: int
) -> tuple[Float[np.ndarray, "frequency"], int]:
    """The spectrum of the autoregression that fits best, its order chosen by the Bayesian information criterion.

    The Yule–Walker equations of the periodogram's own autocovariance, whose solution is that of Whittle's likelihood.
    """
    both_sides = np.zeros(n_steps)
    both_sides[0] = power[0] / 2
    both_sides[1 : len(power) + 1] = power / 2
    both_sides[-len(power) :] = power[::-1] / 2
    if n_steps % 2 == 0:
        both_sides[n_steps // 2] = power[-1] / 2
    covariance = np.fft.ifft(both_sides).real * n_steps
    filters = [(np.ones(1), covariance[0])]
    for order in range(1, max_order + 1):  # Levinson's recursion
        weights, error = filters[-1]
        reflection = -(weights @ covariance[order:0:-1]) / error
        weights = np.append(weights, 0) + reflection * np.append(0, weights[::-1])
        filters.append((weights, error * (1 - reflection**2)))
    criterion = [n_steps * np.log(error) + len(w) * np.log(n_steps) for w, error in filters]
    weights, error = filters[int(np.argmin(criterion))]
    response = np.abs(np.fft.rfft(weights, n_steps)[1 : len(power) + 1]) ** 2
    return 2 * error / n_steps / response, len(weights) - 1
