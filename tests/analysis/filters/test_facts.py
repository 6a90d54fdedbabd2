"""The facts of a section are those of its results together, under their own names."""

from typing import get_type_hints

import pytest

from lstmkit.analysis.filters.ablation import Ablator
from lstmkit.analysis.filters.activation_map import activation_maps, representative
from lstmkit.analysis.filters.activity import measure_activity
from lstmkit.analysis.filters.bank import connections, filter_banks, filter_norms
from lstmkit.analysis.filters.by_group import filter_regimes
from lstmkit.analysis.filters.facts import ConvolutionFacts, FilterFacts, convolution_facts, filter_facts
from lstmkit.analysis.filters.frequency_response import frequency_response
from lstmkit.analysis.filters.importance import filter_importance
from lstmkit.analysis.filters.pool_selection import pool_selection
from lstmkit.analysis.filters.random_ablation import random_ablation
from lstmkit.analysis.filters.receptive_field import receptive_field
from lstmkit.analysis.filters.relevance import filter_relevance
from lstmkit.models.bypass import BypassForecaster
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from tests.analysis.planted_filters import noise_windows, study_params
from tests.analysis.tiny import make_test_windows, stirred
from tests.groups import by_edges


def model() -> CNNLSTMForecaster:
    return stirred(CNNLSTMForecaster(2, 2, channels=(4, 5), hidden=4, head=6)).eval()


@pytest.mark.parametrize("edges", [(490.0, 510.0), (1e8, 1e9)], ids=["three regimes", "one regime"])
def test_what_the_filters_look_for(edges):
    network, windows = model(), make_test_windows(n=20, lookback=24)
    groups = by_edges(windows, edges)
    banks, activity = filter_banks(network, windows), measure_activity(network, windows)
    first, _ = activation_maps(network, representative(activity, windows, groups))
    results = (
        banks[0],
        frequency_response(banks[0], 0),
        filter_norms(banks, activity),
        connections(banks[1]),
        first,
        activity,
        filter_regimes(activity, windows, groups),
        receptive_field(network, windows),
    )
    facts = filter_facts(*results)
    assert facts == {name: value for result in results for name, value in result.facts().items()}
    by_regime = {"most_specialised_filter", "most_explained_percent"} if len(results[6].labels) > 1 else set()
    assert set(facts) == FilterFacts.__required_keys__ | by_regime


def test_what_the_convolutions_do():
    network, windows, params = model(), noise_windows(800), study_params()
    ablator = Ablator(network, windows, params)
    importance = filter_importance(ablator)
    results = (
        filter_relevance(network, windows["test"], params),
        importance,
        pool_selection(network, windows["test"], params),
        ablator.layers(stirred(BypassForecaster(2, 2, hidden=4, head=6)).eval()),
        random_ablation(ablator, importance),
    )
    facts = convolution_facts(*results)
    assert facts == {name: value for result in results for name, value in result.facts().items()}
    assert set(facts) == set(get_type_hints(ConvolutionFacts))
