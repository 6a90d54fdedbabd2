"""The picture of a model: how good, what it looks at, how long it remembers, where it fails."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from lstmkit.analysis.errors.metrics import Metrics, SkillMetrics
from lstmkit.data.calendar import Calendar
from lstmkit.findings.measures import feature_shares, history, layer_timescales
from lstmkit.findings.over_seeds import OverSeeds
from lstmkit.findings.run_results import RunResults
from lstmkit.plots.groups import colors_of
from lstmkit.plots.style import ACCENT, INK, MUTED, SEQUENCE, WARM, axes_grid, light_grid, time_ticks
from lstmkit.wording import digits, feature_label

MINUTES, HOURS = (
    (1, 2, 3, 4, 6, 8, 10, 15, 20, 30, 45),
    (1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 36, 48, 72, 96, 144),
)
MEMORY_TICKS = (*(minutes / 60 for minutes in MINUTES), *HOURS)
CLOSEST_TICKS = 0.24  # of the axis


def plot_summary(model: str, runs: Sequence[RunResults]) -> Figure:
    """Skill, drivers, memory and failures at every horizon.

    Args:
        model: the model's label.
        runs: one per horizon, the nearest first.
    """
    figure, ((skill, drivers), (memory, failures)) = axes_grid(2, 2, height=6.6)
    _skill(skill, runs)
    _drivers(drivers, runs)
    _memory(memory, runs)
    _failures(failures, runs)
    figure.suptitle(model, x=0.01, ha="left", fontsize=12, fontweight="bold")
    return figure


def _skill(axes: Axes, runs: Sequence[RunResults]) -> None:
    """Skill of the explained network and of all together with intervals, of the other seeds without; zero is a tie."""
    axes.axvline(0, color=MUTED, lw=1)
    marks = (
        ("explained", "o", ACCENT, -0.22, [run.metrics for run in runs]),
        ("seeds together", "D", WARM, 0.22, [run.metrics.get("ensemble") for run in runs]),
    )
    for label, marker, color, offset, scored in marks:
        for row, each in enumerate(scored):
            if each is not None:
                _with_interval(axes, row + offset, each["skill"]["all_steps"], marker, color, label)
    for row, run in enumerate(runs):
        others = [100 * seed["skill"]["all_steps"]["value"] for seed in run.metrics.get("seeds", ())[1:]]
        if others:
            axes.plot(others, [row] * len(others), "o", color="white", mec=ACCENT, ms=4, label="other seeds")
        axes.text(
            0.01,
            row + 0.4,
            _errors(run.metrics),
            fontsize=8,
            color=MUTED,
            transform=axes.get_yaxis_transform(),
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
    axes.set_ylim(-0.5, len(runs) - 0.4)
    _horizons(axes, runs)
    axes.set_xlabel("skill over all steps (%); the best baseline is at 0")
    axes.set_title("How good?")
    _legend(axes)
    light_grid(axes, "x")


def _with_interval(axes: Axes, row: float, skill: SkillMetrics, marker: str, color: str, label: str) -> None:
    low, high = skill["low"], skill["high"]
    if low is not None and high is not None:
        axes.hlines(row, 100 * low, 100 * high, color=color, lw=2, alpha=0.6)
    axes.plot(100 * skill["value"], row, marker, color=color, ms=6, label=label)


def _errors(metrics: Metrics) -> str:
    best = metrics["skill"]["all_steps"]["best_baseline"]
    own, other = (rmse["rmse"]["all_steps"] for rmse in (metrics, metrics["baselines"][best]))
    return f"RMSE {digits(own)} {metrics['unit']}, {best} {digits(other)} {metrics['unit']}"


def _legend(axes: Axes) -> None:
    """Each mark once, above the panel."""
    marks = {label: mark for mark, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    columns = 3 if len(marks) < 4 else 2
    axes.legend(
        list(marks.values()),
        list(marks),
        fontsize=8,
        ncols=columns,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.08),
    )


def _drivers(axes: Axes, runs: Sequence[RunResults]) -> None:
    axes.set_title("What does it look at?")
    found = [(run, shares) for run in runs if (shares := feature_shares(run))]
    if not found:
        return _nothing(axes, runs)
    names = sorted(found[0][1], key=lambda name: max(shares[name].first for _, shares in found))
    rows = np.arange(len(names))
    height = 0.8 / len(found)
    for place, (run, shares) in enumerate(found):
        offset = ((len(found) - 1) / 2 - place) * height
        axes.barh(
            rows + offset,
            [shares[name].first for name in names],
            height=0.9 * height,
            color=SEQUENCE[place % len(SEQUENCE)],
            label=f"{run.ahead} ahead",
        )
        for row, name in zip(rows + offset, names, strict=True):
            _range(axes, row, shares[name])
    _explain_marks(axes, [share for _, shares in found for share in shares.values()])
    axes.set_yticks(rows, [feature_label(name) for name in names])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("share of the gradient (%)")
    _legend(axes)
    return light_grid(axes, "x")


def _range(axes: Axes, row: int | float, measure: OverSeeds) -> None:
    """A line over the range of the seeds, and a tick at each network before training."""
    if len(measure.trained) > 1:
        for color, width in (("white", 2.2), (INK, 1.0)):  # also to be seen on a bar
            axes.hlines(row, min(measure.trained), max(measure.trained), color=color, lw=width)
    axes.plot(measure.untrained, [row] * len(measure.untrained), "|", color=SEQUENCE[3], ms=6, mew=1.2)


def _explain_marks(axes: Axes, measures: list[OverSeeds]) -> None:
    """Entries of the legend for the marks that are drawn."""
    if any(len(measure.trained) > 1 for measure in measures):
        axes.plot([], [], color=INK, lw=1.2, label="seeds")
    if any(measure.untrained for measure in measures):
        axes.plot([], [], "|", color=SEQUENCE[3], ms=6, mew=1.2, label="untrained")


def _memory(axes: Axes, runs: Sequence[RunResults]) -> None:
    axes.set_title("How long does it remember?")
    labels: list[str] = []
    for run in runs:
        labels += _history_rows(axes, run, len(labels))
        labels += _layer_rows(axes, run, len(labels))
    if not labels:
        return _nothing(axes, runs)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(_memory_ticks(*axes.get_xlim(), runs[0].calendar)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda hours, _: runs[0].calendar.duration(hours)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set_xlabel("layers: median, 10–90 % of units (bar), longest (tick)")
    return light_grid(axes, "x")


def _history_rows(axes: Axes, run: RunResults, row: int) -> list[str]:
    """What the forecast needs, and what the final state does; the rows that were drawn."""
    labels, enough, states = [], history(run), run.facts_of("trajectories")
    if enough is not None:
        _range(axes, row, enough)
        axes.plot(enough.first, row, "D", color=SEQUENCE[1], ms=6)
        labels.append(f"forecast needs, {run.ahead}")
    if "needed_hours" in states:
        below, most = row + len(labels), states.get("needed_by_most")
        end = most or states["tried_hours"]
        axes.hlines(below, states["needed_hours"], end, color=SEQUENCE[2], lw=2)
        axes.plot(states["needed_hours"], below, "D", color=SEQUENCE[2], ms=5)
        axes.plot(end, below, "|" if most else ">", color=SEQUENCE[2], ms=9)
        labels.append(f"state needs, {run.ahead}")
    return labels


def _layer_rows(axes: Axes, run: RunResults, row: int) -> list[str]:
    """The timescale of each layer's forget gates, over its cells where the gates were examined."""
    scales = layer_timescales(run)
    cells = {layer["name"]: layer["timescale_hours"] for layer in run.facts_of("gates").get("layers", [])}
    for at, (name, measure) in enumerate(scales.items(), row):
        if name in cells:
            axes.hlines(at, cells[name]["low"], cells[name]["high"], color=ACCENT, lw=6, alpha=0.5)
            axes.plot(cells[name]["longest"], at, "|", color=INK, ms=9, mew=1.5)
        _range(axes, at, measure)
        axes.plot(measure.first, at, "o", color=ACCENT, ms=6)
    return [f"{name}, {run.ahead}" for name in scales]


def _memory_ticks(low: float, high: float, calendar: Calendar) -> list[float]:
    """Round lengths of time within an axis of logarithms, so far from each other that their names fit."""
    shown: list[float] = []
    for hours in time_ticks(MEMORY_TICKS, calendar):
        apart = CLOSEST_TICKS if not shown else np.log(hours / shown[-1]) / np.log(high / low)
        if low <= hours <= high and apart >= CLOSEST_TICKS:
            shown.append(float(hours))
    return shown


def _failures(axes: Axes, runs: Sequence[RunResults]) -> None:
    axes.set_title("Where does it fail?")
    known = [run for run in runs if run.facts_of("predictions")]
    if not known:
        return _nothing(axes, ())
    parts = [run.facts["predictions"]["regimes"] for run in known]
    labels = parts[0]["labels"]
    n_ranges = parts[0].get("n_ranges", len(labels))
    colors = dict(zip(labels, colors_of(len(labels), n_ranges), strict=True))
    names = [name for name in colors if any(name in part["regimes"] for part in parts)]
    height = 0.8 / len(names)
    rows = np.arange(len(known))
    for place, name in enumerate(names):
        found = [part["regimes"].get(name, {}).get("rmse", 0.0) for part in parts]
        offset = ((len(names) - 1) / 2 - place) * height
        axes.barh(rows - offset, found, height=0.9 * height, color=colors[name], label=name)
    _horizons(axes, known)
    axes.set_xlabel(f"RMSE at the last step ({parts[0]['unit']})")
    axes.margins(x=0.55)
    axes.set_xlim(left=0)
    axes.legend(title=parts[0].get("noun", "what came true"), fontsize=8, loc="upper right")
    return light_grid(axes, "x")


def _horizons(axes: Axes, runs: Sequence[RunResults] | list[RunResults]) -> None:
    axes.set_yticks(range(len(runs)), [run.ahead for run in runs])
    axes.tick_params(axis="y", length=0)
    axes.set_ylabel("ahead")
    axes.invert_yaxis()


def _nothing(axes: Axes, of_network: Sequence[RunResults]) -> None:
    """Say why a panel is empty; panels on the network are where it is switched off."""
    off = any(run.network_is_off for run in of_network)
    why = "the network is switched off" if off else "not executed yet"
    axes.set_axis_off()
    axes.text(0.5, 0.5, why, ha="center", va="center", color=MUTED, transform=axes.transAxes)
