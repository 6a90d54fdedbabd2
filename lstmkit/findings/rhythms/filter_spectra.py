"""Which filters of the last convolution follow a rhythm, in sentences."""

from lstmkit.analysis.rhythms.filter_spectra import FilterRhythms
from lstmkit.findings.rhythms.series import span_in_words
from lstmkit.findings.rhythms.spectra import other_periods, spectra_caption, spectra_too_short
from lstmkit.wording import count, percent


def filter_rhythms_caption(filters: FilterRhythms) -> str:
    """What is shown.

    Args:
        filters: of the last convolution.
    """
    return f"The {count(len(filters.shown.names), 'most periodic filter')}. {spectra_caption(filters.shown)}"


def filter_rhythms_finding(filters: FilterRhythms) -> str:
    """How many filters are periodic, and with which periods the leading ones.

    Args:
        filters: of the last convolution.
    """
    shown, alive = filters.shown, filters.n_alive
    head = f"{alive} of {count(filters.n_filters, 'filter')} {'fires' if alive == 1 else 'fire'} at some time"
    head += f", {filters.n_dead} never" if filters.n_dead else ""
    head += f", {filters.n_still} always alike" if filters.n_still else ""
    if not len(shown.hours):
        return f"{head}. {spectra_too_short(shown)}"
    if not filters.n_periodic:
        return f"{head}; none has a peak above the floor."
    leading = [
        f"{name} ({percent(float(share))} of its variance, strongest at "
        f"{span_in_words(peaks[0].hours, shown.calendar)})"
        for name, share, peaks in zip(shown.names, shown.share, shown.peaks, strict=True)
        if peaks
    ]
    have = "has a peak" if filters.n_periodic == 1 else "have peaks"
    apart = other_periods(tuple(peaks[0] for peaks in shown.peaks if peaks), shown.calendar)
    return f"{head}; {filters.n_periodic} {have} above the floor. Most periodic: {', '.join(leading)}.{apart}"
