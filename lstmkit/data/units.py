"""Units of measured columns: how they are spelled, and into which unit a column is brought."""

import re
import unicodedata
from collections.abc import Callable
from difflib import get_close_matches

import pandas as pd

Conversion = Callable[[pd.Series], pd.Series]

_TO_CANONICAL: dict[str, tuple[str, Conversion]] = {
    "ppm": ("ppm", lambda ppm: ppm),
    "degC": ("degC", lambda celsius: celsius),
    "degF": ("degC", lambda fahrenheit: (fahrenheit - 32) / 1.8),
    "K": ("degC", lambda kelvin: kelvin - 273.15),
    "percent": ("percent", lambda percent: percent),
    "fraction": ("percent", lambda fraction: 100 * fraction),
}

_SPELLINGS = {
    "ppm": ("ppm", "ppmv", "ppmco2", "partspermillion"),
    "degC": ("degc", "celsius", "degcelsius", "centigrade", "degcentigrade"),
    "degF": ("degf", "fahrenheit", "degfahrenheit"),
    "K": ("kelvin", "degk", "degkelvin"),
    "percent": ("percent", "percentage", "pct", "%", "%rh", "rh%", "percentrh"),
    "fraction": ("fraction",),
}
# elsewhere these may be coulomb, farad, or a unit of counting
_SPELLINGS_OF_KIND = {
    "degC": {"c": "degC", "f": "degF", "k": "K"},
    "percent": {"1": "fraction", "ratio": "fraction"},
}
_UNIT_OF_SPELLING = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings}


def known_unit(unit: str, kind: str | None = None) -> str | None:
    """The unit that is meant by one of its common spellings, such as `degF` by `°F` or `Fahrenheit`.

    Args:
        unit: as a study's YAML states it.
        kind: the canonical unit of what is measured, where that is known; letters such as `F` have a meaning then.

    Returns:
        degC, degF, K, ppm, percent or fraction; None for any other unit.
    """
    if unit in _TO_CANONICAL:
        return unit
    spelling = _spelling(unit)
    return _SPELLINGS_OF_KIND.get(kind or "", {}).get(spelling) or _UNIT_OF_SPELLING.get(spelling)


def similar_unit(unit: str, kind: str) -> str | None:
    """The unit of a kind whose spelling is near to one that is not known; None where that could be several.

    Args:
        unit: as a study's YAML states it.
        kind: the canonical unit of what is measured.
    """
    spellings = [spelling for name in stated_as(kind) for spelling in _SPELLINGS[name]]
    near = {_UNIT_OF_SPELLING[each] for each in get_close_matches(_spelling(unit), spellings, cutoff=0.8)}
    return near.pop() if len(near) == 1 else None


def to_canonical(values: pd.Series, unit: str, kind: str | None = None) -> tuple[pd.Series, str]:
    """Bring values into the canonical unit of their kind: degC, ppm or percent.

    Args:
        values: in `unit`, of any length.
        unit: degC, degF, K, ppm, percent or fraction, in any common spelling; any other unit is kept as it is.
        kind: the canonical unit of what is measured, where that is known.

    Returns:
        The values and the unit in which they now are.
    """
    known = known_unit(unit, kind)
    if known is None:
        return values, unit
    canonical, convert = _TO_CANONICAL[known]
    return convert(values), canonical


def stated_as(canonical: str) -> list[str]:
    """List the units that a study's YAML can state for a canonical unit.

    Args:
        canonical: ppm, degC or percent.
    """
    return [unit for unit, (target, _) in _TO_CANONICAL.items() if target == canonical]


def _spelling(unit: str) -> str:
    """A unit without what spellings differ in: signs for degrees, letters' case, spaces, points, underscores."""
    text = unicodedata.normalize("NFKC", re.sub("[º˚]", "°", unit))
    text = re.sub(r"[\s._]", "", text.casefold()).replace("°", "deg")
    return re.sub("^degrees?", "deg", text)
