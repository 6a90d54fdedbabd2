"""What windows are compared with: each kind of baseline by hand."""

import numpy as np
import pytest
import torch

from lstmkit.errors import LstmkitError
from lstmkit.internals.input_baselines import input_baseline

X = torch.tensor([[[2.0, 1.0], [-4.0, 7.0]], [[0.0, -3.0], [8.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]])
ONE = [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize("baseline", [None, "centre"])
def test_the_training_centre_is_zero_in_scaled_units(baseline):
    found = input_baseline(baseline, X)
    assert found.shape == X.shape
    assert not found.any()


def test_the_mean_of_each_feature_over_the_window():
    found = input_baseline("window mean", X)
    assert found.tolist() == [[[-1.0, 4.0]] * 2, [[4.0, -1.0]] * 2, [[1.0, 1.0]] * 2]


@pytest.mark.parametrize("kind", [torch.tensor, np.array])
def test_values_for_all_windows_or_for_each(kind):
    assert input_baseline(kind(ONE), X).tolist() == [ONE] * 3
    each = (X + 1).tolist()
    assert input_baseline(kind(each), X).tolist() == each


def test_values_take_the_precision_of_the_inputs():
    assert input_baseline(np.array(ONE, "float64"), X).dtype == torch.float32
    assert input_baseline(np.array(ONE, "int64"), X.double()).dtype == torch.float64


@pytest.mark.parametrize("baseline", ["centre", "window mean"])
def test_it_is_constant_for_gradients(baseline):
    assert not input_baseline(baseline, X.clone().requires_grad_()).requires_grad


@pytest.mark.parametrize(
    ("baseline", "said"),
    [
        ("zero", "unknown baseline 'zero'; 'centre', 'window mean' or scaled values are expected"),
        (
            np.zeros((2, 3)),
            r"the baseline has the shape \(2, 3\); \(2, 2\), one for all windows, or \(3, 2, 2\) is expected",
        ),
        (torch.zeros(2, 2, 2), r"the baseline has the shape \(2, 2, 2\); \(2, 2\), one for all windows, or"),
        (torch.zeros(1, 2, 2), r"the baseline has the shape \(1, 2, 2\); \(2, 2\), one for all windows, or"),
        (np.zeros(2), r"the baseline has the shape \(2,\); \(2, 2\), one for all windows, or"),
        (torch.tensor([[0.0, torch.nan], [0.0, 0.0]]), "the baseline holds NaN or infinity"),
    ],
)
def test_what_does_not_fit_is_said(baseline, said):
    with pytest.raises(LstmkitError, match=f"^{said}"):
        input_baseline(baseline, X)
