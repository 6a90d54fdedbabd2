"""Which rhythms some series have, in sentences."""

from lstmkit.analysis.rhythms.spectra import (
    FALSE_ALARM,
    FEWEST_CYCLES,
    FEWEST_FREQUENCIES,
    Peak,
    Spectra,
    share_of,
)
from lstmkit.findings.rhythms.series import days_or_hours, gaps_in_words
from lstmkit.wording import percent

NAMED_PEAKS = 3
NAMED_ALIASES = 4  # of each
PLACES = {
    "day": "at 24 h and its whole fractions",
    "week": "at other whole fractions of the week",
    "other": "elsewhere",
}


def spectra_caption(spectra: Spectra) -> str:
    """What was analysed, and how.

    Args:
        spectra: of some series.
    """
    if not len(spectra.hours):
        return spectra_too_short(spectra)
    return (
        f"Least-squares (Lomb–Scargle) spectra over {days_or_hours(spectra.span)} in means of "
        f"{days_or_hours(spectra.step)} ({gaps_in_words(spectra.gaps)}), linear trend removed, no taper; periods from "
        f"{days_or_hours(spectra.hours[0])} down to {days_or_hours(spectra.hours[-1])}. "
        f"Noise alone would reach the dashed floor anywhere in {100 * FALSE_ALARM:.0f} % of such spectra."
    )


def spectra_too_short(spectra: Spectra) -> str:
    """What is said in place of spectra.

    Args:
        spectra: of series that are too short.
    """
    return (
        f"{days_or_hours(spectra.span)} in means of {days_or_hours(spectra.step)} are too short for a spectrum, which "
        f"needs {FEWEST_FREQUENCIES} frequencies of at least {FEWEST_CYCLES} cycles."
    )


def spectra_finding(spectra: Spectra) -> str:
    """How much of each series is rhythm, of which periods.

    Args:
        spectra: of some series.
    """
    if not len(spectra.hours):
        return spectra_too_short(spectra)
    sentences = [_sentence(title, peaks) for title, peaks in zip(spectra.titles, spectra.peaks, strict=True)]
    if spectra.constant:
        sentences.append(
            f"Constant over the whole time, so without a spectrum: {', '.join(spectra.constant)}."
        )
    return " ".join(sentences)


def not_told_apart(peaks: tuple[Peak, ...]) -> str:
    """Which other periods could be meant by some peaks; empty where the values tell them apart.

    Args:
        peaks: that are named.
    """
    told = []
    for peak in peaks:
        if peak.aliases:
            named = [days_or_hours(hours) for hours in peak.aliases[:NAMED_ALIASES]]
            more = len(peak.aliases) - len(named)
            others = ", ".join(named) + (f" and {more} more" if more else "")
            told.append(f" The gaps do not tell {days_or_hours(peak.hours)} from {others}.")
    return "".join(told)


def _sentence(title: str, peaks: tuple[Peak, ...]) -> str:
    return f"{_shares(title, peaks)}{not_told_apart(peaks[:NAMED_PEAKS])}"


def _shares(title: str, peaks: tuple[Peak, ...]) -> str:
    if not peaks:
        return f"{title}: no period stands above the floor."
    shares = {name: share for name in PLACES if (share := share_of(peaks, name))}
    whole = percent(sum(peak.share for peak in peaks))
    if len(peaks) == 1:
        return f"{title}: one peak above the floor, at {days_or_hours(peaks[0].hours)}, with {whole} of its variance."
    strongest = ", ".join(
        f"{days_or_hours(peak.hours)} ({percent(peak.share)})" for peak in peaks[:NAMED_PEAKS]
    )
    head = f"{title}: {len(peaks)} peaks above the floor"
    if len(shares) == 1:
        (name,) = shares
        return f"{head}, all {PLACES[name]}, hold {whole} of its variance; strongest: {strongest}."
    told = ", ".join(f"{percent(share)} {PLACES[name]}" for name, share in shares.items())
    return f"{head} hold {whole} of its variance ({told}); strongest: {strongest}."
