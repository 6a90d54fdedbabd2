"""Sentences about what the convolutions make of a window."""

from lstmkit.analysis.states.embedding import Embedding
from lstmkit.findings.states.prober import probe_words
from lstmkit.wording import plain


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
    """Whether the regimes lie apart, and whether a straight cut finds them.

    Args:
        embedding: of some windows.
    """
    if not embedding.representation.varies:
        return f"The {embedding.representation.name} is the same for every window, so nothing lies apart."
    probe = embedding.regime
    if probe is None:
        return f"The regimes could not be probed: {embedding.omitted}."
    apart = ""
    if embedding.silhouette is not None:
        apart = f" Their mean silhouette among all units is {plain(embedding.silhouette)}."
    return (
        f"A linear classifier on the first {embedding.n_components} principal components "
        f"({100 * embedding.kept:.0f} % of the variance) names the regime at the origin of held-out windows rightly in "
        f"{probe.right_percent:.0f} % of the cases, as a mean over regimes (chance {probe.chance_percent:.0f} %, from "
        f"the newest inputs alone {probe.baseline_percent:.0f} %).{apart} {_overlap(embedding)}"
    )


def embedding_hour_finding(embedding: Embedding) -> str:
    """Whether the hour can be read from the embedding.

    Args:
        embedding: of some windows.
    """
    if not embedding.representation.varies:
        return f"The {embedding.representation.name} is the same for every window, so it tells no hour."
    if embedding.hour is None:
        return f"The hour of day could not be probed: {embedding.omitted}."
    return (
        f"From the same components a linear probe reads the {probe_words(embedding.hour)} in held-out windows; from "
        f"the newest inputs alone R² is {plain(embedding.hour.baseline)}."
    )


def _overlap(embedding: Embedding) -> str:
    return (
        f"On the plane of t-SNE {100 * embedding.overlapping:.0f} % of the windows have a nearest neighbour with which "
        f"they share input steps."
    )
