"""Means and standard errors of a stream."""

import numpy as np
from jaxtyping import Float


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
    def standard_error(self) -> np.ndarray | float:
        """Standard error of the mean, taking the samples as independent; NaN below two samples."""
        if self.count < 2:
            return np.full_like(self._squares, np.nan)
        return np.sqrt(self._squares / (self.count - 1) / self.count)
