"""The `data` block: where the series comes from and the grid on which it is put."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, model_validator

from lstmkit.params.base import (
    Date,
    FilePath,
    Interval,
    Name,
    Positive,
    Schema,
    Seed,
    TimeZone,
    one_or_several,
    twice,
)
from lstmkit.params.table import Column, Missing, ReadParams, TimeColumn

MOST_DAYS = 3660  # of the simulated office: ten years
SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
PROBED = ("hour of day", "day of week", "time of year", "weekday or weekend")  # for which states are probed


def key_of(concept: str) -> str:
    """The name of something that states are probed for, as results are kept under it.

    Args:
        concept: its name for tables.
    """
    return concept.translate(SUBSCRIPTS).replace(" ", "_").lower()


def _is_same(one: Column, other: Column) -> bool:
    """Whether two columns take the same values from a file."""
    return (one.column.strip(), one.where) == (other.column.strip(), other.where)


def _name_or_paths(given: Any) -> Any:
    several = isinstance(given, list | tuple) and given and all(isinstance(path, str) for path in given)
    if not several and not isinstance(given, str):
        raise ValueError(
            "write `simulated`, a name in the catalog, a path, a pattern such as 'logger/*.csv', or a list"
        )
    return given


def _different(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("name at least one column, for example `target: co2`")
    if twice(names):
        raise ValueError("a target is there twice: delete one")
    return names


Targets = Annotated[tuple[Name, ...], BeforeValidator(one_or_several), AfterValidator(_different)]


def require_known(explained: str | None, target: tuple[str, ...], classes: tuple[str, ...] | None) -> None:
    """Refuse what is explained and is neither a target nor a class.

    Args:
        explained: one of several targets, or of the classes of a target; None where the first is explained.
        target: the targets.
        classes: of the target; None where it is a number.

    Raises:
        ValueError: there is no such target or class; the message names the known ones.
    """
    known, what = (target, "targets") if classes is None else (classes, "classes")
    if explained is not None and explained not in known:
        raise ValueError(f"`explained` is {explained!r}, which is none of the {what} {', '.join(known)}")


class SimulatorParams(Schema):
    """The simulated office: its seed and its span; its physics is in `data/simulate.py`."""

    seed: Seed = 7
    start: Date = "2023-01-01"
    days: Annotated[Positive, Field(le=MOST_DAYS)] = 365


class DataParams(Schema):
    """Where the series comes from and the grid on which it is put.

    Attributes:
        source: `simulated`, a name in the catalog (`awair`), the path of a file (`data/reading/files.py` says of
            which kinds), a pattern such as `logger/*.csv`, or a list of these; several files follow each other in time.
        site_timezone: IANA zone of the site, from which hours and weekdays are derived.
        interval: of the grid: a duration such as `5min`, `1h` or `7D`, or `month`, `quarter`, `year` or `business day`.
        subject: what titles and sentences call that which is measured, for example `the office`.
        target: the column that is forecast, or a list of several.
        explained: of several targets, or of the classes of a target, the one that the pages show and explain; the first
            if not given.
        target_known: whether the targets' past is an input; it is not to a virtual sensor, whose inputs are the other
            columns and the clock.
        time: the file's time stamps.
        columns: our name of each column, and where the file has it.
        latents: the same of columns that no model sees, and for which its states are probed.
        missing: numbers and words that stand for a missing value beside an empty cell, `NA` and its like.
        read: how a text file is written.
        simulator: the simulated office.
    """

    source: Annotated[FilePath | tuple[FilePath, ...], BeforeValidator(_name_or_paths)]
    site_timezone: TimeZone = "UTC"
    interval: Interval = "5min"
    subject: Name | None = None
    target: Targets = ("co2",)
    explained: Name | None = None
    target_known: StrictBool = True
    time: TimeColumn = TimeColumn()
    columns: dict[Name, Column] = Field(default={})
    latents: dict[Name, Column] = Field(default={})
    missing: Missing = None
    read: ReadParams = ReadParams()
    simulator: SimulatorParams = SimulatorParams()

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Of the target; None where it is a number."""
        column = self.columns.get(self.target[0])
        return None if column is None else column.classes

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns of the dataset that are forecast, the targets or one for each class of the target."""
        if self.classes is None:
            return self.target
        return self.columns[self.target[0]].names(self.target[0])

    @property
    def explains(self) -> str:
        """That of them which the pages show and explain."""
        known = self.classes or self.target
        return self.targets[known.index(self.explained)] if self.explained else self.targets[0]

    @property
    def sources(self) -> tuple[str, ...]:
        """The source, or each of several."""
        return (self.source,) if isinstance(self.source, str) else self.source

    @model_validator(mode="after")
    def _fits(self) -> "DataParams":
        require_known(self.explained, self.target, self.classes)
        if fault := self._fault_of_office() if self.source == "simulated" else self._fault_of_files():
            raise ValueError(fault)
        return self

    def _fault_of_office(self) -> str | None:
        described = self.columns or self.latents or self.missing or self.read != ReadParams()
        said = "`columns`, `latents`, `missing` and `read` describe a file; the simulated office needs none"
        return said if described else None

    def _fault_of_files(self) -> str | None:
        for target in self.target:
            if target not in self.columns:
                named = ", ".join(self.columns) or "none"
                return f"the target {target!r} must be one of `columns` (named: {named})"
            if not self.target_known and (copy := self._copy_of(target)):
                return (
                    f"`target_known: false`, but the input {copy!r} is from the same column of the file as the target "
                    f"{target!r}: remove it from `columns`"
                )
        if len(self.target) > 1 and any(self.columns[target].classes for target in self.target):
            return "a target of classes is forecast alone: name one `target`"
        if self.simulator != SimulatorParams():
            return "`simulator` is not used, as `source` names files: remove it, or write `source: simulated`"
        known = {key_of(name): f"the concept {name!r}" for name in PROBED}
        known |= {key_of(name): f"{name!r} of `columns`" for name in self.columns}
        for name, latent in self.latents.items():
            if other := known.get(key_of(name)):
                return f"`latents` names {name!r}, whose name is too close to that of {other}: rename it"
            known[key_of(name)] = f"{name!r} of `latents`"
            if seen := next(
                (each for each, column in self.columns.items() if _is_same(column, latent)), None
            ):
                return (
                    f"`latents` has {name!r} from the file's column {latent.column!r}, which models see as {seen!r}: "
                    "remove it from `latents` or from `columns`"
                )
        return None

    def _copy_of(self, target: str) -> str | None:
        """A column that is no target and has a target's values."""
        others = (name for name in self.columns if name not in self.target)
        return next((name for name in others if _is_same(self.columns[name], self.columns[target])), None)
