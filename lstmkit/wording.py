"""How numbers and names are written in sentences and titles."""

import math
import re
from collections.abc import Sequence

LEAST_WITHOUT_EXPONENT = 1e-4
VISIBLE = 0.5  # percent, above which a share is more than nothing in whole percent
LONGEST_VALUE = 60  # characters of a value from outside in a message
LONGEST_LINE = 400
GASES = re.compile(r"(?<![^\W_])(?:co2|no2|so2|n2o|ch4|nh3|h2s|o3|o2)(?![^\W_])")  # whose formulas names hold
SUBSCRIPTS = str.maketrans("234", "₂₃₄")
MARKUP = re.compile(
    r"[\\`*_{}\[\]<>#|~$&@]"  # marks wherever it stands
    r"|^[-+=:%(!.]"  # at the start of a line
    r"|:(?=/)|/(?=/)|(?<=\w)\.(?=[^\W\d_])"  # addresses, of which some readers make links
)


def signed(value: float, decimals: int = 1) -> str:
    """A number with its sign and a true minus; what rounds to zero has no sign.

    Args:
        value: to write.
        decimals: after the point.
    """
    text = f"{value:+.{decimals}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def plain(value: float, decimals: int = 2) -> str:
    """A number whose sign is shown where it is negative, with a true minus; what rounds to zero has none.

    Args:
        value: to write.
        decimals: after the point.
    """
    return signed(value, decimals).lstrip("+")


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun, for example `1 gap` or `3 gaps`.

    Args:
        number: how many.
        one: the noun in the singular.
        many: the noun in the plural, where it is not the singular with an s.
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str], conjunction: str = "and") -> str:
    """Names with commas, and a conjunction before the last.

    Args:
        names: at least one.
        conjunction: before the last.
    """
    *others, last = names
    return f"{', '.join(others)} {conjunction} {last}" if others else last


def plural(noun: str) -> str:
    """A noun in the plural, by the rules of English alone.

    Args:
        noun: in the singular.
    """
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in ("", *"aeiou"):
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def duration(hours: float) -> str:
    """A length of time, for example `24 h`, `1.5 h` or `5 min`.

    Args:
        hours: its length.
    """
    return f"{float(f'{hours:.3g}'):g} h" if hours > 0.999 else f"{float(f'{60 * hours:.2g}'):g} min"


def digits(value: float) -> str:
    """A number to three significant digits, whole from a thousand on.

    Args:
        value: to write.
    """
    if value == 0:
        return "0"
    text = f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:#.3g}".rstrip(".")
    return text.replace("-", "−")


def signed_digits(value: float) -> str:
    """A number with its sign to three significant digits, whole from a thousand on; zero has no sign.

    Args:
        value: to write.
    """
    return f"+{digits(value)}" if value > 0 else digits(value)


def signed_beside(value: float, other: float) -> str:
    """A number with its sign and the decimals that `digits` gives another of its kind.

    Args:
        value: to write, for example a mean error.
        other: beside which it stands, for example the root mean square error.
    """
    if 0 < abs(other) < LEAST_WITHOUT_EXPONENT:
        return signed_digits(value)
    return signed(value, len(digits(other).partition(".")[2]))


def signed_alike(*values: float) -> list[str]:
    """Numbers with their signs and as many decimals as tell the least from the greatest by two digits.

    Args:
        values: to write, for example a difference and the ends of its interval.
    """
    scale = max(values) - min(values) or max(map(abs, values))
    if 0 < scale < LEAST_WITHOUT_EXPONENT:
        return [signed_digits(value) for value in values]
    decimals = max(0, 1 - math.floor(math.log10(scale))) if scale else 0
    return [signed(value, decimals) for value in values]


def percent(share: float) -> str:
    """A share in percent, to two digits.

    Args:
        share: 1 is the whole.
    """
    value = 100 * share
    if value < 0.1:
        return "less than 0.1 %" if value else "0 %"
    return f"{value:.0f} %" if value >= 10 else f"{value:.1f} %"


def whole_percent(share: float) -> str:
    """A share in whole percent, where nearly nothing and nearly all differ from nothing and all.

    Args:
        share: 1 is the whole.
    """
    value = 100 * share
    if 0 < value <= VISIBLE:
        return "less than 1 %"
    return "more than 99 %" if 100 - VISIBLE <= value < 99.95 else f"{value:.0f} %"


def with_error(value: float, error: float) -> str:
    """A value and its error or spread, both to the second significant digit of the latter.

    Args:
        value: to write.
        error: of the value.
    """
    decimals = max(0, 1 - math.floor(math.log10(error))) if error > 0 else 2
    return f"{value:,.{decimals}f} ± {error:,.{decimals}f}".replace("-", "−")


def feature_label(name: str) -> str:
    """A feature's name as people write it.

    Args:
        name: for example `co2_lag_24h`.
    """
    words = name.replace("_1h", " 1 h").replace("_24h", " 24 h").replace("_", " ")
    return GASES.sub(lambda formula: formula[0].upper().translate(SUBSCRIPTS), words)


def sentence_case(text: str) -> str:
    """A text with its first letter as at the beginning of a sentence.

    Args:
        text: to write, for example `the office`.
    """
    return text[:1].upper() + text[1:]


def shown(value: object) -> str:
    """A value from a file as a message shows it: text in quotes, on one line, not too long.

    Args:
        value: to show.
    """
    return one_line(repr(value) if isinstance(value, str) else str(value), LONGEST_VALUE)


def one_line(text: object, longest: int = LONGEST_LINE) -> str:
    """Text from outside on one line, without control characters, cut where it is too long.

    Args:
        text: to write, for example a path or what another library says.
        longest: characters that are kept.
    """
    line = " ".join(part.strip() for part in str(text).splitlines())
    line = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line[: longest + 1])
    return line if len(line) <= longest else line[: longest - 1] + "…"


def escaped(text: str) -> str:
    """Markdown, on one line, that shows a text as it is, whatever marks are in it.

    Args:
        text: a name, a unit, a title or a sentence that holds some.
    """
    line = MARKUP.sub(r"\\\g<0>", " ".join(text.splitlines()).strip())
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", line)  # else the first item of a list
