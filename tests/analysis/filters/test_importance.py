"""Single filters and random ones held fixed: planted importance is found, what nothing reads costs exactly nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lstmkit.analysis.filters.ablation import Ablator
from lstmkit.analysis.filters.importance import FilterImportance, filter_importance
from lstmkit.analysis.filters.random_ablation import RandomAblation, random_ablation
from lstmkit.analysis.filters.relevance import filter_relevance
from lstmkit.findings.filters.importance import importance_finding
from lstmkit.findings.filters.random_ablation import random_ablation_finding
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from tests.analysis.filters.test_relevance import RELEVANCE
from tests.analysis.planted_filters import LIFT, PlantedFilters, days_drawn, noise_windows, study_params
from tests.analysis.tiny import state_of, stirred

FEATURE_EACH = {
    "weights": [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]],
    "biases": [10 - LIFT] * 2 + [-LIFT, 10.0],
}
WEIGHTS = torch.tensor([0.0, 1.5, -0.5, 0.0])


def linear(maps: torch.Tensor) -> torch.Tensor:
    return maps.mean(dim=2) @ WEIGHTS


def ablator(model=None, windows=None, **params) -> Ablator:
    model = model or PlantedFilters(**FEATURE_EACH, forecast=linear)
    return Ablator(model, windows or noise_windows(700), study_params(**params))


def small() -> CNNLSTMForecaster:
    return stirred(CNNLSTMForecaster(2, 2, channels=(4, 5), hidden=4, head=6), seed=1)


def test_effects_of_a_linear_forecast_equal_those_by_hand():
    windows, params = noise_windows(700), study_params(draws=30)
    test = windows["test"]
    assert len(test) < 256  # all are examined
    importance = filter_importance(ablator(windows=windows, draws=30))
    x, aims = test.gather(torch.arange(len(test)))
    pooled = pooled_of(x)
    mean = pooled_of(windows["train"].gather(torch.arange(len(windows["train"])))[0]).mean(dim=0)
    scale = float(test.residual.scale[0])
    moved = scale * ((mean - pooled).mean(dim=2) * WEIGHTS).double().numpy()  # (window, filter)
    error = scale * (linear(pooled)[:, None] - aims[..., 0]).double().numpy()  # (window, horizon)
    squares = np.stack([(error + shift[:, None]) ** 2 for shift in moved.T], axis=2).mean(axis=1)
    own = (error**2).mean(axis=1)
    np.testing.assert_allclose(importance.change, np.sqrt((moved**2).mean(axis=0)), rtol=1e-4, atol=1e-6)
    increase = np.sqrt(squares.mean(axis=0)) - np.sqrt(own.mean())
    np.testing.assert_allclose(importance.increase, increase, atol=1e-5)
    drawn_change, drawn_increase, drawn_beyond = [], [], []
    together = ((error + moved.sum(axis=1)[:, None]) ** 2).mean(axis=1)
    losses = np.column_stack([moved**2, squares - own[:, None], together - own])
    for days in days_drawn(test, losses, 30, params.seed):
        drawn_change.append(np.sqrt((moved[days] ** 2).mean(axis=0)))
        drawn_increase.append(np.sqrt(squares[days].mean(axis=0)) - np.sqrt(own[days].mean()))
        whole = np.sqrt(together[days].mean()) - np.sqrt(own[days].mean())
        drawn_beyond.append(whole - drawn_increase[-1].sum())
    np.testing.assert_allclose(importance.change_error, np.std(drawn_change, axis=0), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(importance.increase_error, np.std(drawn_increase, axis=0), atol=1e-5)
    assert importance.together == pytest.approx(np.sqrt(together.mean()) - np.sqrt(own.mean()), abs=1e-5)
    assert importance.beyond_sum == pytest.approx(importance.together - increase.sum(), abs=1e-5)
    interval = [importance.beyond_sum_low, importance.beyond_sum_high]
    np.testing.assert_allclose(interval, np.quantile(drawn_beyond, [0.025, 0.975]), atol=1e-4)


def pooled_of(x: torch.Tensor) -> torch.Tensor:
    """The planted filters by arithmetic; the lifts of both layers cancel but for ten."""
    a, b = x[..., 0], x[..., 1]
    filters = torch.stack([a + 10, b + 10, a + b + LIFT, a - b + 10], dim=1).relu()
    return filters.unflatten(2, (-1, 2)).amax(dim=3)


def test_filters_that_nothing_reads_cost_exactly_nothing():
    importance = filter_importance(ablator())
    for unread in (0, 3):
        assert importance.change[unread] == importance.change_error[unread] == 0
        assert importance.increase[unread] == importance.increase_error[unread] == 0
    assert importance.order[:2].tolist() == [1, 2]


def test_a_filter_of_an_lstm_without_weight_costs_exactly_nothing():
    model = small()
    with torch.no_grad():
        model.lstm.weight_ih_l0[:, 3] = 0
    importance = filter_importance(ablator(model))
    assert importance.change[3] == importance.increase[3] == 0
    assert (np.delete(importance.change, 3) > 0).all()


def test_the_filter_that_makes_the_forecast_is_found_among_those_that_move_with_it():
    # filters 0 and 2 move with the same feature, the forecast reads filter 2 alone
    model = PlantedFilters(
        [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], [10 - LIFT] * 3, lambda maps: maps[:, 2].mean(dim=1)
    )
    windows = noise_windows(700)
    importance = filter_importance(ablator(model, windows))
    relevance = filter_relevance(model, windows["test"], study_params())
    assert abs(relevance.correlation[0, 0]) == pytest.approx(abs(relevance.correlation[0, 2]), abs=1e-4)
    assert importance.order[0] == 2
    assert importance.change[0] == 0


def test_the_loss_of_one_filter_that_is_everything():
    # whatever else is drawn, only the draws with filter 1 cost, and they cost all
    model = PlantedFilters(**FEATURE_EACH, forecast=lambda maps: 2 * maps[:, 1].mean(dim=1))
    examined = ablator(model, noise_windows(400), random_ablations=40)
    assert len(examined.windows) <= 128
    importance = filter_importance(examined)
    random = random_ablation(examined, importance)
    whole = random.whole[1]
    assert whole == pytest.approx(examined.layers(model).increase[4], abs=1e-6)
    np.testing.assert_allclose(random.most_used, whole, atol=1e-7)
    assert random.least_used.tolist() == [0, 0, 0]
    assert random.held[1].tolist() == [1, 2, 3]
    costs = np.abs(random.random[1] - whole) < 1e-7
    assert ((random.random[1] == 0) | costs).all()
    assert np.abs(costs.mean(axis=1) - [0.25, 0.5, 0.75]).max() < 0.2  # 40 draws
    assert (costs[:-1] <= costs[1:]).all()  # a draw of more filters holds those of the draw of fewer
    assert random.rmse == pytest.approx(importance.rmse, rel=1e-6)


def test_draws_are_seeded():
    examined = ablator(small(), noise_windows(400))
    importance = filter_importance(examined)
    first, again = (random_ablation(examined, importance) for _ in range(2))
    np.testing.assert_array_equal(first.random, again.random)
    other = Ablator(small(), noise_windows(400), study_params().model_copy(update={"seed": 4}))
    assert not np.array_equal(random_ablation(other, importance).random, first.random)
    assert first.random.shape == (2, 3, 5)
    assert first.held.tolist() == [[1, 2, 3], [1, 2, 4]]


def test_the_residual_baseline_and_the_whole_layers_are_those_of_the_layers():
    examined = ablator(small(), noise_windows(400, residual="climatology"))
    layers, random = examined.layers(small()), random_ablation(examined, filter_importance(examined))
    assert random.rule == layers.rule == "the climatology"
    assert random.rule_rmse == pytest.approx(layers.rule_rmse, rel=1e-6)
    np.testing.assert_allclose(random.whole, layers.increase[[2, 4]], atol=1e-6)


def test_the_model_stays_as_it_was():
    model = small()
    before = state_of(model)
    examined = ablator(model, noise_windows(400))
    random_ablation(examined, filter_importance(examined))
    assert state_of(model) == before


def test_a_network_of_zeros_has_no_important_filter():
    model = small()
    with torch.no_grad():
        model.fc2.weight.zero_()
    examined = ablator(model, noise_windows(400))
    importance = filter_importance(examined)
    assert (
        importance_finding(importance, RELEVANCE)
        == "No single filter changes the forecast when it is held at its mean."
    )
    assert importance.agreement(RELEVANCE) is None
    assert (
        random_ablation_finding(random_ablation(examined, importance), importance)
        == "No choice of filters changes the forecast."
    )


IMPORTANCE = FilterImportance(
    change=np.array([0.5, 2.0, 1.0]),
    change_error=np.array([0.05, 0.25, 0.1]),
    increase=np.array([0.3, 0.1, -0.2]),
    increase_error=np.array([0.1, 0.2, 0.05]),
    together=1.5,
    together_error=0.3,
    rmse=25.0,
    beyond_sum=1.3,
    beyond_sum_low=0.4,
    beyond_sum_high=2.0,
    unit="ppm",
    n_windows=256,
    n_days=100,
    confidence=0.95,
)


def test_finding_frame_and_facts():
    assert importance_finding(IMPORTANCE, RELEVANCE) == (
        "Held at its mean, a single filter changes the forecast by 1.00 ppm in the median (root mean square over"
        " 256 windows and all steps). Those that change it most are 1 (2.00 ± 0.25 ppm), 2 (1.00 ± 0.10 ppm),"
        " 0 (0.500 ± 0.050 ppm). The loss of 1 of 3 filters raises the RMSE by more than two standard errors,"
        " which about 0 would by chance; most that of filter 0, by 0.30 ± 0.10 ppm. The rank correlation "
        "between the size of a filter's correlation and its effect is +0.50: a filter that moves with the "
        "deviation need not be one that makes it."
    )
    assert (IMPORTANCE.useful.tolist(), IMPORTANCE.median_change) == ([0], 1.0)
    assert IMPORTANCE.to_frame()["increase_ppm"].tolist() == [0.3, 0.1, -0.2]
    facts = IMPORTANCE.facts()
    assert facts["filter_importance"] == [0.5, 2.0, 1.0]
    assert facts["filter_importance_error"] == [0.05, 0.25, 0.1]
    assert facts["single_filters_sum"] == pytest.approx(0.2)


RANDOM = RandomAblation(
    shares=(0.25, 0.5, 0.75),
    held=np.array([[8, 16, 24], [16, 32, 48]]),
    random=np.array([[[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]], [[0.1, 0.3], [0.4, 0.8], [1.0, 1.2]]]),
    most_used=np.array([0.2, 0.9, 1.4]),
    least_used=np.array([0.0, 0.1, 0.9]),
    whole=np.array([4.0, 1.5]),
    rmse=25.0,
    rule="the last value",
    rule_rmse=26.0,
    unit="ppm",
    n_windows=128,
)


def test_finding_frame_and_facts_of_random_filters():
    assert random_ablation_finding(RANDOM, IMPORTANCE) == (
        "Held at their means, filters drawn at random change the RMSE on 128 windows: half of layer 1 +1.5 ppm on "
        "average over 2 draws (from +1.0 to +2.0), all of it +4.0; half of layer 2 +0.6 ppm on average over 2 "
        "draws (from +0.4 to +0.8), all of it +1.5. Without the 16 filters of layer 2 that change the forecast "
        "most, the RMSE changes by +0.200 ppm; 1 of 2 random choices of as many leaves a lower RMSE. Without the 16 "
        "that change it least, it changes by 0 ppm. Held one by one on 256 windows, the filters of layer 2 "
        "change the RMSE by +0.2 ppm in sum, all at once by +1.5 (95 % interval of the difference +0.4 to +2.0): "
        "the layer is more than the sum of its parts."
    )
    frame = RANDOM.to_frame()
    assert frame.index.tolist() == [("layer 1", n) for n in (8, 16, 24)] + [
        ("layer 2", n) for n in (16, 32, 48)
    ]
    assert frame.loc[("layer 2", 32), "random, highest (ppm)"] == 0.8
    assert frame["most used (ppm)"].tolist()[3:] == [0.2, 0.9, 1.4]
    assert frame["most used (ppm)"].isna().tolist() == [True] * 3 + [False] * 3
    assert RANDOM.facts()["half_of_layer"] == {"layer 1": 1.5, "layer 2": pytest.approx(0.6)}
    assert RANDOM.facts()["quarter_most_used"] == 0.2


def test_one_filter_and_one_draw_are_singular():
    few = replace(RANDOM, held=np.ones((2, 3), int), random=RANDOM.random[:, :, 1:])
    assert "on average over 1 draw (from" in random_ablation_finding(few, IMPORTANCE)
    assert (
        "Without the filter of layer 2 that changes the forecast most, the RMSE changes by +0.200 ppm; 0 of 1 random "
        "choice of one leave a lower RMSE. Without the one that changes it least, it changes by 0 ppm."
    ) in random_ablation_finding(few, IMPORTANCE)


def test_a_loss_that_helps_is_told_with_its_sign():
    helpful = replace(RANDOM, most_used=np.array([-0.07, 0.0, 0.0]))
    finding = random_ablation_finding(helpful, IMPORTANCE)
    assert "most, the RMSE changes by −0.0700 ppm; 0 of 2 random choices" in finding
    assert (helpful.below_most_used, RANDOM.below_most_used) == (0, 1)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.4, 2.0, "more than"), (-2.0, -0.4, "less than"), (-0.4, 0.4, "not clearly different from")],
)
def test_the_verdict_on_the_sum_follows_the_interval(low, high, said):
    finding = random_ablation_finding(RANDOM, replace(IMPORTANCE, beyond_sum_low=low, beyond_sum_high=high))
    assert finding.endswith(f"the layer is {said} the sum of its parts.")
