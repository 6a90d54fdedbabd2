"""The comparison of layers: a layer that copies the moment, and one that copies the forecast."""

import numpy as np
import pytest

from lstmkit.analysis.states.geometry import geometry
from lstmkit.analysis.states.layers import compare_layers
from lstmkit.errors import LstmkitError
from lstmkit.findings.states.layers import layer_comparison_finding
from tests.analysis.states.clouds import cloud

N = 7 * 24
HOUR = 2 * np.pi * np.arange(N) / 24
CORRECTION = np.random.default_rng(0).normal(size=N)
MOMENT = np.stack([np.sin(HOUR), np.cos(HOUR)], axis=1)


def layers_of(*values: np.ndarray):
    return tuple(
        geometry(cloud(states, name=f"LSTM layer {k + 1}"), CORRECTION) for k, states in enumerate(values)
    )


def test_from_the_moment_to_the_forecast():
    comparison = compare_layers(layers_of(MOMENT, CORRECTION[:, None] * [[1.0, 2.0]]))
    table = comparison.to_frame()
    assert table.index.tolist() == ["LSTM layer 1", "LSTM layer 2"]
    assert table["effective_dimension"].tolist() == pytest.approx([2, 1])
    assert table["components_90"].tolist() == [2, 1]
    assert table["hour of day %"].iloc[0] == pytest.approx(100)
    assert table["correction %"].iloc[1] == pytest.approx(100)
    finding = layer_comparison_finding(comparison)
    assert "dimensions goes from 2.0 to 1.0" in finding
    assert "The last layer lies further from what the moment shows, and nearer to the forecast." in finding
    assert comparison.facts()["last_correction_percent"] == pytest.approx(100)
    back = compare_layers(layers_of(CORRECTION[:, None] * [[1.0, 2.0]], MOMENT))
    assert "The last layer lies no nearer to the forecast than the first." in layer_comparison_finding(back)


def test_alignment_is_one_up_to_a_rotation_and_a_scale():
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    assert compare_layers(layers_of(MOMENT, 3 * MOMENT @ turn + 5)).alignment == pytest.approx(1)
    # squared covariances of the unit vectors by hand: sin with (sin, cos) is a half of the whole norm √2 · 1
    assert compare_layers(layers_of(MOMENT, MOMENT[:, [0]])).alignment == pytest.approx(1 / np.sqrt(2))


def test_both_may_grow():
    mixed = np.hstack([MOMENT, CORRECTION[:, None]])
    noise = np.random.default_rng(1).normal(size=(N, 3))
    finding = layer_comparison_finding(compare_layers(layers_of(noise, mixed)))
    assert "nearer to the forecast, and no further from what the moment shows" in finding


def test_a_layer_that_never_changes_is_named():
    comparison = compare_layers(layers_of(MOMENT, np.ones((N, 2))))
    assert comparison.alignment is None
    assert layer_comparison_finding(comparison) == (
        "LSTM layer 2 ends in the same state after every window: nothing to compare."
    )
    assert "alignment" not in comparison.facts()


def test_three_layers_have_three_rows():
    comparison = compare_layers(layers_of(MOMENT, MOMENT, CORRECTION[:, None]))
    assert len(comparison.to_frame()) == 3
    assert "From LSTM layer 1 to LSTM layer 3" in layer_comparison_finding(comparison)


def test_one_layer_has_nothing_to_be_compared_with():
    with pytest.raises(LstmkitError, match="one layer"):
        compare_layers(layers_of(MOMENT))
