"""Records what named modules put out during a forward pass."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from lstmkit.internals.running import evaluated, find_modules


@contextmanager
def record(model: nn.Module, names: list[str]) -> Iterator[dict[str, Tensor]]:
    """Record the outputs of named modules, with their graph, for the forward passes inside the body.

    The model is in evaluation mode inside the body. The hooks come off when it ends, also when it raises. Of a
    module with several outputs (an `nn.LSTM`) the first is recorded.

    Args:
        model: any module.
        names: as in `model.named_modules()`, without what `torch.compile` adds to them.

    Yields:
        A dictionary that each forward pass fills anew: name to output.

    Raises:
        LstmkitError: the model has no module of that name.
    """
    outputs: dict[str, Tensor] = {}
    modules = find_modules(model, names)
    handles = [
        module.register_forward_hook(_keep(outputs, name))
        for name, module in zip(names, modules, strict=True)
    ]
    try:
        with evaluated(model):
            yield outputs
    finally:
        for handle in handles:
            handle.remove()


def _keep(outputs: dict[str, Tensor], name: str):
    def hook(_module: nn.Module, _inputs: tuple, output: Tensor | tuple) -> None:
        outputs[name] = output[0] if isinstance(output, tuple) else output

    return hook
