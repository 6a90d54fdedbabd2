"""Pick a window on the error curve, and see its forecast, its attribution map, its gates and its trajectory."""

from html import escape
from typing import Any

from ipywidgets import HTML, Box, Layout, VBox
from plotly.graph_objects import FigureWidget

from lstmkit.analysis.attribution.methods import METHODS
from lstmkit.explore.controls import (
    baseline_choice,
    method_choice,
    part_choice,
    step_choice,
    window_slider,
)
from lstmkit.explore.panel import Panel
from lstmkit.explore.views import WindowViews
from lstmkit.plots.errors.curve import plot_error_curve
from lstmkit.run import Study

CONFIG = {"displaylogo": False, "responsive": True}
SIDE_BY_SIDE = "repeat(auto-fit, minmax(min(100%, 660px), 1fr))"


class Explorer(VBox):
    """Widgets that show one test window at a time; without JupyterLab, the window with the largest error.

    Args:
        study: for one model and one horizon.
    """

    def __init__(self, study: Study):
        self.views = WindowViews(study)
        self.curve = FigureWidget(plot_error_curve(self.views.curve))
        self.curve._config = CONFIG
        self.window, self.moment = window_slider(self.views), HTML()
        self.method, self.step = method_choice(self.views), step_choice(self.views)
        self.baseline, self.part = baseline_choice(), part_choice(self.views)
        self.panels = tuple(map(Panel, ("Forecast", "Attribution", "Gates", "Trajectory")))
        self._listen()
        self._show_window()
        row = Layout(flex_flow="row wrap", align_items="center", width="100%")
        grid = Layout(display="grid", grid_template_columns=SIDE_BY_SIDE, grid_gap="16px", width="100%")
        super().__init__(
            [
                self.curve,
                Box([self.window, self.moment], layout=row),
                Box([self.method, self.step, self.baseline, self.part], layout=row),
                Box(self.panels, layout=grid),
            ]
        )

    def _listen(self) -> None:
        self.curve.data[0].on_click(self._pick)
        self.window.observe(lambda _: self._show_window(), "value")
        for choice in (self.method, self.step, self.baseline):
            choice.observe(lambda _: self._show_attribution(), "value")
        self.part.observe(lambda _: self._show_gates(), "value")

    def _pick(self, trace: Any, points: Any, _state: Any) -> None:
        """Show the window of the point that was clicked."""
        if points.point_inds:
            self.window.value = int(trace.customdata[points.point_inds[0]])

    def _show_window(self) -> None:
        forecast, _, _, trajectory = self.panels
        position, windows = self.window.value, self.views.windows
        origin = windows.origin[position]
        date = f"{origin:{windows.calendar.date_format}}"
        self.moment.value = escape(f"{position + 1:,} of {len(windows):,}: from {date} on")
        with self.curve.batch_update():
            self.curve.data[1].x, self.curve.data[1].y = (
                [origin.tz_localize(None)],
                [self.views.errors.rmse[position]],
            )
        forecast.show(lambda: self.views.forecast(position))
        trajectory.show(lambda: self.views.path(position))
        self._show_gates()
        self._show_attribution()

    def _show_attribution(self) -> None:
        compares = METHODS[self.method.value].compares
        self.baseline.disabled = not compares
        baseline = self.baseline.value if compares else None
        chosen = (self.window.value, self.method.value, self.step.value or None, baseline)
        self.panels[1].show(lambda: self.views.attribution(*chosen))

    def _show_gates(self) -> None:
        self.panels[2].show(lambda: self.views.gate_values(self.window.value, self.part.value))

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widgets, and for readers without them the pictures that they begin with."""
        bundle = super()._repr_mimebundle_(**kwargs)
        return bundle | {"text/html": "".join(panel.value for panel in self.panels)}
