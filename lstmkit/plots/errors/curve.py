"""The error of each forecast over time, as a figure of which a point can be picked."""

import numpy as np
import plotly.graph_objects as go

from lstmkit.analysis.errors.curve import ErrorCurve
from lstmkit.plots.hover import literal
from lstmkit.plots.style import ACCENT, GRID, INK, WARM

HEIGHT = 260  # pixels


def plot_error_curve(curve: ErrorCurve) -> go.Figure:
    """The error of forecasts by their origin; a second trace of one point marks the worst of them.

    Args:
        curve: of one model.
    """
    after_gap = np.flatnonzero(curve.after_gap)  # where a point without a value ends the line
    rmse = np.insert(curve.rmse, after_gap, np.nan)
    origin = curve.origin.tz_localize(None).to_numpy()
    figure = go.Figure(layout={"template": "none", "height": HEIGHT, "font": {"color": INK, "size": 12}})
    unit = literal(curve.unit)
    figure.add_scatter(
        x=np.insert(origin, after_gap, origin[after_gap]),
        y=rmse,
        customdata=np.insert(curve.position, after_gap, curve.position[after_gap]),
        mode="lines",
        line={"color": ACCENT, "width": 1},
        hovertemplate=f"%{{x|{curve.calendar.date_format}}}<br>RMSE %{{y:.3g}} {unit}<extra></extra>",
    )
    worst = curve.rmse.argmax()
    figure.add_scatter(
        x=origin[[worst]],
        y=curve.rmse[[worst]],
        mode="markers",
        marker={"color": WARM, "size": 10, "line": {"color": "white", "width": 1}},
        hoverinfo="skip",
    )
    figure.update_xaxes(showgrid=False, linecolor=GRID)
    figure.update_yaxes(
        title={"text": f"RMSE ({unit})"}, rangemode="tozero", gridcolor=GRID, zeroline=False, nticks=5
    )
    figure.update_layout(
        showlegend=False, hovermode="x", autosize=True, margin={"l": 60, "r": 10, "t": 30, "b": 40}
    )
    return figure
