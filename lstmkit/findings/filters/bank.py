"""What the filters look like and which of them are read, in sentences."""

import numpy as np

from lstmkit.analysis.filters.bank import Connections, FilterBank, FilterNorms
from lstmkit.wording import count, feature_label, signed


def bank_caption(bank: FilterBank) -> str:
    """What is shown.

    Args:
        bank: the filters of one layer.
    """
    return (
        f"Effective weights of the {count(len(bank.weights), 'filter')} of {bank.layer}, largest norm first; "
        f"numbers count from 0."
    )


def bank_finding(bank: FilterBank) -> str:
    """How far the filters look, which features they weigh most, and how much their norms differ.

    Args:
        bank: the filters of the first layer.
    """
    head = (
        f"The {count(len(bank.weights), 'filter')} of {bank.layer} read {count(len(bank.channels), 'feature')} "
        f"over {count(len(bank.offsets), 'step')}, {_reach(bank)}. "
    )
    if not bank.weights.any():
        return f"{head}All weights are zero."
    features, shares = [feature_label(str(name)) for name in bank.share.index], bank.share.tolist()
    several = len(features) > 1
    second = f", {features[1]} {shares[1]:.0f} %" if several else ""
    even = f"; an even split would give each {100 / len(bank.channels):.0f} %" if several else ""
    top, bottom = bank.order[[0, -1]]
    return (
        f"{head}{features[0]} holds {shares[0]:.0f} % of the squared weights{second}{even}. The norms lie "
        f"between {bank.norms[bottom]:.2f} (filter {bottom}) and {bank.norms[top]:.2f} (filter {top})."
    )


def _reach(bank: FilterBank) -> str:
    before, after = -bank.minutes[0], bank.minutes[-1]
    if after == 0:
        return (
            f"from {_length(bank, before)} before the step that they describe to that step, and none after it"
            if before
            else "the step that they describe"
        )
    ends = [
        f"{_length(bank, abs(minutes))} {'after' if minutes > 0 else 'before'}"
        for minutes in (-before, after)
    ]
    return f"from {ends[0]} to {ends[1]} the step that they describe"


def _length(bank: FilterBank, minutes: float) -> str:
    return f"{minutes:.0f} min" if bank.calendar.is_within_days else bank.calendar.duration(minutes / 60)


def norms_finding(norms: FilterNorms) -> str:
    """How the norms spread, whether a large norm means much activity, and which filters are dormant.

    Args:
        norms: of all layers.
    """
    sentences = [
        f"{layer}: norms from {values.min():.2f} to {values.max():.2f}, median {median:.2f}; their "
        f"rank correlation with the mean activation is {signed(norms.rank_correlation(position), 2)}."
        for position, (layer, values, median) in enumerate(
            zip(norms.layers, norms.norms, norms.medians, strict=True)
        )
    ]
    asleep = [
        f"{count(int(dormant.sum()), 'filter')} of {layer} ({', '.join(map(str, np.flatnonzero(dormant)))})"
        for layer, dormant in zip(norms.layers, norms.dormant, strict=True)
        if dormant.any()
    ]
    seen = f"the {norms.n_windows:,} test windows"
    if not asleep:
        return " ".join([*sentences, f"No filter is dormant: each fires somewhere in {seen}."])
    return " ".join([*sentences, f"Dormant, at no step of {seen} active: {'; '.join(asleep)}."])


def connections_finding(connections: Connections) -> str:
    """On how few of its inputs a filter concentrates, and which inputs are read most.

    Args:
        connections: into one layer.
    """
    n_read, inputs = connections.norms.shape[1], connections.effective_inputs
    most = ", ".join(str(n) for n in connections.columns[:3])
    return (
        f"In effect a filter of {connections.layer} reads {connections.median_inputs:.1f} of the "
        f"{count(n_read, 'filter')} before it (median; from {inputs.min():.1f} to {inputs.max():.1f}); untrained "
        f"weights would give {connections.untrained_inputs:.1f}. The largest tenth of the "
        f"{connections.norms.size:,} connections holds {connections.concentration():.0f} % of the squared weights. "
        f"Read most strongly: {most}; least: {connections.columns[-1]}."
    )
