"""How a file's table is read: its columns, its time stamps, and the way in which its text is written."""

import codecs
import math
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt, StrictStr, model_validator

from lstmkit.params.base import Name, Schema, TimeZone, Unit, one_or_several, twice

MOST_SKIPPED_LINES = 1000
MOST_CLASSES = 20
SEPARATOR_WORDS = ("tab", "space", "whitespace")
EPOCHS = {
    "epoch seconds": 1,
    "epoch milliseconds": 1_000,
    "epoch microseconds": 1_000_000,
    "epoch nanoseconds": 1_000_000_000,
}  # counts in a second, since 1970-01-01 00:00 UTC

_DIRECTIVES = tuple("YymbBdjHIpMSfzaA%")


def _is_number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given)


def _low_and_high(given: Any) -> Any:
    if given is None or given == "none":
        return given
    is_pair = isinstance(given, list | tuple) and len(given) == 2 and all(map(_is_number, given))
    if not is_pair or not given[0] < given[1]:
        raise ValueError("write the lowest and the highest value, for example [-40, 120], or none")
    return given


def _codes(given: Any) -> Any:
    if given is None or given == "none":
        return given
    if not isinstance(given, list | tuple) or not all(isinstance(v, str) or _is_number(v) for v in given):
        raise ValueError("write a list of numbers and words, for example [-9999, '?'], or none")
    return tuple(item.strip() if isinstance(item, str) else item for item in given)


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if repeated := twice(names):
        raise ValueError(f"{repeated!r} is named twice")
    return names


def _unambiguous(text: str) -> str:
    """Accept counts since 1970, or a format of `strptime` that leaves no part of a time stamp to guess."""
    if text in EPOCHS:
        return text
    if text.startswith("epoch"):
        raise ValueError(f"there are {', '.join(EPOCHS)}")
    directives = re.findall(r"%(.?)", text)
    if unknown := [name for name in directives if name not in _DIRECTIVES]:
        raise ValueError(f"'%{unknown[0]}' is not supported; there are %{' %'.join(_DIRECTIVES)}")
    named = {name for name in directives if name != "%"}
    if len(named) < len(directives) - directives.count("%"):
        raise ValueError("it names a part of the time stamp twice")
    year, month, half_day = named & {"Y", "y"}, named & {"m", "b", "B"}, named & {"I", "p"}
    day = named & {"d", "j"}
    if len(year) != 1 or len(month) > 1 or len(day) > 1 or (day and ("d" in day) != bool(month)):
        raise ValueError(
            "it needs a year (%Y or %y), with month (%m) and day (%d) or the day of the year (%j)"
        )
    if len(half_day) == 1 or (half_day and "H" in named):
        raise ValueError("%I and %p, of a clock with twelve hours, belong together and exclude %H")
    hour = named & {"H", "I"}
    if (
        ("M" in named and not hour)
        or ("S" in named and "M" not in named)
        or ("f" in named and "S" not in named)
    ):
        raise ValueError("%M needs the hour, %S the minute, and %f, the fraction of a second, the second")
    return text


def _separator(text: str) -> str:
    if text not in SEPARATOR_WORDS and (len(text) != 1 or text.isalnum() or text in '"\r\n.+-'):
        raise ValueError(f"write one character, such as ';', or one of {', '.join(SEPARATOR_WORDS)}")
    return text


def _sign(text: str) -> str:
    if len(text) != 1 or text.isalnum() or text in '"\r\n':
        raise ValueError("write one character, such as '#'")
    return text


def _encoding(name: str) -> str:
    try:
        b"a".decode(codecs.lookup(name).name)
    except UnicodeError:  # half a character of it
        pass
    except (LookupError, ValueError):
        raise ValueError(
            f"{name!r} is no encoding of text; write for example utf-8, utf-16 or cp1252"
        ) from None
    return name


def _line_numbers(given: Any) -> Any:
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= MOST_SKIPPED_LINES:
        return tuple(range(1, given + 1))
    if not isinstance(given, list | tuple) or not all(_is_number(n) and n == int(n) and n > 0 for n in given):
        raise ValueError(
            f"write how many lines to skip (at most {MOST_SKIPPED_LINES}), or their numbers from 1, such as [1, 3, 4]"
        )
    return given


def _words(given: Any) -> Any:
    if isinstance(given, list | tuple):
        return tuple(
            str(each) if isinstance(each, int) and not isinstance(each, bool) else each for each in given
        )
    return given


Classes = Annotated[
    tuple[Name, ...],
    BeforeValidator(_words),
    AfterValidator(_distinct),
    Field(min_length=2, max_length=MOST_CLASSES),
]
Range = Annotated[tuple[float, float] | Literal["none"] | None, BeforeValidator(_low_and_high)]
Missing = Annotated[tuple[float | str, ...] | Literal["none"] | None, BeforeValidator(_codes)]
Where = dict[str, StrictStr | StrictInt]
Names = Annotated[tuple[str, ...], AfterValidator(_distinct)]


class Column(Schema):
    """Where one column of the dataset comes from, and the unit in which the file states it.

    Attributes:
        column: its name in the file.
        unit: of its values; none of classes.
        classes: the words or whole numbers that it holds, where these are classes; each becomes a column of its own,
            the share of a step that is of this class.
        quantity: what it measures, and with it the range of what can be; without it our names `co2`,
            `temperature` and `humidity` are such quantities, and any other column has no range.
        range: lowest and highest value in `unit`, in place of the quantity's; `none` checks nothing.
        missing: numbers and words that stand for a missing value, in place of `data.missing`; `none` says that
            every number is a measurement.
        where: the rows that belong to it, by the text of other columns, in addition to `data.read.where`.
    """

    column: str
    unit: Unit = ""
    classes: Classes | None = None
    quantity: Literal["co2", "air_temperature", "relative_humidity"] | None = None
    range: Range = None
    missing: Missing = None
    where: Where = Field(default={})

    @model_validator(mode="after")
    def _is_a_number_or_a_class(self) -> "Column":
        stated = "unit" in self.model_fields_set
        if self.classes is None and not stated:
            raise ValueError(
                "`unit` is missing: state that of its values, or `classes` where it holds classes"
            )
        if self.classes is not None and (stated or self.quantity or self.range):
            raise ValueError("`unit`, `quantity` and `range` are of numbers, not of `classes`: remove them")
        return self

    def names(self, name: str) -> tuple[str, ...]:
        """What it is called in the dataset: by its own name, or one name for each of its classes.

        Args:
            name: of the column in the study.
        """
        return (name,) if self.classes is None else names_of_classes(name, self.classes)


def names_of_classes(name: str, classes: Classes) -> tuple[str, ...]:
    """What the columns of a target's classes are called in the dataset.

    Args:
        name: of the target.
        classes: of it.
    """
    return tuple(f"{name}_{label}" for label in classes)


class TimeColumn(Schema):
    """The file's time stamps.

    Attributes:
        column: their column, or several, whose cells are joined by spaces.
        format: as of `strptime`, or one of `EPOCHS`, counts since 1970 in UTC; without one they are ISO 8601.
        timezone: the zone in which those without an offset are written.
    """

    column: Annotated[Names, BeforeValidator(one_or_several), Field(min_length=1)] = ("timestamp",)
    format: Annotated[str, AfterValidator(_unambiguous)] | None = None
    timezone: TimeZone = "UTC"

    @property
    def is_counted(self) -> bool:
        """Whether the time stamps count since the beginning of 1970."""
        return self.format in EPOCHS

    @model_validator(mode="after")
    def _counts_are_of_one_column_in_utc(self) -> "TimeColumn":
        if self.is_counted and len(self.column) > 1:
            raise ValueError(f"{self.format!r} counts in one column, not in {len(self.column)}")
        if self.is_counted and self.timezone != "UTC":
            raise ValueError(f"{self.format!r} counts in UTC: remove `timezone: {self.timezone}`")
        return self


class ReadParams(Schema):
    """How a text file is written, where it differs from commas, decimal points, UTF-8 and one header line.

    Attributes:
        separator: between columns: one character, `tab`, `space`, or `whitespace` of any length; by default a tab in
            files called `.tsv`, and a comma in others.
        decimal: the decimal sign.
        encoding: of the text.
        skip_lines: how many lines before the header to skip, or their numbers, counted from 1.
        comment: with which a line begins that is no row.
        header: whether the first line that is not skipped names the columns.
        names: of all columns, in place of the header's.
        where: the rows to read, by the text of columns, for example `{station: Aarhus}`; also in Parquet files.
    """

    separator: Annotated[str, AfterValidator(_separator)] | None = None
    decimal: Literal[".", ","] = "."
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    skip_lines: Annotated[tuple[int, ...], BeforeValidator(_line_numbers)] = ()
    comment: Annotated[str, AfterValidator(_sign)] | None = None
    header: StrictBool = True
    names: Names = ()
    where: Where = Field(default={})

    @model_validator(mode="after")
    def _columns_have_names(self) -> "ReadParams":
        if not self.header and not self.names:
            raise ValueError("a file without a header needs `names`, one for each of its columns")
        return self
