"""What can be looked into: an `nn.LSTM`, a batch of sequences that it reads, and the state from which it starts."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstmkit.errors import LstmkitError
from lstmkit.internals.lstm_weights import kept_tensor
from lstmkit.internals.running import kind_of, modules_by_name, uncompiled


def require_lstm(lstm: object) -> nn.LSTM:
    """An `nn.LSTM`, also one that `torch.compile` wraps.

    Args:
        lstm: anything.

    Raises:
        LstmkitError: it is something else; the message says what to give instead.
    """
    if not isinstance(lstm, nn.Module):
        raise LstmkitError(f"an nn.LSTM is expected, not {_a(type(lstm).__name__)}")
    found = uncompiled(lstm)
    if isinstance(found, nn.LSTM):
        return found
    if isinstance(found, nn.LSTMCell):
        raise LstmkitError(
            "an nn.LSTM is expected, not an LSTMCell: copy its weights into an nn.LSTM of one layer (weight_ih "
            "becomes weight_ih_l0, and so on)"
        )
    if isinstance(found, nn.RNNBase | nn.RNNCellBase):
        raise LstmkitError(f"an nn.LSTM is expected, not {_a(kind_of(found))}, which has other gates or none")
    inside = [name for name, module in modules_by_name(found).items() if isinstance(module, nn.LSTM)]
    if not inside:
        raise LstmkitError(f"an nn.LSTM is expected, not {_a(kind_of(found))}, which contains none")
    raise LstmkitError(
        f"an nn.LSTM is expected, not a whole model: give {kind_of(found)}'s {' or '.join(inside)} and what it reads, "
        f"or let lstmkit.internals.recurrent.first_lstm(model, x) find both"
    )


def require_inputs(lstm: nn.LSTM, x: object, name: str = "the LSTM") -> None:
    """Refuse inputs that an LSTM cannot read as a batch of sequences.

    Args:
        lstm: that shall read them.
        x: usually of shape (batch, time, feature); the order of batch and time does not matter here.
        name: of the LSTM, for messages.

    Raises:
        LstmkitError: they are no such tensor; the message says what is expected.
    """
    expected = f"{name} reads a tensor of shape (batch, time, {lstm.input_size})"
    if isinstance(x, PackedSequence):
        raise LstmkitError(
            f"{expected}, not a packed sequence: give windows of one length, or each of another length by itself"
        )
    if not isinstance(x, Tensor):
        raise LstmkitError(f"{expected}, not {_a(type(x).__name__)}")
    if x.ndim != 3:
        single = ": a single window is x[None]" if x.ndim == 2 else ""
        raise LstmkitError(f"{expected}, not one of shape {tuple(x.shape)}{single}")
    if x.shape[2] != lstm.input_size:
        raise LstmkitError(f"{expected}, not {x.shape[2]} features")
    if not x.numel():
        raise LstmkitError(
            f"{expected}, not one of shape {tuple(x.shape)}: at least one window and one step are needed"
        )
    _require_kind(lstm, "x", x, name)


def require_state(lstm: nn.LSTM, state: object, batch: int) -> None:
    """Refuse initial states that do not fit an LSTM and its batch; PyTorch's own broadcasting would hide it.

    Args:
        lstm: that shall start from them.
        state: hidden and cell states as `nn.LSTM` takes them, or None.
        batch: number of windows.

    Raises:
        LstmkitError: they have another number, shape, dtype or device; the message says what is expected.
    """
    if state is None:
        return
    if not (
        isinstance(state, tuple | list) and len(state) == 2 and all(isinstance(s, Tensor) for s in state)
    ):
        raise LstmkitError(
            "the initial state is a pair of tensors, hidden and cell states, as nn.LSTM takes them"
        )
    parts = lstm.num_layers * (2 if lstm.bidirectional else 1)
    widths = (lstm.proj_size or lstm.hidden_size, lstm.hidden_size)
    for name, values, width in zip(("hidden", "cell"), state, widths, strict=True):
        if values.shape != (parts, batch, width):
            raise LstmkitError(
                f"the initial {name} state has the shape {tuple(values.shape)}; ({parts}, {batch}, {width}) is "
                f"expected: layers and directions, windows, units"
            )
        _require_kind(lstm, f"the initial {name} state", values, "the LSTM")


def _require_kind(lstm: nn.LSTM, what: str, values: Tensor, name: str) -> None:
    """Refuse values on another device than the weights, or of another dtype unless autocast converts them."""
    weights = kept_tensor(lstm)
    if values.device != weights.device:
        there = str(weights.device)
        raise LstmkitError(
            f"{what} is on {values.device}, but {name} is on {there}: move it with .to({there!r})"
        )
    converted = values.is_floating_point() and torch.is_autocast_enabled(weights.device.type)
    if values.dtype != weights.dtype and not converted:
        found, wanted = (str(tensor.dtype).removeprefix("torch.") for tensor in (values, weights))
        raise LstmkitError(
            f"{what} is {found}, but {name} computes in {wanted}: convert it with .to(torch.{wanted})"
        )


def _a(kind: str) -> str:
    return f"{'an' if kind[:1] in 'AEIOaeio' or kind.startswith(('LSTM', 'RNN')) else 'a'} {kind}"
