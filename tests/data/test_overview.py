"""The overview of a series whose weeks are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from lstmkit.data.regimes import Regimes

from lstmkit.data.grid import make_dataset
from lstmkit.data.overview import overview
from lstmkit.findings.data.overview import averages, gap_sentence, overview_caption, overview_finding
from lstmkit.params import SplitParams
from tests.series import dataset_of, raw_windows

SPLIT = SplitParams(
    validation_blocks=1, train=2016 / 2681, validation=336 / 2681
)  # six weeks and one of what is observed
EDGES = (450.0, 550.0)


@pytest.fixture(scope="module")
def result():
    """Eight weeks by half-hours from Monday, 00:00 on; week w is hour of week + 1000·w; two gaps."""
    half_hours = np.arange(8 * 336)
    co2 = half_hours // 2 % 168 + 1000.0 * (half_hours // 336)
    keep = np.ones(len(co2), bool)
    keep[7 * 336 + 10] = False  # 30 minutes in the test part
    keep[7 * 336 + 20 : 7 * 336 + 26] = False  # three hours
    dataset = dataset_of({"co2": co2}, interval="30min", keep=keep)
    return overview(dataset, raw_windows(dataset, 2, SPLIT, lookback=4), REGIMES)


def test_parts(result):
    starts = {name: str(start) for name, ((start, _),) in result.stretches.items()}
    assert starts == {
        "train": "2025-06-02 00:00:00+00:00",
        "validation": "2025-07-14 00:00:00+00:00",
        "test": "2025-07-21 00:00:00+00:00",
    }
    assert result.stretches["test"][0][1] == pd.Timestamp("2025-07-27 23:30", tz="UTC")
    # the first part of n steps has n − 5 windows, the others n − 1: their inputs reach into the part before;
    # rows 10 and 20…25 of the test part are no origins or not known
    blocked = {start for start in range(-4, 331) for row in range(20, 26) if start <= row < start + 6} | {7}
    assert result.windows == {"train": 6 * 336 - 5, "validation": 335, "test": 335 - len(blocked)}
    assert result.to_frame().loc["test"].tolist() == ["2025-07-21 00:00", 335 - len(blocked)]


def test_the_week_is_that_of_the_training_part(result):
    assert result.week.shape == (168, 3)
    hours = np.arange(168)
    assert result.week["50 %"].tolist() == (hours + 2500).tolist()  # six weeks: 0, 1000, …, 5000
    # twelve values, two of each week; the 10 % quantile lies at position 1.1, between week 0 and week 1
    np.testing.assert_allclose(result.week["10 %"], hours + 100)
    np.testing.assert_allclose(result.week["90 %"], hours + 4900)


def test_hourly_means_have_holes_where_the_gaps_are(result):
    assert len(result.means) == 8 * 168
    missing = np.flatnonzero(result.means.isna()) - 7 * 168
    assert missing.tolist() == [10, 11, 12]
    assert result.means.iloc[170] == 1002


def test_small_values_have_three_digits(result):
    small = replace(
        result,
        unit="mol/mol",
        means=5e-4 + 1e-4 * np.sign(result.means - result.means.median()),
        week=1e-7 * result.week,
        regimes=Regimes(("Low", "Medium", "High"), (0.000443, 0.000512)),
    )
    found = overview_finding(small)
    assert "CO₂ 0.00050 ± 0.00010 mol/mol." in found
    assert "(0.000267 mol/mol) and lowest at 0.000250 mol/mol" in found
    assert "Low below 0.000443, High from 0.000512 mol/mol on" in found


def test_the_finding(result):
    found = overview_finding(result)
    assert found.startswith("Hand: 02 June 2025 to 27 July 2025, CO₂ ")
    assert "highest on Sunday at 23:00 (2,667 ppm) and lowest at 2,500 ppm" in found
    assert "Low below 450, High from 550 ppm on" in found
    assert "1 gap of up to an hour (1 step) interpolated" in found
    assert "1 longer gap (6 steps, the longest 3.0 h) splitting the series" in found


def test_a_series_without_gaps_says_so():
    dataset = dataset_of({"co2": np.arange(300.0)})
    found = overview(dataset, raw_windows(dataset, 1, lookback=2), REGIMES)
    assert gap_sentence(found.gaps) == "Nothing is missing."


def test_hours_of_a_week_that_training_lacks_are_missing():
    dataset = dataset_of({"co2": np.arange(60.0)})  # two and a half days
    result = overview(dataset, raw_windows(dataset, 1, lookback=2), REGIMES)
    assert result.week["50 %"].notna().sum() == 36
    assert result.week.index.tolist() == list(range(168))


def test_regimes_that_no_value_of_the_training_part_lies_in_are_said(result):
    regimes = Regimes(("Low", "Medium", "High"), (1.0, 1.0), empty=("Medium",))
    found = overview_finding(replace(result, regimes=regimes))
    assert "High from 1.00 ppm on. No value of the training part is Medium. Missing: " in found


def stepwise(interval: str, periods: int, timezone: str = "Europe/Berlin"):
    """A series from Monday, 6 January 2025, local midnight on, over the change of the clocks; steps are counted."""
    steps = pd.date_range("2025-01-06", periods=periods, freq=interval, tz=timezone)
    frame = pd.DataFrame({"co2": np.arange(float(periods))}, index=steps.tz_convert("UTC"))
    dataset = make_dataset(
        "Hand",
        frame,
        target="co2",
        interval=pd.Timedelta(interval),
        site_timezone=timezone,
        units={"co2": "ppm"},
    )
    split = SplitParams(validation_blocks=1, train=0.5, validation=0.25)
    return overview(dataset, raw_windows(dataset, 1, split, lookback=2, residual="none"), REGIMES)


@pytest.mark.parametrize(
    ("interval", "means", "week_hours"),
    [
        ("20min", "hourly means", 1),
        ("1h", "hourly means", 1),
        ("90min", "means over 1.5 h", 2),
        ("3h", "means over 3 h", 3),
        ("12h", "means over 12 h", 12),
        ("1D", "daily means", 24),
        ("2D", "means over 48 h", 168),
        ("7D", "weekly means", 168),
    ],
)
def test_means_are_over_no_less_than_the_interval(interval, means, week_hours):
    result = stepwise(interval, 112)
    assert averages(result) == means
    assert means in overview_caption(result)
    assert result.means.notna().all()
    if pd.Timedelta(interval) >= pd.Timedelta("1h"):
        assert result.means.tolist() == list(range(112))
    assert result.week_hours == week_hours
    assert result.week.index.tolist() == list(range(0, 168, week_hours))


def test_the_week_of_daily_values():
    result = stepwise("1D", 112)  # eight weeks of training
    assert result.week["50 %"].tolist() == [day + 24.5 for day in range(7)]  # Mondays are 0, 7, …, 49
    told = overview_finding(result)
    assert "the weekly median is highest on Sunday (30.5 ppm) and lowest at 24.5 ppm" in told
    assert "and its week (below)" in overview_caption(result)
    assert str(result.stretches["test"][0][0]) == "2025-03-31 00:00:00+02:00"


def test_the_week_of_steps_of_six_hours():
    result = stepwise("6h", 112)  # two weeks of training
    assert result.week["50 %"].tolist() == [step + 14.0 for step in range(28)]
    assert "highest on Sunday from 18:00 to 24:00 (41.0 ppm)" in overview_finding(result)


def test_weekly_values_have_no_week():
    result = stepwise("7D", 112)
    assert result.week["50 %"].tolist() == [27.5]
    assert "In the training part the median is 27.5 ppm. Regimes" in overview_finding(result)
    assert "the spread of the training part (below)" in overview_caption(result)


def test_a_part_starts_with_its_first_observed_step():
    keep = np.ones(400, bool)
    keep[200:320] = False
    dataset = dataset_of({"co2": np.arange(400.0)}, keep=keep)
    split = SplitParams(validation_blocks=1, train=200 / 280, validation=40 / 280)
    result = overview(dataset, raw_windows(dataset, 1, split, lookback=2), REGIMES)
    assert str(result.stretches["validation"][0][0]) == str(
        pd.Timestamp("2025-06-02", tz="UTC") + pd.Timedelta("320h")
    )


def test_a_gap_of_weeks_is_told_in_days():
    keep = np.ones(3000, bool)
    keep[1000:2632] = False  # 68 days
    dataset = dataset_of({"co2": np.arange(3000.0)}, keep=keep)
    split = SplitParams(validation_blocks=1, train=0.5, validation=0.25)
    found = overview_finding(overview(dataset, raw_windows(dataset, 1, split, lookback=2), REGIMES))
    assert "1 longer gap (1,632 steps, the longest 68 days) splitting the series" in found
