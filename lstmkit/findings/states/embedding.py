"""Sentences about what the convolutions make of a window."""

from lstmkit.analysis.states.embedding import Embedding
from lstmkit.findings.known import SHORT
from lstmkit.findings.states.moment import clock_words, without_clock
from lstmkit.findings.states.prober import probe_words
from lstmkit.wording import plain, plural


def embedding_caption(embedding: Embedding) -> str:
    """What was embedded.

    Args:
        embedding: of some windows.
    """
    states = embedding.representation
    return (
        f"{states.name} of {len(states):,} test windows spread evenly over time. Left, the first two principal "
        f"components; right, t-SNE (perplexity {embedding.perplexity:.0f}) of the first {embedding.n_components}."
    )


def embedding_regime_finding(embedding: Embedding) -> str:
    """Whether the groups lie apart, and whether a straight cut finds them.

    Args:
        embedding: of some windows.
    """
    if not embedding.representation.varies:
        return f"The {embedding.representation.name} is the same for every window, so nothing lies apart."
    probe, noun = embedding.group, embedding.representation.groups.noun
    if probe is None:
        return f"The {plural(noun)} could not be probed: {embedding.omitted}."
    apart = ""
    if embedding.silhouette is not None:
        apart = f" Their mean silhouette among all units is {plain(embedding.silhouette)}."
    return (
        f"A linear classifier on the first {embedding.n_components} principal components "
        f"({100 * embedding.kept:.0f} % of the variance) names the {noun} at the origin of held-out windows rightly in "
        f"{probe.right_percent:.0f} % of the cases, as a mean over {plural(noun)} (chance "
        f"{probe.chance_percent:.0f} %, from the newest inputs alone {probe.baseline_percent:.0f} %).{apart} "
        f"{_overlap(embedding)}"
    )


def embedding_hour_finding(embedding: Embedding) -> str:
    """Whether the phase of the shortest cycle can be read from the embedding.

    Args:
        embedding: of some windows.
    """
    if (clock := embedding.representation.clock) is None:
        return without_clock(embedding.representation)
    if not embedding.representation.varies:
        name = embedding.representation.name
        return f"The {name} is the same for every window, so no {SHORT[clock.name]} can be read from it."
    if embedding.phase is None:
        return f"The {clock_words(clock)} could not be probed: {embedding.omitted}."
    return (
        f"From the same components a linear probe reads the {probe_words(embedding.phase)} in held-out windows; from "
        f"the newest inputs alone R² is {plain(embedding.phase.baseline)}."
    )


def _overlap(embedding: Embedding) -> str:
    return (
        f"On the plane of t-SNE {100 * embedding.overlapping:.0f} % of the windows have a nearest neighbour with which "
        f"they share input steps."
    )
