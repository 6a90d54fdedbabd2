"""How the features and the hours that a model reacts to change with the horizon, in words."""

from lstmkit.analysis.horizons.attribution_shift import AttributionShift
from lstmkit.findings.resampling.days import too_few
from lstmkit.wording import count, feature_label

MOST_NAMED = 3
SMALLEST = 0.05  # percent


def attribution_shift_caption(shift: AttributionShift) -> str:
    """What was averaged.

    Args:
        shift: of one model.
    """
    silent = " Where all gradients are zero, there are no ranks." if shift.silent else ""
    block = shift.calendar.block
    days = count(shift.n_days, block)
    return (
        f"Shares of the absolute gradient of what the network forecasts ({shift.explained}), per standard deviation "
        f"of each feature, on the same {shift.n_windows} test windows of {days} at every horizon. "
        f"Whiskers are standard errors over resampled blocks of {block}s; blue features gain rank from the first "
        f"horizon to the last, red ones lose it, by more than twice the standard error of the change."
        f"{silent}{too_few(shift.n_days, block)}"
    )


def attribution_shift_finding(shift: AttributionShift) -> str:
    """Which features gain and lose, and whether the past matters more further ahead.

    Args:
        shift: of one model.
    """
    if not len(shift.reacting):
        return "All gradients are zero."
    zeros = [f"All gradients are zero {' and '.join(shift.silent)} ahead."] if shift.silent else []
    moves = [_moves(shift)] if len(shift.ends) > 1 else []
    return " ".join([*zeros, _leaders(shift), *moves, _spans(shift)])


def _leaders(shift: AttributionShift) -> str:
    near, *far = (feature_label(shift.features[k]) for k in shift.leaders.values())
    names = [f"{near} leads ", *("" if name == near else f"{name} " for name in far)]
    parts = [
        f"{name}{shift.horizons[h]} ahead with {_percent(shift.share[h, k], shift.share_error[h, k])}"
        for name, (h, k) in zip(names, shift.leaders.items(), strict=True)
    ]
    return f"{', '.join(parts)}."


def _moves(shift: AttributionShift) -> str:
    first, last = shift.ends
    moved = shift.moved
    if not len(moved):
        return "No rank changes by more than twice its standard error."
    moves = ", ".join(
        f"{feature_label(shift.features[k])} from {shift.rank[first, k]:g} to {shift.rank[last, k]:g}"
        for k in moved[:MOST_NAMED]
    )
    more = f", and {len(moved) - MOST_NAMED} more" if len(moved) > MOST_NAMED else ""
    return f"Ranks that change by more than twice the standard error of the change: {moves}{more}."


def _spans(shift: AttributionShift) -> str:
    ahead = f" ({' and '.join(shift.horizons[h] for h in shift.ends)} ahead) fall"
    falls: list[str] = []
    for k in sorted({0, len(shift.spans) - 1}):
        shares = " and ".join(_percent(shift.span_share[h, k], shift.span_error[h, k]) for h in shift.ends)
        falls.append(f"{shares}{'' if falls else ahead} on {_in_words(shift.spans[k])}")
    return f"Of its gradient {', '.join(falls)}."


def _percent(share: float, error: float) -> str:
    spread = f" ± {error:.1f}" if error >= SMALLEST else ""
    return "less than 0.1 %" if share < SMALLEST else f"{share:.1f}{spread} %"


def _in_words(span: str) -> str:
    if span == "1 to 12 h":
        return "the hours from 1 to 12"
    return f"the {span}" if span.startswith("newest") else f"what is {span}{' old' * span.startswith('up')}"
