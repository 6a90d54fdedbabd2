"""Figures of the training and of the skill: they show the Result's numbers, and nothing overlaps."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.figure import Figure

from lstmkit.analysis.errors.skill import RANGES, Evaluation, Scored, Skill
from lstmkit.plots.errors.skill import plot_learning_curves, plot_skill
from lstmkit.wording import digits
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts

FORECASTERS = (
    "CNN-LSTM",
    "persistence",
    "same time yesterday",
    "damped climatology",
    "ridge",
    "boosted trees",
)


def evaluation(low: float | None = -0.0123, high: float | None = 0.0456, scale: float = 1.0) -> Evaluation:
    columns = pd.MultiIndex.from_product([RANGES, ["rmse"]])
    rmse = [[scale * (110 + 5 * row), scale * (140 + 9 * row)] for row in range(len(FORECASTERS))]
    skill = dict.fromkeys(RANGES, Skill(0.0321, low, high, "ridge"))
    metrics = pd.DataFrame(rmse, list(FORECASTERS), columns)
    seeds = {7: Scored(metrics.iloc[0], skill), 8: Scored(1.02 * metrics.iloc[0], skill)}
    return Evaluation(
        "CNN-LSTM", "ppm", metrics, skill, seeds, Scored(0.97 * metrics.iloc[0], skill), 900, 900, 30, 9, 0.95
    )


@pytest.mark.parametrize("low", [-0.0123, None])
def test_figures_are_whole_and_unknown_to_pyplot(low):
    before = plt.get_fignums()
    figure = plot_skill(evaluation(low, None if low is None else 0.0456))
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)
    assert not any("None" in text.get_text() for text in visible_texts(figure))


def test_every_forecaster_has_its_bars():
    result = evaluation()
    for axes, steps in zip(plot_skill(result).axes, RANGES, strict=True):
        expected = result.metrics[steps, "rmse"]
        assert [bar.get_width() for bar in axes.patches] == expected.tolist()
        assert [text.get_text() for text in axes.texts] == [digits(value) for value in expected]
        seeds, together = (line.get_xdata() for line in axes.lines)
        assert seeds.tolist() == [1.02 * expected.iloc[0]]
        assert together.tolist() == [0.97 * expected.iloc[0]]
        colors = [bar.get_facecolor() for bar in axes.patches]
        assert colors[0] != colors[1] == colors[-1]


@pytest.mark.parametrize("scale", [1e-9, 1.1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 10.0, 100.0, 1e3, 1e4, 1e6])
def test_errors_of_any_size_have_labels_of_three_digits_that_do_not_overlap(scale):
    figure = plot_skill(evaluation(scale=scale))
    assert_nothing_overlaps(figure)
    assert len({text.get_text() for text in figure.axes[0].texts}) == len(FORECASTERS)


def test_the_titles_give_the_skill_and_its_interval_where_there_is_one():
    titles = [axes.get_title(loc="left") for axes in plot_skill(evaluation()).axes]
    assert titles == ["All steps: skill +3.2 % [−1.2, +4.6]", "Last step: skill +3.2 % [−1.2, +4.6]"]
    titles = [axes.get_title(loc="left") for axes in plot_skill(evaluation(None, None)).axes]
    assert titles == ["All steps: skill +3.2 %", "Last step: skill +3.2 %"]


def test_the_kept_epoch_is_marked():
    history = pd.DataFrame({"train_loss": [3.0, 2.0, 1.0], "validation_loss": [3.0, 1.5, 2.5]})
    figure = plot_learning_curves(history, best_epoch=1)
    assert_nothing_overlaps(figure)
    training, validation, kept = figure.axes[0].lines
    assert training.get_xdata().tolist() == [1, 2, 3]
    assert validation.get_ydata().tolist() == [3, 1.5, 2.5]
    assert (kept.get_xdata().tolist(), kept.get_ydata().tolist()) == ([2], [1.5])
