"""How many directions the weights of an LSTM use, in sentences."""

from lstmkit.analysis.weights.singular_values import SingularValues
from lstmkit.findings.lstms import layer_words
from lstmkit.wording import digits


def singular_values_caption(spectra: SingularValues) -> str:
    """What is drawn, and what it is held against.

    Args:
        spectra: of every matrix of an LSTM.
    """
    return (
        f"Singular values of the weights, of all gates together and of each gate. Dashed, those of random matrices "
        f"of the same size as at the start of training, mean of {spectra.draws}."
    )


def singular_values_finding(spectra: SingularValues) -> str:
    """How many directions stand out of what random weights have, and whether the rest is redundant.

    Args:
        spectra: of every matrix of an LSTM.
    """
    standing = "; ".join(
        f"{s.above_random} of {len(s.singular)} in {s.matrix} of {layer_words(s.layer)} "
        f"({s.above_random_share:.0f} % of its squared norm)"
        for s in spectra.whole
    )
    lowest = spectra.lowest_beside_random
    return (
        f"Singular values above all of {spectra.draws} random matrices of the same size: {standing}. "
        f"Beside random weights the effective rank is lowest in {lowest.matrix} of {layer_words(lowest.layer)}, with "
        f"{digits(lowest.effective_rank)} against {digits(lowest.initial_rank)}. "
        "A high rank is no sign of use, for weights that never learned have it too. The directions that stand "
        "out come from training; the others need not."
    )
