"""What a model's network adds to the residual baseline from which it forecasts the difference."""

from dataclasses import dataclass

import numpy as np

from lstmkit.analysis.errors.compared import RANGES, Compared
from lstmkit.analysis.errors.metrics import NetworkMetrics
from lstmkit.analysis.resampling.statistics import RunningMean


@dataclass(frozen=True)
class Network:
    """What a model's network adds to the residual baseline.

    Attributes:
        rule: the residual baseline in words, such as `the last value`.
        gain: by which its outputs were multiplied after training.
        spread: standard deviation between windows of what it adds, over all steps, in the target's unit.
        without: RMSE of the residual baseline alone, by range.
    """

    rule: str
    gain: float
    spread: float
    without: dict[str, float]

    def to_json(self) -> NetworkMetrics:
        """The same as `metrics.json` has it."""
        return {
            "rule": self.rule,
            "gain": self.gain,
            "spread": self.spread,
            "without": {"all_steps": self.without["all_steps"], "last_step": self.without["last_step"]},
        }


class Added:
    """What a model's network adds to the residual baseline, and the errors of that alone."""

    def __init__(self) -> None:
        self.added, self.squares = RunningMean(), dict.fromkeys(RANGES, 0.0)

    def add(self, chunk: Compared, model: str) -> None:
        """Take in a chunk; one without a residual baseline is left out.

        Args:
            chunk: forecasts of some windows.
            model: which of the forecasters is the model.
        """
        if chunk.rule is None:
            return
        self.added.add(chunk.forecasts[model] - chunk.rule)
        squares = (chunk.rule - chunk.observed) ** 2
        for steps, part in RANGES.items():
            self.squares[steps] += float(squares[:, part].mean(axis=1).sum())

    def network(self, rule: str, gain: float) -> Network | None:
        """What the network adds; None where no residual baseline was taken in.

        Args:
            rule: the residual baseline in words.
            gain: by which the network's outputs were multiplied after training.
        """
        if not (count := self.added.count):
            return None
        spread = float(np.sqrt(np.mean(self.added.spread) / count))
        return Network(
            rule, gain, spread, {name: float(np.sqrt(each / count)) for name, each in self.squares.items()}
        )
