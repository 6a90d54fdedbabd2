"""Finds the convolutions and pools of a model in the order in which they act, and which steps each of them reads."""

import copy
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from lstmkit.errors import LstmkitError
from lstmkit.internals.running import evaluated, kind_of, modules_by_name

Window = nn.Conv1d | nn.MaxPool1d | nn.AvgPool1d
"""Modules that look at neighbouring steps."""

Kind = TypeVar("Kind", bound=nn.Module)

HOLES = 8  # steps, spread over a window, that are followed from one module to the next


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
        before: steps that stand before those of its input, as in `LocalStage`.
        norm: the batch norm that reads its output, if one does.
        relu: name of the ReLU that reads the output of the two, if one does.
    """

    label: str
    name: str
    module: nn.Conv1d
    before: int
    norm: nn.BatchNorm1d | None
    relu: str | None

    def effective(self) -> tuple[Float[np.ndarray, "filter channel tap"], Float[np.ndarray, "filter"]]:
        """Weights and biases of the one convolution that does in evaluation mode what this one and its norm do.

        Each filter is multiplied by the scale of its batch norm, γ / √(variance + ε).

        Raises:
            LstmkitError: the batch norm keeps no running statistics, so that its scale changes with each batch.
        """
        norm, weight, bias = self.norm, self.module.weight.double(), self.module.bias
        bias = weight.new_zeros(len(weight)) if bias is None else bias.double()
        if norm is not None:
            if norm.running_mean is None or norm.running_var is None:
                raise LstmkitError(
                    f"the batch norm after {self.name} keeps no running statistics, so it has no fixed scale"
                )
            mean, variance = norm.running_mean.double(), norm.running_var.double()
            scale, shift = (None if v is None else v.double() for v in (norm.weight, norm.bias))
            weight, bias = fuse_conv_bn_weights(weight, bias, mean, variance, norm.eps, scale, shift)
        return weight.detach().cpu().numpy(), bias.detach().cpu().numpy()

    def offsets(self) -> Int[np.ndarray, "tap"]:
        """Steps from the output to the input that each tap reads; negative lies before it."""
        return np.arange(taps(self.module)) * dilation(self.module) - self.before


@dataclass(frozen=True)
class LocalStage:
    """A convolution or pool in front of a recurrent module.

    Attributes:
        name: as in `model.named_modules()`, without what `torch.compile` adds to it.
        module: the convolution or pool.
        before: steps that stand before those of the stage before it, or of the window: its own padding on the left,
            and what the model adds between the two; negative where the model drops steps.
    """

    name: str
    module: Window
    before: int

    def reads(self, first: int, last: int) -> tuple[int, int]:
        """First and last step of the stage before it that some of its own steps read; negative ones are padding.

        Args:
            first: of its own steps.
            last: of its own steps.
        """
        moves, reach = stride(self.module), (taps(self.module) - 1) * dilation(self.module)
        return first * moves - self.before, last * moves - self.before + reach


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
    found = [(call, call.module) for call in calls if isinstance(call.module, nn.Conv1d)]
    if not found:
        raise LstmkitError(f"{kind_of(model)} contains no nn.Conv1d, so it has no filters")
    if grouped := [call.name for call, module in found if module.groups > 1]:
        raise LstmkitError(
            f"the filters of {grouped[0]} read different groups of channels and cannot be set side by side; "
            f"convolutions need groups=1"
        )
    before = [stage.before for stage in _stages(model, x, calls) if isinstance(stage.module, nn.Conv1d)]
    convolutions = []
    for number, (call, module) in enumerate(found, start=1):
        norm_call, norm = _follower(calls, call, nn.BatchNorm1d) or (call, None)
        relu = _follower(calls, norm_call, nn.ReLU)
        convolutions.append(
            Convolution(
                label=f"CNN layer {number}",
                name=call.name,
                module=module,
                before=before[number - 1],
                norm=norm,
                relu=relu[0].name if relu else None,
            )
        )
    return tuple(convolutions)


def find_local_stages(model: nn.Module, x: Float[Tensor, "batch time feature"]) -> list[LocalStage]:
    """Convolutions and pools before the first recurrent module, in the order of a forward pass.

    Args:
        model: any; it is run in evaluation mode.
        x: scaled inputs, one window is enough.

    Raises:
        LstmkitError: there are none.
    """
    calls = takewhile(lambda call: not isinstance(call.module, nn.RNNBase), trace(model, x))
    stages = _stages(model, x, list(calls))
    if not stages:
        raise LstmkitError(
            f"{kind_of(model)} has no convolution in front of its memory, so no step of the memory's input "
            f"has a receptive field"
        )
    return stages


def taps(module: Window) -> int:
    """Steps that a convolution or pool joins."""
    return _first(module.kernel_size)


def stride(module: Window) -> int:
    """Steps by which a convolution or pool moves on."""
    return _first(module.stride)


def dilation(module: Window) -> int:
    """Steps from tap to tap of a convolution or pool."""
    return _first(getattr(module, "dilation", 1))


@torch.no_grad()
def left_padding(module: Window) -> int:
    """Steps that a convolution or pool adds before its input.

    It is run on inputs with a hole of NaN, for a subclass may pad in its own `forward`. The oldest tap meets the hole
    at step i last, in the output at step (i + padding) / stride.

    Args:
        module: alone, in any mode.
    """
    moves = stride(module)
    n_steps = 4 * (taps(module) * dilation(module) + moves)
    holes = n_steps // 2 + torch.arange(moves)
    probe = copy.deepcopy(module)
    for parameter in probe.parameters():
        parameter.detach().zero_()  # which lets NaN through, and hides weights that are NaN themselves
    weight = getattr(module, "weight", torch.empty(0))
    maps = weight.new_zeros(moves, getattr(module, "in_channels", 1), n_steps)
    maps[torch.arange(moves), :, holes] = torch.nan
    window, step = probe.forward(maps).isnan().any(dim=1).cpu().nonzero().T  # `forward` calls no hooks
    return int((step * moves - holes[window]).max())


def _stages(model: nn.Module, x: Tensor, calls: list[Call]) -> list[LocalStage]:
    """The convolutions and pools among some calls."""
    local = [(call, call.module) for call in calls if isinstance(call.module, Window)]
    sources = [None, *(call for call, _ in local)]
    return [
        LocalStage(call.name, module, left_padding(module) + _moved(model, x, source, call))
        for source, (call, module) in zip(sources[:-1], local, strict=True)
    ]


@torch.no_grad()
def _moved(model: nn.Module, x: Tensor, source: Call | None, reader: Call) -> int:
    """By how many steps later a module is given what another one returned, or the window, before its own padding.

    Single steps are replaced by NaN and looked for in what the module is given.
    """
    n_steps = source.returned.shape[2] if source else x.shape[1]
    holes = torch.linspace(0, n_steps - 1, min(HOLES, n_steps)).round().long()
    windows, rows = x[:1].repeat(len(holes), 1, 1), torch.arange(len(holes))
    found: list[Tensor] = []

    def blank(_module: nn.Module, _given: tuple, returned: Tensor) -> Tensor:
        returned = returned.clone()
        returned[rows, :, holes] = torch.nan
        return returned

    def look(_module: nn.Module, given: tuple) -> None:
        found.append(given[0].isnan().any(dim=1).cpu().nonzero())

    handles = [reader.module.register_forward_pre_hook(look)]
    if source is None:
        windows[rows, holes] = torch.nan
    else:
        handles.append(source.module.register_forward_hook(blank))
    try:
        with evaluated(model):
            model(windows)
    finally:
        for handle in handles:
            handle.remove()
    window, step = found[-1].T
    moved = (step - holes[window]).tolist()
    return max(set(moved), key=moved.count, default=0)  # a padding that repeats a step shows it twice


def _first(size: int | tuple[int, ...]) -> int:
    return size[0] if isinstance(size, tuple) else size


def _follower(calls: list[Call], call: Call, kind: type[Kind]) -> tuple[Call, Kind] | None:
    """The call of a module of some kind that was given what another call returned."""
    found = ((c, c.module) for c in calls if isinstance(c.module, kind) and c.given is call.returned)
    return next(found, None)
