"""The gradient of every step ahead with respect to every input, one window at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.internals.outputs import named_outputs, select_target
from lstmkit.internals.running import evaluated, refuse_infinite

Window = Float[Tensor, "1 time feature"]


def lead_gradients(
    model: nn.Module, x: Float[Tensor, "time feature"], output: str | None = None, target: int = 0
) -> Float[Tensor, "lead time feature"]:
    """Gradient of each step ahead, exact, with as few passes back through time as the model allows.

    A head that reads nothing but the last output of an LSTM makes each step ahead a function of a few units. Where
    there are fewer units than steps, the units' gradients are taken, and multiplied by the head's. One that also
    reads the inputs, older outputs or the cell, or takes the last state from elsewhere, is passed through whole.

    Args:
        model: any; it is run in evaluation mode.
        x: one window of scaled inputs.
        output: name of the output; None where the model has one alone.
        target: of the output, counted from 0.

    Raises:
        LstmkitError: the model has no such output or target, or returns other than finite forecasts.
    """
    x = x[None].detach().requires_grad_()
    with torch.backends.cudnn.flags(enabled=False), evaluated(model):
        found = _through_the_last_state(model, x, output, target)
        if found is None:
            found = _jacobian(_ahead(model, x, output, target), x)
        return found[:, 0].detach()


def _ahead(model: nn.Module, x: Window, output: str | None, target: int) -> Float[Tensor, "lead"]:
    ahead = select_target(named_outputs(model, x), output, target)
    refuse_infinite(model, ahead)
    return ahead[0]


def _through_the_last_state(
    model: nn.Module, x: Window, output: str | None = None, target: int = 0
) -> Float[Tensor, "lead 1 time feature"] | None:
    """The gradients, where the outputs of one LSTM, read once, are all that the head sees; else None."""
    lstms = [module for module in model.modules() if isinstance(module, nn.LSTM)]
    if len(lstms) != 1:
        return None
    with _cut_off(lstms[0]) as calls:
        ahead = _ahead(model, x, output, target)
    if len(calls) != 1:
        return None
    ((states, read),) = calls  # (1, time of the LSTM, unit)
    if states.shape[0] != 1 or len(ahead) <= states.shape[2] or _reaches(ahead, x):
        return None
    head = _jacobian(ahead, read)[:, 0]  # (lead, time of the LSTM, unit)
    if head[:, :-1].any():
        return None
    memory = _jacobian(states[0, -1], x)  # (unit, 1, time, feature)
    return torch.einsum("ku,ubtf->kbtf", head[:, -1], memory)


@contextmanager
def _cut_off(lstm: nn.LSTM) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """Hand on the outputs of an LSTM without their past, its final states with theirs; keep both sides of each cut."""
    calls = []

    def cut(_module: nn.Module, _inputs: tuple, output: tuple) -> tuple:
        states, final = output
        read = states.detach().requires_grad_()
        calls.append((states, read))
        return read.clone(), final  # a copy, which the head may overwrite

    handle = lstm.register_forward_hook(cut)
    try:
        yield calls
    finally:
        handle.remove()


def _reaches(ahead: Float[Tensor, "lead"], x: Window) -> bool:
    """Whether the forecast still depends on the inputs."""
    (gradient,) = torch.autograd.grad(ahead.sum(), x, retain_graph=True, allow_unused=True)
    return gradient is not None


def _jacobian(
    outputs: Float[Tensor, "output"], inputs: Float[Tensor, "1 time channel"]
) -> Float[Tensor, "output 1 time channel"]:
    directions = torch.eye(len(outputs), dtype=outputs.dtype, device=outputs.device)
    (gradient,) = torch.autograd.grad(
        outputs, inputs, directions, retain_graph=True, is_grads_batched=True, allow_unused=True
    )
    return inputs.new_zeros(len(outputs), *inputs.shape) if gradient is None else gradient
