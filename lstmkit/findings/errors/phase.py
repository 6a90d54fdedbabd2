"""At what time of day a model errs, in sentences."""

from lstmkit.analysis.errors.phase import PhaseError
from lstmkit.analysis.resampling.statistics import FEWEST_DAYS
from lstmkit.wording import count, digits, duration, percent, signed_alike


def phase_error_too_short(result: PhaseError) -> str:
    """What is said in place of a profile.

    Args:
        result: of the last step ahead.
    """
    return (
        f"No time of day comes up on {FEWEST_DAYS} days, as a profile over the day needs; the errors fall on "
        f"{count(result.n_days, 'day')} in all."
    )


def phase_error_caption(result: PhaseError) -> str:
    """What is shown.

    Args:
        result: of the last step ahead.
    """
    if result.is_empty:
        return phase_error_too_short(result)
    return (
        f"Errors {duration(result.hours_ahead)} ahead by the local time of day of the target, over "
        f"{count(result.n_days, 'day')}; bands hold {100 * result.confidence:.0f} % of resamplings of blocks of days, "
        f"at each time of day alone."
    )


def phase_error_finding(result: PhaseError) -> str:
    """When the forecast is too high, too low, and least certain.

    Args:
        result: of the last step ahead.
    """
    if result.is_empty:
        return phase_error_too_short(result)
    rmse, unit, hardest, easiest = result.rmse, result.unit, result.hardest, result.easiest
    return (
        f"{_extremes(result)} The mean error differs from zero at {int(result.differs.sum())} of {result.n_seen} times "
        f"of day, where chance alone would give about {result.expected_by_chance:.0f}; knowing it would remove "
        f"{percent(result.explained)} of the squared error. The RMSE is largest at {result.clock(hardest)} "
        f"({digits(rmse[hardest])} {unit}) and smallest at {result.clock(easiest)} ({digits(rmse[easiest])} {unit})."
    )


def _extremes(result: PhaseError) -> str:
    named = []
    for word, at in (("highest", result.highest), ("lowest", result.lowest)):
        mean, low, high = signed_alike(result.bias[at], *result.bias_interval[:, at])
        named.append(f"{word} at {result.clock(at)}, {mean} {result.unit} ({low} to {high})")
    return f"{duration(result.hours_ahead)} ahead the mean of forecast − observed is {', and '.join(named)}."
