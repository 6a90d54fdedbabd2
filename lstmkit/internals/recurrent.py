"""Finds the LSTMs of a model, what the first of them is given, and the states in which it ends.

The first LSTM is the one that the model calls first, in whatever order its modules are registered.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstmkit.errors import LstmkitError
from lstmkit.internals.gates import State
from lstmkit.internals.lstm_arguments import require_inputs
from lstmkit.internals.running import evaluated, kind_of, modules_by_name, uncompiled

RECURRENT = nn.RNNBase | nn.RNNCellBase


def find_lstms(model: nn.Module) -> dict[str, nn.LSTM]:
    """Every `nn.LSTM` of a model, by its name in `model.named_modules()` without what `torch.compile` adds to it.

    Args:
        model: any module.

    Raises:
        LstmkitError: the model has none.
    """
    if not isinstance(model, nn.Module):
        raise LstmkitError(f"a model that contains an nn.LSTM is expected, not a {type(model).__name__}")
    modules = modules_by_name(model)
    found = {name: module for name, module in modules.items() if isinstance(module, nn.LSTM)}
    if not found:
        others = {
            kind_of(module) for name, module in modules.items() if name and isinstance(module, RECURRENT)
        }
        instead = f" (but {', '.join(sorted(others))})" if others else ""
        raise LstmkitError(
            f"{kind_of(model)} contains no nn.LSTM{instead}, so it has no gates and no hidden states that can be read"
        )
    return found


@dataclass(frozen=True)
class LSTMCall:
    """An LSTM and what its model gives it to read.

    Attributes:
        name: of the LSTM, as in `find_lstms`.
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
    """The LSTM that a model calls first, and what it reads in evaluation mode; the LSTM itself is not run.

    Args:
        model: with an `nn.LSTM`.
        x: inputs of the model.

    Raises:
        LstmkitError: the model has no `nn.LSTM`, calls none, cannot read these inputs, or gives its LSTM a packed
            sequence, a single one or inputs that it cannot read.
    """
    lstms = find_lstms(model)
    calls: list[LSTMCall] = []

    def stop(lstm: nn.LSTM, args: tuple, named: dict) -> None:
        name = next(name for name, module in lstms.items() if module is lstm)
        calls.append(_call(name, lstm, *args, **named))
        raise _Enough

    handles = [lstm.register_forward_pre_hook(stop, with_kwargs=True) for lstm in lstms.values()]
    try:
        with evaluated(model):
            model(x)
    except _Enough:
        return calls[0]
    except LstmkitError:
        raise
    except (RuntimeError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise LstmkitError(f"{kind_of(model)} cannot read {_described(x)}: {_first_line(error)}") from error
    finally:
        for handle in handles:
            handle.remove()
    raise LstmkitError(f"{kind_of(model)} never calls its nn.LSTM {', '.join(lstms)}")


def _described(x: object) -> str:
    if not isinstance(x, Tensor):
        return f"a {type(x).__name__}"
    return f"inputs of shape {tuple(x.shape)} and {str(x.dtype).removeprefix('torch.')}"


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _call(name: str, lstm: nn.LSTM, input: object, hx: State | None = None) -> LSTMCall:
    """Takes the arguments of a call by the names that `nn.LSTM` gives them."""
    title = f"the LSTM {name}".rstrip()
    if not isinstance(input, Tensor) or input.ndim != 3:
        raise LstmkitError(
            f"{title} reads a packed sequence or a single one: to be looked into it must read a tensor of "
            "windows, steps and channels"
        )
    require_inputs(lstm, input, title)
    return LSTMCall(name, lstm, input if lstm.batch_first else input.transpose(0, 1), hx)


@contextmanager
def record_final_states(model: nn.Module) -> Iterator[list[Float[Tensor, "batch layer unit"]]]:
    """Record the hidden state in which each layer of a model's first LSTM ends, for the passes inside the body.

    The two directions of a bidirectional LSTM stand side by side. The model is in evaluation mode inside the body;
    the hooks come off when it ends.

    Args:
        model: with an `nn.LSTM`.

    Yields:
        A list to which each forward pass adds one tensor.

    Raises:
        LstmkitError: the model has no `nn.LSTM`, calls none, or one that is given inputs that it cannot read.
    """
    found: list[Tensor] = []
    lstms = find_lstms(model)
    awaited = False

    def begin(_model: nn.Module, _inputs: tuple) -> None:
        nonlocal awaited
        awaited = True

    def check(lstm: nn.LSTM, args: tuple, named: dict) -> None:
        _check_read(next(name for name, module in lstms.items() if module is lstm), lstm, *args, **named)

    def keep(lstm: nn.LSTM, _inputs: tuple, output: tuple) -> None:
        nonlocal awaited
        if awaited:
            last, _ = output[1]  # (layer × direction, batch, unit)
            found.append(last.unflatten(0, (lstm.num_layers, -1)).permute(2, 0, 1, 3).flatten(2))
        awaited = False

    def end(_model: nn.Module, _inputs: tuple, _output: object) -> None:
        if awaited:
            raise LstmkitError(f"{kind_of(model)} never calls its nn.LSTM {', '.join(lstms)}")

    handles = [lstm.register_forward_hook(keep) for lstm in lstms.values()]
    handles += [lstm.register_forward_pre_hook(check, with_kwargs=True) for lstm in lstms.values()]
    # in front of all others: where the model is itself the LSTM, `keep` must find that its pass has begun
    handles.append(uncompiled(model).register_forward_pre_hook(begin, prepend=True))
    handles.append(uncompiled(model).register_forward_hook(end))
    try:
        with evaluated(model):
            yield found
    finally:
        for handle in handles:
            handle.remove()


def _check_read(name: str, lstm: nn.LSTM, input: object, hx: State | None = None) -> None:
    """Refuses what an LSTM cannot read; of a packed sequence its values."""
    if isinstance(input, PackedSequence):
        input = input.data[None]
    require_inputs(lstm, input, f"the LSTM {name}".rstrip())
