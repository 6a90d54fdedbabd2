"""The figure of the ablations shows the Results' numbers beside that of the rule alone."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from lstmkit.analysis.filters.ablation import AS_TRAINED, NEVER_TRAINED, LayerAblation
from lstmkit.analysis.filters.random_ablation import RandomAblation
from lstmkit.plots.filters.ablation import plot_ablation
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts

RULE = "the damped climatology"
HELD = tuple(f"layer {n} {how}" for n in (1, 2) for how in ("set to zero", "held at its mean"))


def layers(scale: float = 1.0, effect: float = 1.0) -> LayerAblation:
    increase = scale * effect * np.array([0, 12.0, 5, 7, 3, -2])
    rmse = scale * 25 + increase
    return LayerAblation(
        configurations=(AS_TRAINED, *HELD, NEVER_TRAINED),
        rmse=rmse,
        increase=increase,
        low=increase - scale * effect * np.array([0, 1, 1, 1, 1, 1]),
        high=increase + scale * effect * np.array([0, 2, 2, 2, 2, 2]),
        over_rule=rmse - scale * 26,
        over_rule_low=rmse - scale * 27,
        over_rule_high=rmse - scale * 25,
        fixed=np.array([False, True, True, True, True, False]),
        rule=RULE,
        rule_rmse=scale * 26.0,
        unit="ppm",
        n_windows=2048,
        n_days=100,
        confidence=0.95,
    )


def draws(scale: float = 1.0, effect: float = 1.0, n: int = 20) -> RandomAblation:
    shares = np.array([0.25, 0.5, 0.75])
    noise = np.random.default_rng(0).normal(size=(2, 3, n))
    return RandomAblation(
        shares=(0.25, 0.5, 0.75),
        held=np.array([[8, 16, 24], [16, 32, 48]]),
        random=scale * effect * (5 * shares[:, None] + noise),
        most_used=scale * effect * np.array([3.0, 4.0, 4.5]),
        least_used=scale * effect * np.array([0.1, 1.0, 2.0]),
        whole=scale * effect * np.array([5.0, 4.0]),
        rmse=scale * 25.0,
        rule=RULE,
        rule_rmse=scale * 26.0,
        unit="ppm",
        n_windows=128,
    )


@pytest.mark.parametrize("scale", [1.0, 1e-3, 40.0], ids=["ones", "small", "large"])
@pytest.mark.parametrize("effect", [1.0, 0.0], ids=["some", "none"])
@pytest.mark.parametrize("n", [20, 1])
def test_the_figure_is_whole_and_unknown_to_pyplot(scale, effect, n):
    before = plt.get_fignums()
    figure = plot_ablation(layers(scale, effect), draws(scale, effect, n))
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


def test_bars_are_the_rmse_with_the_interval_of_the_increase():
    result = layers()
    axes = plot_ablation(result, draws()).axes[0]
    assert [bar.get_width() for bar in axes.patches] == result.rmse.tolist()
    assert [label.get_text() for label in axes.get_yticklabels()] == list(result.configurations)
    assert axes.yaxis_inverted()
    segments = next(c for c in axes.collections).get_segments()
    ends = np.array(segments)[:, :, 0]
    np.testing.assert_allclose(ends, (result.rmse[0] + np.stack([result.low, result.high], axis=1))[1:])
    assert [text.get_text() for text in axes.texts] == [
        "25.0", "37.0 (+12.0)", "30.0 (+5.0)", "32.0 (+7.0)", "28.0 (+3.0)", "23.0 (−2.0)",
    ]  # fmt: skip
    (alone,) = (line for line in axes.lines if line.get_linestyle() == "--")
    assert set(alone.get_xdata()) == {26.0}


def test_draws_and_chosen_filters_of_both_layers():
    result = draws()
    _, first, second = plot_ablation(layers(), result).axes
    for layer, axes in enumerate((first, second)):
        for share, values, dots in zip(result.shares, result.random[layer], axes.collections, strict=True):
            np.testing.assert_allclose(dots.get_offsets()[:, 1], values)
            np.testing.assert_allclose(dots.get_offsets()[:, 0].mean(), share)
        mean = axes.lines[0]
        expected = [0, *result.random[layer].mean(axis=1), result.whole[layer]]
        np.testing.assert_allclose(mean.get_ydata(), expected)
        assert list(mean.get_xdata()) == [0, 0.25, 0.5, 0.75, 1]
        assert set(axes.lines[-1].get_ydata()) == {1.0}  # the rule's RMSE is 26, the model's 25
        assert axes.get_title(loc="left") == f"Parts of layer {layer + 1}"
    assert len(first.lines) == 2
    np.testing.assert_allclose(second.lines[1].get_ydata(), [0, *result.most_used, result.whole[1]])
    np.testing.assert_allclose(second.lines[2].get_ydata(), [0, *result.least_used, result.whole[1]])
    assert first.get_ylim() == second.get_ylim()


def test_the_legend_names_every_line():
    (legend,) = plot_ablation(layers(), draws()).legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "random filters, mean of the draws", "those used most", "those used least", f"{RULE} alone",
    ]  # fmt: skip
