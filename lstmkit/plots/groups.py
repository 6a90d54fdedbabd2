"""Colours and marks of groups of windows."""

from itertools import cycle, islice

from matplotlib.colors import LinearSegmentedColormap, to_hex

from lstmkit.data.groups import Groups
from lstmkit.plots.style import MUTED, SEQUENCE

# the higher a range, the darker
RANGES = LinearSegmentedColormap.from_list("ranges", ("#dd7a2e", "#b5367a", "#3b0f70"))
APART = tuple(color for color in SEQUENCE if color != MUTED)
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*", "p")  # of groups without an order, beside their colours


def group_colors(groups: Groups) -> list[str]:
    """One colour per group: the higher a range, the darker; others apart; steps without a value grey.

    Args:
        groups: of some windows.
    """
    return colors_of(len(groups), groups.n_ranges)


def colors_of(n_groups: int, n_ranges: int) -> list[str]:
    """One colour per group.

    Args:
        n_groups: how many there are.
        n_ranges: how many of them are ranges, which come first; zero where the groups have no order.
    """
    if not n_ranges:
        return list(islice(cycle(APART), n_groups))
    dark = [to_hex(RANGES(place / max(1, n_ranges - 1))) for place in range(n_ranges)]
    return dark + [MUTED] * (n_groups - n_ranges)


def group_markers(groups: Groups) -> list[str]:
    """One marker per group: the same for ranges, which their colours order, and others for groups without an order.

    Args:
        groups: of some windows.
    """
    return ["o"] * len(groups) if groups.edges else list(MARKERS[: len(groups)])
