"""Figures of attributions: maps over time and features, and their margins."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from lstmkit.analysis.attribution.agreement import Agreement
from lstmkit.analysis.attribution.averages import Attribution
from lstmkit.plots.style import (
    ACCENT,
    INK,
    MAGNITUDE_COLORS,
    MUTED,
    SIGNED_COLORS,
    axes_grid,
    canvas,
    hours_axis,
    light_grid,
    magnitude_norm,
    power_ticks,
)
from lstmkit.wording import feature_label, plain

SIGNED_RANGE = 100  # of the logarithmic part of a signed scale


def plot_heatmap(attribution: Attribution, signed: bool = False) -> Figure:
    """Attribution of each feature at each past step.

    Args:
        attribution: of any method.
        signed: show signed means, red up and blue down, instead of magnitudes.
    """
    figure, axes = canvas(height=3.4)
    image = _map(axes, attribution, _norm([attribution], signed), signed)
    _colorbar(figure, axes, image, attribution)
    shown = "signed" if signed else "magnitude"
    if attribution.n_windows > 1:
        shown = "signed mean" if signed else "mean magnitude"
    axes.set_title(f"{attribution.method}: {shown}")
    return figure


def plot_heatmaps(left: Attribution, right: Attribution) -> Figure:
    """Magnitudes of two methods side by side on one colour scale.

    Args:
        left: of one method.
        right: of another, in the same unit.
    """
    figure, pair = axes_grid(1, 2, height=3.4, sharey=True)
    norm = _norm([left, right], signed=False)
    for axes, attribution in zip(pair, (left, right), strict=True):
        image = _map(axes, attribution, norm, signed=False)
        axes.set_title(attribution.method)
    _colorbar(figure, list(pair), image, left)
    return figure


def plot_feature_importance(attribution: Attribution, untrained: Attribution) -> Figure:
    """Share of the absolute attribution per feature, with standard errors, beside that before training.

    Args:
        attribution: of any method.
        untrained: of the same method, to the same network before training.
    """
    table = attribution.features_frame()[::-1]
    error = 100 * table["standard_error"] / (table["total"].sum() or 1.0)
    figure, axes = canvas(height=0.55 + 0.28 * len(table))
    axes.barh([feature_label(name) for name in table.index], table["share_percent"], color=ACCENT, height=0.7)
    axes.errorbar(
        table["share_percent"], range(len(table)), xerr=error, fmt="none", ecolor=INK, capsize=2, lw=1
    )
    before = untrained.share[table.index]
    axes.plot(before, range(len(table)), "D", color=INK, ms=5, mfc="white", label="before training")
    for row, share in enumerate(table["share_percent"]):
        axes.text(1.01, row, f"{share:.1f} %", transform=axes.get_yaxis_transform(), va="center")
    axes.set_xlim(left=0)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("share of the absolute attribution (%)")
    axes.set_title(f"{attribution.method} by feature")
    light_grid(axes, "x")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), fontsize=8)
    return figure


def plot_temporal_profile(attribution: Attribution) -> Figure:
    """Absolute attribution of each past hour, or longer step, with standard errors.

    Args:
        attribution: of any method.
    """
    total, hours = attribution.by_hour.sum() or 1.0, attribution.hours
    share, error = 100 * attribution.by_hour / total, 100 * attribution.by_hour_error / total
    width = hours[0] - hours[1] if len(hours) > 1 else 1.0
    figure, axes = canvas(height=2.8)
    axes.bar(-hours - width / 2, share, width=0.85 * width, color=ACCENT)
    axes.errorbar(-hours - width / 2, share, yerr=error, fmt="none", ecolor=INK, capsize=1.5, lw=0.8)
    axes.set_xlim(-hours[0] - width, 0)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("share of the absolute\nattribution (%)")
    axes.set_title(f"{attribution.method} by past {attribution.calendar.unit}")
    hours_axis(axes, float(hours[0] + width), calendar=attribution.calendar)
    light_grid(axes)
    return figure


def plot_agreement(agreement: Agreement) -> Figure:
    """Rank correlation of the maps of all methods with the cells that it is of, and each method's shares per feature.

    Args:
        agreement: of several methods.
    """
    figure, (left, right) = axes_grid(1, 2, height=3.6, width_ratios=[1, 1.35])
    matrix = agreement.correlation
    left.imshow(matrix, vmin=0, vmax=1, cmap="Blues", aspect="auto")
    cells = [f"{number:,}" for number in agreement.compared.to_numpy().ravel()]
    _annotate(left, matrix.to_numpy(), plain, dark_above=0.6, below=cells)
    _names(left, matrix.columns, matrix.index)
    left.set_title("Rank correlation, number of cells")
    shares = agreement.shares.loc[agreement.shares.mean(axis=1).sort_values(ascending=False).index]
    right.imshow(shares, vmin=0, cmap="Blues", aspect="auto")
    _annotate(right, shares.to_numpy(), "{:.0f}".format, dark_above=0.6 * shares.to_numpy().max())
    _names(right, shares.columns, [feature_label(name) for name in shares.index])
    right.set_title("Share per feature (%)")
    return figure


def _map(axes: Axes, attribution: Attribution, norm: Normalize, signed: bool) -> AxesImage:
    values = attribution.signed if signed else attribution.magnitude
    hours = (
        attribution.hours_before[0]
        * len(attribution.hours_before)
        / max(1, len(attribution.hours_before) - 1)
    )
    image = axes.imshow(
        values.T,
        aspect="auto",
        interpolation="nearest",
        extent=(-hours, 0, len(attribution.features) - 0.5, -0.5),
        norm=norm,
        cmap=SIGNED_COLORS if signed else MAGNITUDE_COLORS,
    )
    axes.set_yticks(range(len(attribution.features)), [feature_label(name) for name in attribution.features])
    axes.tick_params(axis="y", length=0)
    hours_axis(axes, hours, calendar=attribution.calendar)
    return image


def _norm(attributions: list[Attribution], signed: bool) -> Normalize:
    """Logarithmic scales, for attributions span decades; those of signs are linear around zero."""
    if signed:
        largest = max(np.abs(a.signed).max() for a in attributions) or 1.0
        return SymLogNorm(largest / SIGNED_RANGE, linscale=0.5, vmin=-largest, vmax=largest)
    return magnitude_norm(max(a.magnitude.max() for a in attributions))


def _colorbar(figure: Figure, axes, image: AxesImage, attribution: Attribution) -> None:
    norm = image.norm
    beyond = None if isinstance(norm, SymLogNorm) else "min"
    bar = figure.colorbar(image, ax=axes, pad=0.02, aspect=25, extend=beyond)
    bar.outline.set_visible(False)
    if isinstance(norm, SymLogNorm):
        # ticks inside the linear part would stand on the zero, and those beyond the ends would move the ends
        low, high = norm.linthresh, norm.vmax
        bar.set_ticks([tick for tick in bar.get_ticks() if tick == 0 or low <= abs(tick) <= high])
    power_ticks(bar.long_axis)
    bar.set_label(f"{attribution.unit}\n(logarithmic colour scale)", color=MUTED, fontsize=8)


def _annotate(
    axes: Axes,
    values: np.ndarray,
    written: Callable[[float], str],
    dark_above: float,
    below: Sequence[str] = (),
) -> None:
    """Write each cell's value into it, and below that something smaller."""
    for (row, column), value in np.ndenumerate(values):
        color = "white" if value > dark_above else INK
        text = "–" if np.isnan(value) else written(value)
        axes.text(
            column, row - (0.12 if below else 0), text, ha="center", va="center", color=color, fontsize=8
        )
        if below:
            number = below[row * values.shape[1] + column]
            axes.text(column, row + 0.24, number, ha="center", va="center", color=color, fontsize=6)


def _names(axes: Axes, columns, rows) -> None:
    axes.set_xticks(range(len(columns)), columns, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
