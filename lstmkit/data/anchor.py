"""What a forecast starts from: a simple rule, fitted on the training part, from which a network learns to deviate.

The climatology expects the usual value at that time of the week. The autoregressive anchor adds how a deviation from
it fades: a linear map of the deviations of the last hour and of the day before each target step, like the
autoregressive part of LSTNet (Lai et al. 2018). Both are linear in the inputs, so attributions can include them.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor

from lstmkit.data.clock import DAY, HOUR

MOST_TRAINING_WINDOWS = 10_000  # evenly spaced, to bound memory
RECENT = ("0min", "5min", "10min", "30min", "1h")


@dataclass(frozen=True)
class Anchor:
    """The rule, for one horizon.

    Attributes:
        expected: the climatology at every time step in the target's unit, or zeros.
        recent: steps before the origin whose deviations are used; none for a plain climatology.
        season: steps per day, if the deviation a day before each target step is used.
        weights: per step ahead, of the recent deviations and, last, of the day before.
    """

    expected: Float[np.ndarray, "time"]
    recent: tuple[int, ...]
    season: int | None
    weights: Float[Tensor, "horizon term"]

    def to(self, device: torch.device | str) -> "Anchor":
        """The same rule on a device."""
        return replace(self, weights=self.weights.to(device))

    def expects(
        self, deviations: Float[Tensor, "time"], origin: Int[Tensor, "window"]
    ) -> Float[Tensor, "window horizon"]:
        """The expected deviation from the climatology, at each step ahead of each origin.

        Args:
            deviations: of the target from the climatology.
            origin: row of each window's last input step.
        """
        horizon = len(self.weights)
        if not self.weights.shape[1]:
            return deviations.new_zeros(len(origin), horizon)
        terms = _terms(deviations, origin, horizon, self.recent, self.season)
        return torch.einsum("nht,ht->nh", terms, self.weights)

    def as_input_weights(self, lookback: int) -> Float[Tensor, "horizon lookback"]:
        """The rule as weights of the target's inputs over the lookback.

        Args:
            lookback: input steps.
        """
        horizon = len(self.weights)
        weights = self.weights.new_zeros(horizon, lookback)
        for term, lag in enumerate(self.recent):
            weights[:, lookback - 1 - lag] += self.weights[:, term]
        if self.season:
            ahead = torch.arange(horizon)
            weights[ahead, lookback + ahead - self.season] += self.weights[:, -1]
        return weights


def plain_anchor(expected: Float[np.ndarray, "time"], horizon: int) -> Anchor:
    """The climatology alone (or nothing, where it is zero).

    Args:
        expected: at every time step, in the target's unit.
        horizon: steps ahead.
    """
    return Anchor(expected, (), None, torch.zeros(horizon, 0))


def fit_autoregression(
    expected: Float[np.ndarray, "time"],
    deviations: Float[Tensor, "time"],
    origin: Int[Tensor, "window"],
    horizon: int,
    lookback: int,
    interval: pd.Timedelta,
) -> Anchor:
    """Fit by least squares, for each step ahead, how deviations from the climatology fade.

    Args:
        expected: the climatology.
        deviations: of the target from it.
        origin: rows of the training windows' last input steps.
        horizon: steps ahead.
        lookback: input steps, beyond which nothing is used.
        interval: time between rows.
    """
    lags = {round(pd.Timedelta(lag) / interval) for lag in RECENT}
    recent = tuple(sorted(lag for lag in lags if lag < lookback))
    day = round(DAY / interval)
    is_day = abs(day * interval - DAY) <= HOUR  # steps of 16 h or of a week make no day
    season = day if is_day and horizon <= day <= lookback else None
    origin = origin[:: -(-len(origin) // MOST_TRAINING_WINDOWS)]
    terms = _terms(deviations, origin, horizon, recent, season).double().numpy()
    ahead = deviations.double()[origin[:, None] + 1 + torch.arange(horizon)].numpy()
    # the smallest solution, where the day before is one of the recent values: PyTorch's depends on chance
    weights = np.array([np.linalg.lstsq(terms[:, k], ahead[:, k])[0] for k in range(horizon)])
    return Anchor(expected, recent, season, torch.from_numpy(weights).float())


def _terms(
    deviations: Float[Tensor, "time"],
    origin: Int[Tensor, "window"],
    horizon: int,
    recent: tuple[int, ...],
    season: int | None,
) -> Float[Tensor, "window horizon term"]:
    lags = deviations[origin[:, None] - torch.tensor(recent, device=origin.device)]  # (window, recent)
    columns = lags[:, None, :].expand(-1, horizon, -1)
    if season is None:
        return columns
    ahead = origin[:, None] + 1 + torch.arange(horizon, device=origin.device)
    return torch.cat([columns, deviations[ahead - season][..., None]], dim=2)
