"""Facts that several results give together."""

import numpy as np
import pytest

from lstmkit.analysis.states.compactness import compare_variance
from lstmkit.analysis.states.facts import hidden_state_facts
from lstmkit.analysis.states.geometry import geometry
from tests.analysis.states.clouds import cloud


def test_the_untrained_dimension_stands_beside_the_geometry():
    values = np.random.default_rng(0).normal(size=(60, 3))
    trained, untrained = cloud(values), cloud(values * [1, 0, 0], name="untrained LSTM layer 2")
    found = geometry(trained, np.zeros(60))
    facts = hidden_state_facts(found, compare_variance(trained, untrained))
    assert facts == found.facts() | {"untrained_effective_dimension": pytest.approx(1)}
