"""Figures of the training and of the skill."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lstmkit.analysis.errors.skill import RANGES, Evaluation
from lstmkit.plots.style import ACCENT, INK, MUTED, WARM, axes_grid, canvas, light_grid
from lstmkit.wording import digits, signed


def plot_learning_curves(history: pd.DataFrame, best_epoch: int) -> Figure:
    """Training and validation loss by epoch.

    Args:
        history: indexed by epoch, with `train_loss` and `validation_loss`.
        best_epoch: whose weights were kept.
    """
    figure, axes = canvas(height=2.8)
    epochs = history.index + 1
    axes.plot(epochs, history["train_loss"], "o-", ms=3, color=MUTED, label="training")
    axes.plot(epochs, history["validation_loss"], "o-", ms=3, color=ACCENT, label="validation")
    kept = history["validation_loss"].loc[best_epoch]
    axes.plot(best_epoch + 1, kept, "o", ms=9, mfc="none", mec=WARM, mew=1.5, label="kept")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss (scaled units)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title("Learning curves")
    axes.legend(ncols=3)
    light_grid(axes)
    return figure


def plot_skill(evaluation: Evaluation) -> Figure:
    """RMSE of the model, from every seed and of all together, and of every baseline, by range of steps ahead.

    Args:
        evaluation: of the test part.
    """
    figure, panels = axes_grid(1, 2, height=3.0, sharey=True)
    for axes, steps in zip(panels, RANGES, strict=True):
        rmse = evaluation.metrics[steps, "rmse"]
        colors = [ACCENT if name == evaluation.model else "#c4ccd4" for name in rmse.index]
        axes.barh(rmse.index, rmse, color=colors, height=0.65)
        others = [seed.metrics[steps, "rmse"] for seed in evaluation.seeds.values()][1:]
        axes.plot(others, [0] * len(others), "o", ms=3.5, color=INK)
        if evaluation.ensemble is not None:
            together = evaluation.ensemble.metrics[steps, "rmse"]
            axes.plot(together, 0, "D", ms=4, mfc="white", mec=INK, mew=1)
            others.append(together)
        ends = [max(rmse.iloc[0], *others), *rmse.iloc[1:]] if others else rmse
        for row, (value, end) in enumerate(zip(rmse, ends, strict=True)):
            axes.annotate(digits(value), (end, row), xytext=(5, 0), textcoords="offset points", va="center")
        skill = evaluation.skill[steps]
        title = f"{'All steps' if steps == 'all_steps' else 'Last step'}: skill {signed(100 * skill.value)} %"
        if skill.interval is not None:
            low, high = skill.interval
            title += f" [{signed(100 * low)}, {signed(100 * high)}]"
        axes.set_title(title, color=INK)
        axes.set_xlabel(f"RMSE ({evaluation.unit})")
        axes.margins(x=0.12)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.ticklabel_format(axis="x", scilimits=(-2, 5))
        axes.tick_params(axis="y", length=0)
        light_grid(axes, "x")
    panels[0].invert_yaxis()
    return figure
