"""Rhythms through gaps: against dense least squares, known noise, planted rhythms, and the false alarms promised."""

import numpy as np
import pytest
from scipy.linalg import toeplitz
from scipy.signal import lfilter
from scipy.stats import binom

from lstmkit.analysis.rhythms.gapped_noise import Sampling, fit_autoregression, whitening
from lstmkit.analysis.rhythms.gapped_rhythms import Fit, Rhythm, gapped_spectrum
from lstmkit.analysis.rhythms.periodogram import separate
from lstmkit.analysis.rhythms.spectra import spectra
from lstmkit.findings.rhythms.spectra import spectra_finding
from tests.analysis.rhythms.test_spectra import series_of

WEEK, N_STEPS = 168, 8 * 168  # hours
SETTINGS = {"tested_from": 1, "max_order": 6, "false_alarm": 0.05}


def noise(phi: float, seed: int, n_steps: int = N_STEPS) -> np.ndarray:
    white = np.random.default_rng(seed).normal(size=n_steps + 1000)
    return lfilter([1], [1, -phi], white)[1000:]


def sinusoid(hours: float, amplitude: float, n_steps: int = N_STEPS) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * np.arange(n_steps) / hours + 0.7)


def opened(first: int, last: int, n_steps: int = N_STEPS) -> np.ndarray:
    """Which hours lie between two hours of the day."""
    hour = np.arange(n_steps) % 24
    return (hour >= first) & (hour < last)


def dense_covariance(phi: float, present: np.ndarray) -> np.ndarray:
    at = np.flatnonzero(present)
    return (phi ** np.arange(len(present)) / (1 - phi**2))[np.abs(at[:, None] - at)]


def test_whitened_noise_of_the_first_order_is_white_across_gaps():
    present = opened(8, 18, 240)
    white = whitening(np.array([1.0, -0.9]), Sampling(present, 3)).toarray()
    np.testing.assert_allclose(
        white @ dense_covariance(0.9, present) @ white.T, np.eye(present.sum()), atol=1e-9
    )


def test_whitened_noise_of_the_second_order_is_white_where_nothing_is_missing():
    weights = np.array([1.0, -1.2, 0.5])
    psi = lfilter([1.0], weights, np.eye(1, 4000)[0])
    covariance = toeplitz([psi[: len(psi) - lag] @ psi[lag:] for lag in range(60)])
    white = whitening(weights, Sampling(np.ones(60, bool), 4)).toarray()
    np.testing.assert_allclose(white @ covariance @ white.T, np.eye(60), atol=1e-8)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_the_noise_of_the_first_order_is_found_through_gaps(phi):
    n_steps = 40 * WEEK
    sampling = Sampling(opened(8, 18, n_steps), 6)
    (_, weight) = np.append(fit_autoregression(noise(phi, 0, n_steps)[sampling.steps], sampling, 1), 0.0)[:2]
    assert -weight == pytest.approx(phi, abs=4 * np.sqrt((1 - phi**2 + 1e-9) / len(sampling.steps)))


def test_noise_of_the_second_order_is_found_through_gaps():
    weights, n_steps = [1, -1.2, 0.5], 40 * WEEK
    values = lfilter([1], weights, np.random.default_rng(0).normal(size=n_steps))
    sampling = Sampling(opened(8, 18, n_steps), 6)
    np.testing.assert_allclose(fit_autoregression(values[sampling.steps], sampling, 6), weights, atol=0.05)


def test_values_three_steps_apart_show_a_slow_noise():
    sampling = Sampling(np.arange(N_STEPS * 8) % 3 == 0, 6)
    weights = fit_autoregression(noise(0.95, 1, N_STEPS * 8)[sampling.steps], sampling, 6)
    assert weights == pytest.approx([1, -0.95], abs=0.02)


def deviance(values: np.ndarray, design: np.ndarray, precision: np.ndarray) -> float:
    """Weighted sum of squares that a dense least-squares fit leaves."""
    root = np.linalg.cholesky(precision).T
    return float(np.linalg.lstsq(root @ design, root @ values)[1].sum())


def test_gains_are_those_of_dense_generalised_least_squares():
    present, n_steps = opened(8, 18, 240), 240
    sampling, at = Sampling(present, 3), np.flatnonzero(present)
    angle = 2 * np.pi * 10 * at / n_steps
    rhythm = Rhythm(10, np.column_stack([np.cos(angle), np.sin(angle)]))
    values = (noise(0.8, 3, n_steps) + sinusoid(24, 3, n_steps))[at]
    white = whitening(np.array([1.0, -0.8]), sampling)
    fit = Fit(values, sampling, [rhythm], 1, (white.T @ white).tocoo())
    precision = np.linalg.inv(dense_covariance(0.8, present))
    before = deviance(values, fit.design, precision)
    scan = fit.scan()
    compared = 0
    for k in range(1, 120):
        angle = 2 * np.pi * k * at / n_steps
        wider = np.column_stack([fit.design, np.cos(angle), np.sin(angle)])
        if scan.both[k - 1]:
            gain = (before - deviance(values, wider, precision)) / 2 / (before / len(at))
            assert scan.gain[k - 1] == pytest.approx(gain, rel=1e-6)
            compared += 1
    assert compared > 100
    assert not scan.information[9]  # it is in the fit already
    without = deviance(values, fit.design[:, :2], precision)
    assert fit.tests()[0][0] == pytest.approx((without - before) / 2 / (before / len(at)), rel=1e-6)


@pytest.mark.parametrize("phi", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("hours", [4, 8, 12])
def test_noise_that_is_seen_for_some_hours_of_the_day_has_no_rhythm(hours, phi):
    seeds, sampling = 40, Sampling(opened(8, 8 + hours), 6)
    alarms = sum(gapped_spectrum(noise(phi, seed), sampling, **SETTINGS).above.any() for seed in range(seeds))
    assert alarms <= binom.ppf(0.999, seeds, 0.05), alarms / seeds


@pytest.mark.parametrize("phi", [0.0, 0.8])
@pytest.mark.parametrize("hours", [168, 28, 24, 12, 6])
def test_a_rhythm_that_is_seen_from_8_to_17_h_is_found_once(hours, phi):
    values, present = sinusoid(hours, 6) + noise(phi, 0), opened(8, 18)
    found = separate(values[None], present, **SETTINGS)
    assert np.flatnonzero(found.above[0]).tolist() == [N_STEPS // hours - 1]
    assert found.amplitude[0, N_STEPS // hours - 1] == pytest.approx(6, abs=1.5)
    assert found.share[0].sum() == pytest.approx(
        1 - noise(phi, 0)[present].var() / values[present].var(), abs=0.07
    )
    assert found.aliases == ({},)


def test_two_rhythms_are_told_apart_through_gaps_that_come_daily():
    values = sinusoid(24, 5) + sinusoid(168, 2) + noise(0.5, 0)
    found = separate(values[None], opened(8, 18), **SETTINGS)
    assert np.flatnonzero(found.above[0]).tolist() == [7, 55]


def test_rhythms_of_a_day_that_is_seen_in_part_hold_no_more_than_all_of_it():
    hour = np.arange(N_STEPS) % 24
    profile = 40 * np.exp(-(((hour - 13) / 2.5) ** 2)) + 15 * (hour > 15)
    values = np.where(opened(8, 18), profile + noise(0.8, 4), np.nan)
    found = spectra(series_of(values, interval="1h"))
    assert {peak.rhythm for peak in found.peaks[0]} == {"day"}
    assert 0.9 < found.share[0] <= 1
    assert (
        np.nanmax(found.power[0]) <= 1.1 * found.variance[0]
    )  # amplitudes of near aliases cancel, and are not shown


def test_what_stands_alike_in_the_values_is_reported_once_with_its_aliases():
    values = np.where(np.arange(N_STEPS) % 3 == 0, sinusoid(24, 3) + noise(0, 0), np.nan)
    found = spectra(series_of(values, interval="1h"))
    (peak,) = found.peaks[0]
    assert peak.hours == pytest.approx(24)
    assert peak.aliases == pytest.approx((24 / 7, 24 / 9))  # 1/24 ± 1/3 per hour
    assert spectra_finding(found).endswith(" The gaps do not tell 24 h from 3.43 h, 2.67 h.")
    assert found.peaks_frame()["aliases_hours"].tolist() == ["3.42857 2.66667"]


def test_what_the_gaps_do_not_resolve_is_left_open():
    values = np.where(opened(8, 9, 40 * WEEK), 5 + noise(0, 0, 40 * WEEK), np.nan)  # one value a day
    found = spectra(series_of(values, interval="1h"))
    at = np.flatnonzero(np.isclose(found.hours, 24))[0]
    assert np.isnan([found.power[0, at], found.background[0, at], found.floor[0, at]]).all()
    assert found.peaks == ((),)


def test_a_part_of_a_rhythm_has_no_amplitude():
    """Of a rhythm of a day, values at two times of it tell the difference and no more."""
    n_steps = 20 * WEEK
    hour = np.arange(n_steps) % 24
    values = np.where(
        (hour == 6) | (hour == 18), np.where(hour == 6, 1.0, -1.0) + 0.3 * noise(0, 1, n_steps), np.nan
    )
    (peak,) = spectra(series_of(values, interval="1h")).peaks[0]
    assert peak.hours == pytest.approx(24)
    assert np.isnan(peak.amplitude)
    assert peak.share == pytest.approx(1 / 1.09, abs=0.02)


def test_a_rhythm_without_noise_is_one_peak_through_gaps():
    values = np.where(opened(8, 18), sinusoid(24, 3), np.nan)
    (peak,) = spectra(series_of(values, interval="1h")).peaks[0]
    assert peak.hours == pytest.approx(24)
    assert peak.amplitude == pytest.approx(3, rel=0.02)
    assert peak.share <= 1


def test_shares_beside_a_few_gaps_are_no_more_than_all():
    present = np.ones(N_STEPS, bool)
    present[::40] = False  # where the rhythm happens to be weak or strong
    found = separate(sinusoid(24, 3)[None] + 1e-3 * noise(0, 0), present, **SETTINGS)
    assert found.share[0][found.above[0]].sum() <= 1


def test_amplitudes_that_cancel_one_another_are_left_open():
    """Eight values a day cannot tell the amplitudes of six of its fractions."""
    hour = np.arange(N_STEPS) % 24
    steps = np.random.default_rng(5).normal(0, 20, 24)[hour]
    found = separate((steps + noise(0, 0))[None], opened(8, 16), **SETTINGS)
    amplitudes = found.amplitude[0][found.above[0]]
    assert np.isnan(amplitudes).any()
    assert np.nanmax(np.append(amplitudes, 0)) < 4 * np.sqrt(2 * found.variance[0])
    assert 0.9 < found.share[0][found.above[0]].sum() <= 1
