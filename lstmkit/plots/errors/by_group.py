"""Figure of the errors by regime."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lstmkit.analysis.errors.by_group import ErrorByRegime
from lstmkit.findings.errors.by_group import regimes_with_ranges
from lstmkit.plots.style import INK, MUTED, REGIME_COLORS, axes_grid, light_grid


def plot_error_by_regime(errors: ErrorByRegime) -> Figure:
    """Boxes of the error by regime of the true value, and the squared error by change of regime.

    Args:
        errors: of one model.
    """
    figure, (left, right) = axes_grid(1, 2, height=3.6, width_ratios=[1.25, 1])
    _boxes(left, errors)
    _ways(right, errors)
    return figure


def _boxes(axes: Axes, errors: ErrorByRegime) -> None:
    names = errors.regimes.labels
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
        box.set(facecolor=REGIME_COLORS[row], alpha=0.75, edgecolor=INK)
    for row in set(range(3)) - set(shown):
        axes.annotate("none", (row, 0), ha="center", va="bottom", color=MUTED)
    axes.axhline(0, color=INK, lw=0.8)
    axes.set_xticks(range(3), regimes_with_ranges(errors))
    axes.set_xlim(-0.5, 2.5)
    axes.set_ylabel(f"error: forecast − observed ({errors.last.unit})")
    axes.set_title("By regime of the true value")
    light_grid(axes)


def _ways(axes: Axes, errors: ErrorByRegime) -> None:
    shares, windows = 100 * errors.error_shares, 100 * errors.window_shares
    axes.imshow(shares, cmap="Reds", vmin=0, vmax=max(shares.max(), 1.0), aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        color = "white" if share > 0.6 * shares.max() > 0 else INK
        taken = errors.windows[row, column] > 0
        text = f"{share:.0f} %" if taken else "–"
        axes.text(column, row - 0.15, text, ha="center", va="center", color=color, fontsize=11)
        if taken:
            below = f"in {windows[row, column]:.1f} %\nof windows"
            axes.text(column, row + 0.22, below, ha="center", va="center", color=color, fontsize=7.5)
    names = errors.regimes.labels
    axes.set_xticks(range(3), names)
    axes.set_yticks(range(3), names)
    axes.tick_params(length=0)
    axes.set_xlabel(f"regime {errors.last.lead} later")
    axes.set_ylabel("regime at the origin")
    axes.set_title("Share of the squared error")
    for spine in axes.spines.values():
        spine.set_visible(False)
