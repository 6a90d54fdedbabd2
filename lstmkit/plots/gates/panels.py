"""How the panels of an LSTM's layers and directions are arranged, titled, and ruled along its steps."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from lstmkit.analysis.gates.part import PartStatistics
from lstmkit.analysis.gates.statistics import GateStatistics
from lstmkit.analysis.gates.walked import WalkedLSTM
from lstmkit.data.calendar import Calendar
from lstmkit.internals.step_places import Place
from lstmkit.plots.style import axes_grid, hours_axis

COLUMNS = {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3}  # panels side by side, by how many there are, of several LSTMs
MOST_COLUMNS = 4
MARKED = 24  # steps of an LSTM beside the window, up to which each has a mark


def part_panels(
    gates: GateStatistics, height: float, lower: float, **subplots
) -> tuple[Figure, list[tuple[PartStatistics, Axes]]]:
    """A figure with one panel per part; places without a part stay empty.

    Args:
        gates: of all parts.
        height: in inches, of a single row.
        lower: in inches, of each of several rows.
        **subplots: for `Figure.subplots`.
    """
    n_parts = len(gates.parts)
    columns = min(n_parts, MOST_COLUMNS)
    if len(gates.lstms) > 1:
        columns = COLUMNS.get(n_parts, MOST_COLUMNS)
    rows = -(-n_parts // columns)
    height = height if rows == 1 else 0.6 + lower * rows
    figure, grid = axes_grid(rows, columns, height=height, squeeze=False, **subplots)
    for axes in grid.flat[n_parts:]:
        axes.set_axis_off()
    panels = list(zip(gates.parts, grid.flat, strict=False))
    for part, axes in panels:
        axes.set_title(part_title(part))
    return figure, panels


def part_title(part: PartStatistics) -> str:
    """The title of a part's panel, with the name of its LSTM where there are several.

    Args:
        part: that is drawn.
    """
    layer = part.layer.capitalize()
    return layer if part.name == part.layer else f"{part.lstm.name}\n{layer}"


def line_title(part: PartStatistics) -> str:
    """The same on one line, for a panel that is wide enough.

    Args:
        part: that is drawn.
    """
    return part.name.capitalize() if part.name == part.layer else part.name


def gate_title(part: PartStatistics, gate: str, first: bool) -> str:
    """The title of a gate's panel in the row of its part.

    Args:
        part: to which it belongs.
        gate: its name.
        first: whether the panel is the first of its row.
    """
    if part.name == part.layer:
        return f"{gate}, {part.name}"
    return f"{part.name}\n{gate}" if first else gate


def step_positions(lstm: WalkedLSTM) -> Float[np.ndarray, "time"]:
    """Where the steps of an LSTM stand on its axis: hours from the origin, or the numbers of the steps.

    Args:
        lstm: that was traversed.
    """
    return np.arange(1.0, lstm.n_steps + 1) if lstm.hours_before is None else -lstm.hours_before


def step_marker(lstm: WalkedLSTM) -> str | None:
    """The mark of each step beside the window, where there are few of them; None for no mark.

    Args:
        lstm: that was traversed.
    """
    return None if lstm.in_window or lstm.n_steps > MARKED else "."


def step_limits(lstm: WalkedLSTM, lookback_hours: float) -> tuple[float, float]:
    """Where the axis of an LSTM's steps begins and ends.

    Args:
        lstm: that was traversed.
        lookback_hours: length of a window.
    """
    if lstm.in_window:
        return -lookback_hours, 0.0
    if lstm.span_hours is not None:
        return 0.0, lstm.span_hours
    return 0.0, float(lstm.n_steps)


def step_axis(
    axes: Axes, lstm: WalkedLSTM, lookback_hours: float, calendar: Calendar, most_ticks: int = 9
) -> None:
    """Let the x axis run along the steps of an LSTM.

    Args:
        axes: whose x data are those of `step_positions`.
        lstm: that was traversed.
        lookback_hours: length of a window.
        calendar: of the series.
        most_ticks: how many fit.
    """
    if lstm.in_window:
        hours_axis(axes, lookback_hours, most_ticks, calendar)
        return
    axes.xaxis.set_major_locator(MaxNLocator(min(most_ticks, 6), integer=lstm.place is Place.UNKNOWN))
    unit = calendar.unit_hours
    if lstm.place is Place.AHEAD and not calendar.is_within_days:
        axes.xaxis.set_major_locator(MultipleLocator(unit * -(-lstm.n_steps // most_ticks)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda hours, _: f"{hours / unit:g}"))
    axes.set_xlabel(
        f"{calendar.unit}s after the forecast's origin"
        if lstm.place is Place.AHEAD
        else f"step of {lstm.name}"
    )
