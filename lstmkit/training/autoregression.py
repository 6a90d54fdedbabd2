"""Autoregression: a linear map of the newest deviations from the climatology, and of those a cycle before."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float

from lstmkit.data.calendar import Calendar
from lstmkit.data.residual import ResidualBaseline
from lstmkit.data.windows import Windows
from lstmkit.training.gain import best_gain
from lstmkit.training.simple_rules import Forecast, at_targets, day_before, rule_alone

RECENT = ("0min", "5min", "10min", "30min", "1h")
RECENT_STEPS = (0, 1, 2, 3)  # of a day or longer
MOST_TRAINING_WINDOWS = 10_000  # evenly spaced


@dataclass(frozen=True)
class Autoregression:
    """How the deviations of one target from its climatology go on, for each step ahead.

    Attributes:
        damped: the damped climatology, towards which the gain draws the forecast.
        weights: per step ahead, of the recent deviations and, last, of that a day before the target.
        gain: by which the difference from the damped climatology is multiplied.
    """

    damped: ResidualBaseline
    weights: Float[np.ndarray, "horizon term"]
    gain: float = 1.0

    def __call__(self, windows: Windows) -> Forecast:
        """Forecast windows.

        Args:
            windows: to forecast.
        """
        rule = rule_alone(self.damped, windows)
        deviations = np.einsum("nht,ht->nh", _terms(windows, self.damped.expected), self.weights)[..., None]
        return rule + self.gain * (at_targets(self.damped.expected, windows) + deviations - rule)


def fit_autoregression(damped: ResidualBaseline, train: Windows, held_out: Windows) -> Autoregression:
    """Fit by least squares; the gain is fitted on windows that were held out.

    Args:
        damped: the damped climatology of one target.
        train: windows of this target to fit on.
        held_out: windows of the validation part.
    """
    train = train.spread(MOST_TRAINING_WINDOWS)
    terms, ahead = _terms(train, damped.expected), train.observed() - at_targets(damped.expected, train)
    # the smallest solution, where the day before is one of the recent values
    weights = np.array([np.linalg.lstsq(terms[:, k], ahead[:, k, 0])[0] for k in range(train.horizon)])
    plain, rule = Autoregression(damped, weights), rule_alone(damped, held_out)
    outputs, true = plain(held_out) - rule, held_out.observed() - rule
    return replace(plain, gain=best_gain([(torch.from_numpy(outputs), torch.from_numpy(true))]))


def recent_lags(calendar: Calendar, lookback: int) -> list[int]:
    """Steps before the origin whose deviations are used.

    Args:
        calendar: of the series.
        lookback: input steps, beyond which nothing is used.
    """
    lags = {round(pd.Timedelta(lag) / calendar.step) for lag in RECENT}
    if not calendar.is_within_days:
        lags = {*RECENT_STEPS}
    return sorted(lag for lag in lags if lag < lookback)


def _terms(
    windows: Windows, expected: Float[np.ndarray, "time 1"]
) -> Float[np.ndarray, "window horizon term"]:
    """Recent deviations, and that a day before the target, or zero where it lies before the lookback."""
    deviations = windows.values - expected
    lags = np.array(recent_lags(windows.calendar, windows.lookback))
    recent = deviations[:, 0][windows.origin_rows.cpu().numpy()[:, None] - lags]
    columns = np.broadcast_to(recent[:, None], (len(windows), windows.horizon, len(lags)))
    earlier = np.nan_to_num(day_before(deviations, windows))
    return np.concatenate([columns, earlier], axis=2)
