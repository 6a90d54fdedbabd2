"""How long some series resemble themselves, in sentences."""

from lstmkit.analysis.rhythms.autocorrelation import (
    FEWEST_PAIRS,
    FEWEST_VALUES,
    NORMAL_QUANTILE,
    Autocorrelation,
)
from lstmkit.wording import duration


def autocorrelation_caption(result: Autocorrelation) -> str:
    """What is shown, with the bounds.

    Args:
        result: of some series.
    """
    if not len(result.hours):
        return autocorrelation_too_short(result)
    return (
        f"Autocorrelation of the means of {duration(result.hours[1])} up to {duration(result.hours[-1])}, no lag "
        f"with fewer than {FEWEST_PAIRS} pairs. Dashed: ±{NORMAL_QUANTILE}/√n = ±{result.bound:.3f}, with "
        f"n = {result.n_values:,} the length of the series. Orange: the first fall to 1/e."
    )


def autocorrelation_too_short(result: Autocorrelation) -> str:
    """What is said in place of autocorrelations.

    Args:
        result: of series of which nothing can be said.
    """
    if result.n_values < FEWEST_VALUES:
        return f"An autocorrelation needs {FEWEST_VALUES} values; the series has {result.n_values}."
    return (
        f"An autocorrelation needs {FEWEST_PAIRS} pairs of neighbouring values; the series' gaps leave fewer."
    )


def autocorrelation_finding(result: Autocorrelation) -> str:
    """How soon each series forgets, and how much of it returns a day later.

    Args:
        result: of some series.
    """
    if not len(result.hours):
        return autocorrelation_too_short(result)
    rows = zip(result.titles, result.decorrelation, result.after_a_day, strict=True)
    sentences = [_sentence(*row, result.hours[-1]) for row in rows]
    if result.constant:
        sentences.append(f"Constant, so without an autocorrelation: {', '.join(result.constant)}.")
    if result.names:
        sentences.append(
            f"The bounds ±{result.bound:.3f} are those of white noise. Neighbours in these series resemble each "
            f"other, so chance alone passes the bounds more often than one time in twenty."
        )
    return " ".join(sentences)


def _sentence(title: str, decorrelation: float | None, after_a_day: float | None, longest: float) -> str:
    forgets = (
        f"falls to 1/e after {duration(decorrelation)}"
        if decorrelation is not None
        else f"stays above 1/e for {duration(longest)}"
    )
    returns = "" if after_a_day is None else f" and is {after_a_day:.2f} a day later".replace("-", "−")
    return f"{title} {forgets}{returns}."
