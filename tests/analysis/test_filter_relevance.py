"""Filters that move with the forecast: planted ones are found, and every number is computed a second way."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lstmkit.analysis.filter_relevance import SHIFTS, FilterRelevance, filter_relevance
from lstmkit.errors import LstmkitError
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.planted_filters import LIFT, PlantedFilters, days_drawn, noise_windows, study_params
from tests.analysis.tiny import state_of, stirred

# two filters of one feature each, one that is always zero, and one that is always one
FILTERS = {
    "weights": [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]],
    "biases": [-LIFT + 10, -LIFT + 10, -1.0, 1.0],
}


def planted(forecast) -> PlantedFilters:
    return PlantedFilters(**FILTERS, forecast=forecast)


def small() -> CNNLSTMForecaster:
    return stirred(CNNLSTMForecaster(2, 2, channels=(4, 5), hidden=4, head=6), seed=1)


def activations(model: CNNLSTMForecaster, windows) -> tuple[np.ndarray, np.ndarray]:
    x, _ = windows.gather(torch.arange(len(windows)))
    with torch.no_grad():
        maps = model.relu2(model.norm2(model.conv2(model.relu1(model.norm1(model.conv1(x.transpose(1, 2)))))))
        return maps.mean(dim=2).double().numpy(), model(x)


def test_a_forecast_of_one_filter_singles_it_out():
    windows = noise_windows()["test"]
    relevance = filter_relevance(
        planted(lambda maps: 3 - 2 * maps[:, 1].mean(dim=1)), windows, study_params()
    )
    assert relevance.order[0] == 1
    # the mean of the pooled map stands for the mean of the map, not exactly
    assert relevance.correlation[0, 1] < -0.8
    assert relevance.certain[0].tolist() == [False, True, False, False]
    assert relevance.informative.tolist() == [False, True, False, False]
    assert np.abs(relevance.correlation[0, 0]) < 0.2


@pytest.mark.parametrize("anchor", ["none", "autoregressive"])
def test_correlations_equal_numpys(anchor):
    windows = noise_windows(anchor=anchor)["test"]
    relevance = filter_relevance(small(), windows, study_params())
    activation, outputs = activations(small(), windows)
    targets = [outputs.double().mean(dim=1).numpy(), windows.to_units(outputs).mean(axis=1)]
    for target, aim in enumerate(targets):
        expected = [np.corrcoef(column, aim)[0, 1] for column in activation.T]
        np.testing.assert_allclose(relevance.correlation[target], expected, atol=1e-5)  # float32
    np.testing.assert_allclose(relevance.activation, activation.mean(axis=0), rtol=1e-5)
    same = np.allclose(relevance.correlation[0], relevance.correlation[1], atol=1e-6)
    assert same == (anchor == "none")  # without an anchor the deviation is the whole forecast


def test_intervals_equal_those_of_resamplings_written_out():
    windows, params = noise_windows()["test"], study_params(draws=30)
    relevance = filter_relevance(small(), windows, params)
    activation, outputs = activations(small(), windows)
    aim = outputs.double().mean(dim=1).numpy()
    drawn = [
        [np.corrcoef(column[days], aim[days])[0, 1] for column in activation.T]
        for days in days_drawn(windows, 30, params.seed)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    np.testing.assert_allclose(relevance.low[0], low, atol=1e-5)
    np.testing.assert_allclose(relevance.high[0], high, atol=1e-5)


def test_information_of_two_normal_variables_is_known():
    # the mean of noise is nearly normal; for normal variables it is −½ log₂(1 − r²)
    windows = noise_windows(4000)["test"]
    model = planted(lambda maps: maps[:, 0].mean(dim=1) + 0.5 * maps[:, 1].mean(dim=1))
    relevance = filter_relevance(model, windows, study_params())
    for unit in (0, 1):
        r = relevance.correlation[0, unit]
        assert abs(r) > 0.3
        assert relevance.information[unit] == pytest.approx(-0.5 * np.log2(1 - r**2), abs=0.1)


def test_a_square_has_information_but_no_correlation():
    windows = noise_windows(4000)["test"]

    def square(maps):
        return (
            maps[:, 0].mean(dim=1) - 10.55
        ) ** 2  # about the mean of the larger of two normal values, lifted by 10

    relevance = filter_relevance(planted(square), windows, study_params())
    assert not relevance.certain[0, 0]
    assert abs(relevance.correlation[0, 0]) < 0.2
    assert relevance.informative.tolist() == [True, False, False, False]
    assert relevance.information[0] > 0.3
    assert "1 of these shows no certain correlation" in relevance.finding()
    assert f"the strongest is filter 0 ({relevance.information[0]:.2f} bits" in relevance.finding()


def test_constant_filters_are_named_and_have_no_nan():
    relevance = filter_relevance(
        planted(lambda maps: maps.sum(dim=(1, 2))), noise_windows()["test"], study_params()
    )
    assert relevance.constant.tolist() == [False, False, True, True]
    assert relevance.activation[2:].tolist() == [0, 1]
    for values in (relevance.correlation, relevance.low, relevance.high):
        assert (values[:, 2:] == 0).all()
        assert np.isfinite(values).all()
    assert (relevance.information[2:] == 0).all()
    assert (relevance.baseline[2:] == 0).all()
    assert relevance.finding().startswith(
        "2 of 4 filters never change. The network's deviation moves most with"
    )
    assert relevance.facts()["constant_filters"] == 2


def test_a_network_that_puts_out_a_constant_is_said_to():
    windows = noise_windows(anchor="autoregressive")["test"]
    relevance = filter_relevance(planted(lambda maps: 0 * maps.sum(dim=(1, 2))), windows, study_params())
    assert relevance.constant_network
    assert not relevance.correlation[0].any()
    assert relevance.correlation[1].any()  # the anchor moves
    assert not relevance.information.any()
    assert relevance.finding() == (
        "2 of 4 filters never change. The network puts out the same in every window, so no filter can be related to it."
    )


def test_filters_that_are_all_dead():
    model = PlantedFilters([[0.0, 0.0]], [-1.0], lambda maps: maps.sum(dim=(1, 2)))
    relevance = filter_relevance(model, noise_windows()["test"], study_params())
    assert relevance.constant.all()
    alone = replace(relevance, constant_network=False)
    assert alone.finding() == "1 filter of 1 never changes. Nothing can be related to the forecast."


def test_the_sample_is_spread_and_bounded():
    windows = noise_windows()["test"]
    relevance = filter_relevance(small(), windows, study_params(windows=100))
    assert relevance.n_windows == relevance.n_information == 100
    again = filter_relevance(small(), windows.spread(100), study_params())
    np.testing.assert_allclose(relevance.correlation, again.correlation)
    np.testing.assert_allclose(relevance.baseline, again.baseline)
    with pytest.raises(LstmkitError, match="39 windows are too few"):
        filter_relevance(small(), windows, study_params(windows=39))


def test_a_model_without_convolutions_is_refused():
    with pytest.raises(LstmkitError, match="LSTMForecaster has 0 convolutional stages"):
        filter_relevance(LSTMForecaster(2, 2, hidden=2), noise_windows()["test"], study_params())


def test_the_model_stays_as_it_was():
    model = small()
    before = state_of(model)
    filter_relevance(model, noise_windows()["test"], study_params())
    assert state_of(model) == before


RELEVANCE = FilterRelevance(
    correlation=np.array([[0.2, -0.6, 0.1], [0.5, -0.4, -0.9]]),
    low=np.array([[0.1, -0.7, -0.1], [0.4, -0.5, -0.95]]),
    high=np.array([[0.3, -0.5, 0.3], [0.6, -0.3, -0.85]]),
    information=np.array([0.1, 0.5, 0.4]),
    baseline=np.array([0.2, 0.2, 0.2]),
    activation=np.array([1.0, 2.0, 3.0]),
    constant=np.zeros(3, dtype=bool),
    constant_network=False,
    n_windows=2048,
    n_information=1024,
    n_days=100,
    confidence=0.95,
)


def test_finding_frame_and_facts():
    assert RELEVANCE.finding() == (
        "The network's deviation moves most with filters 1 (r = −0.60), 0 (r = +0.20), 2 (r = +0.10); the first's "
        "interval is −0.70 to −0.50. For 2 of 3 filters the interval leaves out zero, where chance alone would let "
        "about 0. With the whole forecast the largest correlation is 0.90 in size, with the deviation 0.60; 2 of 3 "
        "filters have the same sign in both. What the whole adds is the anchor, which no filter makes. 2 of 3 filters "
        "share more information with the deviation than any of their shifted copies, at most 0.50 bits. 1 of these "
        "shows no certain correlation, so that the relation is not a straight line; the strongest is filter 2 "
        "(0.40 bits, r = +0.10)."
    )
    frame = RELEVANCE.to_frame()
    assert frame.index.tolist() == [1, 0, 2]
    assert frame["r_forecast"].tolist() == [-0.4, 0.5, -0.9]
    assert RELEVANCE.facts()["top_filters"] == [1, 0, 2]
    assert RELEVANCE.facts()["informative_filters"] == 2
    assert f"the largest of {SHIFTS} copies" in RELEVANCE.caption
