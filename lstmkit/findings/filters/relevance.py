"""Which filters move with the forecast, in sentences."""

from lstmkit.analysis.filters.relevance import SHIFTS, FilterRelevance
from lstmkit.findings.resampling.days import too_few
from lstmkit.wording import count, signed


def relevance_caption(relevance: FilterRelevance) -> str:
    """What was related to what.

    Args:
        relevance: of the second layer's filters.
    """
    block = relevance.calendar.block
    days = count(relevance.n_days, block)
    return (
        f"Mean activation of each second-layer filter over the lookback against the forecast's mean over the "
        f"horizon, on {relevance.n_windows:,} test windows spread over {days}; mutual information on "
        f"{relevance.n_information:,} of them. Whiskers are {100 * relevance.confidence:.0f} % intervals over "
        f"resampled blocks of {block}s, those of the effect standard errors. Blue marks what leaves out zero, or "
        f"exceeds its baseline (black), the largest of {SHIFTS} copies shifted in time."
        f"{too_few(relevance.n_days, block)}"
    )


def relevance_finding(relevance: FilterRelevance) -> str:
    """Which filters move with the network's deviation, and whether more than linearly.

    Args:
        relevance: of the second layer's filters.
    """
    filters, dead = len(relevance.constant), len(relevance.constant) - relevance.n_moving
    silent = f"{count(dead, 'filter')} of {filters} never changes. " if dead == 1 else ""
    silent = f"{dead} of {filters} filters never change. " if dead > 1 else silent
    if relevance.constant_network:
        return f"{silent}The network puts out the same in every window, so no filter can be related to it."
    if dead == filters:
        return f"{silent}Nothing can be related to the forecast."
    return silent + " ".join([_linear(relevance), _compared(relevance), _beyond(relevance)])


def _of_moving(relevance: FilterRelevance) -> str:
    return f"of {count(relevance.n_moving, 'filter')}{' that change' if relevance.constant.any() else ''}"


def _linear(relevance: FilterRelevance) -> str:
    leading, r = relevance.leading[:3], relevance.correlation[0]
    first = leading[0]
    strongest = ", ".join(f"{f} (r = {signed(r[f], 2)})" for f in leading)
    return (
        f"The network's deviation from {relevance.rule} moves most with "
        f"{'filters' if len(leading) > 1 else 'filter'} {strongest}; the first's interval is "
        f"{signed(relevance.low[0, first], 2)} to {signed(relevance.high[0, first], 2)}. For "
        f"{relevance.certain[0].sum()} {_of_moving(relevance)} the interval leaves out zero, where chance alone would "
        f"let about {relevance.certain_by_chance:.0f}."
    )


def _compared(relevance: FilterRelevance) -> str:
    if relevance.same_correlations:
        return "With the whole forecast the correlations are the same, as the rule adds the same to every window."
    own, whole = relevance.largest_correlation
    return (
        f"With the whole forecast the largest correlation is {whole:.2f} in size, with the deviation {own:.2f}; "
        f"{relevance.n_same_sign} {_of_moving(relevance)} have the same sign in both. What the whole adds is "
        f"{relevance.rule}, which no filter makes."
    )


def _beyond(relevance: FilterRelevance) -> str:
    text = (
        f"{relevance.informative.sum()} {_of_moving(relevance)} share more information with the deviation than any of "
        f"their {len(relevance.shifted)} shifted copies, which about {relevance.informative_by_chance:.0f} would by "
        f"chance; at most {relevance.information.max():.2f} bits."
    )
    return f"{text} {_hidden(relevance)}" if relevance.hidden.any() else text


def _hidden(relevance: FilterRelevance) -> str:
    hidden, by_chance = int(relevance.hidden.sum()), relevance.hidden_by_chance
    as_many = f"up to {count(by_chance, 'such filter')}" if by_chance else "no such filter"
    text = (
        f"{count(hidden, 'of these shows', 'of these show')} no certain correlation; a single shifted copy comes "
        f"first in {as_many}, so "
    )
    if hidden <= by_chance:
        return f"{text}this may be chance."
    best = relevance.clearest_hidden
    return (
        f"{text}chance does not explain it: there is a relation that the correlation does not show, most clearly "
        f"in filter {best} ({relevance.information[best]:.2f} bits, r = {signed(relevance.correlation[0, best], 2)})."
    )
