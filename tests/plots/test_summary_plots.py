"""The summary's picture: it shows the numbers of every horizon, each regime in its colour, and what is missing."""

import pytest
from matplotlib.colors import to_rgba

from lstmkit.findings.run_results import RunResults
from lstmkit.plots.groups import colors_of
from lstmkit.plots.summary import plot_summary
from tests.hand_made import THREE, facts, metrics, network, of_seeds

ROOMS = ("gates", "attribution", "predictions", "trajectories")


def drawn(*found: dict):
    """The picture of runs of which these facts are known."""
    errors = ((20.0, 25.0), (70.0, 65.0))
    runs = [
        RunResults(f"{hours} h", f"h{hours}", metrics(*error), known)
        for hours, error, known in zip((1, 24), errors, found, strict=True)
    ]
    figure = plot_summary("LSTM", runs)
    figure.draw_without_rendering()
    return figure


@pytest.mark.parametrize("known", [ROOMS, ("gates",), ()])
def test_skill_is_drawn_and_what_was_not_executed_is_said(known):
    near, far = facts(0.4, 0.5, 80.0), facts(12.0, 12.0, 30.0)
    some = [{room: found[room] for room in known} for found in (near, far)]
    figure = drawn(*some)
    assert [text.get_text() for text in figure.axes[0].texts] == [
        "RMSE 20.0 ppm, ridge 25.0 ppm",
        "RMSE 70.0 ppm, ridge 65.0 ppm",
    ]
    missing = [text for axes in figure.axes for text in axes.texts if "not executed" in text.get_text()]
    assert len(missing) == 3 - sum(name in known for name in ROOMS[:3])


def marks(axes, label: str) -> list[tuple[float, float]]:
    """Where the marks of a label stand."""
    lines = [line for line in axes.lines if line.get_label() == label]
    return [(x, y) for line in lines for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]


@pytest.mark.parametrize("interval", [(-0.01, 0.2), (None, None)])
def test_the_explained_network_the_other_seeds_and_all_together_stand_in_one_panel(interval):
    first = metrics(20.0, 25.0, *interval)
    near = of_seeds(first, (0.1, 0.0, 0.3), (-0.05, -0.1, 0.02), together=(0.25, 0.15, 0.35))
    runs = [RunResults("1 h", "h1", near, {}), RunResults("24 h", "h24", metrics(70.0, 65.0, *interval), {})]
    panel = plot_summary("LSTM", runs).axes[0]
    assert [x for x, _ in marks(panel, "explained")] == pytest.approx([20.0, 100 * (1 - 70 / 65)])
    assert marks(panel, "other seeds") == [(10.0, 0), (-5.0, 0)]
    assert marks(panel, "seeds together") == [(25.0, 0.22)]
    ends = [tuple(segment[:, 0]) for lines in panel.collections for segment in lines.get_segments()]
    own = [] if interval[0] is None else [(-1.0, 20.0)] * 2
    assert ends == [*own, (15.0, 35.0)]
    named = [text.get_text() for text in panel.get_legend().get_texts()]
    assert sorted(named) == ["explained", "other seeds", "seeds together"]


def test_seeds_are_a_line_and_untrained_networks_ticks():
    run = RunResults("1 h", "h1", metrics(20.0, 25.0), facts(0.4, None, 80.0), THREE)
    _, drivers, memory, _ = plot_summary("LSTM", [run]).axes
    ticks = [
        sorted(line.get_xdata())
        for line in drivers.lines
        if line.get_marker() == "|" and len(line.get_xdata())
    ]
    assert sorted(ticks) == [[40.0, 45.0, 50.0], [50.0, 55.0, 60.0]]
    ends = {tuple(segment[:, 0]) for lines in drivers.collections for segment in lines.get_segments()}
    assert ends == {(18.0, 24.0), (76.0, 82.0)}
    assert [label.get_text() for label in memory.get_yticklabels()] == ["forecast needs, 1 h", "layer 1, 1 h"]
    needed, layer = (
        {
            line.get_marker(): sorted(line.get_xdata())
            for line in memory.lines
            if (line.get_ydata() == row).all()
        }
        for row in range(2)
    )
    assert needed["D"] == [6.0]
    assert layer["o"] == [0.2]
    assert [0.19, 0.2, 0.2] in [sorted(line.get_xdata()) for line in memory.lines]
    ranges = {tuple(segment[:, 0]) for lines in memory.collections for segment in lines.get_segments()}
    assert ranges == {(4.0, 8.0), (0.1, 0.3), (0.2, 0.21)}  # of needs, of all cells of a layer, of its median


def test_panels_on_a_network_that_is_switched_off_say_so():
    off = metrics(20.0, 25.0) | network(gain=0.0, spread=0.0)
    kept = facts(0.4, 0.5, 80.0)
    figure = plot_summary("LSTM", [RunResults("1 h", "h1", off, kept)])
    said = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert said[1:3] == [["the network is switched off"]] * 2
    assert "not executed yet" not in said[3]


def test_a_regime_keeps_its_colour_where_another_is_empty():
    near, far = facts(0.4, 0.5, 80.0), facts(12.0, 12.0, 30.0)
    shares = {"error_share": 0.5, "share": 0.5}
    near["predictions"]["regimes"]["regimes"] = {"High": shares | {"rmse": 40.0}}
    far["predictions"]["regimes"]["regimes"] = {
        "Medium": shares | {"rmse": 30.0},
        "High": shares | {"rmse": 50.0},
    }
    failures = drawn(near, far).axes[3]
    bars = {
        bars.get_label(): [(bar.get_width(), bar.get_facecolor()) for bar in bars]
        for bars in failures.containers
    }
    medium, high = (to_rgba(color) for color in colors_of(3, 3)[1:])
    assert bars == {"Medium": [(0.0, medium), (30.0, medium)], "High": [(40.0, high), (50.0, high)]}


def test_the_history_reaches_from_the_median_window_to_nine_in_ten():
    near, far = facts(0.4, 0.5, 80.0), facts(12.0, 12.0, 30.0)
    del far["trajectories"]["needed_by_most"]  # more than was tried
    memory = drawn(near, far).axes[2]
    rows = [label.get_text() for label in memory.get_yticklabels()]
    ends = {
        (rows[int(line.get_ydata()[0])], line.get_marker()): line.get_xdata()[0]
        for line in memory.lines
        if len(line.get_xdata()) and rows[int(line.get_ydata()[0])].startswith("state")
    }
    assert ends == {
        ("state needs, 1 h", "D"): 0.5,
        ("state needs, 1 h", "|"): 1.0,
        ("state needs, 24 h", "D"): 12.0,
        ("state needs, 24 h", ">"): 20.0,
    }


@pytest.mark.parametrize(("shortest", "longest"), [(0.1, 0.4), (1.2, 3.0), (0.05, 140.0)])
def test_the_axis_of_memory_has_a_few_named_ticks(shortest, longest):
    near, far = (facts(longest, None, 80.0) for _ in range(2))
    for known in (near, far):
        known["gates"]["layers"][0]["timescale_hours"] |= {
            "low": shortest,
            "median": shortest,
            "high": longest,
        }
    memory = drawn(near, far).axes[2]
    low, high = memory.get_xlim()
    named = [
        tick.label1.get_text() for tick in memory.xaxis.get_major_ticks() if low <= tick.get_loc() <= high
    ]
    assert 2 <= len(named) <= 8
    assert all(named)
    assert len(set(named)) == len(named)
