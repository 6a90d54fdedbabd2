"""Whether other convolutional filters matter at another horizon, in words."""

from lstmkit.analysis.horizons.filter_shift import ALIKE, FilterShift
from lstmkit.findings.resampling.days import too_few
from lstmkit.wording import count, signed


def filter_shift_caption(shift: FilterShift) -> str:
    """What was averaged, and what is compared with what.

    Args:
        shift: of one convolutional model.
    """
    block = shift.calendar.block
    days = count(shift.n_days, block)
    return (
        f"First-order importance of the filters of the last convolution on the same {shift.n_windows} test windows "
        f"of {days} at every horizon. Each point is a pair of filters of two separately trained "
        f"models, matched so that their activations correlate most. Whiskers are standard errors over resampled "
        f"blocks of {block}s.{too_few(shift.n_days, block)}"
    )


def filter_shift_finding(shift: FilterShift) -> str:
    """Whether filters of the two models are the same, and how concentrated the importance is.

    Args:
        shift: of one convolutional model.
    """
    if not all(importance.any() for importance in shift.importance):
        return "At some horizon no filter changes the forecast, so there is nothing to compare."
    matched, shuffled, same = (
        signed(value, 2) for value in (shift.median_likeness, shift.median_chance, shift.median_same_number)
    )
    return (
        f"The models for {shift.horizons[0]} and {shift.horizons[-1]} ahead were trained separately: filters of the "
        f"same number correlate by {same} in the median. Matched so that they correlate most, pairs reach "
        f"{matched} in the median, and {shuffled} where the windows of one model are shuffled; {shift.n_alike} of "
        f"{len(shift.partner)} reach {ALIKE} ({shift.n_alike_by_chance} shuffled). {_agreement(shift)} "
        f"{_concentration(shift)}"
    )


def _agreement(shift: FilterShift) -> str:
    if shift.agreement is None:
        return "All matched filters are equally important."
    verdict = (
        "lies further from 0 than that" if shift.agreement_is_clear else "does not differ clearly from 0"
    )
    return (
        f"The importance of unrelated filters would have a rank correlation of 0 ± {shift.agreement_spread:.2f}; that "
        f"of matched ones, {signed(shift.agreement, 2)}, {verdict}."
    )


def _concentration(shift: FilterShift) -> str:
    parts = [
        f"{count(int(half), 'filter holds', 'filters hold')} half of the importance {horizon} ahead (± {error:.1f})"
        for horizon, half, error in zip(shift.horizons, shift.half, shift.half_error, strict=True)
    ]
    return f"{', '.join(parts)}."
