"""The figure of one forecast."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lstmkit.analysis.errors.one_forecast import OneForecast
from lstmkit.plots.errors.predictions import OBSERVED
from lstmkit.plots.style import ACCENT, INK, MUTED, axes_grid, date_axis, light_grid
from lstmkit.wording import feature_label

FEW = 24  # steps ahead, up to which each has a mark


def plot_one_forecast(forecast: OneForecast, target: str) -> Figure:
    """What was observed, what was forecast, and what a baseline forecasts; on the right the horizon alone.

    Args:
        forecast: from one origin.
        target: the target's name.
    """
    figure, (left, right) = axes_grid(1, 2, height=2.9, width_ratios=[1.8, 1])
    past, ahead = forecast.past, forecast.ahead
    left.plot(past.index, past, color=OBSERVED, lw=2.5)
    left.axvline(forecast.origin, color=MUTED, lw=0.8, ls=":")
    for axes in (left, right):
        _draw_ahead(axes, forecast, "." if axes is right and len(ahead) <= FEW else None)
        light_grid(axes)
    date_axis(left, past.index[0], ahead.index[-1], most_ticks=6)
    date_axis(right, forecast.origin, ahead.index[-1], most_ticks=4)
    left.set_ylabel(f"{feature_label(target)} ({forecast.unit})")
    left.set_title(f"Forecast from {forecast.origin:{forecast.calendar.date_format}} on")
    right.set_title("The same, enlarged")
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    return figure


def _draw_ahead(axes: Axes, forecast: OneForecast, marker: str | None) -> None:
    lines: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("observed", "observed", {"color": OBSERVED, "lw": 2.5}),
        ("baseline", forecast.baseline, {"color": INK, "lw": 1, "ls": "--"}),
        ("forecast", "forecast", {"color": ACCENT, "lw": 1.5}),
    )
    for column, label, look in lines:
        axes.plot(forecast.ahead.index, forecast.ahead[column], label=label, marker=marker, **look)
