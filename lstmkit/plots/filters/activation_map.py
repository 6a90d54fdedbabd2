"""Figure of the activations of one layer in one window."""

from matplotlib.figure import Figure

from lstmkit.analysis.filters.activation_map import ActivationMap
from lstmkit.findings.filters.activation_map import origin_named
from lstmkit.plots.style import ACCENT, INK, MAGNITUDE_COLORS, MUTED, axes_grid, hours_axis, light_grid
from lstmkit.wording import digits, feature_label

ROW = 0.085  # inches per filter


def plot_activation_map(activations: ActivationMap) -> Figure:
    """Activation of every filter at every step of a window, below the course of the target in it.

    Args:
        activations: of one layer.
    """
    example, order = activations.example, activations.order
    height = max(2.2, ROW * len(order))
    figure, (top, main) = axes_grid(2, 1, height=1.9 + height, height_ratios=[1.1, height], sharex=True)
    top.plot(-example.hours_before, example.target, color=ACCENT, lw=1.4)
    top.set_ylabel(f"{feature_label(example.name)}\n({example.unit})")
    top.set_title(
        f"{activations.layer} before {origin_named(example)}: "
        f"{digits(example.latest)} {example.unit} at the forecast ({example.group})"
    )
    light_grid(top)
    image = main.imshow(
        activations.activation[order],
        aspect="auto",
        interpolation="nearest",
        extent=(-example.hours, 0, len(order) - 0.5, -0.5),
        cmap=MAGNITUDE_COLORS,
        vmin=0,
        vmax=activations.activation.max() or 1.0,
    )
    main.set_yticks(range(len(order)), order, fontsize=5.5)
    main.tick_params(axis="y", length=0)
    main.set_ylabel(f"filter, rising with {feature_label(example.name)} first")
    hours_axis(main, example.hours, calendar=example.window.calendar)
    bar = figure.colorbar(image, ax=main, pad=0.01, aspect=30)
    bar.outline.set_visible(False)
    bar.set_label("activation after the ReLU", color=MUTED, fontsize=8)
    bar.ax.tick_params(color=INK)
    return figure
