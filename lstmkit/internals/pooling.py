"""Which of the steps that it joins a max pool selects, seen from outside."""

from collections.abc import Iterator
from contextlib import contextmanager

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from lstmkit.errors import LstmkitError


@contextmanager
def record_input(module: nn.Module) -> Iterator[list[Tensor]]:
    """Record what a module reads in the forward passes inside the body; the hook comes off when it ends.

    Args:
        module: of one input.

    Yields:
        A list to which each forward pass adds one tensor.
    """
    found: list[Tensor] = []
    handle = module.register_forward_pre_hook(lambda _module, inputs: found.append(inputs[0]))
    try:
        yield found
    finally:
        handle.remove()


def selected_steps(
    maps: Float[Tensor, "batch channel time"], size: int
) -> tuple[Int[Tensor, "batch channel pooled"], Bool[Tensor, "batch channel pooled"]]:
    """Which step holds the maximum of each group of neighbours.

    Args:
        maps: what the pool reads, of a length that the size divides.
        size: steps that it joins.

    Returns:
        The step's place in its group, 0 being the oldest, and whether there was a choice: False where several steps
        share the maximum (after a ReLU mostly zeros), of which a pool takes the first for no reason in the data.

    Raises:
        LstmkitError: the maps hold NaN, which is no maximum of anything.
    """
    groups = maps.unfold(2, size, size)  # (batch, channel, pooled, place)
    largest = groups.amax(dim=3, keepdim=True)
    if largest.isnan().any():
        raise LstmkitError(
            "the maps that the pool reads hold NaN: the model's inputs or weights are not finite"
        )
    return groups.argmax(dim=3), (groups == largest).sum(dim=3) == 1
