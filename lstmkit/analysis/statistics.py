"""Means, standard errors and sums per day of a stream, and intervals from resampled days."""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

FEWEST_DAYS = 5  # of which an interval over resampled days is given


class RunningMean:
    """Mean and standard error over the first axis of arrays that arrive one after the other.

    Keeps two arrays whatever the length of the stream (Welford 1962, Technometrics 4:419; batches merged after
    Chan, Golub & LeVeque 1979).
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean: np.ndarray | float = 0.0
        self._squares: np.ndarray | float = 0.0

    def add(self, batch: Float[np.ndarray, "sample ..."]) -> None:
        """Take in a batch.

        Args:
            batch: one entry per sample along the first axis.
        """
        batch = np.asarray(batch, "float64")
        mean, n = batch.mean(axis=0), len(batch)
        shift, total = mean - self.mean, self.count + n
        self._squares = self._squares + ((batch - mean) ** 2).sum(axis=0) + shift**2 * self.count * n / total
        self.mean = self.mean + shift * n / total
        self.count = total

    @property
    def spread(self) -> np.ndarray | float:
        """Sum of squared deviations from the mean."""
        return self._squares

    @property
    def standard_error(self) -> np.ndarray | float:
        """Standard error of the mean, taking the samples as independent; NaN below two samples."""
        if self.count < 2:
            return np.full_like(self._squares, np.nan)
        return np.sqrt(self._squares / (self.count - 1) / self.count)


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


def resample_blocks(blocks: int, times: int, seed: int) -> Float[np.ndarray, "draw block"]:
    """How often each block comes up when as many as there are are drawn with replacement.

    Args:
        blocks: number of blocks, such as days.
        times: number of draws.
        seed: of the draws.
    """
    draws = np.random.default_rng(seed).integers(blocks, size=(times, blocks))
    return np.stack([np.bincount(draw, minlength=blocks) for draw in draws]).astype("float64")


def central_interval(values: Float[np.ndarray, "draw ..."], confidence: float) -> Float[np.ndarray, "2 ..."]:
    """Lower and upper quantile between which a share of the values lies.

    Args:
        values: one entry per draw along the first axis.
        confidence: the share.
    """
    tail = (1 - confidence) / 2
    return np.quantile(values, [tail, 1 - tail], axis=0)
