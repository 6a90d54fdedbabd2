"""The figure of linear probes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lstmkit.analysis.states.prober import Probe
from lstmkit.analysis.states.probes import Probes
from lstmkit.findings.states.prober import error_words
from lstmkit.plots.style import INK, MUTED, SEQUENCE, WARM, canvas, light_grid

LOWEST = -1.0  # scores below are arrows at the edge


def plot_probes(probes: Probes) -> Figure:
    """The score of each probe with its interval, beside that of the newest inputs and that of the control.

    Args:
        probes: of several stages.
    """
    rows, stages = probes.concepts, probes.stages
    figure, axes = canvas(height=1.5 + 0.55 * max(1, len(rows)))
    if not rows:
        axes.text(0.5, 0.5, "nothing could be probed", transform=axes.transAxes, ha="center", color=MUTED)
        axes.set_axis_off()
        return figure
    step = 0.5 / len(stages)
    for probe in probes.probes:
        stage, row = stages.index(probe.stage), rows.index(probe.concept)
        _row(axes, probe, row + step * (stage - (len(stages) - 1) / 2), SEQUENCE[stage % len(SEQUENCE)])
    for row, probe in enumerate(probes.of_last_stage):
        if probe.baseline < LOWEST:
            _beyond(axes, float(row), WARM)
        else:
            axes.vlines(probe.baseline, row - 0.36, row + 0.36, color=WARM, lw=1.6)
        if probe.untrained is not None:
            _untrained(axes, probe.untrained, float(row))
    axes.axvline(0, color=INK, lw=0.8)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    lowest = min(_lowest(probe) for probe in probes.probes)
    axes.set_xlim(max(LOWEST, min(lowest, 0.0)) - 0.05, 1.03)
    axes.tick_params(axis="y", length=0)
    classes = {probe.concept for probe in probes.probes if probe.measure != "R²"}
    of_classes = f", for {' and '.join(sorted(classes))} balanced accuracy above chance" if classes else ""
    axes.set_xlabel(f"score in held-out windows: R²{of_classes}")
    axes.set_title("What a linear probe reads from the final states")
    light_grid(axes, "x")
    _errors(axes, probes)
    _key(figure, stages, any(probe.untrained is not None for probe in probes.probes), cut=lowest < LOWEST)
    return figure


def _lowest(probe: Probe) -> float:
    """Of all that is drawn of a probe."""
    untrained = probe.score if probe.untrained is None else probe.untrained
    return min(_ends(probe)[0], probe.score, probe.control, probe.baseline, untrained)


def _ends(probe: Probe) -> tuple[float, float]:
    """Of the interval, or the score where there is none."""
    if probe.low is None or probe.high is None:
        return probe.score, probe.score
    return probe.low, probe.high


def _row(axes: Axes, probe: Probe, y: float, color: str) -> None:
    axes.plot(np.maximum(_ends(probe), LOWEST), [y, y], color=color, lw=2)
    for values, mark, size, hue in (
        ((*_ends(probe), probe.score), "o", 6, color),
        ((probe.control,), "x", 5, MUTED),
    ):
        if min(values) < LOWEST:
            _beyond(axes, y, hue)
        if values[-1] >= LOWEST:
            axes.plot(values[-1], y, mark, color=hue, ms=size)


def _untrained(axes: Axes, score: float, y: float) -> None:
    if score < LOWEST:
        _beyond(axes, y, INK)
    else:
        axes.plot(score, y, "D", color=INK, ms=5, mfc="none")


def _beyond(axes: Axes, y: float, color: str) -> None:
    axes.plot(LOWEST, y, "<", color=color, ms=6)


def _errors(axes: Axes, probes: Probes) -> None:
    """The error of the last stage, at the right of each row."""
    last = probes.of_last_stage
    right = axes.secondary_yaxis("right")
    right.set_yticks(range(len(last)), [error_words(probe) for probe in last], fontsize=8)
    right.set_ylabel(f"error, {probes.stages[-1]}", fontsize=8, color=MUTED)
    right.tick_params(length=0)
    right.spines["right"].set_visible(False)


def _key(figure: Figure, stages: tuple[str, ...], untrained: bool, cut: bool) -> None:
    marks = [
        Line2D([], [], color=SEQUENCE[index % len(SEQUENCE)], marker="o", lw=2, label=stage)
        for index, stage in enumerate(stages)
    ]
    marks.append(Line2D([], [], color=WARM, lw=1.6, label="newest inputs alone"))
    if untrained:
        label = f"{stages[-1]} before training"
        marks.append(Line2D([], [], color=INK, marker="D", mfc="none", lw=0, label=label))
    marks.append(Line2D([], [], color=MUTED, marker="x", lw=0, label="control: days rearranged"))
    if cut:
        marks.append(
            Line2D([], [], color=INK, marker="<", lw=0, label=f"below {LOWEST:.0f}".replace("-", "−"))
        )
    figure.legend(handles=marks, loc="outside lower center", ncols=4, fontsize=8)
