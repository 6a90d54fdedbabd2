"""Figures of the forecasts: they show the Result's numbers, and nothing overlaps."""

from dataclasses import replace

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from lstmkit.analysis.errors.by_group import ErrorByRegime, error_by_regime
from lstmkit.analysis.errors.by_step import ErrorByStep, error_by_step
from lstmkit.analysis.errors.calibration import calibration
from lstmkit.analysis.errors.compared import Compared
from lstmkit.analysis.errors.predictions import LastStep, Overlay, last_step, overlay
from lstmkit.analysis.errors.residuals import residuals
from lstmkit.data.calendar import Calendar
from lstmkit.findings.errors.calibration import calibration_note
from lstmkit.findings.errors.predictions import span_named
from lstmkit.params import EvaluationParams
from lstmkit.plots.errors.by_group import plot_error_by_regime
from lstmkit.plots.errors.by_step import plot_error_by_step
from lstmkit.plots.errors.calibration import plot_calibration
from lstmkit.plots.errors.predictions import plot_overlay
from lstmkit.plots.errors.residuals import plot_residuals
from lstmkit.plots.groups import colors_of
from lstmkit.plots.style import ACCENT, WARM
from lstmkit.wording import digits, signed_digits
from tests.analysis.planted import last_of, rows_of, windows_of
from tests.groups import of_last
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts

PARAMS = EvaluationParams(bootstrap=50)
EDGES = (560.0, 640.0)
BASELINES = (
    "persistence",
    "seasonal naive",
    "climatology",
    "damped climatology",
    "autoregression",
    "ridge",
    "boosted trees",
)
FORECASTERS = ("LSTM", *BASELINES)


def overlaid(path, horizon=24, **dataset) -> Overlay:
    windows = windows_of(
        1800, horizon, **{"site_timezone": "America/New_York", "start": "2025-10-12"} | dataset
    )
    rows = rows_of(path, windows, 20 * np.random.default_rng(0).normal(size=(len(windows), horizon)))
    return overlay(last_step(rows, windows), rows, windows)


def last(n=1000, scale=1.0):
    rng = np.random.default_rng(1)
    observed = 600 + 80 * scale * rng.normal(size=n)
    return last_of(30 * scale * rng.standard_t(3, size=n), observed, np.roll(observed, 1))


def by_group(forecasts: LastStep) -> ErrorByRegime:
    return error_by_regime(forecasts, of_last(forecasts, EDGES))


def small() -> LastStep:
    whole = last()
    return replace(whole, forecast=1e-6 * whole.forecast, observed=1e-6 * whole.observed, unit="mol/mol")


def by_step(horizon=24, days=10) -> ErrorByStep:
    rng = np.random.default_rng(2)
    origin = pd.date_range("2025-06-02", periods=24 * days, freq="1h", tz="UTC")
    observed = 600 + rng.normal(size=(24 * days, horizon))
    errors = {name: rng.normal(0, 5 + 9 * k, observed.shape) for k, name in enumerate(FORECASTERS)}
    chunks = [Compared(observed, {name: observed + error for name, error in errors.items()}, origin)]
    return error_by_step("LSTM", "ppm", chunks, Calendar("1h"), PARAMS, seed=0)


FIGURES = {
    "overlay": lambda path: plot_overlay(overlaid(path), "co2"),
    "overlay of a step": lambda path: plot_overlay(overlaid(path, horizon=1), "co2"),
    "calibration": lambda path: plot_calibration(calibration(last(), PARAMS, 0), "co2"),
    "calibration of few": lambda path: plot_calibration(calibration(last(5), PARAMS, 0), "co2"),
    "calibration of a constant": lambda path: plot_calibration(calibration(last(90, 0.0), PARAMS, 0), "co2"),
    "residuals": lambda path: plot_residuals(residuals(last(), PARAMS, 0)),
    "residuals of months": lambda path: plot_residuals(residuals(last(9000), PARAMS, 0)),
    "residuals of a day": lambda path: plot_residuals(residuals(last(20), PARAMS, 0)),
    "residuals of small values": lambda path: plot_residuals(residuals(small(), PARAMS, 0)),
    "residuals of a constant": lambda path: plot_residuals(residuals(last(90, 0.0), PARAMS, 0)),
    "regimes": lambda path: plot_error_by_regime(by_group(last())),
    "one regime": lambda path: plot_error_by_regime(by_group(last(90, 0.0))),
    "large values": lambda path: plot_error_by_regime(by_group(last(scale=100.0))),
    "steps": lambda path: plot_error_by_step(by_step()),
    "a single step": lambda path: plot_error_by_step(by_step(horizon=1)),
    "few days": lambda path: plot_error_by_step(by_step(days=3)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_whole_and_unknown_to_pyplot(name, tmp_path):
    before = plt.get_fignums()
    with np.errstate(all="raise", under="ignore"):
        figure = FIGURES[name](tmp_path)
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


def lines_of(axes, label):
    """Every line in the colour of the one with this label."""
    (named,) = [line for line in axes.lines if line.get_label() == label]
    return [
        line for line in axes.lines if line.get_color() == named.get_color() and line.get_linestyle() == "-"
    ]


def test_the_overlay_shows_forecasts_and_true_values_at_their_times(tmp_path):
    result = overlaid(tmp_path)
    top, bottom = plot_overlay(result, "co2").axes
    for axes, points in ((top, result.course), (bottom, result.span)):
        for name in ("observed", "forecast"):
            (line,) = lines_of(axes, name)
            np.testing.assert_array_equal(line.get_ydata(), points[name])
            np.testing.assert_allclose(mdates.date2num(line.get_xdata()), mdates.date2num(points.index))
    fans = [line for line in bottom.lines if line.get_color() == WARM and len(line.get_xdata()) > 1]
    assert len(fans) == len(result.fans) == 3
    for line, fan in zip(fans, result.fans, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), fan)
    assert bottom.get_title(loc="left") == span_named(result).replace("the", "The", 1)


def test_days_of_the_week_stand_at_local_midnight(tmp_path):
    result = overlaid(tmp_path)
    figure = plot_overlay(result, "co2")
    figure.draw_without_rendering()
    ticks = figure.axes[1].xaxis.get_majorticklocs()
    local = [mdates.num2date(tick, tz=result.last.time.tz) for tick in ticks]
    assert {time.hour for time in local} == {0}
    labels = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    assert labels == [f"{time:%a %d}" for time in local]


def test_no_line_crosses_a_gap(tmp_path):
    keep = np.ones(1800, bool)
    keep[1200:1260] = False
    result = overlaid(tmp_path, horizon=3, keep=keep)
    top = plot_overlay(result, "co2").axes[0]
    assert len(lines_of(top, "forecast")) == result.course["stretch"].nunique() == 2


def test_calibration_shows_cells_line_and_groups():
    result = calibration(last(), PARAMS, 0)
    left, right = plot_calibration(result, "co2").axes[:2]
    cells = left.collections[0].get_array()
    np.testing.assert_array_equal(np.ma.filled(cells, 0), result.counts.T)
    identity, fitted = left.lines
    np.testing.assert_array_equal(identity.get_xdata(), identity.get_ydata())
    np.testing.assert_allclose(
        fitted.get_ydata(), result.line.intercept + result.line.slope * fitted.get_xdata()
    )
    assert calibration_note(result) in [text.get_text() for text in left.texts]
    (means,) = [line for line in right.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(means.get_xdata(), result.groups["forecast"])
    np.testing.assert_allclose(means.get_ydata(), result.groups["forecast"] - result.groups["observed"])
    ranges = np.array(right.collections[0].get_segments())[:, :, 1]
    np.testing.assert_allclose(ranges, result.groups[["error_low", "error_high"]])


def test_the_mean_and_spread_of_small_residuals_have_three_digits():
    result = residuals(small(), PARAMS, 0)
    assert result.mean != 0
    written = plot_residuals(result).axes[0].texts[0].get_text()
    assert written == f"mean {signed_digits(result.mean)} mol/mol\nsd {digits(result.sd)} mol/mol"


def test_residuals_show_their_quantiles_and_means():
    result = residuals(last(), PARAMS, 0)
    first, *others = plot_residuals(result).axes
    np.testing.assert_array_equal(first.patches[0].get_data().values, result.density)
    for axes, groups in zip(
        others, (result.over_time, result.groups["hour"], result.groups["weekday"]), strict=True
    ):
        n = len(groups)
        bottoms = [bar.get_y() for bar in axes.patches]
        tops = [bar.get_y() + bar.get_height() for bar in axes.patches]
        np.testing.assert_allclose(bottoms, [*groups["q10"], *groups["q25"]])
        np.testing.assert_allclose(tops, [*groups["q90"], *groups["q75"]])
        medians = np.array(axes.collections[0].get_segments())
        np.testing.assert_allclose(
            medians[:, :, 1], np.repeat(groups["median"].to_numpy()[:, None], 2, axis=1)
        )
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        assert len(dots) == ("mean_low" in groups)
        if dots:
            np.testing.assert_allclose(dots[0].get_ydata(), groups["mean"])
            ends = np.array(axes.collections[1].get_segments())[:, :, 1]
            np.testing.assert_allclose(ends, groups[["mean_low", "mean_high"]])
            assert len(ends) == n


def test_regimes_have_their_colours_and_an_empty_one_says_so():
    result = by_group(last())
    left, right = plot_error_by_regime(result).axes
    boxes = left.patches
    assert [box.get_facecolor()[:3] for box in boxes] == [
        pytest.approx(tuple(int(color[k : k + 2], 16) / 255 for k in (1, 3, 5))) for color in colors_of(3, 3)
    ]
    for box, (_, row) in zip(boxes, result.boxes.iterrows(), strict=True):
        ends = box.get_path().vertices[:, 1]
        assert (ends.min(), ends.max()) == pytest.approx((row["q25"], row["q75"]))
    np.testing.assert_allclose(right.images[0].get_array(), 100 * result.error_shares)
    empty = plot_error_by_regime(by_group(last(90, 0.0))).axes[0]
    assert [text.get_text() for text in empty.texts] == ["none", "none"]


def test_steps_show_every_forecaster_and_the_bands():
    result = by_step()
    top, middle, bottom = plot_error_by_step(result).axes
    for name, of in result.errors.items():
        (line,) = [line for line in top.lines if line.get_label() == name]
        np.testing.assert_array_equal(line.get_ydata(), of.rmse)
        np.testing.assert_array_equal(line.get_xdata(), result.hours)
    assert len({(line.get_color(), line.get_linestyle()) for line in top.lines}) == len(FORECASTERS)
    (alone, *_) = plot_error_by_step(by_step(horizon=1)).axes
    assert len({(point.get_color(), point.get_marker()) for point in alone.lines}) == len(FORECASTERS)
    assert [text.get_text() for text in top.figure.legends[0].get_texts()] == list(FORECASTERS)
    own = result.errors["LSTM"]
    for axes, values, ends in (
        (middle, 100 * result.skill, 100 * result.skill_ends),
        (bottom, own.bias, own.bias_ends),
    ):
        np.testing.assert_allclose(axes.lines[0].get_ydata(), values)
        assert axes.lines[0].get_color() == ACCENT
        corners = axes.collections[0].get_paths()[0].vertices[:, 1]
        assert (corners.min(), corners.max()) == pytest.approx((ends.min(), ends.max()))
