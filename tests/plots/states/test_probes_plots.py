"""The figure of probes shows each score at its row, and what it is held against."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from lstmkit.analysis.states.prober import Probe
from lstmkit.analysis.states.probes import Probes
from lstmkit.findings.states.prober import error_words
from lstmkit.plots.states.probes import LOWEST, plot_probes
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts

CONCEPTS = ("hour of day", "weekday or weekend", "CO₂", "occupancy", "ventilation")
UNITS = ("h", "%", "ppm", "people", "m³/h")


def made(concepts: int = 5, stages: int = 2, shift: float = 0.0) -> Probes:
    random = np.random.default_rng(0)
    probes = []
    for concept, unit in list(zip(CONCEPTS, UNITS, strict=True))[:concepts]:
        for stage in range(stages):
            score = float(random.uniform(0.3, 0.95)) + shift
            probes.append(
                Probe(
                    stage=f"LSTM layer {stage + 1}",
                    concept=concept,
                    measure="R²",
                    score=score,
                    low=score - 0.08,
                    high=score + 0.04,
                    baseline=0.2 + 0.1 * len(probes),
                    gain_low=-0.1,
                    gain_high=0.1,
                    control=-0.1 + shift,
                    control_highest=0.05,
                    memorised=0.2,
                    error=float(10 ** random.uniform(-1, 2)),
                    constant_error=50.0,
                    unit=unit,
                )
            )
    return Probes(tuple(probes), (), 2800, 1229, 33)


def without_intervals(probes: Probes) -> Probes:
    nothing = dict.fromkeys(("low", "high", "gain_low", "gain_high"))
    return replace(probes, probes=tuple(replace(probe, **nothing) for probe in probes.probes))


def beside_untrained(probes: Probes, lower: float = 0.1) -> Probes:
    """Each probe of the last stage with that of the untrained network, lower by as much."""
    return replace(
        probes,
        probes=tuple(
            replace(probe, untrained=probe.score - lower) if probe in probes.of_last_stage else probe
            for probe in probes.probes
        ),
    )


CASES = {
    "usual": made(),
    "untrained": beside_untrained(made()),
    "untrained far below": beside_untrained(made(), 1e6),
    "measured air": made(3),
    "one": made(1, 1),
    "three layers": made(5, 3),
    "hopeless": made(shift=-1e6),
    "few days": without_intervals(made()),
    "none": Probes((), ("too short",), 0, 0, 0),
}


@pytest.mark.parametrize("case", CASES)
def test_figures_are_whole_and_unknown_to_pyplot(case):
    before = plt.get_fignums()
    figure = plot_probes(CASES[case])
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


def test_dots_intervals_and_controls_stand_at_their_concept():
    result = made()
    axes = plot_probes(result).axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == list(CONCEPTS)
    low, high = axes.get_ylim()
    assert low > high  # the first on top
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    crosses = [line for line in axes.lines if line.get_marker() == "x"]
    bars = [line for line in axes.lines if line.get_marker() == "None" and line.get_linewidth() == 2]
    for dot, cross, bar, probe in zip(dots, crosses, bars, result.probes, strict=True):
        assert names[round(dot.get_ydata()[0])] == probe.concept
        assert dot.get_xdata()[0] == probe.score
        assert cross.get_xdata()[0] == probe.control
        np.testing.assert_array_equal(bar.get_xdata(), [probe.low, probe.high])
        assert dot.get_color() == bar.get_color()
    first, second = dots[:2]
    assert first.get_ydata()[0] < second.get_ydata()[0]  # layers from top to bottom
    assert first.get_color() != second.get_color()


def test_where_there_is_no_interval_its_line_has_no_length():
    axes = plot_probes(CASES["few days"]).axes[0]
    bars = [line for line in axes.lines if line.get_linewidth() == 2 and line.get_marker() == "None"]
    ends = [bar.get_xdata().tolist() for bar in bars]
    assert ends == [[probe.score, probe.score] for probe in CASES["few days"].probes]


def test_baselines_and_errors_are_those_of_the_last_layer():
    result = made()
    figure = plot_probes(result)
    axes = figure.axes[0]
    marks = [segment for lines in axes.collections for segment in lines.get_segments()]
    for row, (segment, probe) in enumerate(zip(marks, result.of_last_stage, strict=True)):
        np.testing.assert_allclose(segment[:, 0], probe.baseline)
        assert segment[:, 1].mean() == pytest.approx(row)
    (errors,) = axes.child_axes
    assert [label.get_text() for label in errors.get_yticklabels()] == [
        error_words(probe) for probe in result.of_last_stage
    ]
    assert errors.get_ylabel() == "error, LSTM layer 2"


def with_first(**scores: float) -> Probes:
    first, *others = made().probes
    return replace(made(), probes=(replace(first, **scores), *others))


def marks(figure: Figure, marker: str) -> list:
    return [line for line in figure.axes[0].lines if line.get_marker() == marker]


def test_a_control_far_below_zero_is_drawn_where_it_is():
    figure = plot_probes(with_first(control=-0.77))
    assert marks(figure, "x")[0].get_xdata()[0] == -0.77
    assert figure.axes[0].get_xlim()[0] == pytest.approx(-0.82)
    assert not marks(figure, "<")
    assert all("below" not in text.get_text() for text in figure.legends[0].get_texts())


@pytest.mark.parametrize("score", ["low", "control", "baseline"])
def test_what_lies_below_the_edge_is_an_arrow_that_the_legend_explains(score):
    result = replace(with_first(**{score: -3.0}), probes=with_first(**{score: -3.0}).probes[::2])
    figure = plot_probes(result)
    (arrow,) = marks(figure, "<")
    assert arrow.get_xdata()[0] == LOWEST == -1
    assert figure.axes[0].get_xlim()[0] == pytest.approx(-1.05)
    assert figure.legends[0].get_texts()[-1].get_text() == "below −1"
    assert len(marks(figure, "o")) == 5
    assert len(marks(figure, "x")) == (4 if score == "control" else 5)
    assert len(figure.axes[0].collections) == (4 if score == "baseline" else 5)


def test_no_score_below_the_edge_has_a_dot():
    figure = plot_probes(CASES["hopeless"])
    assert not marks(figure, "o")
    assert not marks(figure, "x")
    assert {line.get_xdata()[0] for line in marks(figure, "<")} == {LOWEST}


def test_the_legend_names_layers_inputs_and_control():
    (legend,) = plot_probes(made()).legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "LSTM layer 1",
        "LSTM layer 2",
        "newest inputs alone",
        "control: days rearranged",
    ]


def test_nothing_probed_leaves_a_word():
    (axes,) = plot_probes(replace(CASES["none"])).axes
    assert [text.get_text() for text in axes.texts] == ["nothing could be probed"]


def test_the_untrained_network_is_a_hollow_mark_at_each_concept():
    result = beside_untrained(made())
    axes = plot_probes(result).axes[0]
    marks = [line for line in axes.lines if line.get_marker() == "D"]
    assert [float(mark.get_ydata()[0]) for mark in marks] == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(
        [float(mark.get_xdata()[0]) for mark in marks], [probe.untrained for probe in result.of_last_stage]
    )
    assert not [line for line in plot_probes(made()).axes[0].lines if line.get_marker() == "D"]


def test_the_axis_reaches_to_the_untrained_network():
    assert plot_probes(beside_untrained(made(), 1.0)).axes[0].get_xlim()[0] < min(
        probe.score - 1.0 for probe in made().of_last_stage
    )
