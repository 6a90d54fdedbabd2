"""Takes parts of a convolutional model away, and puts them back."""

from collections.abc import Iterator
from contextlib import contextmanager

from jaxtyping import Bool, Float
from torch import Tensor, nn, where

from lstmkit.errors import LstmkitError
from lstmkit.internals.running import evaluated, find_modules, kind_of


def convolutional_stages(model: nn.Module) -> tuple[str, str, str]:
    """Names of the modules that put out the first layer's maps, the second's, and the pooled ones that the LSTM reads.

    Args:
        model: one of ours, with `stages`: label to module name, from input to output; empty or missing without
            convolutions.

    Raises:
        LstmkitError: the model does not have these three stages.
    """
    stages: dict[str, str] = getattr(model, "stages", {})
    names = tuple(stages.values())
    if len(names) != 3:
        raise LstmkitError(
            f"{kind_of(model)} has {len(names)} convolutional stages; two layers and a pool in front of an LSTM "
            f"are examined, as a CNN-LSTM has them"
        )
    return names


@contextmanager
def replaced(
    model: nn.Module,
    name: str,
    maps: Float[Tensor, "channel time"],
    channels: Bool[Tensor, "channel"] | None = None,
) -> Iterator[None]:
    """Let channels of a module put out fixed maps, in every forward pass inside the body.

    The model is in evaluation mode inside the body. The hook comes off when it ends, also when it raises.

    Args:
        model: any module.
        name: of a module that puts out (batch, channel, time), as in `model.named_modules()`.
        maps: what every window gets, in place of its own.
        channels: which of them; all if not given.

    Raises:
        LstmkitError: the model has no module of that name.
    """
    (module,) = find_modules(model, [name])

    def replace(_module: nn.Module, _inputs: tuple, output: Tensor) -> Tensor:
        if channels is None:
            return maps.expand_as(output)
        return where(channels[:, None], maps, output)

    handle = module.register_forward_hook(replace)
    try:
        with evaluated(model):
            yield
    finally:
        handle.remove()
