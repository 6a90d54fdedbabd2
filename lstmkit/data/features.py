"""Feature variants: what a model sees of a Dataset, and where each feature comes from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lstmkit.data.calendar import Calendar
from lstmkit.data.clock import hour_of_day, phase_of_year
from lstmkit.data.dataset import Dataset
from lstmkit.errors import LstmkitError
from lstmkit.wording import duration, shown

HOUR = pd.Timedelta("1h")
_ENHANCED = ("temperature", "humidity")


@dataclass(frozen=True)
class Provenance:
    """Where a feature comes from.

    Attributes:
        column: of the dataset, from which it derives; None for the clock.
        of_target: whether it is a target or derives from one.
        known_ahead: whether its values at the steps ahead are known when a forecast starts.
        unit: of its values; empty for the clock.
    """

    column: str | None
    of_target: bool
    known_ahead: bool
    unit: str

    @property
    def is_clock(self) -> bool:
        """Whether it derives from the time alone."""
        return self.column is None

    @property
    def is_exogenous(self) -> bool:
        """Whether it is measured, and not of a target."""
        return not self.is_clock and not self.of_target


@dataclass(frozen=True)
class Features:
    """What a model sees. Every feature is known at its own time step.

    Attributes:
        frame: one column per feature, on the dataset's index, of a variant the first target first where its past is
            known; NaN where a feature is not known.
        provenance: of each column, in their order.
    """

    frame: pd.DataFrame
    provenance: tuple[Provenance, ...]


def build_features(dataset: Dataset, variant: str, clock: bool | None = None) -> Features:
    """Compute the features of a variant; of windows that were given, take theirs.

    Args:
        dataset: the series on its grid.
        variant: `raw` (the dataset's own columns) or `preproc_D` (ten features, "Enhanced 1h", or nine where the target
            is one of them; then the dataset's other columns). Where the targets' past is not known, neither they nor
            what derives from them is a feature.
        clock: whether the clock is among the features; by default in `preproc_D` alone.

    Raises:
        LstmkitError: the variant needs a column that the dataset lacks, or its names do not hold at the interval; a
            column is called like another feature; or the steps resolve no cycle of the clock.
    """
    if dataset.given is not None:
        return _measured(dataset, list(dataset.given.features))
    known = dataset.targets if dataset.target_known else ()
    following = dataset.inputs if variant == "raw" else _enhanced(dataset)
    first = [*known[:1], *(name for name in following if name not in known[:1])]
    parts = [_measured(dataset, first)]
    if variant != "raw":
        parts += [_of_target(dataset, target) for target in known]
    if variant != "raw" if clock is None else clock:
        parts.append(_clock(dataset))
    parts.append(_measured(dataset, [name for name in dataset.inputs if name not in first]))
    return _joined([part for part in parts if not part.frame.empty])


def _enhanced(dataset: Dataset) -> tuple[str, ...]:
    """The inputs that `preproc_D` has beside the target."""
    if missing := [name for name in _ENHANCED if name not in dataset.frame]:
        raise LstmkitError(
            f"variant 'preproc_D' needs the columns temperature and humidity beside the target; "
            f"{dataset.name} lacks {', '.join(missing)}. Name them in `data.columns`, or use `variant: raw`."
        )
    if HOUR % dataset.interval != pd.Timedelta(0):
        raise LstmkitError(
            f"variant 'preproc_D' needs a `data.interval` of which an hour is a whole number, such as 5min or 1h: in "
            f"steps of {duration(dataset.interval / HOUR)}, `{dataset.target}_change_1h` would be no change over an "
            f"hour. Use `variant: raw`."
        )
    return tuple(name for name in _ENHANCED if name in dataset.inputs)


def _measured(dataset: Dataset, names: list[str]) -> Features:
    return Features(
        dataset.frame[names],
        tuple(
            Provenance(
                name, of_target=name in dataset.targets, known_ahead=False, unit=dataset.units.get(name, "")
            )
            for name in names
        ),
    )


def _of_target(dataset: Dataset, target: str) -> Features:
    series = dataset.frame[target]
    hour, day = dataset.calendar.steps("1h"), dataset.calendar.steps("24h")
    frame = pd.DataFrame(
        {
            f"{target}_change_1h": series.diff(hour),
            f"{target}_mean_1h": series.rolling(hour).mean(),
            f"{target}_lag_24h": series.shift(day),
        }
    )
    derived = Provenance(target, of_target=True, known_ahead=False, unit=dataset.units.get(target, ""))
    return Features(frame, (derived,) * frame.shape[1])


def _clock(dataset: Dataset) -> Features:
    frame = clock_features(dataset.local_time, dataset.calendar).set_axis(dataset.frame.index)
    if frame.empty:
        raise LstmkitError(
            f"`clock: true` adds no feature: steps of {dataset.calendar.interval} resolve neither days, weeks nor "
            f"years. Remove it."
        )
    clock = Provenance(None, of_target=False, known_ahead=True, unit="")
    return Features(frame, (clock,) * frame.shape[1])


def _joined(parts: list[Features]) -> Features:
    names = [name for part in parts for name in part.frame]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise LstmkitError(
            f"the column {shown(twice)} is called like a feature that is computed: rename it in `data.columns`"
        )
    provenance = tuple(each for part in parts for each in part.provenance)
    return Features(pd.concat([part.frame for part in parts], axis=1), provenance)


def clock_features(local_time: pd.DatetimeIndex, calendar: Calendar) -> pd.DataFrame:
    """Place the hour of the day, the day of the week and the phase of the year on circles.

    Args:
        local_time: time stamps on the site's clock.
        calendar: of the steps: hour and weekday for those within days, the weekday for those that resolve a week, the
            phase of the year for those of a day or longer that resolve a year.

    Returns:
        Columns `hour_sin, hour_cos, weekday_sin, weekday_cos, year_sin, year_cos`, or those of them that belong to
        such steps, one row per time stamp.
    """
    phases = {}  # and the length of their cycle
    if calendar.is_within_days:
        phases["hour"] = hour_of_day(local_time), 24
    if calendar.is_within_days or calendar.resolves("week"):
        phases["weekday"] = local_time.day_of_week.to_numpy(), 7
    if not calendar.is_within_days and calendar.resolves("year"):
        phases["year"] = phase_of_year(local_time), 1
    columns = {
        f"{name}_{kind}": function(2 * np.pi * phase / length)
        for name, (phase, length) in phases.items()
        for kind, function in (("sin", np.sin), ("cos", np.cos))
    }
    return pd.DataFrame(columns, index=local_time)
