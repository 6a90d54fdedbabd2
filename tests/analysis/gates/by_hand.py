"""Statistics of gates and a sufficient history, set by hand."""

import numpy as np
import torch

from lstmkit.analysis.attribution.sufficient_history import SufficientHistory
from lstmkit.analysis.gates.part import PartStatistics
from lstmkit.analysis.gates.statistics import GateStatistics
from lstmkit.analysis.gates.stream import BINS
from lstmkit.analysis.gates.walked import WalkedLSTM
from lstmkit.internals.step_places import Place
from lstmkit.internals.trace_check import TraceCheck
from tests.analysis.gated import EDGES
from tests.groups import ranges

NEEDS_3_H = SufficientHistory(
    steps=np.array([1, 3, 24]),
    step_hours=1.0,
    rule="the last value",
    rmse_rule=2.0,
    rmse=np.array([1.5, 1.0, 1.0]),
    gain=np.array([0.5, 1.0, 1.0]),
    gain_interval=None,
    sufficient=3,
    sufficient_interval=None,
    reproduced=np.array([0.0, 1.0, 1.0]),
    output=3,
    same_time=0.0,
    unit="ppm",
    n_windows=50,
    n_days=9,
)
TIME = 8  # steps of a quarter of an hour
COUNTS = [[10, 10, 10], [10, 10, 10]]
CHECK = TraceCheck(1e-6, 2e-6, 3e-7, True, 1.0, 5e-15, 0.0, torch.float32)


def walked(name: str = "lstm", place: Place = Place.WINDOW, span_hours: float | None = 2.0) -> WalkedLSTM:
    """An LSTM whose steps lie in the window, ahead of the origin, or nowhere known."""
    hours = None
    if span_hours is not None:
        ahead = place is Place.AHEAD
        hours = -np.arange(1.0, TIME + 1) if ahead else np.arange(TIME - 1.0, -1, -1)
        hours = hours * span_hours / TIME
    return WalkedLSTM(name, TIME, place, span_hours, CHECK, hours)


def part_of(name: str = "layer 1", gates=0.5, units: int = 2, **other) -> PartStatistics:
    """A layer whose mean gates are as given (half, regime, time, gate, unit), and that is dull otherwise."""
    shares = np.zeros((4, units))
    dull = {
        "name": name,
        "lstm": walked(),
        "backward": name.endswith("backward"),
        "mean": np.broadcast_to(gates, (2, 3, TIME, 4, units)).copy(),
        "spread": np.full(4, 0.1),
        "least": np.zeros(4),
        "most": np.ones(4),
        "near_zero": np.zeros(4),
        "low": shares,
        "high": shares,
        "histogram": np.full((4, BINS), 1 / BINS),
        "timescale": np.ones(units),
        "timescale_quantiles": np.ones((3, units)),
        "cell": np.ones((TIME, 2)),
        "update": np.full((TIME, 2), 0.5),
    }
    return PartStatistics(**dull | other)


def gates_of(*parts: PartStatistics, counts=COUNTS, lookback_hours: float = 2.0) -> GateStatistics:
    return GateStatistics(parts, np.array(counts), ranges(np.zeros(1), EDGES), lookback_hours)


def of_forget(values, name: str = "layer 1") -> PartStatistics:
    """A layer whose forget gate takes these values one step after the other."""
    return part_of(name, np.reshape(values, (TIME, 1, 1)))


def of_cell(norms, ratios, name: str = "layer 1") -> PartStatistics:
    columns = {"cell": np.array(norms), "update": np.array(ratios)}
    return part_of(name, **{key: np.column_stack([means, 0 * means]) for key, means in columns.items()})
