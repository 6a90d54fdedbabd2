"""Autocorrelation: φ^k of an autoregression, bounds of white noise, and the time to forget."""

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from lstmkit.analysis.rhythms.autocorrelation import autocorrelation
from lstmkit.analysis.rhythms.series import TimeSeries
from lstmkit.data.calendar import Calendar
from lstmkit.findings.rhythms.autocorrelation import autocorrelation_caption, autocorrelation_finding


def series_of(*values: np.ndarray, interval: str = "30min") -> TimeSeries:
    return TimeSeries(
        names=tuple(f"PC {number + 1}" for number in range(len(values))),
        details=("half", *[""] * (len(values) - 1)),
        unit="",
        courses=np.array(values, "float64"),
        interval=pd.Timedelta(interval),
    )


def autoregression(phi: float, n_steps: int, seed: int = 0) -> np.ndarray:
    return lfilter([1], [1, -phi], np.random.default_rng(seed).normal(size=n_steps + 500))[500:]


@pytest.mark.parametrize("phi", [0.5, 0.9])
@pytest.mark.parametrize("gaps", [False, True], ids=["whole", "with gaps"])
def test_an_autoregression_forgets_by_powers(phi, gaps):
    values = autoregression(phi, 60_000)
    if gaps:
        values[10_000:16_000] = values[::11] = np.nan
    found = autocorrelation(series_of(values))
    lags = np.arange(97)
    np.testing.assert_allclose(found.correlation[0], phi**lags, atol=5 * np.sqrt(2 / (1 - phi) / 60_000))
    np.testing.assert_array_equal(found.hours, lags / 2)
    assert found.decorrelation[0] == pytest.approx(-0.5 / np.log(phi), rel=0.1)


@pytest.mark.parametrize(
    ("interval", "period", "lags", "key", "told"),
    [
        ("1D", 7, 14, "week", "a week later"),
        ("7D", 52, 104, "year", "a year later"),
        ("month", 12, 24, "year", "a year later"),
    ],
)
def test_longer_steps_are_followed_over_two_of_their_cycles(interval, period, lags, key, told):
    calendar = Calendar(interval)
    values = np.sin(2 * np.pi * np.arange(10 * period) / period)
    found = autocorrelation(TimeSeries(("PC 1",), ("",), "", values[None], calendar.step, calendar))
    assert len(found.hours) == lags + 1
    assert found.after_a_cycle == pytest.approx((1,))
    assert found.facts()[f"pc_1_autocorrelation_{key}"] == pytest.approx(1)
    assert f"and is 1.00 {told}" in autocorrelation_finding(found)
    assert (
        f"in steps of {calendar.label(1)} up to {calendar.duration(found.hours[-1])}"
        in autocorrelation_caption(found)
    )
    np.testing.assert_allclose(found.to_frame().index, np.arange(lags + 1))
    assert found.to_frame().index.name == f"lag_{calendar.unit}s"


def test_it_is_the_definition():
    values = autoregression(0.7, 400)
    around = values - values.mean()
    found = autocorrelation(series_of(values)).correlation[0]
    assert len(found) == 97
    for lag in (0, 1, 2, 50, 96):
        pairs = around[: 400 - lag] * around[lag:]
        assert found[lag] == pytest.approx(pairs.mean() / (around**2).mean(), abs=1e-12)


def test_what_is_missing_is_left_out_of_the_pairs():
    values = autoregression(0.7, 400)
    values[100:150] = values[::9] = np.nan
    around = values - np.nanmean(values)
    found = autocorrelation(series_of(values))
    for lag in (1, 7, 60):
        pairs = around[: 400 - lag] * around[lag:]
        assert found.correlation[0, lag] == pytest.approx(
            np.nanmean(pairs) / np.nanmean(around**2), abs=1e-12
        )
    assert found.n_values == np.isfinite(values).sum()


def test_the_bounds_hold_19_of_20_autocorrelations_of_white_noise():
    noise = np.random.default_rng(0).normal(size=(100, 4000))
    found = autocorrelation(series_of(*noise))
    assert found.bound == pytest.approx(1.96 / np.sqrt(4000))
    inside = np.abs(found.correlation[:, 1:]) < found.bound
    assert inside.mean() == pytest.approx(0.95, abs=0.006)  # of 9,600


def test_a_daily_rhythm_returns_after_a_cycle():
    rhythm = np.sin(2 * np.pi * np.arange(48 * 40) / 48)
    found = autocorrelation(series_of(rhythm, -rhythm))
    assert found.after_a_cycle == pytest.approx((1, 1))
    assert found.correlation[0, 24] == pytest.approx(-1)
    fall = np.arccos(np.exp(-1)) / (2 * np.pi) * 24
    assert found.decorrelation == pytest.approx((fall, fall), rel=0.005)  # a straight line between lags
    finding = autocorrelation_finding(found)
    assert "PC 1 (half) falls to 1/e after 4.57 h and is 1.00 a day later. PC 2 falls to 1/e" in finding
    assert "±0.045 are those of white noise" in finding
    assert found.facts()["pc_1_autocorrelation_24h"] == pytest.approx(1)
    assert "n = 1,920 the length of the series" in autocorrelation_caption(found)


def test_a_series_that_never_forgets_says_so():
    found = autocorrelation(series_of(np.arange(2000.0)))
    assert found.decorrelation == (None,)
    assert "PC 1 (half) stays above 1/e for 48 h and is 0." in autocorrelation_finding(found)
    assert "pc_1_decorrelation_hours" not in found.facts()


def test_constant_series_are_named_and_left_out():
    found = autocorrelation(series_of(np.full(400, 0.1), autoregression(0.5, 400)))
    assert found.names == ("PC 2",)
    assert "Constant, so without an autocorrelation: PC 1." in autocorrelation_finding(found)
    alone = autocorrelation(series_of(np.full(400, 0.1)))
    assert alone.correlation.shape == (0, 97)
    assert autocorrelation_finding(alone) == "Constant, so without an autocorrelation: PC 1."
    assert alone.facts() == {}


@pytest.mark.parametrize(
    "values", [autoregression(0.5, 19), np.where(np.arange(90) < 19, 1.0 * np.arange(90), np.nan)]
)
def test_too_few_values_have_no_autocorrelation(values):
    found = autocorrelation(series_of(values))
    told = "An autocorrelation needs 20 values; the series has 19."
    assert autocorrelation_finding(found) == autocorrelation_caption(found) == told
    assert found.to_frame().empty
    assert found.facts() == {}


@pytest.mark.parametrize(
    ("n_steps", "interval", "longest"),
    [(100, "30min", 12.5), (1000, "2h", 48), (500, "1D", 48), (24, "1h", 6), (20, "1h", 5)],
)
def test_lags_reach_two_days_or_a_quarter_of_the_series(n_steps, interval, longest):
    found = autocorrelation(series_of(autoregression(0.5, n_steps), interval=interval))
    assert found.hours[-1] == longest
    assert (found.after_a_cycle[0] is None) == (longest < 24)
    assert ("a day later" in autocorrelation_finding(found)) == (longest >= 24)


def test_lags_end_where_a_gap_leaves_too_few_pairs():
    values = np.arange(300.0)
    values[40:260] = np.nan  # two stretches of 20 h, 110 h apart
    found = autocorrelation(series_of(values))
    assert found.hours[-1] == 16  # lag 32 has 2 * 8 pairs, lag 33 has 2 * 7
    assert found.after_a_cycle == (None,)
    assert autocorrelation_finding(found).startswith("PC 1 (half) stays above 1/e for 16 h. The bounds")
    caption = autocorrelation_caption(found)
    assert "of the means of 30 min up to 16 h, no lag with fewer than 15 pairs." in caption
    assert found.facts() == {}


def test_a_shorter_gap_leaves_all_lags():
    values = autoregression(0.5, 300)
    values[40:60] = np.nan
    assert autocorrelation(series_of(values)).hours[-1] == 37.5


def test_values_without_neighbours_have_no_autocorrelation():
    found = autocorrelation(series_of(np.where(np.arange(400) % 2, np.nan, autoregression(0.5, 400))))
    assert found.n_values == 200
    assert (
        autocorrelation_finding(found)
        == autocorrelation_caption(found)
        == "An autocorrelation needs 15 pairs of neighbouring values; the series' gaps leave fewer."
    )
    assert found.to_frame().empty
    assert found.facts() == {}


def test_frame():
    found = autocorrelation(series_of(autoregression(0.5, 400), autoregression(0.9, 400, 1)))
    frame = found.to_frame()
    assert list(frame.columns) == ["PC 1", "PC 2"]
    assert frame.index.name == "lag_hours"
    np.testing.assert_array_equal(frame["PC 2"], found.correlation[1])
