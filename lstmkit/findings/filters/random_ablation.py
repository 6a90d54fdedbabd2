"""What the loss of some filters of a layer costs, in sentences."""

from lstmkit.analysis.filters.ablation import LAYERS
from lstmkit.analysis.filters.importance import FilterImportance
from lstmkit.analysis.filters.random_ablation import RandomAblation
from lstmkit.analysis.resampling.statistics import side_of_zero
from lstmkit.wording import count, signed_alike, signed_digits


def random_ablation_caption(random: RandomAblation) -> str:
    """What was compared.

    Args:
        random: parts of the layers held fixed.
    """
    return (
        f"Below, the change of the RMSE on {random.n_windows} of the windows with some filters held at their mean "
        f"maps: grey dots are {random.random.shape[2]} random choices each, the lines their mean and, in layer 2, "
        f"the filters that change the forecast most and least."
    )


def random_ablation_finding(random: RandomAblation, importance: FilterImportance) -> str:
    """Whether a whole layer is more than its parts, and whether it matters which parts.

    Args:
        random: parts of the layers held fixed.
        importance: of the single filters.
    """
    if not (random.random.any() or importance.change.any()):
        return "No choice of filters changes the forecast."
    return " ".join([_half(random), _chosen(random), _sum(importance)])


def _half(random: RandomAblation) -> str:
    parts = []
    for layer, draws, whole in zip(LAYERS, random.half, random.whole, strict=True):
        mean, least, most, all_of_it = signed_alike(draws.mean(), draws.min(), draws.max(), whole)
        parts.append(
            f"half of {layer} {mean} {random.unit} on average over {count(len(draws), 'draw')} "
            f"(from {least} to {most}), all of it {all_of_it}"
        )
    return (
        f"Held at their means, filters drawn at random change the RMSE on {random.n_windows} windows: "
        f"{'; '.join(parts)}."
    )


def _chosen(random: RandomAblation) -> str:
    held, draws, lower = random.held[1, 0], random.random.shape[2], random.below_most_used
    first, last, choices = (
        ("filter of layer 2 that changes", "one that changes", "random choice of one")
        if held == 1
        else (f"{held} filters of layer 2 that change", f"{held} that change", "random choices of as many")
    )
    return (
        f"Without the {first} the forecast most, the RMSE changes by {signed_digits(random.most_used[0])} "
        f"{random.unit}; {lower} of {draws} {choices} {'leaves' if lower == 1 else 'leave'} a lower RMSE. Without the "
        f"{last} it least, it changes by {signed_digits(random.least_used[0])} {random.unit}."
    )


def _sum(importance: FilterImportance) -> str:
    low, high = importance.beyond_sum_low, importance.beyond_sum_high
    parts, whole, least, most = signed_alike(importance.increase.sum(), importance.together, low, high)
    verdict = {
        1: "more than the sum of its parts",
        0: "not clearly different from the sum of its parts",
        -1: "less than the sum of its parts",
    }[int(side_of_zero(low, high))]
    return (
        f"Held one by one on {importance.n_windows} windows, the filters of layer 2 change the RMSE by "
        f"{parts} {importance.unit} in sum, all at once by {whole} ({100 * importance.confidence:.0f} % interval of "
        f"the difference {least} to {most}): the layer is {verdict}."
    )
