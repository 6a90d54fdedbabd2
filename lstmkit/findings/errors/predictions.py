"""Forecasts beside what came true, in sentences."""

import pandas as pd

from lstmkit.analysis.errors.predictions import LastStep, Overlay
from lstmkit.data.clock import HOUR
from lstmkit.wording import count, digits


def windows_named(last: LastStep) -> str:
    """Which windows these are, for captions.

    Args:
        last: the last step of their forecasts.
    """
    if len(last) == last.n_windows:
        return f"all {last.n_windows:,} test windows"
    return f"{len(last):,} of the {last.n_windows:,} test windows, spread evenly over time"


def overlay_caption(overlay: Overlay) -> str:
    """What is drawn, of which windows, and by what rule the week, month or year was chosen.

    Args:
        overlay: of one model.
    """
    calendar = overlay.last.calendar
    every, lead = overlay.thinned_to / HOUR, overlay.last.lead
    points = (
        f"per {calendar.block}"
        if overlay.thinned_to == calendar.step
        else f"every {calendar.duration(every)}"
    )
    if calendar.is_within_days:
        points = "per hour" if every == 1 else f"every {every:.3g} h"
    fans = f", with {count(len(overlay.fans), 'whole forecast')} from the dots on" if overlay.fans else ""
    return (
        f"Forecasts of the last step, {lead} ahead, and true values at the time that they are for, of "
        f"{windows_named(overlay.last)}. Above, one point {points}; "
        f"below, the full {overlay.kind} whose RMSE is nearest the median of all{fans}."
    )


def span_named(overlay: Overlay) -> str:
    """The week, month or year that is shown.

    Args:
        overlay: of one model.
    """
    named = _named(overlay.begin, overlay.kind)
    return f"the week of {named}" if overlay.kind == "week" else named


def overlay_finding(overlay: Overlay) -> str:
    """How much the weeks, months or years differ, and which one is shown.

    Args:
        overlay: of one model.
    """
    rmse, unit, kind = overlay.spans["rmse"], overlay.last.unit, overlay.kind
    shown = f"{span_named(overlay)} (RMSE {digits(rmse[overlay.begin])} {unit})"
    if len(rmse) == 1:
        return f"The test part holds one {kind} to look at: {shown}."
    easiest, hardest = (_named(begin, kind) for begin in (rmse.idxmin(), rmse.idxmax()))
    that = "that of " if kind == "week" else ""
    return (
        f"Of {len(rmse)} full {kind}s the easiest is {that}{easiest} (RMSE {digits(rmse.min())} "
        f"{unit}), the hardest {that}{hardest} ({digits(rmse.max())} {unit}); the median is "
        f"{digits(rmse.median())} {unit}. Nearest to it, and drawn, is {shown}."
    )


def _named(begin: pd.Timestamp, kind: str) -> str:
    day = f"{begin.day} " if kind == "week" else ""
    return f"{begin:%Y}" if kind == "year" else f"{day}{begin:%B %Y}"
