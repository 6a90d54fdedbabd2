"""Windows that are kept back to judge what was fitted on others, without an input step in common."""

import numpy as np
import pandas as pd
from jaxtyping import Int
from sklearn.model_selection import KFold

from lstmkit.analysis.resampling.statistics import local_days
from lstmkit.errors import LstmkitError

HELD_OUT = 0.3  # the latest windows, as a share
FEWEST_WINDOWS = 8  # on either side of a split

Split = tuple[Int[np.ndarray, "fit"], Int[np.ndarray, "held_out"]]


def split_in_time(origin: pd.DatetimeIndex, gap: pd.Timedelta) -> Split:
    """Fit on the earlier windows, hold the latest back; those that are nearer to these than the gap are in neither.

    With a gap of one lookback, no input step belongs to both sides.

    Args:
        origin: local time of each window's newest step, in order of time.
        gap: least time between an origin to fit on and one that is held out.

    Returns:
        Positions to fit on, and positions that are held out.

    Raises:
        LstmkitError: the windows span too little time for such a gap.
    """
    held_out = np.arange(round((1 - HELD_OUT) * len(origin)), len(origin))
    fit = np.flatnonzero(origin <= origin[held_out[0]] - gap) if len(held_out) else held_out
    if min(len(fit), len(held_out)) < FEWEST_WINDOWS:
        hours = gap / pd.Timedelta("1h")
        raise LstmkitError(
            f"{len(origin)} windows from {origin[0]:%Y-%m-%d %H:%M} to {origin[-1]:%Y-%m-%d %H:%M} are too few to hold "
            f"the last {100 * HELD_OUT:.0f} % back behind a gap of {hours:.3g} h: give a longer test part"
        )
    return fit, held_out


def folds_in_time(origin: pd.DatetimeIndex, gap: pd.Timedelta, folds: int) -> list[Split]:
    """Hold each of several stretches back in turn, with the gap on both of its sides.

    Args:
        origin: as for `split_in_time`.
        gap: as for `split_in_time`.
        folds: how many stretches.

    Returns:
        One split per stretch that leaves enough windows to fit on; possibly none.
    """
    splits = []
    for _, held_out in KFold(min(folds, len(origin))).split(origin):
        before, after = origin <= origin[held_out[0]] - gap, origin >= origin[held_out[-1]] + gap
        fit = np.flatnonzero(before | after)
        if min(len(fit), len(held_out)) >= FEWEST_WINDOWS:
            splits.append((fit, held_out))
    return splits


def rearrange_days(origin: pd.DatetimeIndex, generator: np.random.Generator) -> Int[np.ndarray, "window"]:
    """An order of the windows that keeps the stretches of each day together but is otherwise random.

    Days change places, and each is turned by a random part of itself, so that neither the day nor the hour fits.

    Args:
        origin: local time of each window's newest step, in order of time.
        generator: of the order.
    """
    day, _ = local_days(origin)
    stretches = [np.flatnonzero(day == d) for d in generator.permutation(day.max() + 1)]
    return np.concatenate([np.roll(stretch, generator.integers(len(stretch))) for stretch in stretches])
