"""What a model returns, in one form: named outputs, each with its steps ahead and its targets."""

from collections.abc import Iterator, Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.running import kind_of, returned_by

Outputs = dict[str, Float[Tensor, "batch _ _"]]  # (batch, horizon, target), which each output has its own of
ONLY = "output"  # the name of what a model returns as a bare tensor


def named_outputs(model: nn.Module, x: Float[Tensor, "batch time feature"]) -> Outputs:
    """Run a model in evaluation mode and bring what it returns into one form.

    A model may return a tensor of shape (batch,), (batch, horizon) or (batch, horizon, target); a tuple or list of
    such tensors, which are named "0", "1", and so on; or a dict of them. A dict inside any of these gives names such as
    "flow.mean". What cannot be an output is left out beside one that can: the states of an LSTM, which are a tuple
    inside a tuple, the states of a GRU, integers, other numbers of windows.

    Args:
        model: any module; its modules' modes are left as they are.
        x: scaled inputs.

    Returns:
        The outputs by name, each of shape (batch, horizon, target); a bare tensor is named "output".

    Raises:
        LstmkitError: the model returns nothing that can be an output, or its weights have another dtype than `x`.
    """
    returned = returned_by(model, x)
    found = _outputs(returned, len(x))
    if _may_hold_states(returned, len(x)):
        grown = _outputs(returned_by(model, torch.cat([x, x])), 2 * len(x))  # states do not grow
        again = _outputs(returned_by(model, x), len(x))  # so that hooks see these windows last
        found = {name: output for name, output in again.items() if name in grown}
    if not found:
        n = len(x)
        raise LstmkitError(
            f"{kind_of(model)} returns {_described(returned)}; a tensor of shape ({n},), ({n}, horizon) or "
            f"({n}, horizon, target) is expected, or a tuple, list or dict of such tensors"
        )
    return found


def one_output(outputs: Outputs, output: str | None) -> Float[Tensor, "batch horizon target"]:
    """All steps ahead and targets of one output.

    Args:
        outputs: from `named_outputs`.
        output: a name; None where there is one output alone.

    Raises:
        LstmkitError: there is no such output, or several and no name.
    """
    return outputs[_name(outputs, output)]


def select_target(outputs: Outputs, output: str | None, target: int) -> Float[Tensor, "batch horizon"]:
    """All steps ahead of one target of one output.

    Args:
        outputs: from `named_outputs`.
        output: a name; None where there is one output alone.
        target: counted from 0.

    Raises:
        LstmkitError: there is no such output or target, or several outputs and no name.
    """
    name = _name(outputs, output)
    n_targets = outputs[name].shape[2]
    if not 0 <= target < n_targets:
        raise LstmkitError(
            f"target is {target}, but {name} has {_number(n_targets, 'target')}, counted from 0"
        )
    return outputs[name][:, :, target]


def select_output(
    outputs: Outputs, output: str | None, step: int | None, target: int
) -> Float[Tensor, "batch"]:
    """One number per window: a target of an output at one step ahead, or its mean over the horizon.

    Args:
        outputs: from `named_outputs`.
        output: a name; None where there is one output alone.
        step: the step ahead, counted from 1; None for the mean over the horizon.
        target: counted from 0.

    Raises:
        LstmkitError: there is no such output, step or target, or several outputs and no name.
    """
    ahead = select_target(outputs, output, target)
    if step is None:
        return ahead.mean(dim=1)
    if not 1 <= step <= ahead.shape[1]:
        name, steps = _name(outputs, output), _number(ahead.shape[1], "step")
        raise LstmkitError(f"step is {step}, but {name} has {steps} ahead, counted from 1")
    return ahead[:, step - 1]


def _name(outputs: Outputs, output: str | None) -> str:
    if output in outputs:
        return str(output)
    if output is None and len(outputs) == 1:
        return next(iter(outputs))
    known = ", ".join(f"{name} {tuple(values.shape)}" for name, values in outputs.items())
    if output is None:
        raise LstmkitError(f"the model has several outputs, name the one that is meant: {known}")
    raise LstmkitError(f"the model has no output {output!r}; it has {known}")


def _number(n: int, of: str) -> str:
    return f"{n} {of}" if n == 1 else f"{n} {of}s"


def _outputs(returned: object, n_windows: int) -> Outputs:
    entries = dict(_entries(returned))
    return {
        name: value.reshape(*value.shape, *(1,) * (3 - value.ndim))
        for name, value in entries.items()
        if isinstance(value, Tensor) and _can_be_output(value, n_windows)
    }


def _can_be_output(value: Tensor, n_windows: int) -> bool:
    return (
        value.is_floating_point() and 1 <= value.ndim <= 3 and len(value) == n_windows and value.numel() > 0
    )


def _may_hold_states(returned: object, n_windows: int) -> bool:
    """Whether a container holds what may be the last states of a GRU, which has as many layers as there are windows."""
    if isinstance(returned, Tensor):
        return False
    return any(
        isinstance(value, Tensor) and value.ndim == 3 and value.shape[:2] == (n_windows, n_windows)
        for _, value in _entries(returned)
    )


def _entries(returned: object) -> Iterator[tuple[str, object]]:
    """What a container holds, by name; what a dict inside it holds, by both names."""
    if isinstance(returned, Mapping):
        items = [(str(name), value) for name, value in returned.items()]
    elif isinstance(returned, tuple | list):
        items = [(str(k), value) for k, value in enumerate(returned)]
    else:
        items = [(ONLY, returned)]
    for name, value in items:
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", each) for inner, each in value.items())
        else:
            yield name, value


def _described(returned: object) -> str:
    if isinstance(returned, Tensor):
        return f"{str(returned.dtype).removeprefix('torch.')} of shape {tuple(returned.shape)}"
    kind = f"a {type(returned).__name__}"
    if not isinstance(returned, Mapping | tuple | list):
        return kind
    held = (
        f"{name}: {_described(value) if isinstance(value, Tensor) else f'a {type(value).__name__}'}"
        for name, value in _entries(returned)
    )
    return f"{kind} of " + (", ".join(held) or "nothing")
