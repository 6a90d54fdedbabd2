"""The picture of a model: how good, what it looks at, how long it remembers, where it fails."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from lstmkit.analysis.summary import Summary
from lstmkit.plots.style import ACCENT, INK, MUTED, REGIME_COLORS, SEQUENCE, canvas, light_grid
from lstmkit.run_results import RunResults
from lstmkit.wording import duration, feature_label, signed

MINUTES, HOURS = (
    (1, 2, 3, 4, 6, 8, 10, 15, 20, 30, 45),
    (1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 36, 48, 72, 96, 144),
)
MEMORY_TICKS = (*(minutes / 60 for minutes in MINUTES), *HOURS)
CLOSEST_TICKS = 0.17  # of the axis


def plot_summary(summary: Summary) -> Figure:
    """Skill, drivers, memory and failures at every horizon.

    Args:
        summary: of a model.
    """
    figure, ((errors, drivers), (memory, failures)) = canvas(2, 2, height=6.2)
    _errors(errors, summary.runs)
    _drivers(drivers, summary.runs)
    _memory(memory, summary.runs)
    _failures(failures, summary.runs)
    figure.suptitle(summary.model, x=0.01, ha="left", fontsize=12, fontweight="bold")
    return figure


def _errors(axes: Axes, runs: tuple[RunResults, ...]) -> None:
    rows = np.arange(len(runs))
    for offset, label, color in ((-0.19, "best baseline", "#c4ccd4"), (0.19, "model", ACCENT)):
        values = [_best(run) if label != "model" else run.metrics["rmse"]["all_steps"] for run in runs]
        axes.barh(rows - offset, values, height=0.36, color=color, label=label)
    for row, run in enumerate(runs):
        skill = run.metrics["skill"]["all_steps"]
        widest = max(_best(run), run.metrics["rmse"]["all_steps"])
        axes.annotate(
            f"skill {signed(100 * skill['value'])} %",
            (widest, row),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    axes.margins(x=0.5)
    axes.set_xlim(left=0)
    _horizons(axes, runs)
    axes.set_xlabel(f"RMSE over all steps ({runs[0].metrics['unit']})")
    axes.set_title("How good?")
    axes.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.08), ncols=2)
    light_grid(axes, "x")


def _best(run: RunResults) -> float:
    return run.metrics["baselines"][run.metrics["skill"]["all_steps"]["best_baseline"]]["rmse"]["all_steps"]


def _drivers(axes: Axes, runs: tuple[RunResults, ...]) -> None:
    axes.set_title("What does it look at?")
    known = [run for run in runs if run.room("attribution")]
    if not known:
        return _nothing(axes, runs)
    shares = [run.facts["attribution"]["gradient"]["shares"] for run in known]
    names = sorted(shares[0], key=lambda name: max(share[name] for share in shares))
    rows = np.arange(len(names))
    height = 0.8 / len(known)
    for place, (run, share) in enumerate(zip(known, shares, strict=True)):
        offset = ((len(known) - 1) / 2 - place) * height
        axes.barh(
            rows + offset,
            [share[name] for name in names],
            height=0.9 * height,
            color=SEQUENCE[place % len(SEQUENCE)],
            label=f"{run.ahead} ahead",
        )
    axes.set_yticks(rows, [feature_label(name) for name in names])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("share of the gradient (%)")
    axes.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.08), ncols=2)
    return light_grid(axes, "x")


def _memory(axes: Axes, runs: tuple[RunResults, ...]) -> None:
    axes.set_title("How long does it remember?")
    known = [run for run in runs if run.room("gates")]
    if not known:
        return _nothing(axes, runs)
    labels = []
    for run in known:
        for layer in run.facts["gates"]["layers"]:
            row, scale = len(labels), layer["timescale_hours"]
            axes.hlines(row, scale["low"], scale["high"], color=ACCENT, lw=6, alpha=0.5)
            axes.plot(scale["median"], row, "o", color=ACCENT, ms=6)
            axes.plot(scale["longest"], row, "|", color=INK, ms=9, mew=1.5)
            labels.append(f"{layer['name']}, {run.ahead}")
        history = run.room("trajectories")
        if "needed_hours" in history:
            most = history.get("needed_by_most")
            axes.hlines(
                len(labels), history["needed_hours"], most or history["tried_hours"], color=SEQUENCE[1], lw=2
            )
            axes.plot(history["needed_hours"], len(labels), "D", color=SEQUENCE[1], ms=6)
            axes.plot(
                most or history["tried_hours"], len(labels), "|" if most else ">", color=SEQUENCE[1], ms=9
            )
            labels.append(f"history needed, {run.ahead}")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(_memory_ticks(*axes.get_xlim())))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda hours, _: duration(hours)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set_xlabel("median, 10–90 % of units (bar), longest (tick)")
    return light_grid(axes, "x")


def _memory_ticks(low: float, high: float) -> list[float]:
    """Round hours and minutes within an axis of logarithms, so far from each other that their names fit."""
    shown: list[float] = []
    for hours in MEMORY_TICKS:
        apart = CLOSEST_TICKS if not shown else np.log(hours / shown[-1]) / np.log(high / low)
        if low <= hours <= high and apart >= CLOSEST_TICKS:
            shown.append(float(hours))
    return shown


def _failures(axes: Axes, runs: tuple[RunResults, ...]) -> None:
    axes.set_title("Where does it fail?")
    known = [run for run in runs if run.room("predictions")]
    if not known:
        return _nothing(axes, ())
    parts = [run.facts["predictions"]["regimes"] for run in known]
    colors = dict(zip(parts[0]["labels"], REGIME_COLORS, strict=True))
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
    axes.legend(title="what came true", fontsize=8, loc="upper right")
    return light_grid(axes, "x")


def _horizons(axes: Axes, runs: tuple[RunResults, ...] | list[RunResults]) -> None:
    axes.set_yticks(range(len(runs)), [run.ahead for run in runs])
    axes.tick_params(axis="y", length=0)
    axes.set_ylabel("ahead")
    axes.invert_yaxis()


def _nothing(axes: Axes, of_network: tuple[RunResults, ...]) -> None:
    """Say why a panel is empty; panels on the network are where it is switched off."""
    off = any(run.network_is_off for run in of_network)
    why = "the network is switched off" if off else "not executed yet"
    axes.set_axis_off()
    axes.text(0.5, 0.5, why, ha="center", va="center", color=MUTED, transform=axes.transAxes)
