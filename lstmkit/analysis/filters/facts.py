"""The numbers that the summary keeps of convolutional layers."""

from lstmkit.analysis.filters.ablation import AblationFacts, LayerAblation
from lstmkit.analysis.filters.activation_map import ActivationFacts, ActivationMap
from lstmkit.analysis.filters.activity import ActivityFacts, FilterActivity
from lstmkit.analysis.filters.bank import (
    BankFacts,
    ConnectionFacts,
    Connections,
    FilterBank,
    FilterNorms,
    NormFacts,
)
from lstmkit.analysis.filters.by_group import FilterRegimes, RegimeFacts
from lstmkit.analysis.filters.frequency_response import FrequencyResponse, ResponseFacts
from lstmkit.analysis.filters.importance import FilterImportance, ImportanceFacts
from lstmkit.analysis.filters.pool_selection import PoolFacts, PoolSelection
from lstmkit.analysis.filters.random_ablation import RandomAblation, RandomAblationFacts
from lstmkit.analysis.filters.receptive_field import ReceptiveField, ReceptiveFieldFacts
from lstmkit.analysis.filters.relevance import FilterRelevance, RelevanceFacts


class FilterFacts(
    BankFacts,
    ResponseFacts,
    NormFacts,
    ConnectionFacts,
    ActivationFacts,
    ActivityFacts,
    RegimeFacts,
    ReceptiveFieldFacts,
):
    """What the filters look for and how often they fire."""


class ConvolutionFacts(RelevanceFacts, ImportanceFacts, PoolFacts, AblationFacts, RandomAblationFacts):
    """What the convolutions do for the forecast."""


def filter_facts(
    bank: FilterBank,
    response: FrequencyResponse,
    norms: FilterNorms,
    connections: Connections,
    activations: ActivationMap,
    activity: FilterActivity,
    regimes: FilterRegimes,
    field: ReceptiveField,
) -> FilterFacts:
    """What the filters look for and how often they fire.

    Args:
        bank: filters of the first layer.
        response: of the same layer.
        norms: of all layers.
        connections: into the second layer.
        activations: of the first layer in one window.
        activity: of all layers.
        regimes: activity by group, of all layers.
        field: of all stages.
    """
    return {
        **bank.facts(),
        **response.facts(),
        **norms.facts(),
        **connections.facts(),
        **activations.facts(),
        **activity.facts(),
        **regimes.facts(),
        **field.facts(),
    }


def convolution_facts(
    relevance: FilterRelevance,
    importance: FilterImportance,
    selection: PoolSelection,
    layers: LayerAblation,
    random: RandomAblation,
) -> ConvolutionFacts:
    """What the convolutions do for the forecast.

    Args:
        relevance: of the second layer's filters.
        importance: of the same filters.
        selection: of the pool.
        layers: whole layers held fixed.
        random: parts of the layers held fixed.
    """
    return {
        **relevance.facts(),
        **importance.facts(),
        **selection.facts(),
        **layers.facts(),
        **random.facts(),
    }
