"""The numbers of gates and cells that a summary takes up."""

from typing import TypedDict

from lstmkit.analysis.gates.part import FORGET, PartStatistics
from lstmkit.analysis.gates.statistics import GateStatistics


class TimescaleFacts(TypedDict):
    """Timescales of the units of one layer and direction, in hours.

    Attributes:
        low: 10 % quantile over units.
        median: of the units.
        high: 90 % quantile over units.
        longest: of any unit.
        untrained: median of the units of the same network before training.
    """

    low: float
    median: float
    high: float
    longest: float
    untrained: float


class LayerGateFacts(TypedDict):
    """Gates and cell of one layer and direction.

    Attributes:
        name: for example `layer 1`, or `encoder, layer 1` where the model calls several LSTMs.
        forget_mean: mean forget gate over windows, steps and units.
        forget_open_percent: of the forget gate's values that lie above 0.9.
        timescale_hours: of its units.
        saturated_percent: of the values of the three gates that lie within 0.1 of 0 or 1.
        untrained_saturated_percent: the same before training.
        update_ratio: mean ratio of what a step writes to the cell state, in the half that is read last.
    """

    name: str
    forget_mean: float
    forget_open_percent: float
    timescale_hours: TimescaleFacts
    saturated_percent: float
    untrained_saturated_percent: float
    update_ratio: float


class GateFacts(TypedDict):
    """Gates and cells of every layer and direction.

    Attributes:
        windows: that were traversed.
        deviation_from_fused: largest deviation of the gates and states from the fused LSTM, of any LSTM.
        deviation_in_double: the same in double precision.
        layers: one per layer and direction of the LSTMs whose steps have a known length.
    """

    windows: int
    deviation_from_fused: float
    deviation_in_double: float
    layers: list[LayerGateFacts]


def gate_facts(gates: GateStatistics, untrained: GateStatistics) -> GateFacts:
    """Numbers for a summary.

    Args:
        gates: of all parts.
        untrained: of the same network before training.
    """
    return {
        "windows": gates.n_windows,
        "deviation_from_fused": max(lstm.check.deviation for lstm in gates.lstms),
        "deviation_in_double": max(lstm.check.in_double for lstm in gates.lstms),
        "layers": [
            _layer_facts(gates, part, before)
            for part, before in zip(gates.parts, untrained.parts, strict=True)
            if part.lstm.span_hours is not None
        ],
    }


def _layer_facts(gates: GateStatistics, part: PartStatistics, before: PartStatistics) -> LayerGateFacts:
    low, high = part.timescale_range
    return {
        "name": part.name,
        "forget_mean": float(gates.mean(part)[:, FORGET].mean()),
        "forget_open_percent": float(100 * part.high[FORGET].mean()),
        "timescale_hours": {
            "low": low,
            "median": part.median_timescale,
            "high": high,
            "longest": part.longest_timescale,
            "untrained": before.median_timescale,
        },
        "saturated_percent": 100 * part.saturated,
        "untrained_saturated_percent": 100 * before.saturated,
        "update_ratio": part.update_ratio,
    }
