"""The figure of one forecast."""

from matplotlib.figure import Figure

from lstmkit.analysis.errors.one_forecast import OneForecast
from lstmkit.plots.errors.predictions import OBSERVED
from lstmkit.plots.style import ACCENT, INK, MUTED, canvas, date_axis, light_grid
from lstmkit.wording import feature_label

FEW = 24  # steps ahead, up to which each has a mark


def plot_one_forecast(forecast: OneForecast, target: str) -> Figure:
    """What was observed over the lookback and the horizon, what was forecast, and what a baseline forecasts.

    Args:
        forecast: from one origin.
        target: the target's name.
    """
    figure, axes = canvas(height=2.8)
    past, ahead = forecast.past, forecast.ahead
    marker = "." if len(ahead) <= FEW else None
    axes.plot(past.index, past, color=OBSERVED, lw=2.5, label="observed")
    axes.plot(ahead.index, ahead["observed"], color=OBSERVED, lw=2.5, marker=marker)
    axes.plot(
        ahead.index, ahead["baseline"], color=INK, lw=1, ls="--", marker=marker, label=forecast.baseline
    )
    axes.plot(ahead.index, ahead["forecast"], color=ACCENT, lw=1.5, marker=marker, label="forecast")
    axes.axvline(forecast.origin, color=MUTED, lw=0.8, ls=":")
    date_axis(axes, past.index[0], ahead.index[-1], most_ticks=9)
    axes.set_ylabel(f"{feature_label(target)} ({forecast.unit})")
    axes.set_title(f"Forecast from {forecast.origin:%a %d %b %Y, %H:%M} on")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderaxespad=0.1, fontsize=8)
    light_grid(axes)
    return figure
