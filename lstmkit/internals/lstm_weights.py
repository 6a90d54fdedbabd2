"""The weights that an `nn.LSTM` computes with, whether it keeps them as parameters or derives them from others."""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from lstmkit.errors import LstmkitError
from lstmkit.internals.running import evaluated


def part_names(lstm: nn.LSTM) -> tuple[str, ...]:
    """Names of an LSTM's layers, and of their directions where there are two, in PyTorch's order.

    Args:
        lstm: any.
    """
    ways = (" forward", " backward") if lstm.bidirectional else ("",)
    return tuple(f"layer {layer + 1}{way}" for layer in range(lstm.num_layers) for way in ways)


def reads_backward(lstm: nn.LSTM, part: int) -> bool:
    """Whether a layer and direction reads from the newest step to the oldest.

    Args:
        lstm: any.
        part: index of the layer and direction, as in `part_names`.
    """
    return lstm.bidirectional and part % 2 == 1


def kept_tensor(lstm: nn.LSTM) -> Tensor:
    """A parameter of an LSTM, or a weight that was set from outside where it has none: all share dtype and device.

    Args:
        lstm: any.
    """
    return next(tensor for tensor in (*lstm.parameters(), *vars(lstm).values()) if isinstance(tensor, Tensor))


def lstm_weights(lstm: nn.LSTM) -> tuple[dict[str, Tensor], ...]:
    """Weights and biases of each layer and direction, named without their suffix (`weight_ih` and so on).

    They are those of a forward pass in evaluation mode, also where weight or spectral normalisation, pruning or
    another parametrization derives them. Weights that a wrapper sets before it calls the LSTM, as for dropped
    weights, are those of the wrapper's last forward pass.

    Args:
        lstm: any.

    Returns:
        One dictionary per layer and direction, in the order of `part_names`.

    Raises:
        LstmkitError: a wrapper that sets the weights has not been called yet.
    """
    # what a hook sets must be fit for training afterwards, which tensors made in inference mode are not
    with torch.inference_mode(False), torch.no_grad(), evaluated(lstm):
        if lstm._forward_pre_hooks and _derived(lstm):
            lstm(kept_tensor(lstm).new_zeros(1, 1, lstm.input_size))  # its hooks set the weights
        return tuple(
            {kind: _weight(lstm, kind + suffix) for kind in _kinds(lstm)} for suffix in _suffixes(lstm)
        )


def plain_lstm(lstm: nn.LSTM, dtype: torch.dtype) -> nn.LSTM:
    """An `nn.LSTM` of its own with the weights that another computes with, in evaluation mode, the batch first.

    Args:
        lstm: any.
        dtype: of the new one.
    """
    shape = {"bias": lstm.bias, "bidirectional": lstm.bidirectional, "proj_size": lstm.proj_size}
    plain = _empty_lstm(
        lstm.input_size, lstm.hidden_size, lstm.num_layers, dtype, kept_tensor(lstm).device, **shape
    )
    _fill(plain, lstm_weights(lstm))
    return plain


def single_layer(lstm: nn.LSTM, layer: int) -> nn.LSTM:
    """One layer of an LSTM, in all its directions, as an LSTM of its own with the batch first.

    Args:
        lstm: a plain one.
        layer: its index.
    """
    directions = 2 if lstm.bidirectional else 1
    inputs = lstm.input_size if layer == 0 else directions * (lstm.proj_size or lstm.hidden_size)
    shape = {"bias": lstm.bias, "bidirectional": lstm.bidirectional, "proj_size": lstm.proj_size}
    kept = kept_tensor(lstm)
    alone = _empty_lstm(inputs, lstm.hidden_size, 1, kept.dtype, kept.device, **shape)
    _fill(alone, lstm_weights(lstm)[layer * directions : (layer + 1) * directions])
    return alone


def _empty_lstm(
    inputs: int, hidden: int, layers: int, dtype: torch.dtype, device: torch.device, **shape: int
) -> nn.LSTM:
    # not initialised, which would draw from PyTorch's random numbers
    empty = nn.LSTM(inputs, hidden, layers, batch_first=True, dtype=dtype, device="meta", **shape)
    return empty.to_empty(device=device).eval()


@torch.no_grad()
def _fill(lstm: nn.LSTM, weights: tuple[dict[str, Tensor], ...]) -> None:
    for suffix, values in zip(_suffixes(lstm), weights, strict=True):
        for kind, value in values.items():
            getattr(lstm, kind + suffix).copy_(value)


def _kinds(lstm: nn.LSTM) -> tuple[str, ...]:
    biases = ("bias_ih", "bias_hh") if lstm.bias else ()
    return ("weight_ih", "weight_hh", *biases, *(("weight_hr",) if lstm.proj_size else ()))


def _suffixes(lstm: nn.LSTM) -> tuple[str, ...]:
    ways = ("", "_reverse") if lstm.bidirectional else ("",)
    return tuple(f"_l{layer}{way}" for layer in range(lstm.num_layers) for way in ways)


def _derived(lstm: nn.LSTM) -> bool:
    """Whether a weight is neither a parameter nor computed from others whenever it is read."""
    names = (kind + suffix for kind in _kinds(lstm) for suffix in _suffixes(lstm))
    return any(name not in lstm._parameters and not parametrize.is_parametrized(lstm, name) for name in names)


def _weight(lstm: nn.LSTM, name: str) -> Tensor:
    value = getattr(lstm, name, None)
    if value is None:
        raise LstmkitError(
            f"the LSTM has no {name}, which is set by the module around it: run the whole model once, then look into it"
        )
    return value.detach()
