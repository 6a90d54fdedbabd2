"""Which past step each step ahead reacts to, in words."""

from lstmkit.analysis.horizons.atlas import VISIBLE, Atlas

FAR = 100  # times; beyond it the number says no more


def atlas_caption(atlas: Atlas) -> str:
    """What was averaged.

    Args:
        atlas: of one network.
    """
    own = "" if atlas.own_past is None else f", and of {atlas.target} without the others"
    return (
        f"Absolute gradient of what the network forecasts for each step ahead with respect to each past step, "
        f"averaged over {atlas.n_windows} test windows, spread evenly over time: summed over all features{own}."
    )


def atlas_finding(atlas: Atlas) -> str:
    """How far back near and far leads reach, and whether they look at the same time of the day, or other cycle, before.

    Args:
        atlas: of one network.
    """
    if not atlas.summed.hourly.any():
        return "All gradients are zero."
    return f"{_reach(atlas)} {_ridge(atlas)}"


def _reach(atlas: Atlas) -> str:
    found = atlas.summed
    near, far = (_percent(*end) for end in zip(found.newest, found.newest_error, strict=True))
    calendar = atlas.calendar
    cell, bin_hours = ("hour", 1.0) if calendar.is_within_days else ("step", float(atlas.hours_ahead[0]))
    back, back_far = (calendar.duration(found.hours_holding(lead, 0.9) * bin_hours) for lead in (0, -1))
    if len(atlas.lead_hours) == 1:
        return f"{near} of the gradient falls on the newest {cell}, nine tenths on the newest {back}."
    last = (
        f"{atlas.lead_hours[-1]:g} h" if calendar.is_within_days else calendar.duration(atlas.hours_ahead[-1])
    )
    return (
        f"{near} of the gradient of the first {cell} ahead falls on the newest {cell}, and {far} of that of the last, "
        f"{last} ahead; nine tenths reach back {back}{'' if back == back_far else f' and {back_far}'}."
    )


def _ridge(atlas: Atlas) -> str:
    network, season = atlas.summed, atlas.calendar.season
    if season is None:
        return "The steps resolve no cycle of the calendar, so there is no same time of a cycle before."
    if network.ridge is None or network.ridge_error is None:
        return f"The same time of the {season.name} before cannot be set against what lies beside it."
    beside = atlas.calendar.duration(atlas.beside_hours)
    return (
        f"Gradient at the same time of the {season.name} before, as a multiple of what lies up to {beside} beside it: "
        f"{_times(network.ridge, network.ridge_error)}. {_verdict(atlas, season.adjective)}"
    )


def _verdict(atlas: Atlas, adjective: str) -> str:
    if atlas.summed.is_faint:
        around = "the hour around that time" if atlas.calendar.is_within_days else "that time"
        return f"The network has no {adjective} ridge: {around} holds less than {VISIBLE} % of its gradient."
    article = "an" if adjective == "annual" else "a"
    return f"The network has {article if atlas.summed.has_ridge else 'no'} {adjective} ridge."


def _percent(share: float, error: float) -> str:
    return f"{share:.0f} ± {error:.0f} %" if error >= 0.5 else f"{share:.0f} %"


def _times(ratio: float, error: float) -> str:
    if ratio > FAR:
        return f"more than {FAR} times"
    decimals = 2 if ratio < 10 else 0
    return f"{ratio:.{decimals}f} ± {error:.{decimals}f} times"
