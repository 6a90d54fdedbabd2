"""How the gates and the cell of an LSTM behave over all windows: statistics of a stream, never the tensors."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import nn

from lstmkit.analysis.gates.part import FORGET, GATE_NAMES, SQUASHED, PartStatistics
from lstmkit.analysis.gates.stream import BIN_EDGES, PartSums, resolved, stride_of
from lstmkit.data.regimes import Regimes
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.gates import part_names, reads_backward, walk_lstm
from lstmkit.internals.recurrent import LSTMCall, first_lstm
from lstmkit.internals.running import evaluated
from lstmkit.internals.trace_check import TraceCheck, check_trace

QUANTILES = (0.1, 0.5, 0.9)
LONGER = 1.1  # times as long as before training, to count as longer
GATE_WINDOWS, UNTRAINED_GATE_WINDOWS = 4096, 512  # of the test part, on the page
TIMESCALE_DIGITS, QUANTILE_DIGITS = 4, 3  # at the most
BATCH, SMALL_BATCH, CHECKED = 1024, 32, 32


@dataclass(frozen=True)
class GateStatistics:
    """Gates and cells of every layer and direction of a model's LSTM over all windows.

    Attributes:
        parts: one per layer and direction.
        counts: windows per half of the test part and regime of the target at the origin.
        regimes: low, medium and high.
        hours_before: hours from each step of the LSTM to the origin, shape (time,); zero is the newest.
        lookback_hours: length of the lookback.
        stride: distributions and extremes are those of every such step, counted from the newest; means are of all.
        check: how far the gates are from the fused LSTM.
    """

    parts: tuple[PartStatistics, ...]
    counts: Int[np.ndarray, "half regime"]
    regimes: Regimes
    hours_before: Float[np.ndarray, "time"]
    lookback_hours: float
    stride: int
    check: TraceCheck

    @property
    def n_windows(self) -> int:
        """Windows that were walked through."""
        return int(self.counts.sum())

    @property
    def present(self) -> list[int]:
        """Regimes that hold windows."""
        return [int(index) for index in np.flatnonzero(self.counts.sum(axis=0))]

    @property
    def longest_timescale(self) -> float:
        """Hours: the longest timescale of any unit."""
        return max(part.longest_timescale for part in self.parts)

    def lengthened(self, untrained: "GateStatistics") -> list[str]:
        """Names of the parts whose median timescale is more than a tenth longer than before training.

        Args:
            untrained: of the same network before training.
        """
        pairs = zip(self.parts, untrained.parts, strict=True)
        return [now.name for now, then in pairs if now.median_timescale > LONGER * then.median_timescale]

    def mean(self, part: PartStatistics) -> Float[np.ndarray, "time gate unit"]:
        """Mean gates over all windows.

        Args:
            part: of these statistics.
        """
        return np.einsum("hr,hrtgu->tgu", self.counts / self.n_windows, part.mean)

    def regime_mean(
        self, part: PartStatistics, regime: int, half: int | None = None
    ) -> Float[np.ndarray, "time gate unit"] | None:
        """Mean gates over the windows of a regime; None where there are none.

        Args:
            part: of these statistics.
            regime: index of the regime.
            half: 0 or 1 for a half of the test part; both where None.
        """
        halves = [0, 1] if half is None else [half]
        counts = self.counts[halves, regime]
        if not counts.sum():
            return None
        return np.einsum("h,htgu->tgu", counts / counts.sum(), part.mean[halves, regime])

    def regime_means(self, part: PartStatistics) -> dict[int, Float[np.ndarray, "time gate unit"]]:
        """Mean gates over the windows of each regime that holds some, by the regime's index.

        Args:
            part: of these statistics.
        """
        means = {regime: self.regime_mean(part, regime) for regime in self.present}
        return {regime: mean for regime, mean in means.items() if mean is not None}

    def to_frame(self) -> pd.DataFrame:
        """One row per layer and gate: mean, standard deviation, extremes, and shares of shut, open and idle values."""
        rows = [
            {
                "layer": part.name,
                "gate": gate,
                "mean": self.mean(part)[:, k].mean(),
                "standard_deviation": part.spread[k],
                "minimum": part.least[k],
                "maximum": part.most[k],
                "near_zero_percent": 100 * part.near_zero[k],
                "below_0.1_percent": 100 * part.low[k].mean() if k in SQUASHED else np.nan,
                "above_0.9_percent": 100 * part.high[k].mean(),
            }
            for part in self.parts
            for k, gate in enumerate(GATE_NAMES)
        ]
        return pd.DataFrame(rows).set_index(["layer", "gate"])

    def evolution_frame(self) -> pd.DataFrame:
        """Mean of each gate over windows and units, at each step."""
        columns = {
            (part.name, gate): self.mean(part)[:, k].mean(axis=1)
            for part in self.parts
            for k, gate in enumerate(GATE_NAMES)
        }
        return pd.DataFrame(columns, index=pd.Index(self.hours_before, name="hours_before"))

    def histogram_frame(self) -> pd.DataFrame:
        """Share of the values in each bin, in percent; bins of the candidate run from -1 to 1."""
        columns = {
            (part.name, gate): 100 * part.histogram[k]
            for part in self.parts
            for k, gate in enumerate(GATE_NAMES)
        }
        return pd.DataFrame(columns, index=pd.Index(BIN_EDGES[:-1], name="bin_from"))

    def forget_frame(self) -> pd.DataFrame:
        """Mean forget gate of each unit (columns) at each step (rows)."""
        columns = {
            (part.name, unit): values
            for part in self.parts
            for unit, values in enumerate(self.mean(part)[:, FORGET].T)
        }
        return pd.DataFrame(columns, index=pd.Index(self.hours_before, name="hours_before"))

    def regime_frame(self) -> pd.DataFrame:
        """Mean of each gate over steps and units, by regime."""
        means = [self.regime_means(part) for part in self.parts]
        columns = {
            self.regimes.labels[regime]: [
                of_part[regime][:, k].mean() for of_part in means for k in range(len(GATE_NAMES))
            ]
            for regime in self.present
        }
        index = pd.MultiIndex.from_product(
            [[part.name for part in self.parts], GATE_NAMES], names=["layer", "gate"]
        )
        return pd.DataFrame(columns, index=index)

    def cell_frame(self) -> pd.DataFrame:
        """Norm of the cell state and the ratio of what is written to it, mean and standard deviation, at each step."""
        columns = {
            (part.name, f"{what}_{moment}"): values[:, k]
            for part in self.parts
            for what, values in (("norm", part.cell), ("update_ratio", part.update))
            for k, moment in enumerate(("mean", "standard_deviation"))
        }
        return pd.DataFrame(columns, index=pd.Index(self.hours_before, name="hours_before"))

    def unit_frame(self) -> pd.DataFrame:
        """Per layer and unit: the timescale in hours, its quantiles, and the saturation of each gate in percent.

        Timescales have the digits that bins and single precision resolve.
        """
        frames = []
        for part in self.parts:
            step = self.lookback_hours / len(self.hours_before)
            columns = {"timescale_hours": resolved(part.timescale, step, TIMESCALE_DIGITS)}
            columns |= {
                f"quantile_{round(100 * q)}": resolved(values, step, QUANTILE_DIGITS)
                for q, values in zip(QUANTILES, part.timescale_quantiles, strict=True)
            }
            for k, gate in enumerate(GATE_NAMES):
                columns |= {
                    f"{gate}_low_percent": 100 * part.low[k],
                    f"{gate}_high_percent": 100 * part.high[k],
                }
            frames.append(pd.DataFrame(columns).rename_axis("unit"))
        return pd.concat(frames, keys=[part.name for part in self.parts], names=["layer"])


def gate_statistics(model: nn.Module, windows: Windows, regimes: Regimes) -> GateStatistics:
    """Walk every window through the LSTM that a model calls first and keep statistics of its gates and cells.

    Windows are taken regime by regime, so that a batch's sums are a regime's. The memory does not depend on their
    number.

    Args:
        model: in evaluation mode, with an `nn.LSTM`.
        windows: of the test part, in order of time.
        regimes: of the target, at the origin.

    Raises:
        LstmkitError: the model has no `nn.LSTM`, or one that reads no plain batch of sequences, or its gates are NaN.
    """
    regime = torch.from_numpy(regimes.of(windows.one(windows.latest())))
    half = (torch.arange(len(windows)) >= len(windows) // 2).long()
    with torch.inference_mode(), evaluated(model):
        call = _read(model, windows.spread(CHECKED))
        lstm, time = call.lstm, call.x.shape[1]
        check = check_trace(lstm, call.x, call.state)
        if np.isnan(check.deviation):
            raise LstmkitError(
                "the gates are NaN: the LSTM's weights or initial state are not finite; train it anew"
            )
        sums = [PartSums(time, lstm.hidden_size) for _ in part_names(lstm)]
        for h in range(2):
            for r in range(len(regimes.labels)):
                for index in _batches(torch.nonzero((half == h) & (regime == r))[:, 0]):
                    for part in sums:
                        part.begin(h, r, len(index))
                    call = _read(model, windows.select(index))
                    walk_lstm(lstm, call.x, lambda part, step: sums[part].add(step), call.state)
                    for part in sums:
                        part.end()
    lookback_hours = windows.lookback * (windows.interval / pd.Timedelta("1h"))
    return GateStatistics(
        parts=tuple(
            _statistics(name, reads_backward(lstm, k), sums[k], lookback_hours / time)
            for k, name in enumerate(part_names(lstm))
        ),
        counts=sums[0].counts,
        regimes=regimes,
        hours_before=windows.hours_before(time),
        lookback_hours=lookback_hours,
        stride=stride_of(time),
        check=check,
    )


def _read(model: nn.Module, windows: Windows) -> LSTMCall:
    """What the LSTM reads of some windows, all of which are gathered."""
    call = first_lstm(model, windows.gather(torch.arange(len(windows)))[0])
    if not (finite := call.x.isfinite().all(dim=2).all(dim=1)).all():
        origin = windows.origin[int((~finite).nonzero()[0, 0])]
        raise LstmkitError(f"what the LSTM reads of the window {origin} holds NaN or infinity")
    return call


def _batches(index: Int[torch.Tensor, "window"]) -> list[Int[torch.Tensor, "batch"]]:
    """Batches of about equal size that can be arranged in groups, and one with the few windows that are left."""
    whole = len(index) // SMALL_BATCH * SMALL_BATCH
    parts = max(1, -(-whole // BATCH))
    size = -(-whole // parts // SMALL_BATCH) * SMALL_BATCH or SMALL_BATCH
    pieces = (*index[:whole].split(size), index[whole:])
    return [batch for batch in pieces if len(batch)]


def _statistics(name: str, backward: bool, sums: PartSums, step_hours: float) -> PartStatistics:
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
        backward=backward,
        mean=sums.mean,
        spread=sums.spread,
        least=sums.least,
        most=sums.most,
        near_zero=near_zero,
        low=low,
        high=high,
        histogram=share.mean(axis=1),
        timescale=-step_hours / sums.mean_log_forget,
        timescale_quantiles=step_hours * sums.timescale_quantiles(QUANTILES),
        cell=sums.cell,
        update=sums.update,
    )
