"""How what was found about a model differs between two horizons, in sentences."""

from lstmkit.findings.answers import percent_of_all
from lstmkit.findings.measures import feature_shares, history, hours_of_half
from lstmkit.findings.over_seeds import OverSeeds
from lstmkit.findings.run_results import RunResults
from lstmkit.wording import VISIBLE, digits, feature_label, signed


def error_grows(near: RunResults, far: RunResults) -> str:
    """How much larger the error is at the farther horizon.

    Args:
        near: the model at its nearest horizon.
        far: at its farthest.
    """
    errors = [run.metrics["rmse"]["all_steps"] for run in (near, far)]
    return (
        f"the RMSE over all steps is {errors[1] / errors[0]:.1f} times as large at {far.ahead} as at {near.ahead} "
        f"({digits(errors[1])} and {digits(errors[0])} {near.metrics['unit']})."
    )


def gradient_shifts(near: RunResults, far: RunResults) -> str | None:
    """How the gradient's shares and its age differ; None where they were not found at both horizons.

    Args:
        near: the model at its nearest horizon.
        far: at its farthest.
    """
    before, after = (feature_shares(run) for run in (near, far))
    common = [name for name in before if name in after]
    near_half, far_half = (hours_of_half(run) for run in (near, far))
    if not common or near_half is None or far_half is None:
        return None
    change = {name: after[name].first - before[name].first for name in common}
    rises, falls = max(change, key=change.__getitem__), min(change, key=change.__getitem__)
    seen = [
        _moved(name, verb, change[name], before[name], after[name])
        for name, verb, points in ((rises, "gains", change[rises]), (falls, "loses", -change[falls]))
        if points > VISIBLE
    ]
    moved = " and ".join(seen) or "no feature's share moves by half a point"
    before_hours, after_hours = (near.calendar.duration(half.first) for half in (near_half, far_half))
    beyond = _beyond_seeds(near_half, far_half)
    instead = f"not {before_hours}{beyond}" if before_hours != after_hours else "at both"
    return (
        f"from {near.ahead} to {far.ahead} {moved}; half of it lies in the newest {after_hours}, {instead}."
    )


def _moved(name: str, verb: str, points: float, before: OverSeeds, after: OverSeeds) -> str:
    reached = f", to {percent_of_all(after.first)}" if verb == "gains" else ""
    return f"{feature_label(name)} {verb} most ({signed(points, 0)} points{reached}{_beyond_seeds(before, after)})"


def _beyond_seeds(before: OverSeeds, after: OverSeeds) -> str:
    """Whether the seeds of both horizons are apart; nothing where one seed was measured."""
    if min(len(before.trained), len(after.trained)) < 2:
        return ""
    apart = min(after.trained) > max(before.trained) or max(after.trained) < min(before.trained)
    return ", in every seed" if apart else ", no more than the seeds differ"


def memory_shifts(near: RunResults, far: RunResults) -> str | None:
    """How the history that is needed differs; None where it was not found at both horizons.

    Args:
        near: the model at its nearest horizon.
        far: at its farthest.
    """
    (before, after), parts = (history(run) for run in (near, far)), []
    if before is not None and after is not None:
        near_hours, far_hours = (near.calendar.duration(each.first) for each in (before, after))
        instead = "at both" if near_hours == far_hours else f"not {near_hours}{_beyond_seeds(before, after)}"
        parts.append(f"95 % of the network's gain needs the newest {far_hours} at {far.ahead}, {instead}")
    needed: list[float | None] = [run.facts_of("trajectories").get("needed_hours") for run in (near, far)]
    if None not in needed:
        near_hours, far_hours = (near.calendar.duration(hours) for hours in needed if hours is not None)
        instead = "at both" if near_hours == far_hours else f"instead of {near_hours}"
        parts.append(f"the median final state needs {far_hours} of history {instead}")
    return f"{'; '.join(parts)}." if parts else None
