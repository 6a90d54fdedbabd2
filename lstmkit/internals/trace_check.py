"""Holds the gates and states of a trace against PyTorch's fused LSTM and against their own recurrence."""

import math
from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.internals.gates import GATES, LayerTrace, State, trace_lstm
from lstmkit.internals.lstm_arguments import require_inputs, require_lstm, require_state
from lstmkit.internals.lstm_weights import lstm_weights, plain_lstm, reads_backward, single_layer
from lstmkit.internals.running import evaluated

SAME = 1e-10  # in double precision, up to which a deviation is rounding


@dataclass(frozen=True)
class TraceCheck:
    """How far a trace is from the fused LSTM, as largest absolute deviations; NaN where a value is NaN.

    Attributes:
        hidden: of the hidden states at every step of every layer and direction.
        cell: of the cell states in which they end.
        recurrence: of c from f · c(t-1) + i · g, and of h from o · tanh(c), both computed anew.
        bounded: whether every i, f and o lies within 0 and 1 and every g within -1 and 1.
        largest_cell: the largest cell state in magnitude, to which rounding is proportional.
        in_double: the largest deviation of all where the same weights and inputs are in double precision.
        module: of what the module itself puts out from what a plain LSTM with the same weights puts out.
        dtype: of the weights, in which all but `in_double` is computed.
    """

    hidden: float
    cell: float
    recurrence: float
    bounded: bool
    largest_cell: float
    in_double: float
    module: float
    dtype: torch.dtype

    @property
    def deviation(self) -> float:
        """The largest of the three."""
        return _largest(self.hidden, self.cell, self.recurrence)

    @property
    def undefined(self) -> bool:
        """Whether any gate or state is NaN."""
        return math.isnan(_largest(self.deviation, self.largest_cell, self.in_double, self.module))

    @property
    def same_recurrence(self) -> bool:
        """Whether the deviations are rounding in double precision."""
        return self.in_double <= SAME

    @property
    def same_module(self) -> bool:
        """Whether the module's own deviation is rounding; more than that comes from another computation."""
        return self.module <= math.sqrt(torch.finfo(self.dtype).eps) * max(1.0, self.largest_cell)


@torch.inference_mode()
def check_trace(
    lstm: nn.Module, x: Float[Tensor, "batch time feature"], state: State | None = None
) -> TraceCheck:
    """Hold a trace against the fused LSTM, layer by layer, and against its own recurrence.

    Args:
        lstm: in evaluation mode.
        x: inputs, the batch first whatever the LSTM's own order.
        state: initial hidden and cell states as `nn.LSTM` takes them; zeros where there are none.

    Raises:
        LstmkitError: the LSTM would apply dropout, is none, or cannot read these inputs from this state.
    """
    lstm = require_lstm(lstm)
    require_inputs(lstm, x)
    require_state(lstm, state, len(x))
    plain = plain_lstm(lstm, x.dtype)
    traces = trace_lstm(lstm, x, state)
    hidden, cell, recurrence = _deviations(plain, traces, x, state)
    double, state_in_double = plain_lstm(lstm, torch.double), _in_double(state)
    traces_in_double = trace_lstm(double, x.double(), state_in_double)
    bounded = all(
        bool((getattr(trace, name) >= low).all() and (getattr(trace, name) <= 1).all())
        for trace in traces
        for name, low in zip(GATES, (0, 0, -1, 0), strict=True)
    )
    return TraceCheck(
        hidden,
        cell,
        recurrence,
        bounded,
        largest_cell=_largest(*(float(trace.c.abs().max()) for trace in traces)),
        in_double=_largest(*_deviations(double, traces_in_double, x.double(), state_in_double)),
        module=_apart_as_modules(lstm, plain, x, state),
        dtype=x.dtype,
    )


def _deviations(
    lstm: nn.LSTM,
    traces: tuple[LayerTrace, ...],
    x: Float[Tensor, "batch time feature"],
    state: State | None,
) -> tuple[float, float, float]:
    """Of the hidden states, the final cell states and the recurrence."""
    directions = 2 if lstm.bidirectional else 1
    hidden, cell, sequence = 0.0, 0.0, x
    for layer in range(lstm.num_layers):
        own = slice(layer * directions, (layer + 1) * directions)
        parts, start = traces[own], None if state is None else tuple(s[own].contiguous() for s in state)
        sequence, (_, last) = single_layer(lstm, layer)(sequence, start)
        hidden = _largest(hidden, _apart(torch.cat([trace.h for trace in parts], dim=2), sequence))
        ends = [trace.c[:, 0 if way else -1] for way, trace in enumerate(parts)]
        cell = _largest(cell, _apart(torch.stack(ends), last))
    starts = x.new_zeros(len(traces), len(x), lstm.hidden_size) if state is None else state[1]
    gaps = [_recurrence_gap(lstm, part, trace, starts[part]) for part, trace in enumerate(traces)]
    return hidden, cell, _largest(*gaps)


def _apart_as_modules(lstm: nn.LSTM, plain: nn.LSTM, x: Tensor, state: State | None) -> float:
    """Of the outputs and final states of an LSTM from those of a plain one that reads the batch first."""
    with evaluated(lstm):
        output, final = lstm(x if lstm.batch_first else x.transpose(0, 1), state)
    expected, expected_final = plain(x, state)
    output = output if lstm.batch_first else output.transpose(0, 1)
    pairs = zip((output, *final), (expected, *expected_final), strict=True)
    return _largest(*(_apart(*pair) for pair in pairs))


def _recurrence_gap(
    lstm: nn.LSTM, part: int, trace: LayerTrace, start: Float[Tensor, "batch hidden"]
) -> float:
    values = [getattr(trace, field.name) for field in fields(trace)]
    i, f, g, o, c, h = [value.flip(1) for value in values] if reads_backward(lstm, part) else values
    before = torch.cat([start[:, None], c[:, :-1]], dim=1)
    expected = o * torch.tanh(c)
    if lstm.proj_size:
        expected = expected @ lstm_weights(lstm)[part]["weight_hr"].T
    return _largest(_apart(c, f * before + i * g), _apart(h, expected))


def _in_double(state: State | None) -> State | None:
    if state is None:
        return None
    h, c = state
    return h.double(), c.double()


def _apart(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


def _largest(*values: float) -> float:
    """The largest value; NaN if any is NaN, which Python's `max` passes over."""
    return float(np.max(values))
