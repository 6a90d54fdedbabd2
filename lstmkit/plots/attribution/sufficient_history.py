"""The figure of the history that a forecast needs."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from lstmkit.analysis.attribution.sufficient_history import ENOUGH, SufficientHistory
from lstmkit.plots.style import ACCENT, INK, MUTED, WARM, axes_grid, light_grid, time_ticks

LOWEST = -0.5  # of the axis: a gain below it is out of sight
TICKS = (1 / 60, 1 / 12, 1 / 4, 1, 3, 6, 24, 72, 168, 720, 8760)  # hours


def plot_sufficient_history(trained: SufficientHistory, untrained: SufficientHistory) -> Figure:
    """What the newest inputs leave of the gain and of the output, before and after training.

    An untrained network gains nothing whose history could be drawn; its output has one.

    Args:
        trained: of the network that is explained.
        untrained: of the same network before training.
    """
    figure, (left, right) = axes_grid(1, 2, height=3.4, sharey=True)
    _gain(left, trained)
    for history, color, label in ((trained, ACCENT, "trained"), (untrained, MUTED, "untrained")):
        if history.reproduced is not None and history.output_hours is not None:
            right.plot(_hours(history), history.reproduced, "o-", ms=4, lw=1.5, color=color, label=label)
            right.axvline(history.output_hours, color=color, lw=0.8, ls=":")
    right.set_title("Share of the output")
    if right.lines:
        right.legend(loc="lower right", bbox_to_anchor=(1, 0.1), fontsize=8)
    else:
        _nothing(right, "the output never changes")
    for axes in (left, right):
        axes.axhline(ENOUGH, color=WARM, lw=0.8, ls="--")
        axes.axhline(0, color=INK, lw=0.8)
        _hours_axis(axes, trained)
        light_grid(axes)
    left.annotate("95 %", (1, ENOUGH), xycoords=("axes fraction", "data"), xytext=(-2, -10),
                  textcoords="offset points", ha="right", color=WARM, fontsize=8)  # fmt: skip
    lowest = min([0.0, *(float(values.min()) for values in _drawn(trained, untrained))])
    left.set_ylim(max(LOWEST, lowest) - 0.05, 1.12)
    left.set_ylabel("share that is left")
    return figure


def _gain(axes: Axes, history: SufficientHistory) -> None:
    axes.set_title(f"Share of the gain on {history.rule}")
    if history.gain is None or history.hours is None:
        _nothing(axes, "nothing is surely gained")
        return
    if history.gain_interval is not None:
        axes.fill_between(_hours(history), *history.gain_interval, color=ACCENT, alpha=0.2, lw=0)
    axes.plot(_hours(history), history.gain, "o-", ms=4, lw=1.5, color=ACCENT)
    axes.axvline(history.hours, color=ACCENT, lw=0.8, ls=":")


def _hours(history: SufficientHistory) -> np.ndarray:
    return history.steps * history.step_hours


def _drawn(*histories: SufficientHistory) -> list[np.ndarray]:
    curves = [curve for each in histories for curve in (each.gain, each.reproduced)]
    return [curve for curve in (*curves, histories[0].gain_interval) if curve is not None]


def _hours_axis(axes: Axes, history: SufficientHistory) -> None:
    first, last = history.step_hours, history.lookback_hours
    axes.set_xscale("log")
    axes.set_xlim(first / 1.2, last * 1.2)
    ticks = time_ticks(TICKS, history.calendar)
    axes.set_xticks([tick for tick in ticks if first * 0.99 <= tick <= last * 1.01] or [last])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda hours, _: history.calendar.duration(hours)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("newest input that is kept")


def _nothing(axes: Axes, said: str) -> None:
    axes.text(0.5, 0.5, said, transform=axes.transAxes, ha="center", color=MUTED)
