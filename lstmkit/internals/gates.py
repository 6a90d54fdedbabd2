"""What happens inside an `nn.LSTM`: its gates and states at every step of every layer and direction.

PyTorch's LSTM is one fused kernel that gives its last layer's hidden states and nothing else. `walk_lstm` goes
through the same recurrence step by step and hands each step to a visitor; `trace_lstm` keeps them all.
`lstmkit.internals.trace_check` holds what was kept against the fused kernel.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from lstmkit.errors import LstmkitError
from lstmkit.internals.lstm_arguments import require_inputs, require_lstm, require_state
from lstmkit.internals.lstm_weights import lstm_weights, part_names, reads_backward

GATES = ("i", "f", "g", "o")
FEWEST_GROUPS = 16  # from which PyTorch hands a convolution of width one to oneDNN also on a single thread
State = tuple[Float[Tensor, "part batch unit"], Float[Tensor, "part batch hidden"]]


@dataclass(frozen=True)
class Step:
    """One step of one layer and direction, for a batch arranged as (group, unit, member).

    The tensors are buffers that the next step overwrites.

    Attributes:
        time: position of the step in the input.
        gates: i, f, g and o after their non-linearity, stacked along the units.
        written: what the step adds to the cell, i · g.
        c: cell state after the step.
        h: hidden state after the step.
    """

    time: int
    gates: Float[Tensor, "group four_hidden member"]
    written: Float[Tensor, "group hidden member"]
    c: Float[Tensor, "group hidden member"]
    h: Float[Tensor, "group unit member"]


Visitor = Callable[[int, Step], None]


@dataclass(frozen=True)
class LayerTrace:
    """Gates and states of one layer and direction, in the order of time.

    Attributes:
        i: input gate, between 0 and 1.
        f: forget gate, between 0 and 1.
        g: candidate, between -1 and 1.
        o: output gate, between 0 and 1.
        c: cell state after each step.
        h: hidden state after each step, narrower than `c` where the LSTM projects it.
    """

    i: Float[Tensor, "batch time hidden"]
    f: Float[Tensor, "batch time hidden"]
    g: Float[Tensor, "batch time hidden"]
    o: Float[Tensor, "batch time hidden"]
    c: Float[Tensor, "batch time hidden"]
    h: Float[Tensor, "batch time unit"]


@torch.inference_mode()
def walk_lstm(
    lstm: nn.Module, x: Float[Tensor, "batch time feature"], visit: Visitor, state: State | None = None
) -> None:
    """Go through an LSTM step by step and show each step to a visitor, layer after layer.

    The batch is arranged so that each step's matrix product is a convolution of width one, which PyTorch hands to
    oneDNN; its plain product is half as fast on some processors.

    Args:
        lstm: in evaluation mode.
        x: inputs, the batch first whatever the LSTM's own order.
        visit: called with the index of the layer and direction (`part_names`) and the step.
        state: initial hidden and cell states as `nn.LSTM` takes them; zeros where there are none.

    Raises:
        LstmkitError: the LSTM would apply dropout, is none, or cannot read these inputs from this state.
    """
    lstm = _checked(lstm, x, state)
    weights, directions = lstm_weights(lstm), 2 if lstm.bidirectional else 1
    sequence = _arrange(x)  # (time, group, feature, member)
    time, group, _, member = sequence.shape
    unit = lstm.proj_size or lstm.hidden_size
    for layer in range(lstm.num_layers):
        last = layer == lstm.num_layers - 1
        output = sequence.new_empty(time, group, 0 if last else directions * unit, member)
        for direction in range(directions):
            part = layer * directions + direction
            own = None if last else output[:, :, direction * unit : (direction + 1) * unit]
            _walk_part(lstm, part, weights[part], sequence, visit, _start(state, part), own)
        sequence = output


def trace_lstm(
    lstm: nn.Module, x: Float[Tensor, "batch time feature"], state: State | None = None
) -> tuple[LayerTrace, ...]:
    """Gates and states of every layer and direction of an LSTM at every step.

    All of them together are large: 108 MB for 64 windows of 288 steps in two layers of 128. To keep statistics
    instead, see `lstmkit.analysis.gates.statistics`.

    Args:
        lstm: in evaluation mode, with or without projection, in one direction or both.
        x: inputs, the batch first whatever the LSTM's own order.
        state: initial hidden and cell states as `nn.LSTM` takes them; zeros where there are none.

    Returns:
        One trace per layer and direction, in the order of `part_names`.

    Raises:
        LstmkitError: the LSTM would apply dropout, is none, or cannot read these inputs from this state.

    Reference:
        Hochreiter & Schmidhuber (1997), Neural Computation 9:1735; Gers et al. (2000), Neural Computation 12:2451.
    """
    lstm = _checked(lstm, x, state)
    batch, time, _ = x.shape
    widths = dict.fromkeys((*GATES, "c"), lstm.hidden_size) | {"h": lstm.proj_size or lstm.hidden_size}
    traces = tuple(
        LayerTrace(**{name: x.new_empty(batch, time, width) for name, width in widths.items()})
        for _ in part_names(lstm)
    )

    def keep(part: int, step: Step) -> None:
        values = dict(zip(GATES, step.gates.chunk(4, dim=1), strict=True)) | {"c": step.c, "h": step.h}
        for name, value in values.items():
            getattr(traces[part], name)[:, step.time] = value.transpose(1, 2).flatten(0, 1)

    walk_lstm(lstm, x, keep, state)
    return traces


def _checked(lstm: nn.Module, x: Tensor, state: State | None) -> nn.LSTM:
    lstm = require_lstm(lstm)
    if lstm.training and lstm.dropout:
        raise LstmkitError(
            "the LSTM is in training mode, where dropout makes every pass another: call .eval() first"
        )
    require_inputs(lstm, x)
    require_state(lstm, state, len(x))
    return lstm


def _arrange(x: Float[Tensor, "batch time feature"]) -> Float[Tensor, "time group feature member"]:
    if x.dtype == torch.double:  # which oneDNN does not compute in
        member = len(x)
    else:
        fitting = (m for m in (1, 2, 4, 8, 16, 32) if len(x) % m == 0 and len(x) >= FEWEST_GROUPS * m)
        member = max(fitting, default=1)
    return x.unflatten(0, (-1, member)).permute(2, 0, 3, 1).contiguous()


def _start(
    state: State | None, part: int
) -> tuple[Float[Tensor, "group unit member"], Float[Tensor, "group hidden member"]] | None:
    """Hidden and cell state from which one layer and direction starts; None where they are zero."""
    if state is None:
        return None
    h, c = (_arrange(values[part][:, None])[0] for values in state)
    return h, c


def _walk_part(
    lstm: nn.LSTM,
    part: int,
    of: dict[str, Tensor],
    sequence: Float[Tensor, "time group feature member"],
    visit: Visitor,
    start: tuple[Tensor, Tensor] | None,
    output: Float[Tensor, "time group unit member"] | None,
) -> None:
    """Walk one layer in one direction, and write its hidden states where a next layer reads them."""
    weights, bias, projection = _joined_weights(of)
    time, group, features, member = sequence.shape
    hidden, unit = lstm.hidden_size, lstm.proj_size or lstm.hidden_size
    joined = sequence.new_zeros(group, features + unit, member)  # x(t) and h(t-1), one above the other
    x, h = joined.split([features, unit], dim=1)
    c, written = sequence.new_zeros(2, group, hidden, member)
    if start is not None:
        h[:], c[:] = start
    for t in _order(time, reads_backward(lstm, part)):
        x[:] = sequence[t]
        gates = functional.conv1d(joined, weights, bias).sigmoid_()
        i, f, g, o = gates.chunk(4, dim=1)
        # tanh(z) = 2 sigmoid(2z) - 1, the weights carry the inner 2; ten times faster than tanh
        g.mul_(2).sub_(1)
        torch.mul(i, g, out=written)
        c.mul_(f).add_(written)
        squashed = torch.mul(c, 2).sigmoid_().mul_(2).sub_(1)
        if projection is None:
            torch.mul(squashed, o, out=h)
        else:
            h[:] = functional.conv1d(squashed.mul_(o), projection)
        if output is not None:
            output[t] = h
        visit(part, Step(t, gates, written, c, h))


def _order(time: int, backward: bool) -> Iterator[int]:
    return reversed(range(time)) if backward else iter(range(time))


def _joined_weights(of: dict[str, Tensor]) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Weights of the joined input, their bias, and the projection; rows of the candidate are doubled."""
    doubled = torch.ones(
        4, len(of["weight_ih"]) // 4, 1, dtype=of["weight_ih"].dtype, device=of["weight_ih"].device
    )
    doubled[GATES.index("g")] = 2
    doubled = doubled.flatten(0, 1)
    weights = (torch.cat([of["weight_ih"], of["weight_hh"]], dim=1) * doubled)[..., None]
    bias = ((of["bias_ih"] + of["bias_hh"])[:, None] * doubled)[:, 0] if "bias_ih" in of else None
    return weights, bias, of["weight_hr"][..., None] if "weight_hr" in of else None
