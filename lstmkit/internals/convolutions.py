"""Finds the convolutions of a model in the order in which they act, with what follows each of them."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from lstmkit.errors import LstmkitError
from lstmkit.internals.running import evaluated, kind_of, modules_by_name

Window = nn.Conv1d | nn.MaxPool1d | nn.AvgPool1d
"""Modules that look at neighbouring steps."""


@dataclass(frozen=True)
class Call:
    """What one module without children was given in a forward pass, and what it gave back.

    Attributes:
        name: as in `model.named_modules()`, without what `torch.compile` adds to it.
        module: that was called.
        given: its first argument.
        returned: its output, the first one where there are several.
    """

    name: str
    module: nn.Module
    given: Tensor
    returned: Tensor


@dataclass(frozen=True)
class Convolution:
    """A convolution over time with the batch norm and the ReLU that follow it.

    Attributes:
        label: `CNN layer 1` for the first.
        name: as in `model.named_modules()`, without what `torch.compile` adds to it.
        module: the convolution.
        norm: the batch norm that reads its output, if one does.
        relu: name of the ReLU that reads the output of the two, if one does.
    """

    label: str
    name: str
    module: nn.Conv1d
    norm: nn.BatchNorm1d | None
    relu: str | None

    def effective(self) -> tuple[Float[np.ndarray, "filter channel tap"], Float[np.ndarray, "filter"]]:
        """Weights and biases of the one convolution that does in evaluation mode what this one and its norm do.

        Each filter is multiplied by the scale of its batch norm, γ / √(variance + ε).

        Raises:
            LstmkitError: the batch norm keeps no running statistics, so that its scale changes with each batch.
        """
        weight, bias = self.module.weight.double(), self.module.bias
        bias = weight.new_zeros(len(weight)) if bias is None else bias.double()
        if self.norm is not None:
            if self.norm.running_var is None:
                raise LstmkitError(
                    f"the batch norm after {self.name} keeps no running statistics, so it has no fixed scale"
                )
            norm = self.norm
            values = (norm.running_mean, norm.running_var, norm.weight, norm.bias)
            mean, variance, scale, shift = (v if v is None else v.double() for v in values)
            weight, bias = fuse_conv_bn_weights(weight, bias, mean, variance, norm.eps, scale, shift)
        return weight.detach().cpu().numpy(), bias.detach().cpu().numpy()

    def offsets(self) -> Int[np.ndarray, "tap"]:
        """Steps from the output to the input that each tap reads; negative lies before it."""
        return np.arange(_first(self.module.kernel_size)) * _first(self.module.dilation) - left_padding(
            self.module
        )


def trace(model: nn.Module, x: Float[Tensor, "batch time feature"]) -> list[Call]:
    """Every call of a module without children, in the order of a forward pass.

    Args:
        model: any; it is run in evaluation mode.
        x: scaled inputs.
    """
    calls: list[Call] = []

    def keep(name: str):
        def hook(module: nn.Module, given: tuple, returned: Tensor | tuple) -> None:
            first = returned[0] if isinstance(returned, tuple) else returned
            calls.append(Call(name, module, given[0], first))

        return hook

    leaves = [
        (name, module) for name, module in modules_by_name(model).items() if not list(module.children())
    ]
    handles = [module.register_forward_hook(keep(name)) for name, module in leaves]
    try:
        with torch.no_grad(), evaluated(model):
            model(x)
    finally:
        for handle in handles:
            handle.remove()
    return calls


def find_convolutions(model: nn.Module, x: Float[Tensor, "batch time feature"]) -> tuple[Convolution, ...]:
    """The convolutions of a model in the order of a forward pass, with the norm and the ReLU after each.

    A module follows another if it is given the very tensor that the other returned.

    Args:
        model: any; it is run in evaluation mode.
        x: scaled inputs, one window is enough.

    Raises:
        LstmkitError: the model has no convolution over time, or one whose channels are split into groups.
    """
    calls = trace(model, x)
    found = [call for call in calls if isinstance(call.module, nn.Conv1d)]
    if not found:
        raise LstmkitError(f"{kind_of(model)} contains no nn.Conv1d, so it has no filters")
    if grouped := [call.name for call in found if call.module.groups > 1]:
        raise LstmkitError(
            f"the filters of {grouped[0]} read different groups of channels and cannot be set side by side; "
            f"convolutions need groups=1"
        )
    convolutions = []
    for number, call in enumerate(found, start=1):
        norm = _follower(calls, call, nn.BatchNorm1d)
        relu = _follower(calls, norm or call, nn.ReLU)
        convolutions.append(
            Convolution(
                label=f"CNN layer {number}",
                name=call.name,
                module=call.module,
                norm=norm.module if norm else None,
                relu=relu.name if relu else None,
            )
        )
    return tuple(convolutions)


def find_local_stages(model: nn.Module, x: Float[Tensor, "batch time feature"]) -> list[tuple[str, Window]]:
    """Convolutions and pools before the first recurrent module, by name, in the order of a forward pass.

    Args:
        model: any; it is run in evaluation mode.
        x: scaled inputs, one window is enough.

    Raises:
        LstmkitError: there are none.
    """
    stages: list[tuple[str, Window]] = []
    for call in trace(model, x):
        if isinstance(call.module, nn.RNNBase):
            break
        if isinstance(call.module, Window):
            stages.append((call.name, call.module))
    if not stages:
        raise LstmkitError(
            f"{kind_of(model)} has no convolution in front of its memory, so no step of the memory's input "
            f"has a receptive field"
        )
    return stages


def geometry(module: Window) -> tuple[int, int, int, int]:
    """Taps, stride, dilation and steps of padding on the left of a convolution or pool."""
    taps, stride = _first(module.kernel_size), _first(module.stride)
    return taps, stride, _first(getattr(module, "dilation", 1)), left_padding(module)


def left_padding(module: Window) -> int:
    """Steps that a convolution or pool adds before its input."""
    if module.padding == "valid":
        return 0
    if module.padding == "same":
        return _first(module.dilation) * (_first(module.kernel_size) - 1) // 2
    return _first(module.padding)


def _first(size: int | tuple[int, ...]) -> int:
    return size[0] if isinstance(size, tuple) else size


def _follower(calls: list[Call], call: Call, kind: type[nn.Module]) -> Call | None:
    return next((c for c in calls if isinstance(c.module, kind) and c.given is call.returned), None)
