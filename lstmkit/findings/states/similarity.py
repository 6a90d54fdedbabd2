"""Sentences about how alike two representations are."""

from lstmkit.analysis.states.similarity import CanonicalCorrelations, Similarity
from lstmkit.wording import count, plain


def similarity_finding(similarity: Similarity) -> str:
    """How much of one is found again in the other.

    Args:
        similarity: of two representations.
    """
    first, second = similarity.names
    aligned = (
        f"The linear CKA of all {similarity.n_windows:,} windows is {plain(similarity.cka)}; shifted in time it stays "
        f"below {plain(similarity.cka_shifted)} in 95 % of the cases."
    )
    if similarity.canonical is None:
        return f"Canonical correlations are omitted: {similarity.omitted}. {aligned}"
    pairs = similarity.canonical
    compared = count(len(pairs.held_out), "pair of directions is", "pairs of directions are")
    share, other = (100 * kept for kept in pairs.kept)
    return (
        f"{compared} compared, taken from {share:.0f} % of the variance of the {first} and {other:.0f} % of that "
        f"of the {second}. {canonical_finding(pairs)} {aligned}"
    )


def canonical_finding(pairs: CanonicalCorrelations) -> str:
    """How far the pairs correlate, and how many of them do so beyond a common rhythm.

    Args:
        pairs: of two representations.
    """
    later, earlier, shifted = pairs.held_out, pairs.in_sample, plain(pairs.shifted.max())
    reached = f"what 95 % of the pairs reach when one side is shifted in time, which is up to {shifted}"
    held_out, fitted = f"In {pairs.n_held_out} held-out windows the pair", f"in the {pairs.n_fit} windows"
    if len(later) == 1:
        verb = "exceeds" if pairs.n_shared else "does not exceed"
        return (
            f"{held_out} correlates by {plain(later[0])}, {fitted} it was fitted on by {plain(earlier[0])}. "
            f"It {verb} {reached}."
        )
    return (
        f"{held_out}s correlate by {plain(later.mean())} on average and {plain(later.max())} at best, {fitted} "
        f"they were fitted on by {plain(earlier.mean())} and {plain(earlier.max())}. {pairs.n_shared} of "
        f"{len(later)} exceed {reached}."
    )
