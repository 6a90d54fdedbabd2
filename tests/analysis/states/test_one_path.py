"""The path over one window: that of the trajectories, and of a state that is known."""

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.analysis.states.one_path import WindowPaths
from lstmkit.errors import LstmkitError
from lstmkit.findings.states.one_path import one_path_caption
from tests.analysis.states.test_trajectories import by_hand, fading, follow, geometry_of, windows_of
from tests.analysis.tiny import make_test_windows, stirred


def test_the_path_by_hand():
    model, windows = fading(0.8), windows_of()
    cut = geometry_of(model, windows)
    path = WindowPaths(model, windows, cut).of(11)
    x, _ = windows.gather(torch.tensor([11]))
    np.testing.assert_allclose(path.points, cut.project(by_hand(x.numpy(), 0.8)[0]), atol=1e-9)
    np.testing.assert_allclose(path.points[-1], cut.scores[11], atol=1e-9)
    np.testing.assert_allclose(path.start, cut.project(np.zeros(2)), atol=1e-12)
    np.testing.assert_array_equal(path.hours_before, np.arange(23, -1, -1))
    assert path.lookback_hours == 24
    assert one_path_caption(path) == (
        "Hidden state of LSTM layer 1 after each of 24 steps of the window of 24 h; grey, the final states of "
        "40 test windows."
    )


def test_it_is_one_of_the_trajectories():
    model, windows = fading(0.5), windows_of(n=12)
    many = follow(model, windows, n_paths=12)
    paths = WindowPaths(model, windows, many.geometry)
    for row, position in enumerate(many.windows):
        np.testing.assert_allclose(paths.of(int(position)).points, many.paths[row], atol=1e-12)


def test_a_state_without_a_path_is_refused():
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(2, 3, batch_first=True, bidirectional=True)

        def forward(self, x):
            return self.lstm(x)[0][:, -1, :2]

    model, windows = stirred(Both()), make_test_windows(features=("a", "b"))
    with pytest.raises(LstmkitError, match="half of a bidirectional LSTM reads backwards"):
        WindowPaths(model, windows, geometry_of(model, windows))
