"""Means, standard errors and sums per day of a stream, and intervals from resampled blocks of days."""

import math

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

FEWEST_DAYS = 5  # of which an interval over resampled blocks of days is given
QUIET_LAGS = 5  # in succession without correlation, from which on there is taken to be none
ROUNDING = 1e-24  # of a squared mean


class RunningMean:
    """Mean and standard error over the first axis of arrays that arrive one after the other.

    Keeps two arrays whatever the length of the stream (Welford 1962, Technometrics 4:419; batches merged after
    Chan, Golub & LeVeque 1979).
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean: np.ndarray = np.zeros(())
        self._squares: np.ndarray = np.zeros(())

    def add(self, batch: Float[np.ndarray, "sample ..."]) -> None:
        """Take in a batch.

        Args:
            batch: one entry per sample along the first axis.
        """
        batch = np.asarray(batch, "float64")
        mean, n = batch.mean(axis=0), len(batch)
        shift, total = mean - self.mean, self.count + n
        squares = self._squares + ((batch - mean) ** 2).sum(axis=0) + shift**2 * self.count * n / total
        self._squares, self.mean = np.asarray(squares), np.asarray(self.mean + shift * n / total)
        self.count = total

    @property
    def spread(self) -> np.ndarray:
        """Sum of squared deviations from the mean."""
        return self._squares

    @property
    def standard_error(self) -> np.ndarray:
        """Standard error of the mean, taking the samples as independent; NaN below two samples."""
        if self.count < 2:
            return np.full_like(self._squares, np.nan)
        return np.asarray(np.sqrt(self._squares / (self.count - 1) / self.count))


def local_days(local_time: pd.DatetimeIndex) -> tuple[Int[np.ndarray, "sample"], pd.DatetimeIndex]:
    """The local day of each time stamp as its position among the days, and the days in the order of their coming.

    Args:
        local_time: on the site's clock.
    """
    # the bare clock: in zones whose clocks go forward at midnight, that midnight is no time
    codes, days = pd.factorize(local_time.tz_localize(None).normalize())
    return codes.astype("int64"), days


class DailySums:
    """Sums per local day over arrays that arrive one after the other; keeps one array per day."""

    def __init__(self) -> None:
        self._sums: dict[pd.Timestamp, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._sums)

    def add(self, local_time: pd.DatetimeIndex, values: Float[np.ndarray, "sample ..."]) -> None:
        """Take in a batch.

        Args:
            local_time: of each sample, on the site's clock.
            values: one entry per sample along the first axis.
        """
        codes, days = local_days(local_time)
        for code, day in enumerate(days):
            self._sums[day] = self._sums.get(day, 0.0) + values[codes == code].sum(axis=0)

    @property
    def total(self) -> Float[np.ndarray, "day ..."]:
        """The sums, days in the order in which they arrived."""
        return np.stack(list(self._sums.values()))


def contributions_to_mean(
    sums: Float[np.ndarray, "day ..."], sizes: Float[np.ndarray, "day ..."]
) -> Float[np.ndarray, "day ..."]:
    """What each day contributes to the error of a mean: its sum beside what the mean of all days lets expect.

    Args:
        sums: per day.
        sizes: how many values each sum is of.
    """
    total = sizes.sum(axis=0)
    return sums - sizes * (sums.sum(axis=0) / np.where(total > 0, total, 1.0))


def block_length(contributions: Float[np.ndarray, "time ..."]) -> int:
    """How many successive entries the blocks of a circular block bootstrap hold, by their correlation.

    The automatic rule of Politis & White (2004, Econometric Reviews 23:53, as corrected by Patton, Politis & White
    2009, 28:372). Of several columns the median counts, since the rule is noisy for a single one.

    Args:
        contributions: to the error of one or several estimates, such as those of each day, in order of time.
    """
    size = len(contributions)
    values = np.asarray(contributions, "float64").reshape(size, -1)
    columns = values - values.mean(axis=0)
    columns = columns[:, (columns**2).mean(axis=0) > ROUNDING * (values**2).mean(axis=0)]
    if not columns.shape[1]:
        return 1
    most_lags = min(math.ceil(math.sqrt(size)) + QUIET_LAGS, size - 1)
    covariance = np.stack(
        [(columns[lag:] * columns[: size - lag]).sum(axis=0) for lag in range(most_lags + 1)]
    )
    lengths = [_block_length(column / size, size) for column in covariance.T]
    longest = math.ceil(min(3 * math.sqrt(size), size / 3))
    return max(1, min(round(float(np.median(lengths))), longest))


def _block_length(covariance: Float[np.ndarray, "lag"], size: int) -> float:
    """Of one column, from its autocovariance at lags from zero on."""
    quiet = np.abs(covariance[1:] / covariance[0]) < 2 * math.sqrt(math.log10(size) / size)
    quiet = np.append(quiet, np.ones(QUIET_LAGS, bool))  # beyond the last lag that is known
    stays = np.lib.stride_tricks.sliding_window_view(quiet, QUIET_LAGS).all(axis=1)
    last = min(2 * (int(np.argmax(stays)) + 1), len(covariance) - 1)
    lag = np.arange(1, last + 1)
    weights = 2 * np.minimum(1.0, 2 * (1 - lag / last))  # a flat-top window, both signs of the lag
    slope = float((weights * lag) @ covariance[lag])
    spectrum = float(covariance[0] + weights @ covariance[lag])
    if spectrum == 0:
        return float(size)
    return (1.5 * (slope / spectrum) ** 2 * size) ** (1 / 3)


def resample_blocks(
    contributions: Float[np.ndarray, "time ..."], times: int, seed: int
) -> Float[np.ndarray, "draw time"]:
    """How often each entry comes up when blocks of successive ones are drawn, as many entries as there are.

    Blocks are as long as the correlation asks for (`block_length`); entries without one are drawn one by one. The
    last entry is followed by the first (Politis & Romano 1992).

    Args:
        contributions: to the error of one or several estimates, such as those of each day, in order of time.
        times: number of draws.
        seed: of the draws.
    """
    size, length = len(contributions), block_length(contributions)
    n_drawn = max(size - length, 1)
    first = np.random.default_rng(seed).integers(size, size=(times, math.ceil(n_drawn / length), 1))
    drawn = ((first + np.arange(length)) % size).reshape(times, -1)[:, :n_drawn]
    cells = np.arange(times)[:, None] * size + drawn
    return np.bincount(cells.ravel(), minlength=times * size).reshape(times, size).astype("float64")


def central_interval(values: Float[np.ndarray, "draw ..."], confidence: float) -> Float[np.ndarray, "2 ..."]:
    """Lower and upper quantile between which a share of the values lies.

    Args:
        values: one entry per draw along the first axis.
        confidence: the share.
    """
    tail = (1 - confidence) / 2
    return np.quantile(values, [tail, 1 - tail], axis=0)


def side_of_zero(
    low: float | Float[np.ndarray, "*shape"], high: float | Float[np.ndarray, "*shape"]
) -> Int[np.ndarray, "*shape"]:
    """On which side of zero each interval lies: 1 above, −1 below; 0 where it holds zero, or where its ends are NaN.

    Args:
        low: lower ends.
        high: upper ends.
    """
    return np.asarray(np.greater(low, 0).astype(int) - np.less(high, 0))
