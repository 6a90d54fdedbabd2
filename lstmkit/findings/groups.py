"""What groups of windows are called in sentences."""

from itertools import pairwise

from lstmkit.data.groups import Groups
from lstmkit.wording import digits, listed, plural, sentence_case


def grouped_by(groups: Groups) -> str:
    """By what windows are grouped, for example `regime of the target`.

    Args:
        groups: of a series.
    """
    return f"{groups.noun} of the target" if groups.of_target else groups.noun


def ends_of_order(groups: Groups, first: str, second: str) -> str:
    """From which group to which something is ordered.

    Args:
        groups: of the windows.
        first: label of the one that is compared with the other.
        second: label of the other.
    """
    if groups.edges:
        return f"from those of the lowest {groups.noun} to those of the highest"
    return f"from those of {first} to those of {second}"


def edges_words(groups: Groups) -> str:
    """The edges between ranges, in their unit; empty where the groups have no order.

    Args:
        groups: of a series.
    """
    if not groups.edges:
        return ""
    edges = listed([digits(edge) for edge in groups.edges])
    return f"{'edges' if len(groups.edges) > 1 else 'an edge'} at {edges} {groups.unit}".rstrip()


def changes(groups: Groups) -> str:
    """That the group changes, as a clause.

    Args:
        groups: of the steps.
    """
    return f"the target changes its {groups.noun}" if groups.of_target else f"the {groups.noun} changes"


def ranges(groups: Groups) -> list[str]:
    """The range of each group: from which value on, and below which; empty where a group is no range.

    Args:
        groups: of a series.
    """
    if not groups.edges:
        return [""] * len(groups)
    unit, edges = f" {groups.unit}" if groups.unit else "", groups.edges
    between = [
        f"{digits(low)} to {digits(high)}{unit}" if low < high else "no value"
        for low, high in pairwise(edges)
    ]
    found = [f"below {digits(edges[0])}{unit}", *between, f"from {digits(edges[-1])}{unit}"]
    return found + [""] * (len(groups) - len(found))


def groups_sentence(groups: Groups) -> str:
    """Which groups there are, and which of them hold no step of the training part.

    Args:
        groups: of a series.
    """
    named = [
        f"{label} {'below' if group == 0 else 'from'} {digits(groups.edges[max(0, group - 1)])}"
        for group, label in enumerate(groups.labels[: groups.n_ranges])
    ]
    if named:
        named[-1] = f"{named[-1]} {groups.unit}".rstrip() + " on"
    listed = ", ".join([*named, *groups.labels[groups.n_ranges :]])
    what = "value" if groups.of_target else "step"
    empty = f" No {what} of the training part is {' or '.join(groups.empty)}." if groups.empty else ""
    return f"{sentence_case(plural(groups.noun))}: {listed}.{empty}"
