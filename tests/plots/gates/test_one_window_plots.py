"""The figure of the gates of one window."""

import numpy as np
import pytest

from lstmkit.analysis.gates.one_window import WindowGates
from lstmkit.plots.gates.one_window import plot_one_window_gates
from tests.analysis.several_lstms import EncoderDecoder
from tests.analysis.tiny import make_test_windows, stirred
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps


@pytest.mark.parametrize(
    ("which", "axis"), [(0, "hours before the forecast"), (2, "hours after the forecast's origin")]
)
def test_each_gate_has_its_panel_and_its_steps(which, axis):
    windows = make_test_windows(lookback=12, interval="1h")
    part = WindowGates(stirred(EncoderDecoder(ahead=2)), windows).of(4)[which]
    figure = plot_one_window_gates(part)
    panels = figure.axes[:4]
    for k, axes in enumerate(panels):
        np.testing.assert_array_equal(axes.images[0].get_array(), part.values[k][:, part.by_memory].T)
        assert axes.images[0].get_clim() == ((-1, 1) if k == 2 else (0, 1))
    assert panels[2].get_xlabel() == axis
    assert_nothing_overlaps(figure)
