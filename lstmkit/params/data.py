"""The `data` block: where the series comes from and the grid on which it is put."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from lstmkit.params.base import Date, FilePath, Interval, Name, Positive, Schema, Seed, TimeZone
from lstmkit.params.table import Column, Missing, ReadParams, TimeColumn

MOST_DAYS = 3660  # of the simulated office: ten years


def _name_or_paths(given: Any) -> Any:
    several = isinstance(given, list | tuple) and given and all(isinstance(path, str) for path in given)
    if not several and not isinstance(given, str):
        raise ValueError(
            "write `simulated`, a name in the catalog, a path, a pattern such as 'logger/*.csv', or a list"
        )
    return given


class SimulatorParams(Schema):
    """The simulated office: its seed and its span; its physics is in `data/simulate.py`."""

    seed: Seed = 7
    start: Date = "2023-01-01"
    days: Annotated[Positive, Field(le=MOST_DAYS)] = 365


class DataParams(Schema):
    """Where the series comes from and the grid on which it is put.

    Attributes:
        source: `simulated`, a name in the catalog (`awair`), the path of a file (`data/files.py` says which kinds there
            are), a pattern such as `logger/*.csv`, or a list of these; several files follow each other in time.
        site_timezone: IANA zone of the site, from which hours and weekdays are derived.
        interval: of the grid: a duration such as `5min`, `1h` or `7D`, or `month`, `quarter`, `year` or `business day`.
        target: the column that is forecast.
        time: the file's time stamps.
        columns: our name of each column, and where the file has it.
        missing: numbers and words that stand for a missing value beside an empty cell, `NA` and its like.
        read: how a text file is written.
        simulator: the simulated office.
    """

    source: Annotated[FilePath | tuple[FilePath, ...], BeforeValidator(_name_or_paths)]
    site_timezone: TimeZone = "UTC"
    interval: Interval = "5min"
    target: Name = "co2"
    time: TimeColumn = TimeColumn()
    columns: dict[Name, Column] = Field(default={})
    missing: Missing = None
    read: ReadParams = ReadParams()
    simulator: SimulatorParams = SimulatorParams()

    @property
    def sources(self) -> tuple[str, ...]:
        """The source, or each of several."""
        return (self.source,) if isinstance(self.source, str) else self.source

    @model_validator(mode="after")
    def _columns_belong_to_files(self) -> "DataParams":
        if self.source == "simulated" and (self.columns or self.missing or self.read != ReadParams()):
            raise ValueError(
                "`columns`, `missing` and `read` describe a file; the simulated office needs none"
            )
        if self.source != "simulated" and self.target not in self.columns:
            named = ", ".join(self.columns) or "none"
            raise ValueError(f"the target {self.target!r} must be one of `columns` (named: {named})")
        return self
