"""Uncertainty of estimates over windows that overlap in time: blocks of whole days are resampled together."""

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.analysis.resampling.statistics import (
    contributions_to_mean,
    local_days,
    resample_blocks,
)
from lstmkit.errors import LstmkitError


class ResampledDays:
    """Resamplings of blocks of the local days on which windows start (Künsch 1989, Annals of Statistics 17:1217).

    Args:
        origin: local time of each window's origin.
        values: per window, whose means (up to a factor) err as the estimates do; by their correlation from day to day
            the blocks are as long as `block_length` says.
        draws: number of resamplings.
        seed: of the draws.

    Raises:
        LstmkitError: all windows start on one day.
    """

    def __init__(
        self, origin: pd.DatetimeIndex, values: Float[np.ndarray, "window ..."], draws: int, seed: int
    ):
        self._day, days = local_days(origin)
        self.n_days = len(days)
        if self.n_days < 2:
            raise LstmkitError(
                "all windows start on one day, so no uncertainty can be given: a longer test part is needed"
            )
        sizes = self._by_day(np.ones((len(values), *[1] * (values.ndim - 1))))
        self._times = resample_blocks(contributions_to_mean(self._by_day(values), sizes), draws, seed)

    @property
    def weights(self) -> Float[np.ndarray, "draw window"]:
        """How often each window comes up in each resampling."""
        return self._times[:, self._day]

    def sums(self, values: Float[np.ndarray, "window ..."]) -> Float[np.ndarray, "draw ..."]:
        """The sum over each resampling.

        Args:
            values: per window.
        """
        return np.tensordot(self._times, self._by_day(values), axes=1)

    def means(self, values: Float[np.ndarray, "window ..."]) -> Float[np.ndarray, "draw ..."]:
        """The mean over each resampling.

        Args:
            values: per window.
        """
        totals, sizes = self.sums(values), self.sums(np.ones(len(values)))
        return totals / sizes.reshape(-1, *[1] * (totals.ndim - 1))

    def _by_day(self, values: Float[np.ndarray, "window ..."]) -> Float[np.ndarray, "day ..."]:
        by_day = np.zeros((self.n_days, *values.shape[1:]))
        np.add.at(by_day, self._day, values)
        return by_day
