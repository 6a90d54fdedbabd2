"""A series from windows that are given as arrays."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from lstmkit.data.calendar import Calendar
from lstmkit.data.clock import localized
from lstmkit.data.dataset import Dataset, GapReport, GivenWindows
from lstmkit.data.gaps import runs
from lstmkit.data.grid import fingerprint_of
from lstmkit.data.placing import ROUNDING, joined, rows_by_clock, rows_without_clock, time_without_clock
from lstmkit.data.quantities import quantity_of
from lstmkit.data.reading.classes import UNIT
from lstmkit.data.task import Kind
from lstmkit.errors import LstmkitError
from lstmkit.params import ArraysParams
from lstmkit.wording import count, one_line, shown

SHAPES = {"x": "(window, lookback, feature)", "y": "(window, horizon) or (window, horizon, target)"}


def load_arrays(data: ArraysParams, folder: Path) -> Dataset:
    """Load the windows that a study's `data` block names.

    Args:
        data: the file and what its arrays are.
        folder: the folder against which a relative path is resolved.

    Raises:
        LstmkitError: the file cannot be read, or its arrays cannot be used.
    """
    path = folder / Path(data.file).expanduser()
    arrays = _read(path)
    if missing := [name for name in ("x", "y") if name not in arrays]:
        known = ", ".join(arrays) or "nothing"
        raise LstmkitError(f"{one_line(path)}: there is no array {missing[0]!r}; the file holds {known}")
    try:
        return dataset_of_windows(arrays["x"], arrays["y"], data, path.stem, arrays.get("origins"))
    except LstmkitError as error:
        raise LstmkitError(f"{one_line(path)}: {error}") from None


def _read(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file, of which none can carry code."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise LstmkitError(f"there is no file {one_line(path)} with the arrays x and y") from None
    except (OSError, ValueError, AttributeError, BadZipFile) as error:
        raise LstmkitError(
            f"{one_line(path)}: cannot be read as the .npz file of numpy.savez: {one_line(error)}"
        ) from None


def dataset_of_windows(x: Any, y: Any, data: ArraysParams, name: str, origins: Any = None) -> Dataset:
    """Put windows back into the series from which they were cut.

    Windows without time stamps are taken to follow each other by the steps that they share, from a Monday on. Those
    that share none are laid one after another, and their clock means nothing.

    Args:
        x: inputs of the windows in order of time, shape (window, lookback, feature).
        y: what follows, shape (window, horizon) or (window, horizon, target), in the targets' units.
        data: names and units, and the interval.
        name: what the series is called in titles, where it has no subject.
        origins: time stamps of the windows' newest input steps, where they are known.

    Raises:
        LstmkitError: the arrays have wrong shapes, hold NaN, or cannot be windows of one series.
    """
    inputs, ahead = _checked(x, y, data)
    calendar = Calendar(data.interval, data.site_timezone)
    lookback, horizon = inputs.shape[1], ahead.shape[1]
    if origins is None:
        first = rows_without_clock(inputs, ahead)
        time = time_without_clock(calendar, int(first[-1]) + lookback + horizon)
    else:
        stamps = _stamps(origins, len(inputs), calendar)
        calendar = Calendar(data.interval, str(stamps.tz))
        first, time = rows_by_clock(stamps, calendar, lookback, horizon)
    frame = _frame(inputs, ahead, first, time, data)
    kind: Kind = "regression" if data.classes is None else "classes"
    unit = "units" if data.classes is None else UNIT
    return Dataset(
        name=data.subject or name,
        frame=frame,
        observed=_origins_of(first + lookback - 1, time),
        targets=data.targets,
        calendar=calendar,
        units={each: data.units.get(each, unit if each in data.targets else "") for each in frame},
        gaps=_gaps(frame, calendar),
        fingerprint=fingerprint_of(frame),
        subject=data.subject or "the series",
        quantities={name: found for name in data.targets if (found := quantity_of(name))},
        target_known=data.target_known,
        kind=kind,
        given=GivenWindows(data.features, lookback, horizon),
    )


def _checked(
    x: Any, y: Any, data: ArraysParams
) -> tuple[Float[np.ndarray, "window lookback feature"], Float[np.ndarray, "window horizon target"]]:
    """Both arrays in double precision, `y` with an axis for its targets."""
    inputs, ahead = _numbers(x, "x", (3,)), _numbers(y, "y", (2, 3))
    ahead = ahead.reshape(*ahead.shape, *(1,) * (3 - ahead.ndim))
    if data.classes is not None:
        ahead = _shares(ahead, data.classes)
    if len(inputs) != len(ahead):
        raise LstmkitError(
            f"x has {count(len(inputs), 'window')} and y has {len(ahead):,}: give as many of each"
        )
    named = ("x", inputs, data.features, "feature"), ("y", ahead, data.targets, "target")
    for name, array, names, what in named:
        if array.shape[2] != len(names):
            said = f"{count(len(names), 'name is', 'names are')} given: {', '.join(names)}"
            raise LstmkitError(f"{name} has {count(array.shape[2], what)}, but {said}")
    return inputs, ahead


def _shares(
    numbers: Float[np.ndarray, "window horizon target"], classes: Sequence[str]
) -> Float[np.ndarray, "window horizon class"]:
    """One for the class of each step and zero for the others."""
    is_class = numbers == np.arange(len(classes))
    if numbers.shape[2] != 1 or not is_class.any(axis=2).all():
        raise LstmkitError(
            f"y: of classes, shape (window, horizon), each is a number from 0 to {len(classes) - 1}, for "
            f"{', '.join(classes)}"
        )
    return is_class.astype("float64")


def _numbers(given: Any, name: str, axes: tuple[int, ...]) -> np.ndarray:
    try:
        array = np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
        values = array.astype(np.float64, casting="same_kind" if array.dtype.kind in "iufb" else "no")
    except (TypeError, ValueError, RuntimeError):
        raise LstmkitError(f"{name} is no array of numbers of the shape {SHAPES[name]}") from None
    if values.ndim not in axes or not values.size:
        raise LstmkitError(f"{name} has the shape {values.shape}; {SHAPES[name]} is expected")
    if (wrong := ~np.isfinite(values)).any():
        at = tuple(np.argwhere(wrong)[0].tolist())
        raise LstmkitError(f"{name} holds NaN or infinity, first at {list(at)}: leave out such windows")
    return values


def _stamps(origins: Any, n_windows: int, calendar: Calendar) -> pd.DatetimeIndex:
    """Time stamps on a clock: their own, or the site's."""
    try:
        stamps = pd.DatetimeIndex(origins)
    except (TypeError, ValueError) as error:
        raise LstmkitError(f"origins are no time stamps: {one_line(error)}") from None
    if len(stamps) != n_windows or stamps.hasnans:
        raise LstmkitError(
            f"origins: one time stamp for each of {count(n_windows, 'window')} is expected, in order of time"
        )
    return stamps if stamps.tz is not None else localized(stamps, calendar.timezone)


def _frame(
    x: Float[np.ndarray, "window lookback feature"],
    y: Float[np.ndarray, "window horizon target"],
    first: Int[np.ndarray, "window"],
    time: pd.DatetimeIndex,
    data: ArraysParams,
) -> pd.DataFrame:
    """Features and targets, one row per step; a target that is a feature too is one column.

    Where a target is not known at the origin of a window, its value there is the latest known before, else the first.
    """
    lookback = x.shape[1]
    origins = first + lookback - 1
    seen = joined(x, first, time, data.features, "x")
    frame = pd.DataFrame(seen, index=time, columns=list(data.features))
    ahead = joined(y, first + lookback, time, data.targets, "y")
    for at, name in enumerate(data.targets):
        known = pd.Series(ahead[:, at], index=time)
        if name in frame:
            _require_one_unit(frame[name], known, name)
            known = known.fillna(frame[name])
        known.iloc[origins] = known.ffill().bfill().iloc[origins]
        frame[name] = known
    return frame


def _require_one_unit(seen: pd.Series, ahead: pd.Series, name: str) -> None:
    """Refuse a feature that differs from the target of the same name."""
    wrong = (seen - ahead).abs() > ROUNDING * ahead.abs().max()
    if wrong.any():
        when = wrong.idxmax()
        raise LstmkitError(
            f"{shown(name)} is {seen[when]:.6g} in x and {ahead[when]:.6g} in y at {when}: give both in one unit, "
            f"or give the feature another name than the target"
        )


def _origins_of(rows: Int[np.ndarray, "window"], time: pd.DatetimeIndex) -> pd.Series:
    is_origin = np.zeros(len(time), dtype=bool)
    is_origin[rows] = True
    return pd.Series(is_origin, index=time)


def _gaps(frame: pd.DataFrame, calendar: Calendar) -> GapReport:
    """Stretches of the series that no window covers."""
    missing = frame.isna().all(axis=1).to_numpy()
    begin, end = runs(missing)
    longest = int((end - begin).max(initial=0))
    return GapReport(0, 0, len(begin), int(missing.sum()), longest * calendar.step)
