"""Errors by time of day: planted errors are found at their local hour, also where clocks change."""

import numpy as np
import pandas as pd
import pytest
import torch

from lstmkit.analysis.errors.in_time import Errors
from lstmkit.analysis.errors.phase import phase_error
from lstmkit.data.windows import Windows
from lstmkit.findings.errors.phase import phase_error_caption, phase_error_finding
from lstmkit.params import EvaluationParams
from tests.analysis.rhythms.test_series import windows_of
from tests.groups import by_edges

PARAMS = EvaluationParams(bootstrap=400)


def errors_of(windows: Windows, last: np.ndarray) -> Errors:
    return Errors(
        windows, last, last**2, np.zeros(len(last), bool), by_edges(windows, (500.0,), ("Low", "High"))
    )


def autumn(interval: str = "1h", horizon: int = 3, days: int = 60) -> Windows:
    """A test part in which clocks go back, on 2 November 2025."""
    n_rows = round(days * pd.Timedelta("1D") / pd.Timedelta(interval))
    return windows_of(
        n_rows, interval, lookback=6, horizon=horizon, start="2025-10-01", site_timezone="America/New_York"
    )


@pytest.mark.parametrize("horizon", [1, 3, 30])
@pytest.mark.parametrize(
    ("interval", "bins", "per_hour"), [("1h", 24, 1), ("30min", 48, 2), ("10min", 48, 2)]
)
def test_an_error_at_nine_on_the_clock_is_found_at_nine_although_clocks_change(
    horizon, interval, bins, per_hour
):
    windows = autumn(interval, horizon)
    target = (windows.origin.tz_convert("UTC") + horizon * windows.interval).tz_convert("America/New_York")
    assert len({stamp.utcoffset() for stamp in target}) == 2
    found = phase_error(errors_of(windows, np.where(target.hour == 9, 40.0, 0.0)), PARAMS, seed=0)
    nine = (found.begins >= 9) & (found.begins < 10)
    assert len(found.begins) == bins
    assert nine.sum() == per_hour
    assert found.bias[nine].tolist() == [40.0] * per_hour
    assert found.rmse[nine].tolist() == [40.0] * per_hour
    assert not found.bias[~nine].any()
    assert found.differs.tolist() == nine.tolist()
    assert found.explained == pytest.approx(1)
    told = phase_error_finding(found)
    assert "is highest at 9:00, +40 ppm (+40 to +40)" in told
    assert f"differs from zero at {per_hour} of {bins} times of day" in told
    assert "knowing it would remove 100 % of the squared error" in told
    assert "The RMSE is largest at 9:00 (40.0 ppm)" in told


def test_means_are_those_of_all_targets_of_the_hour():
    windows = autumn()
    error = np.random.default_rng(0).normal(3, 9, len(windows))
    errors = errors_of(windows, error)
    found = phase_error(errors, PARAMS, seed=0)
    table = (
        pd.DataFrame({"error": error, "hour": errors.target_time.hour, "square": error**2})
        .groupby("hour")
        .mean()
    )
    np.testing.assert_allclose(found.bias, table["error"])
    np.testing.assert_allclose(found.rmse, np.sqrt(table["square"]))
    np.testing.assert_array_equal(found.begins, np.arange(24))
    held = (errors.target_time.hour.map(table["error"]).to_numpy() ** 2).sum() / (error**2).sum()
    assert found.explained == pytest.approx(held)


def test_intervals_come_from_resampled_days():
    windows = autumn(days=120)
    errors = errors_of(windows, np.random.default_rng(0).normal(0, 9, len(windows)))
    found = phase_error(errors, EvaluationParams(bootstrap=2000), seed=0)
    width = found.bias_interval[1] - found.bias_interval[0]
    days = np.array([(errors.target_time.hour == hour).sum() for hour in range(24)])
    np.testing.assert_allclose(width, 2 * 1.96 * 9 / np.sqrt(days), rtol=0.35)  # of some 80 errors each
    assert np.median(width / (2 * 1.96 * 9 / np.sqrt(days))) == pytest.approx(1, abs=0.05)
    assert (found.rmse_interval[0] < found.rmse).all()
    assert (found.rmse < found.rmse_interval[1]).all()


def test_errors_of_one_day_are_resampled_together():
    windows = autumn("10min", horizon=1)
    day = windows.origin.day_of_year.to_numpy()
    shared = np.random.default_rng(1).normal(0, 9, 366)[day]  # one error all day
    found = phase_error(errors_of(windows, shared), PARAMS, seed=0)
    n_days = found.n_days
    expected = 2 * 1.96 * shared.std() / np.sqrt(n_days)
    assert np.median(found.bias_interval[1] - found.bias_interval[0]) == pytest.approx(expected, rel=0.15)


def test_the_resampling_is_seeded():
    windows = autumn(days=30)
    errors = errors_of(windows, np.random.default_rng(0).normal(0, 9, len(windows)))
    first, again, other = (phase_error(errors, PARAMS, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.bias_interval, again.bias_interval)
    assert not np.array_equal(first.bias_interval, other.bias_interval)


def test_times_of_day_that_are_hardly_ever_seen_are_left_out():
    windows = autumn(days=60)
    seldom = (windows.origin.hour == 5) & (windows.origin.day_of_year > 320)
    often = windows.origin.hour != 5
    kept = windows.select(torch.from_numpy(np.flatnonzero(often | (seldom & (windows.origin.day < 18)))))
    found = phase_error(errors_of(kept, np.ones(len(kept))), PARAMS, seed=0)
    assert np.flatnonzero(np.isnan(found.bias)).tolist() == [8]  # three hours ahead of five
    assert 8 not in found.to_frame().index
    assert np.isfinite(found.to_frame()).all(axis=None)
    assert "of 23 times of day" in phase_error_finding(found)


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (
            96,
            "No time of day comes up on 5 days, as a profile over the day needs; the errors fall on 5 days in all.",
        ),
        (
            13,
            "No time of day comes up on 5 days, as a profile over the day needs; the errors fall on 1 day in all.",
        ),
    ],
)
def test_a_few_days_have_no_profile(hours, told):
    windows = windows_of(400, lookback=6, horizon=1, start="2025-06-02")
    first = int(np.flatnonzero(errors_of(windows, np.zeros(len(windows))).target_time.hour == 11)[0])
    windows = windows.select(torch.arange(first, first + hours))  # 11:00 to 10:00 four days later
    found = phase_error(errors_of(windows, np.ones(hours)), PARAMS, seed=0)
    assert found.is_empty
    assert phase_error_finding(found) == phase_error_caption(found) == told
    assert found.facts() == {}
    assert found.to_frame().empty


@pytest.mark.parametrize(("interval", "bins"), [("6h", 4), ("45min", 24), ("7min", 48)])
def test_bins_are_as_wide_as_the_interval(interval, bins):
    windows = windows_of(600, interval, lookback=6, horizon=1)
    found = phase_error(
        errors_of(windows, np.random.default_rng(0).normal(size=len(windows))), PARAMS, seed=0
    )
    assert len(found.begins) == bins
    assert found.begins[0] == 0
    assert found.width == 24 / bins
    assert "nan" not in phase_error_finding(found)


def test_perfect_forecasts():
    windows = autumn(days=30)
    found = phase_error(errors_of(windows, np.zeros(len(windows))), PARAMS, seed=0)
    assert found.explained == 0
    assert not found.differs.any()
    assert "+0" not in phase_error_finding(found)
    assert "nan" not in phase_error_finding(found)


def test_clocks_that_go_forward_at_midnight():
    windows = windows_of(100 * 24, lookback=6, start="2025-06-20", site_timezone="America/Santiago")
    assert len({stamp.utcoffset() for stamp in windows.origin}) == 2
    found = phase_error(errors_of(windows, np.ones(len(windows))), PARAMS, seed=0)
    assert found.bias.tolist() == [1.0] * 24


def test_frame_and_facts():
    windows = autumn()
    target = errors_of(windows, np.zeros(len(windows))).target_time
    error = np.where(target.hour == 9, 40.0, np.where(target.hour == 17, -25.0, 0.0))
    found = phase_error(errors_of(windows, error), PARAMS, seed=0)
    assert found.facts() == {
        "highest_bias": 40.0,
        "highest_bias_at": "9:00",
        "lowest_bias": -25.0,
        "lowest_bias_at": "17:00",
        "largest_rmse": 40.0,
        "largest_rmse_at": "9:00",
        "bias_by_time_of_day_percent": pytest.approx(100),
    }
    frame = found.to_frame()
    assert frame.loc[17.0, "bias"] == -25
    assert list(frame.columns) == ["bias", "rmse", "bias_low", "bias_high", "rmse_low", "rmse_high"]


@pytest.mark.parametrize(
    ("interval", "n_steps", "zone", "at", "name", "kind"),
    [
        ("1D", 900, "Europe/Berlin", 5, "Saturday", "weekday"),  # days of 23 and of 25 hours among them
        ("business day", 600, "UTC", 4, "Friday", "weekday"),
        ("7D", 1200, "UTC", 11, "December", "month"),
        ("month", 300, "UTC", 6, "July", "month"),
        ("quarter", 120, "UTC", 0, "quarter 1", "quarter"),
    ],
)
def test_an_error_at_one_part_of_a_longer_cycle_is_found_there(interval, n_steps, zone, at, name, kind):
    windows = windows_of(n_steps, interval, lookback=6, horizon=2, start="1995-01-01", site_timezone=zone)
    target = windows.target_time
    part = {"weekday": target.day_of_week, "month": target.month - 1, "quarter": target.quarter - 1}[kind]
    found = phase_error(errors_of(windows, np.where(part == at, 40.0, 0.0)), PARAMS, seed=0)
    seen = np.flatnonzero(np.isfinite(found.bias))
    assert set(part) == set(seen)
    np.testing.assert_array_equal(found.bias[seen], np.where(seen == at, 40.0, 0.0))
    assert found.explained == pytest.approx(1)
    assert found.to_frame().index.name == kind
    assert found.to_frame().loc[name, "bias"] == 40
    told = phase_error_finding(found)
    when = f"on {name}" if kind == "weekday" else f"in {name}"
    assert f"is highest {when}, +40 ppm (+40 to +40)" in told
    assert f"differs from zero in 1 of {len(seen)} {kind}s" in told
    assert found.facts()["largest_rmse_at"] == name
    block = windows.calendar.block
    assert f"by the {kind} of the target, over {found.n_days} {block}s; bands hold" in phase_error_caption(
        found
    )
    assert f"resamplings of blocks of {block}s, in each {kind} alone" in phase_error_caption(found)


@pytest.mark.parametrize(
    ("interval", "n_steps", "told"),
    [
        ("month", 60, "No month comes up in 5 years, as a profile over the year needs; the errors fall on "),
        ("1D", 40, "No weekday comes up in 5 weeks, as a profile over the week needs; the errors fall on "),
        (
            "year",
            100,
            "The steps resolve no cycle of the calendar, so there is no profile of the error over one.",
        ),
    ],
)
def test_what_a_series_does_not_resolve_has_no_profile(interval, n_steps, told):
    windows = windows_of(n_steps, interval, lookback=6, horizon=1, start="1995-01-01")
    found = phase_error(errors_of(windows, np.ones(len(windows))), PARAMS, seed=0)
    assert found.is_empty
    assert phase_error_finding(found).startswith(told)
    assert found.facts() == {}
