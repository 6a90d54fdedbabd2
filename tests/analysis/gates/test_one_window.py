"""Gates of one window, against the recurrence written out in NumPy."""

import numpy as np
import pytest
import torch

from lstmkit.analysis.gates.one_window import WindowGates
from lstmkit.findings.gates.one_window import one_window_gates_caption
from tests.analysis.gated import Gated, constant_gates
from tests.analysis.several_lstms import BothWays, EncoderDecoder, by_hand
from tests.analysis.tiny import make_test_windows, stirred


def inputs_of(windows, position: int) -> np.ndarray:
    return windows.gather(torch.tensor([position]))[0].double().numpy()


@pytest.mark.parametrize("shape", [{}, {"bidirectional": True}, {"proj_size": 3}, {"batch_first": False}])
def test_gates_are_those_of_the_recurrence_in_the_order_of_time(shape):
    model, windows = stirred(Gated(**shape)), make_test_windows()
    seen = WindowGates(model, windows)
    ways = [" forward", " backward"] if "bidirectional" in shape else [""]
    assert seen.parts == tuple(f"layer {layer}{way}" for layer in (1, 2) for way in ways)
    expected, _, _ = by_hand(model.lstm, inputs_of(windows, 17))
    for part, name, gates in zip(seen.of(17), seen.parts, expected, strict=True):
        assert (part.name, part.backward) == (name, "backward" in name)
        np.testing.assert_allclose(part.values, gates[0].transpose(1, 0, 2), atol=1e-5)


def test_an_lstm_that_reads_the_window_from_its_end_is_turned():
    model, windows = stirred(BothWays()), make_test_windows()
    forwards, backwards = WindowGates(model, windows).of(3)
    x = inputs_of(windows, 3)
    turned = by_hand(model.backwards, x[:, ::-1])[0][0][0, ::-1]  # (step, gate, unit)
    np.testing.assert_allclose(backwards.values, turned.transpose(1, 0, 2), atol=1e-5)
    assert (forwards.backward, backwards.backward) == (False, True)
    assert "from the last step to the first" in one_window_gates_caption(backwards)


def test_a_decoder_has_its_own_steps():
    model, windows = stirred(EncoderDecoder(ahead=2, layers=1)), make_test_windows()
    seen = WindowGates(model, windows)
    assert seen.parts == ("encoder, layer 1", "decoder, layer 1")
    encoder, decoder = seen.of(0)
    assert (encoder.values.shape[1], decoder.values.shape[1]) == (6, 2)
    assert encoder.lstm.in_window and not decoder.lstm.in_window
    assert one_window_gates_caption(decoder).startswith("Gates of 4 units of layer 1 of decoder at 2 steps")


def test_the_units_that_keep_most_come_first():
    model = constant_gates(i=0.3, f=0.5, o=0.6)
    with torch.no_grad():
        model.lstm.bias_ih_l0[2:4] = torch.tensor([-1.0, 2.0])  # forget gates 0.27 and 0.88
    (part,) = WindowGates(model, make_test_windows(horizon=1)).of(0)
    np.testing.assert_array_equal(part.by_memory, [1, 0])
    np.testing.assert_allclose(part.values[1, :, 1], 1 / (1 + np.exp(-2.0)), rtol=1e-6)
