"""The gain that validation windows ask for, by hand."""

import pytest
import torch

from lstmkit.errors import LstmkitError
from lstmkit.training.gain import best_gain

TRUE = torch.tensor([[1.0, 2.0], [3.0, -1.0]])


@pytest.mark.parametrize(
    ("outputs", "gain"),
    [
        (TRUE, 1.0),
        (2 * TRUE, 0.5),
        (0.5 * TRUE, 1.0),  # 2, which is more than it may be
        (-TRUE, 0.0),
        (torch.zeros(2, 2), 1.0),
        (torch.tensor([[4.0, 0.0], [0.0, 2.0]]), (4 - 2) / (16 + 4)),
    ],
)
def test_the_gain_is_that_of_least_squares_between_zero_and_one(outputs, gain):
    assert best_gain([(outputs, TRUE)]) == pytest.approx(gain)
    assert best_gain([(outputs[:1], TRUE[:1]), (outputs[1:], TRUE[1:])]) == pytest.approx(gain)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 1e30])
def test_outputs_that_are_no_numbers_have_no_gain(wrong):
    outputs = torch.tensor([[1.0, wrong], [0.0, 0.0]])
    with pytest.raises(LstmkitError, match="on the validation windows are NaN or too large"):
        best_gain([(outputs, TRUE)])
