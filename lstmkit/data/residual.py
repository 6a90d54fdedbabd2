"""The residual baseline: a rule that fits in one sentence, from whose forecast the network forecasts the difference."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar
from torch import Tensor

from lstmkit.data.split import PartRows

RULES = {
    "none": "the mean of the training part",
    "last": "the last value",
    "climatology": "the climatology",
    "damped": "the damped climatology",
}
MOST_WINDOWS = 10_000  # evenly spaced, from which the rate and the scale are taken
FEW = 1000  # training windows: from fewer a network hardly learns that deviations from the climatology fade
ROUNDING = 1e-12  # of the largest value
TIME_CONSTANTS = np.linspace(-3, 12, 61)  # natural logarithms of steps, from none to 160,000


@dataclass(frozen=True)
class ResidualBaseline:
    """The rule `expected[t + k] + rate ** k * (target[t] - expected[t])` for k steps ahead of the origin t.

    A rate of 0 forecasts what is expected at the clock of the target; a rate of 1 with a constant expectation the last
    value; a rate between them the expectation plus the last deviation from it, which fades.

    Attributes:
        kind: `none`, `last`, `climatology` or `damped`.
        expected: of each target at every time step, in the target's unit.
        rate: by which a deviation is multiplied at each step, per target.
        scale: of the differences that the network forecasts, in the target's unit, per target.
        deviations: of the targets from what is expected, divided by the scale.
    """

    kind: str
    expected: Float[np.ndarray, "time target"]
    rate: Float[np.ndarray, "target"]
    scale: Float[np.ndarray, "target"]
    deviations: Float[Tensor, "time target"]

    @property
    def rule(self) -> str:
        """What is forecast without a network, in words."""
        return RULES[self.kind]

    @property
    def needs_no_past(self) -> bool:
        """Whether it forecasts without the target's last value, which may then be missing."""
        return not self.rate.any()

    def to(self, device: torch.device | str) -> "ResidualBaseline":
        """The same rule on a device."""
        return replace(self, deviations=self.deviations.to(device))

    def only(self, target: int) -> "ResidualBaseline":
        """The same rule for one target.

        Args:
            target: its position.
        """
        one = slice(target, target + 1)
        return replace(
            self,
            expected=self.expected[:, one],
            rate=self.rate[one],
            scale=self.scale[one],
            deviations=self.deviations[:, one],
        )

    def fading(self, horizon: int) -> Float[Tensor, "horizon target"]:
        """The share of the last deviation that is left at each step ahead.

        Args:
            horizon: steps ahead.
        """
        steps = torch.arange(1, horizon + 1, device=self.deviations.device)
        left = [(rate**steps).to(self.deviations.dtype) for rate in self.rate.tolist()]
        return torch.stack(left, dim=-1)

    def residuals(
        self, origin: Int[Tensor, "*origin"], horizon: int
    ) -> Float[Tensor, "*origin horizon target"]:
        """What a network shall forecast: the scaled differences of the targets from the rule.

        Args:
            origin: rows of the newest known step.
            horizon: steps ahead.
        """
        ahead = self.deviations.unfold(0, horizon, 1)[origin + 1].transpose(-1, -2)
        if self.needs_no_past:
            return ahead
        return ahead - self.deviations[origin].unsqueeze(-2) * self.fading(horizon)

    def added(self, outputs: Float[Tensor, "*any target"]) -> Float[Tensor, "*any target"]:
        """What outputs add to the rule's forecast, scaled: of a regression they themselves.

        Args:
            outputs: of a network.
        """
        return outputs

    def to_units(
        self, outputs: Float[Tensor, "window horizon target"], origin: Int[Tensor, "window"]
    ) -> Float[np.ndarray, "window horizon target"]:
        """Turn scaled differences into forecasts in the target's unit.

        Args:
            outputs: one row per window.
            origin: row of each window's newest step.
        """
        horizon, rows = outputs.shape[1], origin.cpu().numpy() + 1
        deviation = self.added(outputs.double())
        if not self.needs_no_past:
            deviation = deviation + self.deviations[origin].double()[:, None] * self.fading(horizon)
        expected = windows_of(self.expected, horizon)[rows]
        return deviation.cpu().numpy() * self.scale + expected


def windows_of(series: Float[np.ndarray, "time target"], size: int) -> Float[np.ndarray, "begin size target"]:
    """All stretches of a series, as a view.

    Args:
        series: of any targets.
        size: of a stretch.
    """
    return np.lib.stride_tricks.sliding_window_view(series, size, axis=0).swapaxes(-1, -2)


def choose_baseline(
    kind: str,
    target: Float[np.ndarray, "time target"],
    climatology: Float[np.ndarray, "time target"],
    training: PartRows,
    origin: dict[str, Int[np.ndarray, "_"]],
    horizon: int,
    target_known: bool = True,
) -> ResidualBaseline:
    """Fit the rule that is named, or for `auto` whichever forecasts the validation windows best.

    Args:
        kind: of `fit_residual_baseline`, or `auto`.
        target: the series in their units, NaN where one is missing.
        climatology: their usual values at every time step.
        training: rows of the training part.
        origin: rows of the newest steps of the windows of each part.
        horizon: steps ahead.
        target_known: whether a forecast knows the targets' last values; else `auto` chooses among the others.
    """
    kinds = [kind]
    if kind == "auto":
        kinds = ["last", "climatology", *(["damped"] if len(origin["train"]) < FEW else [])]
        kinds = kinds if target_known else ["none", "climatology"]
    rules = [
        fit_residual_baseline(each, target, climatology, training, origin["train"], horizon) for each in kinds
    ]
    return rules[0] if len(rules) == 1 else best_baseline(rules, origin["validation"], horizon)


def fit_residual_baseline(
    kind: str,
    target: Float[np.ndarray, "time target"],
    climatology: Float[np.ndarray, "time target"],
    training: PartRows,
    origin: Int[np.ndarray, "window"],
    horizon: int,
) -> ResidualBaseline:
    """Fit a rule on the training part.

    Args:
        kind: `none`, `last`, `climatology` or `damped`.
        target: the series in their units, NaN where one is missing.
        climatology: their usual values at every time step.
        training: rows of the training part.
        origin: rows of the training windows' newest steps; the target is known at all steps ahead, and there, where the
            rule needs it.
        horizon: steps ahead.
    """
    origin = _some(origin)
    parts = [
        _fit_one(kind, series, usual, training, origin, horizon)
        for series, usual in zip(target.T, climatology.T, strict=True)
    ]
    expected, rate, scale, deviations = zip(*parts, strict=True)
    scaled = np.stack(deviations, axis=1).astype("float32")
    return ResidualBaseline(
        kind, np.stack(expected, axis=1), np.array(rate), np.array(scale), torch.from_numpy(scaled)
    )


def _fit_one(
    kind: str,
    target: Float[np.ndarray, "time"],
    climatology: Float[np.ndarray, "time"],
    training: PartRows,
    origin: Int[np.ndarray, "window"],
    horizon: int,
) -> tuple[Float[np.ndarray, "time"], float, float, Float[np.ndarray, "time"]]:
    """Of one target: what is expected, the rate, the scale, and the scaled deviations."""
    constant = np.full(len(target), np.nanmean(target[training]))
    expected = climatology if kind in ("climatology", "damped") else constant
    deviations = target - expected
    now, ahead = deviations[origin], np.lib.stride_tricks.sliding_window_view(deviations, horizon)[origin + 1]
    rate = _fading_rate(now, ahead) if kind == "damped" else float(kind == "last")
    left = ahead - now[:, None] * rate ** np.arange(1, horizon + 1) if rate else ahead
    size = float(np.sqrt(np.mean(left**2)))
    # what the rule leaves of a constant series is rounding, which is no scale
    scale = size if size > ROUNDING * np.nanmax(np.abs(target[training])) else 1.0
    return expected, rate, scale, deviations / scale


def _some(origin: Int[np.ndarray, "window"]) -> Int[np.ndarray, "few"]:
    return origin[:: -(-len(origin) // MOST_WINDOWS)]


def best_baseline(
    rules: Sequence[ResidualBaseline], origin: Int[np.ndarray, "window"], horizon: int
) -> ResidualBaseline:
    """Whichever forecasts some windows with the lowest squared error over all steps, the first of equals.

    Of several targets, each counts in units of its own scale under the first rule.

    Args:
        rules: fitted to one series.
        origin: rows of the windows' newest steps; the target is known there and at all steps ahead.
        horizon: steps ahead.
    """
    rows = torch.from_numpy(_some(origin))
    size = rules[0].scale if len(rules[0].scale) > 1 else np.ones(1)

    def error(rule: ResidualBaseline) -> float:
        squares = rule.residuals(rows, horizon).double().square().mean(dim=(0, 1)).numpy()
        return float((squares * (rule.scale / size) ** 2).mean())

    return min(rules, key=error)


def _fading_rate(now: Float[np.ndarray, "window"], ahead: Float[np.ndarray, "window horizon"]) -> float:
    """The rate between 0 and 1 whose forecasts have the least squared error."""
    together, power, steps = now @ ahead, now @ now, np.arange(1, ahead.shape[1] + 1)

    def rate(log_steps: float) -> float:
        return float(np.exp(-np.exp(-log_steps)))

    def loss(log_steps: float) -> float:  # beside that of a rate of 0
        share = rate(log_steps) ** steps
        return float(power * share @ share - 2 * share @ together)

    # over all time constants first: a rhythm that the climatology leaves makes more than one minimum
    nearest = TIME_CONSTANTS[np.argmin([loss(each) for each in TIME_CONSTANTS])]
    width = TIME_CONSTANTS[1] - TIME_CONSTANTS[0]
    found = minimize_scalar(loss, bounds=(nearest - width, nearest + width), method="bounded")
    return rate(found.x) if found.fun < 0 else 0.0
