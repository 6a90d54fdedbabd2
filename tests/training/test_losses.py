"""The cross-entropy of classes, by hand and by PyTorch's own."""

import math

import pytest
import torch
from torch.nn import functional

from lstmkit.training.losses import CrossEntropy

FREQUENCY = torch.tensor([0.25, 0.75])


def less_frequency(classes: torch.Tensor) -> torch.Tensor:
    """What a network shall forecast of steps of one class each."""
    return functional.one_hot(classes, 2) - FREQUENCY


def test_outputs_of_zero_forecast_the_frequencies():
    """Of one step of the rare class and one of the common: (ln 4 + ln 4/3) / 2."""
    targets = less_frequency(torch.tensor([[[0, 1]]]))
    loss = CrossEntropy(FREQUENCY)(torch.zeros(1, 1, 2, 2), targets, torch.ones(1, 1, dtype=torch.bool))
    assert loss.item() == pytest.approx((math.log(4) + math.log(4 / 3)) / 2)


def test_it_is_pytorchs_cross_entropy_of_the_forecasts_that_count():
    generator = torch.Generator().manual_seed(1)
    outputs = torch.randn(3, 4, 5, 2, generator=generator)
    classes = torch.randint(2, (3, 4, 5), generator=generator)
    count = torch.rand(3, 4, generator=generator) > 0.4
    targets = less_frequency(classes)
    targets[~count] = torch.nan
    logits = (outputs + FREQUENCY.log())[count].reshape(-1, 2)
    expected = functional.cross_entropy(logits, classes[count].reshape(-1))
    torch.testing.assert_close(CrossEntropy(FREQUENCY)(outputs, targets, count), expected)
