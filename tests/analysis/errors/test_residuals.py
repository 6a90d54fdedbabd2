"""Residuals: an error planted at an hour, on a weekday or in the tails shows there and nowhere else."""

import json

import numpy as np
import pandas as pd
import pytest

from lstmkit.analysis.errors.residuals import QUANTILES, describe_groups, residuals
from lstmkit.analysis.resampling.statistics import block_length
from lstmkit.findings.errors.residuals import residuals_caption, residuals_finding
from lstmkit.params import EvaluationParams
from tests.analysis.drawn import windows_drawn
from tests.analysis.planted import last_of

PARAMS = EvaluationParams(bootstrap=200)
AUTUMN = {"start": "2025-10-20 04:00", "zone": "America/New_York"}  # clocks go back on 2 November


def described(error, **last):
    return residuals(last_of(error, **last), PARAMS, seed=0)


def clock(n, **last):
    return last_of(np.zeros(n), **last).time.tz_localize(None)


@pytest.mark.parametrize("hour", [0, 1, 7])
def test_an_error_at_one_local_hour_shows_there_alone(hour):
    n = 28 * 24 + 1  # four weeks on the clock
    result = described(np.where(clock(n, **AUTUMN).hour == hour, 10.0, 0.0), **AUTUMN)
    expected = pd.Series(0.0, index=range(24))
    expected[hour] = 10
    for name in ("mean", *QUANTILES, "mean_low", "mean_high"):
        np.testing.assert_allclose(result.groups["hour"][name], expected, atol=1e-9, err_msg=name)
    counts = pd.Series(28, index=range(24))
    counts[1] += 1  # the hour that comes twice
    assert result.groups["hour"]["windows"].tolist() == counts.tolist()
    # what each weekday holds of it
    held = 10 * (28 + (hour == 1)) / n
    assert result.mean == pytest.approx(held)
    said = f"in 1 of 24 hours its interval leaves zero out (1 would by chance), most at {hour}:00 (+10.0 ppm)"
    assert said in residuals_finding(result)
    assert "The mean error of the hour explains 100 % of the errors' variance" in residuals_finding(result)


@pytest.mark.parametrize("weekday", [0, 5])
def test_an_error_on_one_weekday_shows_there_alone(weekday):
    n = 42 * 24 + 1
    result = described(np.where(clock(n, **AUTUMN).day_of_week == weekday, -4.0, 0.0), **AUTUMN)
    expected = np.where(np.arange(7) == weekday, -4.0, 0.0)
    for name in ("mean", *QUANTILES):
        np.testing.assert_allclose(result.groups["weekday"][name], expected, atol=1e-9)
    assert result.groups["weekday"]["windows"].tolist() == [144] * 6 + [145]  # that Sunday has 25 hours
    day = ("Monday", "Saturday")[weekday == 5]
    assert f"most on {day} (−4.00 ppm)" in residuals_finding(result)
    assert result.facts()["variance_explained_by_weekday"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("interval", "kinds", "kind", "at", "when", "steps"),
    [
        ("1D", ["weekday", "month"], "weekday", 2, "on Wednesday", 800),
        ("business day", ["weekday", "month"], "month", 7, "in August", 1500),
        ("7D", ["month"], "month", 0, "in January", 500),
        ("month", ["month"], "month", 11, "in December", 240),
        ("quarter", ["quarter"], "quarter", 1, "in quarter 2", 80),
    ],
)
def test_errors_of_longer_steps_are_grouped_by_what_these_resolve(interval, kinds, kind, at, when, steps):
    planted = {"start": "1990-01-01", "interval": interval}
    time = clock(steps, **planted)
    part = {"weekday": time.day_of_week, "month": time.month - 1, "quarter": time.quarter - 1}[kind]
    result = described(np.where(part == at, 5.0, 0.0), **planted)
    assert list(result.groups) == kinds
    groups = result.groups[kind]
    np.testing.assert_array_equal(groups["mean"], np.where(groups.index == at, 5.0, 0.0))
    assert f"most {when} (+5.00 ppm)" in residuals_finding(result)
    assert {f"variance_explained_by_{name}" for name in kinds} <= result.facts().keys()
    assert "variance_explained_by_hour" not in result.facts()
    assert "hour" not in residuals_caption(result) + residuals_finding(result)


def test_a_season_is_not_told_of_a_year_or_two():
    result = described(np.random.default_rng(0).normal(size=400), interval="1D")
    assert list(result.groups) == ["weekday"]
    assert (
        "The test part covers less than two years, so errors are not grouped by month of the year."
        in residuals_finding(result)
    )
    assert list(described(np.zeros(24), start="2020-01-01", interval="month").groups) == ["month"]
    assert list(described(np.zeros(23), start="2020-01-01", interval="month").groups) == []


def test_errors_of_years_have_no_groups():
    result = described(np.random.default_rng(0).normal(size=60), start="1950-01-01", interval="year")
    assert result.groups == {}
    assert (
        "The steps resolve no cycle of the calendar by which errors could be grouped."
        in residuals_finding(result)
    )
    assert result.to_frame().loc[("all", 0), "windows"] == 60


def test_the_course_of_longer_steps_is_that_of_steps_and_of_blocks_of_them():
    months = described(np.arange(100.0), start="1990-01-01", interval="month")
    assert (months.block_size, len(months.over_time)) == (1, 100)
    assert "The month whose median is most off is May 1998 (+99.0 ppm)." in residuals_finding(months)
    weeks = described(np.arange(360.0), start="2001-01-01", interval="7D")
    assert (weeks.block_size, len(weeks.over_time)) == (3, 120)
    np.testing.assert_allclose(weeks.over_time["median"], 3 * np.arange(120) + 1)
    assert "The block of 3 weeks whose median is most off is that around " in residuals_finding(weeks)


def test_the_interval_of_daily_errors_is_that_of_a_block_bootstrap_of_single_days():
    """Drawn anew with another generator, blocks laid out by hand: the ends agree to the noise of the draws."""
    memory = np.random.default_rng(3).normal(size=700)
    error = np.convolve(memory, np.ones(4))[3:-3]
    result = residuals(last_of(error, interval="1D"), EvaluationParams(bootstrap=4000), seed=0)
    length = block_length((error - error.mean())[:, None])
    assert 4 <= length <= 20
    generator, means = np.random.default_rng(99), []
    around = np.concatenate([error, error])
    for _ in range(4000):
        begins = generator.integers(len(error), size=-(-len(error) // length))
        drawn = np.concatenate([around[begin : begin + length] for begin in begins])[: len(error)]
        means.append(drawn.mean())
    np.testing.assert_allclose(
        result.mean_interval, np.quantile(means, [0.025, 0.975]), atol=0.15 * np.std(means)
    )
    alone = 1.96 * error.std() / np.sqrt(len(error))
    assert np.ptp(result.mean_interval) > 1.5 * 2 * alone  # single days would promise too much


def test_quantiles_are_those_of_numpy():
    error = np.random.default_rng(0).standard_t(3, size=40 * 24)
    result = described(error)
    hour = clock(len(error)).hour
    for at in range(24):
        there = error[hour == at]
        np.testing.assert_allclose(
            result.groups["hour"].loc[at, list(QUANTILES)], np.quantile(there, [*QUANTILES.values()])
        )
        assert result.groups["hour"].loc[at, "mean"] == pytest.approx(there.mean())


def test_intervals_are_those_of_resampled_days():
    error = np.random.default_rng(0).normal(1, 5, size=20 * 24)
    last = last_of(error)
    result = residuals(last, PARAMS, seed=0)
    days, hour = last.time.strftime("%F").to_numpy(), clock(len(error)).hour
    inside = np.arange(24) == hour.to_numpy()[:, None]
    means = [error[windows].mean() for windows in windows_drawn(days, error, 200, seed=0)]
    of_hours = np.where(inside, error[:, None] - [error[hour == at].mean() for at in range(24)], 0.0)
    at_seven = [
        error[windows][hour[windows] == 7].mean() for windows in windows_drawn(days, of_hours, 200, seed=0)
    ]
    assert result.mean_interval == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))
    found = result.groups["hour"].loc[7, ["mean_low", "mean_high"]]
    np.testing.assert_allclose(found, np.quantile(at_seven, [0.025, 0.975]))


def test_tails_are_counted():
    error = np.tile([1.0, -1.0], 500)
    error[[100, 201, 302, 403]] = [20, -20, 20, -20]
    result = described(error)
    sd = np.sqrt((996 + 4 * 400) / 1000)
    assert (result.sd, result.far) == pytest.approx((sd, 0.004))
    assert result.excess_kurtosis == pytest.approx((996 + 4 * 20**4) / 1000 / sd**4 - 3)
    assert (result.beyond, result.edges[-1]) == (4, pytest.approx(8 * sd))
    assert "their distribution (4 errors beyond its edges)" in residuals_caption(result)
    assert (
        f"0.4 % lie more than three standard deviations ({3 * sd:.2f} ppm) from it, where a normal distribution has "
        f"0.27 %: the tails are heavier" in residuals_finding(result)
    )
    assert "no heavier" in residuals_finding(described(np.tile([1.0, -1.0], 500)))


def test_the_histogram_is_a_density_beside_a_normal_one():
    error = np.random.default_rng(0).normal(3, 10, size=100_000)
    result = described(error)
    width = np.diff(result.edges)
    assert (result.density * width).sum() == pytest.approx(1)
    middle = (result.edges[1:] + result.edges[:-1]) / 2
    expected = np.exp(-((middle - 3) ** 2) / 200) / np.sqrt(2 * np.pi) / 10
    assert (
        np.abs(result.density - expected).max() < 0.03 * expected.max()
    )  # of 61 cells, some 7,000 in the fullest
    np.testing.assert_allclose(
        result.normal[1:-1:2], np.interp(result.edges[1:-1:2], middle, expected), rtol=0.02, atol=1e-5
    )


def test_the_course_is_that_of_days_and_of_blocks_where_there_are_many():
    days = np.arange(30)
    result = described(np.repeat(days, 24).astype(float))
    assert result.block_size == 1
    np.testing.assert_array_equal(result.over_time["median"], days)
    assert result.over_time.index[0] == pd.Timestamp("2025-06-02 12:00")
    assert "The day whose median is most off is 1 July 2025 (+29.0 ppm)." in residuals_finding(result)
    long = described(np.repeat(np.arange(300.0), 24))
    assert (long.block_size, len(long.over_time)) == (3, 100)
    np.testing.assert_array_equal(long.over_time["median"], 3 * np.arange(100) + 1)
    assert "The block of 3 days whose median is most off is that around " in residuals_finding(long)


def test_days_without_forecasts_are_no_rows():
    observed = last_of(np.zeros(240))
    kept = np.r_[0:48, 120:240]
    last = last_of(np.zeros(240)).__class__(
        **{**vars(observed), "forecast": observed.forecast[kept] + 1, "observed": observed.observed[kept],
           "latest": observed.latest[kept], "origin": observed.origin[kept], "time": observed.time[kept],
           "origin_rows": observed.origin_rows[kept], "rows": observed.rows[kept]}
    )  # fmt: skip
    result = residuals(last, PARAMS, seed=0)
    assert len(result.over_time) == 7
    assert np.isfinite(result.over_time).all(axis=None)


def test_groups_that_come_up_on_few_days_have_no_interval():
    error = np.random.default_rng(0).normal(size=21 * 24)  # three of each weekday
    result = described(error)
    assert "mean_low" in result.groups["hour"]
    assert "mean_low" not in result.groups["weekday"]
    assert "weekday explains" in residuals_finding(result)
    assert "some come up on too few days for an interval" in residuals_finding(result)
    short = described(error[:48])
    assert short.mean_interval is None
    assert "(too few days for an interval)" in residuals_finding(short)


@pytest.mark.parametrize("error", [0.0, -3.0, 1e-4])
def test_a_constant_error_is_said_to_be_one(error):
    result = described(np.full(300, error))
    assert (result.sd, result.far, result.excess_kurtosis, result.normal) == (0, 0, None, None)
    assert residuals_finding(result).endswith("All errors are the same.")
    assert (result.density * np.diff(result.edges)).sum() == pytest.approx(1)
    json.dumps(result.facts(), allow_nan=False)


def test_nothing_is_nan():
    result = described(np.random.default_rng(0).normal(size=100))
    json.dumps(result.facts(), allow_nan=False)
    assert np.isfinite(result.to_frame()).all(axis=None)
    assert list(result.to_frame().loc["weekday"].index) == [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
    ]
    assert "nan" not in residuals_finding(result) + residuals_caption(result)


def test_groups_by_hand():
    found = describe_groups(np.array([1.0, 3, 10, 20, 30]), np.array([5, 5, 2, 2, 2]))
    assert found.index.tolist() == [2, 5]
    assert found.loc[2].tolist() == [3, 20, 12, 15, 20, 25, 28]
    assert found.loc[5, ["windows", "mean", "median"]].tolist() == [2, 2, 2]
