"""The figure of lags and leads: every map on its grid, all on one scale, and nothing overlaps."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from lstmkit.analysis.horizons.atlas import Atlas, Map
from lstmkit.plots.horizons.atlas import plot_atlas
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts


def atlas(leads: int = 288, lags: int = 288, interval: float = 1 / 12, scale: float = 1.0) -> Atlas:
    random = np.random.default_rng(0)

    def each(size: float) -> Map:
        values = scale * size * random.gamma(0.3, size=(leads, lags))
        pair = np.zeros(2)
        return Map(values, np.ones((1, 1)), np.ones((1, 1)), pair, pair, None, None, None)

    return Atlas(
        summed=each(1.0),
        own_past=each(0.1),
        target="CO₂",
        hours_ahead=np.arange(1, leads + 1) * interval,
        hours_before=np.arange(lags - 1, -1, -1) * interval,
        lead_hours=np.ones(1),
        lag_hours=np.zeros(1),
        unit="ppm per standard deviation",
        n_windows=24,
    )


@pytest.mark.parametrize(
    ("leads", "lags", "interval"),
    [
        (288, 288, 1 / 12),
        (12, 288, 1 / 12),
        (1, 24, 1.0),
        (24, 24, 1.0),
        (2, 6, 0.5),
        (168, 48, 1.0),
        (1, 1, 1 / 12),
    ],
)
@pytest.mark.parametrize("scale", [1.0, 1e-6, 0.0], ids=["ones", "small", "zero"])
def test_figures_are_whole_and_unknown_to_pyplot(leads, lags, interval, scale):
    before = plt.get_fignums()
    figure = plot_atlas(atlas(leads, lags, interval, scale))
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


def test_maps_show_their_values_with_the_nearest_lead_below_and_the_newest_lag_at_the_right():
    result = atlas(24, 48, 1.0)
    panels = [axes for axes in plot_atlas(result).axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in panels] == ["All features", "CO₂ alone"]
    for axes, each in zip(panels, result.maps.values(), strict=True):
        (image,) = axes.images
        np.testing.assert_array_equal(image.get_array(), each.values)
        assert image.origin == "lower"
        assert image.get_extent() == pytest.approx([-48, 0, 0.5, 24.5])


def test_both_maps_share_a_scale():
    result = atlas()
    figure = plot_atlas(result)
    summed, own_past = (axes.images[0].norm for axes in figure.axes[:2])
    assert summed.vmax == own_past.vmax == pytest.approx(result.summed.values.max())
    assert len(figure.axes) == 3


def test_leads_within_two_hours_are_counted_in_minutes():
    near, far = plot_atlas(atlas(12)).axes[0], plot_atlas(atlas(288)).axes[0]
    assert near.get_ylabel() == "minutes ahead"
    assert near.images[0].get_extent()[2:] == pytest.approx([2.5, 62.5])
    assert far.get_ylabel() == "hours ahead"
