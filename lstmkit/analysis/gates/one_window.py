"""The gates of every unit at every step of one window."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import nn

from lstmkit.analysis.gates.part import FORGET
from lstmkit.analysis.gates.stream import ABOVE_ZERO
from lstmkit.analysis.gates.walked import WalkedLSTM, walked_lstm
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.windows import Windows
from lstmkit.internals.called_lstms import part_label
from lstmkit.internals.gates import LayerTrace, part_names, trace_lstm
from lstmkit.internals.lstm_weights import reads_backward
from lstmkit.internals.recurrent import LSTMCall, lstm_calls, lstm_reader
from lstmkit.internals.step_places import Place, step_places
from lstmkit.internals.trace_check import check_trace

FEW = 8  # windows that are run to see where the steps of each LSTM lie


@dataclass(frozen=True)
class OneWindowGates:
    """Gates of one layer and direction in one window.

    Attributes:
        name: for example `layer 1`, or `encoder, layer 1` where the model calls several LSTMs.
        lstm: to which it belongs.
        backward: whether it reads from the newest step to the oldest, or from the last to the first.
        values: input gate, forget gate, candidate and output gate, in the order of time, shape (gate, time, unit).
        lookback_hours: length of the window.
        calendar: of the series.
    """

    name: str
    lstm: WalkedLSTM
    backward: bool
    values: Float[np.ndarray, "4 time unit"]
    lookback_hours: float
    calendar: Calendar = HOURLY

    @property
    def by_memory(self) -> Int[np.ndarray, "unit"]:
        """The units, those first whose forget gate keeps most over this window; forgetting multiplies."""
        log_forget = np.log(np.maximum(self.values[FORGET], ABOVE_ZERO)).mean(axis=0)
        return np.argsort(-log_forget, kind="stable")


class WindowGates:
    """Looks into every LSTM that a model calls, one window at a time.

    Args:
        model: in evaluation mode, with an `nn.LSTM`.
        windows: those that can be looked into.

    Raises:
        LstmkitError: the model has no `nn.LSTM`, calls none, or one that reads no plain batch of sequences.
    """

    def __init__(self, model: nn.Module, windows: Windows):
        few = windows.spread(FEW)
        x = few.gather(torch.arange(len(few)))[0]
        calls = lstm_calls(model, x)
        self._windows, self._several = windows, len(calls) > 1
        self._read, places = lstm_reader(model, x), step_places(model, x, windows.horizon)
        self._walked = {call.name: self._walk(call, places.get(call.name, Place.UNKNOWN)) for call in calls}
        self.parts = tuple(self._label(call, name) for call in calls for name in part_names(call.lstm))

    def _walk(self, call: LSTMCall, place: Place) -> WalkedLSTM:
        check = check_trace(call.lstm, call.x, call.state)
        return walked_lstm(call.name, call.x.shape[1], place, self._windows, check)

    def _label(self, call: LSTMCall, name: str) -> str:
        return part_label(call.name if self._several else "", name)

    def of(self, position: int) -> tuple[OneWindowGates, ...]:
        """The gates of each layer and direction of each LSTM, in the order of `parts`.

        Args:
            position: of the window among the windows.

        Raises:
            LstmkitError: an LSTM reads what it cannot.
        """
        x = self._windows.gather(torch.tensor([position]))[0]
        return tuple(part for call in self._read(x) for part in self._of(call))

    def _of(self, call: LSTMCall) -> Iterator[OneWindowGates]:
        walked = self._walked[call.name]
        turned = walked.place is Place.REVERSED
        traces = zip(part_names(call.lstm), trace_lstm(call.lstm, call.x, call.state), strict=True)
        for part, (name, trace) in enumerate(traces):
            backward = reads_backward(call.lstm, part) != turned
            label, values = self._label(call, name), _values(trace, turned)
            yield OneWindowGates(
                label, walked, backward, values, self._windows.lookback_hours, self._windows.calendar
            )


def _values(trace: LayerTrace, turned: bool) -> Float[np.ndarray, "4 time unit"]:
    """The four gates of the only window, in the order of time."""
    values = torch.stack([trace.i[0], trace.f[0], trace.g[0], trace.o[0]]).float().cpu().numpy()
    return values[:, ::-1] if turned else values
