"""Series over the test part: what a model holds at each forecast's origin, by the half hour or step, gaps left open."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from sklearn.decomposition import PCA
from torch import nn

from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.finite import check_finite
from lstmkit.data.gaps import runs
from lstmkit.data.shapes import check_rows
from lstmkit.data.windows import Windows, spread_evenly
from lstmkit.internals.activations import record
from lstmkit.internals.convolutions import find_convolutions
from lstmkit.storage.files import Rows

ROUNDING = 1e-6  # of float32, relative
BIN = pd.Timedelta("30min")
COMPONENTS = 3
BLOCK = 4096  # steps that the convolutions read at once


@dataclass(frozen=True)
class Gaps:
    """How much of a series is missing.

    Attributes:
        missing: steps without a value.
        steps: of the series.
        number: of unbroken stretches of missing steps.
        longest_hours: of the longest of them; zero where nothing is missing.
    """

    missing: int
    steps: int
    number: int
    longest_hours: float


@dataclass(frozen=True)
class TimeSeries:
    """Some quantities at regular steps of time.

    Attributes:
        names: of the quantities.
        details: what else titles say of each; empty where nothing.
        unit: of the quantities; empty where they have none.
        courses: of the quantities, NaN where missing, at the same steps for all of them.
        interval: between steps, on average.
        calendar: of the series from which they come.
    """

    names: tuple[str, ...]
    details: tuple[str, ...]
    unit: str
    courses: Float[np.ndarray, "series time"]
    interval: pd.Timedelta
    calendar: Calendar = HOURLY

    def __len__(self) -> int:
        return self.courses.shape[1]

    @property
    def step_hours(self) -> float:
        """Hours between steps."""
        return self.interval / pd.Timedelta("1h")

    @property
    def present(self) -> Bool[np.ndarray, "time"]:
        """Which steps are not missing."""
        return np.isfinite(self.courses).all(axis=0)

    @property
    def gaps(self) -> Gaps:
        """How much is missing."""
        missing = ~self.present
        begin, end = runs(missing)
        longest = float((end - begin).max(initial=0) * self.step_hours)
        return Gaps(int(missing.sum()), len(missing), len(begin), longest)

    def select(self, index: Int[np.ndarray, "chosen"]) -> "TimeSeries":
        """Some of the quantities.

        Args:
            index: positions among them.
        """
        return replace(
            self,
            names=tuple(self.names[i] for i in index),
            details=tuple(self.details[i] for i in index),
            courses=self.courses[index],
        )

    def until(self, steps: int) -> "TimeSeries":
        """The beginning.

        Args:
            steps: how many are kept.
        """
        return replace(self, courses=self.courses[:, :steps])

    def varying(self) -> tuple["TimeSeries", tuple[str, ...]]:
        """The quantities that are not constant, and the names of those that are."""
        is_missing = np.isnan(self.courses)
        low = np.where(is_missing, np.inf, self.courses).min(axis=1, initial=np.inf)
        high = np.where(is_missing, -np.inf, self.courses).max(axis=1, initial=-np.inf)
        is_constant = high - low <= ROUNDING * np.maximum(np.abs(low), np.abs(high))
        constant = tuple(name for name, still in zip(self.names, is_constant, strict=True) if still)
        return self.select(np.flatnonzero(~is_constant)), constant


class Bins:
    """Sums over half hours (or over the interval, where that is longer) of values that arrive piece by piece.

    Args:
        windows: at whose origins the values are, in order of time.
        n_series: number of quantities.
    """

    def __init__(self, windows: Windows, n_series: int):
        self.rows = windows.starts.cpu().numpy() - int(windows.starts[0])
        self.steps = max(1, int(BIN // windows.interval))
        n_bins = int(self.rows[-1]) // self.steps + 1
        self.sums, self.counts = np.zeros((n_bins, n_series)), np.zeros(n_bins)
        self.interval, self.calendar = self.steps * windows.interval, windows.calendar
        self._time = windows.time[int(windows.origin_rows[0]) :]

    @property
    def time(self) -> pd.DatetimeIndex:
        """Local time at which each bin begins."""
        return self._time[:: self.steps][: len(self.counts)]

    def add(self, rows: Int[np.ndarray, "sample"], values: Float[np.ndarray, "sample series"]) -> None:
        """Take in values.

        Args:
            rows: steps from the first origin to each.
            values: of all quantities there.

        Raises:
            LstmkitError: a value is NaN or infinite, and would look like a gap.
        """
        check_finite(values, self._time[rows], "values")
        np.add.at(self.sums, rows // self.steps, values)
        np.add.at(self.counts, rows // self.steps, 1)

    def means(self) -> Float[np.ndarray, "series time"]:
        """Mean of each bin; NaN where more than half of its steps are missing."""
        means = self.sums / np.maximum(self.counts, 1)[:, None]
        return np.where(2 * self.counts[:, None] >= self.steps, means, np.nan).T

    def series(self, names: tuple[str, ...], unit: str, details: tuple[str, ...] = ()) -> TimeSeries:
        """The means with their names.

        Args:
            names: of the quantities.
            unit: of the values.
            details: what else titles say of each.
        """
        details = details or ("",) * len(names)
        return TimeSeries(names, details, unit, self.means(), self.interval, self.calendar)


def component_series(states: Rows, windows: Windows, sample: int) -> TimeSeries:
    """The leading principal components of the final hidden states of the last layer, over all windows.

    The components come from windows spread evenly over time; the states of all windows are projected in a stream.

    Args:
        states: of every window, shape (window, layer, unit).
        windows: the same windows, in order of time.
        sample: number of windows from which the components come.

    Raises:
        LstmkitError: there are not as many states as windows, or one is not finite.
    """
    check_rows(states, windows, "hidden states")
    chosen = spread_evenly(len(windows), sample)
    known = states.take(chosen)[:, -1].astype("float64")
    check_finite(known, windows.origin[chosen], "hidden states")
    with np.errstate(invalid="ignore"):  # states that never change have no variance to share out
        pca = PCA(min(COMPONENTS, *known.shape), svd_solver="full").fit(known)
    bins, first = Bins(windows, pca.n_components_), 0
    for chunk in states.chunks():
        last = chunk[:, -1].astype("float64")
        check_finite(last, windows.origin[first : first + len(chunk)], "hidden states")
        bins.add(bins.rows[first : first + len(chunk)], pca.transform(last))
        first += len(chunk)
    total = ((known - pca.mean_) ** 2).sum() or 1.0
    return bins.series(
        tuple(f"PC {number + 1}" for number in range(pca.n_components_)),
        unit="",
        details=tuple(
            f"{100 * square / total:.0f} % of the states' variance" for square in pca.singular_values_**2
        ),
    )


def filter_series(model: nn.Module, windows: Windows) -> TimeSeries:
    """The activation of each filter of the last convolution over the stretch of time that the windows cover.

    Away from the padding at a window's ends, what a filter puts out depends on its neighbourhood alone and not on the
    window. So the convolutions read each unbroken stretch of the inputs once. The value at an origin is that of the
    newest step whose whole neighbourhood lies before the forecast.

    Args:
        model: in evaluation mode, with convolutions in front of its memory.
        windows: in order of time.

    Raises:
        LstmkitError: the model has no convolutions.
    """
    convolutions = find_convolutions(model, windows.gather(torch.tensor([0]))[0])
    before = -sum(int(convolution.offsets()[0]) for convolution in convolutions)
    after = sum(int(convolution.offsets()[-1]) for convolution in convolutions)
    last = convolutions[-1]
    stage = last.relu or last.name
    bins = Bins(windows, last.module.out_channels)
    first = int(windows.starts[0]) + windows.lookback - 1  # row of the first origin
    for begin, end in _blocks(windows, first - before - after, before, after):
        with record(model, [stage]) as outputs, torch.inference_mode():
            model(windows.inputs[begin:end][None])
        maps = outputs[stage][0, :, before : end - begin - after].T.double().cpu().numpy()
        origins = np.arange(begin + before + after, end)
        inside = origins >= first
        bins.add(origins[inside] - first, maps[inside])
    return bins.series(tuple(f"filter {number}" for number in range(last.module.out_channels)), unit="")


def _blocks(windows: Windows, begin: int, before: int, after: int) -> list[tuple[int, int]]:
    """First row and end of pieces without a gap that overlap by a neighbourhood."""
    end = int(windows.starts[-1]) + windows.lookback
    begin = max(0, begin)
    known = torch.isfinite(windows.inputs[begin:end]).all(dim=1).cpu().numpy()
    firsts, stops = runs(known)
    return [
        (start, min(start + BLOCK + before + after, stop))
        for first, stop in zip((begin + firsts).tolist(), (begin + stops).tolist(), strict=True)
        for start in range(first, stop - before - after, BLOCK)
    ]
