"""Figures that set the layers of an LSTM side by side."""

from matplotlib.figure import Figure

from lstmkit.analysis.states.layers import LayerComparison
from lstmkit.plots.states.geometry import planes


def plot_layers(comparison: LayerComparison) -> Figure:
    """The first two components of each layer below the last, which has a figure of its own, by group at the origin.

    Args:
        comparison: of the layers of one LSTM.
    """
    return planes(comparison.layers[:-1])
