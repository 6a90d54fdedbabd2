"""Holds the gates and states of a trace against PyTorch's fused LSTM and against their own recurrence."""

import copy
from dataclasses import dataclass, fields

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.internals.gates import (
    GATES,
    LayerTrace,
    State,
    part_weights,
    reads_backward,
    trace_lstm,
)
from lstmkit.wording import digits

SAME = 1e-10  # in double precision, up to which a deviation is rounding


@dataclass(frozen=True)
class TraceCheck:
    """How far a trace is from the fused LSTM, as largest absolute deviations.

    Attributes:
        hidden: of the hidden states at every step of every layer and direction.
        cell: of the cell states in which they end.
        recurrence: of c from f · c(t-1) + i · g, and of h from o · tanh(c), both computed anew.
        bounded: whether every i, f and o lies within 0 and 1 and every g within -1 and 1.
        largest_cell: the largest cell state in magnitude, to which rounding is proportional.
        in_double: the largest deviation of all where the same weights and inputs are in double precision.
    """

    hidden: float
    cell: float
    recurrence: float
    bounded: bool
    largest_cell: float
    in_double: float

    @property
    def deviation(self) -> float:
        """The largest of the three."""
        return max(self.hidden, self.cell, self.recurrence)

    def finding(self) -> str:
        """The verdict in sentences."""
        found = f"{self.in_double:.0e}"
        verdict = (
            f"In double precision no hidden or cell state differs by more than {found}: it is the same recurrence."
            if self.in_double <= SAME
            else f"**In double precision hidden or cell states differ by up to {found}: the gates shown here are not "
            "those of the model.**"
        )
        bounds = "all gates lie within their bounds" if self.bounded else "**some gates leave their bounds**"
        return (
            f"The gates are computed outside PyTorch's fused LSTM and held against it. {verdict} In single precision, "
            f"in which this page is computed, hidden states differ by up to {self.hidden:.1e}, final cell states by "
            f"{self.cell:.1e} (cells reach {digits(self.largest_cell)}) and states from their recurrence computed "
            f"anew by {self.recurrence:.1e}; {bounds}."
        )


@torch.inference_mode()
def check_trace(
    lstm: nn.LSTM, x: Float[Tensor, "batch time feature"], state: State | None = None
) -> TraceCheck:
    """Hold a trace against the fused LSTM, layer by layer, and against its own recurrence.

    Args:
        lstm: in evaluation mode.
        x: inputs, the batch first whatever the LSTM's own order.
        state: initial hidden and cell states as `nn.LSTM` takes them; zeros where there are none.
    """
    hidden, cell, recurrence, traces = _deviations(lstm, x, state)
    in_double = max(_deviations(copy.deepcopy(lstm).double(), x.double(), _in_double(state))[:3])
    bounded = all(
        bool((getattr(trace, name) >= low).all() and (getattr(trace, name) <= 1).all())
        for trace in traces
        for name, low in zip(GATES, (0, 0, -1, 0), strict=True)
    )
    largest_cell = max(float(trace.c.abs().max()) for trace in traces)
    return TraceCheck(hidden, cell, recurrence, bounded, largest_cell, in_double)


def _deviations(
    lstm: nn.LSTM, x: Float[Tensor, "batch time feature"], state: State | None
) -> tuple[float, float, float, tuple[LayerTrace, ...]]:
    """Of the hidden states, the final cell states and the recurrence, and the trace that deviates."""
    traces = trace_lstm(lstm, x, state)
    directions = 2 if lstm.bidirectional else 1
    hidden, cell, sequence = 0.0, 0.0, x
    for layer in range(lstm.num_layers):
        own = slice(layer * directions, (layer + 1) * directions)
        parts, start = traces[own], None if state is None else tuple(s[own].contiguous() for s in state)
        sequence, (_, last) = _fused_layer(lstm, layer)(sequence, start)
        hidden = max(hidden, _apart(torch.cat([trace.h for trace in parts], dim=2), sequence))
        ends = [trace.c[:, 0 if way else -1] for way, trace in enumerate(parts)]
        cell = max(cell, _apart(torch.stack(ends), last))
    starts = x.new_zeros(len(traces), len(x), lstm.hidden_size) if state is None else state[1]
    recurrence = max(_recurrence_gap(lstm, part, trace, starts[part]) for part, trace in enumerate(traces))
    return hidden, cell, recurrence, traces


def _fused_layer(lstm: nn.LSTM, layer: int) -> nn.LSTM:
    """One layer of an LSTM as an LSTM of its own, with the batch first."""
    directions = 2 if lstm.bidirectional else 1
    inputs = lstm.input_size if layer == 0 else directions * (lstm.proj_size or lstm.hidden_size)
    alone = nn.LSTM(
        inputs,
        lstm.hidden_size,
        bias=lstm.bias,
        batch_first=True,
        bidirectional=lstm.bidirectional,
        proj_size=lstm.proj_size,
        dtype=lstm.weight_ih_l0.dtype,
        device=lstm.weight_ih_l0.device,
    )
    for direction, suffix in zip(range(directions), ("_l0", "_l0_reverse"), strict=False):
        for name, value in part_weights(lstm, layer * directions + direction).items():
            getattr(alone, f"{name}{suffix}").copy_(value)
    return alone.eval()


def _recurrence_gap(
    lstm: nn.LSTM, part: int, trace: LayerTrace, start: Float[Tensor, "batch hidden"]
) -> float:
    values = [getattr(trace, field.name) for field in fields(trace)]
    i, f, g, o, c, h = [value.flip(1) for value in values] if reads_backward(lstm, part) else values
    before = torch.cat([start[:, None], c[:, :-1]], dim=1)
    expected = o * torch.tanh(c)
    if lstm.proj_size:
        expected = expected @ part_weights(lstm, part)["weight_hr"].T
    return max(_apart(c, f * before + i * g), _apart(h, expected))


def _in_double(state: State | None) -> State | None:
    return None if state is None else tuple(values.double() for values in state)


def _apart(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())
