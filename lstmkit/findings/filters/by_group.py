"""Which filters specialise on low and on high values of the target, in sentences."""

import pandas as pd

from lstmkit.analysis.filters.by_group import FilterRegimes, LayerByRegime
from lstmkit.wording import count

NAMED = 3  # most specialised filters that a sentence lists


def filter_regimes_caption(regimes: FilterRegimes) -> str:
    """What was averaged.

    Args:
        regimes: activity by regime, of all layers.
    """
    sizes = ", ".join(f"{n:,} {label}" for n, label in zip(regimes.n_windows, regimes.labels, strict=True))
    return (
        f"Mean activation in the newest {regimes.newest} by the regime at the origin ({sizes} windows), with standard "
        f"errors; filters ordered from those of the lowest regime to those of the highest."
    )


def filter_regimes_finding(regimes: FilterRegimes) -> str:
    """The most specialised filters of each layer, and what the numbers do not say.

    Args:
        regimes: activity by regime, of all layers.
    """
    missing = "".join(f" {label} holds no window and is left out." for label in regimes.left_out)
    if len(regimes.labels) == 1:
        return f"All windows lie in the regime {regimes.labels[0]}: there is nothing to compare.{missing}"
    low, high = regimes.labels[0], regimes.labels[-1]
    layers = " ".join(layer_regimes_finding(layer, low, high) for layer in regimes.layers)
    minutes = regimes.spacing / pd.Timedelta("1min")
    calendar = regimes.calendar
    apart = f"{minutes:.0f} min" if calendar.is_within_days else calendar.duration(minutes / 60)
    return (
        f"{layers}{missing} The {count(int(regimes.n_windows.sum()), 'window')} lie {apart} apart, so their "
        f"newest {regimes.newest}s {'overlap' if minutes < 60 else 'do not overlap'}; neighbours still resemble "
        f"each other, and the standard errors, which take them as independent, are too small."
    )


def layer_regimes_finding(layer: LayerByRegime, low: str, high: str) -> str:
    """The most specialised filters of a layer.

    Args:
        layer: its activity by regime.
        low: label of the lowest regime shown.
        high: label of the highest.
    """
    best = layer.best
    if not layer.explained[best]:
        return f"No filter of {layer.layer} tells the regimes apart."
    named = "".join(
        f"; most for {label}: {', '.join(str(number) for number in numbers[:NAMED])}"
        for label, numbers in ((high, layer.highest), (low, layer.lowest))
        if len(numbers)
    )
    more = len(layer.highest)
    return (
        f"In {layer.layer} the regime explains {100 * layer.median_explained:.0f} % of a filter's variance "
        f"(median), at most {100 * layer.explained[best]:.0f} % (filter {best}: mean {layer.mean[-1, best]:.2f} in "
        f"{high}, {layer.mean[0, best]:.2f} in {low}). {more} of {count(len(layer.explained), 'filter')} "
        f"{'is' if more == 1 else 'are'} more active in {high} than in {low}{named}."
    )
