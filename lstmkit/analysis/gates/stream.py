"""Sums over a stream of an LSTM's steps, from which the statistics of its gates are made."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from lstmkit.internals.gates import Step

BINS = 40
BIN_EDGES = np.linspace(0, 1, BINS + 1)
BINS_PER_DECADE = 500  # of a timescale; a bin is 0.5 % wide
SHORTEST, DECADES = 0.1, 7  # steps
TIMESCALE_EDGES = SHORTEST * 10.0 ** (np.arange(DECADES * BINS_PER_DECADE + 1) / BINS_PER_DECADE)
FEWEST_SAMPLED_STEPS = 24  # of the lookback, for distributions
BELOW_ONE = 1 - 2**-24  # the largest float32 forget gate with a finite timescale
ABOVE_ZERO = 1e-30
GATE_ROUNDING, NORM_ROUNDING = 2**-23, 1e-6  # of single precision: a smaller spread is none


def stride_of(time: int) -> int:
    """Every which step, counted from the newest, distributions are taken from.

    Args:
        time: steps of the LSTM.
    """
    return max(1, time // FEWEST_SAMPLED_STEPS)


def resolved(hours: Float[np.ndarray, "unit"], step: float, digits: int) -> Float[np.ndarray, "unit"]:
    """Timescales to the digits that a forget gate in single precision distinguishes.

    Args:
        hours: the timescales.
        step: hours between the LSTM's steps.
        digits: at the most.
    """
    uncertain = 2.0**-24 * hours / step * hours
    known = np.clip(np.floor(np.log10(hours)) + 1 - np.log10(uncertain), 1, digits).astype(int)
    return np.array([float(f"{value:.{k}g}") for value, k in zip(hours, known, strict=True)])


class PartSums:
    """Sums over all windows of the gates and the cell of one layer and direction.

    Means and norms are of every step; distributions and extremes of every `stride_of(time)`-th.

    Args:
        time: steps of the LSTM.
        hidden: units.
        n_groups: of the windows.
    """

    def __init__(self, time: int, hidden: int, n_groups: int):
        self.time, self.hidden, self.stride = time, hidden, stride_of(time)
        self.counts = np.zeros((2, n_groups), np.int64)
        self._total = np.zeros((2, n_groups, time, 4 * hidden))
        self._squares, self._sampled = np.zeros(4 * hidden), 0
        self._first_gates: Tensor | None = None  # from which deviations are summed, lest squares cancel
        self._least, self._most = np.full(4 * hidden, np.inf), np.full(4 * hidden, -np.inf)
        self._log_forget = np.zeros(hidden)
        self._histogram = np.zeros(4 * hidden * BINS, np.int64)
        self._timescales = np.zeros(hidden * (len(TIMESCALE_EDGES) - 1), np.int64)
        self._moments = np.zeros((time, 4))
        self._first_norms: Tensor | None = None  # the same of the cells' norms
        self._bin_scale = torch.tensor([BINS, BINS, BINS / 2, BINS]).repeat_interleave(hidden)[:, None]
        self._bin_shift = torch.tensor([0, 0, BINS / 2, 0]).repeat_interleave(hidden)[:, None]  # from -1 to 1
        self._bin_offset = torch.arange(4 * hidden, dtype=torch.int32)[:, None] * BINS
        self._unit_offset = torch.arange(hidden, dtype=torch.int32)[:, None] * (len(TIMESCALE_EDGES) - 1)

    def begin(self, half: int, group: int, n_windows: int) -> None:
        """Start a batch.

        Args:
            half: of the test part to which all its windows belong.
            group: to which all its windows belong.
            n_windows: of the batch.
        """
        self._group, self._n = (half, group), n_windows
        self._batch_total: Tensor | None = None  # made with the first step, whose shape it takes
        self._batch_timescales: list[Tensor] = []

    def add(self, step: Step) -> None:
        """Take in one step of the batch.

        Args:
            step: of this layer and direction.
        """
        gates, c, written = (_wide(values) for values in (step.gates, step.c, step.written))
        if self._batch_total is None:
            group, units, member = gates.shape
            self._batch_total = gates.new_empty(self.time, units, member)
            self._batch_norms = gates.new_empty(self.time, 2, group, member)
        torch.sum(gates, 0, out=self._batch_total[step.time])
        for norms, values in zip(self._batch_norms[step.time], (c, written), strict=True):
            torch.sum(values.square(), 1, out=norms)
        if (self.time - 1 - step.time) % self.stride == 0:
            self._add_distribution(gates)

    def end(self) -> None:
        """Take the batch's sums over."""
        assert self._batch_total is not None  # of at least one step
        self.counts[self._group] += self._n
        self._total[self._group] += self._batch_total.sum(2, dtype=torch.float64).numpy()
        norm, written = self._batch_norms.sqrt_().flatten(2).unbind(1)
        ratio = written / norm.clamp_min(ABOVE_ZERO)
        moments = torch.stack([norm, ratio], 2).double()
        if self._first_norms is None:
            self._first_norms = moments[:, :1].clone()
        apart = moments.sub_(self._first_norms)
        self._moments += torch.cat([apart.sum(1), apart.square().sum(1)], 1).numpy()
        index = torch.cat([part.flatten() for part in self._batch_timescales])
        self._timescales += torch.bincount(index, minlength=len(self._timescales)).numpy()

    def _add_distribution(self, gates: Float[Tensor, "group four_hidden member"]) -> None:
        self._sampled += gates.shape[0] * gates.shape[2]
        self._least = np.minimum(self._least, gates.amin(0).amin(1).numpy())
        self._most = np.maximum(self._most, gates.amax(0).amax(1).numpy())
        if self._first_gates is None:
            self._first_gates = gates[:1, :, :1].clone()
        apart = gates - self._first_gates
        self._squares += apart.square_().sum(0).sum(1, dtype=torch.float64).numpy()
        bins = (gates * self._bin_scale).add_(self._bin_shift).to(torch.int32)
        bins.clamp_(max=BINS - 1).add_(self._bin_offset)
        self._histogram += torch.bincount(bins.flatten(), minlength=len(self._histogram)).numpy()
        forget = gates[:, self.hidden : 2 * self.hidden].clamp(ABOVE_ZERO, BELOW_ONE).log()
        self._log_forget += forget.sum(0).sum(1, dtype=torch.float64).numpy()
        place = forget.neg_().log10_().neg_().sub_(math.log10(SHORTEST)).mul_(BINS_PER_DECADE)
        place.clamp_(0, len(TIMESCALE_EDGES) - 2)
        self._batch_timescales.append(place.to(torch.int32).add_(self._unit_offset))

    @property
    def mean(self) -> Float[np.ndarray, "half group time gate unit"]:
        """Mean gates per half of the test part and group; zero where there are no windows."""
        mean = self._total / np.maximum(1, self.counts)[:, :, None, None]
        return mean.reshape(*self.counts.shape, self.time, 4, self.hidden)

    @property
    def spread(self) -> Float[np.ndarray, "gate"]:
        """Standard deviation per gate over windows, sampled steps and units; zero where it is rounding."""
        assert self._first_gates is not None  # of at least one window
        sampled = self._total.sum((0, 1))[:: -self.stride].sum(0) / self._sampled
        apart = sampled - self._first_gates[0, :, 0].double().numpy()
        within = np.maximum(0, self._squares / self._sampled - apart**2).reshape(4, -1).mean(1)
        spread = np.sqrt(within + sampled.reshape(4, -1).var(1))
        return np.where(spread > GATE_ROUNDING, spread, 0.0)

    @property
    def least(self) -> Float[np.ndarray, "gate"]:
        """Smallest value per gate."""
        return self._least.reshape(4, -1).min(axis=1)

    @property
    def most(self) -> Float[np.ndarray, "gate"]:
        """Largest value per gate."""
        return self._most.reshape(4, -1).max(axis=1)

    @property
    def histogram(self) -> Int[np.ndarray, "gate unit bin"]:
        """Values per bin of `BIN_EDGES`; the candidate's bins are stretched from -1 to 1."""
        return self._histogram.reshape(4, self.hidden, BINS)

    def timescale_quantiles(self, shares: Sequence[float]) -> Float[np.ndarray, "quantile unit"]:
        """Quantiles of each unit's timescales -1 / log f, in steps, never outside the least and the greatest.

        Args:
            shares: of the values below each.
        """
        counts = self._timescales.reshape(self.hidden, -1)
        below = np.hstack([np.zeros((self.hidden, 1)), np.cumsum(counts, axis=1) / self._sampled])
        edges = np.log10(TIMESCALE_EDGES)
        found = 10 ** np.array([[np.interp(share, unit, edges) for unit in below] for share in shares])
        least, most = (
            -1 / np.log(np.clip(extremes.reshape(4, -1)[1].astype("float64"), ABOVE_ZERO, BELOW_ONE))
            for extremes in (self._least, self._most)
        )
        return np.clip(found, least, most)

    @property
    def mean_log_forget(self) -> Float[np.ndarray, "unit"]:
        """Mean logarithm of the forget gate."""
        return self._log_forget / self._sampled

    @property
    def cell(self) -> Float[np.ndarray, "time moment"]:
        """Mean and standard deviation over windows of the cell state's norm, at each step."""
        return self._mean_and_spread(0)

    @property
    def update(self) -> Float[np.ndarray, "time moment"]:
        """Mean and standard deviation over windows of the norm of what is written relative to the cell's."""
        return self._mean_and_spread(1)

    def _mean_and_spread(self, which: int) -> Float[np.ndarray, "time moment"]:
        assert self._first_norms is not None  # of at least one window
        apart, square = (
            self._moments[:, which] / self.counts.sum(),
            self._moments[:, 2 + which] / self.counts.sum(),
        )
        mean = self._first_norms[:, 0, which].numpy() + apart
        spread = np.sqrt(np.maximum(0, square - apart**2))
        return np.column_stack([mean, np.where(spread > NORM_ROUNDING * mean, spread, 0.0)])


def _wide(values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """In single precision at least: 16 bits neither reach NumPy nor distinguish long timescales."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
