"""How the shape of a model's memory changes with the horizon, in words."""

from lstmkit.analysis.horizons.state_shift import StateShift
from lstmkit.findings.states.geometry import apart
from lstmkit.findings.states.moment import together_clause
from lstmkit.wording import count, plain, plural


def state_shift_caption(shift: StateShift) -> str:
    """What is drawn.

    Args:
        shift: of one model.
    """
    return (
        f"Final states of the last LSTM layer at each horizon, by {shift.groups.noun} at the origin, for the same "
        f"{shift.n_windows:,} test windows. Each in the plane of its own first two components."
    )


def state_shift_finding(shift: StateShift) -> str:
    """What changes from the first horizon to the last, and how much of the two is alike.

    Args:
        shift: of one model.
    """
    if shift.still:
        return (
            f"{shift.still[0]} ahead the LSTM ends in the same state after every window: nothing to compare."
        )
    return " ".join([_dimensions(shift), _followed(shift), _regimes(shift), _alike(shift)])


def _dimensions(shift: StateShift) -> str:
    near, far = shift.ends
    return (
        f"{shift.horizons[0]} ahead 90 % of the variance lies in {near.dimensions_holding(0.9)} of "
        f"{count(len(near.centre), 'component')} ({near.effective_dimension:.1f} effective dimensions), "
        f"{shift.horizons[-1]} ahead in {far.dimensions_holding(0.9)} ({far.effective_dimension:.1f})."
    )


def _followed(shift: StateShift) -> str:
    inputs, outputs = (
        [f"{each.explained.loc[name, 'all']:.0f} %" for each in shift.ends]
        for name in (shift.ends[0].together, "correction")
    )
    return (
        f"{together_clause(shift.ends[0])} {inputs[0]} of the variance {shift.horizons[0]} ahead and "
        f"{inputs[1]} {shift.horizons[-1]} ahead, the correction for {outputs[0]} and {outputs[1]}."
    )


def _regimes(shift: StateShift) -> str:
    first, last, noun = shift.horizons[0], shift.horizons[-1], shift.groups.noun
    near, far = (each.silhouette for each in shift.ends)
    if near is None or far is None:
        return f"All windows start in one {noun}."
    if apart(near) == apart(far):
        return f"The {plural(noun)} {apart(near)} at both (mean silhouette {plain(near)} and {plain(far)})."
    return (
        f"The {plural(noun)} {apart(near)} {first} ahead (mean silhouette {plain(near)}) and {apart(far)} {last} ahead "
        f"({plain(far)})."
    )


def _alike(shift: StateShift) -> str:
    return (
        f"Linear CKA of the two is {plain(shift.ends_alignment)} (1 is the same up to a rotation and a scale); shifted "
        f"in time it stays below {plain(shift.shifted)} in 95 % of the cases. So the two are "
        f"{'more' if shift.ends_are_alike else 'no more'} alike than a common rhythm makes them."
    )
