"""Figure of warnings: precision against recall, and both at the level itself."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lstmkit.analysis.errors.warning_counts import PERSISTENCE
from lstmkit.analysis.errors.warning_rates import OWN
from lstmkit.analysis.errors.warning_skill import Case, WarningSkill
from lstmkit.plots.style import ACCENT, INK, MUTED, SEQUENCE, WARM, axes_grid, light_grid

BEST, OTHERS = SEQUENCE[1], "#c4ccd4"
RATES = {"precision": (ACCENT, -0.16, "no warning"), "recall": (WARM, 0.16, "no event")}
TITLES = {"onsets": "Windows that start below", "all windows": "All windows"}


def plot_warning_skill(skill: WarningSkill) -> Figure:
    """Precision against recall of everyone at all levels of the forecast, and both rates at the level itself.

    Args:
        skill: of a model and the baselines.
    """
    figure, panels = axes_grid(2, 2, height=6.6, height_ratios=[1.35, 1], sharey="row")
    for windows, (top, bottom) in zip(TITLES, panels.T, strict=True):
        case = skill.cases[windows, "within"]
        _curves(top, case, skill)
        top.set_title(f"{TITLES[windows]}\n{case.events:,} of {case.windows:,} reach it")
        _rates(bottom, case)
    panels[0, 0].set_ylabel("precision: warnings that are right (%)")
    handles, names = panels[0, 1].get_legend_handles_labels()
    figure.legend(handles[::-1], names[::-1], loc="outside upper center", ncols=4, fontsize=8)
    panels[1, 0].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.1, fontsize=8)
    return figure


def _curves(axes: Axes, case: Case, skill: WarningSkill) -> None:
    best = skill.best_rival()
    colors = {best: BEST, PERSISTENCE: INK, skill.model: ACCENT}
    others = [name for name in case.warners if name not in colors]
    for name in [*others, *(named for named in colors if named in case.warners)]:
        precision, recall = 100 * case.warners[name].curve
        color, is_model = colors.get(name, OTHERS), name == skill.model
        label = name if name in colors else "other baselines"
        label = f"{name}, the best baseline" if name == best else label
        shown = None if name in others[1:] else label
        axes.plot(recall, precision, color=color, lw=2.2 if is_model else 1.2, label=shown)
        axes.plot(recall[OWN], precision[OWN], "o", color=color, ms=6 if is_model else 4)
    axes.axhline(100 * case.share, color=MUTED, lw=1, ls="--")
    axes.set(xlim=(-2, 102), ylim=(-2, 102))
    axes.set_xlabel("recall: events that are warned of (%)")
    if not case.events:
        axes.text(50, 50, "nothing to warn of", ha="center", va="center", color=MUTED)
    light_grid(axes, "both")


def _rates(axes: Axes, case: Case) -> None:
    for key, (color, shift, nothing) in RATES.items():
        rates = [getattr(warner, key) for warner in case.warners.values()]
        rows = np.arange(len(rates)) + shift
        known = [(row, rate) for row, rate in zip(rows, rates, strict=True) if rate.value is not None]
        axes.plot(
            [100 * rate.value for _, rate in known],
            [row for row, _ in known],
            "o",
            color=color,
            ms=4.5,
            label=key,
        )
        for row, rate in zip(rows, rates, strict=True):
            if rate.value is None:
                axes.text(2, row, nothing, va="center", color=color, fontsize=7)
            elif rate.low is not None:
                axes.hlines(row, 100 * rate.low, 100 * rate.high, color=color, lw=1.4)
    axes.set_yticks(range(len(case.warners)), list(case.warners))
    axes.set_ylim(len(case.warners) - 0.5, -0.5)
    axes.set_xlim(-2, 102)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("%")
    light_grid(axes, "x")
