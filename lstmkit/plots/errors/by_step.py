"""Figure of the errors by step ahead."""

from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from lstmkit.analysis.errors.by_step import ErrorByStep
from lstmkit.plots.style import ACCENT, INK, MUTED, SEQUENCE, axes_grid, light_grid
from lstmkit.wording import signed

RIVALS = tuple(color for color in SEQUENCE if color not in (ACCENT, MUTED))
LOOKS = [(color, *shape) for shape in (("-", "o"), ("--", "s"), (":", "^")) for color in RIVALS]


LINEAR, WIDE = 10.0, 30.0  # percent of skill
SKILL_TICKS = (-10_000, -1000, -100, -10, -5, 0, 5, 10, 100)


def plot_error_by_step(errors: ErrorByStep) -> Figure:
    """RMSE of everyone, and the model's skill and bias, by time ahead.

    Args:
        errors: of a model and the baselines.
    """
    figure, (top, middle, bottom) = axes_grid(3, 1, height=6.6, sharex=True, height_ratios=[2, 1.1, 1.1])
    _rmse(top, errors)
    own = errors.errors[errors.model]
    percent = None if errors.skill_ends is None else 100 * errors.skill_ends
    _curve(middle, _ahead(errors), 100 * errors.skill, percent, ACCENT)
    title = "Skill against the best baseline of each step"
    if 100 * np.abs(errors.skill).max() > WIDE:
        _compress(middle)
        title += f", logarithmic beyond ±{LINEAR:g} %"
    middle.set_title(title)
    middle.set_ylabel("skill (%)")
    _curve(bottom, _ahead(errors), own.bias, own.bias_ends, ACCENT)
    bottom.set_ylabel(f"bias ({errors.unit})")
    bottom.set_title("Mean error: forecast − observed")
    for axes in (middle, bottom):
        axes.axhline(0, color=INK, lw=0.8)
        light_grid(axes)
    bottom.set_xlabel(f"{errors.calendar.unit}s ahead")
    few = len(errors.hours) == 1
    bottom.xaxis.set_major_locator(
        FixedLocator(_ahead(errors).tolist())
        if few
        else MaxNLocator(8, steps=[1, 2, 3, 4, 6, 10], integer=not errors.calendar.is_within_days)
    )
    return figure


def _ahead(errors: ErrorByStep) -> np.ndarray:
    """Time ahead of each step in the series' unit of time."""
    return errors.hours / errors.calendar.unit_hours


def _compress(axes: Axes) -> None:
    """A linear axis around zero and logarithms outside, so that a few bad steps leave the others legible."""
    low, high = axes.get_ylim()
    axes.set_yscale("symlog", linthresh=LINEAR, linscale=1.5)
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in SKILL_TICKS if low <= tick <= high]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda percent, _: signed(float(percent), 0)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(low, max(high, LINEAR))


def _rmse(axes: Axes, errors: ErrorByStep) -> None:
    looks = dict(zip([name for name in errors.errors if name != errors.model], cycle(LOOKS), strict=False))
    for name, of in reversed(errors.errors.items()):
        if name == errors.model:
            _curve(axes, _ahead(errors), of.rmse, of.rmse_ends, ACCENT, name, 2.2)
        else:
            color, line, marker = looks[name]
            _curve(axes, _ahead(errors), of.rmse, None, color, name, 1.3, line, marker)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"RMSE ({errors.unit})")
    axes.set_title("Root mean square error")
    handles, names = axes.get_legend_handles_labels()
    axes.figure.legend(handles[::-1], names[::-1], loc="outside upper center", ncols=4, fontsize=8)
    light_grid(axes)


def _curve(
    axes: Axes,
    ahead: np.ndarray,
    values: np.ndarray,
    ends: np.ndarray | None,
    color: str,
    label: str | None = None,
    width: float = 1.6,
    line: str = "-",
    marker: str = "o",
) -> None:
    """A line with its band; a single step is a point with its interval."""
    alone = len(ahead) == 1
    if alone:
        axes.plot(ahead, values, color=color, label=label, ls="none", marker=marker, ms=5)
    else:
        axes.plot(ahead, values, color=color, label=label, ls=line, lw=width)
    if ends is not None and alone:
        axes.vlines(ahead, *ends, color=color, lw=1.5)
    elif ends is not None:
        axes.fill_between(ahead, *ends, color=color, alpha=0.2, lw=0)
