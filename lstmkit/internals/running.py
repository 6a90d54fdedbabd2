"""Runs a model that is looked into: in evaluation mode, uncompiled, and with outputs of the expected shape."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.errors import LstmkitError

COMPILED = "_orig_mod"  # the name under which `torch.compile` keeps the module that it wraps
OWN = "own_module"  # and `models.own.OwnForecaster`


@contextmanager
def evaluated(model: nn.Module) -> Iterator[None]:
    """Put a model in evaluation mode inside the body, and run its compiled parts uncompiled.

    Code that was compiled before a hook was registered does not call the hook. Afterwards every module has its own
    mode again, also when the body raises.

    Args:
        model: any module.
    """
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        with _uncompiled_calls(model):
            yield
    finally:
        for module in training:
            module.training = True


def _uncompiled_calls(model: nn.Module) -> AbstractContextManager:
    compiled = any(COMPILED in module._modules or module._compiled_call_impl for module in model.modules())
    # the compiler takes seconds to import, which a model that is not compiled can spare
    return torch.compiler.set_stance("force_eager") if compiled else nullcontext()


def uncompiled(model: nn.Module) -> nn.Module:
    """The module that `torch.compile` wrapped; any other module itself.

    Args:
        model: any module.
    """
    wrapped = model._modules.get(COMPILED)
    return model if wrapped is None else wrapped


def modules_by_name(model: nn.Module) -> dict[str, nn.Module]:
    """Every module by its name in `model.named_modules()`, without what a wrapper adds to names.

    Args:
        model: any module.
    """
    return {
        ".".join(part for part in name.split(".") if part not in (COMPILED, OWN)): module
        for name, module in model.named_modules()
    }


def find_modules(model: nn.Module, names: Sequence[str]) -> list[nn.Module]:
    """Modules by name.

    Args:
        model: any module.
        names: as in `modules_by_name`.

    Raises:
        LstmkitError: the model has no module of one of the names.
    """
    modules = modules_by_name(model)
    if unknown := [name for name in names if name not in modules]:
        known = ", ".join(name for name in modules if name)
        raise LstmkitError(f"{kind_of(model)} has no module {', '.join(unknown)}; it has {known}")
    return [modules[name] for name in names]


def kind_of(model: nn.Module) -> str:
    """Name of a model's class, or of the class that a wrapper wraps, for messages.

    Args:
        model: any module.
    """
    inner = uncompiled(model)
    return type(uncompiled(inner._modules.get(OWN) or inner)).__name__


def with_targets(outputs: Float[Tensor, "batch *rest"]) -> Float[Tensor, "batch *rest_with_targets"]:
    """Outputs with an axis for the targets, also of a model that puts out (batch, horizon).

    Args:
        outputs: of a model.
    """
    return outputs[..., None] if outputs.ndim == 2 else outputs


def forecast(
    model: nn.Module,
    x: Float[Tensor, "batch time feature"],
    shape: tuple[int, int] | None = None,
    windows: Sequence[object] | None = None,
) -> Float[Tensor, "batch horizon target"]:
    """What a model in evaluation mode puts out for some windows.

    Args:
        model: maps inputs to all steps ahead, with or without an axis for a single target; its modules' modes are left
            as they are.
        x: scaled inputs.
        shape: steps ahead and targets; any numbers if not given.
        windows: what an error calls each of the windows, usually their origins; by number if not given.

    Raises:
        LstmkitError: the outputs have another shape than (batch, horizon, target) or are not finite, or the weights
            have another dtype than the inputs.
    """
    outputs = returned_by(model, x)
    steps, targets = shape or ("horizon", "target")
    expected = f"({len(x)}, {steps}, {targets})"
    if not isinstance(outputs, Tensor):
        raise LstmkitError(
            f"{kind_of(model)} puts out a {type(outputs).__name__}; a tensor of shape {expected} is expected"
        )
    given = tuple(outputs.shape)
    outputs = with_targets(outputs)
    if outputs.ndim != 3 or outputs.shape != (len(x), *(shape or outputs.shape[1:])):
        raise LstmkitError(
            f"{kind_of(model)} puts out the shape {given}; {expected} is expected: windows, steps ahead, targets"
        )
    refuse_infinite(model, outputs, windows)
    return outputs


def refuse_infinite(
    model: nn.Module, outputs: Float[Tensor, "batch *rest"], windows: Sequence[object] | None = None
) -> None:
    """Refuse forecasts that are NaN or infinite.

    Args:
        model: which made them.
        outputs: scaled forecasts, one row per window.
        windows: what an error calls each of the windows, usually their origins; by number if not given.

    Raises:
        LstmkitError: a forecast is not finite; the first of its windows is named.
    """
    if not (finite := outputs.isfinite().flatten(1).all(dim=1)).all():
        first = int((~finite).nonzero()[0, 0])
        name = first if windows is None else windows[first]
        raise LstmkitError(
            f"{kind_of(model)} forecasts NaN or infinity for the window {name}: its weights or inputs are not finite; "
            f"look at both, or train it anew"
        )


def returned_by(model: nn.Module, x: Float[Tensor, "batch time feature"]) -> object:
    """What a model returns in evaluation mode, whatever that is.

    Args:
        model: any module; its modules' modes are left as they are.
        x: scaled inputs.

    Raises:
        LstmkitError: the weights have another dtype than the inputs.
    """
    try:
        with evaluated(model):
            return model(x)
    except RuntimeError as error:
        dtypes = {values.dtype for values in model.parameters()}
        if not dtypes or x.dtype in dtypes:
            raise
        found, wanted = (str(dtype).removeprefix("torch.") for dtype in (x.dtype, min(dtypes, key=str)))
        raise LstmkitError(
            f"{kind_of(model)} computes in {wanted}, but its inputs are {found}: convert it with .to(torch.{found})"
        ) from error
