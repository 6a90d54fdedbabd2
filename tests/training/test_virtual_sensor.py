"""Training and baselines where the targets' past is no input, and the target is measured in part."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lstmkit.data.cutting import make_windows
from lstmkit.data.dataset import Dataset
from lstmkit.data.features import build_features
from lstmkit.data.windows import Windows
from lstmkit.params import SplitParams, TrainingParams, WindowParams
from lstmkit.training.baselines import fit_baselines
from lstmkit.training.losses import ForecastLoss
from tests.series import dataset_of

HALF = SplitParams(validation_blocks=1, train=0.5, validation=0.2)
TRAINING = TrainingParams(validation_windows=400)
ROWS, LAG = 1500, 5


def sensor() -> Dataset:
    """The target is 3 times an input five hours before, and 2; on two of three days it is measured."""
    draws = np.random.default_rng(3)
    inputs = draws.normal(size=(2, ROWS))
    target = np.where(np.arange(ROWS) // 24 % 3 < 2, 3 * np.roll(inputs[0], LAG) + 2, np.nan)
    whole = dataset_of({"co2": np.zeros(ROWS), "temperature": inputs[0], "humidity": inputs[1]})
    return replace(whole, frame=whole.frame.assign(co2=target), target_known=False)


def cut(dataset: Dataset, horizon=2) -> dict[str, Windows]:
    params = WindowParams(lookback=12, scaling="standard")
    return make_windows(dataset, build_features(dataset, "raw", clock=True), horizon, params, HALF)


@pytest.fixture(scope="module")
def fitted():
    dataset = sensor()
    windows = cut(dataset)
    return dataset, windows, fit_baselines(dataset, windows, TRAINING, seed=0)


def test_the_baselines_are_those_that_need_no_past(fitted):
    assert list(fitted[2]) == ["training mean", "climatology", "ridge", "boosted trees"]


def test_the_training_mean_by_hand(fitted):
    _, windows, baselines = fitted
    train, test = windows["train"], windows["test"]
    mean = np.nanmean(train.values[train.rows])
    np.testing.assert_allclose(baselines["training mean"](test), np.full((len(test), 2, 1), mean))


def test_ridge_finds_a_linear_map_of_the_inputs(fitted):
    """Five hours before the first step ahead is a lag of the lookback, and so is that of the second."""
    _, windows, baselines = fitted
    test = windows["test"]
    error = baselines["ridge"](test) - test.observed()
    assert np.sqrt(np.mean(error**2)) < 0.02 * test.observed().std()


def test_no_baseline_knows_a_value_of_the_target_in_the_test_part(fitted):
    _, windows, baselines = fitted
    test = windows["test"]
    values = test.values.copy()
    values[test.rows] = 1e6
    for name, forecast in baselines.items():
        np.testing.assert_array_equal(forecast(replace(test, values=values)), forecast(test), err_msg=name)


@pytest.mark.parametrize("name", ["mse", "huber", "mae"])
def test_targets_that_do_not_count_may_be_missing(name):
    """Loss and gradient are those of the others alone."""
    generator = torch.Generator().manual_seed(0)
    forecasts = torch.randn(2, 3, 2, 1, generator=generator).requires_grad_()
    targets, count = torch.randn(2, 3, 2, 1, generator=generator), torch.tensor([[True, False, True]] * 2)
    targets[:, 1] = torch.nan
    loss = ForecastLoss(name)(forecasts, targets, count)
    loss.backward()
    alone = forecasts.detach()[:, [0, 2]].requires_grad_()
    expected = ForecastLoss(name)(alone, targets[:, [0, 2]], count[:, [0, 2]])
    expected.backward()
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(forecasts.grad[:, [0, 2]], alone.grad)
    assert not forecasts.grad[:, 1].any()
