"""Where a forecast errs, in sentences of a summary."""

from lstmkit.findings.run_results import Facts, RunResults
from lstmkit.wording import count, digits

CERTAIN = 0.05  # below it, a rhythm that was tested alone is there


def failures(run: RunResults) -> str:
    """Which values and which week, month or year hold most of the error.

    Args:
        run: of one model at one horizon.
    """
    predictions = run.facts_of("predictions")
    if not predictions:
        return ""
    regimes, spans = predictions["regimes"], predictions["weeks"]
    found = regimes["regimes"]
    worst = max(found, key=lambda name: found[name]["error_share"])
    hardest = ""
    for kind in ("week", "month", "year"):
        if spans.get(f"{kind}s", 0) > 1:
            rmse = f"{digits(spans[f'highest_{kind}ly_rmse'])} {regimes['unit']}"
            hardest = f" The hardest {kind} begins on {spans[f'hardest_{kind}']} (RMSE {rmse})."
    noun = regimes.get("noun", "regime")
    held = (
        f"{worst} values hold" if "noun" not in regimes else f"windows whose last step lies in {worst} hold"
    )
    return (
        f"{held} {100 * found[worst]['error_share']:.0f} % of the squared error in "
        f"{100 * found[worst]['share']:.0f} % of the windows, and windows that change their {noun} "
        f"{100 * regimes['changing_error_share']:.0f} % in {100 * regimes['changing_windows_share']:.0f} %.{hardest}"
    )


def rhythms(run: RunResults) -> str:
    """When the error is largest, and which rhythms it keeps.

    Args:
        run: of one model at one horizon.
    """
    temporal = run.facts_of("temporal")
    if not temporal:
        return ""
    if "residual_peaks" not in temporal:
        return "the test part is too short to look for rhythms in the errors, or the errors never change."
    unit, hardest = temporal.get("residual_unit"), ""
    if "largest_rmse_at" in temporal:
        when = {"time of day": "at", "weekday": "on"}.get(run.calendar.position_kind, "in")
        rmse = f"{digits(temporal['largest_rmse'])} {unit}"
        hardest = f" The RMSE is largest {when} {temporal['largest_rmse_at']} ({rmse})."
    return f"{_rhythm(run, temporal)}{hardest}"


def _rhythm(run: RunResults, temporal: Facts) -> str:
    strongest = temporal.get("residual_strongest_hours")
    if strongest is None:
        season = run.calendar.season
        key = "" if season is None else f"residual_{season.adjective}"
        p_value = temporal.get(f"{key}_p")
        if season is not None and p_value is not None and p_value < CERTAIN:
            amplitude = f"amplitude {digits(temporal[f'{key}_amplitude'])} {temporal['residual_unit']}"
            return (
                f"no rhythm of the errors rises above the noise but that of the {season.name}, tested alone "
                f"({amplitude})."
            )
        return "the errors keep no rhythm above the noise."
    n_peaks, percent = temporal["residual_peaks"], temporal["residual_rhythm_percent"]
    share = "less than 1 %" if percent < 1 else f"{percent:.0f} %"
    return (
        f"{count(n_peaks, 'rhythm')} in the errors {'rises' if n_peaks == 1 else 'rise'} above the noise, with "
        f"{share} of their variance; the strongest has a period of {run.calendar.duration(strongest)}."
    )
