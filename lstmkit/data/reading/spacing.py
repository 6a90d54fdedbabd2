"""Whether the readings of a file fit a grid: often enough for its steps, and none of them years from all others."""

from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Int

from lstmkit.errors import LstmkitError
from lstmkit.wording import count

SLOW = 0.1  # share by which a sensor's clock may run slow before a grid counts as finer than its file
YEAR = pd.Timedelta("365D")
FEW = 0.01  # share of all rows up to which those on one side of a gap of a year are taken for a mistake
MOST_EMPTY_STEPS = 5_000_000
ADVISED = (
    *("1s", "2s", "5s", "10s", "15s", "20s", "30s"),
    *("1min", "2min", "3min", "4min", "5min", "6min", "10min", "12min", "15min", "20min", "30min"),
    *("1h", "2h", "3h", "4h", "6h", "8h", "12h", "1D", "7D"),
)


def check_spacing(measurements: pd.DataFrame, interval: pd.Timedelta, timezone: str, path: Path) -> None:
    """Refuse readings that a grid cannot hold, before it is made.

    Args:
        measurements: columns of readings on an increasing UTC index, NaN where a value is missing.
        interval: time between rows of the grid.
        timezone: in which messages write time stamps; the file's own.
        path: the file, for messages.

    Raises:
        LstmkitError: a column is measured less often than once per step; rows lie years from all others, as where a
            clock was not set; or a gap would fill the memory with empty steps.
    """
    _check_interval(measurements, interval, path)
    _check_gaps(measurements, interval, timezone, path)


def _check_interval(measurements: pd.DataFrame, interval: pd.Timedelta, path: Path) -> None:
    for name, values in measurements.items():
        spacing = values.dropna().index.to_series().diff().median()
        if interval < (1 - SLOW) * spacing:
            raise LstmkitError(
                f"{path}: {name!r} is measured every {_words(spacing)}, so a grid of {_words(interval)} would "
                f"be mostly gaps: write `interval: {_advised(spacing)}` or more"
            )


def _check_gaps(measurements: pd.DataFrame, interval: pd.Timedelta, timezone: str, path: Path) -> None:
    rows = np.flatnonzero(measurements.notna().any(axis=1))
    times = measurements.index[rows]
    if len(times) < 2:
        return
    position = (times.as_unit("us").asi8 - times[:1].as_unit("us").asi8) // (interval // pd.Timedelta("1us"))
    n_measured = 1 + np.count_nonzero(np.diff(position))
    at = int(np.diff(position).argmax()) + 1  # the first reading after the longest gap
    gap = times[at] - times[at - 1]
    if gap <= n_measured * interval:
        return
    before, after = (f"{time.tz_convert(timezone):%Y-%m-%d %H:%M:%S}" for time in times[[at - 1, at]])
    found = f"{path}: row {rows[at]} (counted from 0), {after}, comes {gap.days:,} days after the row before, {before}"
    _refuse_stray_rows(found, rows, at, gap)
    if (n_empty := int(position[-1]) + 1 - n_measured) > MOST_EMPTY_STEPS:
        raise LstmkitError(
            f"{found}: a grid of {_words(interval)} would have {n_empty:,} empty steps. Delete the rows on one side "
            f"of the gap, or write a longer `interval`"
        )


def _refuse_stray_rows(found: str, rows: Int[np.ndarray, "reading"], at: int, gap: pd.Timedelta) -> None:
    side, n_few = ("before", at) if at <= len(rows) - at else ("from it on", len(rows) - at)
    if gap > YEAR and n_few <= max(1, FEW * len(rows)):
        raise LstmkitError(
            f"{found}, and {side} there {'is' if n_few == 1 else 'are'} only {count(n_few, 'row')} of {len(rows):,}: "
            f"was the sensor's clock not set? Correct or delete {'it' if n_few == 1 else 'them'}"
        )


def _words(duration: pd.Timedelta) -> str:
    """A duration as `interval` in a YAML can state it, in the largest unit that leaves a number of one or more."""
    for unit, length in (("D", "1D"), ("h", "1h"), ("min", "1min"), ("s", "1s")):
        if (number := duration / pd.Timedelta(length)) >= 1 and (unit != "D" or number.is_integer()):
            return f"{number:g}{unit}"
    return f"{duration / pd.Timedelta('1ms'):g}ms"


def _advised(spacing: pd.Timedelta) -> str:
    """The shortest interval of those that divide a day which is no finer than readings of this spacing."""
    usual = (text for text in ADVISED if pd.Timedelta(text) >= (1 - SLOW) * spacing)
    return next(usual, f"{spacing.ceil('1D').days}D")
