"""Figures that compare horizons: they show the Result's numbers, and nothing overlaps."""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from lstmkit.analysis.horizons.attribution_shift import AttributionShift
from lstmkit.analysis.horizons.filter_shift import FilterShift
from lstmkit.analysis.horizons.metrics import MetricsSummary, metrics_summary, ranks, shares
from lstmkit.analysis.horizons.state_shift import StateShift
from lstmkit.analysis.states.geometry import geometry
from lstmkit.plots.horizons.shifts import (
    plot_attribution_shift,
    plot_filter_shift,
    plot_metrics_summary,
    plot_state_shift,
)
from lstmkit.wording import feature_label
from tests.analysis.horizons.test_metrics import Ends, metrics
from tests.analysis.states.clouds import cloud
from tests.plots.attribution.test_maps_plots import FEATURES, assert_nothing_overlaps, visible_texts

SPANS = ("newest hour", "1 to 12 h", "older than 12 h")


def summary(horizons: int = 2, mape: float | None = 2.0, skill: Ends = (0.02, -0.01, 0.05)) -> MetricsSummary:
    return metrics_summary(
        "LSTM", {float(6**k): metrics(20.0 * (k + 1), skill, mape) for k in range(horizons)}
    )


def scaled(result: MetricsSummary, scale: float) -> MetricsSummary:
    sizes = ["rmse", "mae", "baseline_rmse", "baseline_mae"]
    return dataclasses.replace(result, table=result.table.assign(**scale * result.table[sizes]))


def shift(horizons: int = 2, scale: float = 1.0) -> AttributionShift:
    random = np.random.default_rng(0)
    sums = scale * random.gamma(0.5, size=(horizons, len(FEATURES)))
    spans = scale * random.gamma(0.5, size=(horizons, len(SPANS)))
    return AttributionShift(
        horizons=tuple(f"{6**k} h" for k in range(horizons)),
        features=FEATURES,
        spans=SPANS,
        share=shares(sums),
        share_error=np.full_like(sums, 0.4),
        rank=ranks(sums),
        rank_error=random.uniform(0, 1, sums.shape),
        move_error=random.uniform(0, 2, len(FEATURES)),
        span_share=shares(spans),
        span_error=np.full_like(spans, 1.2),
        explained="mean",
        n_windows=512,
        n_days=100,
    )


def partly_silent(horizons: int, zeros: int) -> AttributionShift:
    """A shift whose network has no gradient at one of the horizons."""
    result = shift(horizons)
    silent = np.arange(horizons)[:, None] == zeros
    return dataclasses.replace(
        result,
        share=np.where(silent, 0.0, result.share),
        share_error=np.where(silent, 0.0, result.share_error),
        rank=np.where(silent, 5.5, result.rank),
        rank_error=np.where(silent, 0.0, result.rank_error),
        span_share=np.where(silent, 0.0, result.span_share),
        span_error=np.where(silent, 0.0, result.span_error),
    )


def filters(horizons: int = 2, n: int = 64, scale: float = 1.0) -> FilterShift:
    random = np.random.default_rng(0)
    importance = [scale * random.gamma(0.5, size=n) for _ in range(horizons)]
    return FilterShift(
        horizons=tuple(f"{6**k} h" for k in range(horizons)),
        importance=tuple(importance),
        share=tuple(shares(one) for one in importance),
        share_error=tuple(0.1 * shares(one) for one in importance),
        rank=tuple(ranks(one) for one in importance),
        rank_error=tuple(np.ones(n) for _ in importance),
        half=np.array([_half(one) for one in importance]),
        half_error=np.ones(horizons),
        partner=random.permutation(n),
        likeness=random.uniform(0, 1, n),
        same_number=random.uniform(-1, 1, n),
        chance=random.uniform(0, 0.2, n),
        agreement=0.2,
        unit="ppm",
        n_windows=512,
        n_days=100,
    )


def states(horizons: int = 2, levels: tuple[float, ...] = (400.0, 500.0, 600.0)) -> StateShift:
    random, latest = np.random.default_rng(0), np.resize(levels, 180)
    geometries = tuple(
        geometry(
            cloud(random.normal(size=(180, 6)) * 0.6 ** np.arange(6), latest, name=f"{6**k} h ahead"),
            random.normal(size=180),
        )
        for k in range(horizons)
    )
    return StateShift(tuple(f"{6**k} h" for k in range(horizons)), geometries, np.eye(horizons), 0.1)


def _half(importance: np.ndarray) -> int:
    held = np.sort(importance)[::-1].cumsum()
    return int((held < held[-1] / 2).sum() + 1) if held[-1] else 0


FIGURES = {
    "metrics": lambda: plot_metrics_summary(summary()),
    "metrics of one horizon": lambda: plot_metrics_summary(summary(1)),
    "metrics of four": lambda: plot_metrics_summary(summary(4)),
    "metrics without a MAPE": lambda: plot_metrics_summary(summary(2, None)),
    "metrics of too few days": lambda: plot_metrics_summary(summary(skill=(0.02, None, None))),
    **{
        f"metrics {scale:g} times as large": lambda scale=scale: plot_metrics_summary(
            scaled(summary(), scale)
        )
        for scale in (1e-6, 1.3e-5, 1e-4, 1e-3, 0.01, 10, 100, 1e3, 1e5)
    },
    "shift": lambda: plot_attribution_shift(shift()),
    "shift of three horizons": lambda: plot_attribution_shift(shift(3)),
    "shift of a silent network": lambda: plot_attribution_shift(shift(scale=0.0)),
    "shift, silent at the first horizon": lambda: plot_attribution_shift(partly_silent(2, 0)),
    "shift, silent at the last horizon": lambda: plot_attribution_shift(partly_silent(2, 1)),
    "shift of three, silent at the first": lambda: plot_attribution_shift(partly_silent(3, 0)),
    "shift of three, silent in the middle": lambda: plot_attribution_shift(partly_silent(3, 1)),
    "states": lambda: plot_state_shift(states()),
    "states of three horizons": lambda: plot_state_shift(states(3)),
    "states of four": lambda: plot_state_shift(states(4)),
    "states of one regime": lambda: plot_state_shift(states(levels=(500.0,))),
    "filters": lambda: plot_filter_shift(filters()),
    "filters of three horizons": lambda: plot_filter_shift(filters(3)),
    "one filter": lambda: plot_filter_shift(filters(n=1)),
    "silent filters": lambda: plot_filter_shift(filters(scale=0.0)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_whole_and_unknown_to_pyplot(name):
    before = plt.get_fignums()
    with np.errstate(all="raise", under="ignore"):
        figure = FIGURES[name]()
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


def test_metrics_stand_beside_the_best_baseline():
    result = summary()
    axes = plot_metrics_summary(result).axes
    for panel, name in zip(axes, ("rmse", "mae", "r2", "mape"), strict=False):
        assert [bar.get_width() for bar in panel.patches] == result.table[name].tolist()
        marks = panel.collections[0].get_segments()
        assert [mark[0][0] for mark in marks] == result.table[f"baseline_{name}"].tolist()
    assert [text.get_text() for text in axes[0].texts] == ["20.0", "40.0", "40.0", "80.0"]
    assert [text.get_text() for text in axes[2].texts][:1] == ["0.400"]
    small = scaled(summary(), 1e-6)
    axes = plot_metrics_summary(
        dataclasses.replace(small, table=small.table.assign(r2=[0.0, -0.0001, -0.1, 0.5]))
    ).axes
    assert [text.get_text() for text in axes[0].texts] == ["2.00e−05", "4.00e−05", "4.00e−05", "8.00e−05"]
    assert [text.get_text() for text in axes[2].texts] == ["0.000", "0.000", "−0.100", "0.500"]
    line, _, (bars,) = axes[4].containers[0].lines
    assert line.get_xdata().tolist() == result.table["skill"].tolist()
    ends = np.array(bars.get_segments())[:, :, 0]
    np.testing.assert_allclose(ends, result.table[["skill_low", "skill_high"]])
    labels = [label.get_text() for label in axes[0].get_yticklabels()]
    assert labels == ["1 h, all steps", "1 h, last step", "6 h, all steps", "6 h, last step"]


def test_every_feature_goes_from_its_place_to_its_place():
    result = shift()
    axes = plot_attribution_shift(result).axes[0]
    assert axes.yaxis_inverted()  # rank 1 on top
    lines = [container.lines[0].get_ydata().tolist() for container in axes.containers]
    assert lines == result.place.T.tolist()
    spread = np.array([container.lines[2][0].get_segments() for container in axes.containers])[..., 1]
    np.testing.assert_allclose(spread[:, :, 1] - spread[:, :, 0], 2 * result.rank_error.T)
    first = axes.texts[0].get_text()
    assert first.startswith(feature_label(FEATURES[0]))
    assert first.endswith(f"{result.share[0, 0]:.0f} %")


@pytest.mark.parametrize(("zeros", "drawn"), [(0, [1, 2]), (1, [0, 2]), (2, [0, 1])])
def test_a_horizon_of_zeros_has_no_ranks(zeros, drawn):
    result = partly_silent(3, zeros)
    axes = plot_attribution_shift(result).axes[0]
    lines = [container.lines[0] for container in axes.containers]
    assert [line.get_xdata().tolist() for line in lines] == [drawn] * len(FEATURES)
    assert [line.get_ydata().tolist() for line in lines] == result.place[drawn].T.tolist()
    ticks = [label.get_text() for label in axes.get_xticklabels()]
    assert [h for h, tick in enumerate(ticks) if tick.endswith("\nno gradient")] == [zeros]
    assert len(axes.texts) == 2 * len(FEATURES)


def test_one_horizon_with_a_gradient_has_uncoloured_labels_on_one_side():
    axes = plot_attribution_shift(partly_silent(2, 0)).axes[0]
    assert [text.get_position()[0] for text in axes.texts] == [pytest.approx(1.06)] * len(FEATURES)
    assert len({container.lines[0].get_color() for container in axes.containers}) == 1
    silent = plot_attribution_shift(shift(scale=0.0)).axes[0]
    assert not silent.texts
    assert not any(len(container.lines[0].get_xdata()) for container in silent.containers)


def test_colours_mark_clear_changes_alone():
    result = shift()
    result = dataclasses.replace(
        result,
        rank=np.stack([np.arange(1.0, 11), np.arange(1.0, 11)[::-1]]),
        move_error=np.array([1.0, 1, 1, 9, 9, 9, 9, 1, 1, 1]),
    )
    axes = plot_attribution_shift(result).axes[0]
    colors = [container.lines[0].get_color() for container in axes.containers]
    assert len(set(colors[:3])) == len(set(colors[3:7])) == len(set(colors[7:])) == 1
    assert len({colors[0], colors[3], colors[9]}) == 3


def test_spans_are_drawn_with_their_errors():
    result = shift(3)
    axes = plot_attribution_shift(result).axes[1]
    widths = [container for container in axes.containers if hasattr(container, "patches")]
    heights = [[bar.get_height() for bar in container.patches] for container in widths]
    np.testing.assert_allclose(heights, result.span_share)


def test_every_horizon_has_its_cloud_and_its_plane():
    result = states(3)
    axes = plot_state_shift(result).axes
    assert len(axes) == 3
    for panel, each in zip(axes, result.geometries, strict=True):
        name = each.representation.name
        assert panel.get_title(loc="left") == f"{name}: {each.effective_dimension:.1f} effective dimensions"
        drawn = np.asarray(panel.collections[0].get_offsets())
        np.testing.assert_allclose(np.sort(drawn, axis=0), np.sort(each.scores[:, :2], axis=0))


def test_filters_are_drawn_against_their_matches_and_held_shares_end_at_all():
    result = filters(3)
    left, right = (axes for axes in plot_filter_shift(result).axes if axes.get_title(loc="left"))
    points = left.collections[-1].get_offsets()
    np.testing.assert_allclose(points, np.stack([result.share[0], result.share[2][result.partner]], axis=1))
    np.testing.assert_array_equal(left.collections[-1].get_array(), result.likeness)
    curves = [line for line in right.lines if len(line.get_xdata()) == 65]
    assert [line.get_label() for line in curves] == ["1 h ahead", "6 h ahead", "36 h ahead"]
    for line, half in zip(curves, result.half, strict=True):
        held = line.get_ydata()
        assert held[0] == 0
        assert held[-1] == pytest.approx(100)
        assert held[half] >= 50 > held[half - 1]


def test_bars_of_negative_values_run_from_zero_to_the_left():
    result = summary()
    rows = len(result.table)
    bad = dataclasses.replace(
        result, table=result.table.assign(r2=np.full(rows, -0.5), baseline_r2=np.full(rows, -0.4))
    )
    left, right = plot_metrics_summary(bad).axes[2].get_xlim()
    assert left < -0.5
    assert right == 0
