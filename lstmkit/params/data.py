"""The `data` block: where the series comes from and the grid on which it is put."""

from pydantic import Field, model_validator

from lstmkit.params.base import Duration, Positive, Schema, TimeZone


class Column(Schema):
    """Where one column of the dataset comes from, and the unit in which the file states it."""

    column: str
    unit: str


class TimeColumn(Schema):
    """The file's time stamps: their column, and the zone in which naive ones are written."""

    column: str = "timestamp"
    timezone: TimeZone = "UTC"


class SimulatorParams(Schema):
    """The simulated office: its seed and its span; its physics is in `data/simulate.py`."""

    seed: int = 7
    start: str = "2023-01-01"
    days: Positive = 365


class DataParams(Schema):
    """Where the series comes from and the grid on which it is put.

    `source` is `simulated`, a name in the catalog (`awair`), or the path of a CSV, CSV.gz or Parquet file.
    """

    source: str
    site_timezone: TimeZone = "UTC"
    interval: Duration = "5min"
    target: str = "co2"
    time: TimeColumn = TimeColumn()
    columns: dict[str, Column] = Field(default={})
    simulator: SimulatorParams = SimulatorParams()

    @model_validator(mode="after")
    def _columns_belong_to_files(self) -> "DataParams":
        if self.source == "simulated" and self.columns:
            raise ValueError("`columns` describes a file; the simulated office needs none")
        if self.source != "simulated" and self.target not in self.columns:
            named = ", ".join(self.columns) or "none"
            raise ValueError(f"the target {self.target!r} must be one of `columns` (named: {named})")
        return self
