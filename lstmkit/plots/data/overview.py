"""Figures of the data."""

from calendar import day_abbr, month_abbr
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from lstmkit.data.groups import Groups
from lstmkit.data.overview import WEEK, YEAR, Overview
from lstmkit.findings.data.overview import averages
from lstmkit.plots.style import ACCENT, INK, MUTED, axes_grid, date_axis, light_grid
from lstmkit.wording import feature_label

PART_COLORS = {"train": "#eef2f6", "validation": "#fdf1e3", "test": "#e9f5ec"}


def plot_overview(overview: Overview) -> Figure:
    """The whole series with its parts, and its week or year with the ranges of the target.

    Args:
        overview: of a dataset.
    """
    figure, (top, bottom) = axes_grid(2, 1, height=4.8)
    _series(top, overview)
    _profile(bottom, overview)
    return figure


def _series(axes, overview: Overview) -> None:
    means = overview.means.tz_localize(None)  # matplotlib would write the dates in UTC
    spans = sorted(
        (start.tz_localize(None), end.tz_localize(None), part)
        for part, stretches in overview.stretches.items()
        for start, end in stretches
    )
    starts, end = [start for start, _, _ in spans], spans[-1][1]
    for (start, _, part), stop in zip(spans, [*starts[1:], end], strict=True):
        axes.axvspan(start, stop, color=PART_COLORS[part], lw=0)
        axes.annotate(
            part,
            (start, 1),
            xycoords=("data", "axes fraction"),
            xytext=(4, -4),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color=INK,
        )
    axes.plot(means.index, means.to_numpy(), color=ACCENT, lw=0.5)
    is_alone = means.notna() & means.shift().isna() & means.shift(-1).isna()  # no line leads to it
    axes.plot(means.index[is_alone], means[is_alone].to_numpy(), ".", color=ACCENT, ms=2)
    top = float(np.nanmax(means))
    axes.set_ylim(top=top + 0.15 * (top - float(np.nanmin(means))))
    date_axis(axes, starts[0], end)
    axes.set_ylabel(f"{feature_label(overview.target)} ({overview.unit})")
    axes.set_title(f"{overview.name}: {averages(overview)} and the parts of the series")


def _profile(axes, overview: Overview) -> None:
    profile, step, end = overview.profile, None, WEEK - 1
    length = len(profile) * overview.row
    if length != WEEK or overview.row > 1:  # each value stands for all of its hours or months
        profile, step, end = profile.reindex([*profile.index, length], method="ffill"), "post", length
    axes.fill_between(
        profile.index,
        profile["10 %"],
        profile["90 %"],
        step=step,
        color=ACCENT,
        alpha=0.2,
        lw=0,
        label="10–90 %",
    )
    axes.plot(
        profile.index,
        profile["50 %"],
        drawstyle=f"steps-{step}" if step else None,
        color=ACCENT,
        lw=1.5,
        label="median",
    )
    if overview.groups.of_target:
        _ranges(axes, overview.groups)
    if overview.cycle == "week":
        days = day_abbr[: length // 24]
        axes.set_xticks(range(0, length, 24), days, ha="left")
    elif overview.cycle == "year":
        axes.set_xticks(range(YEAR), month_abbr[1:], ha="left")
    else:
        axes.set_xticks([])
    axes.set_xlim(0, end)
    axes.set_ylabel(f"{feature_label(overview.target)} ({overview.unit})")
    shown = f"The {overview.cycle} in" if overview.cycle else "The spread of"
    edges = ", with the edges of the regimes" if overview.groups.of_target else ""
    axes.set_title(f"{shown} the training part{edges}")
    axes.legend(loc="upper right", ncols=2)
    light_grid(axes, "x")


def _ranges(axes, groups: Groups) -> None:
    """The edges between ranges of the target, and the label of each range at the right."""
    for edge in groups.edges:
        axes.axhline(edge, color=MUTED, lw=0.8, ls="--")
    bottom, top = axes.get_ylim()
    for label, (low, high) in zip(groups.labels, pairwise([bottom, *groups.edges, top]), strict=True):
        axes.annotate(
            label,
            (1.005, (low + high) / 2),
            xycoords=("axes fraction", "data"),
            va="center",
            color=MUTED,
            fontsize=8,
        )
