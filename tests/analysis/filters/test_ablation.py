"""Layers held fixed: errors equal those computed by hand, and what nothing reads costs nothing."""

import numpy as np
import pytest
import torch

from lstmkit.analysis.filters.ablation import (
    AS_TRAINED,
    LAYERS,
    NEVER_TRAINED,
    Ablator,
    LayerAblation,
    network_outputs,
)
from lstmkit.errors import LstmkitError
from lstmkit.findings.filters.ablation import ablation_caption, ablation_finding
from lstmkit.models.bypass import BypassForecaster
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.planted_filters import days_drawn, noise_windows, study_params
from tests.analysis.tiny import state_of, stirred

CONFIGURATIONS = (
    AS_TRAINED,
    "layer 1 set to zero",
    "layer 1 held at its mean",
    "layer 2 set to zero",
    "layer 2 held at its mean",
    NEVER_TRAINED,
)


def small() -> CNNLSTMForecaster:
    return stirred(CNNLSTMForecaster(2, 2, channels=(4, 5), hidden=4, head=6), seed=1)


def bypass() -> BypassForecaster:
    return stirred(BypassForecaster(2, 2, hidden=4, head=6), seed=2)


def convolved(convolution: torch.nn.Conv1d, maps: torch.Tensor) -> torch.Tensor:
    """Each output reads its own step and those before it, and zeros before the first."""
    before = torch.nn.functional.pad(maps, (convolution.kernel_size[0] - 1, 0))
    return torch.nn.functional.conv1d(before, convolution.weight, convolution.bias)


def maps_of(model: CNNLSTMForecaster, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    first = model.relu1(model.norm1(convolved(model.conv1, x.transpose(1, 2))))
    return first, read_first(model, first)


def read_first(model: CNNLSTMForecaster, first: torch.Tensor) -> torch.Tensor:
    second = model.relu2(model.norm2(convolved(model.conv2, first)))
    if second.shape[-1] % 2:
        second = torch.cat([second[..., :1], second], dim=-1)
    return model.pool(second)


def read_pooled(model: CNNLSTMForecaster, pooled: torch.Tensor) -> torch.Tensor:
    states, _ = model.lstm(pooled.transpose(1, 2))
    return model.fc2(model.relu3(model.fc1(states[:, -1])))[..., None]


def by_hand(windows, lookback: int) -> dict[str, torch.Tensor]:
    """Outputs of every configuration, without hooks."""
    model, test = small(), windows["test"]
    x, _ = test.gather(torch.arange(len(test)))
    training, _ = windows["train"].gather(torch.arange(len(windows["train"])))
    with torch.no_grad():
        first, pooled = maps_of(model, x)
        mean_first, mean_pooled = (maps.double().mean(dim=0).float() for maps in maps_of(model, training))
        outputs = [
            model(x),
            read_pooled(model, read_first(model, torch.zeros_like(first))),
            read_pooled(model, read_first(model, mean_first.expand_as(first))),
            read_pooled(model, torch.zeros_like(pooled)),
            read_pooled(model, mean_pooled.expand_as(pooled)),
            bypass()(x),
        ]
    return dict(zip(CONFIGURATIONS, outputs, strict=True))


@pytest.mark.parametrize("lookback", [6, 7])
def test_errors_and_their_intervals_equal_those_by_hand(lookback):
    windows, params = noise_windows(800, lookback=lookback, residual="climatology"), study_params(draws=30)
    assert len(windows["train"]) < 512  # all of which make the mean maps
    ablation = Ablator(small(), windows, params).layers(bypass())
    test, outputs = windows["test"], by_hand(windows, lookback)
    observed = test.observed()[..., 0]
    squares = {name: (test.to_units(values)[..., 0] - observed) ** 2 for name, values in outputs.items()}
    alone = (test.without_network()[..., 0] - observed) ** 2
    rmse = np.array([np.sqrt(values.mean()) for values in squares.values()])
    assert ablation.configurations == CONFIGURATIONS
    np.testing.assert_allclose(ablation.rmse, rmse, rtol=1e-5)  # float32
    assert ablation.rule_rmse == pytest.approx(np.sqrt(alone.mean()), rel=1e-5)
    np.testing.assert_allclose(ablation.increase, rmse - rmse[0], atol=1e-5)
    np.testing.assert_allclose(ablation.over_rule, rmse - np.sqrt(alone.mean()), atol=1e-5)
    over_own, over_rule = [], []
    effects = np.stack(
        [values.mean(axis=1) / np.sqrt(values.mean()) for values in [*squares.values(), alone]]
    )
    differences = np.concatenate([effects[:-1] - effects[0], effects[:-1] - effects[-1]]).T
    for days in days_drawn(test, differences, 30, params.seed):
        drawn = np.array([np.sqrt(values[days].mean()) for values in squares.values()])
        over_own.append(drawn - drawn[0])
        over_rule.append(drawn - np.sqrt(alone[days].mean()))
    for low, high, expected in (
        (ablation.low, ablation.high, over_own),
        (ablation.over_rule_low, ablation.over_rule_high, over_rule),
    ):
        np.testing.assert_allclose([low, high], np.quantile(expected, [0.025, 0.975], axis=0), atol=1e-5)
    assert ablation.fixed.tolist() == [False, True, True, True, True, False]
    assert ablation.n_windows == len(test)


def test_the_mean_is_that_of_the_training_part_at_each_step():
    windows = noise_windows(800)
    ablator = Ablator(small(), windows, study_params())
    x, _ = windows["train"].gather(torch.arange(len(windows["train"])))
    with torch.no_grad():
        expected = maps_of(small(), x)
    for layer, maps in zip(LAYERS, expected, strict=True):
        torch.testing.assert_close(ablator.means[layer], maps.mean(dim=0), rtol=1e-5, atol=1e-6)
        assert ablator.n_filters(layer) == maps.shape[1]


def test_windows_are_spread_and_bounded():
    ablator = Ablator(small(), noise_windows(800), study_params(windows=50))
    assert len(ablator.windows) == 50
    assert ablator.layers(bypass()).n_windows == 50


def test_hooks_come_off_and_the_model_stays_as_it_was():
    model, windows = small(), noise_windows(800)
    before = state_of(model)
    ablator = Ablator(model, windows, study_params())
    ablator.layers(bypass())
    assert state_of(model) == before
    with pytest.raises(ZeroDivisionError), ablator.removed("layer 2"):
        raise ZeroDivisionError
    assert state_of(model) == before
    with pytest.raises(ZeroDivisionError), ablator.removed("layer 1"):
        ablator.layers(_Broken())
    assert state_of(model) == before


class _Broken(torch.nn.Module):
    def forward(self, x):
        raise ZeroDivisionError


def test_outputs_do_not_depend_on_the_batches():
    windows = noise_windows(1500)["test"]
    x, _ = windows.gather(torch.arange(len(windows)))
    assert len(windows) > 256
    with torch.no_grad():
        torch.testing.assert_close(
            network_outputs(small(), windows), small()(x)[..., 0], rtol=1e-4, atol=1e-6
        )


def test_outputs_of_a_model_left_in_training_mode_are_those_in_evaluation_mode():
    windows, model = noise_windows(800)["test"], small()
    expected = network_outputs(model, windows)
    before = state_of(model.train())
    torch.testing.assert_close(network_outputs(model, windows), expected, rtol=0, atol=0)
    assert state_of(model) == before


def test_outputs_that_would_be_broadcast_are_refused():
    windows = noise_windows(800, horizon=1)["test"]
    with pytest.raises(LstmkitError, match=r"^_Sums puts out the shape \((\d+),\); \(\1, 1, 1\) is expected"):
        network_outputs(_Sums(), windows)


class _Sums(torch.nn.Module):
    def forward(self, x):
        return x.sum(dim=(1, 2))


def test_a_model_without_convolutions_is_refused():
    with pytest.raises(LstmkitError, match="LSTMForecaster has 0 convolutional stages"):
        Ablator(LSTMForecaster(2, 2, hidden=2), noise_windows(800), study_params())


def test_a_network_of_zeros_is_the_residual_baseline():
    model, windows = small(), noise_windows(800, residual="climatology")
    with torch.no_grad():
        model.fc2.weight.zero_()
        model.fc2.bias.zero_()
    ablation = Ablator(model, windows, study_params()).layers(bypass())
    assert ablation.rmse[:5].tolist() == [ablation.rule_rmse] * 5
    assert "As trained, the network puts out the same for every window" in ablation_finding(ablation)


def made(**changed) -> LayerAblation:
    zero = np.zeros(6)
    values = {
        "configurations": CONFIGURATIONS,
        "rmse": np.array([25.0, 30.0, 27.0, 28.0, 26.0, 25.5]),
        "increase": np.array([0, 5, 2, 3, 1, 0.5]),
        "low": np.array([0, 4, 1, 2, 0.5, -0.1]),
        "high": np.array([0, 6, 3, 4, 1.5, 1.1]),
        "over_rule": np.array([-1, 4, 1, 2, 0, -0.5]),
        "over_rule_low": np.array([-2, 3, 0.5, 1, -0.5, -1]),
        "over_rule_high": zero,
        "fixed": np.array([False, True, True, True, True, False]),
        "rule": "the last value",
        "rule_rmse": 26.0,
        "unit": "ppm",
        "n_windows": 2048,
        "n_days": 100,
        "confidence": 0.95,
    }
    return LayerAblation(**(values | changed))


def test_finding_and_facts():
    assert ablation_finding(made()) == (
        "On 2,048 windows the model's RMSE is 25.0 ppm, that of the last value alone 26.0, a difference of −1.0 "
        "ppm (95 % interval −2.0 to 0.0). With one layer held fixed it is 30.0 (layer 1 set to zero), 27.0 "
        "(layer 1 held at its mean), 28.0 (layer 2 set to zero), 26.0 (layer 2 held at its mean); certainly "
        "worse than the last value alone: layer 1 set to zero by +4.0 ppm (95 % interval +3.0 to 0.0), layer 1 held at "
        "its mean by +1.0 ppm (95 % interval +0.5 to 0.0), layer 2 set to zero by +2.0 ppm (95 % interval +1.0 to "
        "0.0); within 0.5 % of it: layer 2 held at its mean. In "
        "each of these cases the network puts out the same for every window: nothing leads around a layer, so"
        " the loss of a whole one is the loss of all input, and only the curve that is left differs. A model "
        "of the same LSTM and head that was trained without convolutions, on neighbouring raw steps side by side, "
        "reaches 25.5 ppm, +0.5 ppm (95 % "
        "interval −0.1 to +1.1) against the model as trained: the two do not differ clearly on this "
        "test part."
    )
    assert made().facts()["gain_over_no_convolutions"] == 0.5
    assert made().facts()["confidence"] == 0.95
    assert made().facts()["ablation_rmse"]["layer 2 set to zero"] == 28.0
    assert "too few" not in ablation_caption(made())
    assert ablation_caption(made(n_days=4)).endswith(" 4 days are too few to rely on this uncertainty.")
    assert made().to_frame().loc["layer 1 held at its mean", "increase"] == 2


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.1, 1.1, "with convolutions it is better"), (-1.1, -0.1, "without convolutions it is better")],
)
def test_the_verdict_on_convolutions_follows_the_interval(low, high, said):
    result = made(low=np.full(6, low), high=np.full(6, high))
    assert ablation_finding(result).endswith(f": {said}.")


@pytest.mark.parametrize(
    ("low", "said"),
    [
        (
            np.full(6, 0.1),
            "all are certainly worse than the last value alone, the least, layer 2 held at its mean, by +0.50 ppm",
        ),
        (np.full(6, -0.1), "none is certainly worse than the last value alone."),
    ],
)
def test_the_verdict_on_the_residual_baseline_follows_the_interval(low, said):
    above = np.array([-1, 4, 1, 2, 0.5, -0.5])
    finding = ablation_finding(made(over_rule=above, over_rule_low=low))
    assert f"; {said}" in finding


@pytest.mark.parametrize(
    ("above", "low", "said"),
    [
        (
            [4.0, 0.00126, 2.0, -0.09],
            [3.0, 0.00015, 1.0, -0.1],
            "certainly worse than the last value alone: layer 1 set to zero by +4.0 ppm (95 % interval +3.0 to 0.0), "
            "layer 2 set to zero by +2.0 ppm (95 % interval +1.0 to 0.0); within 0.5 % of it: "
            "layer 1 held at its mean, layer 2 held at its mean",
        ),
        ([4.0, 0.09, 2.0, 3.0], [-1.0, 0.08, -1.0, -1.0], "none is certainly worse than the last value alone; within "
         "0.5 % of it: layer 1 held at its mean"),
        ([0.05] * 4, [0.04] * 4, "all lie within 0.5 % of the last value alone"),
    ],
    ids=["some", "no other", "all"],
)  # fmt: skip
def test_what_the_printed_digits_do_not_tell_from_the_residual_baseline_is_not_called_worse(above, low, said):
    result = made(over_rule=np.array([-1, *above, 0]), over_rule_low=np.array([-1, *low, 0]))
    assert f"; {said}." in ablation_finding(result)
    assert result.held.tolist() == [1, 2, 3, 4]
    assert not (result.worse & result.alike).any()
