"""Which steps the max pool selects, in sentences."""

from lstmkit.analysis.filters.pool_selection import PoolSelection
from lstmkit.findings.resampling.days import too_few
from lstmkit.wording import count, with_error


def pool_caption(selection: PoolSelection) -> str:
    """What was counted.

    Args:
        selection: of a model's max pool.
    """
    block = selection.calendar.block
    days = count(selection.n_days, block)
    return (
        f"Selections of the max pool over {selection.n_windows:,} test windows and {len(selection.tied)} filters, ties "
        f"left out. Bands and whiskers are two standard errors over {days}, resampled in blocks; "
        f"dashed is chance, shaded are the groups whose field reaches into the convolutions' padding."
        f"{too_few(selection.n_days, block)}"
    )


def pool_finding(selection: PoolSelection) -> str:
    """Whether newer steps are preferred, where, and by which filters.

    Args:
        selection: of a model's max pool.
    """
    if selection.size == 1:
        return "The pool joins single steps, so it has nothing to select from."
    if not len(selection.choosing):
        return "Every group is a tie: no filter distinguishes the steps that the pool joins."
    return " ".join([_overall(selection), _by_time(selection), _by_filter(selection)])


def _overall(selection: PoolSelection) -> str:
    share = with_error(100 * selection.overall, 100 * selection.overall_error)
    direction = "more" if selection.overall > selection.chance else "less"
    return (
        f"{100 * selection.tied.mean():.0f} % of the groups are ties. In the others the newest of the "
        f"{selection.size} steps is selected in {share} % of the cases, "
        f"{f'{direction} often' if selection.prefers else 'no more and no less'} than by chance "
        f"({100 * selection.chance:.0f} %)."
    )


def _by_time(selection: PoolSelection) -> str:
    inner, edge = 100 * selection.inner, 100 * selection.edge
    text = []
    if len(inner):
        text.append(
            f"between {inner.min():.1f} and {inner.max():.1f} % "
            f"in the {count(len(inner), 'group')} whose field lies within the window"
        )
    if len(edge):
        text.append(
            f"between {edge.min():.0f} and {edge.max():.0f} % in the {count(len(edge), 'group')} at "
            f"{_ends(selection)}, whose field reaches into the padding{_newest(selection)}"
        )
    return f"Along the lookback its share lies {'; '.join(text)}."


def _ends(selection: PoolSelection) -> str:
    beginning, end = selection.padded[0], selection.padded[-1]
    return "the ends" if beginning and end else "the beginning" if beginning else "the end"


def _newest(selection: PoolSelection) -> str:
    if not selection.padded[-1]:
        return ""
    newest = f"{100 * selection.newest[-1]:.0f} % in" if selection.decided[-1] > 0 else "no choice in"
    return f" ({newest} the newest of all)"


def _by_filter(selection: PoolSelection) -> str:
    choosing = selection.choosing
    low, high = choosing[0], choosing[-1]
    ends = [with_error(100 * selection.by_filter[f], 100 * selection.by_filter_error[f]) for f in (low, high)]
    silent = len(selection.tied) - len(choosing)
    text = (
        f"Filters range from {ends[0]} % (filter {low}) to {ends[1]} % (filter {high}); "
        f"{len(selection.preferring)} of {len(choosing)} differ from chance by more than two standard errors."
    )
    left_out = "is left out" if silent == 1 else "are left out"
    return text + (f" {count(silent, 'filter')} never had a choice and {left_out}." if silent else "")
