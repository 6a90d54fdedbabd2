"""Calibration: a planted line is found, and what is not defined is said."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from lstmkit.analysis.errors.calibration import calibration
from lstmkit.findings.errors.calibration import calibration_caption, calibration_finding, calibration_note
from lstmkit.params import EvaluationParams
from tests.analysis.drawn import windows_drawn
from tests.analysis.planted import last_of

PARAMS = EvaluationParams(bootstrap=200)


def calibrated(error, observed=None, **last):
    return calibration(last_of(error, observed, **last), PARAMS, seed=0)


def noise(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    return 600 + 80 * rng.normal(size=n), 30 * rng.normal(size=n)


@pytest.mark.parametrize(
    ("slope", "says"),
    [
        (0.5, "(95 % interval 0.50 to 0.50): the forecasts vary too much."),
        (0.96, "(95 % interval 0.96 to 0.96): not one, but too close to it to matter."),
        (2.0, "(95 % interval 2.00 to 2.00): the forecasts vary too little."),
    ],
)
def test_a_planted_line_is_found(slope, says):
    observed, _ = noise()
    forecast = (observed - 40) / slope  # observed = 40 + slope · forecast, exactly
    result = calibrated(forecast - observed, observed)
    assert (result.line.slope, result.line.intercept) == pytest.approx((slope, 40))
    assert (result.line.low, result.line.high) == pytest.approx((slope, slope))
    assert result.spread == pytest.approx((observed.std() / slope, observed.std()))
    assert f"higher by {slope:.2f} ppm {says}" in calibration_finding(result)


def test_metrics_and_line_are_those_of_scikit_learn():
    observed, error = noise()
    result = calibrated(error - 7, observed)
    forecast = observed + error - 7
    fitted = LinearRegression().fit(forecast[:, None], observed)
    assert (result.line.slope, result.line.intercept) == pytest.approx((fitted.coef_[0], fitted.intercept_))
    assert result.r2 == pytest.approx(r2_score(observed, forecast))
    assert result.rmse == pytest.approx(root_mean_squared_error(observed, forecast))
    assert result.mae == pytest.approx(mean_absolute_error(observed, forecast))
    assert result.bias == pytest.approx((error - 7).mean())
    assert result.line.low < result.line.slope < result.line.high < 1


def test_whole_days_are_resampled():
    """Days that are said twenty times over are no more evidence than days that are said once."""
    observed, error = noise(40)
    once = calibrated(error, observed, interval="24h")
    again = calibrated(np.repeat(error, 24), np.repeat(observed, 24), start="2025-06-02 01:00")
    assert (once.line.low, once.line.high) == pytest.approx((again.line.low, again.line.high))


def test_the_interval_is_that_of_lines_through_resampled_days():
    observed, error = noise(240)
    last = last_of(error, observed)
    days = last.origin.strftime("%F").to_numpy()
    slope, intercept = np.polyfit(last.forecast, last.observed, 1)
    left = (last.observed - slope * last.forecast - intercept) * (last.forecast - last.forecast.mean())
    slopes = [
        np.polyfit(last.forecast[windows], last.observed[windows], 1)[0]
        for windows in windows_drawn(days, left, 200, seed=0)
    ]
    result = calibration(last, PARAMS, seed=0)
    assert (result.line.low, result.line.high) == pytest.approx(tuple(np.quantile(slopes, [0.025, 0.975])))


def test_cells_count_forecasts_along_the_first_axis():
    result = calibrated([0, 0, 500.0], [400.0, 600, 500])
    forecast, observed = (np.searchsorted(result.edges, value) - 1 for value in (1000, 500))
    assert result.counts[forecast, observed] == 1
    assert result.counts.sum() == 3
    assert result.edges[0] < 400
    assert result.edges[-1] > 1000


def test_tenths_go_from_the_lowest_forecasts_to_the_highest():
    observed, error = noise(1003)
    groups = calibrated(error, observed).groups
    order = np.argsort(observed + error)
    first, last = order[:101], order[-100:]  # 1003 = 3 · 101 + 7 · 100
    for name, chosen in ((1, first), (10, last)):
        row = groups.loc[name]
        assert row["windows"] == len(chosen)
        assert row["forecast"] == pytest.approx((observed + error)[chosen].mean())
        assert row["observed"] == pytest.approx(observed[chosen].mean())
        ends = np.quantile(error[chosen], [0.1, 0.9])
        assert (row["error_low"], row["error_high"]) == pytest.approx(tuple(ends))
    assert groups["forecast"].is_monotonic_increasing
    assert len(calibrated([1.0, 2, 3]).groups) == 3


def test_of_a_constant_target_r2_is_not_known():
    _, error = noise(200)
    result = calibrated(error, np.full(200, 500.0))
    assert result.r2 is None
    assert result.line.slope == pytest.approx(0, abs=1e-9)
    assert calibration_finding(result).startswith("The true values are constant, so R² is not defined: RMSE ")
    assert "R² not defined" in calibration_note(result)


def test_a_constant_forecast_has_no_slope():
    observed, _ = noise(200)
    result = calibrated(555 - observed, observed)
    assert result.line is None
    assert calibration_finding(result).endswith("The forecasts are constant, so there is no slope to read.")
    assert "no slope" in calibration_note(result)


def test_a_forecast_worse_than_the_mean_is_said_to_be():
    observed, _ = noise()
    told = calibration_finding(calibrated(-2 * (observed - 600), observed))
    assert "worse than the mean of the test part (R² −" in told


@pytest.mark.parametrize("days", [1, 4])
def test_few_days_give_no_interval(days):
    observed, error = noise(24 * days)
    result = calibrated(error, observed, start="2025-06-02 01:00")
    assert result.line.low is None
    assert "ppm; too few days for an interval." in calibration_finding(result)
    assert result.facts()["slope_interval"] is None


def test_days_on_which_the_forecast_stands_still_may_be_drawn_alone():
    observed, error = noise(24 * 6)
    error[24:] = 500 - observed[24:]  # five of six days forecast 500
    result = calibrated(error, observed, start="2025-06-02 01:00")
    assert np.isfinite([result.line.low, result.line.high]).all()


@pytest.mark.parametrize("observed", [np.full(100, 500.0), noise(100)[0]])
@pytest.mark.parametrize("error", [0.0, 3.0])
def test_nothing_is_nan(observed, error):
    result = calibrated(np.full(100, error), observed)
    json.dumps(result.facts(), allow_nan=False)
    assert np.isfinite(result.to_frame()).all(axis=None)
    assert "nan" not in calibration_finding(result) + calibration_note(result) + calibration_caption(result)
