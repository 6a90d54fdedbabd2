"""What the loss of a convolutional layer costs, in sentences."""

import numpy as np
from jaxtyping import Int

from lstmkit.analysis.filters.ablation import ALIKE, LayerAblation
from lstmkit.analysis.resampling.statistics import side_of_zero
from lstmkit.findings.resampling.days import too_few
from lstmkit.wording import count, digits, signed_alike


def ablation_caption(ablation: LayerAblation) -> str:
    """What was compared.

    Args:
        ablation: of whole layers.
    """
    block = ablation.calendar.block
    days = count(ablation.n_days, block)
    return (
        f"RMSE on {ablation.n_windows:,} test windows with a whole layer held fixed, and of a model trained without "
        f"convolutions; in brackets the change against the model as trained, whiskers its "
        f"{100 * ablation.confidence:.0f} % interval over {days}, resampled in blocks."
        f"{too_few(ablation.n_days, block)}"
    )


def ablation_finding(ablation: LayerAblation) -> str:
    """What each layer's loss costs, against the residual baseline alone and a model without convolutions.

    Args:
        ablation: of whole layers.
    """
    return " ".join([_intact(ablation), _removed(ablation), _never_trained(ablation)])


def _intact(ablation: LayerAblation) -> str:
    return (
        f"On {ablation.n_windows:,} windows the model's RMSE is {digits(ablation.rmse[0])} {ablation.unit}, that of "
        f"{ablation.rule} alone {digits(ablation.rule_rmse)}, a difference of {_over_rule(ablation, 0)}."
    )


def _removed(ablation: LayerAblation) -> str:
    if ablation.fixed[0]:
        return "As trained, the network puts out the same for every window, so that no layer can be missed."
    rows = ablation.held
    costs = ", ".join(f"{digits(ablation.rmse[row])} ({ablation.configurations[row]})" for row in rows)
    text = f"With one layer held fixed it is {costs}; {_against_rule(ablation)}."
    if ablation.fixed[rows].all():
        text += (
            " In each of these cases the network puts out the same for every window: nothing leads around a "
            "layer, so the loss of a whole one is the loss of all input, and only the curve that is left differs."
        )
    return text


def _against_rule(ablation: LayerAblation) -> str:
    rows, rule = ablation.held, ablation.rule
    alike, worse = rows[ablation.alike[rows]], rows[ablation.worse[rows]]
    if len(alike) == len(rows):
        return f"all lie within {100 * ALIKE:g} % of {rule} alone"
    if len(worse) == len(rows):
        nearest = int(rows[ablation.over_rule[rows].argmin()])
        least = f"the least, {ablation.configurations[nearest]}, by {_over_rule(ablation, nearest)}"
        return f"all are certainly worse than {rule} alone, {least}"
    text = f"none is certainly worse than {rule} alone"
    if len(worse):
        named = ", ".join(
            f"{ablation.configurations[row]} by {_over_rule(ablation, row)}" for row in worse.tolist()
        )
        text = f"certainly worse than {rule} alone: {named}"
    return text + (f"; within {100 * ALIKE:g} % of it: {_names(ablation, alike)}" if len(alike) else "")


def _names(ablation: LayerAblation, rows: Int[np.ndarray, "_"]) -> str:
    return ", ".join(ablation.configurations[row] for row in rows)


def _never_trained(ablation: LayerAblation) -> str:
    row = ablation.never_trained
    better = {
        1: "with convolutions it is better",
        0: "the two do not differ clearly on this test part",
        -1: "without convolutions it is better",
    }[int(side_of_zero(ablation.low[row], ablation.high[row]))]
    change = _difference(ablation, ablation.increase[row], ablation.low[row], ablation.high[row])
    return (
        f"A model of the same LSTM and head that was trained without convolutions, on neighbouring raw steps side "
        f"by side, reaches {digits(ablation.rmse[row])} {ablation.unit}, {change} against the model as trained: "
        f"{better}."
    )


def _over_rule(ablation: LayerAblation, row: int) -> str:
    low, high = ablation.over_rule_low[row], ablation.over_rule_high[row]
    return _difference(ablation, ablation.over_rule[row], low, high)


def _difference(ablation: LayerAblation, change: float, low: float, high: float) -> str:
    value, least, most = signed_alike(change, low, high)
    return f"{value} {ablation.unit} ({100 * ablation.confidence:.0f} % interval {least} to {most})"
