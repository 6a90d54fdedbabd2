"""Types that several blocks of a study's YAML share: strict, finite and bounded."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any
from zoneinfo import available_timezones

import pandas as pd
from pydantic import AfterValidator, AllowInfNan, BaseModel, ConfigDict, Field, Strict

LONGEST_NAME, LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_PATH = 100, 200, 10_000, 1000  # characters
MONTHS = {"month": 1, "quarter": 3, "year": 12}  # in a step of such an interval
BUSINESS_DAY = "business day"
SHORTEST_DURATION, LONGEST_DURATION = "1s", "366D"
FIRST_YEAR, LAST_YEAR = 1900, 2200
JOINERS = "\u200c\u200d"  # invisible, and part of the spelling of some languages
LINE_BREAKS = "\n\t"
FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
DEVICES = re.compile(
    r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE
)  # Windows opens these instead of a folder


def twice(items: Iterable) -> Any:
    """The first item that is there more than once; None where each is there once.

    Args:
        items: of any kind.
    """
    return next((item for item, times in Counter(items).items() if times > 1), None)


def one_or_several(given: Any) -> Any:
    """A word alone as one of several.

    Args:
        given: as the YAML has it.
    """
    return (given,) if isinstance(given, str) else given


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no IANA time zone; write for example 'UTC' or 'Europe/Zurich'")
    return name


def _bounded_duration(text: str) -> str:
    try:
        duration = pd.Timedelta(text)
    except (ValueError, OverflowError):
        duration = pd.NaT
    if duration is pd.NaT:
        raise ValueError(f"{text[:40]!r} is no duration; write for example '5min' or '1h'")
    if duration <= pd.Timedelta(0):
        raise ValueError(f"the duration must be positive, not {text!r}")
    if not pd.Timedelta(SHORTEST_DURATION) <= duration <= pd.Timedelta(LONGEST_DURATION):
        raise ValueError(
            f"the duration must lie between {SHORTEST_DURATION} and {LONGEST_DURATION}, not {text!r}"
        )
    return text


def _interval(text: str) -> str:
    if text in (*MONTHS, BUSINESS_DAY):
        return text
    try:
        return _bounded_duration(text)
    except ValueError as error:
        raise ValueError(
            f"{error}; an interval may also be {', '.join(MONTHS)} or {BUSINESS_DAY!r}"
        ) from None


def _is_control(character: str) -> bool:
    category = unicodedata.category(character)
    return (category[0] == "C" and character not in JOINERS) or category in ("Zl", "Zp")


def _printable(text: str) -> str:
    if bad := next(filter(_is_control, text), None):
        raise ValueError(f"holds the control character {bad!r}: write one line of printable text")
    return text


def _trimmed(text: str) -> str:
    if not text or text != text.strip():
        raise ValueError("must not be empty, nor begin or end with a space")
    return _printable(text)


def _printable_lines(text: str) -> str:
    _printable("".join(character for character in text if character not in LINE_BREAKS))
    return text


def _date(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no date; write for example 2023-01-01") from None
    if not FIRST_YEAR <= day.year < LAST_YEAR:
        raise ValueError(f"the date must lie between {FIRST_YEAR} and {LAST_YEAR}, not {text!r}")
    return text


def folder_name(text: str) -> str:
    """A name that can be a folder on every system, a part of a URL, and an argument of a command.

    Args:
        text: the name of a study, or the key of a model.

    Raises:
        ValueError: it cannot; the message says what is allowed, with an example near to it.
    """
    if FOLDER_NAME.fullmatch(text) and not DEVICES.fullmatch(text):
        return text
    raise ValueError(
        f"{text[:70]!r} cannot name a folder: use at most 64 of the letters a to z, digits, _ and -, beginning with a "
        f"letter or a digit, for example {near_folder_name(text)!r}"
    )


def near_folder_name(text: str) -> str:
    """The name of a folder that is near to a text.

    Args:
        text: of any characters.
    """
    ascii_text = unicodedata.normalize("NFKD", text[:64]).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "_", ascii_text).strip("_")
    return words if words and not DEVICES.fullmatch(words) else f"{words or 'model'}_1"


Positive = Annotated[int, Strict(), Field(gt=0)]
Number = Annotated[float, Strict(), AllowInfNan(False)]
Fraction = Annotated[Number, Field(gt=0, lt=1)]
Share = Annotated[Number, Field(ge=0, lt=1)]
Seed = Annotated[int, Strict(), Field(ge=0, lt=2**31)]
Steps = Annotated[Positive, Field(le=100_000)]
Windows = Annotated[Positive, Field(le=10_000_000)]
Draws = Annotated[Positive, Field(le=100_000)]

TimeZone = Annotated[str, AfterValidator(_known_timezone)]
Duration = Annotated[str, AfterValidator(_bounded_duration)]
Interval = Annotated[str, AfterValidator(_interval)]
Date = Annotated[str, AfterValidator(_date)]
Name = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_trimmed)]
Unit = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_printable)]
Title = Annotated[str, Field(max_length=LONGEST_TITLE), AfterValidator(_trimmed)]
Description = Annotated[str, Field(max_length=LONGEST_DESCRIPTION), AfterValidator(_printable_lines)]
FilePath = Annotated[str, Field(max_length=LONGEST_PATH), AfterValidator(_trimmed)]
FolderName = Annotated[str, AfterValidator(folder_name)]


class Schema(BaseModel):
    """Base of every block: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
