"""Which windows the gaps of a series make impossible."""

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int

from lstmkit.data.clock import DAY, HOUR
from lstmkit.data.dataset import Dataset
from lstmkit.data.split import PartRows
from lstmkit.wording import count, duration

STAMP = "%Y-%m-%d %H:%M"


def no_window(
    name: str,
    rows: PartRows,
    dataset: Dataset,
    features: pd.DataFrame,
    lookback: int,
    horizon: int,
) -> str:
    """Why a part holds no window, and which gap leaves no room for one.

    Args:
        name: of the part.
        rows: of the part.
        dataset: the series on its grid.
        features: its features, on the same index.
        lookback: input steps of a window.
        horizon: steps ahead.
    """
    observed = dataset.observed.to_numpy()[rows]
    known = features.notna().all(axis=1).to_numpy()[rows]
    text = (
        f"{dataset.name}: the {name} part ({count(int(observed.sum()), 'observed step')}) holds no window of "
        f"{lookback} + {horizon} steps without a gap: the longest stretch with all inputs is of "
        f"{count(_longest_run(known)[1], 'step')}"
    )
    if not dataset.target_known:
        labelled = dataset.usable.to_numpy()[rows]
        text += f", with all targets of {count(_longest_run(labelled)[1], 'step')}"
    begin, length = _longest_run(~dataset.observed.to_numpy())
    if length:
        last = dataset.local_time[[max(0, begin - 1), min(begin + length, len(dataset.frame) - 1)]]
        gap = length * dataset.interval
        long = f"{gap.days:,} days" if gap >= 2 * DAY else duration(gap / HOUR)
        text += f"; the longest gap of the series, {long}, is from {last[0]:{STAMP}} to {last[1]:{STAMP}}"
    return f"{text}. Give a longer series, a shorter lookback or horizon, or another split"


def runs(flags: Bool[np.ndarray, "flag"]) -> tuple[Int[np.ndarray, "run"], Int[np.ndarray, "run"]]:
    """Where each run of true flags begins, and where the flags after it do.

    Args:
        flags: in their order.
    """
    edges = np.flatnonzero(np.diff(flags.astype(int), prepend=0, append=0))
    return edges[::2], edges[1::2]


def _longest_run(flags: Bool[np.ndarray, "flag"]) -> tuple[int, int]:
    """Begin and length of the longest run of true flags."""
    begin, end = runs(flags)
    if not len(begin):
        return 0, 0
    at = int((end - begin).argmax())
    return int(begin[at]), int(end[at] - begin[at])
