"""Walks windows through the LSTMs that a model calls, and sums up their gates and cells."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Int
from torch import nn

from lstmkit.analysis.gates.part import GATE_NAMES, PartStatistics
from lstmkit.analysis.gates.stream import BIN_EDGES, PartSums
from lstmkit.analysis.gates.walked import WalkedLSTM, walked_lstm
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.called_lstms import part_label
from lstmkit.internals.gates import Step, part_names, reads_backward, walk_lstm
from lstmkit.internals.recurrent import LSTMCall, lstm_calls, lstm_reader
from lstmkit.internals.step_places import Place, step_places
from lstmkit.internals.trace_check import check_trace

QUANTILES = (0.1, 0.5, 0.9)
CHECKED = 32  # windows whose gates are held against the fused LSTM


@dataclass(frozen=True)
class _Sums:
    """Sums of every layer and direction of one LSTM.

    Attributes:
        walked: the LSTM.
        names: of the layers and directions.
        backward: whether each reads from the newest step to the oldest.
        parts: sums of each.
    """

    walked: WalkedLSTM
    names: tuple[str, ...]
    backward: tuple[bool, ...]
    parts: tuple[PartSums, ...]

    def visit(self, part: int, step: Step) -> None:
        """Take in a step, in the order of time."""
        if self.walked.place is Place.REVERSED:
            step = replace(step, time=self.walked.n_steps - 1 - step.time)
        self.parts[part].add(step)

    def statistics(self) -> list[PartStatistics]:
        """Of each layer and direction."""
        return [
            _statistics(self.walked, name, backward, sums)
            for name, backward, sums in zip(self.names, self.backward, self.parts, strict=True)
        ]


class GateWalk:
    """Walks batches of windows through every LSTM that a model calls, or through one, and sums up their gates.

    Args:
        model: in evaluation mode, with an `nn.LSTM`.
        windows: all that shall be traversed.
        n_groups: of the windows.
        lstm: name of one LSTM, or of one of its calls; all that the model calls if not given.

    Raises:
        LstmkitError: the model has no `nn.LSTM`, calls none of this name, or one that reads no plain batch of
            sequences, or its gates are NaN.
    """

    def __init__(self, model: nn.Module, windows: Windows, n_groups: int, lstm: str | None = None):
        few = windows.spread(CHECKED)
        x = few.gather(torch.arange(len(few)))[0]
        self._several, self._n_groups = len(lstm_calls(model, x)) > 1, n_groups
        self._reader: Callable[[torch.Tensor], tuple[LSTMCall, ...]] = lstm_reader(model, x, lstm)
        places, self._sums = step_places(model, x, windows.horizon), []
        for call in self._reader(x):  # one after the other, so that the first with NaN is named
            self._require_finite(call, few)
            self._sums.append(self._sums_of(call, places.get(call.name, Place.UNKNOWN), few))

    def _sums_of(self, call: LSTMCall, place: Place, windows: Windows) -> _Sums:
        check = check_trace(call.lstm, call.x, call.state)
        if np.isnan(check.deviation):
            raise LstmkitError(
                f"the gates are NaN: {self._title(call)}'s weights or initial state are not finite; train it anew"
            )
        time, names = call.x.shape[1], part_names(call.lstm)
        walked, turned = walked_lstm(call.name, time, place, windows, check), place is Place.REVERSED
        return _Sums(
            walked,
            tuple(part_label(call.name if self._several else "", name) for name in names),
            tuple(reads_backward(call.lstm, part) != turned for part in range(len(names))),
            tuple(PartSums(time, call.lstm.hidden_size, self._n_groups) for _ in names),
        )

    def _title(self, call: LSTMCall) -> str:
        return f"the LSTM {call.name}" if self._several else "the LSTM"

    def _require_finite(self, call: LSTMCall, windows: Windows) -> None:
        if not (finite := call.x.isfinite().all(dim=2).all(dim=1)).all():
            origin = windows.origin[int((~finite).nonzero()[0, 0])]
            raise LstmkitError(f"what {self._title(call)} reads of the window {origin} holds NaN or infinity")

    def add(self, windows: Windows, half: int, group: int) -> None:
        """Walk a batch of windows through the LSTMs.

        Args:
            windows: of the batch.
            half: of the test part to which all of them belong.
            group: to which all of them belong.

        Raises:
            LstmkitError: an LSTM reads NaN, or the model calls its LSTMs in another way than for other windows.
        """
        calls = self._reader(windows.gather(torch.arange(len(windows)))[0])
        for call in calls:
            self._require_finite(call, windows)
        if [(c.name, c.x.shape[1]) for c in calls] != [(s.walked.name, s.walked.n_steps) for s in self._sums]:
            raise LstmkitError(
                f"the model calls its LSTMs in another way for the windows from {windows.origin[0]} on: their gates "
                "can be compared where each window takes the same calls and steps"
            )
        for sums, call in zip(self._sums, calls, strict=True):
            for part in sums.parts:
                part.begin(half, group, len(windows))
            walk_lstm(call.lstm, call.x, sums.visit, call.state)
            for part in sums.parts:
                part.end()

    @property
    def counts(self) -> Int[np.ndarray, "half group"]:
        """Windows that were traversed, per half of the test part and group."""
        return self._sums[0].parts[0].counts

    def statistics(self) -> tuple[PartStatistics, ...]:
        """Of each layer and direction of each LSTM, in the order of the calls."""
        return tuple(part for sums in self._sums for part in sums.statistics())


def _statistics(walked: WalkedLSTM, name: str, backward: bool, sums: PartSums) -> PartStatistics:
    step = 1.0 if walked.step_hours is None else walked.step_hours
    counted = sums.histogram.sum(axis=2, keepdims=True)  # (gate, unit, 1)
    share = sums.histogram / counted  # (gate, unit, bin)
    tenth = round(0.1 * (len(BIN_EDGES) - 1))
    low, high = share[:, :, :tenth].sum(axis=2), share[:, :, -tenth:].sum(axis=2)
    candidate = GATE_NAMES.index("candidate")
    low[candidate], high[candidate] = (
        share[candidate][:, cut].sum(axis=1) for cut in (slice(0, tenth // 2), slice(-(tenth // 2), None))
    )
    near_zero = low.mean(axis=1)
    middle = len(BIN_EDGES) // 2
    near_zero[candidate] = share[candidate][:, middle - tenth // 2 : middle + tenth // 2].sum(axis=1).mean()
    return PartStatistics(
        name=name,
        lstm=walked,
        backward=backward,
        mean=sums.mean,
        spread=sums.spread,
        least=sums.least,
        most=sums.most,
        near_zero=near_zero,
        low=low,
        high=high,
        histogram=share.mean(axis=1),
        timescale=-step / sums.mean_log_forget,
        timescale_quantiles=step * sums.timescale_quantiles(QUANTILES),
        cell=sums.cell,
        update=sums.update,
    )
