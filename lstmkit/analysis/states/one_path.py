"""The path of a hidden state through its space while an LSTM reads one window."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import nn

from lstmkit.analysis.states.geometry import Geometry
from lstmkit.analysis.states.trajectories import FEW, input_steps, path_reader, state_paths
from lstmkit.data.windows import Windows
from lstmkit.internals.called_lstms import called_lstms


@dataclass(frozen=True)
class OnePath:
    """The path of the last layer's hidden state over one window.

    Attributes:
        geometry: of final states, whose components the path is seen in.
        points: its coordinates, shape (step, component).
        start: coordinates of the zero state in which it begins.
        hours_before: hours from each step to the origin, oldest first.
        lookback_hours: length of the window.
    """

    geometry: Geometry
    points: Float[np.ndarray, "step component"]
    start: Float[np.ndarray, "component"]
    hours_before: Float[np.ndarray, "step"]
    lookback_hours: float


class WindowPaths:
    """Follows the hidden state of the last layer of one of a model's LSTMs, one window at a time.

    Args:
        model: in evaluation mode, with an `nn.LSTM`.
        windows: those that can be followed.
        geometry: of the last layer's final states.
        lstm: name of the LSTM, as in `model.named_modules()`; the one that the model calls first if not given.

    Raises:
        NoPathError: the LSTM's states have no path in time.
        LstmkitError: the model calls no LSTM of this name.
    """

    def __init__(self, model: nn.Module, windows: Windows, geometry: Geometry, lstm: str | None = None):
        x, _ = next(windows.batches(FEW))
        name = called_lstms(model, x).first if lstm is None else lstm
        self._model, self._windows, self._geometry = model, windows, geometry
        self._read = path_reader(model, x, name, windows.horizon)
        self._step_hours = input_steps(self._read, x) * (windows.interval / pd.Timedelta("1h"))

    def of(self, position: int) -> OnePath:
        """The path over one window.

        Args:
            position: of the window among the windows.
        """
        windows, geometry = self._windows, self._geometry
        (states,) = next(state_paths(self._model, self._read, windows.select(torch.tensor([position]))))
        return OnePath(
            geometry=geometry,
            points=geometry.project(states),
            start=geometry.project(np.zeros(geometry.representation.values.shape[1])),
            hours_before=np.arange(len(states) - 1, -1, -1) * self._step_hours,
            lookback_hours=windows.lookback_hours,
        )
