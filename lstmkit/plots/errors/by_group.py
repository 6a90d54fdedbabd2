"""Figure of the errors by group."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lstmkit.analysis.errors.by_group import ErrorByRegime
from lstmkit.findings.errors.by_group import groups_with_ranges, place_words
from lstmkit.plots.groups import group_colors
from lstmkit.plots.style import INK, MUTED, axes_grid, light_grid

WITH_WINDOWS = 3  # groups up to which the number of windows fits into a cell


def plot_error_by_regime(errors: ErrorByRegime) -> Figure:
    """Boxes of the error by group at the last step, and the squared error by change of group.

    Args:
        errors: of one model.
    """
    figure, (left, right) = axes_grid(1, 2, height=3.6, width_ratios=[1.25, 1])
    _boxes(left, errors)
    _ways(right, errors)
    return figure


def _boxes(axes: Axes, errors: ErrorByRegime) -> None:
    names, colors = errors.groups.labels, group_colors(errors.groups)
    shown = [row for row, name in enumerate(names) if name in errors.boxes.index]
    columns = ("q5", "q25", "median", "q75", "q95")
    stats = [
        dict(
            zip(
                ("whislo", "q1", "med", "q3", "whishi"),
                errors.boxes.loc[names[row], list(columns)],
                strict=True,
            )
        )
        for row in shown
    ]
    boxes = axes.bxp(
        stats,
        positions=shown,
        widths=0.55,
        showfliers=False,
        patch_artist=True,
        medianprops={"color": INK, "lw": 1.5},
    )
    for box, row in zip(boxes["boxes"], shown, strict=True):
        box.set(facecolor=colors[row], alpha=0.75, edgecolor=INK)
    for row in set(range(len(names))) - set(shown):
        axes.annotate("none", (row, 0), ha="center", va="bottom", color=MUTED)
    axes.axhline(0, color=INK, lw=0.8)
    axes.set_xticks(range(len(names)), groups_with_ranges(errors), **_turned(names))
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylabel(f"error: forecast − observed ({errors.last.unit})")
    axes.set_title(f"By {place_words(errors)}")
    light_grid(axes)


def _ways(axes: Axes, errors: ErrorByRegime) -> None:
    shares, windows = 100 * errors.error_shares, 100 * errors.window_shares
    axes.imshow(shares, cmap="Reds", vmin=0, vmax=max(shares.max(), 1.0), aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        color = "white" if share > 0.6 * shares.max() > 0 else INK
        taken = errors.windows[row, column] > 0
        text = f"{share:.0f} %" if taken else "–"
        axes.text(
            column,
            row - 0.15,
            text,
            ha="center",
            va="center",
            color=color,
            fontsize=11 - max(0, len(shares) - 3),
        )
        if taken and len(shares) <= WITH_WINDOWS:
            below = f"in {windows[row, column]:.1f} %\nof windows"
            axes.text(column, row + 0.22, below, ha="center", va="center", color=color, fontsize=7.5)
    names, noun = errors.groups.labels, errors.groups.noun
    axes.set_xticks(range(len(names)), names, **_turned(names))
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.set_xlabel(f"{noun} {errors.last.lead} later")
    axes.set_ylabel(f"{noun} at the origin")
    axes.set_title("Share of the squared error")
    for spine in axes.spines.values():
        spine.set_visible(False)


def _turned(names: tuple[str, ...]) -> dict[str, Any]:
    """How names stand beside each other: turned where they are many."""
    if len(names) <= WITH_WINDOWS:
        return {}
    return {"rotation": 25, "ha": "right", "rotation_mode": "anchor", "fontsize": 8}
