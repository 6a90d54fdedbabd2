"""The figure of warnings: it shows the Result's numbers, says what is undefined, and nothing overlaps."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from lstmkit.analysis.errors.compared import Compared
from lstmkit.analysis.errors.warning_level import WarningLevel
from lstmkit.analysis.errors.warning_rates import OWN
from lstmkit.analysis.errors.warning_skill import WarningSkill, warning_skill
from lstmkit.data.calendar import Calendar
from lstmkit.params import EvaluationParams
from lstmkit.plots.errors.warning_skill import OTHERS, RATES, TITLES, plot_warning_skill
from lstmkit.plots.style import ACCENT, INK, WARM
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts

NAMES = ("ridge", "seasonal naive", "damped climatology", "autoregression", "boosted trees", "CNN-LSTM")


def skill(days=30, top=5.0, horizon=3, names=NAMES, spread=1.0) -> WarningSkill:
    rng = np.random.default_rng(3)
    series = 6 + top * np.sin(2 * np.pi * np.arange(24 * days) / 24) + rng.normal(0, spread, 24 * days)
    origin = pd.date_range("2025-06-02", periods=len(series) - horizon, freq="1h", tz="UTC")
    observed = np.lib.stride_tricks.sliding_window_view(series[1:], horizon)
    forecasts = {
        name: observed + rng.normal(0, 0.3 + spread * k, observed.shape)
        for k, name in enumerate(reversed(names))
    }
    forecasts["persistence"] = np.repeat(series[: len(origin), None], horizon, axis=1)
    level = WarningLevel(10.0, "which the study states", np.arange(161) / 12)
    params = EvaluationParams(bootstrap=50)
    chunks = [Compared(observed, forecasts, origin, latest=series[: len(origin)])]
    return warning_skill("CNN-LSTM", "ppm", chunks, (level,), Calendar("1h"), params, seed=0)


CASES = {
    "all baselines": skill,
    "persistence alone": lambda: skill(names=("CNN-LSTM",)),
    "few crossings": lambda: skill(days=4),
    "nothing to warn of": lambda: skill(top=0.0, spread=0.1),
    "a single step": lambda: skill(horizon=1),
}


@pytest.mark.parametrize("name", CASES)
def test_the_figure_is_whole_and_unknown_to_pyplot(name):
    before = plt.get_fignums()
    with np.errstate(all="raise", under="ignore"):
        figure = plot_warning_skill(CASES[name]())
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


def test_curves_and_dots_are_those_of_the_result():
    result = skill()
    best = result.best_rival()
    panels = plot_warning_skill(result).axes[:2]
    for axes, windows in zip(panels, TITLES, strict=True):
        case = result.cases[windows, "within"]
        curves = [line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 161]
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        assert len(curves) == len(dots) == len(case.warners) == 7
        for name, color in ((result.model, ACCENT), ("persistence", INK)):
            (curve,) = [line for line in curves if line.get_color() == color]
            (dot,) = [line for line in dots if line.get_color() == color]
            precision, recall = 100 * case.warners[name].curve
            np.testing.assert_array_equal(curve.get_xdata(), recall)
            np.testing.assert_array_equal(curve.get_ydata(), precision)
            np.testing.assert_array_equal(
                [dot.get_xdata()[0], dot.get_ydata()[0]], [recall[OWN], precision[OWN]]
            )
        (always,) = [line for line in axes.lines if line.get_linestyle() == "--"]
        np.testing.assert_allclose(always.get_ydata(), 100 * case.events / case.windows)
        assert axes.get_title(loc="left").endswith(f"\n{case.events:,} of {case.windows:,} reach it")
        assert sum(line.get_color() == OTHERS for line in curves) == 4
    names = [text.get_text() for text in plot_warning_skill(result).legends[0].get_texts()]
    assert names == ["CNN-LSTM", "persistence", f"{best}, the best baseline", "other baselines"]


def test_rates_and_intervals_are_those_of_the_result_and_what_is_undefined_says_so():
    result = skill()
    panels = plot_warning_skill(result).axes[2:4]
    names = [text.get_text() for text in panels[0].get_yticklabels()]
    for axes, windows in zip(panels, TITLES, strict=True):
        warners = result.cases[windows, "within"].warners
        assert names == list(warners)
        for key, (color, _, _) in RATES.items():
            rates = [getattr(warner, key) for warner in warners.values()]
            (dots,) = [line for line in axes.lines if line.get_color() == color]
            np.testing.assert_allclose(
                dots.get_xdata(), [100 * r.value for r in rates if r.value is not None]
            )
            ends = [
                bar.get_segments()[0][:, 0]
                for bar in axes.collections
                if np.allclose(bar.get_color()[0][:3], plt.matplotlib.colors.to_rgb(color))
            ]
            np.testing.assert_allclose(
                ends, [[100 * r.low, 100 * r.high] for r in rates if r.low is not None]
            )
        said = [text.get_text() for text in axes.texts]
        assert said == (["no warning"] if windows == "onsets" else [])  # of persistence


def test_without_events_there_is_nothing_to_warn_of():
    left, right, *rates = plot_warning_skill(CASES["nothing to warn of"]()).axes
    for axes in (left, right):
        assert [text.get_text() for text in axes.texts] == ["nothing to warn of"]
    for axes in rates:
        assert [text.get_text() for text in axes.texts].count("no event") == 7
        assert WARM in {text.get_color() for text in axes.texts}
