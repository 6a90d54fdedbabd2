"""The gradient of every step ahead with respect to every input, one window at a time."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.internals.activations import record


def lead_gradients(model: nn.Module, x: Float[Tensor, "time feature"]) -> Float[Tensor, "lead time feature"]:
    """Gradient of each step ahead, exact, with as few passes back through time as the model allows.

    A head that reads nothing but the last state of an LSTM makes each step ahead a function of a few units. Where
    there are fewer units than steps, the units' gradients are taken, and multiplied by the head's.

    Args:
        model: in evaluation mode.
        x: one window of scaled inputs.
    """
    x = x[None].detach().requires_grad_()
    with torch.backends.cudnn.flags(enabled=False):
        found = _through_the_last_state(model, x)
        return (_jacobian(model(x)[0], x) if found is None else found)[:, 0].detach()


def _through_the_last_state(
    model: nn.Module, x: Float[Tensor, "1 time feature"]
) -> Float[Tensor, "lead 1 time feature"] | None:
    lstms = [name for name, module in model.named_modules() if isinstance(module, nn.LSTM)]
    if len(lstms) != 1:
        return None
    with record(model, lstms) as outputs:
        ahead = model(x)[0]  # (lead,)
    states = outputs[lstms[0]]  # (1, time of the LSTM, unit)
    if states.shape[0] != 1 or len(ahead) <= states.shape[2]:
        return None
    head = _jacobian(ahead, states)[:, 0]  # (lead, time of the LSTM, unit)
    if head[:, :-1].any():
        return None
    memory = _jacobian(states[0, -1], x)  # (unit, 1, time, feature)
    return torch.einsum("ku,ubtf->kbtf", head[:, -1], memory)


def _jacobian(
    outputs: Float[Tensor, "output"], inputs: Float[Tensor, "1 time channel"]
) -> Float[Tensor, "output 1 time channel"]:
    directions = torch.eye(len(outputs), dtype=outputs.dtype, device=outputs.device)
    (gradient,) = torch.autograd.grad(outputs, inputs, directions, retain_graph=True, is_grads_batched=True)
    return gradient
