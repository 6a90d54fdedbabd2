"""Finds out by running a model up to which input step each of its states knows the window."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from lstmkit.internals.running import evaluated, uncompiled

WINDOWS = 4  # a closed ReLU or a max pool may hide a change in one of them
CUTS = 8  # steps after which the inputs are replaced, spread over the window
ROUNDING = 1e-9  # of a hidden state in double precision, which lies between -1 and 1

StatesOf = Callable[[Tensor], Tensor]
"""From inputs (batch, time, feature) to states (batch, step, hidden)."""


@torch.no_grad()
def state_ends(model: nn.Module, lookback: int, n_features: int, seed: int) -> Int[Tensor, "step"] | None:
    """Newest input step that each state of a model knows; None where a state knows what comes after its step.

    The states are taken to be evenly spaced, the newest ending with the window, as behind a pool. Their spacing is
    found by replacing inputs: a state changes with the step at which it ends, and with none after it. A copy in
    double precision and in evaluation mode runs; the model itself is left as it is.

    Args:
        model: with `states`, from inputs (batch, time, feature) to states (batch, step, hidden), and with `head`, from
            states to forecasts; of any other the states are not known.
        lookback: input steps.
        n_features: inputs per step.
        seed: of the inputs.
    """
    model = uncompiled(model)
    if not (hasattr(model, "states") and hasattr(model, "head")):
        return None
    probe = copy.deepcopy(model).double().cpu()
    generator = torch.Generator().manual_seed(seed)
    x, other = torch.randn(2, WINDOWS, lookback, n_features, generator=generator, dtype=torch.float64)
    with evaluated(probe):
        states_of = cast("StatesOf", probe.states)
        trial = _Trial(states_of, x, other, states_of(x))
        n_steps = trial.states.shape[1]
        widest = (lookback - 1) // (n_steps - 1) if n_steps > 1 else 1
        for spacing in range(widest, 0, -1):
            ends = lookback - 1 - spacing * torch.arange(n_steps - 1, -1, -1)
            if not trial.any_knows_later(ends):
                return ends if trial.each_knows_its_end(ends) else None
    return None


@dataclass(frozen=True)
class _Trial:
    """States on some windows, and what becomes of them where the inputs from a step on are others."""

    states_of: StatesOf
    x: Float[Tensor, "window time feature"]
    other: Float[Tensor, "window time feature"]
    states: Float[Tensor, "window step hidden"]

    def any_knows_later(self, ends: Int[Tensor, "step"]) -> bool:
        return any(self._changed(int(ends[cut]) + 1)[: cut + 1].any() for cut in _cuts(len(ends) - 1))

    def each_knows_its_end(self, ends: Int[Tensor, "step"]) -> bool:
        return all(self._changed(int(ends[cut]))[cut] for cut in _cuts(len(ends)))

    def _changed(self, start: int) -> Bool[Tensor, "step"]:
        """Which states differ where the inputs from a step on are others, in any window."""
        replaced = torch.cat([self.x[:, :start], 3 * self.other[:, start:]], dim=1)
        return ((self.states_of(replaced) - self.states).abs() > ROUNDING).any(dim=2).any(dim=0)


def _cuts(n_steps: int) -> list[int]:
    """Some steps, the newest first: a spacing that is too wide shows there at once."""
    return torch.linspace(n_steps - 1, 0, min(CUTS, n_steps)).round().long().tolist()
