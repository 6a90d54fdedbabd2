"""Decides by running a model whether its states know the future of their step."""

import copy

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from lstmkit.internals.running import evaluated, uncompiled

WINDOWS = 4  # per cut; a ReLU or a max pool may hide a change in one of them
CUTS = 8
ROUNDING = 1e-9  # of a hidden state in double precision, which lies between -1 and 1


def step_ends(n_steps: int, lookback: int) -> Int[Tensor, "step"]:
    """Newest input step that each step of an LSTM reads, where a pool in front of it joins neighbouring steps.

    The newest step of the LSTM ends with the newest input step. Where the pool does not divide the lookback, the oldest
    input step is repeated, so that the first step of the LSTM ends earlier than the others would have it.

    Args:
        n_steps: of the LSTM.
        lookback: input steps.
    """
    pool = -(-lookback // n_steps)
    return lookback - 1 - pool * torch.arange(n_steps - 1, -1, -1)


@torch.no_grad()
def is_causal(model: nn.Module, lookback: int, n_features: int, seed: int) -> bool:
    """Whether no state of a model changes with inputs after the step at which it ends.

    The inputs after some steps are replaced by others, and the states that end there or before are compared. A copy in
    double precision and in evaluation mode runs; the model itself is left as it is.

    Args:
        model: with `states`, (batch, time, feature) to (batch, step, hidden), and `head`; any other is not causal.
        lookback: input steps.
        n_features: inputs per step.
        seed: of the inputs.
    """
    if not (hasattr(model, "states") and hasattr(model, "head")):
        return False
    probe = copy.deepcopy(uncompiled(model)).double()
    device = next(probe.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(WINDOWS, lookback, n_features, generator=generator, dtype=torch.float64).to(device)
    with evaluated(probe):
        states = probe.states(x)
        ends = step_ends(states.shape[1], lookback)
        known = ends[:-1]
        for end in known[torch.linspace(0, len(known) - 1, min(CUTS, len(known))).long()].tolist():
            changed = x.clone()
            later = changed[:, end + 1 :]
            later += 3 * torch.randn(later.shape, generator=generator, dtype=torch.float64).to(device)
            upto = int((ends <= end).sum())
            if _differ(probe.states(changed)[:, :upto], states[:, :upto]):
                return False
    return True


def _differ(a: Float[Tensor, "batch step hidden"], b: Float[Tensor, "batch step hidden"]) -> bool:
    return not torch.allclose(a, b, rtol=0, atol=ROUNDING)
