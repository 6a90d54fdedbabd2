"""Errors by step ahead: what is planted at a step shows at that step, with the interval of resampled blocks of days."""

import json

import numpy as np
import pandas as pd
import pytest

from lstmkit.analysis.errors.by_step import error_by_step
from lstmkit.analysis.errors.compared import Compared
from lstmkit.data.calendar import Calendar
from lstmkit.errors import LstmkitError
from lstmkit.findings.errors.by_step import error_by_step_caption, error_by_step_finding
from lstmkit.params import EvaluationParams
from tests.analysis.drawn import windows_drawn

DAYS = 12
ORIGIN = pd.date_range("2025-10-27", periods=24 * DAYS, freq="1h", tz="America/New_York")
PARAMS = EvaluationParams(bootstrap=200, confidence=0.9)


def steps_of(errors, origin=ORIGIN, size=100, interval="1h", order=None):
    """Errors of each forecaster, shape (window, step), in chunks."""
    observed = 600 + 80 * np.random.default_rng(9).normal(size=errors["LSTM"].shape)
    parts = [slice(first, first + size) for first in range(0, len(observed), size)]
    chunks = (
        Compared(
            observed[part],
            {name: observed[part] + errors[name][part] for name in order or errors},
            origin[part],
        )
        for part in parts
    )
    return error_by_step("LSTM", "ppm", chunks, Calendar(interval), PARAMS, seed=0)


def noise(horizon=4, seed=0):
    rng = np.random.default_rng(seed)
    return {
        name: rng.normal(0, sd, (len(ORIGIN), horizon))
        for name, sd in (("LSTM", 5), ("ridge", 6), ("naive", 9))
    }


def test_an_error_planted_at_one_step_is_found_at_it():
    planted = np.zeros((len(ORIGIN), 4))
    planted[:, 2] = -7
    result = steps_of({"LSTM": planted, "ridge": np.full_like(planted, 10.0)}, interval="5min")
    own = result.errors["LSTM"]
    for values in (own.rmse, *own.rmse_ends):
        np.testing.assert_allclose(values, [0, 0, 7, 0], atol=1e-9)
    for values in (own.bias, *own.bias_ends):
        np.testing.assert_allclose(values, [0, 0, -7, 0], atol=1e-9)
    for values in (result.skill, *result.skill_ends):
        np.testing.assert_allclose(values, [1, 1, 0.3, 1], atol=1e-9)
    np.testing.assert_allclose(result.hours, [1 / 12, 2 / 12, 3 / 12, 4 / 12])
    assert error_by_step_finding(result) == (
        "The model's RMSE is 0 ppm at 5 min and 0 ppm at 20 min, with its largest value, 7.00 ppm, at 15 min; "
        "half of the growth is reached at 15 min. It is ahead of every baseline at all 4 steps; the interval of its "
        "skill lies above zero at all 4 steps. The best baseline is ridge at every step. The bias is largest at 15 "
        "min, −7.00 ppm."
    )


@pytest.mark.parametrize("size", [1, 37, 10_000])
def test_estimates_and_intervals_are_those_of_resampled_days(size):
    errors = noise()
    result = steps_of(errors, size=size, order=["naive", "LSTM", "ridge"])
    assert list(result.errors) == ["LSTM", "naive", "ridge"]
    days = ORIGIN.strftime("%F").to_numpy()

    def ends(values, estimate):
        drawn = [estimate(windows) for windows in windows_drawn(days, values, 200, seed=0)]
        return np.quantile(drawn, [0.05, 0.95], axis=0)

    for name, error in errors.items():
        found = result.errors[name]
        np.testing.assert_allclose(found.rmse, np.sqrt((error**2).mean(axis=0)))
        np.testing.assert_allclose(found.bias, error.mean(axis=0), atol=1e-12)
        rmse = ends(error**2, lambda windows, error=error: np.sqrt((error[windows] ** 2).mean(axis=0)))
        np.testing.assert_allclose(found.rmse_ends, rmse)
        bias = ends(error, lambda windows, error=error: error[windows].mean(axis=0))
        np.testing.assert_allclose(found.bias_ends, bias, atol=1e-12)
    own, best = (errors[name] ** 2 for name in ("LSTM", "ridge"))
    skill = ends(
        own / own.sum(axis=0) - best / best.sum(axis=0),
        lambda windows: 1 - np.sqrt(own[windows].mean(axis=0) / best[windows].mean(axis=0)),
    )
    np.testing.assert_allclose(result.skill_ends, skill)
    assert (result.n_windows, result.n_days) == (len(ORIGIN), len(set(days)))


def test_the_model_is_held_against_the_best_baseline_of_each_step():
    errors = noise()
    errors["LSTM"][:] = 10.0
    errors["ridge"][:] = [8.0, 12, 20, 20]
    errors["naive"][:] = [9.0, 9, 9, 40]
    result = steps_of(errors)
    assert result.best == ("ridge", "naive", "naive", "ridge")
    np.testing.assert_allclose(result.skill, [1 - 10 / 8, 1 - 10 / 9, 1 - 10 / 9, 1 - 10 / 20])
    told = error_by_step_finding(result)
    assert "It is ahead of every baseline at 1 of 4 steps; " in told
    assert "above zero at 1 of 4 steps (at 4 h) and below zero at 3 (1 h to 3 h)." in told
    assert "The best baseline is ridge from 1 h on, naive from 2 h on, ridge from 4 h on." in told
    assert "largest at the first step" in told
    assert json.loads(json.dumps(result.facts(), allow_nan=False))["steps_surely_ahead"] == 1


def test_many_changes_of_the_best_baseline_are_counted():
    errors = noise(horizon=6)
    errors["ridge"][:] = [1.0, 3, 1, 3, 1, 1]
    errors["naive"][:] = 2.0
    told = error_by_step_finding(steps_of(errors))
    assert "The best baseline is ridge at 4 steps, naive at 2 steps." in told


def test_a_single_step_is_a_point():
    errors = {name: np.full((len(ORIGIN), 1), size) for name, size in (("LSTM", 3.0), ("ridge", 4.0))}
    result = steps_of(errors)
    assert error_by_step_finding(result) == (
        "The horizon is a single step of 1 h: RMSE 3.00 ppm, skill +25.0 % against ridge, bias +3.00 ppm; there is no "
        "growth with the step to be seen."
    )
    assert result.to_frame().index.tolist() == [1]


@pytest.mark.parametrize(("hours", "days"), [(24, "1 day"), (96, "4 days")])
def test_few_days_give_no_interval(hours, days):
    result = steps_of({name: error[:hours] for name, error in noise().items()}, ORIGIN[:hours])
    assert result.skill_ends is None
    assert result.errors["LSTM"].rmse_ends is None
    assert "; there are too few days for an interval." in error_by_step_finding(result)
    assert error_by_step_caption(result).endswith(
        f"test windows. No intervals: they need 5 days, and the forecasts start on {days}."
    )
    assert result.facts()["steps_surely_ahead"] is None
    assert result.to_frame().notna().all(axis=None)


def test_days_that_a_baseline_forecasts_exactly_may_be_drawn_alone():
    errors = noise()
    errors["ridge"][: 24 * (DAYS - 1)] = 0  # but for one day
    errors["ridge"][24 * (DAYS - 1) :] = 100
    assert np.isfinite(steps_of(errors).skill_ends).all()


def test_a_baseline_without_any_error_at_a_step_cannot_be_compared_with():
    errors = noise()
    errors["ridge"][:, 1] = 0
    with pytest.raises(LstmkitError, match="ridge forecasts step 2 of the test part without any error"):
        steps_of(errors)


def test_the_frame_holds_everything_and_no_nan():
    frame = steps_of(noise()).to_frame()
    assert frame.notna().all(axis=None)
    assert list(frame["LSTM"].columns) == ["rmse", "bias", "rmse_low", "rmse_high", "bias_low", "bias_high"]
    assert list(frame["skill"].columns) == ["value", "best_baseline", "low", "high"]
