"""What ridge and boosted trees see of a window; each target has regressions of its own."""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from lstmkit.data.clock import HOUR, hour_of_day
from lstmkit.data.residual import windows_of
from lstmkit.data.windows import Windows, spread_evenly
from lstmkit.training.simple_rules import day_before, in_lookback, same_time_rows

HARMONICS = 4
NEWEST = 12  # steps that are all seen
LAGS = 24  # of trees, ever wider apart
SPANS = ("15min", "30min", "1h", "2h", "3h", "6h", "12h", "24h")  # of rolling means
STEP_SPANS = (2, 4, 8, 16)  # the same, where steps are a day or longer
DAY_BEFORE = 24  # targets whose values a day before ridge sees


def ridge_inputs(
    windows: Windows, expected: Float[np.ndarray, "time 1"]
) -> Float[np.ndarray, "window input"]:
    """What ridge sees: features, lags and clock.

    All features at the origin; the target and its deviation from the climatology at fine lags within the last hour
    and hourly ones over the lookback; its deviations a day before the targets; harmonics of the clock on working
    days and weekends. Where the target's past is not known, the measured features at the same lags in place of it.

    Args:
        windows: to describe.
        expected: the climatology at every time step.
    """
    past = _past_of_target(windows, expected) if windows.task.target_known else _past_of_inputs(windows)
    return np.hstack(
        [windows.inputs[windows.origin_rows].cpu().numpy(), *past, _clock_harmonics(windows.origin)]
    )


def _past_of_target(windows: Windows, expected: Float[np.ndarray, "time 1"]) -> list[np.ndarray]:
    origin, lags = windows.origin_rows.cpu().numpy(), _ridge_lags(windows)
    deviations = windows.values - expected
    earlier = day_before(deviations, windows)[..., 0][:, spread_evenly(windows.horizon, DAY_BEFORE)]
    return [
        windows.values[:, 0][origin[:, None] - lags],
        deviations[:, 0][origin[:, None] - lags],
        np.nan_to_num(earlier),
    ]


def _past_of_inputs(windows: Windows) -> list[np.ndarray]:
    past = _measured(windows)[:, -1 - _ridge_lags(windows)[1:]]
    return [past.reshape(len(windows), -1)]


def _measured(windows: Windows) -> Float[np.ndarray, "window lookback measured"]:
    """The features that are no clock, over each lookback."""
    of_clock = np.array([each.is_clock for each in windows.provenance])
    series = windows.inputs.cpu().numpy()[:, ~of_clock]
    return windows_of(series, windows.lookback)[windows.starts.cpu().numpy()]


def tree_inputs(windows: Windows, expected: Float[np.ndarray, "time 1"]) -> Float[np.ndarray, "window input"]:
    """What trees see whatever the step ahead: features, changes since earlier steps and means, clock.

    Trees split one input at a time, so past values are differences from the value at the origin. They are those of the
    target, or of the measured features where its past is not known.

    Args:
        windows: to describe.
        expected: the climatology at every time step.
    """
    is_known = windows.task.target_known
    past = windows.past() if is_known else _measured(windows)  # (window, lookback, series)
    now, clock = past[:, -1], windows.origin
    lags = np.geomspace(1, max(1, windows.lookback - 1), LAGS).round().astype(int)
    lags = np.unique(lags[lags < windows.lookback])
    spans = {round(pd.Timedelta(span) / windows.interval) for span in SPANS}
    if not windows.calendar.is_within_days:
        spans = {*STEP_SPANS}
    means = [past[:, -span:].mean(axis=1) - now for span in sorted(spans) if 2 <= span <= windows.lookback]
    level = [now, now - expected[windows.origin_rows.cpu().numpy()]] if is_known else []
    return np.hstack(
        [
            windows.inputs[windows.origin_rows].cpu().numpy(),
            (past[:, -1 - lags] - now[:, None]).reshape(len(windows), -1),
            *level,
            *means,
            np.column_stack([hour_of_day(clock), clock.day_of_week]),
        ]
    )


def step_inputs(
    windows: Windows, expected: Float[np.ndarray, "time 1"], steps: Int[np.ndarray, "window step"]
) -> Float[np.ndarray, "window step input"]:
    """What trees see of some targets: the step, what is expected then, the hour, and the values a day before.

    What is expected stands for a value that lies before the lookback. Where the target's past is not known: the step,
    what is expected then, and the hour.

    Args:
        windows: to describe.
        expected: the climatology at every time step.
        steps: ahead of each window's origin.
    """
    now, rows = windows.latest(), windows.origin_rows.cpu().numpy()[:, None] + steps
    if not windows.task.target_known:
        return np.stack([steps.astype(float), expected[rows, 0], hour_of_day(windows.time)[rows]], axis=2)
    earlier = same_time_rows(windows, steps)
    values, deviations = (
        in_lookback(series, windows, earlier)[..., 0]
        for series in (windows.values, windows.values - expected)
    )
    expected = expected[:, 0]
    columns = [
        steps.astype(float),
        expected[rows] - now,
        hour_of_day(windows.time)[rows],
        np.where(np.isnan(values), expected[rows], values) - now,
        np.nan_to_num(deviations),
    ]
    return np.stack(columns, axis=2)


def _ridge_lags(windows: Windows) -> Int[np.ndarray, "lag"]:
    hour = max(1, round(HOUR / windows.interval))
    lags = {*range(NEWEST + 1), *range(0, hour, max(1, hour // 12)), *range(0, windows.lookback, hour)}
    return np.array(sorted({lag for lag in lags if lag < windows.lookback} | {windows.lookback - 1}))


def _clock_harmonics(local_time: pd.DatetimeIndex) -> Float[np.ndarray, "window harmonic"]:
    hour = 2 * np.pi * hour_of_day(local_time) / 24
    weekend = (local_time.day_of_week >= 5).astype(float)
    waves = [wave(k * hour) for k in range(1, HARMONICS + 1) for wave in (np.sin, np.cos)]
    return np.column_stack([weekend, *waves, *[wave * weekend for wave in waves]])
