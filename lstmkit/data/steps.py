"""To which step of the grid each reading belongs, when the sensor's clock is early, late, or runs at its own speed."""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

FINER = 0.6  # of the interval: a file is finer where a quarter of its readings follow sooner than this
NEIGHBOURS = 49  # readings from which the lag of the sensor's clock is estimated
STEADY = 0.5  # least length of the mean of their phases on the unit circle
LATE = 0.5  # steps after a step's begin up to which a reading is late
EARLY = 0.9  # steps after a step's begin from which a reading is early for the next step
LIKELY_EARLY = 0.7  # the same, where nothing is known of the readings before
CLEAR = 0.25  # steps of lag up to which the nearest step is the reading's own
FARTHEST = 0.75  # steps by which a reading may be moved to an empty step
RARELY = 0.1  # share of readings up to which two on one date are exceptions
MICROSECOND = pd.Timedelta("1us")


def is_finer(index: pd.DatetimeIndex, interval: pd.Timedelta) -> bool:
    """Whether readings come so much more often than the steps of a grid that each step is a mean over several.

    Args:
        index: time stamps of the readings, increasing.
        interval: time between rows of the grid.
    """
    spacing = np.diff(_microseconds(index))
    return len(spacing) > 0 and bool(np.quantile(spacing, 0.25) < FINER * (interval // MICROSECOND))


def containing_steps(index: pd.DatetimeIndex, starts: pd.DatetimeIndex) -> Int[np.ndarray, "reading"]:
    """The step during which each reading was taken, as its position in `starts`.

    Args:
        index: time stamps of the readings, increasing.
        starts: begin of each step, the first of them no later than the first reading.
    """
    return np.searchsorted(_microseconds(starts), _microseconds(index), side="right") - 1


def nearest_steps(index: pd.DatetimeIndex, starts: pd.DatetimeIndex) -> Int[np.ndarray, "reading"]:
    """The step to which each reading of a sensor with one reading per step belongs, as its position in `starts`.

    It is the step whose begin is nearest. Where the sensor's clock is about half a step late, the nearest step would
    change by chance: readings then stay on the side from which the clock came. Jitter of up to a fifth of a step
    around any lag therefore leaves each reading on a step of its own. Of two readings on one step beside an empty one,
    the nearer one goes to the empty step.

    Args:
        index: time stamps of the readings, increasing.
        starts: begin of each step, the first two of them before the first reading, the last after the last reading.
    """
    position = _position(index, starts)
    lag, is_steady = _lag(position)
    side = pd.Series(np.select([is_steady & (lag <= LATE), is_steady & (lag >= EARLY)], [0.0, 1.0], np.nan))
    side = side.ffill().fillna(float(lag[0] > LIKELY_EARLY)).to_numpy()
    is_near = ~is_steady | (np.abs(lag - side) <= CLEAR)
    place = np.where(is_near, position, position - lag + side)
    return _spread(np.maximum.accumulate(place.round().astype("int64")), place)


def dated_steps(index: pd.DatetimeIndex, starts: pd.DatetimeIndex) -> Int[np.ndarray, "reading"]:
    """The step of whole days to which each reading of a sensor with one reading per step belongs.

    It is that of the reading's date, also at 23:59, unless the readings come just before and just after midnight:
    then it is the nearest.

    Args:
        index: time stamps of the readings, increasing.
        starts: local midnight of each step, as for `nearest_steps`.
    """
    step = containing_steps(index, starts)
    if np.mean(np.diff(step) == 0) > RARELY:
        return nearest_steps(index, starts)
    return _spread(step, _position(index, starts))


def _microseconds(index: pd.DatetimeIndex) -> Int[np.ndarray, "time"]:
    return index.as_unit("us").asi8


def _position(index: pd.DatetimeIndex, starts: pd.DatetimeIndex) -> Float[np.ndarray, "reading"]:
    """Position of each reading among the steps, in steps and parts of them."""
    origin = _microseconds(starts)[0]
    counted = np.arange(len(starts), dtype="float64")
    return np.interp(_microseconds(index) - origin, _microseconds(starts) - origin, counted)


def _lag(position: Float[np.ndarray, "reading"]) -> tuple[np.ndarray, np.ndarray]:
    """How many steps, from 0 to 1, the sensor's clock is late around each reading, and whether neighbours agree."""
    phase = 2 * np.pi * (position % 1)
    circle = pd.DataFrame({"x": np.cos(phase), "y": np.sin(phase)})
    mean = circle.rolling(NEIGHBOURS, center=True, min_periods=1).mean().to_numpy()
    lag = np.arctan2(mean[:, 1], mean[:, 0]) / (2 * np.pi)
    return lag % 1, np.hypot(mean[:, 0], mean[:, 1]) >= STEADY


def _spread(
    step: Int[np.ndarray, "reading"], place: Float[np.ndarray, "reading"]
) -> Int[np.ndarray, "reading"]:
    """Move readings that share a step to an empty step beside it, where that is near enough."""
    before, after = np.diff(step, prepend=step[0] - 1), np.diff(step, append=step[-1] + 1)
    back = (before > 1) & (after == 0) & (place - (step - 1) <= FARTHEST)
    step = step - back
    before, after = np.diff(step, prepend=step[0] - 1), np.diff(step, append=step[-1] + 1)
    ahead = (before == 0) & (after > 1) & (step + 1 - place <= FARTHEST)
    return step + ahead
