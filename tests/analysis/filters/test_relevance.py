"""Filters that move with the forecast: planted ones are found, and every number is computed a second way."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lstmkit.analysis.filters.relevance import SHIFTS, FilterRelevance, filter_relevance
from lstmkit.errors import LstmkitError
from lstmkit.findings.filters.relevance import relevance_caption, relevance_finding
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.wording import signed
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


def causal(convolution: torch.nn.Conv1d, maps: torch.Tensor) -> torch.Tensor:
    """Each output reads its own step and those before it, and zeros before the first."""
    before = torch.nn.functional.pad(maps, (convolution.kernel_size[0] - 1, 0))
    return torch.nn.functional.conv1d(before, convolution.weight, convolution.bias)


def activations(model: CNNLSTMForecaster, windows) -> tuple[np.ndarray, np.ndarray]:
    x, _ = windows.gather(torch.arange(len(windows)))
    with torch.no_grad():
        first = model.relu1(model.norm1(causal(model.conv1, x.transpose(1, 2))))
        maps = model.relu2(model.norm2(causal(model.conv2, first)))
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


@pytest.mark.parametrize("residual", ["none", "last", "climatology"])
def test_correlations_equal_numpys(residual):
    windows = noise_windows(residual=residual)["test"]
    relevance = filter_relevance(small(), windows, study_params())
    activation, outputs = activations(small(), windows)
    targets = [outputs.double().mean(dim=1)[:, 0].numpy(), windows.to_units(outputs).mean(axis=1)[:, 0]]
    for target, aim in enumerate(targets):
        expected = [np.corrcoef(column, aim)[0, 1] for column in activation.T]
        np.testing.assert_allclose(relevance.correlation[target], expected, atol=1e-5)  # float32
    np.testing.assert_allclose(relevance.activation, activation.mean(axis=0), rtol=1e-5)
    same = np.allclose(relevance.correlation[0], relevance.correlation[1], atol=1e-6)
    assert same == (residual == "none")  # where the rule is constant the deviation is the whole forecast
    assert (
        "the correlations are the same, as the rule adds the same to every" in relevance_finding(relevance)
    ) == same


def test_intervals_equal_those_of_resamplings_written_out():
    windows, params = noise_windows()["test"], study_params(draws=30)
    relevance = filter_relevance(small(), windows, params)
    activation, outputs = activations(small(), windows)
    aim = outputs.double().mean(dim=1)[:, 0].numpy()
    standard = (activation - activation.mean(axis=0)) / activation.std(axis=0)
    products = np.tile(standard * ((aim - aim.mean()) / aim.std())[:, None], 2)  # of network and forecast
    drawn = [
        [np.corrcoef(column[days], aim[days])[0, 1] for column in activation.T]
        for days in days_drawn(windows, products, 30, params.seed)
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

    def squares(maps):  # 10.55 is about the mean of the larger of two normal values, lifted by 10
        return ((maps[:, :2].mean(dim=2) - 10.55) ** 2).sum(dim=1)

    relevance = filter_relevance(planted(squares), windows, study_params())
    assert not relevance.certain[0].any()
    assert np.abs(relevance.correlation[0]).max() < 0.2
    assert relevance.informative.tolist() == [True, True, False, False]
    assert relevance.information[:2].min() > 0.15
    strongest = relevance.information.argmax()
    assert (
        "2 of 2 filters that change share more information with the deviation than any of their 19 shifted copies, "
        "which about 0 would by chance; "
    ) in relevance_finding(relevance)
    assert relevance_finding(relevance).endswith(
        "2 of these show no certain correlation; a single shifted copy comes first in no such filter, so chance does "
        f"not explain it: there is a relation that the correlation does not show, most clearly in filter {strongest} "
        f"({relevance.information[strongest]:.2f} bits, r = {signed(relevance.correlation[0, strongest], 2)})."
    )


def test_of_an_independent_deviation_a_bent_relation_is_claimed_once_in_twenty_times():
    windows, claimed = noise_windows()["test"], 0
    for seed in range(3):
        noise = np.random.default_rng(seed)
        weights = noise.normal(size=(64, 2))
        model = PlantedFilters(
            weights.tolist(),
            (10 - LIFT * weights.sum(axis=1)).tolist(),
            lambda maps, noise=noise: torch.from_numpy(noise.normal(size=len(maps))).float(),
        )
        relevance = filter_relevance(model, windows, study_params())
        assert not relevance.constant.any()
        assert relevance.informative.any()
        claimed += "there is a relation" in relevance_finding(relevance)
    assert claimed <= 1  # two of three would come up in 1 of 140 tests


def test_constant_filters_are_named_and_have_no_nan():
    windows = noise_windows(residual="climatology")["test"]
    relevance = filter_relevance(planted(lambda maps: maps.sum(dim=(1, 2))), windows, study_params())
    assert relevance.constant.tolist() == [False, False, True, True]
    assert relevance.activation[2:].tolist() == [0, 1]
    for values in (relevance.correlation, relevance.low, relevance.high):
        assert (values[:, 2:] == 0).all()
        assert np.isfinite(values).all()
    assert (relevance.information[2:] == 0).all()
    assert (relevance.baseline[2:] == 0).all()
    assert relevance_finding(relevance).startswith(
        "2 of 4 filters never change. The network's deviation from the climatology moves most with"
    )
    finding = relevance_finding(relevance)
    assert (
        "For 2 of 2 filters that change the interval leaves out zero, where chance alone would let about 0"
        in finding
    )
    assert "2 of 2 filters that change have the same sign in both" in finding
    assert "2 of 2 filters that change share more information" in finding
    assert "filters 1 (r = " in finding or "filters 0 (r = " in finding
    assert finding.count("(r = ") == 2
    assert relevance.facts()["constant_filters"] == 2


def test_a_network_that_puts_out_a_constant_is_said_to():
    windows = noise_windows(residual="last")["test"]
    relevance = filter_relevance(planted(lambda maps: 0 * maps.sum(dim=(1, 2))), windows, study_params())
    assert relevance.constant_network
    assert not relevance.correlation[0].any()
    assert relevance.correlation[1].any()  # the last value moves
    assert not relevance.information.any()
    assert relevance_finding(relevance) == (
        "2 of 4 filters never change. The network puts out the same in every window, so no filter can be related to it."
    )


def test_filters_that_are_all_dead():
    model = PlantedFilters([[0.0, 0.0]], [-1.0], lambda maps: maps.sum(dim=(1, 2)))
    relevance = filter_relevance(model, noise_windows()["test"], study_params())
    assert relevance.constant.all()
    alone = replace(relevance, constant_network=False)
    assert relevance_finding(alone) == "1 filter of 1 never changes. Nothing can be related to the forecast."


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
    shifted=np.array([[0.2, 0.0, 0.1], [0.1, 0.2, 0.2]]),
    activation=np.array([1.0, 2.0, 3.0]),
    constant=np.zeros(3, dtype=bool),
    constant_network=False,
    rule="the last value",
    n_windows=2048,
    n_information=1024,
    n_days=100,
    confidence=0.95,
)


def test_finding_frame_and_facts():
    assert relevance_finding(RELEVANCE) == (
        "The network's deviation from the last value moves most with filters 1 (r = −0.60), 0 (r = +0.20), 2 "
        "(r = +0.10); the first's interval is −0.70 to −0.50. For 2 of 3 filters the interval leaves out zero, where "
        "chance alone would let about 0. With the whole forecast the largest correlation is 0.90 in size, with the "
        "deviation 0.60; 2 of 3 filters have the same sign in both. What the whole adds is the last value, which no "
        "filter makes. 2 of 3 filters share more information with the deviation than any of their 2 shifted copies, "
        "which about 1 would by chance; at most 0.50 bits. 1 of these shows no certain correlation; a single shifted "
        "copy comes first in no such filter, so chance does not explain it: there is a relation that the correlation "
        "does not show, most clearly in filter 2 (0.40 bits, r = +0.10)."
    )
    assert "too few" not in relevance_caption(RELEVANCE)
    assert relevance_caption(replace(RELEVANCE, n_days=4)).endswith(
        " 4 days are too few to rely on this uncertainty."
    )
    frame = RELEVANCE.to_frame()
    assert frame.index.tolist() == [1, 0, 2]
    assert frame["r_forecast"].tolist() == [-0.4, 0.5, -0.9]
    assert RELEVANCE.facts()["top_filters"] == [1, 0, 2]
    assert RELEVANCE.facts()["informative_filters"] == 2
    assert f"the largest of {SHIFTS} copies" in relevance_caption(RELEVANCE)


def five(information: list[float], shifted: list[list[float]]) -> FilterRelevance:
    """Five filters of which only the first is certainly correlated."""
    return replace(
        RELEVANCE,
        correlation=np.full((2, 5), 0.1),
        low=np.array([[0.05] + [-0.1] * 4] * 2),
        high=np.full((2, 5), 0.2),
        information=np.array(information),
        shifted=np.array(shifted),
        activation=np.ones(5),
        constant=np.zeros(5, dtype=bool),
    )


def test_what_a_shifted_copy_reaches_as_well_is_left_to_chance():
    # without certain correlation are filters 1 to 4: the deviation comes first in 1, 2; the second copy in 3, 4
    even = five([0.9, 0.4, 0.3, 0.0, 0.1], [[0.1, 0.1, 0.2, 0.1, 0.0], [0.2, 0.2, 0.1, 0.2, 0.2]])
    assert even.informative.tolist() == [True, True, True, False, False]
    assert even.hidden_by_chance == 2
    assert relevance_finding(even).endswith(
        "2 of these show no certain correlation; a single shifted copy comes first in up to 2 such filters, so this "
        "may be chance."
    )
    # the deviation in 1, 2, 3, the second copy in 4; the first copy in 0, which does not count
    clear = five([0.1, 0.4, 0.3, 0.5, 0.1], [[0.9, 0.1, 0.2, 0.1, 0.0], [0.2, 0.2, 0.1, 0.2, 0.2]])
    assert clear.hidden_by_chance == 1
    assert relevance_finding(clear).endswith(
        "3 of these show no certain correlation; a single shifted copy comes first in up to 1 such filter, so chance "
        "does not explain it: there is a relation that the correlation does not show, most clearly in filter 3 (0.50 "
        "bits, r = +0.10)."
    )
    # where nothing is shared at all, nothing comes first
    nothing = five([0.0] * 5, [[0.0] * 5] * 2)
    assert nothing.hidden_by_chance == 0
    assert "certain correlation" not in relevance_finding(nothing)


def test_dead_filters_are_no_part_of_any_count():
    dead = replace(
        RELEVANCE,
        correlation=np.array([[0.2, -0.6, 0.0], [0.5, -0.4, 0.0]]),
        low=np.array([[0.1, -0.7, 0.0], [0.4, -0.5, 0.0]]),
        high=np.array([[0.3, -0.5, 0.0], [0.6, -0.3, 0.0]]),
        information=np.array([0.1, 0.5, 0.0]),
        constant=np.array([False, False, True]),
    )
    finding = relevance_finding(dead)
    assert finding.startswith(
        "1 filter of 3 never changes. The network's deviation from the last value moves most with filters 1 "
        "(r = −0.60), 0 (r = +0.20); "
    )
    assert "For 2 of 2 filters that change the interval" in finding
    assert "2 of 2 filters that change have the same sign in both" in finding


def test_chance_is_counted_in_the_filters_that_change():
    many = {
        "correlation": np.full((2, 64), 0.1),
        "low": np.full((2, 64), -0.1),
        "high": np.full((2, 64), 0.2),
        "information": np.zeros(64),
        "shifted": np.full((19, 64), 0.1),
        "activation": np.ones(64),
    }
    all_move = relevance_finding(replace(RELEVANCE, constant=np.zeros(64, dtype=bool), **many))
    half_move = relevance_finding(replace(RELEVANCE, constant=np.arange(64) < 32, **many))
    assert "where chance alone would let about 3." in all_move
    assert "which about 3 would by chance" in all_move
    assert "where chance alone would let about 2." in half_move
    assert "which about 2 would by chance" in half_move
