"""Which LSTMs a page describes: exact sentences."""

import pytest
from torch import nn

from lstmkit.findings.lstms import layer_words, lstms_finding
from lstmkit.internals.called_lstms import CalledLSTMs

ONE, TWO, THREE = ({name: nn.LSTM(1, 1) for name in "abc"[:n]} for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("lstms", "described", "said"),
    [
        (CalledLSTMs(ONE), None, ""),
        (CalledLSTMs(ONE), "a", ""),
        (
            CalledLSTMs(TWO),
            None,
            "The model calls 2 LSTMs, in this order: a and b. This page describes all of them.",
        ),
        (
            CalledLSTMs(THREE),
            "b",
            "The model calls 3 LSTMs, in this order: a, b and c. This page describes b alone.",
        ),
        (
            CalledLSTMs(ONE, ("spare",)),
            None,
            "The model calls one LSTM, a, which this page describes. It never calls spare: this page leaves it out.",
        ),
        (
            CalledLSTMs(TWO, ("old", "spare"), {"gru": "GRU"}),
            "a",
            "The model calls 2 LSTMs, in this order: a and b. This page describes a alone. It never calls old and "
            "spare: this page leaves them out. Its GRU gru has other gates and states than an LSTM: this page leaves "
            "it out.",
        ),
    ],
)
def test_finding(lstms, described, said):
    assert lstms_finding(lstms, described) == said


def test_a_layer_is_told_with_its_lstm():
    assert layer_words("layer 2 backward") == "layer 2 backward"
    assert layer_words("core.encoder, layer 2 backward") == "layer 2 backward of core.encoder"
