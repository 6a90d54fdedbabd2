"""Puts measurements on a regular grid and accounts for what is missing."""

import hashlib
from collections.abc import Callable

import numpy as np
import pandas as pd
from jaxtyping import Bool

from lstmkit.data.calendar import Calendar
from lstmkit.data.clock import is_whole_days
from lstmkit.data.dataset import Dataset, GapReport
from lstmkit.data.quantities import Quantity
from lstmkit.data.steps import containing_steps, dated_steps, is_finer, nearest_steps
from lstmkit.data.task import Kind
from lstmkit.errors import LstmkitError

LONGEST_INTERPOLATED = pd.Timedelta("1h")


def to_grid(measurements: pd.DataFrame, calendar: Calendar) -> tuple[pd.DataFrame, pd.Series, GapReport]:
    """Average measurements over each grid step; fill gaps of up to an hour; leave longer ones missing.

    A value at time t is the mean over [t, t + interval). A column with about one reading per step has each reading
    on the nearest step instead, as its clock may be early or late (`steps.py`). Steps begin on the site's clock
    (`clock.py`). A filled step lies between two observed ones, so it knows the later of the two: forecasts may
    therefore start at observed steps alone (`windows.py`).

    Args:
        measurements: float columns, strictly increasing UTC index; NaN where a single value is missing.
        calendar: the steps of the grid and the site's clock.

    Returns:
        The frame on the grid, whether each row is observed in all columns, and the account of the gaps.
    """
    starts = calendar.starts(measurements.index[0], measurements.index[-1])
    grid = _means(measurements, starts, calendar)
    observed = grid.notna().all(axis=1)
    run = (observed != observed.shift()).cumsum()
    length = observed.groupby(run).transform("size") * calendar.step
    inside = (run > run.iloc[0]) & (run < run.iloc[-1])
    short = ~observed & inside & (length <= LONGEST_INTERPOLATED)
    filled = grid.interpolate(method="time", limit_area="inside")
    frame = grid.where(observed, np.nan).where(~short, filled)
    lengths = length[~observed].groupby(run[~observed]).first()
    is_short = short[~observed].groupby(run[~observed]).first()
    gaps = GapReport(
        interpolated=int(is_short.sum()),
        interpolated_steps=int(short.sum()),
        splits=int((~is_short).sum()),
        missing_steps=int((~observed & ~short).sum()),
        longest=lengths.max() if len(lengths) else pd.Timedelta(0),
    )
    return frame, observed, gaps


def _means(measurements: pd.DataFrame, starts: pd.DatetimeIndex, calendar: Calendar) -> pd.DataFrame:
    """Mean of each column over each step, from the first to the last step with a row."""
    is_fine = measurements.apply(lambda values: is_finer(values.dropna().index, calendar.step))
    is_blank = measurements.isna().all(axis=1)
    own_step = steps_of_single_readings(calendar)
    means = []
    for columns, steps_of in ((is_fine, containing_steps), (~is_fine, own_step)):
        if columns.any():
            readings = measurements.loc[:, columns]
            readings = readings[readings.notna().any(axis=1) | is_blank]
            means.append(readings.groupby(steps_of(readings.index, starts)).mean())
    grid = pd.concat(means, axis=1)[measurements.columns]
    rows = pd.RangeIndex(grid.index.min(), grid.index.max() + 1)
    return grid.reindex(rows).set_axis(starts[rows])


def steps_of_single_readings(calendar: Calendar) -> Callable:
    """How readings of a column with about one per step find theirs.

    Args:
        calendar: of the grid.
    """
    if calendar.months or calendar.has_business_days:
        return containing_steps
    return dated_steps if is_whole_days(calendar.step) else nearest_steps


def make_dataset(
    name: str,
    measurements: pd.DataFrame,
    *,
    target: str | tuple[str, ...],
    interval: pd.Timedelta | str,
    site_timezone: str,
    units: dict[str, str],
    latents: pd.DataFrame | None = None,
    subject: str = "the series",
    quantities: dict[str, Quantity] | None = None,
    target_known: bool = True,
    kind: Kind = "regression",
) -> Dataset:
    """Grid the measurements and describe them as a Dataset.

    Args:
        name: what the series is called in titles.
        measurements: float columns, strictly increasing UTC index.
        target: the column that is forecast, or several.
        interval: of the grid, as in a study's YAML.
        site_timezone: IANA zone of the site.
        units: unit per column.
        latents: columns that a model never sees, on an index of their own; what is off the grid is left out.
        subject: that which is measured, as a noun in a sentence.
        quantities: what the targets measure, of those of which that is known.
        target_known: whether the targets' past is known to a forecast. Where it is not, they are no part of what has to
            be observed, and their gaps are left as they are.
        kind: of the task.

    Raises:
        LstmkitError: there is no column beside targets that are not known.
    """
    calendar, targets = (
        Calendar(str(interval), site_timezone),
        (target,) if isinstance(target, str) else target,
    )
    measurements = measurements.astype("float64")
    if target_known:
        frame, observed, gaps = to_grid(measurements, calendar)
    else:
        frame, observed, gaps = _without_targets(measurements, targets, calendar)
    hidden = pd.DataFrame(index=frame.index) if latents is None else beside(latents, frame.index, calendar)
    return Dataset(
        name=name,
        frame=frame,
        observed=observed,
        targets=targets,
        calendar=calendar,
        units=units,
        gaps=gaps,
        latents=hidden,
        fingerprint=fingerprint_of(frame),
        subject=subject,
        quantities=quantities or {},
        target_known=target_known,
        kind=kind,
    )


def _without_targets(
    measurements: pd.DataFrame, targets: tuple[str, ...], calendar: Calendar
) -> tuple[pd.DataFrame, pd.Series, GapReport]:
    """As `to_grid` of the other columns, with the targets' means beside them."""
    inputs = measurements.drop(columns=list(targets))
    if inputs.empty:
        raise LstmkitError(
            f"`target_known: false` leaves no input: beside {', '.join(targets)} the series has no column"
        )
    frame, observed, gaps = to_grid(inputs[inputs.notna().any(axis=1)], calendar)
    of_targets = beside(measurements[list(targets)], frame.index, calendar)
    return frame.join(of_targets)[list(measurements)], observed, gaps


def beside(latents: pd.DataFrame, rows: pd.DatetimeIndex, calendar: Calendar) -> pd.DataFrame:
    """Means of other columns over the steps of a grid; NaN where there is none.

    Args:
        latents: columns of numbers, on a strictly increasing UTC index.
        rows: begin of each step of the grid.
        calendar: of the grid.
    """
    is_inside, starts = _during(latents.index, rows, calendar)
    known = latents[is_inside]
    if not known.notna().any(axis=None):
        return pd.DataFrame(np.nan, index=rows, columns=latents.columns)
    return _means(known.astype("float64"), starts, calendar).reindex(rows)


def last_in_steps(readings: pd.Series, rows: pd.DatetimeIndex, calendar: Calendar) -> pd.Series:
    """The last reading in each step of a grid; NaN where there is none.

    Args:
        readings: of any kind, on a strictly increasing UTC index.
        rows: begin of each step of the grid.
        calendar: of the grid.
    """
    is_inside, starts = _during(readings.index, rows, calendar)
    known = readings[is_inside].dropna()
    if known.empty:
        return readings.iloc[:0].reindex(rows)
    is_fine = is_finer(known.index, calendar.step)
    steps_of = containing_steps if is_fine else steps_of_single_readings(calendar)
    last = known.groupby(steps_of(known.index, starts)).last()
    return last.set_axis(starts[last.index]).reindex(rows)


def _during(
    index: pd.DatetimeIndex, rows: pd.DatetimeIndex, calendar: Calendar
) -> tuple[Bool[np.ndarray, "reading"], pd.DatetimeIndex]:
    """Which readings lie in the steps of a grid, and when these begin, with the step before and the one after."""
    starts = calendar.starts(rows[0], rows[-1])
    return np.asarray((index >= starts[1]) & (index < starts[-1])), starts


def fingerprint_of(frame: pd.DataFrame) -> str:
    """SHA-256 over the names, times and values of a frame.

    Args:
        frame: columns of float, with a time-zone-aware index.
    """
    digest = hashlib.sha256(repr(list(frame.columns)).encode())
    digest.update(frame.index.as_unit("us").asi8.tobytes())
    digest.update(np.ascontiguousarray(frame.to_numpy("float32")).tobytes())
    return digest.hexdigest()
