"""A cloud of hidden states in three dimensions that a reader can turn."""

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lstmkit.analysis.states.geometry import Geometry
from lstmkit.data.windows import spread_evenly
from lstmkit.findings.states.moment import moment
from lstmkit.plots.groups import group_colors
from lstmkit.plots.hover import literal
from lstmkit.plots.states.geometry import component_label
from lstmkit.plots.style import INK

MOST_POINTS = 1500
HEIGHT = 520  # pixels


def plot_turning(geometry: Geometry) -> go.Figure:
    """The first three components in the colours of the group at the origin, to be turned with the mouse.

    Args:
        geometry: of final states; at most MOST_POINTS of them are drawn, spread evenly over time.
    """
    states = geometry.representation
    shown = spread_evenly(len(states), MOST_POINTS)
    figure = go.Figure(layout={"template": "none", "height": HEIGHT, "font": {"color": INK}})
    for index, (label, color) in enumerate(
        zip(states.groups.labels, group_colors(states.groups), strict=True)
    ):
        inside = shown[states.group[shown] == index]
        x, y, z = geometry.scores[inside, :3].astype("float32").T
        figure.add_scatter3d(
            x=x,
            y=y,
            z=z,
            mode="markers",
            name=literal(label),
            marker={"size": 2.5, "color": color},
            text=np.array([moment(time, states.calendar) for time in states.origin[inside]], dtype=object),
            customdata=np.round(states.latest[inside]).astype("float32"),
            hovertemplate=f"%{{text}}<br>%{{customdata:.0f}} {literal(states.unit)}",
        )
    titles = {
        f"{axis}axis": {"title": {"text": component_label(geometry, index)}}
        for index, axis in enumerate("xyz")
    }
    figure.update_layout(
        scene={**titles, "aspectmode": "data", "camera": {"eye": {"x": -1.3, "y": -1.9, "z": 1.2}}},
        legend={"itemsizing": "constant", "orientation": "h", "x": 0.5, "xanchor": "center", "y": 0},
        margin={"l": 0, "r": 0, "t": 10, "b": 40},
    )
    return figure


def as_output(figure: go.Figure) -> dict[str, Any]:
    """A figure as a notebook's output: data, which JupyterLab draws, and a piece of a page, without plotly.js.

    The library weighs almost 5 MB, a hundred times the figure. The book holds it once, for all pages.

    Args:
        figure: to be turned.

    Returns:
        What `display(…, raw=True)` shows, by type.
    """
    config = {"displaylogo": False, "responsive": True, "typesetMath": False}
    html = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        include_mathjax=False,
        div_id="hidden-states-in-space",
        config=config,
    )
    data = json.loads(figure.to_json()) | {"config": config}
    return {"application/vnd.plotly.v1+json": data, "text/html": html}
