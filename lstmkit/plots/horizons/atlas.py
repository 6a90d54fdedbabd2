"""The figure of lags and leads."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import FixedLocator, MaxNLocator, MultipleLocator

from lstmkit.analysis.horizons.atlas import Atlas, Map
from lstmkit.plots.style import MAGNITUDE_COLORS, MUTED, axes_grid, hours_axis, magnitude_norm, power_ticks

SHORT = 2.0  # hours; leads up to it are counted in minutes


def plot_atlas(atlas: Atlas) -> Figure:
    """Gradient of every step ahead with respect to every past step; the maps share a colour scale.

    Args:
        atlas: of a model at one horizon.
    """
    figure, panels = axes_grid(1, len(atlas.maps), height=4.4, sharey=True, squeeze=False)
    panels = panels[0]
    norm = magnitude_norm(float(max(each.values.max() for each in atlas.maps.values())))
    for axes, (name, each) in zip(panels, atlas.maps.items(), strict=True):
        image = _draw(axes, each, atlas, norm)
        axes.set_title(f"{name[0].upper()}{name[1:]}", fontsize=9)
    bar = figure.colorbar(image, ax=panels, location="bottom", pad=0.02, aspect=50)
    bar.outline.set_visible(False)
    power_ticks(bar.long_axis)
    bar.set_label(f"{atlas.unit} (logarithmic)", color=MUTED, fontsize=8)
    _lead_ticks(panels[0], atlas)
    return figure


def _draw(axes: Axes, each: Map, atlas: Atlas, norm) -> AxesImage:
    step, last = float(atlas.hours_ahead[0]), float(atlas.hours_ahead[-1])
    lookback, scale = float(atlas.hours_before[0]) + step, _scale(atlas)
    image = axes.imshow(
        each.values,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        extent=(-lookback, 0, scale * step / 2, scale * (last + step / 2)),
        norm=norm,
        cmap=MAGNITUDE_COLORS,
    )
    hours_axis(axes, lookback, 5, atlas.calendar)
    if lookback <= SHORT:
        axes.xaxis.set_major_locator(MaxNLocator(2))  # small numbers are long
    return image


def _in_minutes(atlas: Atlas) -> bool:
    return float(atlas.hours_ahead[-1]) <= SHORT


def _scale(atlas: Atlas) -> float:
    """By which hours ahead are multiplied: to minutes, or to the series' unit of time."""
    return 60.0 if _in_minutes(atlas) else 1 / atlas.calendar.unit_hours


def _lead_ticks(axes: Axes, atlas: Atlas) -> None:
    last, in_minutes = _scale(atlas) * float(atlas.hours_ahead[-1]), _in_minutes(atlas)
    axes.set_ylabel("minutes ahead" if in_minutes else f"{atlas.calendar.unit}s ahead")
    if len(atlas.hours_ahead) == 1:
        axes.yaxis.set_major_locator(FixedLocator([last]))
    elif in_minutes:
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True))
    else:
        axes.yaxis.set_major_locator(
            MultipleLocator(next((s for s in (1, 2, 3, 6, 12, 24) if last / s < 9), 168))
        )
