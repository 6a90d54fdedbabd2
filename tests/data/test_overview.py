"""The overview of a series whose weeks are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lstmkit.data.dataset import Dataset
from lstmkit.data.grid import make_dataset
from lstmkit.data.groups import Groups
from lstmkit.data.overview import Overview, overview
from lstmkit.data.windows import Windows
from lstmkit.findings.data.overview import averages, gap_sentence, overview_caption, overview_finding
from lstmkit.params import SplitParams
from tests.groups import SHIFTS, by_edges
from tests.series import dataset_of, raw_windows

SPLIT = SplitParams(
    validation_blocks=1, train=2016 / 2681, validation=336 / 2681
)  # six weeks and one of what is observed
EDGES = (450.0, 550.0)


def described(dataset: Dataset, windows: dict[str, Windows]) -> Overview:
    return overview(dataset, windows, by_edges(windows["train"], EDGES))


@pytest.fixture(scope="module")
def result():
    """Eight weeks by half-hours from Monday, 00:00 on; week w is hour of week + 1000·w; two gaps."""
    half_hours = np.arange(8 * 336)
    co2 = half_hours // 2 % 168 + 1000.0 * (half_hours // 336)
    keep = np.ones(len(co2), bool)
    keep[7 * 336 + 10] = False  # 30 minutes in the test part
    keep[7 * 336 + 20 : 7 * 336 + 26] = False  # three hours
    dataset = dataset_of({"co2": co2}, interval="30min", keep=keep)
    return described(dataset, raw_windows(dataset, 2, SPLIT, lookback=4))


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
    assert result.profile.shape == (168, 3)
    hours = np.arange(168)
    assert result.profile["50 %"].tolist() == (hours + 2500).tolist()  # six weeks: 0, 1000, …, 5000
    # twelve values, two of each week; the 10 % quantile lies at position 1.1, between week 0 and week 1
    np.testing.assert_allclose(result.profile["10 %"], hours + 100)
    np.testing.assert_allclose(result.profile["90 %"], hours + 4900)


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
        profile=1e-7 * result.profile,
        groups=replace(result.groups, edges=(0.000443, 0.000512), unit="mol/mol"),
    )
    found = overview_finding(small)
    assert "CO₂ 0.00050 ± 0.00010 mol/mol." in found
    assert "(0.000267 mol/mol) and lowest at 0.000250 mol/mol" in found
    assert "Low below 0.000443, Medium from 0.000443, High from 0.000512 mol/mol on" in found


def test_the_finding(result):
    found = overview_finding(result)
    assert found.startswith("Hand: 02 June 2025 to 27 July 2025, CO₂ ")
    assert "highest on Sunday at 23:00 (2,667 ppm) and lowest at 2,500 ppm" in found
    assert "Regimes: Low below 450, Medium from 450, High from 550 ppm on." in found
    assert "1 gap of up to an hour (1 step) interpolated" in found
    assert "1 longer gap (6 steps, the longest 3.0 h) splitting the series" in found


def test_a_series_without_gaps_says_so():
    dataset = dataset_of({"co2": np.arange(300.0)})
    found = described(dataset, raw_windows(dataset, 1, lookback=2))
    assert gap_sentence(found.gaps) == "Nothing is missing."


def test_hours_of_a_week_that_training_lacks_are_missing():
    dataset = dataset_of({"co2": np.arange(60.0)})  # two and a half days
    result = described(dataset, raw_windows(dataset, 1, lookback=2))
    assert result.profile["50 %"].notna().sum() == 36
    assert result.profile.index.tolist() == list(range(168))


def test_regimes_that_no_value_of_the_training_part_lies_in_are_said(result):
    groups = replace(result.groups, edges=(1.0, 1.0), empty=("Medium",))
    found = overview_finding(replace(result, groups=groups))
    assert "High from 1.00 ppm on. No value of the training part is Medium. Missing: " in found


def stepwise(interval: str, periods: int, timezone: str = "Europe/Berlin"):
    """A series from Monday, 6 January 2025, local midnight on, over the change of the clocks; steps are counted."""
    steps = pd.date_range("2025-01-06", periods=periods, freq=interval, tz=timezone)
    frame = pd.DataFrame({"co2": np.arange(float(periods))}, index=steps.tz_convert("UTC"))
    dataset = make_dataset(
        "Hand",
        frame,
        target="co2",
        interval=interval,
        site_timezone=timezone,
        units={"co2": "ppm"},
    )
    split = SplitParams(validation_blocks=1, train=0.5, validation=0.25)
    return described(dataset, raw_windows(dataset, 1, split, lookback=2, residual="none"))


@pytest.mark.parametrize(
    ("interval", "means", "week_hours"),
    [
        ("20min", "hourly means", 1),
        ("1h", "hourly means", 1),
        ("90min", "means over 1.5 h", 2),
        ("3h", "means over 3 h", 3),
        ("12h", "means over 12 h", 12),
        ("1D", "daily means", 24),
    ],
)
def test_means_are_over_no_less_than_the_interval(interval, means, week_hours):
    result = stepwise(interval, 112)
    assert averages(result) == means
    assert means in overview_caption(result)
    assert result.means.notna().all()
    if pd.Timedelta(interval) >= pd.Timedelta("1h"):
        assert result.means.tolist() == list(range(112))
    assert result.row == week_hours
    assert result.profile.index.tolist() == list(range(0, 168, week_hours))


def test_the_week_of_daily_values():
    result = stepwise("1D", 112)  # eight weeks of training
    assert result.profile["50 %"].tolist() == [day + 24.5 for day in range(7)]  # Mondays are 0, 7, …, 49
    told = overview_finding(result)
    assert "the weekly median is highest on Sunday (30.5 ppm) and lowest at 24.5 ppm" in told
    assert "and its week (below)" in overview_caption(result)
    assert str(result.stretches["test"][0][0]) == "2025-03-31 00:00:00+02:00"


def test_the_week_of_steps_of_six_hours():
    result = stepwise("6h", 112)  # two weeks of training
    assert result.profile["50 %"].tolist() == [step + 14.0 for step in range(28)]
    assert "highest on Sunday from 18:00 to 24:00 (41.0 ppm)" in overview_finding(result)


@pytest.mark.parametrize(("interval", "means"), [("2D", "means over 2 days"), ("7D", "weekly means")])
def test_steps_longer_than_a_day_have_a_year_of_months(interval, means):
    result = stepwise(interval, 400)
    begins = pd.date_range("2025-01-06", periods=200, freq=interval)  # of the training part
    expected = pd.Series(np.arange(200.0)).groupby(begins.month - 1).median().reindex(range(12))
    np.testing.assert_array_equal(result.profile["50 %"], expected)
    assert (averages(result), result.cycle, result.row) == (means, "year", 1)
    assert "and its year (below)" in overview_caption(result)


def calendar_steps(freq: str, interval: str, periods: int = 160):
    """A series of months, quarters, years or business days from January 1960 on; steps are counted."""
    begins = pd.date_range("1960-01-01", periods=periods, freq=freq, tz="UTC")
    frame = pd.DataFrame({"co2": np.arange(float(periods))}, index=begins)
    dataset = make_dataset(
        "Hand", frame, target="co2", interval=interval, site_timezone="UTC", units={"co2": "ppm"}
    )
    split = SplitParams(validation_blocks=1, train=0.5, validation=0.25)
    return described(dataset, raw_windows(dataset, 1, split, lookback=2, residual="none"))


def test_the_year_of_monthly_and_of_quarterly_values():
    months = calendar_steps("MS", "month", 144)  # six years of training: month m of year y is 12 y + m
    assert months.profile["50 %"].tolist() == [month + 30.0 for month in range(12)]
    told = overview_finding(months)
    assert "the median over the year is highest in December (41.0 ppm) and lowest at 30.0 ppm." in told
    quarters = calendar_steps("QS", "quarter", 48)
    assert quarters.profile.index.tolist() == [0, 3, 6, 9]
    assert "highest from October to December (13.0 ppm)" in overview_finding(quarters)
    assert (averages(months), averages(quarters)) == ("monthly means", "quarterly means")


def test_the_week_of_business_days_ends_on_friday():
    result = calendar_steps(
        "B", "business day"
    )  # from a Friday on: Mondays are 1, 6, …, 76 of 80 in training
    assert result.profile["50 %"].tolist() == [38.5, 39.5, 40.5, 41.5, 37.5]
    assert result.profile.index.tolist() == [0, 24, 48, 72, 96]
    assert averages(result) == "means of business days"


def test_yearly_values_have_no_cycle():
    result = calendar_steps("YS", "year")
    assert result.profile["50 %"].tolist() == [39.5]
    assert "In the training part the median is 39.5 ppm. Regimes" in overview_finding(result)
    assert "the spread of the training part (below)" in overview_caption(result)


def test_groups_that_are_no_ranges_of_the_target_are_listed(result):
    found = overview_finding(replace(result, groups=Groups(SHIFTS, np.zeros(1, int), noun="shift")))
    assert "Shifts: night, early, late, day off." in found


def test_a_part_starts_with_its_first_observed_step():
    keep = np.ones(400, bool)
    keep[200:320] = False
    dataset = dataset_of({"co2": np.arange(400.0)}, keep=keep)
    split = SplitParams(validation_blocks=1, train=200 / 280, validation=40 / 280)
    result = described(dataset, raw_windows(dataset, 1, split, lookback=2))
    assert str(result.stretches["validation"][0][0]) == str(
        pd.Timestamp("2025-06-02", tz="UTC") + pd.Timedelta("320h")
    )


def test_a_gap_of_weeks_is_told_in_days():
    keep = np.ones(3000, bool)
    keep[1000:2632] = False  # 68 days
    dataset = dataset_of({"co2": np.arange(3000.0)}, keep=keep)
    split = SplitParams(validation_blocks=1, train=0.5, validation=0.25)
    found = overview_finding(described(dataset, raw_windows(dataset, 1, split, lookback=2)))
    assert "1 longer gap (1,632 steps, the longest 68 days) splitting the series" in found
