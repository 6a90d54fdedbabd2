"""The `data` block of a study whose windows are given as arrays."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from lstmkit.params.base import FilePath, Interval, Name, Schema, TimeZone, Unit, twice
from lstmkit.params.data import Targets


def _different(names: tuple[str, ...]) -> tuple[str, ...]:
    if twice(names):
        raise ValueError("a feature is there twice: give each its own name")
    return names


Features = Annotated[tuple[Name, ...], Field(min_length=1), AfterValidator(_different)]


class ArraysParams(Schema):
    """Windows as NumPy arrays, in one file.

    Attributes:
        kind: `arrays`.
        file: an `.npz` file that holds `x`, shape (window, lookback, feature), `y`, shape (window, horizon) or (window,
            horizon, target), and where they are known the time stamps `origins` of the windows' newest input steps.
        features: names of the features of `x`, in their order.
        target: name of the target of `y`, or a list of several, in their order; a feature of the same name holds the
            target's past, in the same unit.
        explained: of several targets, the one that the pages show and explain; the first if not given.
        units: unit per name.
        interval: time between steps.
        site_timezone: IANA zone on whose clock time stamps without a zone are.
        subject: what titles and sentences call that which is measured.
    """

    kind: Literal["arrays"]
    file: FilePath
    features: Features
    target: Targets
    explained: Name | None = None
    units: dict[Name, Unit] = Field(default={})
    interval: Interval
    site_timezone: TimeZone = "UTC"
    subject: Name | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The file."""
        return (self.file,)

    @property
    def classes(self) -> None:
        """Of the target, which is a number."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns of the dataset that are forecast."""
        return self.target

    @property
    def explains(self) -> str:
        """The target that the pages show and explain."""
        return self.explained or self.target[0]

    @property
    def target_known(self) -> bool:
        """Whether the targets' past is among the features."""
        return set(self.target) <= set(self.features)

    @model_validator(mode="after")
    def _fits(self) -> "ArraysParams":
        if self.explains not in self.target:
            known = ", ".join(self.target)
            raise ValueError(f"`explained` is {self.explains!r}, which is none of the targets {known}")
        if unknown := sorted(set(self.units) - {*self.features, *self.target}):
            raise ValueError(f"`units` names {unknown[0]!r}, which is neither a feature nor a target")
        return self
