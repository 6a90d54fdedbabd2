"""Rules that need no fitting, and the values of the past that forecasts at the same time of day start from."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Int

from lstmkit.data.residual import ResidualBaseline, windows_of
from lstmkit.data.windows import Windows

Forecast = Float[np.ndarray, "window horizon target"]
Forecaster = Callable[[Windows], Forecast]


def persistence(windows: Windows) -> Forecast:
    """The last known value, for every step ahead.

    Args:
        windows: to forecast.
    """
    return np.repeat(windows.latest()[:, None], windows.horizon, axis=1)


def seasonal_naive(windows: Windows) -> Forecast:
    """The latest known value at the same point of the shortest cycle, usually the same time of day.

    A day before the target may itself be ahead of the origin, or lie in a gap before the window's lookback: then
    the day before that is taken, and the last known value where no such day is known.

    Args:
        windows: to forecast.
    """
    season = windows.calendar.season_steps
    rows = same_time_rows(windows, _all_steps(windows))
    forecast = np.full((*rows.shape, len(windows.task)), np.nan)
    for extra in range(3):
        earlier = rows - extra * season
        known = np.where((earlier >= 0)[..., None], windows.values[np.maximum(earlier, 0)], np.nan)
        forecast = np.where(np.isnan(forecast), known, forecast)
    return np.where(np.isnan(forecast), persistence(windows), forecast)


def at_targets(series: Float[np.ndarray, "time target"], windows: Windows) -> Forecast:
    """The values of a series at the targets.

    Args:
        series: known in advance, as the climatology is.
        windows: to forecast.
    """
    rows = windows.origin_rows.cpu().numpy() + 1
    return windows_of(series, windows.horizon)[rows]


def rule_alone(rule: ResidualBaseline, windows: Windows) -> Forecast:
    """What a residual baseline forecasts without a network.

    Args:
        rule: fitted on the training part.
        windows: to forecast.
    """
    return rule.to_units(torch.zeros(len(windows), *windows.shape), windows.origin_rows)


def day_before(series: Float[np.ndarray, "time target"], windows: Windows) -> Forecast:
    """The latest known values of a series at the targets' times of day; NaN where they lie before the lookback.

    Args:
        series: of which only the past is known.
        windows: to forecast.
    """
    return in_lookback(series, windows, same_time_rows(windows, _all_steps(windows)))


def same_time_rows(windows: Windows, steps: Int[np.ndarray, "window step"]) -> Int[np.ndarray, "window step"]:
    """The newest known row at the same time of day as each target; negative before the series begins.

    Args:
        windows: to forecast.
        steps: ahead of each window's origin.
    """
    season = windows.calendar.season_steps
    return windows.origin_rows.cpu().numpy()[:, None] + steps - -(-steps // season) * season


def in_lookback(
    series: Float[np.ndarray, "time target"], windows: Windows, rows: Int[np.ndarray, "window step"]
) -> Float[np.ndarray, "window step target"]:
    """The values of a series at some rows; NaN before each window's lookback.

    Args:
        series: known at the rows.
        windows: of which there is one for each row of `rows`.
        rows: of the series.
    """
    known = rows >= windows.starts.cpu().numpy()[:, None]
    return np.where(known[..., None], series[np.maximum(rows, 0)], np.nan)


def _all_steps(windows: Windows) -> Int[np.ndarray, "window horizon"]:
    return np.broadcast_to(np.arange(1, windows.horizon + 1), (len(windows), windows.horizon))
