"""The residual baseline: a rule that fits in one sentence, from whose forecast the network forecasts the difference."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

MOST_WINDOWS = 10_000  # evenly spaced, from which the rate and the scale are taken


@dataclass(frozen=True)
class ResidualBaseline:
    """The rule `expected[t + k] + rate ** k * (target[t] - expected[t])` for k steps ahead of the origin t.

    A rate of 0 forecasts what is expected at the clock of the target; a rate of 1 with a constant expectation the last
    value; a rate between them the expectation plus the last deviation from it, which fades.

    Attributes:
        kind: `none`, `last`, `climatology` or `damped`.
        expected: at every time step, in the target's unit.
        rate: by which a deviation is multiplied at each step.
        scale: of the differences that the network forecasts, in the target's unit.
        deviations: of the target from what is expected, divided by the scale.
    """

    kind: str
    expected: Float[np.ndarray, "time"]
    rate: float
    scale: float
    deviations: Float[Tensor, "time"]

    def to(self, device: torch.device | str) -> "ResidualBaseline":
        """The same rule on a device."""
        return replace(self, deviations=self.deviations.to(device))

    def fading(self, horizon: int) -> Float[Tensor, "horizon"]:
        """The share of the last deviation that is left at each step ahead.

        Args:
            horizon: steps ahead.
        """
        steps = torch.arange(1, horizon + 1, device=self.deviations.device)
        return (self.rate**steps).to(self.deviations.dtype)

    def residuals(self, origin: Int[Tensor, "*origin"], horizon: int) -> Float[Tensor, "*origin horizon"]:
        """What a network shall forecast: the scaled differences of the target from the rule.

        Args:
            origin: rows of the newest known step.
            horizon: steps ahead.
        """
        ahead = self.deviations.unfold(0, horizon, 1)[origin + 1]
        return ahead - self.deviations[origin][..., None] * self.fading(horizon) if self.rate else ahead

    def to_units(
        self, outputs: Float[Tensor, "window horizon"], origin: Int[Tensor, "window"]
    ) -> Float[np.ndarray, "window horizon"]:
        """Turn scaled differences into forecasts in the target's unit.

        Args:
            outputs: one row per window.
            origin: row of each window's newest step.
        """
        horizon, rows = outputs.shape[1], origin.cpu().numpy() + 1
        deviation = outputs.double() + (self.deviations[origin].double()[:, None] * self.fading(horizon))
        expected = np.lib.stride_tricks.sliding_window_view(self.expected, horizon)[rows]
        return deviation.cpu().numpy() * self.scale + expected


def fit_residual_baseline(
    kind: str,
    target: Float[np.ndarray, "time"],
    climatology: Float[np.ndarray, "time"],
    training: slice,
    origin: Int[np.ndarray, "window"],
    horizon: int,
) -> ResidualBaseline:
    """Fit a rule on the training part.

    Args:
        kind: `none`, `last`, `climatology` or `damped`.
        target: the series in its unit, NaN where it is missing.
        climatology: its usual value at every time step.
        training: rows of the training part.
        origin: rows of the training windows' newest steps.
        horizon: steps ahead.
    """
    origin = origin[:: -(-len(origin) // MOST_WINDOWS)]
    constant = np.full(len(target), np.nanmean(target[training]))
    expected = climatology if kind in ("climatology", "damped") else constant
    deviations = target - expected
    now, ahead = deviations[origin], np.lib.stride_tricks.sliding_window_view(deviations, horizon)[origin + 1]
    rate = {"last": 1.0, "damped": _fading_rate(now, ahead) if kind == "damped" else 0.0}.get(kind, 0.0)
    left = ahead - now[:, None] * rate ** np.arange(1, horizon + 1)
    scale = float(np.sqrt(np.mean(left**2))) or 1.0
    scaled = torch.from_numpy((deviations / scale).astype("float32"))
    return ResidualBaseline(kind, expected, rate, scale, scaled)


def _fading_rate(now: Float[np.ndarray, "window"], ahead: Float[np.ndarray, "window horizon"]) -> float:
    """The rate between 0 and 1 whose forecasts have the least squared error."""
    from scipy.optimize import minimize_scalar

    together, power, steps = now @ ahead, now @ now, np.arange(1, ahead.shape[1] + 1)

    def loss(rate: float) -> float:
        share = rate**steps
        return float(power * share @ share - 2 * share @ together)

    # by its time constant in steps, on a logarithmic scale: the loss has one minimum there, and is flat for rates alone
    found = minimize_scalar(lambda log: loss(np.exp(-np.exp(-log))), bounds=(-3.0, 12.0), method="bounded")
    return float(np.exp(-np.exp(-found.x)))
