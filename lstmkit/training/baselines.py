"""What a forecaster must beat, given the same knowledge: persistence, the day before, climatology, ridge."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from lstmkit.data.climatology import climatology
from lstmkit.data.clock import hour_of_day, steps_to_same_time
from lstmkit.data.dataset import Dataset
from lstmkit.data.windows import Windows, split_rows
from lstmkit.params import SplitParams, TrainingParams
from lstmkit.training.gain import best_gain, held_out_windows

ALPHAS = np.logspace(0, 6, 13)
MOST_TRAINING_WINDOWS = 20_000
HARMONICS = 4

Forecast = Float[np.ndarray, "window horizon"]
Forecaster = Callable[[Windows], Forecast]


def fit_baselines(
    dataset: Dataset, windows: dict[str, Windows], split: SplitParams, training: TrainingParams, seed: int
) -> dict[str, Forecaster]:
    """Fit every baseline on what comes before the test part.

    Args:
        dataset: the series.
        windows: of all parts.
        split: shares of the parts, for the climatology.
        training: of the networks; ridge is tuned on the same validation windows.
        seed: of the samples of windows that ridge sees.

    Returns:
        Per baseline, a function that forecasts windows in the target's unit, shape (window, horizon).
    """
    target = dataset.frame[dataset.target]
    rows = split_rows(dataset.observed, split)["train"]
    expected = climatology(target, dataset.local_time, rows, dataset.interval)
    held_out = held_out_windows(windows, training, seed)
    return {
        "persistence": partial(persistence, target.to_numpy()),
        "seasonal naive": partial(
            seasonal_naive, target.to_numpy(), season=steps_to_same_time(dataset.interval)
        ),
        "climatology": partial(_rows_ahead, expected),
        "ridge": fit_ridge(windows["train"], held_out, dataset.steps("1h"), seed),
    }


def persistence(target: Float[np.ndarray, "time"], windows: Windows) -> Forecast:
    """The last known value, for every step ahead.

    Args:
        target: the series in its unit.
        windows: to forecast.
    """
    last = target[windows.starts.numpy() + windows.lookback - 1]
    return np.repeat(last[:, None], windows.horizon, axis=1)


def seasonal_naive(target: Float[np.ndarray, "time"], windows: Windows, season: int) -> Forecast:
    """The latest known value at the same time of day.

    A day before the target may itself be ahead of the origin, or lie in a gap before the window's lookback: then
    the day before that is taken, and the last known value where no such day is known.

    Args:
        target: the series in its unit.
        windows: to forecast.
        season: steps per day, or per some days where a day is no whole number of them.
    """
    origin = windows.starts.numpy()[:, None] + windows.lookback - 1
    rows = origin + np.arange(1, windows.horizon + 1)
    days_back = np.ceil((rows - origin) / season).astype(int)
    forecast = np.full(rows.shape, np.nan)
    for extra in range(3):
        earlier = rows - (days_back + extra) * season
        known = np.where(earlier >= 0, target[np.maximum(earlier, 0)], np.nan)
        forecast = np.where(np.isnan(forecast), known, forecast)
    return np.where(np.isnan(forecast), persistence(target, windows), forecast)


def fit_ridge(train: Windows, held_out: Windows, steps_per_hour: int, seed: int) -> Forecaster:
    """Linear regression of the deviations from the climatology on the same features, their lags and the clock.

    Tuned on the validation part as a network is: there its penalty is chosen, as the epoch of a network, and there
    the gain by which its deviations are multiplied (`best_gain`).

    Args:
        train: windows to fit on.
        held_out: windows of the validation part.
        steps_per_hour: for the lags.
        seed: of the sample of training windows.

    Returns:
        A function that forecasts windows in the target's unit.
    """
    train = train.sample(MOST_TRAINING_WINDOWS, seed)
    x, y = ridge_inputs(train, steps_per_hour), train.ahead().numpy()
    x_held_out, y_held_out = ridge_inputs(held_out, steps_per_hour), held_out.ahead().numpy()
    fitted = [make_pipeline(StandardScaler(), Ridge(alpha)).fit(x, y) for alpha in ALPHAS]
    # scikit-learn forecasts a single step without an axis for it
    outputs = [model.predict(x_held_out).reshape(y_held_out.shape) for model in fitted]
    best = int(np.argmin([np.mean((output - y_held_out) ** 2) for output in outputs]))
    gain = best_gain([(torch.from_numpy(outputs[best]), torch.from_numpy(y_held_out))])
    return partial(_ridge_forecast, fitted[best], gain, steps_per_hour)


def _ridge_forecast(fitted: Pipeline, gain: float, steps_per_hour: int, windows: Windows) -> Forecast:
    outputs = fitted.predict(ridge_inputs(windows, steps_per_hour)).reshape(len(windows), windows.horizon)
    return windows.from_deviations(torch.from_numpy(gain * outputs))


def ridge_inputs(windows: Windows, steps_per_hour: int) -> Float[np.ndarray, "window input"]:
    """What ridge sees: features, lags and clock.

    All features at the origin; the target and its deviation from the climatology at fine lags within the last hour and
    hourly ones over the lookback; harmonics of the clock on working days and weekends.

    Args:
        windows: to describe.
        steps_per_hour: for the lags.
    """
    lookback = windows.lookback
    lags = {
        *range(0, steps_per_hour, max(1, steps_per_hour // 6)),
        *range(0, lookback, steps_per_hour),
        lookback - 1,
    }
    steps = torch.tensor([lookback - 1 - lag for lag in sorted(lags) if lag < lookback])
    rows = windows.starts[:, None] + steps
    columns = [
        windows.inputs[windows.starts + lookback - 1],
        windows.inputs[rows, 0],
        windows.targets[rows].nan_to_num(),
    ]
    return np.hstack([*[column.numpy() for column in columns], _clock_harmonics(windows.origin)])


def _clock_harmonics(local_time: pd.DatetimeIndex) -> Float[np.ndarray, "window harmonic"]:
    hour = 2 * np.pi * hour_of_day(local_time) / 24
    weekend = (local_time.day_of_week >= 5).astype(float)
    waves = [wave(k * hour) for k in range(1, HARMONICS + 1) for wave in (np.sin, np.cos)]
    return np.column_stack([weekend, *waves, *[wave * weekend for wave in waves]])


def _rows_ahead(series: Float[np.ndarray, "time"], windows: Windows) -> Forecast:
    rows = windows.starts.numpy()[:, None] + windows.lookback + np.arange(windows.horizon)
    return series[rows]
