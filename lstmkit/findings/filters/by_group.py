"""Which filters specialise on groups of windows, in sentences."""

import pandas as pd

from lstmkit.analysis.filters.by_group import FilterRegimes, LayerByRegime
from lstmkit.data.groups import Groups
from lstmkit.findings.groups import ends_of_order
from lstmkit.wording import count, plural

NAMED = 3  # most specialised filters that a sentence lists


def filter_regimes_caption(regimes: FilterRegimes) -> str:
    """What was averaged.

    Args:
        regimes: activity by group, of all layers.
    """
    sizes = ", ".join(f"{n:,} {label}" for n, label in zip(regimes.n_windows, regimes.labels, strict=True))
    groups, (first, second) = regimes.groups, regimes.compared
    order = ends_of_order(groups, groups.labels[first], groups.labels[second])
    return (
        f"Mean activation in the newest {regimes.newest} by the {groups.noun} at the origin ({sizes} windows), with "
        f"standard errors; filters ordered {order}."
    )


def filter_regimes_finding(regimes: FilterRegimes) -> str:
    """The most specialised filters of each layer, and what the numbers do not say.

    Args:
        regimes: activity by group, of all layers.
    """
    missing = "".join(f" {label} holds no window and is left out." for label in regimes.left_out)
    first, second = regimes.compared
    if first == second:
        held = (
            f"All windows lie in the {regimes.groups.noun} {regimes.labels[0]}: t"
            if len(regimes.labels) == 1
            else "T"
        )
        return f"{held}here is nothing to compare.{missing}"
    layers = " ".join(layer_regimes_finding(layer, regimes.groups, first, second) for layer in regimes.layers)
    minutes = regimes.spacing / pd.Timedelta("1min")
    calendar = regimes.calendar
    apart = f"{minutes:.0f} min" if calendar.is_within_days else calendar.duration(minutes / 60)
    return (
        f"{layers}{missing} The {count(int(regimes.n_windows.sum()), 'window')} lie {apart} apart, so their "
        f"newest {regimes.newest}s {'overlap' if minutes < 60 else 'do not overlap'}; neighbours still resemble "
        f"each other, and the standard errors, which take them as independent, are too small."
    )


def layer_regimes_finding(layer: LayerByRegime, groups: Groups, first: int, second: int) -> str:
    """The most specialised filters of a layer.

    Args:
        layer: its activity by group.
        groups: of the windows.
        first: position of one of the groups that are compared.
        second: position of the other.
    """
    best, (low, high) = layer.best, (groups.labels[first], groups.labels[second])
    if not layer.explained[best]:
        return f"No filter of {layer.layer} tells the {plural(groups.noun)} apart."
    named = "".join(
        f"; most for {label}: {', '.join(str(number) for number in numbers[:NAMED])}"
        for label, numbers in ((high, layer.of_second), (low, layer.of_first))
        if len(numbers)
    )
    more, at = len(layer.of_second), layer.mean[:, best]
    of_first, of_second = (at[place] for place in layer.compared)
    return (
        f"In {layer.layer} the {groups.noun} explains {100 * layer.median_explained:.0f} % of a filter's variance "
        f"(median), at most {100 * layer.explained[best]:.0f} % (filter {best}: mean {of_second:.2f} in "
        f"{high}, {of_first:.2f} in {low}). {more} of {count(len(layer.explained), 'filter')} "
        f"{'is' if more == 1 else 'are'} more active in {high} than in {low}{named}."
    )
