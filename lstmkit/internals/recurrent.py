"""Finds the LSTMs of a model and records the states in which they end."""

from collections.abc import Iterator
from contextlib import contextmanager

from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.errors import LstmkitError


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


@contextmanager
def record_final_states(model: nn.Module) -> Iterator[list[Float[Tensor, "batch layer unit"]]]:
    """Record the hidden state in which each layer of a model's first LSTM ends, for the passes inside the body.

    The two directions of a bidirectional LSTM stand side by side. The hook comes off when the body ends.

    Args:
        model: with an `nn.LSTM`.

    Yields:
        A list to which each forward pass adds one tensor.

    Raises:
        LstmkitError: the model has no `nn.LSTM`.
    """
    lstm = next(iter(find_lstms(model).values()))
    found: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: tuple, output: tuple) -> None:
        last, _ = output[1]  # (layer × direction, batch, unit)
        found.append(last.unflatten(0, (lstm.num_layers, -1)).permute(2, 0, 1, 3).flatten(2))

    handle = lstm.register_forward_hook(keep)
    try:
        yield found
    finally:
        handle.remove()


class _Enough(Exception):  # noqa: N818  # no error
    """Ends a forward pass once what it was made for is known."""


def lstm_inputs(
    model: nn.Module, x: Float[Tensor, "batch time feature"]
) -> Float[Tensor, "batch step channel"]:
    """What a model's first LSTM reads, with the batch first; the LSTM itself is not run.

    Args:
        model: with an `nn.LSTM`.
        x: inputs of the model.

    Raises:
        LstmkitError: the model has no `nn.LSTM`.
    """
    lstm = next(iter(find_lstms(model).values()))
    found: list[Tensor] = []

    def keep(_module: nn.Module, inputs: tuple) -> None:
        found.append(inputs[0])
        raise _Enough

    handle = lstm.register_forward_pre_hook(keep)
    try:
        model(x)
    except _Enough:
        pass
    finally:
        handle.remove()
    return found[0] if lstm.batch_first else found[0].transpose(0, 1)
