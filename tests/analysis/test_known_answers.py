"""Known answers: published white-box figures, and a regression whose true causes every method must name."""

import math

import numpy as np
import pytest
import torch

from benchmarks.attribution import (
    CAUSES,
    LOOKBACK,
    METRICS,
    ROWS,
    SHARES,
    SMALL,
    TRUE_CELLS,
    arma,
    known_answer,
    known_windows,
    salient_cells,
    scores,
    white_box,
)

SEEDS = 5


@pytest.fixture(scope="module")
def boxes():
    return {row: [white_box(*row, seed) for seed in range(SEEDS)] for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=" / ".join)
def test_white_box_attribution_reaches_the_published_figures(row, boxes):
    runs, known = boxes[row], ROWS[row]
    for k, metric in enumerate(METRICS):
        mean = np.mean([run[metric] for run in runs])
        if metric == "AUP":
            assert mean == pytest.approx(1, abs=5e-4)  # printed as 1.000
            continue
        # two means of five draws, and a mean of five beside one of twenty, at three standard errors
        assert abs(mean - known.published[k]) < 3 * known.spread[k] * math.sqrt(1 / SEEDS + 1 / 5), metric
        assert abs(mean - known.reimplemented[k]) < 3 * known.spread[k] * math.sqrt(1 / SEEDS + 1 / 20), (
            metric
        )


def test_the_white_box_is_the_published_one():
    x = arma(seed=0).numpy()
    assert x.shape == (10, 50, 50)
    # x[t] = ε[t] − .25·x[t−1] − .1·x[t−2] − .05·x[t−3], the polynomials divided by 2
    noise = np.random.default_rng(0).normal(size=(10, 50, 50))
    step = 17
    expected = noise[:, step] - 0.25 * x[:, step - 1] - 0.1 * x[:, step - 2] - 0.05 * x[:, step - 3]
    np.testing.assert_allclose(x[:, step], expected, atol=1e-5)  # float32
    feature, time = salient_cells("rare-feature", 0), salient_cells("rare-time", 0)
    assert feature.sum() == time.sum() == 125
    assert (feature.sum(dim=0) > 0).sum() == 5
    assert torch.nonzero(feature.sum(dim=1)).flatten().tolist() == list(range(12, 37))
    assert (time.sum(dim=1) > 0).sum() == 5
    assert torch.nonzero(time.sum(dim=0)).flatten().tolist() == list(range(12, 37))


def test_metrics_by_hand():
    # scaled by the largest, 4, to 0, ¼, ½ and 1; the last two count
    cells = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    found = scores(torch.tensor([[[0.0, 1.0, -2.0, 4.0]]]), cells)
    # precision 1/2, 2/3, 1, 1 and recall 1, 1, 1, 1/2 at thresholds 0, 1/4, 1/2, 1 by trapezoids
    assert found["AUP"] == pytest.approx((1 / 2 + 2 / 3) / 8 + (2 / 3 + 1) / 8 + 1 / 2, abs=1e-5)
    assert found["AUR"] == pytest.approx(1 / 2 + (1 + 1 / 2) / 4, abs=1e-5)
    # log₂(1 − ½) = −1, and 1 − 4/(4 + 1e-5) + 1e-5 = 1.25e-5
    assert found["information"] == pytest.approx(1 - math.log2(1.25e-5), abs=1e-3)
    assert found["entropy"] == pytest.approx(1, abs=1e-3)


def test_the_regression_is_what_it_says():
    assert TRUE_CELLS == [(32, 0), (15, 1)]
    windows = known_windows(rows=500, seed=0)["test"]
    assert windows.features == ("x0", "x1", "x2", "x3")
    x, _ = windows.gather(torch.arange(len(windows)))
    x = x.double().numpy() * windows.scaler.scale + windows.scaler.center
    weights = [weight for _, weight in CAUSES.values()]
    (first, second), y = TRUE_CELLS, windows.observed()[:, 0, 0]
    expected = weights[0] * x[:, first[0], first[1]] + weights[1] * x[:, second[0], second[1]]
    np.testing.assert_allclose(y, expected, atol=1e-5)  # float32
    assert x.shape[1] == LOOKBACK


@pytest.fixture(scope="module")
def answer():
    return known_answer(SMALL)


def test_the_regression_is_learnt(answer):
    assert answer.r2 >= 0.97


@pytest.mark.parametrize("method", SHARES)
def test_every_method_names_the_true_causes(answer, method):
    assert sorted(answer.top(method)) == sorted(TRUE_CELLS)
    assert answer.top(method)[0] == (32, 0)  # the heavier of the two
    low, _ = SHARES[method]  # a closer fit leaves less beside the causes than the published range
    assert low <= answer.share(method) <= 1


def test_attributions_add_up_to_the_known_weights(answer):
    # a linear truth: gradients per standard deviation are the weights themselves
    signed = answer.attributions["Saliency"].signed
    for cell, (_, weight) in zip(TRUE_CELLS, CAUSES.values(), strict=True):
        assert signed[cell] == pytest.approx(weight, abs=0.05)
    assert answer.attributions["Integrated gradients"].completeness_error < 1e-3
