"""Which single filters the forecast would miss, in sentences."""

from lstmkit.analysis.filters.importance import FilterImportance
from lstmkit.analysis.filters.relevance import FilterRelevance
from lstmkit.wording import digits, signed, with_error


def importance_finding(importance: FilterImportance, relevance: FilterRelevance) -> str:
    """Which filters the forecast would miss, and whether those that correlate are those.

    Args:
        importance: of the second layer's filters.
        relevance: of the same filters.
    """
    if not importance.change.any():
        return "No single filter changes the forecast when it is held at its mean."
    return " ".join([_used(importance), _useful(importance), _compared(importance, relevance)])


def _used(importance: FilterImportance) -> str:
    most = ", ".join(
        f"{f} ({with_error(importance.change[f], importance.change_error[f])} {importance.unit})"
        for f in importance.order[:3]
    )
    return (
        f"Held at its mean, a single filter changes the forecast by {digits(importance.median_change)} "
        f"{importance.unit} in the median (root mean square over {importance.n_windows} windows and all steps). Those "
        f"that change it most are {most}."
    )


def _useful(importance: FilterImportance) -> str:
    useful = importance.useful
    text = (
        f"The loss of {len(useful)} of {len(importance.change)} filters raises the RMSE by more than two standard "
        f"errors, which about {importance.useful_by_chance:.0f} would by chance"
    )
    if not len(useful):
        return f"{text}: these windows show no filter that is needed on its own."
    best = with_error(importance.increase[useful[0]], importance.increase_error[useful[0]])
    return f"{text}; most that of filter {useful[0]}, by {best} {importance.unit}."


def _compared(importance: FilterImportance, relevance: FilterRelevance) -> str:
    agreement = importance.agreement(relevance)
    if agreement is None:
        return ""
    return (
        f"The rank correlation between the size of a filter's correlation and its effect is "
        f"{signed(agreement, 2)}: "
        + (
            "the filters that move with the deviation are largely those that make it."
            if agreement > 0.5
            else "a filter that moves with the deviation need not be one that makes it."
        )
    )
