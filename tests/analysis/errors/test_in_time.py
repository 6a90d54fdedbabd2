"""Errors over the test part: planted rhythms are found, and rolling errors equal brute force."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from lstmkit.analysis.errors.in_time import (
    Errors,
    ResidualSpectrum,
    forecast_errors,
    residual_spectrum,
    rolling_error,
)
from lstmkit.analysis.rhythms.series import Bins, TimeSeries
from lstmkit.analysis.rhythms.spectra import spectra
from lstmkit.data.grid import make_dataset
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.findings.errors.in_time import (
    errors_named,
    residual_spectrum_caption,
    residual_spectrum_finding,
    rolling_error_caption,
    rolling_error_finding,
)
from lstmkit.findings.rhythms.spectra import spectra_too_short
from lstmkit.params import SplitParams
from lstmkit.storage.files import Rows
from tests.analysis.rhythms.test_series import rows_of, windows_of
from tests.groups import by_edges
from tests.series import raw_windows

EDGES = (450.0, 550.0)
FIVE_WEEKS = 1340  # hours, of which the test part holds five weeks and a half


def errors_of(windows: Windows, error, folder, edges: tuple[float, float] = EDGES) -> Errors:
    """Errors of forecasts that miss the truth by what is given per window (and step)."""
    error = np.asarray(error, float)
    observed = windows.observed()[..., 0]
    forecast = observed + (error[:, None] if error.ndim == 1 else error)
    return forecast_errors(rows_of(forecast, folder), windows, by_edges(windows, edges))


def hours_of(times: pd.DatetimeIndex) -> np.ndarray:
    return (times - times[0]) / pd.Timedelta("1h")


@pytest.mark.parametrize("chunk", [13, 2048])
@pytest.mark.parametrize("horizon", [1, 5])
def test_errors_are_forecast_minus_observed(tmp_path, monkeypatch, chunk, horizon):
    windows = windows_of(horizon=horizon)
    error = np.random.default_rng(0).normal(0, 9, (len(windows), horizon))
    read = Rows.chunks
    monkeypatch.setattr(Rows, "chunks", lambda self, size=chunk: read(self, size))
    found = errors_of(windows, error, tmp_path)
    np.testing.assert_allclose(found.last, error[:, -1], atol=1e-3)
    np.testing.assert_allclose(found.squared, (error**2).mean(axis=1), rtol=1e-3)
    course = np.hstack([windows.latest(), windows.observed()[..., 0]])
    changes = [len(set(np.digitize(row, EDGES))) > 1 for row in course]
    assert found.crosses.tolist() == changes
    assert 0 < found.crosses.sum() < len(windows)
    assert errors_named(found) == f"Errors {horizon} h ahead"
    assert (found.target_time - windows.origin == horizon * pd.Timedelta("1h")).all()


def test_forecasts_of_other_windows_are_refused(tmp_path):
    windows = windows_of()
    with pytest.raises(LstmkitError, match="3 forecasts do not belong to"):
        forecast_errors(rows_of(np.zeros((3, 2)), tmp_path), windows, by_edges(windows, EDGES))


def test_a_daily_rhythm_in_the_errors_is_named_with_its_amplitude(tmp_path):
    windows = windows_of(FIVE_WEEKS, missing=(slice(700, 760),))
    noise = np.random.default_rng(1).normal(0, 4, len(windows))
    daily = 12 * np.sin(2 * np.pi * hours_of(windows.origin) / 24)
    found = residual_spectrum(errors_of(windows, daily + noise, tmp_path))
    (peak,) = found.spectra.peaks[0]
    assert peak.hours == pytest.approx(24)
    assert peak.amplitude == pytest.approx(12, abs=5 * 4 * np.sqrt(2 / len(windows)))
    assert peak.share == pytest.approx(72 / 88, rel=0.05)
    told = residual_spectrum_finding(found)
    assert told.startswith(
        f"2 h ahead the model misses a rhythm of amplitude {peak.amplitude:#.3g} ppm with a period of 24 h (8"
    )
    assert told.endswith(" % of the variance of the errors).")
    facts = found.facts()
    assert facts["residual_unit"] == "ppm"
    assert facts["residual_peaks"] == 1
    assert facts["residual_daily_amplitude"] == pytest.approx(peak.amplitude)
    assert facts["residual_strongest_hours"] == pytest.approx(24)
    assert found.deviation == pytest.approx(np.sqrt(72 + 16), rel=0.05)
    caption = residual_spectrum_caption(found)
    assert "1 gap" in caption
    assert caption.startswith("Errors 2 h ahead (forecast − observed) by the time of their targets.")


def test_only_the_last_step_counts_for_the_rhythm(tmp_path):
    windows = windows_of(FIVE_WEEKS, horizon=2)
    noise = np.random.default_rng(1).normal(0, 1, len(windows))
    daily = 12 * np.sin(2 * np.pi * hours_of(windows.origin) / 24)
    first, last = np.column_stack([daily, noise]), np.column_stack([noise, daily + noise])
    assert residual_spectrum(errors_of(windows, first, tmp_path)).spectra.peaks[0] == ()
    assert len(residual_spectrum(errors_of(windows, last, tmp_path)).spectra.peaks[0]) == 1


def test_without_a_rhythm_the_finding_says_what_would_have_been_seen(tmp_path):
    windows = windows_of(FIVE_WEEKS)
    found = residual_spectrum(
        errors_of(windows, np.random.default_rng(3).normal(0, 4, len(windows)), tmp_path)
    )
    daily = found.of_cycle
    amplitude, least, chance = daily.amplitude, daily.floor, daily.p_value
    assert chance == pytest.approx(np.exp(-(amplitude**2) / 2 / found.spectra.background[0, 33]))
    assert found.spectra.hours[33] == pytest.approx(24)
    assert least > amplitude
    told = residual_spectrum_finding(found)
    assert told.startswith("No rhythm in the errors 2 h ahead stands above the floor. At 24 h there are ")
    assert told.endswith(
        f"(p = {chance:.2f}, tested alone); above the floor it would be from {least:#.3g} ppm on."
    )
    assert found.facts() == {
        "residual_peaks": 0,
        "residual_rhythm_percent": 0.0,
        "residual_unit": "ppm",
        "residual_daily_amplitude": amplitude,
        "residual_daily_p": chance,
    }


def test_a_daily_rhythm_below_the_floor_is_tested_alone(tmp_path):
    windows = windows_of(FIVE_WEEKS)
    noise = np.random.default_rng(3).normal(0, 4, len(windows))
    hours = 2 * np.pi * hours_of(windows.origin) / 24
    found = residual_spectrum(errors_of(windows, noise + 0.6 * np.sin(hours), tmp_path))
    assert found.spectra.peaks[0] == ()
    assert found.of_cycle.p_value < 0.05
    told = residual_spectrum_finding(found)
    assert f"the model misses a daily rhythm of {found.of_cycle.amplitude:.3g} ppm amplitude (" in told


def test_other_rhythms_are_listed_and_the_daily_one_is_tested_beside_them(tmp_path):
    windows = windows_of(FIVE_WEEKS)
    hours = hours_of(windows.origin)
    rhythms = sum(9 * np.sin(2 * np.pi * hours / period) for period in (12, 8, 6, 4.8))
    noise = np.random.default_rng(3).normal(0, 4, len(windows))
    told = residual_spectrum_finding(residual_spectrum(errors_of(windows, rhythms + noise, tmp_path)))
    assert told.startswith("2 h ahead the model misses rhythms of amplitude ")
    assert told.count("ppm with a period of") == 3
    assert "and 1 weaker. All peaks hold 9" in told
    assert "tested alone" in told.lower()


def seen_at(windows, hours: tuple[int, ...], values: np.ndarray) -> TimeSeries:
    """Errors that are known at some hours of the day alone."""
    series = Bins(windows, 1).series(("Errors 2 h ahead",), "ppm")
    hour = np.arange(len(values)) % 24
    courses = np.where(np.isin(hour, hours), values, np.nan)[None]
    return replace(series, courses=courses, interval=pd.Timedelta("1h"))


def test_a_daily_rhythm_that_gaps_do_not_resolve_is_not_spoken_of():
    values = np.random.default_rng(0).normal(5, 1, 280 * 24)
    found = ResidualSpectrum(spectra(seen_at(windows_of(), (8,), values)), 2.0, 1.0, "ppm")
    assert found.of_cycle is None
    assert residual_spectrum_finding(found) == "No rhythm in the errors 2 h ahead stands above the floor."
    assert found.facts().keys() == {"residual_peaks", "residual_rhythm_percent", "residual_unit"}


def test_a_rhythm_of_which_gaps_resolve_a_part_is_told_without_its_amplitude():
    values = 4 * np.cos(2 * np.pi * np.arange(140 * 24) / 24) + np.random.default_rng(0).normal(size=140 * 24)
    found = ResidualSpectrum(spectra(seen_at(windows_of(), (0, 12), values)), 2.0, 1.0, "ppm")
    told = residual_spectrum_finding(found)
    assert told.startswith(
        "2 h ahead the model misses a rhythm of amplitude (not resolved through the gaps) with a period of 24 h (94 %"
    )
    assert "The gaps do not tell 24 h from 8 h" in told
    assert "residual_strongest_amplitude" not in found.facts()


@pytest.mark.parametrize("error", [0.0, 7.5])
def test_errors_that_never_change_have_no_rhythm(tmp_path, error):
    windows = windows_of()
    errors = errors_of(windows, np.zeros(len(windows)), tmp_path)
    errors = Errors(windows, np.full(len(windows), error), errors.squared, errors.crosses, errors.groups)
    found = residual_spectrum(errors)
    told = "The errors 2 h ahead are the same at all times, so they have no rhythm."
    assert residual_spectrum_finding(found) == told
    assert found.facts() == {}


def test_a_test_part_that_is_too_short_has_no_spectrum(tmp_path):
    windows = windows_of().select(torch.arange(39))
    found = residual_spectrum(errors_of(windows, np.random.default_rng(0).normal(size=39), tmp_path))
    assert residual_spectrum_finding(found) == spectra_too_short(found.spectra)
    assert found.of_cycle is None
    assert found.facts() == {}


def brute_force(windows: Windows, values: np.ndarray, middle: pd.Timestamp) -> tuple[float, int]:
    """Mean of the values whose origin lies in the 24 h around a moment, and their number."""
    near = (windows.origin >= middle - pd.Timedelta("12h")) & (windows.origin < middle + pd.Timedelta("12h"))
    return float(values[near].mean()) if near.any() else np.nan, int(near.sum())


@pytest.mark.parametrize(
    ("interval", "n_rows", "missing"),
    [
        ("1h", 600, (slice(300, 340), slice(500, 503))),
        ("5min", 2400, (slice(1500, 1600),)),
        ("30min", 900, ()),
    ],
)
def test_the_rolling_error_is_that_of_the_forecasts_of_24_hours(tmp_path, interval, n_rows, missing):
    windows = windows_of(n_rows, interval, missing=missing)
    error = (
        np.random.default_rng(0).normal(0, 9, (len(windows), 2)) * np.linspace(1, 3, len(windows))[:, None]
    )
    errors = errors_of(windows, error, tmp_path)
    found = rolling_error(errors)
    per_day = round(pd.Timedelta("24h") / pd.Timedelta(interval))
    for middle, rmse, crossing in zip(found.time, found.rmse, found.crossing, strict=True):
        expected, number = brute_force(windows, errors.squared, middle)
        if number >= 0.75 * per_day:
            assert rmse == pytest.approx(np.sqrt(expected), rel=1e-9)
            assert crossing == pytest.approx(brute_force(windows, errors.crosses, middle)[0], abs=1e-12)
        else:
            assert np.isnan(rmse)
            assert np.isnan(crossing)
    assert np.isnan(found.rmse).any()
    assert np.isfinite(found.to_frame()).all(axis=None)
    assert found.overall == pytest.approx(np.sqrt((error**2).mean()), rel=1e-3)


def test_the_worst_day_is_named(tmp_path):
    windows = windows_of(40 * 24, start="2025-10-01", site_timezone="America/New_York")
    error = np.ones(len(windows))
    bad = (windows.origin >= pd.Timestamp("2025-11-05 14:00", tz="America/New_York"))[:] & (
        windows.origin < pd.Timestamp("2025-11-06 14:00", tz="America/New_York")
    )
    error[bad] = 10
    found = rolling_error(errors_of(windows, error, tmp_path))
    told = rolling_error_finding(found)
    assert "Worst are the forecasts that start in the 24 h from Wednesday, 5 November 2025, 14:00 on" in told
    assert "Over 24 h it lies between 1.00 and 10.0 ppm." in told
    facts = found.facts()
    assert facts["worst_day_rmse"] == pytest.approx(10, rel=1e-3)
    assert facts["worst_day_from"] == "Wednesday, 5 November 2025, 14:00"
    assert facts["best_day_rmse"] == pytest.approx(1, rel=1e-3)


def test_the_rolling_error_of_daily_forecasts_is_that_of_weeks_of_local_days(tmp_path):
    days = pd.date_range("2025-01-01", periods=150, tz="Europe/Berlin")
    frame = pd.DataFrame({"co2": np.arange(150.0) % 7}, index=days.tz_convert("UTC"))
    zone, units = "Europe/Berlin", {"co2": "ppm"}
    dataset = make_dataset(
        "d", frame, target="co2", interval=pd.Timedelta("1D"), site_timezone=zone, units=units
    )
    windows = raw_windows(
        dataset, 2, SplitParams(validation_blocks=1, train=0.4, validation=0.1), lookback=3, residual="none"
    )["test"]
    error = np.ones(len(windows))
    at = int(np.flatnonzero(windows.origin == pd.Timestamp("2025-04-02", tz=zone))[0])
    error[at] = 10
    errors = errors_of(windows, error, tmp_path)
    assert (
        errors.target_time.tz_localize(None) - windows.origin.tz_localize(None) == pd.Timedelta("2D")
    ).all()
    found = rolling_error(errors)
    told = rolling_error_finding(found)
    # the first of the seven weeks that hold the error; it has a day of 23 hours
    assert "the forecasts that start in the 7 days from Thursday, 27 March 2025 on" in told
    assert "start within 7 days, shown at their middle" in rolling_error_caption(found)
    assert found.time[at] == pd.Timestamp("2025-04-02", tz=zone)
    np.testing.assert_allclose(found.rmse[at - 3 : at + 4], np.sqrt((6 + 100) / 7), rtol=1e-3)
    np.testing.assert_allclose(found.rmse[[at - 4, at + 4]], 1, rtol=1e-3)


def test_the_rolling_error_of_weekly_forecasts_is_that_of_years(tmp_path):
    windows = windows_of(400, "7D")
    found = rolling_error(errors_of(windows, np.arange(len(windows)) % 5, tmp_path))
    assert "Over 52 weeks it lies between" in rolling_error_finding(found)
    assert "start within 52 weeks, shown at their middle" in rolling_error_caption(found)
    middle = len(windows) // 2
    np.testing.assert_allclose(
        found.rmse[middle] ** 2, np.mean((np.arange(middle - 26, middle + 26) % 5) ** 2), rtol=1e-3
    )


def test_forecasts_that_cross_regimes_are_told_from_the_others(tmp_path):
    windows = windows_of()
    crosses = errors_of(windows, np.zeros(len(windows)), tmp_path).crosses
    found = rolling_error(errors_of(windows, np.where(crosses, 6.0, 2.0), tmp_path))
    assert found.rmse_crossing == pytest.approx(6, rel=1e-4)
    assert found.rmse_steady == pytest.approx(2, rel=1e-4)
    assert "changes its regime have an RMSE of 6.00 ppm, the others 2.00 ppm." in rolling_error_finding(found)
    assert found.facts()["rmse_crossing_regimes"] == found.rmse_crossing


@pytest.mark.parametrize(
    ("edges", "told", "known", "missing"),
    [
        ((-10.0, -5.0), "during no forecast", "rmse_within_a_regime", "rmse_crossing_regimes"),
        ((500.0, 500.0), "during every forecast", "rmse_crossing_regimes", "rmse_within_a_regime"),
    ],
)
def test_a_regime_that_changes_never_or_always(tmp_path, edges, told, known, missing):
    values = np.where(np.arange(400) % 2, 400.0, 600.0)
    windows = windows_of(columns={"co2": values})
    errors = errors_of(windows, np.ones(len(windows)), tmp_path, edges)
    found = rolling_error(errors)
    assert told in rolling_error_finding(found)
    assert known in found.facts()
    assert missing not in found.facts()


def test_a_test_part_of_less_than_a_day_has_no_rolling_error(tmp_path):
    found = rolling_error(errors_of(windows_of().select(torch.arange(17)), np.ones(17), tmp_path))
    assert found.is_empty
    told = "No 24 h hold enough forecasts for a rolling error; the RMSE of all is 1.00 ppm."
    assert rolling_error_finding(found) == told
    assert found.to_frame().empty
    assert "worst_day_rmse" not in found.facts()


def test_forecasts_of_years_roll_alone_for_there_is_no_cycle(tmp_path):
    windows = windows_of(200, "year", lookback=7, horizon=1)
    error = np.random.default_rng(0).normal(size=len(windows))
    found = rolling_error(errors_of(windows, error, tmp_path))
    np.testing.assert_allclose(found.rmse, np.abs(error), atol=1e-4)  # float32 of forecasts around 500
    assert "in the 1 year from " in rolling_error_finding(found)


def test_forecasts_that_are_no_numbers_are_refused_and_no_gap(tmp_path):
    windows = windows_of()
    with pytest.raises(LstmkitError, match="forecasts are NaN or infinite for the window"):
        errors_of(windows, np.where(np.arange(len(windows)) == 5, np.nan, 1.0), tmp_path)
