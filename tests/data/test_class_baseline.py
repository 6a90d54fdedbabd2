"""The baseline of classes by hand: frequencies, and the probabilities that outputs make of them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lstmkit.data.class_baseline import fit_class_baseline
from lstmkit.errors import LstmkitError
from tests.data.test_virtual_sensor import HALF
from tests.series import dataset_of, raw_windows

NAMES = ("co2", "temperature")


def shares() -> np.ndarray:
    """Of four steps, one is of the first class and three of the second; one more is not known."""
    first = np.array([1.0, 0.0, 0.0, 0.0, np.nan])
    return np.column_stack([first, 1 - first])


def test_outputs_are_added_to_the_logarithms_of_the_frequencies():
    """With frequencies of 1/4 and 3/4, an output of ln 3 for the first class makes both as likely."""
    rule = fit_class_baseline(shares(), np.arange(5), NAMES)
    np.testing.assert_allclose(rule.expected[0], [0.25, 0.75])
    outputs = torch.tensor([[[np.log(3.0), 0.0], [0.0, 0.0]]])
    np.testing.assert_allclose(rule.to_units(outputs, torch.tensor([0])), [[[0.5, 0.5], [0.25, 0.75]]])
    assert rule.rule == "the frequency of each class"
    both = rule.residuals(torch.tensor([0]), 2) + torch.tensor([0.25, 0.75])
    np.testing.assert_allclose(both, [[[0, 1], [0, 1]]], atol=1e-7)


def test_a_class_that_never_occurs_is_named():
    with pytest.raises(LstmkitError, match="the training part holds no temperature: remove this class"):
        fit_class_baseline(np.array([[1.0, 0.0], [1.0, 0.0]]), np.arange(2), NAMES)


def test_windows_of_classes_forecast_probabilities_that_sum_to_one():
    first = (np.arange(96) % 3 == 0).astype(float)
    dataset = replace(dataset_of({"co2": first, "temperature": 1 - first}), targets=NAMES, kind="classes")
    windows = raw_windows(dataset, 2, HALF, lookback=4)["test"]
    assert windows.task.kind == "classes"
    outputs = torch.randn(len(windows), 2, 2, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(windows.to_units(outputs).sum(axis=-1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(windows.without_network()[0, 0], [1 / 3, 2 / 3], atol=0.02)
