"""Forecasts beside what came true, in sentences."""

import pandas as pd

from lstmkit.analysis.errors.predictions import HOUR, LastStep, Overlay
from lstmkit.wording import count, digits, duration


def windows_named(last: LastStep) -> str:
    """Which windows these are, for captions.

    Args:
        last: the last step of their forecasts.
    """
    if len(last) == last.n_windows:
        return f"all {last.n_windows:,} test windows"
    return f"{len(last):,} of the {last.n_windows:,} test windows, spread evenly over time"


def overlay_caption(overlay: Overlay) -> str:
    """What is drawn, of which windows, and by what rule the week was chosen.

    Args:
        overlay: of one model.
    """
    every, lead = overlay.thinned_to / HOUR, duration(overlay.last.hours_ahead)
    fans = f", with {count(len(overlay.fans), 'whole forecast')} from the dots on" if overlay.fans else ""
    return (
        f"Forecasts of the last step, {lead} ahead, and true values at the time that they are for, of "
        f"{windows_named(overlay.last)}. Above, one point {'per hour' if every == 1 else f'every {every:.3g} h'}; "
        f"below, the full week whose RMSE is nearest the median of all{fans}."
    )


def week_named(overlay: Overlay) -> str:
    """The week that is shown.

    Args:
        overlay: of one model.
    """
    return f"the week of {_day(overlay.monday)}"


def overlay_finding(overlay: Overlay) -> str:
    """How much the weeks differ, and which one is shown.

    Args:
        overlay: of one model.
    """
    rmse, unit = overlay.weeks["rmse"], overlay.last.unit
    shown = f"{week_named(overlay)} (RMSE {digits(rmse[overlay.monday])} {unit})"
    if len(rmse) == 1:
        return f"The test part holds one week to look at: {shown}."
    return (
        f"Of {len(rmse)} full weeks the easiest is that of {_day(rmse.idxmin())} (RMSE {digits(rmse.min())} "
        f"{unit}), the hardest that of {_day(rmse.idxmax())} ({digits(rmse.max())} {unit}); the median is "
        f"{digits(rmse.median())} {unit}. Nearest to it, and drawn, is {shown}."
    )


def _day(date: pd.Timestamp) -> str:
    return f"{date.day} {date:%B %Y}"
