"""Last steps and overlays: the truth plus a planted error comes out as planted, at the right local time."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from lstmkit.analysis.errors import predictions
from lstmkit.analysis.errors.predictions import chunked, last_step, overlay
from lstmkit.errors import LstmkitError
from lstmkit.findings.errors.predictions import overlay_caption, overlay_finding, span_named, windows_named
from tests.analysis.planted import rows_of, windows_of

NEW_YORK = {"site_timezone": "America/New_York", "start": "2025-10-12"}  # clocks go back on 2 November


@pytest.mark.parametrize("size", [1, 7, 599, 5000])
def test_a_walk_meets_every_window_once_and_in_order(tmp_path, size):
    windows = windows_of()
    rows = rows_of(tmp_path, windows, np.arange(len(windows))[:, None])
    chunks = list(chunked(rows, windows, size))
    assert [len(some) for some, _ in chunks[:-1]] == [size] * (len(chunks) - 1)
    np.testing.assert_array_equal(np.concatenate([some.starts for some, _ in chunks]), windows.starts)
    errors = np.concatenate([predicted - some.observed()[..., 0] for some, predicted in chunks])
    np.testing.assert_allclose(errors, np.repeat(np.arange(len(windows))[:, None], 3, axis=1), atol=1e-9)


def test_forecasts_that_are_not_the_windows_are_refused(tmp_path):
    windows = windows_of()
    with pytest.raises(ValueError, match="shorter"):
        list(chunked(rows_of(tmp_path, windows, 0.0), windows_of(2000, start="2025-06-03"), 100))


@pytest.mark.parametrize("step", [0, 2])
def test_a_forecast_that_is_no_number_is_refused(tmp_path, step):
    """A constant forecast, the hardest week and the median one are told by comparisons, which NaN loses."""
    windows = windows_of()
    error = np.zeros((len(windows), 3))
    error[5, step] = np.nan
    said = f"forecasts are NaN or infinite for the window {windows.origin[5]}"
    with pytest.raises(LstmkitError, match=re.escape(said)):
        last_step(rows_of(tmp_path, windows, error), windows)


@pytest.mark.parametrize("horizon", [1, 3, 30])
def test_the_last_step_is_at_its_own_local_time(tmp_path, horizon):
    windows = windows_of(horizon=horizon, **NEW_YORK)
    planted = np.zeros((len(windows), horizon))
    planted[:, -1] = np.arange(len(windows))
    last = last_step(rows_of(tmp_path, windows, planted), windows)
    np.testing.assert_allclose(last.error, np.arange(len(windows)), atol=1e-9)
    np.testing.assert_array_equal(last.observed, windows.observed()[:, -1, 0])
    np.testing.assert_array_equal(last.latest, windows.latest()[:, 0])
    assert (last.time - last.origin == pd.Timedelta(hours=horizon)).all()
    assert str(last.time.tz) == "America/New_York"
    back = last.time[last.time.tz_localize(None) == "2025-11-02 01:00"]
    assert len(back) == 2  # the hour that comes twice
    assert back[1] - back[0] == pd.Timedelta("1h")
    assert last.hours_ahead == horizon
    assert windows_named(last) == f"all {len(windows)} test windows"


def test_too_many_windows_are_spread_evenly(tmp_path):
    windows = windows_of()
    last = last_step(rows_of(tmp_path, windows, np.arange(len(windows))[:, None]), windows, most=10)
    expected = np.linspace(0, len(windows) - 1, 10).round()
    np.testing.assert_allclose(last.error, expected, atol=1e-9)
    np.testing.assert_array_equal(last.origin, windows.origin[expected.astype(int)])
    assert windows_named(last) == f"10 of the {len(windows)} test windows, spread evenly over time"


def overlaid(tmp_path, windows, error, most=10**6):
    rows = rows_of(tmp_path, windows, error)
    return overlay(last_step(rows, windows, most), rows, windows)


def mondays_of(windows, horizon):
    local = (windows.origin + pd.Timedelta(hours=horizon)).tz_localize(None)
    return np.array([(day - pd.Timedelta(days=day.weekday())).normalize() for day in local])


def test_weeks_are_those_of_the_local_calendar_and_the_median_one_is_drawn(tmp_path):
    windows = windows_of(1800, **NEW_YORK)  # the test part is 11 November to 25 December
    monday = mondays_of(windows, 3)
    names = np.unique(monday)
    planted = dict(zip(names, [50.0, 4, 9, 1, 2, 70, 80], strict=True))
    result = overlaid(tmp_path, windows, np.array([planted[day] for day in monday])[:, None])
    whole = [day for day in names if (monday == day).sum() == 168]
    assert len(whole) == 5  # seven weeks are touched, the first and the last in part
    assert list(result.spans.index) == whole
    np.testing.assert_allclose(result.spans["rmse"], [planted[day] for day in whole], atol=1e-9)
    assert planted[result.begin] == 4
    assert len(result.span) == 168
    assert (result.span.index.tz_localize(None) >= result.begin).all()
    assert (result.span.index.tz_localize(None) < result.begin + pd.Timedelta(days=7)).all()
    assert overlay_finding(result) == (
        "Of 5 full weeks the easiest is that of 1 December 2025 (RMSE 1.00 ppm), the hardest that of 15 December 2025 "
        "(70.0 ppm); the median is 4.00 ppm. Nearest to it, and drawn, is the week of 17 November 2025 (RMSE 4.00 ppm)."
    )
    assert json.loads(json.dumps(result.facts(), allow_nan=False))["hardest_week"] == "2025-12-15"


def test_a_week_with_a_change_of_the_clock_has_an_hour_more(tmp_path):
    windows = windows_of(700, start="2025-10-13", site_timezone="America/New_York")
    result = overlaid(
        tmp_path, windows, np.where(mondays_of(windows, 3) == pd.Timestamp("2025-10-27"), 1.0, 0)[:, None]
    )
    assert result.spans.loc["2025-10-27", "windows"] == 169
    assert result.spans.loc["2025-10-27", "rmse"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("interval", "n_steps", "kind", "named"),
    [
        ("1D", 900, "month", "%B %Y"),
        ("business day", 700, "month", "%B %Y"),
        ("7D", 700, "year", "%Y"),
        ("month", 300, "year", "%Y"),
    ],
)
def test_longer_steps_are_looked_at_by_month_or_by_year(tmp_path, interval, n_steps, kind, named):
    windows = windows_of(n_steps, interval=interval, start="1996-01-01")
    time = windows.target_time.tz_localize(None)
    number = 12 * time.year + time.month - 1 if kind == "month" else time.year
    number = number - number.min()
    result = overlaid(tmp_path, windows, np.asarray(number, float)[:, None])
    assert result.kind == kind
    sizes = pd.Series(1, time).groupby(np.asarray(number)).sum()
    full = sizes.index[sizes >= {"month": 0.8, "year": 0.9}[kind] * sizes.max()]
    np.testing.assert_allclose(result.spans["rmse"], full, atol=1e-9)
    middle = full[np.abs(full - np.median(full)).argmin()]
    assert result.begin.strftime(named) == time[number == middle][0].strftime(named)
    assert result.span.index.tolist() == windows.target_time[number == middle].tolist()
    assert result.course["stretch"].max() == 0  # weekends and short months are no gaps
    assert len(result.course) == len(windows)
    finding, caption = overlay_finding(result), overlay_caption(result)
    assert f"Of {len(full)} full {kind}s the easiest is {result.spans.index[0]:{named}} (RMSE" in finding
    assert f"one point per {windows.calendar.block}; below, the full {kind} whose RMSE" in caption
    assert len(result.fans) == 3
    assert {result.begin.strftime(named)} == {fan.index[0].strftime(named) for fan in result.fans}
    assert result.facts()[f"hardest_{kind}"] == f"{result.spans.index[-1]:%Y-%m-%d}"


def test_a_part_of_less_than_a_week_is_one_week(tmp_path):
    result = overlaid(tmp_path, windows_of(60), 2.0)
    assert len(result.spans) == 1
    assert (
        overlay_finding(result)
        == "The test part holds one week to look at: the week of 2 June 2025 (RMSE 2.00 ppm)."
    )


@pytest.mark.parametrize("missing", [1, 24, 80])
def test_lines_break_where_there_is_a_gap(tmp_path, missing):
    keep = np.ones(1000, bool)
    keep[700 : 700 + missing] = False  # an hour is filled, a day is not
    result = overlaid(tmp_path, windows_of(keep=keep), 1.0)
    steps = result.course.index.to_series().diff().dropna()
    breaks = result.course["stretch"].diff().dropna() > 0
    assert breaks.sum() == (missing > 1)
    assert (steps[~breaks] <= pd.Timedelta("2h")).all()
    assert (steps[breaks] > pd.Timedelta("2h")).all()
    assert np.isfinite(result.course).all(axis=None)


def test_there_is_one_point_per_hour_and_a_bounded_number(tmp_path, monkeypatch):
    windows = windows_of(3000, interval="5min")
    result = overlaid(tmp_path, windows, 1.0)
    assert result.thinned_to == pd.Timedelta("1h")
    assert not result.course.index.floor("1h").duplicated().any()
    assert len(result.course) == len(np.unique((windows.origin + pd.Timedelta("15min")).floor("1h")))
    assert "one point per hour" in overlay_caption(result)
    monkeypatch.setattr(predictions, "MOST_POINTS", 20)
    result = overlaid(tmp_path, windows, 1.0)
    assert result.thinned_to == pd.Timedelta("8h")  # 150 hours / 20, in whole hours
    assert len(result.course) <= 21
    assert "one point every 8 h" in overlay_caption(result)
    assert len(result.span) == result.spans.loc[result.begin, "windows"]  # the week is drawn in full


def test_each_daily_forecast_is_a_point_also_on_a_day_of_23_hours(tmp_path):
    windows = windows_of(200, interval="1D", site_timezone="Europe/London", start="2024-12-01")
    predicted = rows_of(tmp_path, windows, 0.0)
    course = overlay(last_step(predicted, windows), predicted, windows).course
    assert course.index.tolist() == windows.target_time.tolist()
    assert course.index[0] < pd.Timestamp("2025-03-30", tz="Europe/London") < course.index[-1]


def test_fans_start_from_the_noons_of_three_days_with_the_last_true_value(tmp_path):
    windows = windows_of(1900, horizon=24, **NEW_YORK)
    planted = 1000.0 * np.arange(24)
    result = overlaid(tmp_path, windows, planted[None])
    assert [f"{fan.index[0]:%a %H:%M}" for fan in result.fans] == ["Mon 12:00", "Wed 12:00", "Fri 12:00"]
    for fan in result.fans:
        assert fan.index[0].tz_localize(None).normalize() - result.begin < pd.Timedelta(days=7)
        assert (np.diff(fan.index) == pd.Timedelta("1h")).all()
        (window,) = np.flatnonzero(windows.origin == fan.index[0])
        assert fan.iloc[0] == windows.latest()[window, 0]
        np.testing.assert_allclose(fan.iloc[1:], windows.observed()[window, :, 0] + planted, atol=1e-9)
    assert "with 3 whole forecasts from the dots on" in overlay_caption(result)


def test_there_is_no_fan_from_a_gap_and_none_of_a_short_horizon(tmp_path):
    keep = np.ones(1060, bool)
    keep[31 * 24 + 12 : 31 * 24 + 14] = False  # noon to two on Wednesday 2 July
    windows = windows_of(1060, horizon=6, keep=keep, start="2025-06-01")
    week = {"2025-06-23": 1.0, "2025-06-30": 2.0, "2025-07-07": 3.0}
    error = np.array([week.get(f"{day:%F}", 0.0) for day in mondays_of(windows, 6)])
    result = overlaid(tmp_path, windows, error[:, None])
    assert span_named(result) == "the week of 30 June 2025"
    assert [f"{fan.index[0]:%a %H:%M}" for fan in result.fans] == ["Mon 12:00", "Fri 12:00"]
    assert overlaid(tmp_path, windows_of(horizon=5), 1.0).fans == ()
    assert overlaid(tmp_path, windows_of(horizon=1), 1.0).fans == ()
