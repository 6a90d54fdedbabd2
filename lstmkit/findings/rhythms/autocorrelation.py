"""How long some series resemble themselves, in sentences."""

from lstmkit.analysis.rhythms.autocorrelation import (
    FEWEST_PAIRS,
    FEWEST_VALUES,
    NORMAL_QUANTILE,
    Autocorrelation,
)
from lstmkit.data.calendar import Calendar


def autocorrelation_caption(result: Autocorrelation) -> str:
    """What is shown, with the bounds.

    Args:
        result: of some series.
    """
    if not len(result.hours):
        return autocorrelation_too_short(result)
    step, longest = (result.calendar.duration(result.hours[at]) for at in (1, -1))
    means = f"of the means of {step}" if result.calendar.is_within_days else f"in steps of {step}"
    return (
        f"Autocorrelation {means} up to {longest}, no lag "
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
    """How soon each series forgets, and how much of it returns a day, or another shortest cycle, later.

    Args:
        result: of some series.
    """
    if not len(result.hours):
        return autocorrelation_too_short(result)
    rows = zip(result.titles, result.decorrelation, result.after_a_cycle, strict=True)
    sentences = [_sentence(*row, result.hours[-1], result.calendar) for row in rows]
    if result.constant:
        sentences.append(f"Constant, so without an autocorrelation: {', '.join(result.constant)}.")
    if result.names:
        sentences.append(
            f"The bounds ±{result.bound:.3f} are those of white noise. Neighbours in these series resemble each "
            f"other, so chance alone passes the bounds more often than one time in twenty."
        )
    return " ".join(sentences)


def _sentence(
    title: str, decorrelation: float | None, after_a_cycle: float | None, longest: float, calendar: Calendar
) -> str:
    forgets = (
        f"falls to 1/e after {calendar.duration(decorrelation)}"
        if decorrelation is not None
        else f"stays above 1/e for {calendar.duration(longest)}"
    )
    returns = ""
    if after_a_cycle is not None and calendar.season is not None:
        returns = f" and is {after_a_cycle:.2f} a {calendar.season.name} later".replace("-", "−")
    return f"{title} {forgets}{returns}."
