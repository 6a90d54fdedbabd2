"""Figures of the gradient's way back: they show the Result's numbers, and nothing overlaps."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from lstmkit.analysis.attribution.gradient_flow import GradientFlow
from lstmkit.plots.attribution.gradient_flow import plot_flow_ratio, plot_stage_gradients
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts


def flow(lookback: int = 288, scale: float = 1.0, pool: int = 2) -> GradientFlow:
    random = np.random.default_rng(0)
    pooled = -(-lookback // pool)
    hours = np.arange(lookback - 1, -1, -1) / 12
    pooled_hours = np.arange(pooled - 1, -1, -1) * pool / 12
    shapes = [(32, lookback), (64, lookback), (64, pooled)]
    return GradientFlow(
        stages=("input", "CNN layer 1", "CNN layer 2", "LSTM input"),
        magnitude=tuple(scale * random.gamma(0.3, size=shape) for shape in shapes),
        hours_before=(hours, hours, pooled_hours),
        norm=scale * np.array([0.5, 1.2, 2.0, 2.1]),
        norm_error=scale * np.array([0.02, 0.05, 0.1, 0.1]),
        ratio_error=np.array([0.01, 0.02, 0.0]),
        n_windows=512,
    )


@pytest.mark.parametrize("lookback", [288, 25, 12, 4])
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e4, 0.0], ids=["ones", "small", "large", "zero"])
@pytest.mark.parametrize("plot", [plot_stage_gradients, plot_flow_ratio])
def test_figures_are_whole_and_unknown_to_pyplot(plot, lookback, scale):
    before = plt.get_fignums()
    figure = plot(flow(lookback, scale))
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


def test_stages_show_their_gradients():
    result = flow(288)
    panels = [
        axes for axes in plot_stage_gradients(result).axes if axes.images and axes.get_title(loc="left")
    ]
    assert len(panels) == 3
    for axes, values, stage in zip(panels, result.magnitude, result.stages[1:], strict=True):
        (image,) = axes.images
        np.testing.assert_array_equal(image.get_array(), values)
        assert image.get_extent() == pytest.approx(
            [-24, 0, len(values) - 0.5, -0.5]
        )  # the same day at all stages
        assert image.norm.vmax == pytest.approx(values.max())
        assert axes.get_title(loc="left") == f"{stage}\n{len(values)} channels × {values.shape[1]} steps"


def test_norms_and_ratios_with_their_errors():
    result = flow()
    left, right = plot_flow_ratio(result).axes
    assert [bar.get_width() for bar in left.patches] == result.norm.tolist()
    assert [label.get_text() for label in left.get_yticklabels()] == list(result.stages)
    assert [label.get_text() for label in right.get_yticklabels()] == list(result.pairs)
    assert left.yaxis_inverted()
    assert right.yaxis_inverted()  # input on top in both
    line, _, (bars,) = right.containers[0].lines
    assert line.get_xdata().tolist() == [0.5 / 1.2, 1.2 / 2.0, 2.0 / 2.1]  # of the bars beside them
    ends = np.array(bars.get_segments())[:, :, 0]
    spread = np.stack([result.ratio - result.ratio_error, result.ratio + result.ratio_error], axis=1)
    np.testing.assert_allclose(ends, spread)
    errors = np.array(left.containers[0].lines[2][0].get_segments())[:, :, 0]
    np.testing.assert_allclose(
        errors, np.stack([result.norm - result.norm_error, result.norm + result.norm_error], 1)
    )
