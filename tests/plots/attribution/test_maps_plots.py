"""Figures of attributions: they show the Result's numbers, know nothing of pyplot, and nothing overlaps."""

import dataclasses
import itertools
from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from lstmkit.analysis.attribution.agreement import Agreement, agreement
from lstmkit.analysis.attribution.averages import Attribution
from lstmkit.plots.attribution.maps import (
    plot_agreement,
    plot_feature_importance,
    plot_heatmap,
    plot_heatmaps,
    plot_temporal_profile,
)
from lstmkit.wording import feature_label

FEATURES = (
    "co2",
    "temperature",
    "humidity",
    "co2_change_1h",
    "co2_mean_1h",
    "co2_lag_24h",
    "hour_sin",
    "hour_cos",
    "weekday_sin",
    "weekday_cos",
)


def attribution(
    steps: int = 288, seed: int = 0, scale: float = 1.0, method: str = "Saliency", interval: float = 1 / 12
) -> Attribution:
    random = np.random.default_rng(seed)
    signed = scale * random.normal(size=(steps, len(FEATURES))) * np.exp(-np.arange(len(FEATURES)) / 3)
    magnitude = np.abs(signed) * 1.5
    hours_before = np.arange(steps - 1, -1, -1) * interval
    hour = (
        np.unique(np.floor(hours_before + 1e-9), return_inverse=True)[1].max()
        - np.unique(np.floor(hours_before + 1e-9), return_inverse=True)[1]
    )
    by_step = magnitude.sum(axis=1)
    by_hour = np.bincount(hour, weights=by_step)
    return Attribution(
        method=method,
        unit="ppm per standard deviation",
        magnitude=magnitude,
        magnitude_error=0.1 * magnitude,
        signed=signed,
        signed_error=0.1 * magnitude,
        by_feature=magnitude.sum(axis=0),
        by_feature_error=magnitude.sum(axis=0) * random.uniform(0.02, 0.1, len(FEATURES)),
        by_step=by_step,
        by_step_error=0.1 * by_step,
        by_hour=by_hour,
        by_hour_error=by_hour * random.uniform(0.02, 0.1, len(by_hour)),
        features=FEATURES,
        hours_before=hours_before,
        explained="mean over the horizon",
        n_windows=512,
    )


def methods(scale: float = 1.0) -> Agreement:
    names = ["Saliency", "SmoothGrad", "Gradient × input", "Integrated gradients", "Occlusion"]
    return agreement([attribution(30, seed, scale, name) for seed, name in enumerate(names)])


FIGURES = {
    "heatmap": lambda steps, scale: plot_heatmap(attribution(steps, scale=scale)),
    "signed heatmap": lambda steps, scale: plot_heatmap(attribution(steps, scale=scale), signed=True),
    "heatmaps": lambda steps, scale: plot_heatmaps(
        attribution(steps, scale=scale), attribution(steps, 1, scale)
    ),
    "importance": lambda steps, scale: plot_feature_importance(
        attribution(steps, scale=scale), attribution(steps, 1, scale)
    ),
    "profile": lambda steps, scale: plot_temporal_profile(attribution(steps, scale=scale)),
    "agreement": lambda steps, scale: plot_agreement(methods(scale)),
}


def visible_texts(figure: Figure) -> list[Text]:
    """Every text that is drawn: ticks beyond the view exist and are not."""
    figure.draw_without_rendering()
    texts = [*figure.texts]
    for axes in figure.axes:
        texts += [axes.title, axes._left_title, axes._right_title, *axes.texts]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            inside = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            texts += [
                axis.label,
                axis.offsetText,
                *(t for tick in inside for t in (tick.label1, tick.label2)),
            ]
    return [text for text in texts if text.get_visible() and text.get_text().strip()]


def assert_whole_and_unknown_to_pyplot(draw: Callable[[], Figure]) -> None:
    before = plt.get_fignums()
    with np.errstate(all="raise", under="ignore"):
        figure = draw()
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


def assert_nothing_overlaps(figure: Figure) -> None:
    texts = visible_texts(figure)
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    page = figure.bbox
    for name, box in boxes:
        assert box.x0 >= page.x0 - 1, name
        assert box.x1 <= page.x1 + 1, name
        assert box.y0 >= page.y0 - 1, name
        assert box.y1 <= page.y1 + 1, name
    level = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_rotation() % 90 == 0]
    for (a, first), (b, second) in itertools.combinations(level, 2):  # a slanted text does not fill its box
        width = min(first.x1, second.x1) - max(first.x0, second.x0)
        height = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert min(width, height) <= 1, (a, b)  # a pixel of the boxes' own margins


@pytest.mark.parametrize("steps", [288, 12], ids=["a day", "an hour"])
@pytest.mark.parametrize("scale", [1.0, 1e-4, 1e3, 0.0], ids=["ones", "small", "large", "zero"])
@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_whole_and_unknown_to_pyplot(name, steps, scale):
    before = plt.get_fignums()
    with np.errstate(all="raise", under="ignore"):
        figure = FIGURES[name](steps, scale)
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


@pytest.mark.parametrize("signed", [False, True])
def test_a_heatmap_shows_the_map(signed):
    result = attribution(288)
    figure = plot_heatmap(result, signed=signed)
    axes, bar = figure.axes
    (image,) = axes.images
    values = result.signed if signed else result.magnitude
    np.testing.assert_array_equal(image.get_array(), values.T)
    assert image.get_extent() == pytest.approx(
        [-24, 0, 9.5, -0.5]
    )  # a day of cells, the newest ends at the origin
    assert [label.get_text() for label in axes.get_yticklabels()] == [feature_label(f) for f in FEATURES]
    assert axes.get_yticks().tolist() == list(range(10))
    assert axes.get_title(loc="left") == f"Saliency: {'signed mean' if signed else 'mean magnitude'}"
    assert bar.get_ylabel().startswith("ppm per standard deviation")
    assert "logarithmic" in bar.get_ylabel()
    largest = np.abs(values).max()
    assert image.norm.vmax == pytest.approx(largest, rel=1e-12)
    assert image.norm(largest / 2) < 1
    if signed:
        assert image.norm.vmin == -image.norm.vmax
        assert image.norm(0.0) == 0.5
        assert image.norm(-0.3) + image.norm(0.3) == pytest.approx(1)


def test_a_row_of_the_heatmap_stands_at_its_label():
    result = attribution(24)
    magnitude = np.zeros_like(result.magnitude)
    magnitude[-1, 3] = 7.0  # the newest step of the fourth feature
    result = dataclasses.replace(result, magnitude=magnitude)
    axes = plot_heatmap(result).axes[0]
    (image,) = axes.images
    row, column = np.argwhere(np.asarray(image.get_array()) == 7.0)[0]
    left, right, bottom, top = image.get_extent()
    assert image.origin == "upper"
    y = top + (row + 0.5) * (bottom - top) / len(FEATURES)
    x = left + (column + 0.5) * (right - left) / 24
    assert axes.get_yticklabels()[round(y)].get_text() == "CO₂ change 1 h"
    assert x == pytest.approx(-1 / 24)  # half a step of 5 min before the forecast


def test_two_heatmaps_share_one_scale():
    left, right = attribution(48), attribution(48, seed=1, scale=3.0, method="SmoothGrad")
    figure = plot_heatmaps(left, right)
    images = [axes.images[0] for axes in figure.axes[:2]]
    for image, result in zip(images, (left, right), strict=True):
        np.testing.assert_array_equal(image.get_array(), result.magnitude.T)
        assert image.norm.vmax == max(left.magnitude.max(), right.magnitude.max())
    assert images[0].norm.vmin == images[1].norm.vmin
    assert [axes.get_title(loc="left") for axes in figure.axes[:2]] == ["Saliency", "SmoothGrad"]


def segments(axes) -> np.ndarray:
    """End points of the error bars, (bar, end, xy)."""
    return np.array(axes.containers[-1].lines[2][0].get_segments())


def test_bars_are_the_shares_with_their_errors():
    result, untrained = attribution(60), attribution(60, seed=1)
    axes = plot_feature_importance(result, untrained).axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()][::-1]
    assert names == [feature_label(name) for name in result.share.index]  # the largest on top
    widths = np.array([bar.get_width() for bar in axes.patches])[::-1]
    np.testing.assert_allclose(widths, result.share.to_numpy(), rtol=1e-12)
    assert (np.diff(widths) <= 0).all()
    index = [FEATURES.index(name) for name in result.share.index]
    errors = 100 * result.by_feature_error[index] / result.by_feature.sum()
    ends = segments(axes)[::-1, :, 0]
    np.testing.assert_allclose(ends, np.stack([widths - errors, widths + errors], axis=1), rtol=1e-9)
    assert [text.get_text() for text in axes.texts][::-1] == [f"{share:.1f} %" for share in result.share]
    (diamonds,) = [line for line in axes.lines if line.get_label() == "before training"]
    np.testing.assert_allclose(diamonds.get_xdata()[::-1], untrained.share[result.share.index])


def test_the_profile_shows_hours_with_their_errors():
    result = attribution(288)
    axes = plot_temporal_profile(result).axes[0]
    shares = 100 * result.by_hour / result.by_hour.sum()
    errors = 100 * result.by_hour_error / result.by_hour.sum()
    assert len(axes.patches) == 24
    np.testing.assert_allclose([bar.get_height() for bar in axes.patches], shares, rtol=1e-12)
    middles = [bar.get_x() + bar.get_width() / 2 for bar in axes.patches]
    np.testing.assert_allclose(middles, np.arange(-23.5, 0), atol=1e-9)
    ends = segments(axes)[:, :, 1]
    np.testing.assert_allclose(ends, np.stack([shares - errors, shares + errors], axis=1), rtol=1e-9)
    assert axes.get_xlim() == (-24, 0)


def test_bars_of_a_coarse_grid_stand_at_their_hours():
    # steps of three hours: each is an hour bin of its own, three hours from the next
    result = attribution(8, interval=3.0)
    axes = plot_temporal_profile(result).axes[0]
    left = [bar.get_x() for bar in axes.patches]
    assert len(left) == 8
    np.testing.assert_allclose(np.diff(left), 3.0)
    assert axes.get_xlim() == (-24, 0)


def test_the_hours_axis_counts_back_from_now():
    axes = plot_heatmap(attribution(288)).axes[0]
    axes.figure.draw_without_rendering()
    labels = [label.get_text() for label in axes.get_xticklabels() if label.get_position()[0] <= 0]
    assert labels[-1] == "now"
    assert "−6" in labels
    assert axes.get_xlabel() == "hours before the forecast"


def test_agreement_shows_both_tables():
    result = methods()
    left, right = plot_agreement(result).axes
    np.testing.assert_array_equal(left.images[0].get_array(), result.correlation)
    said = [text.get_text() for text in left.texts]
    assert said[::2] == [f"{v:.2f}".replace("-", "−") for v in result.correlation.to_numpy().ravel()]
    assert said[1::2] == [str(n) for n in result.compared.to_numpy().ravel()]
    order = [label.get_text() for label in right.get_yticklabels()]
    shares = result.shares.set_axis([feature_label(name) for name in result.shares.index]).loc[order]
    np.testing.assert_array_equal(right.images[0].get_array(), shares)
    assert shares.mean(axis=1).is_monotonic_decreasing
    assert [label.get_text() for label in left.get_xticklabels()] == list(result.correlation)
    assert [label.get_text() for label in left.get_yticklabels()] == list(result.correlation.index)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("co2", "CO₂"),
        ("co2_change_1h", "CO₂ change 1 h"),
        ("co2_lag_24h", "CO₂ lag 24 h"),
        ("hour_sin", "hour sin"),
    ],
)
def test_labels(name, label):
    assert feature_label(name) == label


def test_one_window_has_no_error_bars_to_draw():
    result = attribution(24)
    unknown = np.full(len(FEATURES), np.nan)
    result = dataclasses.replace(
        result, by_feature_error=unknown, by_hour_error=np.full(2, np.nan), n_windows=1
    )
    for figure in (plot_feature_importance(result, result), plot_temporal_profile(result)):
        assert not any("nan" in text.get_text() for text in visible_texts(figure))
        assert len(figure.axes[0].patches) in (2, 10)
    axes = plot_feature_importance(result, result).axes[0]
    assert [text.get_text() for text in axes.texts][::-1] == [f"{share:.1f} %" for share in result.share]
    assert np.isfinite([text.get_position() for text in axes.texts]).all()
    assert_nothing_overlaps(axes.figure)


@pytest.mark.parametrize("scale", [1e-4, 1e-2, 0.1, 1.0, 500.0])
def test_the_colour_bar_of_signs_ends_at_the_largest_value(scale):
    given = attribution(scale=scale)
    figure = plot_heatmap(given, signed=True)
    figure.draw_without_rendering()
    largest = np.abs(given.signed).max()
    assert figure.axes[-1].get_ylim() == pytest.approx((-largest, largest))
