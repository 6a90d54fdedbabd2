"""Sentences about the shape of a cloud of hidden states."""

from lstmkit.analysis.states.geometry import HARMONICS, Geometry
from lstmkit.findings.groups import edges_words
from lstmkit.findings.known import known_listed
from lstmkit.findings.states.moment import (
    clock_words,
    cycle_words,
    together_clause,
    without_clock,
    without_weekend,
)
from lstmkit.wording import count, listed, plain, plural

SMALL = 10  # percent of variance
TOUCHING, LOOSE, CLEAR = 0.05, 0.25, 0.5  # silhouettes


def geometry_caption(geometry: Geometry) -> str:
    """What was decomposed.

    Args:
        geometry: of final states.
    """
    states = geometry.representation
    return (
        f"{states.name}, {states.values.shape[1]} units, final states of "
        f"{count(len(states), 'test window')} spread evenly over time."
    )


def group_caption(geometry: Geometry) -> str:
    """Of a figure in the colours of the groups.

    Args:
        geometry: of final states.
    """
    return f"Final states in the colours of the {geometry.representation.groups.noun}. {geometry_caption(geometry)}"


def clock_caption(geometry: Geometry) -> str:
    """Of a figure in the colours of the phase of the shortest cycle.

    Args:
        geometry: of final states of a series that has such a cycle.
    """
    clock = geometry.representation.clock
    assert clock is not None  # a series without a cycle has no such figure
    return f"Final states in the colours of the {clock_words(clock)}. {geometry_caption(geometry)}"


def geometry_finding(geometry: Geometry) -> str:
    """How many dimensions there are, and what the first ones follow.

    Args:
        geometry: of final states.
    """
    states = geometry.representation
    if not geometry.shares.any():
        return f"{states.name} ends in the same state after every window: there is nothing to decompose."
    units = states.values.shape[1]
    return (
        f"90 % of the variance lies in {geometry.dimensions_holding(0.9)} of {count(units, 'component')}; the "
        f"participation ratio, the effective number of dimensions, is {geometry.effective_dimension:.1f}. "
        f"{_directions(geometry)} {together_clause(geometry)} "
        f"{geometry.percent_following(geometry.together):.0f} % of the whole variance, "
        + (
            f"the correction alone for {geometry.percent_following('correction'):.0f} %."
            if geometry.corrects
            else "the correction for none, since it is the same in every window."
        )
    )


def _directions(geometry: Geometry) -> str:
    clauses = []
    shares = geometry.shares[geometry.shares > 0]
    for name, share in zip(geometry.explained.columns[:2], shares, strict=False):
        best, percent = geometry.followed_most(name)
        words = f"most closely the {geometry.called(best)} ({percent:.0f} %)"
        if percent < SMALL:
            known = known_listed([*map(geometry.called, geometry.known), "correction"])
            words = f"none of {known} (each below {SMALL} %)"
        clauses.append(f"{name} ({100 * share:.0f} % of the variance) follows {words}")
    return "; ".join(clauses) + "."


def geometry_regime_finding(geometry: Geometry) -> str:
    """How far apart the groups lie.

    Args:
        geometry: of final states.
    """
    states = geometry.representation
    noun = states.groups.noun
    if geometry.silhouette is None:
        return f"All windows start in the {noun} {states.present_groups[0]}: there is nothing to separate."
    absent = states.absent_groups
    missing = f" No window starts in {listed(absent, 'or')}." if absent else ""
    edges = f", with {words}," if (words := edges_words(states.groups)) else ""
    return (
        f"The {noun} at the origin{edges} {_accounts(geometry, 'regime')}. The {plural(noun)} "
        f"{apart(geometry.silhouette)} (mean silhouette {plain(geometry.silhouette)}; 1 is fully apart, "
        f"0 intermingled).{missing}"
    )


def geometry_hour_finding(geometry: Geometry) -> str:
    """How far the states follow the clock.

    Args:
        geometry: of final states.
    """
    if (clock := geometry.representation.clock) is None:
        return without_clock(geometry.representation)
    what = f"The {clock_words(clock)}, as {HARMONICS} harmonics of {cycle_words(clock)},"
    return f"{what} {_accounts(geometry, clock.name)}."


def geometry_weekend_finding(geometry: Geometry) -> str:
    """How far apart weekdays and weekends lie.

    Args:
        geometry: of final states.
    """
    if reason := without_weekend(geometry.representation):
        return reason
    weekend = geometry.representation.is_weekend
    if weekend.all() or not weekend.any():
        return f"All windows start on {'weekends' if weekend.any() else 'weekdays'}: nothing to compare."
    share = geometry.representation.weekend_percent
    return f"{share:.0f} % of the windows start on a weekend; it {_accounts(geometry, 'weekend')}."


def _accounts(geometry: Geometry, by: str) -> str:
    first, second, all_ = (geometry.percent_following(by, name) for name in ("PC1", "PC2", "all"))
    return f"accounts for {all_:.0f} % of the states' variance ({first:.0f} % of PC1, {second:.0f} % of PC2)"


def apart(silhouette: float) -> str:
    """What groups of points do, in words.

    Args:
        silhouette: their mean silhouette.
    """
    if silhouette < TOUCHING:
        return "lie within one another"
    if silhouette < LOOSE:
        return "overlap"
    return "lie loosely apart" if silhouette < CLEAR else "lie clearly apart"
