"""Which rhythms some series have, in sentences."""

from lstmkit.analysis.rhythms.spectra import (
    FALSE_ALARM,
    FEWEST_CYCLES,
    FEWEST_FREQUENCIES,
    Peak,
    Spectra,
    share_of,
)
from lstmkit.data.calendar import Calendar
from lstmkit.findings.rhythms.series import gaps_in_words, span_in_words
from lstmkit.wording import percent

NAMED_PEAKS = 3
NAMED_ALIASES = 4  # of each
PLACES = {
    "day": "at 24 h and its whole fractions",
    "week": "at {other}whole fractions of the week",
    "year": "at {other}whole fractions of the year",
    "other": "elsewhere",
}


def spectra_caption(spectra: Spectra) -> str:
    """What was analysed, and how.

    Args:
        spectra: of some series.
    """
    if not len(spectra.hours):
        return spectra_too_short(spectra)
    calendar = spectra.calendar
    longest, shortest = (span_in_words(spectra.hours[at], calendar) for at in (0, -1))
    return (
        f"Least-squares (Lomb–Scargle) spectra over {span_in_words(spectra.span, calendar)} in {_values(spectra)} "
        f"({gaps_in_words(spectra.gaps, calendar)}), linear trend removed, no taper; periods from {longest} down to "
        f"{shortest}. "
        f"Noise alone would reach the dashed floor anywhere in {100 * FALSE_ALARM:.0f} % of such spectra."
    )


def spectra_too_short(spectra: Spectra) -> str:
    """What is said in place of spectra.

    Args:
        spectra: of series that are too short.
    """
    return (
        f"{span_in_words(spectra.span, spectra.calendar)} in {_values(spectra)} are too short for a spectrum, which "
        f"needs {FEWEST_FREQUENCIES} frequencies of at least {FEWEST_CYCLES} cycles."
    )


def spectra_finding(spectra: Spectra) -> str:
    """How much of each series is rhythm, of which periods.

    Args:
        spectra: of some series.
    """
    if not len(spectra.hours):
        return spectra_too_short(spectra)
    sentences = [
        _sentence(title, peaks, spectra.calendar)
        for title, peaks in zip(spectra.titles, spectra.peaks, strict=True)
    ]
    if spectra.constant:
        sentences.append(
            f"Constant over the whole time, so without a spectrum: {', '.join(spectra.constant)}."
        )
    return " ".join(sentences)


def other_periods(peaks: tuple[Peak, ...], calendar: Calendar) -> str:
    """Which other periods could be meant by some peaks; empty where the values decide between them.

    Args:
        peaks: that are named.
        calendar: of the series.
    """
    sentences = []
    for peak in peaks:
        if peak.aliases:
            named = [span_in_words(hours, calendar) for hours in peak.aliases[:NAMED_ALIASES]]
            more = len(peak.aliases) - len(named)
            others = ", ".join(named) + (f" and {more} more" if more else "")
            sentences.append(f" The gaps do not tell {span_in_words(peak.hours, calendar)} from {others}.")
    return "".join(sentences)


def _values(spectra: Spectra) -> str:
    """What is analysed: values of single steps where these are a day or longer."""
    step = span_in_words(spectra.step, spectra.calendar)
    return f"means of {step}" if spectra.calendar.is_within_days else f"steps of {step}"


def _sentence(title: str, peaks: tuple[Peak, ...], calendar: Calendar) -> str:
    return f"{_shares(title, peaks, calendar)}{other_periods(peaks[:NAMED_PEAKS], calendar)}"


def _places(calendar: Calendar) -> dict[str, str]:
    """Where peaks of each rhythm lie; of the second cycle, those that are none of the first."""
    season = calendar.season
    return {
        name: place.format(other="" if season is not None and season.name == name else "other ")
        for name, place in PLACES.items()
    }


def _shares(title: str, peaks: tuple[Peak, ...], calendar: Calendar) -> str:
    if not peaks:
        return f"{title}: no period stands above the floor."
    places = _places(calendar)
    shares = {name: share for name in places if (share := share_of(peaks, name))}
    whole = percent(sum(peak.share for peak in peaks))
    strongest = [span_in_words(peak.hours, calendar) for peak in peaks[:NAMED_PEAKS]]
    if len(peaks) == 1:
        return f"{title}: one peak above the floor, at {strongest[0]}, with {whole} of its variance."
    named = ", ".join(
        f"{period} ({percent(peak.share)})" for period, peak in zip(strongest, peaks, strict=False)
    )
    head = f"{title}: {len(peaks)} peaks above the floor"
    if len(shares) == 1:
        (name,) = shares
        return f"{head}, all {places[name]}, hold {whole} of its variance; strongest: {named}."
    parts = ", ".join(f"{percent(share)} {places[name]}" for name, share in shares.items())
    return f"{head} hold {whole} of its variance ({parts}); strongest: {named}."
