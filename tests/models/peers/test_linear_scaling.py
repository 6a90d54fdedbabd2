"""How a scaler scales is found from three values; one that is not linear is refused."""

import numpy as np
import pytest
import torch

from lstmkit.errors import LstmkitError
from lstmkit.models.peers.linear_scaling import Linear, LinearlyScaled, linear_of


def test_a_linear_scaler_is_found():
    found = linear_of(lambda values: (values - 600) / 80, "it")
    assert (found.stretch, found.shift) == (pytest.approx(1 / 80), -7.5)


@pytest.mark.parametrize("scale", [np.exp, np.log, np.sqrt])
def test_another_one_is_refused(scale):
    with np.errstate(divide="ignore"), pytest.raises(LstmkitError, match="the scaler is not linear"):
        linear_of(scale, "the scaler")


def test_values_in_units_go_in_and_come_out():
    class Newest(LinearlyScaled):
        def of_scaled(self, x):
            assert torch.equal(x[0], torch.tensor([[2.0, 5.0], [4.0, 6.0]]))  # twice the value; five more
            return x[:, -1:, :1]

    module = Newest([Linear(2.0, 0.0), Linear(1.0, 5.0)], [Linear(2.0, 0.0)])
    assert module(torch.tensor([[[1.0, 0.0], [2.0, 1.0]]])).item() == 2.0
