"""From which steps of a window a model is asked for its forecast in training: many where it reads causally."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from lstmkit.data.windows import Windows
from lstmkit.internals.causality import state_ends
from lstmkit.internals.running import with_targets

WARM_UP = 6  # a sixth of the lookback comes before the first forecast


@dataclass(frozen=True)
class Origins:
    """Steps of each window from which forecasts start.

    Attributes:
        steps: of the input, rising; the last is the newest.
        positions: of the same steps among those of the model's LSTM; None where the model is asked at the end alone.
    """

    steps: Int[Tensor, "origin"]
    positions: Int[Tensor, "origin"] | None

    def __len__(self) -> int:
        return len(self.steps)

    def forecasts(
        self, model: nn.Module, x: Float[Tensor, "batch time feature"]
    ) -> Float[Tensor, "batch origin horizon target"]:
        """What a model forecasts from each of the steps, in scaled units.

        Args:
            model: for which these origins were chosen.
            x: scaled inputs.
        """
        if self.positions is None:
            return with_targets(model(x))[:, None]
        assert callable(model.head) and callable(model.states)  # as `choose_origins` found
        return model.head(model.states(x)[:, self.positions.to(x.device)])


def choose_origins(model: nn.Module, windows: Windows, most: int, seed: int) -> Origins:
    """Steps spread evenly over the window behind its first sixth, where the model is causal; else the newest alone.

    An LSTM that reads causally knows at each step what it would know of a window that ends there, so one pass gives
    many forecasts to learn from.

    Args:
        model: untrained.
        windows: of the training part.
        most: number of steps.
        seed: of the inputs on which the model is tried.
    """
    ends = None if most == 1 else state_ends(model, windows.lookback, len(windows.features), seed)
    if ends is None:
        return Origins(torch.tensor([windows.lookback - 1]), None)
    warm = int((ends >= windows.lookback // WARM_UP).sum())
    every = -(-warm // most)
    positions = torch.arange(len(ends) - 1, len(ends) - 1 - warm, -every).flip(0)
    return Origins(ends[positions], positions)
