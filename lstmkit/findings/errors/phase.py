"""At what time of day, week or year a model errs, in sentences."""

from lstmkit.analysis.errors.phase import PhaseError
from lstmkit.analysis.resampling.statistics import FEWEST_DAYS
from lstmkit.wording import count, digits, percent, signed_alike


def phase_error_too_short(result: PhaseError) -> str:
    """What is said in place of a profile.

    Args:
        result: of the last step ahead.
    """
    season, kind = result.calendar.season, result.calendar.position_kind
    if season is None:
        return "The steps resolve no cycle of the calendar, so there is no profile of the error over one."
    seen = f"on {FEWEST_DAYS} days" if season.name == "day" else f"in {FEWEST_DAYS} {season.name}s"
    return (
        f"No {kind} comes up {seen}, as a profile over the {season.name} needs; the errors fall on "
        f"{count(result.n_days, result.calendar.block)} in all."
    )


def phase_error_caption(result: PhaseError) -> str:
    """What is shown.

    Args:
        result: of the last step ahead.
    """
    if result.is_empty:
        return phase_error_too_short(result)
    calendar = result.calendar
    kind, each = calendar.position_kind, "at each" if calendar.is_within_days else "in each"
    return (
        f"Errors {calendar.duration(result.hours_ahead)} ahead by the {'local ' if calendar.is_within_days else ''}"
        f"{kind} of the target, over {count(result.n_days, calendar.block)}; bands hold "
        f"{100 * result.confidence:.0f} % of resamplings of blocks of {calendar.block}s, {each} {kind} alone."
    )


def phase_error_finding(result: PhaseError) -> str:
    """When the forecast is too high, too low, and least certain.

    Args:
        result: of the last step ahead.
    """
    if result.is_empty:
        return phase_error_too_short(result)
    rmse, unit, hardest, easiest = result.rmse, result.unit, result.hardest, result.easiest
    clock = result.calendar.is_within_days
    of_all = f"at {int(result.differs.sum())} of {result.n_seen} times of day"
    if not clock:
        of_all = f"in {int(result.differs.sum())} of {count(result.n_seen, result.calendar.position_kind)}"
    return (
        f"{_extremes(result)} The mean error differs from zero {of_all}, where chance alone would give about "
        f"{result.expected_by_chance:.0f}; knowing it would remove {percent(result.explained)} of the squared error. "
        f"The RMSE is largest {_when(result, hardest)} ({digits(rmse[hardest])} {unit}) and smallest "
        f"{_when(result, easiest)} ({digits(rmse[easiest])} {unit})."
    )


def _when(result: PhaseError, at: int) -> str:
    """A bin with its preposition."""
    word = {"time of day": "at", "weekday": "on"}.get(result.calendar.position_kind, "in")
    return f"{word} {result.name(at)}"


def _extremes(result: PhaseError) -> str:
    named = []
    for word, at in (("highest", result.highest), ("lowest", result.lowest)):
        mean, low, high = signed_alike(result.bias[at], *result.bias_interval[:, at])
        named.append(f"{word} {_when(result, at)}, {mean} {result.unit} ({low} to {high})")
    lead = result.calendar.duration(result.hours_ahead)
    return f"{lead} ahead the mean of forecast − observed is {', and '.join(named)}."
