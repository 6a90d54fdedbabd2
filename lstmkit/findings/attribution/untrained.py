"""What a network's gradient gives to features and hours that it did not give before training, in words."""

from lstmkit.analysis.attribution.untrained import BesideUntrained
from lstmkit.wording import feature_label, whole_percent

POINT = 1.0  # percent of the whole attribution: shares that differ by less are alike


def beside_untrained_finding(beside: BesideUntrained) -> str:
    """What of the shares and hours the untrained network has as well.

    Args:
        beside: of one network.
    """
    if not (beside.trained.by_step.any() and beside.untrained.by_step.any()):
        return "One of the two networks does not react to its inputs: there is nothing to compare."
    first = str(beside.trained.share.index[0])
    after, before = beside.trained.share[first], beside.untrained.share[first]
    share = "more than before training" if after > before + POINT else "no more than before training"
    return (
        f"{feature_label(first)} holds {whole_percent(after / 100)} of the attribution, {share} "
        f"({whole_percent(before / 100)}); {_moved(beside)}; {_reach(beside)}."
    )


def _moved(beside: BesideUntrained) -> str:
    name = beside.most_moved
    new, old = beside.trained.share[name], beside.untrained.share[name]
    if abs(new - old) < POINT:
        return "no share is learned: none moves by a point"
    return f"training moves {feature_label(name)} most, from {whole_percent(old / 100)} to {whole_percent(new / 100)}"


def _reach(beside: BesideUntrained) -> str:
    now, then = (each.hours_holding(0.5) for each in (beside.trained, beside.untrained))
    duration = beside.trained.calendar.duration
    if duration(now) == duration(then):
        return f"half of it lies in the newest {duration(now)}, as before training"
    further = "further back" if now > then else "no further back"
    return f"half of it lies in the newest {duration(now)}, {further} than before training ({duration(then)})"
