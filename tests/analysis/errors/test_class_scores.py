"""Scores of forecasts of classes by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from lstmkit.analysis.errors.class_scores import class_scores, probabilities
from lstmkit.findings.errors.skill import class_finding
from lstmkit.storage.files import Rows
from tests.data.test_virtual_sensor import HALF
from tests.series import dataset_of, raw_windows


@pytest.fixture
def test_part():
    first = (np.arange(96) % 4 == 0).astype(float)
    dataset = replace(
        dataset_of({"co2": first, "temperature": 1 - first}), targets=("co2", "temperature"), kind="classes"
    )
    return raw_windows(dataset, 1, HALF, lookback=4)["test"].spread(8)


def kept(path, forecast) -> Rows:
    np.save(path, np.ascontiguousarray(forecast, "float32"))
    return Rows(path)


def test_scores_by_hand(test_part, tmp_path):
    observed = test_part.observed()
    rare = observed[..., 0].mean()
    even = np.broadcast_to([0.25, 0.75], observed.shape)
    scores = class_scores(
        {"even": kept(tmp_path / "even.npy", even), "sure": kept(tmp_path / "sure.npy", observed)}, test_part
    )
    assert scores.loc["even", "accuracy"] == pytest.approx(1 - rare)
    assert scores.loc["even", "log_loss"] == pytest.approx(rare * math.log(4) + (1 - rare) * math.log(4 / 3))
    assert scores.loc["even", "brier"] == pytest.approx(rare * 2 * 0.75**2 + (1 - rare) * 2 * 0.25**2)
    assert scores.loc["sure", "accuracy"] == 1
    assert scores.loc["sure", "log_loss"] == pytest.approx(math.log(1.01))  # 1 beside 1 %
    assert class_finding(scores).startswith(f"The most probable class is right in {100 * (1 - rare):.0f} %")


def test_what_lies_outside_becomes_a_probability():
    found = probabilities(np.array([[[-0.5, 0.99], [0.5, 1.5]]]))
    np.testing.assert_allclose(found, [[[0.01, 0.99], [0.25, 0.75]]])
