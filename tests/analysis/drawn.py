"""Resamplings of blocks of days, written out day by day."""

from collections.abc import Iterator

import numpy as np

from lstmkit.analysis.resampling.statistics import block_length


def blocks_drawn(size: int, length: int, times: int, seed: int) -> Iterator[list[int]]:
    """Per draw the positions that come up: blocks of successive ones, in all one block less than there are."""
    n_drawn = size - length
    generator = np.random.default_rng(seed)
    for starts in generator.integers(size, size=(times, -(-n_drawn // length))):
        yield [(start + step) % size for start in starts for step in range(length)][:n_drawn]


def windows_drawn(day: np.ndarray, values: np.ndarray, times: int, seed: int) -> Iterator[np.ndarray]:
    """Per draw the windows that come up, where blocks are as long as the correlation of the values' means asks for.

    Args:
        day: of each window, in order of time.
        values: per window, shape (window, ...).
        times: number of draws.
        seed: of the draws.
    """
    days = list(dict.fromkeys(day.tolist()))
    windows_of = [np.flatnonzero(day == name) for name in days]
    centred = np.stack([(values[windows] - values.mean(axis=0)).sum(axis=0) for windows in windows_of])
    for drawn in blocks_drawn(len(days), block_length(centred), times, seed):
        yield np.concatenate([windows_of[k] for k in drawn])
