"""The numbers of weights that a summary takes up."""

from lstmkit.analysis.weights.biases import Biases, BiasFacts
from lstmkit.analysis.weights.inputs import InputWeightFacts, InputWeights
from lstmkit.analysis.weights.recurrent import RecurrentFacts, RecurrentWeights
from lstmkit.analysis.weights.singular_values import SingularValueFacts, SingularValues


class WeightFacts(InputWeightFacts, BiasFacts, RecurrentFacts, SingularValueFacts):
    """What the weights of an LSTM read, keep and feed back."""


def weight_facts(
    inputs: InputWeights, biases: Biases, recurrent: RecurrentWeights, spectra: SingularValues
) -> WeightFacts:
    """Numbers for a summary.

    Args:
        inputs: weights of the inputs of the first layer, of the LSTM that the model calls first.
        biases: of every layer.
        recurrent: weights from unit to unit.
        spectra: singular values of every matrix.
    """
    return {**inputs.facts(), **biases.facts(), **recurrent.facts(), **spectra.facts()}
