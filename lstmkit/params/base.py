"""Types that several blocks of a study's YAML share."""

from typing import Annotated
from zoneinfo import available_timezones

import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(gt=0, lt=1)]


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no IANA time zone; write for example 'UTC' or 'Europe/Zurich'")
    return name


def _positive_interval(text: str) -> str:
    try:
        interval = pd.Timedelta(text)
    except ValueError:
        raise ValueError(f"{text!r} is no duration; write for example '5min' or '1h'") from None
    if not interval > pd.Timedelta(0):
        raise ValueError(f"the duration must be positive, not {text!r}")
    return text


TimeZone = Annotated[str, AfterValidator(_known_timezone)]
Duration = Annotated[str, AfterValidator(_positive_interval)]


class Schema(BaseModel):
    """Base of every block: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
