"""Which past step each step ahead reacts to, in words."""

from lstmkit.analysis.horizons.atlas import BESIDE, VISIBLE, Atlas, Map

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
    """How far back near and far leads reach, and whether they look at the same time of the day before.

    Args:
        atlas: of one network.
    """
    if not atlas.summed.hourly.any():
        return "All gradients are zero."
    return f"{_reach(atlas)} {_ridge(atlas.summed)}"


def _reach(atlas: Atlas) -> str:
    found = atlas.summed
    near, far = (_percent(*end) for end in zip(found.newest, found.newest_error, strict=True))
    back, back_far = (found.hours_holding(lead, 0.9) for lead in (0, -1))
    if len(atlas.lead_hours) == 1:
        return f"{near} of the gradient falls on the newest hour, nine tenths on the newest {back} h."
    return (
        f"{near} of the gradient of the first hour ahead falls on the newest hour, and {far} of that of the last, "
        f"{atlas.lead_hours[-1]:g} h ahead; nine tenths reach back {back} h and {back_far} h."
    )


def _ridge(network: Map) -> str:
    if network.ridge is None or network.ridge_error is None:
        return "The same time of the day before cannot be set against what lies beside it."
    return (
        f"Gradient at the same time of the day before, as a multiple of what lies up to {BESIDE:g} h beside it: "
        f"{_times(network.ridge, network.ridge_error)}. {_verdict(network)}"
    )


def _verdict(network: Map) -> str:
    if network.is_faint:
        return f"The network has no daily ridge: the hour around that time holds less than {VISIBLE} % of its gradient."
    return f"The network has {'a' if network.has_ridge else 'no'} daily ridge."


def _percent(share: float, error: float) -> str:
    return f"{share:.0f} ± {error:.0f} %" if error >= 0.5 else f"{share:.0f} %"


def _times(ratio: float, error: float) -> str:
    if ratio > FAR:
        return f"more than {FAR} times"
    decimals = 2 if ratio < 10 else 0
    return f"{ratio:.{decimals}f} ± {error:.{decimals}f} times"
