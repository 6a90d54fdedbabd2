"""What there is to see of one window of a study: figures with their captions."""

from functools import cached_property

import torch
from matplotlib.figure import Figure

from lstmkit.analysis.errors.curve import ErrorCurve, error_curve
from lstmkit.analysis.errors.in_time import Errors, forecast_errors
from lstmkit.analysis.errors.one_forecast import one_forecast
from lstmkit.analysis.gates.one_window import WindowGates
from lstmkit.analysis.states.geometry import geometry
from lstmkit.analysis.states.one_path import WindowPaths
from lstmkit.analysis.states.representation import corrections, final_states
from lstmkit.data.windows import Windows, spread_evenly
from lstmkit.findings.attribution.attributor import attribution_caption, attribution_finding
from lstmkit.findings.errors.one_forecast import one_forecast_caption
from lstmkit.findings.gates.one_window import one_window_gates_caption
from lstmkit.findings.states.one_path import one_path_caption
from lstmkit.plots.attribution.maps import plot_heatmap
from lstmkit.plots.errors.one_forecast import plot_one_forecast
from lstmkit.plots.gates.one_window import plot_one_window_gates
from lstmkit.plots.states.trajectories import plot_path
from lstmkit.run import Study

View = tuple[Figure, str]
"""A figure, and its caption as plain text."""


class WindowViews:
    """Views of the test windows of a study, one window at a time; what they share is computed once.

    Args:
        study: for one model and one horizon.
    """

    def __init__(self, study: Study):
        self.study = study
        self.windows: Windows = study.windows["test"]

    @cached_property
    def errors(self) -> Errors:
        """The error of every forecast."""
        study = self.study
        return forecast_errors(study.predictions, self.windows, study.groups)

    @cached_property
    def curve(self) -> ErrorCurve:
        """The same over time, as many as can be drawn."""
        return error_curve(self.errors)

    @cached_property
    def gates(self) -> WindowGates:
        """The gates of every LSTM that the model calls."""
        return WindowGates(self.study.model, self.windows)

    @cached_property
    def paths(self) -> WindowPaths:
        """The paths of the hidden states.

        Raises:
            LstmkitError: the LSTM's states have no path in time.
        """
        study, windows = self.study, self.windows
        chosen = spread_evenly(len(windows), study.params.hidden_states.windows)
        states = final_states(study.hidden_states, windows, study.groups, chosen)
        cloud = geometry(states[-1], corrections(study.predictions, windows, chosen))
        return WindowPaths(study.model, windows, cloud, study.lstm)

    def forecast(self, position: int) -> View:
        """The forecast, beside what was observed and the best baseline.

        Args:
            position: of the window among the test windows.
        """
        study, best = self.study, self.study.metrics["skill"]["all_steps"]["best_baseline"]
        found = one_forecast(study.predictions, study.baselines[best], self.windows, position, best)
        ahead = study.dataset.calendar.label(study.horizon)
        return plot_one_forecast(found, study.target), one_forecast_caption(found, ahead)

    def attribution(self, position: int, method: str, step: int | None, baseline: str | None) -> View:
        """What each input step of each feature holds of the forecast.

        Args:
            position: of the window among the test windows.
            method: a name in `methods.METHODS`.
            step: the step ahead, counted from 1; None for the mean over the horizon.
            baseline: with which the method compares the window; None for a method that does not compare.
        """
        window = self.windows.select(torch.tensor([position]))
        found = self.study.attributor.at_step(step).average(method, window, baseline)
        caption = f"{attribution_caption(found)} {attribution_finding(found)}"
        return plot_heatmap(found, signed=True), caption

    def gate_values(self, position: int, part: str) -> View:
        """The gates of every unit of a layer and direction.

        Args:
            position: of the window among the test windows.
            part: one of `gates.parts`.
        """
        found = self.gates.of(position)[self.gates.parts.index(part)]
        return plot_one_window_gates(found), one_window_gates_caption(found)

    def path(self, position: int) -> View:
        """The path of the hidden state.

        Args:
            position: of the window among the test windows.

        Raises:
            LstmkitError: the LSTM's states have no path in time.
        """
        found = self.paths.of(position)
        return plot_path(found), one_path_caption(found)
