"""The `data` block of a study whose windows are given as arrays."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from lstmkit.params.base import FilePath, Interval, Name, Schema, TimeZone, Unit, twice
from lstmkit.params.data import Targets, require_known
from lstmkit.params.table import Classes, names_of_classes


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
            horizon, target), and where they are known the time stamps `origins` of the windows' newest input steps. Of
            classes `y` holds the numbers 0, 1, … of the classes, shape (window, horizon).
        features: names of the features of `x`, in their order.
        target: name of the target of `y`, or a list of several, in their order; a feature of the same name holds the
            target's past, in the same unit.
        classes: what each number of `y` stands for, where the target is one of classes; the target of class `low` of
            `load` is called `load_low`, and so is the feature that holds its past.
        explained: of several targets, or of the classes, the one that the pages show and explain; the first if not
            given.
        units: unit per name.
        interval: time between steps.
        site_timezone: IANA zone on whose clock time stamps without a zone are.
        subject: what titles and sentences call that which is measured.
    """

    kind: Literal["arrays"]
    file: FilePath
    features: Features
    target: Targets
    classes: Classes | None = None
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
    def targets(self) -> tuple[str, ...]:
        """The columns of the dataset that are forecast, the targets or one for each class of the target."""
        return self.target if self.classes is None else names_of_classes(self.target[0], self.classes)

    @property
    def explains(self) -> str:
        """That of them which the pages show and explain."""
        known = self.classes or self.target
        return self.targets[known.index(self.explained)] if self.explained else self.targets[0]

    @property
    def target_known(self) -> bool:
        """Whether the targets' past is among the features."""
        return set(self.targets) <= set(self.features)

    @model_validator(mode="after")
    def _fits(self) -> "ArraysParams":
        require_known(self.explained, self.target, self.classes)
        if self.classes is not None and len(self.target) > 1:
            raise ValueError("a target of classes is forecast alone: name one `target`")
        if unknown := sorted(set(self.units) - {*self.features, *self.targets}):
            raise ValueError(f"`units` names {unknown[0]!r}, which is neither a feature nor a target")
        return self
