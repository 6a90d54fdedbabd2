"""Spectra: planted rhythms are found with their period, amplitude and share, also beside gaps; noise shows none."""

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter
from scipy.stats import binomtest

from lstmkit.analysis.rhythms.series import TimeSeries
from lstmkit.analysis.rhythms.spectra import share_of, spectra
from lstmkit.data.calendar import Calendar
from lstmkit.findings.rhythms.spectra import spectra_caption, spectra_finding, spectra_too_short

WEEKS = 336  # half hours


def series_of(
    *values: np.ndarray, interval: str = "30min", names: tuple[str, ...] | None = None
) -> TimeSeries:
    names = names or tuple(f"series {number}" for number in range(len(values)))
    return TimeSeries(
        names=names,
        details=("",) * len(names),
        unit="ppm",
        courses=np.array(values, "float64"),
        interval=pd.Timedelta(interval),
    )


def sinusoid(hours: float, amplitude: float, n_steps: int, step: float = 0.5) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * np.arange(n_steps) * step / hours + 0.7)


def noise(n_steps: int, seed: int = 0, phi: float = 0.0) -> np.ndarray:
    white = np.random.default_rng(seed).normal(size=n_steps + 500)
    return lfilter([1], [1, -phi], white)[500:]


def lose(values: np.ndarray, *, days: tuple[tuple[float, float], ...] = ((5, 8), (20, 24.4))) -> np.ndarray:
    values = values.copy()
    for first, last in days:
        values[int(48 * first) : int(48 * last)] = np.nan
    values[::37] = np.nan
    return values


@pytest.mark.parametrize(
    ("hours", "rhythm"),
    [(24, "day"), (12, "day"), (4.8, "day"), (168, "week"), (28, "week"), (21, "week"), (5.04, "other")],
)
@pytest.mark.parametrize("gaps", [False, True], ids=["whole", "with gaps"])
def test_a_planted_rhythm_is_found_with_its_period_and_amplitude(hours, rhythm, gaps):
    n_steps = 6 * WEEKS
    values = sinusoid(hours, 3, n_steps) + noise(n_steps)
    found = spectra(series_of(lose(values) if gaps else values))
    (peak,) = found.peaks[0]
    assert peak.hours == pytest.approx(hours)
    assert peak.amplitude == pytest.approx(3, abs=5 * np.sqrt(2 / n_steps))
    assert peak.share == pytest.approx(4.5 / 5.5, rel=0.05)
    assert peak.rhythm == rhythm
    assert peak.times_floor > 10
    assert share_of(found.peaks[0], rhythm) == found.share[0] == peak.share


def series_in_steps(interval: str, values: np.ndarray) -> TimeSeries:
    calendar = Calendar(interval)
    return TimeSeries(("a",), ("",), "", values[None], calendar.step, calendar)


@pytest.mark.parametrize(
    ("interval", "period", "n_steps", "rhythm", "told"),
    [
        ("1D", 7, 420, "week", "at 7 days"),
        ("1D", 3.5, 420, "week", "at 3.5 days"),
        ("business day", 5, 400, "week", "at 5 business days"),
        ("7D", 52, 520, "year", "at 52 weeks"),
        ("month", 12, 240, "year", "at 12 months"),
        ("month", 6, 240, "year", "at 6 months"),
        ("quarter", 4, 120, "year", "at 4 quarters"),
        ("year", 10, 100, "other", "at 10 years"),
    ],
)
def test_a_planted_cycle_of_the_calendar_is_found_and_named(interval, period, n_steps, rhythm, told):
    found = spectra(series_in_steps(interval, sinusoid(period, 3, n_steps, step=1) + noise(n_steps)))
    (peak,) = found.peaks[0]
    step = Calendar(interval).step / pd.Timedelta("1h")
    assert peak.hours == pytest.approx(period * step)
    assert peak.amplitude == pytest.approx(3, abs=5 * np.sqrt(2 / n_steps))
    assert peak.rhythm == rhythm
    assert f"one peak above the floor, {told}, with" in spectra_finding(found)
    unit = Calendar(interval).unit_key
    assert found.peaks_frame()[f"period_{unit}s"].tolist() == pytest.approx([period])
    expected = {f"a_{cycle.name}_percent" for cycle in Calendar(interval).rhythms} | {"a_strongest_hours"}
    assert found.facts().keys() == expected


def test_a_year_of_days_and_its_weeks_are_told_apart():
    n_steps = 5 * 365
    values = sinusoid(365, 5, n_steps, step=1) + sinusoid(7, 2, n_steps, step=1) + noise(n_steps)
    first, second = spectra(series_in_steps("1D", values)).peaks[0]
    assert (first.rhythm, second.rhythm) == ("year", "week")
    assert first.hours / 24 == pytest.approx(364)  # a fifth of the 260 weeks that are whole
    assert second.hours / 24 == pytest.approx(7)
    assert (first.amplitude, second.amplitude) == pytest.approx((5, 2), rel=0.1)


def test_the_caption_of_monthly_steps_counts_in_months_and_years():
    caption = spectra_caption(spectra(series_in_steps("month", noise(120))))
    assert "spectra over 10 years in steps of 1 month (nothing missing)" in caption
    assert "periods from 5 years down to 2.03 months" in caption
    short = spectra(series_in_steps("month", noise(30)))
    assert spectra_too_short(short).startswith("2.5 years in steps of 1 month are too short for a spectrum")


def test_what_a_strong_rhythm_leaks_through_gaps_is_no_peak():
    (peak,) = spectra(series_of(lose(sinusoid(24, 30, 6 * WEEKS) + noise(6 * WEEKS)))).peaks[0]
    assert peak.hours == pytest.approx(24)
    assert peak.amplitude == pytest.approx(30, rel=0.01)


def test_two_rhythms_are_told_apart_across_gaps():
    n_steps = 6 * WEEKS
    values = lose(sinusoid(24, 10, n_steps) + sinusoid(28, 1, n_steps) + 0.5 * noise(n_steps))
    first, second = spectra(series_of(values)).peaks[0]
    assert (first.hours, second.hours) == pytest.approx((24, 28))
    assert second.amplitude == pytest.approx(1, rel=0.1)


def test_a_daily_rhythm_of_working_days_is_a_rhythm_of_day_and_week():
    half_hours = np.arange(8 * WEEKS)
    at_work = (half_hours % WEEKS < 5 * 48) & (half_hours % 48 >= 18) & (half_hours % 48 < 36)
    (peaks,) = spectra(series_of(10.0 * at_work + noise(8 * WEEKS))).peaks
    assert {round(peak.hours, 6) for peak in peaks} >= {168, 28, 24, 21, 12}
    assert {peak.rhythm for peak in peaks} == {"day", "week"}
    assert sum(peak.share for peak in peaks) == pytest.approx(
        at_work.var() * 100 / (at_work.var() * 100 + 1), abs=0.015
    )


def test_noise_with_gaps_passes_the_floor_as_often_as_promised():
    seeds = 150
    series = [
        series_of(lose(noise(3 * WEEKS, seed, phi=0.9), days=((4, 6), (9, 10)))) for seed in range(seeds)
    ]
    alarms = sum(bool(spectra(one).peaks[0]) for one in series)
    assert binomtest(alarms, seeds, 0.05).pvalue > 0.01, alarms / seeds


@pytest.mark.parametrize(
    ("steps", "kept"),
    [
        (6 * WEEKS + 335, 6 * WEEKS),
        (4 * WEEKS, 4 * WEEKS),
        (4 * WEEKS - 1, 27 * 48),
        (4 * 48 - 1, 4 * 48 - 1),
    ],
)
def test_series_are_cut_to_whole_weeks_or_days(steps, kept):
    found = spectra(series_of(noise(steps)))
    assert found.span == kept / 2
    assert found.hours[0] == kept / 4  # two cycles
    assert 1 < found.hours[-1] < 1.03
    assert found.power.shape == found.floor.shape == found.background.shape == (1, len(found.hours))


def test_a_trend_changes_nothing():
    values = sinusoid(24, 3, 4 * WEEKS) + noise(4 * WEEKS)
    plain = spectra(series_of(values))
    tilted = spectra(series_of(values + 500 - 0.1 * np.arange(4 * WEEKS)))
    np.testing.assert_allclose(plain.power, tilted.power, rtol=1e-6)
    assert plain.variance == pytest.approx(tilted.variance, rel=1e-9)


def test_powers_and_shares_belong_to_one_variance():
    found = spectra(series_of(noise(4 * WEEKS)))
    untested = found.variance[0] - found.power[0].sum()
    assert 0 < untested < 0.01  # one cycle, and the alternation from step to step


def test_constant_series_are_named_and_left_out():
    found = spectra(series_of(np.full(4 * WEEKS, 400.1), sinusoid(24, 3, 4 * WEEKS) + noise(4 * WEEKS)))
    assert found.constant == ("series 0",)
    assert found.names == ("series 1",)
    assert "Constant over the whole time, so without a spectrum: series 0." in spectra_finding(found)
    nothing = spectra(series_of(np.full(4 * WEEKS, 400.1)))
    assert nothing.power.shape[0] == 0
    assert nothing.facts() == {}
    assert spectra_finding(nothing) == "Constant over the whole time, so without a spectrum: series 0."
    assert nothing.to_frame().empty


@pytest.mark.parametrize(
    "values", [noise(39), np.where(np.arange(960) % 48 < 1, noise(960), np.nan), [np.nan] * 9]
)
def test_a_series_that_is_too_short_has_no_spectrum(values):
    found = spectra(series_of(np.asarray(values)))
    assert len(found.hours) == 0
    assert spectra_finding(found) == spectra_caption(found) == spectra_too_short(found)
    assert "too short for a spectrum, which needs 20 frequencies" in spectra_finding(found)
    assert found.to_frame().empty
    assert found.peaks_frame().empty


def test_days_are_a_sampling_interval_like_any_other():
    days = np.arange(400)
    values = 5 * np.cos(2 * np.pi * days / 7) + noise(400)
    (peak,) = spectra(series_of(values, interval="1D")).peaks[0]
    assert peak.hours == pytest.approx(168)
    assert peak.rhythm == "week"


def test_a_rhythm_without_any_noise_is_a_single_peak():
    (peak,) = spectra(series_of(sinusoid(24, 3, 4 * WEEKS))).peaks[0]
    assert peak.hours == pytest.approx(24)
    assert peak.amplitude == pytest.approx(3, rel=1e-3)  # the linear trend takes a little


@pytest.mark.parametrize("slope", [1.0, 1e-4, -3e5])
def test_a_straight_line_has_no_rhythm(slope):
    assert spectra(series_of(400 + slope * np.arange(4 * WEEKS))).peaks == ((),)


def test_periods_of_neighbouring_frequencies_are_one_peak():
    n_steps = 8 * WEEKS
    shifted = np.where(
        np.arange(n_steps) < n_steps / 2, sinusoid(24, 5, n_steps), sinusoid(24, 5, n_steps + 8)[8:]
    )
    (peaks,) = spectra(series_of(shifted + 0.3 * noise(n_steps))).peaks  # as when clocks change
    near = [peak for peak in peaks if 23 < peak.hours < 25]
    assert len(near) == 1
    assert near[0].hours == pytest.approx(24)


def test_the_finding_says_what_is_there():
    n_steps = 6 * WEEKS
    both = sinusoid(24, 4, n_steps) + sinusoid(5.04, 2, n_steps) + noise(n_steps)
    names = ("both", "one", "none")
    found = spectra(series_of(both, sinusoid(24, 3, n_steps) + noise(n_steps), noise(n_steps), names=names))
    told = spectra_finding(found)
    assert "both: 2 peaks above the floor hold" in told
    assert "at 24 h and its whole fractions, " in told
    assert "% elsewhere); strongest: 24 h (" in told
    assert "one: one peak above the floor, at 24 h, with 82 % of its variance." in told
    assert told.endswith("none: no period stands above the floor.")
    facts = found.facts()
    assert facts["both_strongest_hours"] == pytest.approx(24)
    assert facts["one_day_percent"] == pytest.approx(100 * found.share[1])
    assert facts["none_week_percent"] == 0
    assert "none_strongest_hours" not in facts
    assert "6 weeks" not in spectra_caption(found)
    assert "over 42 days in means of 30 min (nothing missing)" in spectra_caption(found)


def test_some_of_the_series_keep_what_is_theirs():
    n_steps = 4 * WEEKS
    rows = [sinusoid(hours, 3, n_steps) + noise(n_steps, seed) for seed, hours in enumerate((24, 12, 8))]
    found = spectra(series_of(*rows))
    some = found.select(np.array([2, 0]))
    assert some.names == ("series 2", "series 0")
    assert [peaks[0].hours for peaks in some.peaks] == pytest.approx([8, 24])
    np.testing.assert_array_equal(some.power, found.power[[2, 0]])
    np.testing.assert_array_equal(some.variance, found.variance[[2, 0]])


def test_frames():
    found = spectra(series_of(sinusoid(24, 3, 4 * WEEKS) + noise(4 * WEEKS), names=("PC 1",)))
    frame = found.to_frame()
    assert frame.index.names == ["series", "period_hours"]
    np.testing.assert_array_equal(frame["power"], found.power[0])
    peaks = found.peaks_frame()
    assert list(peaks.index) == ["PC 1"]
    assert peaks["period_hours"].tolist() == [found.peaks[0][0].hours]
    assert peaks["share_percent"].tolist() == [100 * found.peaks[0][0].share]
    columns = ["period_hours", "amplitude", "share_percent", "times_floor", "rhythm"]
    assert list(peaks.columns) == columns  # without gaps no period stands for another
