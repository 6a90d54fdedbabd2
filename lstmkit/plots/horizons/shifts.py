"""Figures that compare a model at several horizons."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lstmkit.analysis.horizons.attribution_shift import AttributionShift
from lstmkit.analysis.horizons.filter_shift import FilterShift
from lstmkit.analysis.horizons.metrics import MetricsSummary
from lstmkit.analysis.horizons.state_shift import StateShift
from lstmkit.plots.states.geometry import planes
from lstmkit.plots.style import ACCENT, INK, MUTED, SEQUENCE, WARM, axes_grid, light_grid
from lstmkit.wording import digits, feature_label, plain, signed

PALE = "#c4ccd4"


def plot_metrics_summary(summary: MetricsSummary) -> Figure:
    """Every metric at every horizon as a table of bars, with the best baseline and the skill's interval.

    Args:
        summary: of one model.
    """
    table = summary.table
    figure, panels = axes_grid(1, 5, height=1.3 + 0.42 * len(table), sharey=True)
    titles = {
        "rmse": f"RMSE ({summary.unit})",
        "mae": f"MAE ({summary.unit})",
        "r2": "R²",
        "mape": "MAPE (%)",
    }
    rows = np.arange(len(table))
    for axes, (name, title) in zip(panels, titles.items(), strict=False):
        values, baseline = table[name].to_numpy(), table[f"baseline_{name}"].to_numpy()
        axes.barh(rows + 0.12, values, height=0.36, color=ACCENT, label=summary.model)
        axes.vlines(baseline, rows - 0.1, rows + 0.34, color=WARM, lw=2, label="best baseline")
        for row, value in enumerate(values):
            _cell(axes, row, _written(name, value))
        known = np.nan_to_num([*values, *baseline])
        low, high = min(0.0, 1.1 * known.min()), max(0.0, 1.12 * known.max())
        axes.set_xlim(low, high if low < high else 1.0)
        axes.set_title(title, fontsize=9)
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.ticklabel_format(axis="x", scilimits=(-2, 4))
    _draw_skill(panels[-1], summary)
    panels[0].set_yticks(rows, [f"{horizon}, {steps}" for horizon, steps in table.index])
    panels[0].set_ylim(len(table) - 0.5, -0.55)
    for axes in panels:
        axes.tick_params(axis="y", length=0)
        light_grid(axes, "x")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def _draw_skill(axes: Axes, summary: MetricsSummary) -> None:
    table = summary.table
    skill, low, high = (table[name].to_numpy() for name in ("skill", "skill_low", "skill_high"))
    axes.axvline(0, color=MUTED, lw=1, ls="--")
    whiskers = np.maximum([skill - low, high - skill], 0)
    axes.errorbar(
        skill, np.arange(len(table)) + 0.12, xerr=whiskers, fmt="o", ms=4, color=ACCENT, ecolor=INK, capsize=2
    )
    for row, value in enumerate(skill):
        _cell(axes, row, f"{signed(value)} %")
    axes.set_title("skill (%)", fontsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(3))


def _written(metric: str, value: float) -> str:
    if not np.isfinite(value):
        return "–"
    if metric == "r2":
        return plain(value, 3)
    return f"{value:.1f} %" if metric == "mape" else digits(value)


def _cell(axes: Axes, row: int, text: str) -> None:
    on_white = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    across = axes.get_yaxis_transform()
    axes.text(0.02, row - 0.24, text, transform=across, va="center", fontsize=8, color=INK, bbox=on_white)


def plot_attribution_shift(shift: AttributionShift) -> Figure:
    """Ranks of the features at each horizon, and shares of the spans of past hours.

    Args:
        shift: of one model.
    """
    ranks_height = 0.25 * len(shift.features) + 0.6
    figure, (upper, lower) = axes_grid(2, 1, height=ranks_height + 2.9, height_ratios=[ranks_height, 1.9])
    _draw_ranks(upper, shift)
    _draw_spans(lower, shift)
    upper.set_title("Features by rank, the first on top")
    lower.set_title("Past hours" if shift.calendar.is_within_days else "Past steps")
    lower.set_ylabel("share of the absolute\ngradient (%)")
    handles, labels = lower.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(shift.horizons))
    return figure


def _draw_ranks(axes: Axes, shift: AttributionShift) -> None:
    places = shift.reacting
    for k, feature in enumerate(shift.features):
        color = (ACCENT if shift.move[k] > 0 else WARM) if shift.clear[k] else MUTED
        ranks, errors = shift.place[places, k], shift.rank_error[places, k]
        axes.errorbar(places, ranks, yerr=errors, fmt="o-", ms=4, lw=1.4, color=color, capsize=2)
        for end in shift.ends:
            side, align = (0.06, "left") if end and end == places[-1] else (-0.06, "right")
            share = _rounded(shift.share[end, k])
            at = (end + side, shift.place[end, k])
            text = f"{feature_label(feature)}  {share}"
            ink = color if shift.clear[k] else INK
            axes.annotate(text, at, ha=align, va="center", fontsize=7.5, color=ink)
    axes.set_xlim(-0.95, len(shift.horizons) - 0.05)
    axes.set_ylim(len(shift.features) + 0.6, 0.4)
    labels = [
        f"{horizon} ahead" + ("" if h in places else "\nno gradient")
        for h, horizon in enumerate(shift.horizons)
    ]
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks([])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(axis="x", length=0)


def _rounded(share: float) -> str:
    return f"{share:.0f} %" if share >= 0.5 or share == 0 else "< 1 %"


def _draw_spans(axes: Axes, shift: AttributionShift) -> None:
    width = 0.8 / len(shift.horizons)
    places = np.arange(len(shift.spans))
    for h, horizon in enumerate(shift.horizons):
        axes.bar(
            places + (h - (len(shift.horizons) - 1) / 2) * width,
            shift.span_share[h],
            yerr=shift.span_error[h],
            width=0.92 * width,
            color=SEQUENCE[h % len(SEQUENCE)],
            ecolor=INK,
            capsize=2,
            label=f"{horizon} ahead",
        )
    axes.set_xticks(places, shift.spans)
    axes.set_ylim(0, 105)
    axes.tick_params(axis="x", length=0)
    light_grid(axes)


def plot_state_shift(shift: StateShift) -> Figure:
    """The final states at each horizon, each in its own plane, in the colours of the group at the origin.

    Args:
        shift: of one model.
    """
    return planes(shift.geometries)


def plot_filter_shift(shift: FilterShift) -> Figure:
    """Importance of matched filters at the first and the last horizon, and how concentrated it is at each.

    Args:
        shift: of one convolutional model.
    """
    figure, (left, right) = axes_grid(1, 2, height=3.6, width_ratios=[1.25, 1])
    first, last = shift.horizons[0], shift.horizons[-1]
    x, y = shift.share[0], shift.share[-1][shift.partner]
    x_error, y_error = shift.share_error[0], shift.share_error[-1][shift.partner]
    left.errorbar(x, y, xerr=x_error, yerr=y_error, fmt="none", ecolor=PALE, lw=0.8, zorder=1)
    points = left.scatter(x, y, c=shift.likeness, vmin=0, vmax=1, cmap="viridis_r", s=22, zorder=2)
    top = 1.08 * max((x + x_error).max(), (y + y_error).max()) or 1.0
    left.plot([0, top], [0, top], "--", color=MUTED, lw=1, zorder=0)
    left.set_xlim(0, top)
    left.set_ylim(0, top)
    left.set_xlabel(f"share of a filter {first} ahead (%)")
    left.set_ylabel(f"share of its match {last} ahead (%)")
    left.set_title("Importance of matched filters")
    bar = figure.colorbar(points, ax=left, pad=0.02, aspect=25)
    bar.outline.set_visible(False)
    bar.set_label("correlation of the activations", color=MUTED, fontsize=8)
    for h, (horizon, share) in enumerate(zip(shift.horizons, shift.share, strict=True)):
        held = np.cumsum(-np.sort(-share))
        color = SEQUENCE[h % len(SEQUENCE)]
        right.plot(np.arange(len(held) + 1), [0, *held], color=color, label=f"{horizon} ahead")
        right.plot(
            shift.half[h], held[int(shift.half[h]) - 1] if shift.half[h] else 0, "o", ms=5, color=color
        )
    right.axhline(50, color=MUTED, lw=1, ls="--")
    right.set_xlabel("filters, the most important first")
    right.set_ylabel("share that they hold together (%)")
    right.set_title("Concentration")
    right.set_xlim(left=0)
    right.set_ylim(0, 103)
    right.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    right.legend(loc="lower right")
    light_grid(right)
    return figure
