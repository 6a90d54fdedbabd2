"""The periodogram against scipy and least squares; the noise floor against its promise and known spectra."""

import numpy as np
import pytest
from scipy.signal import detrend, lfilter, lombscargle
from scipy.stats import binomtest

from lstmkit.analysis.rhythms.periodogram import fit_rhythms, noise_floor, periodogram, separate

FLOOR = {"tested_from": 1, "max_order": 12, "false_alarm": 0.05}


def autoregression(phi: float, n_steps: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=n_steps + 1000)
    return lfilter([1], [1, -phi], noise)[1000:]


def periodogram_of(values: np.ndarray) -> np.ndarray:
    return periodogram(detrend(values)[None], np.ones(len(values), bool))[0]


def with_gaps(n_steps: int) -> np.ndarray:
    present = np.random.default_rng(1).random(n_steps) > 0.1
    present[n_steps // 3 : n_steps // 2] = False
    return present


def sinusoid(cycles: int, n_steps: int) -> np.ndarray:
    return np.sin(2 * np.pi * cycles * np.arange(n_steps) / n_steps + 0.3)


@pytest.mark.parametrize("n_steps", [120, 121])
def test_without_gaps_it_is_the_fourier_periodogram(n_steps):
    values = np.random.default_rng(0).normal(size=(2, n_steps))
    power = periodogram(values, np.ones(n_steps, bool))
    fourier = 2 * np.abs(np.fft.rfft(values)) ** 2 / n_steps**2
    np.testing.assert_allclose(power, fourier[:, 1 : power.shape[1] + 1], rtol=1e-10)


def test_all_powers_together_are_the_variance():
    values = np.random.default_rng(0).normal(size=121)
    assert periodogram_of(values).sum() == pytest.approx(detrend(values).var(), rel=1e-10)


def test_with_gaps_it_is_scipys_lomb_scargle():
    n_steps, present = 300, with_gaps(300)
    values = np.where(present, np.random.default_rng(0).normal(size=(3, n_steps)) + 2, 0.0)
    time, angular = np.flatnonzero(present), 2 * np.pi * np.arange(1, 150) / n_steps
    for found, row in zip(periodogram(values, present), values, strict=True):
        amplitude = lombscargle(time, row[present], angular, floating_mean=True, normalize="amplitude")
        np.testing.assert_allclose(found, np.abs(amplitude) ** 2 / 2, rtol=1e-8)


@pytest.mark.parametrize("cycles", [[], [7], [7, 8, 31]])
def test_rhythms_and_a_line_are_fitted_as_least_squares_does(cycles):
    n_steps, present = 200, with_gaps(200)
    values = np.where(present, np.random.default_rng(0).normal(size=n_steps) + 0.02 * np.arange(n_steps), 0.0)
    angles = 2 * np.pi * np.arange(n_steps)[:, None] * np.array(cycles) / n_steps
    waves, line = np.hstack([np.cos(angles), np.sin(angles)]), np.vander(np.arange(n_steps), 2)
    weights = np.linalg.lstsq(np.hstack([waves, line])[present], values[present])[0]
    fit = fit_rhythms(values, present, np.array(cycles, int))
    expected = (weights[: len(cycles)] ** 2 + weights[len(cycles) : -2] ** 2) / 2
    np.testing.assert_allclose(fit.power, expected, rtol=1e-8)
    np.testing.assert_allclose(fit.rhythms, waves @ weights[:-2], atol=1e-10)
    np.testing.assert_allclose(fit.trend, line @ weights[-2:], atol=1e-10)


def test_what_gaps_leak_is_neither_a_rhythm_nor_noise():
    n_steps, present = 600, with_gaps(600)
    noise, tilt = autoregression(0.5, n_steps, 0), 0.05 * np.arange(n_steps)
    values = noise + tilt + 30 * sinusoid(20, n_steps) + sinusoid(22, n_steps)
    leaky = periodogram(np.where(present, values - tilt, 0.0)[None], present)[0]
    found = separate(values[None], present, **FLOOR)
    alone = separate(noise[None], present, **FLOOR)
    assert (leaky > found.floor[0]).sum() > 30
    assert np.flatnonzero(found.above).tolist() == [19, 21]
    np.testing.assert_allclose(found.power[0, [19, 21]], [450, 0.5], rtol=0.3)
    np.testing.assert_allclose(found.floor, alone.floor, rtol=0.15)  # two ordinates are noise in one alone
    assert found.variance[0] == pytest.approx(450.5 + noise.var(), rel=0.05)


def test_without_gaps_separating_changes_no_power():
    values = np.stack([autoregression(0.5, 241, seed) + 5 * sinusoid(20, 241) for seed in range(2)])
    found = separate(values + 3, np.ones(241, bool), **FLOOR)
    plain = periodogram(detrend(values), np.ones(241, bool))
    np.testing.assert_allclose(found.power[:, 19], plain[:, 19], rtol=0.01)  # trends differ by a hair
    np.testing.assert_allclose(found.variance, found.power.sum(axis=1), rtol=0.01)
    assert (np.flatnonzero(found.above[0]), np.flatnonzero(found.above[1])) == ([19], [19])


@pytest.mark.parametrize("n_steps", [240, 1008])
@pytest.mark.parametrize("phi", [0.0, 0.7, 0.97])
def test_noise_alone_passes_the_floor_as_often_as_promised(phi, n_steps):
    seeds = 300
    alarms = sum(
        noise_floor(periodogram_of(autoregression(phi, n_steps, seed)), n_steps, **FLOOR).above.any()
        for seed in range(seeds)
    )
    assert binomtest(alarms, seeds, 0.05).pvalue > 0.01, alarms / seeds


def test_the_false_alarm_rate_can_be_chosen():
    powers = [periodogram_of(autoregression(0.7, 504, seed)) for seed in range(200)]
    alarms = sum(noise_floor(p, 504, **(FLOOR | {"false_alarm": 0.5})).above.any() for p in powers)
    assert binomtest(alarms, 200, 0.5).pvalue > 0.01


@pytest.mark.parametrize("phi", [0.0, 0.6, 0.95])
def test_the_background_is_the_spectrum_of_the_autoregression(phi):
    n_steps = 20_000
    found = noise_floor(periodogram_of(autoregression(phi, n_steps, 0)), n_steps, **FLOOR)
    angular = 2 * np.pi * np.arange(1, len(found.background) + 1) / n_steps
    density = 2 / n_steps / np.abs(1 - phi * np.exp(-1j * angular)) ** 2
    assert found.order == (phi > 0)
    errors = np.sqrt([2 / n_steps, (1 - phi**2) / n_steps]) * [1, 2 / (1 - phi)]  # of the variance and of phi
    np.testing.assert_allclose(found.background, density, rtol=4 * errors.sum())


def test_the_height_is_the_background_times_the_exponential_quantile():
    power = periodogram_of(autoregression(0.5, 241, 0))
    found = noise_floor(power, 241, **FLOOR)
    tested = len(power) - 1
    quantile = -np.log(1 - 0.95 ** (1 / tested))
    np.testing.assert_allclose(found.height, quantile * found.background, rtol=1e-9)
    np.testing.assert_array_equal(found.above[1:], (power > found.height)[1:])


def test_a_strong_rhythm_does_not_raise_the_floor():
    n_steps, noise = 1008, autoregression(0.8, 1008, 1)
    without, strong, giant = (noise + amplitude * sinusoid(42, n_steps) for amplitude in (0, 20, 2_000))
    found = separate(np.stack([without, strong, giant]), np.ones(n_steps, bool), **FLOOR)
    assert [np.flatnonzero(above).tolist() for above in found.above] == [[], [41], [41]]
    np.testing.assert_allclose(found.floor[1], found.floor[2], rtol=0.02)
    np.testing.assert_allclose(found.floor[1], found.floor[0], rtol=0.1)  # without it, that ordinate is noise


def test_frequencies_that_are_not_tested_are_no_peaks_and_shape_no_background():
    noise = autoregression(0.5, 504, 2)
    slow = 50 * np.cos(2 * np.pi * np.arange(504) / 504)
    untouched, bent = (noise_floor(periodogram_of(v), 504, **FLOOR) for v in (noise, noise + slow))
    assert not bent.above[0]
    np.testing.assert_allclose(bent.background, untouched.background, rtol=0.05)


def test_a_broad_hump_is_background_and_no_peak():
    noise = np.random.default_rng(0).normal(size=6000)
    hump = lfilter([1], [1, -1.6 * np.cos(2 * np.pi / 9), 0.64], noise)[960:]  # around periods of nine steps
    found = noise_floor(periodogram_of(hump), len(hump), **FLOOR)
    assert found.order >= 2
    assert not found.above.any()
    assert len(hump) / (1 + found.background.argmax()) == pytest.approx(9, rel=0.1)
