"""Records what named modules put out during a forward pass."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from lstmkit.errors import LstmkitError


@contextmanager
def record(model: nn.Module, names: list[str]) -> Iterator[dict[str, Tensor]]:
    """Record the outputs of named modules, with their graph, for the forward passes inside the body.

    The hooks come off when the body ends, also when it raises. Of a module with several outputs (an `nn.LSTM`)
    the first is recorded.

    Args:
        model: any module.
        names: as in `model.named_modules()`.

    Yields:
        A dictionary that each forward pass fills anew: name to output.

    Raises:
        LstmkitError: the model has no module of that name.
    """
    modules = dict(model.named_modules())
    if unknown := [name for name in names if name not in modules]:
        known = ", ".join(name for name in modules if name)
        raise LstmkitError(f"{type(model).__name__} has no module {', '.join(unknown)}; it has {known}")
    outputs: dict[str, Tensor] = {}
    handles = [modules[name].register_forward_hook(_keep(outputs, name)) for name in names]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def _keep(outputs: dict[str, Tensor], name: str):
    def hook(_module: nn.Module, _inputs: tuple, output: Tensor | tuple) -> None:
        outputs[name] = output[0] if isinstance(output, tuple) else output

    return hook
