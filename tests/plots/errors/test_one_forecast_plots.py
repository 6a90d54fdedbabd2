"""The figure of one forecast, and the curve of which one is picked."""

import numpy as np
import pandas as pd
import pytest

from lstmkit.analysis.errors.curve import ErrorCurve
from lstmkit.analysis.errors.one_forecast import OneForecast
from lstmkit.data.calendar import Calendar
from lstmkit.plots.errors.curve import plot_error_curve
from lstmkit.plots.errors.one_forecast import plot_one_forecast
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps


def forecast_of(lookback: int, horizon: int, interval: str) -> OneForecast:
    time = pd.date_range("2025-11-28 07:00", periods=lookback + horizon, freq=interval, tz="Europe/Berlin")
    values = 600 + np.arange(horizon, dtype=float)
    ahead = {"observed": values, "forecast": values + 2, "baseline": values - 3}
    past = pd.Series(600.0, index=time[:lookback])
    frame = pd.DataFrame(ahead, index=time[lookback:])
    return OneForecast(past, frame, "damped climatology", "ppm", Calendar(interval))


@pytest.mark.parametrize(
    ("lookback", "horizon", "interval", "origin"),
    [
        (288, 12, "5min", "Sat 29 Nov 2025, 06:55"),
        (288, 288, "5min", "Sat 29 Nov 2025, 06:55"),
        (24, 1, "1h", "Sat 29 Nov 2025, 06:00"),
        (30, 7, "1D", "Sat 27 Dec 2025"),
    ],
)
def test_both_panels_show_the_steps_ahead_and_nothing_overlaps(lookback, horizon, interval, origin):
    forecast = forecast_of(lookback, horizon, interval)
    figure = plot_one_forecast(forecast, "co2")
    left, right = figure.axes
    assert left.get_title("left") == f"Forecast from {origin} on"
    for lines in (left.lines[2:], right.lines):
        for line, column in zip(lines, ("observed", "baseline", "forecast"), strict=True):
            np.testing.assert_array_equal(line.get_ydata(), forecast.ahead[column])
    assert_nothing_overlaps(figure)


def test_a_gap_ends_the_line_and_a_units_marks_are_text():
    origin = pd.date_range("2025-06-02", periods=4, freq="1h", tz="UTC")
    rmse, after_gap = np.array([1.0, 5.0, 2.0, 3.0]), np.array([False, False, True, False])
    figure = plot_error_curve(
        ErrorCurve(np.array([0, 3, 7, 9]), origin, rmse, after_gap, "<b>%{x}", Calendar("1h"))
    )
    line, worst = figure.data
    np.testing.assert_array_equal(line.y, [1, 5, np.nan, 2, 3])
    np.testing.assert_array_equal(line.customdata, [0, 3, 7, 7, 9])
    assert list(worst.y) == [5]
    assert "&lt;b&gt;&#37;{x}" in line.hovertemplate
