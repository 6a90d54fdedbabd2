"""Figures that set the layers of an LSTM side by side."""

from matplotlib.figure import Figure

from lstmkit.analysis.layers import LayerComparison
from lstmkit.plots.geometry import plane, settled
from lstmkit.plots.style import REGIME_COLORS, canvas


def plot_layers(comparison: LayerComparison) -> Figure:
    """The first two components of each layer in the colours of the target's regime.

    Args:
        comparison: of the layers of one LSTM.
    """
    n_layers = len(comparison.layers)
    figure, row = canvas(1, n_layers, height=3.9, squeeze=False)
    for axes, geometry in zip(row[0], comparison.layers, strict=True):
        states = geometry.representation
        groups = {label: states.regime == index for index, label in enumerate(states.regimes.labels)}
        plane(axes, geometry, REGIME_COLORS, groups)
        axes.get_legend().remove()
        axes.set_title(f"{states.name}: {geometry.effective_dimension:.1f} effective dimensions")
    handles, labels = row[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=8)
    return settled(figure)
