"""What the forecasts leave, in sentences."""

import pandas as pd

from lstmkit.analysis.errors.residuals import FAR, NORMALLY_FAR, Residuals
from lstmkit.analysis.resampling.statistics import side_of_zero
from lstmkit.data.clock import place_name
from lstmkit.findings.errors.predictions import windows_named
from lstmkit.wording import count, digits, signed, signed_alike, signed_beside, signed_digits

NAMES = {"hour": "local hour", "month": "month of the year", "quarter": "quarter of the year"}


def residuals_caption(residuals: Residuals) -> str:
    """What is drawn.

    Args:
        residuals: of one model.
    """
    beyond = f" ({count(residuals.beyond, 'error')} beyond its edges)" if residuals.beyond else ""
    first = next(iter(residuals.groups.values()), residuals.over_time)
    means = "; red: mean, with its interval" if "mean_low" in first else ""
    kinds = [NAMES.get(name, name) for name in residuals.groups]
    by = f"{', '.join([_block(residuals), *kinds[:-1]])} and {kinds[-1]}" if kinds else _block(residuals)
    return (
        f"Errors (forecast − observed) at the last step, {residuals.last.lead} ahead, of "
        f"{windows_named(residuals.last)}: their distribution{beyond} beside a normal one of the same mean and spread, "
        f"and the errors by {by} of the time that the forecast is for. Pale: "
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
    block = residuals.last.calendar.block
    return block if residuals.block_size == 1 else f"block of {residuals.block_size} {block}s"


def _centre(residuals: Residuals) -> str:
    unit, (low, high) = residuals.last.unit, residuals.middle_half
    mean, known = (
        signed_beside(residuals.mean, residuals.sd),
        f"too few {residuals.last.calendar.block}s for an interval",
    )
    if residuals.mean_interval is not None:
        mean, least, most = signed_alike(residuals.mean, *residuals.mean_interval)
        known = f"{100 * residuals.confidence:.0f} % interval {least} to {most}"
        if side_of_zero(*residuals.mean_interval) == 0:
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
    unit, worst = residuals.last.unit, residuals.most_biased_block
    median = residuals.over_time["median"][worst]
    day = "" if residuals.last.calendar.months else f"{worst.day} "
    return [
        *_spans(residuals),
        *(
            f"The test part covers less than two {cycle}s, so errors are not grouped by {NAMES.get(kind, kind)}."
            for kind, cycle in residuals.too_short.items()
        ),
        *(_systematic(residuals, groups, name) for name, groups in residuals.groups.items()),
        f"The {_block(residuals)} whose median is most off is {'' if residuals.block_size == 1 else 'that around '}"
        f"{day}{worst:%B %Y} ({signed_digits(median)} {unit}).",
    ]


def _spans(residuals: Residuals) -> list[str]:
    if not residuals.groups:
        nothing = ["The steps resolve no cycle of the calendar by which errors could be grouped."]
        return nothing if residuals.last.calendar.season is None else []
    unit, span, kind = residuals.last.unit, residuals.span, next(iter(residuals.groups))
    widest, narrowest = int(span.idxmax()), int(span.idxmin())
    by = "the clock" if kind == "hour" else NAMES.get(kind, kind)
    return [
        f"By {by}, eight in ten errors span {digits(span[narrowest])} {unit} {_when(kind, narrowest)} and "
        f"{digits(span[widest])} {unit} {_when(kind, widest)}."
    ]


def _when(kind: str, position: int) -> str:
    """A group with its preposition."""
    word = {"hour": "at", "weekday": "on"}.get(kind, "in")
    return f"{word} {place_name(kind, position)}"


def _systematic(residuals: Residuals, groups: pd.DataFrame, name: str) -> str:
    explained = _percent(residuals.explained_by(groups))
    share = f"The mean error of the {name} explains {explained} of the errors' variance"
    off = residuals.biased(groups)
    if off is None:
        return f"{share}; some come up {_too_seldom(residuals)} for an interval."
    chance = (1 - residuals.confidence) * len(groups)
    return (
        f"{share}; in {len(off)} of {count(len(groups), name)} its interval leaves zero out ({chance:.1g} would "
        f"by chance){_worst(residuals, off, name)}."
    )


def _too_seldom(residuals: Residuals) -> str:
    block = residuals.last.calendar.block
    return f"{'on' if block.endswith('day') else 'in'} too few {block}s"


def _worst(residuals: Residuals, off: pd.DataFrame, name: str) -> str:
    if off.empty:
        return ""
    worst = int(off["mean"].abs().idxmax())
    when = _when(name, worst)
    return f", most {when} ({signed_digits(off['mean'][worst])} {residuals.last.unit})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"
