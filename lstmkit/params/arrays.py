"""The `data` block of a study whose windows are given as arrays."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from lstmkit.params.base import FilePath, Interval, Name, Schema, TimeZone, Unit
from lstmkit.params.table import Column


def _different(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("the names must differ")
    return names


Names = Annotated[tuple[Name, ...], Field(min_length=1), AfterValidator(_different)]


class ArraysParams(Schema):
    """Windows as NumPy arrays, in one file.

    Attributes:
        kind: `arrays`.
        file: an `.npz` file that holds `x`, shape (window, lookback, feature), `y`, shape (window, horizon) or (window,
            horizon, target), and where they are known the time stamps `origins` of the windows' newest input steps.
        features: names of the features of `x`, in their order.
        targets: names of the targets of `y`, in their order; a feature of the same name holds the target's past.
        units: unit per name.
        interval: time between steps.
        site_timezone: IANA zone on whose clock time stamps without a zone are.
        subject: of what the series tells, as titles and sentences call it.
    """

    kind: Literal["arrays"]
    file: FilePath
    features: Names
    targets: Names
    units: dict[Name, Unit] = Field(default={})
    interval: Interval
    site_timezone: TimeZone = "UTC"
    subject: Name | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The file."""
        return (self.file,)

    @property
    def columns(self) -> dict[str, Column]:
        """What is stated of a table's columns: nothing."""
        return {}

    @model_validator(mode="after")
    def _units_belong_to_names(self) -> "ArraysParams":
        if unknown := sorted(set(self.units) - {*self.features, *self.targets}):
            raise ValueError(f"`units` names {unknown[0]!r}, which is neither a feature nor a target")
        return self
