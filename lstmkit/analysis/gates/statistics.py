"""How the gates and the cell of an LSTM behave over all windows: statistics of a stream, never the tensors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import nn

from lstmkit.analysis.gates.part import FORGET, GATE_NAMES, SQUASHED, PartStatistics
from lstmkit.analysis.gates.stream import BIN_EDGES, resolved
from lstmkit.analysis.gates.walk import QUANTILES, GateWalk
from lstmkit.analysis.gates.walked import WalkedLSTM
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.groups import Groups
from lstmkit.data.windows import Windows
from lstmkit.internals.running import evaluated

LONGER = 1.1  # times as long as before training, to count as longer
GATE_WINDOWS, UNTRAINED_GATE_WINDOWS = 4096, 512  # of the test part, on the page
TIMESCALE_DIGITS, QUANTILE_DIGITS = 4, 3  # at the most
BATCH, SMALL_BATCH = 1024, 32


@dataclass(frozen=True)
class GateStatistics:
    """Gates and cells of every layer and direction of a model's LSTMs over all windows.

    Attributes:
        parts: one per layer and direction, in the order in which the model calls its LSTMs.
        counts: windows per half of the test part and group at the origin.
        groups: of the windows.
        lookback_hours: length of the lookback.
        calendar: of the series.
    """

    parts: tuple[PartStatistics, ...]
    counts: Int[np.ndarray, "half group"]
    groups: Groups
    lookback_hours: float
    calendar: Calendar = HOURLY

    @property
    def lstms(self) -> tuple[WalkedLSTM, ...]:
        """The LSTMs that were traversed, in the order of their calls."""
        return tuple(dict.fromkeys(part.lstm for part in self.parts))

    def parts_of(self, lstm: WalkedLSTM) -> list[PartStatistics]:
        """Layers and directions of one LSTM.

        Args:
            lstm: of these statistics.
        """
        return [part for part in self.parts if part.lstm == lstm]

    @property
    def n_windows(self) -> int:
        """Windows that were traversed."""
        return int(self.counts.sum())

    @property
    def present(self) -> list[int]:
        """Groups that hold windows."""
        return [int(index) for index in np.flatnonzero(self.counts.sum(axis=0))]

    @property
    def compared(self) -> tuple[int, int] | None:
        """The two groups that sentences compare; None where there are not two."""
        return self.groups.compared(self.counts.sum(axis=0))

    @property
    def longest_timescale(self) -> float | None:
        """The longest timescale of any unit of the LSTMs that read the window, in hours; None where none does."""
        found = (part.longest_timescale for part in self.parts if part.lstm.in_window)
        return max(found, default=None)

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

    def group_mean(
        self, part: PartStatistics, group: int, half: int | None = None
    ) -> Float[np.ndarray, "time gate unit"] | None:
        """Mean gates over the windows of a group; None where there are none.

        Args:
            part: of these statistics.
            group: its position.
            half: 0 or 1 for a half of the test part; both where None.
        """
        halves = [0, 1] if half is None else [half]
        counts = self.counts[halves, group]
        if not counts.sum():
            return None
        return np.einsum("h,htgu->tgu", counts / counts.sum(), part.mean[halves, group])

    def group_means(self, part: PartStatistics) -> dict[int, Float[np.ndarray, "time gate unit"]]:
        """Mean gates over the windows of each group that holds some, by the group's position.

        Args:
            part: of these statistics.
        """
        means = {group: self.group_mean(part, group) for group in self.present}
        return {group: mean for group, mean in means.items() if mean is not None}

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

    def _by_step(
        self, columns: Callable[[PartStatistics], Mapping[Any, Float[np.ndarray, "time"]]]
    ) -> pd.DataFrame:
        """One row per step, with the columns of each part; of several LSTMs the rows stand below each other."""
        several = len(self.lstms) > 1
        frames = [
            pd.DataFrame(
                {
                    (part.layer if several else part.name, key): values
                    for part in self.parts_of(lstm)
                    for key, values in columns(part).items()
                },
                index=lstm.full_index if several else lstm.index,
            )
            for lstm in self.lstms
        ]
        return pd.concat(frames) if several else frames[0]

    def evolution_frame(self) -> pd.DataFrame:
        """Mean of each gate over windows and units, at each step."""
        return self._by_step(
            lambda part: {gate: self.mean(part)[:, k].mean(axis=1) for k, gate in enumerate(GATE_NAMES)}
        )

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
        return self._by_step(lambda part: dict(enumerate(self.mean(part)[:, FORGET].T)))

    def group_frame(self) -> pd.DataFrame:
        """Mean of each gate over steps and units, by group."""
        means = [self.group_means(part) for part in self.parts]
        columns = {
            self.groups.labels[group]: [
                of_part[group][:, k].mean() for of_part in means for k in range(len(GATE_NAMES))
            ]
            for group in self.present
        }
        index = pd.MultiIndex.from_product(
            [[part.name for part in self.parts], GATE_NAMES], names=["layer", "gate"]
        )
        return pd.DataFrame(columns, index=index)

    def cell_frame(self) -> pd.DataFrame:
        """Norm of the cell state and the ratio of what is written to it, mean and standard deviation, at each step."""
        return self._by_step(
            lambda part: {
                f"{what}_{moment}": values[:, k]
                for what, values in (("norm", part.cell), ("update_ratio", part.update))
                for k, moment in enumerate(("mean", "standard_deviation"))
            }
        )

    def unit_frame(self) -> pd.DataFrame:
        """Per layer and unit: the timescale in hours, its quantiles, and the saturation of each gate in percent.

        Timescales have the digits that bins and single precision resolve. Where the length of a step is not known,
        they are in steps, in a column of their own.
        """
        frames = []
        for part in self.parts:
            step = part.lstm.step_hours
            times = resolved(part.timescale, step or 1.0, TIMESCALE_DIGITS)
            columns = {"timescale_hours": np.full_like(times, np.nan), "timescale_steps": times}
            if step is not None:
                columns = {"timescale_hours": times}
            columns |= {
                f"quantile_{round(100 * q)}": resolved(values, step or 1.0, QUANTILE_DIGITS)
                for q, values in zip(QUANTILES, part.timescale_quantiles, strict=True)
            }
            for k, gate in enumerate(GATE_NAMES):
                columns |= {
                    f"{gate}_low_percent": 100 * part.low[k],
                    f"{gate}_high_percent": 100 * part.high[k],
                }
            frames.append(pd.DataFrame(columns).rename_axis("unit"))
        return pd.concat(frames, keys=[part.name for part in self.parts], names=["layer"])


def gate_statistics(
    model: nn.Module, windows: Windows, groups: Groups, lstm: str | None = None
) -> GateStatistics:
    """Walk every window through the LSTMs that a model calls and keep statistics of their gates and cells.

    Windows are taken group by group, so that a batch's sums are a group's. The memory does not depend on their
    number.

    Args:
        model: in evaluation mode, with an `nn.LSTM`.
        windows: of the test part, in order of time.
        groups: of the windows, at the origin.
        lstm: name of one LSTM, as in `model.named_modules()`; all that the model calls if not given.

    Raises:
        LstmkitError: the model has no `nn.LSTM`, calls none of this name, or one that reads no plain batch of
            sequences, or its gates are NaN.
    """
    group = torch.from_numpy(groups.of_windows(windows))
    half = (torch.arange(len(windows)) >= len(windows) // 2).long()
    with torch.inference_mode(), evaluated(model):
        walk = GateWalk(model, windows, len(groups), lstm)
        for h in range(2):
            for g in range(len(groups)):
                for index in _batches(torch.nonzero((half == h) & (group == g))[:, 0]):
                    walk.add(windows.select(index), h, g)
    return GateStatistics(walk.statistics(), walk.counts, groups, windows.lookback_hours, windows.calendar)


def _batches(index: Int[torch.Tensor, "window"]) -> list[Int[torch.Tensor, "batch"]]:
    """Batches of about equal size that can be arranged in groups, and one with the few windows that are left."""
    whole = len(index) // SMALL_BATCH * SMALL_BATCH
    parts = max(1, -(-whole // BATCH))
    size = -(-whole // parts // SMALL_BATCH) * SMALL_BATCH or SMALL_BATCH
    pieces = (*index[:whole].split(size), index[whole:])
    return [batch for batch in pieces if len(batch)]
