"""Finds the LSTMs that a model calls, in their order, what each is given, and the states in which it ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstmkit.errors import LstmkitError
from lstmkit.internals.gates import State
from lstmkit.internals.lstm_arguments import require_inputs
from lstmkit.internals.running import evaluated, kind_of, modules_by_name, uncompiled

RECURRENT = nn.RNNBase | nn.RNNCellBase
CELLS = (
    ": copy the weights of each LSTMCell into an nn.LSTM of one layer (weight_ih becomes weight_ih_l0, and so on), "
    "which may be called step by step"
)
OTHERS = ": train it with an nn.LSTM in its place, which has both"


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
            + (CELLS if "LSTMCell" in others else OTHERS if others else "")
        )
    return found


@dataclass(frozen=True)
class LSTMCall:
    """An LSTM and what its model gives it to read.

    Attributes:
        name: of the LSTM, as in `find_lstms`; of several calls that do not continue each other, with its number.
        lstm: itself.
        x: its inputs, with the batch first whatever the LSTM's own order.
        state: hidden and cell states from which it starts, as `nn.LSTM` takes them; None where they are zero.
        pieces: how many calls, each of which starts from the state in which the one before ended, were joined.
    """

    name: str
    lstm: nn.LSTM
    x: Float[Tensor, "batch step channel"]
    state: State | None
    pieces: int = 1


class _Enough(Exception):  # noqa: N818  # no error
    """Ends a forward pass once what it was made for is known."""


def lstm_calls(model: nn.Module, x: Float[Tensor, "batch time feature"]) -> tuple[LSTMCall, ...]:
    """Every LSTM that a model calls, in the order of the calls, and what each reads in evaluation mode.

    Calls of one LSTM that continue from the state in which the call before ended, as those of a decoder that reads
    one step at a time, are joined into one.

    Args:
        model: with an `nn.LSTM`.
        x: inputs of the model.

    Raises:
        LstmkitError: the model has no `nn.LSTM`, calls none, cannot read these inputs, or gives an LSTM a packed
            sequence, a single one or inputs that it cannot read.
    """
    calls: list[LSTMCall] = []
    ends: list[State] = []

    def end(_lstm: nn.Module, _args: tuple, output: tuple) -> None:
        ends.append(output[1])

    handles = [lstm.register_forward_hook(end) for lstm in find_lstms(model).values()]
    try:
        watch_lstms(model, x, lambda name, lstm, args, named: calls.append(_call(name, lstm, *args, **named)))
    finally:
        for handle in handles:
            handle.remove()
    return _joined(calls, ends)


def first_lstm(model: nn.Module, x: Float[Tensor, "batch time feature"]) -> LSTMCall:
    """The LSTM that a model calls first, and what it reads in evaluation mode; the LSTM itself is not run.

    Args:
        model: with an `nn.LSTM`.
        x: inputs of the model.

    Raises:
        LstmkitError: as `lstm_calls`.
    """
    calls: list[LSTMCall] = []

    def stop(name: str, lstm: nn.LSTM, args: tuple, named: dict) -> None:
        calls.append(_call(name, lstm, *args, **named))
        raise _Enough

    with suppress(_Enough):
        watch_lstms(model, x, stop)
    return calls[0]


def lstm_reader(
    model: nn.Module, x: Float[Tensor, "batch time feature"], name: str | None = None
) -> Callable[[Float[Tensor, "batch time feature"]], tuple[LSTMCall, ...]]:
    """A function that returns what the LSTMs of a model read, and runs no more of the model than this takes.

    Args:
        model: with an `nn.LSTM`.
        x: some inputs of the model, from which the order of its calls is known.
        name: of one LSTM, as in `find_lstms`, or of one of its calls, whose inputs alone are returned.

    Raises:
        LstmkitError: as `lstm_calls`, or the model calls no LSTM of this name.
    """
    calls = lstm_calls(model, x)
    if len(calls) == 1 and calls[0].pieces == 1 and name in (None, calls[0].name):
        return lambda x: (first_lstm(model, x),)
    _chosen(model, calls, name)
    return lambda x: _chosen(model, lstm_calls(model, x), name)


def _chosen(model: nn.Module, calls: tuple[LSTMCall, ...], name: str | None) -> tuple[LSTMCall, ...]:
    """The calls of an LSTM, or the one call, of a name; all where there is no name."""
    if name is None:
        return calls
    lstms = find_lstms(model)
    chosen = tuple(call for call in calls if call.name == name or lstms.get(name) is call.lstm)
    if not chosen:
        _named(model, lstms, name)
        raise LstmkitError(
            f"{kind_of(model)} never calls its nn.LSTM {name}; it calls {', '.join(call.name for call in calls)}"
        )
    return chosen


def watch_lstms(model: nn.Module, x: object, report: Callable[[str, nn.LSTM, tuple, dict], None]) -> None:
    """Run a model in evaluation mode and report each call of an LSTM before it is made.

    Args:
        model: with an `nn.LSTM`.
        x: inputs of the model.
        report: takes the LSTM's name as in `find_lstms`, itself, and its arguments by position and by name.

    Raises:
        LstmkitError: the model has no `nn.LSTM`, calls none, or cannot read these inputs.
    """
    lstms = find_lstms(model)
    called = False

    def begin(lstm: nn.Module, args: tuple, named: dict) -> None:
        nonlocal called
        called = True
        name, module = next((name, module) for name, module in lstms.items() if module is lstm)
        report(name, module, args, named)

    handles = [lstm.register_forward_pre_hook(begin, with_kwargs=True) for lstm in lstms.values()]
    try:
        with evaluated(model):
            model(x)
    except LstmkitError:
        raise
    except (RuntimeError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise LstmkitError(f"{kind_of(model)} cannot read {_described(x)}: {_first_line(error)}") from error
    finally:
        for handle in handles:
            handle.remove()
    if not called:
        raise LstmkitError(f"{kind_of(model)} never calls its nn.LSTM {', '.join(lstms)}")


def _joined(calls: list[LSTMCall], ends: list[tuple[Tensor, Tensor]]) -> tuple[LSTMCall, ...]:
    """Calls by LSTM in the order of its first one, those that continue each other as one."""
    sequences: dict[int, list[tuple[LSTMCall, tuple[Tensor, Tensor]]]] = {}
    for call, end in zip(calls, ends, strict=True):
        several = sequences.setdefault(id(call.lstm), [])
        if several and _continues(several[-1][1], call.state):
            earlier = several[-1][0]
            whole = torch.cat([earlier.x, call.x], dim=1)
            several[-1] = (replace(earlier, x=whole, pieces=earlier.pieces + 1), end)
        else:
            several.append((call, end))
    return tuple(
        replace(call, name=f"{call.name} (call {number})".lstrip() if len(several) > 1 else call.name)
        for several in sequences.values()
        for number, (call, _) in enumerate(several, start=1)
    )


def _continues(end: tuple[Tensor, Tensor], state: tuple[Tensor, Tensor] | None) -> bool:
    return state is not None and all(map(torch.equal, end, state))


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
def record_final_states(
    model: nn.Module, name: str | None = None
) -> Iterator[list[Float[Tensor, "batch layer unit"]]]:
    """Record the hidden state in which each layer of one of a model's LSTMs ends, for the passes inside the body.

    The two directions of a bidirectional LSTM stand side by side. The model is in evaluation mode inside the body;
    the hooks come off when it ends.

    Args:
        model: with an `nn.LSTM`.
        name: of the LSTM, as in `find_lstms`; the one that the model calls first if not given.

    Yields:
        A list to which each forward pass adds one tensor.

    Raises:
        LstmkitError: the model has no `nn.LSTM` of this name, does not call it, or gives it inputs that it cannot read.
    """
    found: list[Tensor] = []
    lstms = find_lstms(model)
    chosen = lstms if name is None else {name: _named(model, lstms, name)}
    ended: dict[int, Tensor] = {}  # of this pass, in the order of the first calls

    def begin(_model: nn.Module, _inputs: tuple) -> None:
        ended.clear()

    def check(lstm: nn.Module, args: tuple, named: dict) -> None:
        label, module = next((label, module) for label, module in chosen.items() if module is lstm)
        _check_read(label, module, *args, **named)

    def keep(lstm: nn.Module, _inputs: tuple, output: tuple) -> None:
        ended[id(lstm)] = output[1][0]  # (layer × direction, batch, unit)

    def end(_model: nn.Module, _inputs: tuple, _output: object) -> None:
        if not ended:
            raise LstmkitError(f"{kind_of(model)} never calls its nn.LSTM {', '.join(chosen)}")
        which = next(iter(ended))
        lstm = next(module for module in chosen.values() if id(module) == which)
        found.append(ended[which].unflatten(0, (lstm.num_layers, -1)).permute(2, 0, 1, 3).flatten(2))

    handles = [lstm.register_forward_hook(keep) for lstm in chosen.values()]
    handles += [lstm.register_forward_pre_hook(check, with_kwargs=True) for lstm in chosen.values()]
    # in front of all others: where the model is itself the LSTM, `keep` must find that its pass has begun
    handles.append(uncompiled(model).register_forward_pre_hook(begin, prepend=True))
    handles.append(uncompiled(model).register_forward_hook(end))
    try:
        with evaluated(model):
            yield found
    finally:
        for handle in handles:
            handle.remove()


def _named(model: nn.Module, lstms: dict[str, nn.LSTM], name: str) -> nn.LSTM:
    if name not in lstms:
        raise LstmkitError(f"{kind_of(model)} has no nn.LSTM {name!r}; it has {', '.join(lstms)}")
    return lstms[name]


def _check_read(name: str, lstm: nn.LSTM, input: object, hx: State | None = None) -> None:
    """Refuses what an LSTM cannot read; of a packed sequence its values."""
    if isinstance(input, PackedSequence):
        input = input.data[None]
    require_inputs(lstm, input, f"the LSTM {name}".rstrip())
