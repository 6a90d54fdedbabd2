"""Figures of forecasts beside what came true."""

import matplotlib.dates as mdates
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lstmkit.analysis.errors.predictions import Overlay
from lstmkit.findings.errors.predictions import span_named
from lstmkit.plots.style import ACCENT, WARM, axes_grid, date_axis, light_grid
from lstmkit.wording import feature_label, sentence_case

OBSERVED = "#a3adb8"  # broad and pale, so that a forecast that hits stays visible on it


def plot_overlay(overlay: Overlay, target: str) -> Figure:
    """Forecasts and true values over the test part, and in one typical week, month or year.

    Args:
        overlay: of one model.
        target: the target's name.
    """
    figure, (top, bottom) = axes_grid(2, 1, height=5.2)
    zone = overlay.last.time.tz
    for axes, points, width in ((top, overlay.course, 0.5), (bottom, overlay.span, 1.1)):
        _lines(axes, points, width)
        date_axis(axes, points.index[0], points.index[-1])
        axes.set_ylabel(f"{feature_label(target)} ({overlay.last.unit})")
        light_grid(axes)
    for fan in overlay.fans:
        bottom.plot(
            fan.index, fan, color=WARM, lw=1.3, label="whole forecast" if fan is overlay.fans[0] else None
        )
        bottom.plot(fan.index[0], fan.iloc[0], "o", color=WARM, ms=4)
    top.set_title(f"Forecasts {overlay.last.lead} ahead at the time that they are for")
    bottom.set_title(sentence_case(span_named(overlay)))
    if overlay.kind == "week":
        bottom.xaxis.set_major_locator(mdates.DayLocator(tz=zone))
        bottom.xaxis.set_major_formatter(mdates.DateFormatter("%a %d", tz=zone))
    for axes in (top, bottom):
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderaxespad=0.1)
    return figure


def _lines(axes: Axes, points: pd.DataFrame, width: float) -> None:
    for number, stretch in points.groupby("stretch"):
        for name, color, factor in (("observed", OBSERVED, 2.5), ("forecast", ACCENT, 1)):
            label = None if number else name
            axes.plot(stretch.index, stretch[name], color=color, lw=factor * width, label=label)
