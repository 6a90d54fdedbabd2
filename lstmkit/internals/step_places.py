"""Finds out by running a model where the steps of its LSTMs lie: in the window, ahead of it, or nowhere known."""

from enum import Enum

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.internals.recurrent import LSTMCall, lstm_calls

WINDOWS = 8  # a closed ReLU or a max pool may hide a change in one of them
LONGER = 4  # times, so that there are more steps also behind a pool that is wider than the window
ROUNDING = 1e-6  # of what an LSTM reads, relative to its largest value

Calls = dict[str, LSTMCall]


class Place(Enum):
    """Where the steps of an LSTM's call lie."""

    WINDOW = "spread evenly over the window, the oldest first"
    REVERSED = "spread evenly over the window, the newest first"
    AHEAD = "one per step ahead of the origin"
    UNKNOWN = "nowhere known"


@torch.no_grad()
def step_places(model: nn.Module, x: Float[Tensor, "batch time feature"], horizon: int) -> dict[str, Place]:
    """Where the steps of each call of an LSTM lie.

    They lie in the window if there are more of them in a longer window, or if the first one alone knows nothing of
    the newest input and knows the oldest. They lie ahead of it if there are as many as the horizon has, and the first
    one, or the state from which it starts, knows the newest input. What a step knows is found by changing inputs.

    Args:
        model: with an `nn.LSTM`.
        x: some inputs of the model.
        horizon: steps ahead.

    Returns:
        A place by the name of each call, as in `lstm_calls`.

    Raises:
        LstmkitError: as `lstm_calls`.
    """
    x = x[:WINDOWS]
    oldest, newest, more = _calls(model, _changed(x, 0)), _calls(model, _changed(x, -1)), _growing(model, x)
    return {
        call.name: _place(call, x.shape[1], horizon, oldest.get(call.name), newest.get(call.name), more)
        for call in lstm_calls(model, x)
    }


def _place(
    call: LSTMCall,
    lookback: int,
    horizon: int,
    oldest: LSTMCall | None,
    newest: LSTMCall | None,
    more: dict[str, bool] | None,
) -> Place:
    """Of one call, given the same call with another oldest and with another newest input."""
    n_steps = call.x.shape[1]
    grows = n_steps == lookback if more is None else more.get(call.name, False)
    first_knows_oldest, last_knows_oldest = (_differs(call, oldest, step) for step in (0, -1))
    first_knows_newest, last_knows_newest = (_differs(call, newest, step) for step in (0, -1))
    if first_knows_oldest and last_knows_newest and not first_knows_newest:
        return Place.WINDOW
    if grows and first_knows_newest and last_knows_oldest and not first_knows_oldest:
        return Place.REVERSED
    if grows:
        return Place.WINDOW
    starts_there = first_knows_newest or _starts_differ(call, newest)
    return Place.AHEAD if n_steps == horizon and starts_there else Place.UNKNOWN


def _calls(model: nn.Module, x: Float[Tensor, "batch time feature"]) -> Calls:
    return {call.name: call for call in lstm_calls(model, x)}


def _changed(x: Float[Tensor, "batch time feature"], step: int) -> Float[Tensor, "batch time feature"]:
    """The same windows with another input at a step, by another amount in each feature."""
    changed = x.clone()
    changed[:, step] += torch.linspace(-1, 1.5, x.shape[2], dtype=x.dtype, device=x.device)
    return changed


def _growing(model: nn.Module, x: Float[Tensor, "batch time feature"]) -> dict[str, bool] | None:
    """Whether each call has more steps in a longer window; None where the model reads windows of one length alone."""
    lengths = (x.repeat(1, LONGER, 1), x[:, -(x.shape[1] // 2) :])
    for other in lengths if x.shape[1] > 1 else lengths[:1]:
        try:
            found = _calls(model, other)
        except Exception:  # whatever the model says to a length that it was not made for
            continue
        sign = other.shape[1] - x.shape[1]
        return {
            name: (call.x.shape[1] - found[name].x.shape[1]) * sign < 0
            for name, call in _calls(model, x).items()
            if name in found
        }
    return None


def _differs(call: LSTMCall, other: LSTMCall | None, step: int) -> bool:
    """Whether a call's step is another one after the change; also where there is no such call any more."""
    if other is None or other.x.shape != call.x.shape:
        return True
    return _apart(call.x[:, step], other.x[:, step])


def _starts_differ(call: LSTMCall, other: LSTMCall | None) -> bool:
    """Whether a call starts from another state after the change."""
    if call.state is None or other is None or other.state is None:
        return False
    return any(map(_apart, call.state, other.state))


def _apart(one: Tensor, other: Tensor) -> bool:
    return bool((one - other).abs().max() > ROUNDING * (1 + one.abs().max()))
