"""What the forecasts leave, in sentences."""

import pandas as pd

from lstmkit.analysis.errors.residuals import FAR, NORMALLY_FAR, Residuals
from lstmkit.data.overview import WEEKDAYS
from lstmkit.findings.errors.predictions import windows_named
from lstmkit.wording import count, digits, duration, signed, signed_alike, signed_beside, signed_digits


def residuals_caption(residuals: Residuals) -> str:
    """What is drawn.

    Args:
        residuals: of one model.
    """
    beyond = f" ({count(residuals.beyond, 'error')} beyond its edges)" if residuals.beyond else ""
    means = "; red: mean, with its interval" if "mean_low" in residuals.by_hour else ""
    return (
        f"Errors (forecast − observed) at the last step, {duration(residuals.last.hours_ahead)} ahead, of "
        f"{windows_named(residuals.last)}: their distribution{beyond} beside a normal one of the same mean and spread, "
        f"and the errors by {_block(residuals)}, local hour and weekday of the time that the forecast is for. Pale: "
        f"eight in ten; dark: half; line: median{means}."
    )


def residuals_finding(residuals: Residuals) -> str:
    """Where the errors are centred, how heavy their tails are, and what the clock explains of them.

    Args:
        residuals: of one model.
    """
    if residuals.excess_kurtosis is None:
        return f"{_centre(residuals)} All errors are the same."
    return " ".join([_centre(residuals), _tails(residuals, residuals.excess_kurtosis), *_calendar(residuals)])


def _block(residuals: Residuals) -> str:
    return "day" if residuals.block_days == 1 else f"block of {residuals.block_days} days"


def _centre(residuals: Residuals) -> str:
    unit, (low, high) = residuals.last.unit, residuals.middle_half
    mean, known = signed_beside(residuals.mean, residuals.sd), "too few days for an interval"
    if residuals.mean_interval is not None:
        mean, least, most = signed_alike(residuals.mean, *residuals.mean_interval)
        known = f"{100 * residuals.confidence:.0f} % interval {least} to {most}"
        if residuals.mean_interval[0] <= 0 <= residuals.mean_interval[1]:
            known += ", which holds zero"
    return (
        f"The mean error is {mean} {unit} ({known}); half of the errors lie between "
        f"{signed_digits(low)} and {signed_digits(high)} {unit}."
    )


def _tails(residuals: Residuals, kurtosis: float) -> str:
    heavier = "heavier" if residuals.far > NORMALLY_FAR else "no heavier"
    return (
        f"{100 * residuals.far:.2g} % lie more than three standard deviations ({digits(FAR * residuals.sd)} "
        f"{residuals.last.unit}) from it, where a normal distribution has {100 * NORMALLY_FAR:.2g} %: the tails are "
        f"{heavier}, with an excess kurtosis of {signed(kurtosis)}."
    )


def _calendar(residuals: Residuals) -> list[str]:
    unit, span, worst = residuals.last.unit, residuals.span_by_hour, residuals.most_biased_block
    widest, narrowest = span.idxmax(), span.idxmin()
    median = residuals.over_time["median"][worst]
    return [
        f"By the clock, eight in ten errors span {digits(span[narrowest])} {unit} at {narrowest}:00 and "
        f"{digits(span[widest])} {unit} at {widest}:00.",
        _systematic(residuals, residuals.by_hour, "hour"),
        _systematic(residuals, residuals.by_weekday, "weekday"),
        f"The {_block(residuals)} whose median is most off is {'' if residuals.block_days == 1 else 'that around '}"
        f"{worst.day} {worst:%B %Y} ({signed_digits(median)} {unit}).",
    ]


def _systematic(residuals: Residuals, groups: pd.DataFrame, name: str) -> str:
    explained = _percent(residuals.explained_by(groups))
    share = f"The mean error of the {name} explains {explained} of the errors' variance"
    off = residuals.biased(groups)
    if off is None:
        return f"{share}; some come up on too few days for an interval."
    chance = (1 - residuals.confidence) * len(groups)
    return (
        f"{share}; in {len(off)} of {count(len(groups), name)} its interval leaves zero out ({chance:.1g} would "
        f"by chance){_worst(off, name, residuals.last.unit)}."
    )


def _worst(off: pd.DataFrame, name: str, unit: str) -> str:
    if off.empty:
        return ""
    worst = off["mean"].abs().idxmax()
    when = f"at {worst}:00" if name == "hour" else f"on {WEEKDAYS[worst]}"
    return f", most {when} ({signed_digits(off['mean'][worst])} {unit})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"
