"""Which rows of a series belong to its training, validation and test parts."""

import numpy as np
from jaxtyping import Int

from lstmkit.data.clock import DAY
from lstmkit.data.dataset import Dataset
from lstmkit.params import SplitParams

PARTS = ("train", "validation", "test")
HORIZONS = 4  # that each of two blocks must hold at least: at its ends it costs forecasts
SHORT = 7 * DAY  # of a validation part, which is then spread over the training part

PartRows = Int[np.ndarray, "_"]


def split_rows(dataset: Dataset, split: SplitParams, horizon: int) -> dict[str, PartRows]:
    """Rows of the training, validation and test parts, each in order of time.

    The shares are of the observed steps with a target, so that a gap takes nothing from the part that it lies in. Each
    stretch of a part ends with such a step: an interpolated one at its end would know the next part.

    Args:
        dataset: the series on its grid.
        split: shares of the parts.
        horizon: steps ahead.
    """
    measured = np.flatnonzero(dataset.usable)
    begin, test = (round(len(measured) * share) for share in (split.train, split.train + split.validation))
    n_blocks = _blocks(test - begin, split, dataset, horizon)
    part_of_step = np.zeros(len(measured) + 1, np.int64)  # and of what follows the last observed step
    part_of_step[test:] = 2
    for block in range(n_blocks):
        end = round(test * (block + 1) / n_blocks)
        part_of_step[end - round((test - begin) / n_blocks) : end] = 1
    part = part_of_step[np.searchsorted(measured, np.arange(len(dataset.frame)))]
    return {name: np.flatnonzero(part == number) for number, name in enumerate(PARTS)}


def stretches(rows: PartRows) -> list[PartRows]:
    """Rows of a part, cut where those of another lie between them.

    Args:
        rows: of the part, in order of time.
    """
    return np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)


def _blocks(n_steps: int, split: SplitParams, dataset: Dataset, horizon: int) -> int:
    """In how many stretches the observed steps of the validation part lie."""
    if split.validation_blocks != "auto":
        return split.validation_blocks
    is_short = n_steps * dataset.interval < SHORT
    least = max(horizon + dataset.calendar.steps(DAY), HORIZONS * horizon)
    return 2 if is_short and n_steps >= 2 * least else 1
