"""Figures of trajectories: they show the Result's paths, and nothing overlaps."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from lstmkit.analysis.states.geometry import geometry
from lstmkit.analysis.states.trajectories import Trajectories
from lstmkit.plots.states.trajectories import plot_trajectories
from tests.analysis.states.clouds import cloud
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts


def walks(n_paths: int = 8, steps: int = 48, hours: float = 0.5, scale: float = 1.0) -> Trajectories:
    random = np.random.default_rng(0)
    states = cloud(scale * random.normal(size=(60, 4)), latest=np.linspace(400, 900, 60))
    quartiles = np.array([[0.5], [1.0], [1.5]])
    lengths = np.array([length for length in (1.0, 2.0, 6.0) if length < steps * hours])
    return Trajectories(
        geometry=geometry(states, np.zeros(60)),
        windows=np.arange(n_paths) * 7,
        paths=scale * random.normal(size=(n_paths, steps, 4)).cumsum(axis=1),
        start=np.zeros(4),
        hours_before=np.arange(steps - 1, -1, -1) * hours,
        lookback_hours=steps * hours,
        to_end=scale * quartiles * np.arange(steps - 1, -1, -1.0),
        settled_hours=np.array([0.5, 1.0, 2.0]),
        speed=np.array([0.1, 0.2, 0.3]),
        read_hours=lengths,
        read_distance=scale * quartiles / (1 + lengths),
        read_most=scale * quartiles[-1] / (1 + lengths),
        n_followed=60,
    )


@pytest.mark.parametrize("n_paths", [8, 5, 3, 1])
@pytest.mark.parametrize(("steps", "hours"), [(288, 1 / 12), (144, 1 / 6), (24, 1.0), (2, 1.0), (1, 1.0)])
def test_figures_are_whole_and_unknown_to_pyplot(n_paths, steps, hours):
    before = plt.get_fignums()
    figure = plot_trajectories(walks(n_paths, steps, hours))
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


def test_states_that_never_change_can_be_drawn():
    assert_nothing_overlaps(plot_trajectories(walks(scale=0.0)))


def test_every_panel_shows_its_path_in_the_colours_of_time():
    result = walks()
    figure = plot_trajectories(result)
    states = result.geometry.representation
    for index, axes in enumerate(figure.axes[:8]):
        (line,) = (mark for mark in axes.collections if isinstance(mark, LineCollection))
        segments = np.array(line.get_segments())
        points = np.vstack([result.start[:2], result.paths[index, :, :2]])
        np.testing.assert_allclose(segments, np.stack([points[:-1], points[1:]], axis=1))
        np.testing.assert_array_equal(line.get_array(), -result.hours_before)
        assert (line.norm.vmin, line.norm.vmax) == (-24, 0)
        cross, dot = axes.lines
        assert cross.get_xydata().tolist() == [[0, 0]]
        np.testing.assert_allclose(dot.get_xydata()[0], result.paths[index, -1, :2])
        position = result.windows[index]
        title = axes.get_title(loc="left")
        assert title.startswith(
            f"{states.latest[position]:.0f} ppm, {states.groups.labels[states.group[position]]}"
        )
        assert title.endswith(f"{states.origin[position]:%a %d %b, %H:%M}")
        assert axes.get_xlim() == figure.axes[0].get_xlim()
        assert axes.get_ylim() == figure.axes[0].get_ylim()


def test_the_distances_are_the_results():
    result = walks()
    axes = plot_trajectories(result).axes[-1]
    to_end, read, near = axes.lines
    np.testing.assert_allclose(to_end.get_xdata(), -result.hours_before)
    np.testing.assert_allclose(to_end.get_ydata(), result.to_end[1])
    np.testing.assert_allclose(read.get_xdata(), [-1, -2, -6])
    np.testing.assert_allclose(read.get_ydata(), result.read_distance[1])
    assert near.get_ydata()[0] == 0.25
    assert axes.get_xlim() == (-24, 0)
    assert axes.get_ylim()[1] > result.to_end.max()
    assert axes.get_xlabel() == "hours before the forecast"
