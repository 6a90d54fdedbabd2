"""Facts of hidden states that several results give together."""

from lstmkit.analysis.states.compactness import VarianceComparison
from lstmkit.analysis.states.geometry import Geometry, GeometryFacts


class HiddenStateFacts(GeometryFacts):
    """What a summary needs of the final states.

    Attributes:
        untrained_effective_dimension: participation ratio of the same states of the network before training.
    """

    untrained_effective_dimension: float


def hidden_state_facts(geometry: Geometry, learned: VarianceComparison) -> HiddenStateFacts:
    """The numbers of the last layer's final states that a summary needs.

    Args:
        geometry: of the last layer's final states.
        learned: of the same states, compared with those of the network before training, which come second.
    """
    return {**geometry.facts(), "untrained_effective_dimension": learned.participation[1]}
