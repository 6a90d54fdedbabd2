"""Finds the LSTMs of a model, what the first of them is given, and the states in which it ends.

The first LSTM is the one that the model calls first, in whatever order its modules are registered.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.gates import State


def find_lstms(model: nn.Module) -> dict[str, nn.LSTM]:
    """Every `nn.LSTM` of a model, by its name in `model.named_modules()`.

    Args:
        model: any module.

    Raises:
        LstmkitError: the model has none.
    """
    found = {name: module for name, module in model.named_modules() if isinstance(module, nn.LSTM)}
    if not found:
        raise LstmkitError(
            f"{type(model).__name__} contains no nn.LSTM, so it has no gates and no hidden states"
        )
    return found


@dataclass(frozen=True)
class LSTMCall:
    """An LSTM and what its model gives it to read.

    Attributes:
        name: of the LSTM in `model.named_modules()`.
        lstm: itself.
        x: its inputs, with the batch first whatever the LSTM's own order.
        state: hidden and cell states from which it starts, as `nn.LSTM` takes them; None where they are zero.
    """

    name: str
    lstm: nn.LSTM
    x: Float[Tensor, "batch step channel"]
    state: State | None


class _Enough(Exception):  # noqa: N818  # no error
    """Ends a forward pass once what it was made for is known."""


def first_lstm(model: nn.Module, x: Float[Tensor, "batch time feature"]) -> LSTMCall:
    """The LSTM that a model calls first, and what it reads; the LSTM itself is not run.

    Args:
        model: with an `nn.LSTM`.
        x: inputs of the model.

    Raises:
        LstmkitError: the model has no `nn.LSTM`, calls none, or gives it a packed sequence or a single one.
    """
    lstms = find_lstms(model)
    calls: list[LSTMCall] = []

    def stop(lstm: nn.LSTM, args: tuple, named: dict) -> None:
        name = next(name for name, module in lstms.items() if module is lstm)
        calls.append(_call(name, lstm, *args, **named))
        raise _Enough

    handles = [lstm.register_forward_pre_hook(stop, with_kwargs=True) for lstm in lstms.values()]
    try:
        model(x)
    except _Enough:
        return calls[0]
    finally:
        for handle in handles:
            handle.remove()
    raise LstmkitError(f"{type(model).__name__} never calls its nn.LSTM {', '.join(lstms)}")


def _call(name: str, lstm: nn.LSTM, input: object, hx: State | None = None) -> LSTMCall:
    """Takes the arguments of a call by the names that `nn.LSTM` gives them."""
    if not isinstance(input, Tensor) or input.ndim != 3:
        raise LstmkitError(
            f"the LSTM {name} reads a packed sequence or a single one: to be looked into it must read a tensor of "
            "windows, steps and channels"
        )
    return LSTMCall(name, lstm, input if lstm.batch_first else input.transpose(0, 1), hx)


@contextmanager
def record_final_states(model: nn.Module) -> Iterator[list[Float[Tensor, "batch layer unit"]]]:
    """Record the hidden state in which each layer of a model's first LSTM ends, for the passes inside the body.

    The two directions of a bidirectional LSTM stand side by side. The hooks come off when the body ends.

    Args:
        model: with an `nn.LSTM`.

    Yields:
        A list to which each forward pass adds one tensor.

    Raises:
        LstmkitError: the model has no `nn.LSTM`.
    """
    found: list[Tensor] = []
    awaited = False

    def begin(_model: nn.Module, _inputs: tuple) -> None:
        nonlocal awaited
        awaited = True

    def keep(lstm: nn.LSTM, _inputs: tuple, output: tuple) -> None:
        nonlocal awaited
        if awaited:
            last, _ = output[1]  # (layer × direction, batch, unit)
            found.append(last.unflatten(0, (lstm.num_layers, -1)).permute(2, 0, 1, 3).flatten(2))
        awaited = False

    handles = [lstm.register_forward_hook(keep) for lstm in find_lstms(model).values()]
    handles.append(model.register_forward_pre_hook(begin))
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
