"""Filters: written by hand and read back; concentration against weights whose answer is known."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

from lstmkit.analysis.filters.activity import measure_activity
from lstmkit.analysis.filters.bank import (
    Connections,
    FilterBank,
    FilterNorms,
    connections,
    filter_banks,
    filter_norms,
)
from lstmkit.errors import LstmkitError
from lstmkit.findings.filters.bank import bank_finding, connections_finding, norms_finding
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.convolutional import Stack, set_filter, small
from tests.analysis.tiny import make_test_windows, state_of

WINDOWS = make_test_windows(n=20, lookback=12)


def bank_of(weights: np.ndarray, channels=("co2", "temperature"), interval: str = "5min") -> FilterBank:
    reach = weights.shape[2] // 2
    offsets = np.arange(-reach, weights.shape[2] - reach)
    return FilterBank(
        "CNN layer 1", weights, np.zeros(len(weights)), tuple(channels), offsets, pd.Timedelta(interval)
    )


def test_a_bank_holds_the_weights_times_the_scale_of_the_norm():
    model = small()
    with torch.no_grad():
        model.norm1.weight[1], model.norm1.running_var[1], model.norm1.eps = 3.0, 3.0, 1.0
    set_filter(model.conv1, 1, [[1.0, 0.0, -1.0], [0.0, 2.0, 0.0]])
    bank = filter_banks(model, WINDOWS)[0]
    np.testing.assert_allclose(bank.weights[1], 1.5 * np.array([[1, 0, -1], [0, 2, 0]]))  # 3 / √(3 + 1)
    assert bank.norms[1] == pytest.approx(1.5 * 6**0.5)
    assert bank.channels == ("co2", "temperature")
    assert bank.offsets.tolist() == [-2, -1, 0]
    assert bank.minutes.tolist() == [-10.0, -5.0, 0.0]


def test_effective_filters_put_out_what_the_layers_do():
    model = small()
    x, _ = WINDOWS.gather(torch.arange(5))
    maps = x.transpose(1, 2).double()
    for bank in filter_banks(model, WINDOWS):
        weight, bias = torch.from_numpy(bank.weights), torch.from_numpy(bank.bias)
        before = nn.functional.pad(maps, (-int(bank.offsets[0]), 0))
        maps = nn.functional.conv1d(before, weight, bias).relu()
    with torch.no_grad():
        expected = model.relu1(model.norm1(model.conv1(x.transpose(1, 2))))
        expected = model.relu2(model.norm2(model.conv2(expected)))
    torch.testing.assert_close(maps.float(), expected, rtol=1e-5, atol=1e-6)  # float32


@pytest.mark.parametrize(
    ("offsets", "said"),
    [
        (
            [-2, -1, 0],
            "3 steps, from 10 min before the step that they describe to that step, and none after it.",
        ),
        ([0], "1 step, the step that they describe."),
        ([-1, 0, 1, 2], "4 steps, from 5 min before to 10 min after the step that they describe."),
        ([-3, -2, -1], "3 steps, from 15 min before to 5 min before the step that they describe."),
        ([1, 2], "2 steps, from 5 min after to 10 min after the step that they describe."),
    ],
)
def test_which_steps_a_filter_reads_is_said(offsets, said):
    weights = np.ones((1, 2, len(offsets)))
    bank = FilterBank(
        "CNN layer 1", weights, np.zeros(1), ("co2", "temperature"), np.array(offsets), pd.Timedelta("5min")
    )
    assert f"over {said}" in bank_finding(bank)


def test_the_second_layer_reads_the_filters_of_the_first():
    first, second = filter_banks(small(), WINDOWS)
    assert second.layer == "CNN layer 2"
    assert second.channels == ("filter 0", "filter 1", "filter 2")
    assert second.weights.shape == (4, len(first.weights), 5)


def test_filters_are_ordered_by_their_norm():
    weights = np.zeros((3, 2, 3))
    weights[0, 0, 0], weights[1, 1, 2], weights[2, 0, 1] = 2.0, -3.0, 1.0
    bank = bank_of(weights)
    assert bank.norms.tolist() == [2.0, 3.0, 1.0]
    assert bank.order.tolist() == [1, 0, 2]
    assert bank.share.to_dict() == pytest.approx({"temperature": 900 / 14, "co2": 500 / 14})
    finding = bank_finding(bank)
    assert "3 filters of CNN layer 1 read 2 features over 3 steps" in finding
    assert "from 5 min before to 5 min after" in finding
    assert (
        "temperature holds 64 % of the squared weights, CO₂ 36 %; an even split would give each 50 %"
        in finding
    )
    assert "between 1.00 (filter 2) and 3.00 (filter 1)" in finding
    assert bank.facts() == {
        "filters": 3,
        "leading_feature": "temperature",
        "leading_feature_percent": pytest.approx(900 / 14),
    }


def test_the_frame_of_a_bank():
    weights = np.random.default_rng(0).normal(size=(3, 2, 5))
    frame = bank_of(weights).to_frame()
    assert len(frame) == 30
    assert frame.loc[(2, "temperature", -2), "weight"] == weights[2, 1, 0]
    assert frame.loc[(0, "co2", 1), "weight"] == weights[0, 0, 3]


def test_one_feature_and_weights_of_zero():
    one = make_test_windows(n=4, lookback=12, features=("co2",))
    bank = filter_banks(small(features=1), one)[0]
    assert bank.share.to_dict() == {"co2": pytest.approx(100)}
    assert "CO₂ holds 100 % of the squared weights. The norms" in bank_finding(bank)
    assert "read 1 feature over" in bank_finding(bank)
    silent = bank_of(np.zeros((2, 2, 3)))
    assert bank_finding(silent).endswith("All weights are zero.")
    assert silent.share.tolist() == [0.0, 0.0]


def test_models_without_filters_for_features_are_refused():
    with pytest.raises(LstmkitError, match=r"contains no nn\.Conv1d"):
        filter_banks(LSTMForecaster(2, 2, hidden=2).eval(), WINDOWS)

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv1d(4, 2, 3)

        def forward(self, x):
            return self.conv(torch.cat([x, x], dim=2).transpose(1, 2)).mean(dim=2)

    with pytest.raises(LstmkitError, match="reads 4 channels, not the 2 features"):
        filter_banks(Twice().eval(), WINDOWS)


def test_a_filter_is_dormant_if_it_fires_nowhere():
    model = small()
    with torch.no_grad():
        model.norm1.bias[2] = -1e3
    before = state_of(model)
    norms = filter_norms(filter_banks(model, WINDOWS), measure_activity(model, WINDOWS))
    assert state_of(model) == before
    assert norms.dormant[0].tolist() == [False, False, True]
    assert norms.norms[0][2] > 0  # its weights do not show it
    assert norms.activity[0][2] == 0
    finding = norms_finding(norms)
    assert "Dormant, at no step of the 20 test windows active: 1 filter of CNN layer 1 (2)" in finding
    assert norms.facts()["dormant_filters"][0] == 1
    frame = norms.to_frame()
    assert frame.loc[("CNN layer 1", 2), "dormant"]
    assert frame.loc[("CNN layer 2", 3), "norm"] == norms.norms[1][3]


def test_the_norms_are_compared_with_the_activity():
    random = np.random.default_rng(3)
    norms, activity = random.uniform(1, 2, 9), random.uniform(0, 1, 9)
    result = FilterNorms(
        ("CNN layer 1", "CNN layer 2"),
        (norms, np.array([2.0, 2.0])),
        (np.zeros(9, bool), np.zeros(2, bool)),
        (activity, np.array([1.0, 3.0])),
        n_windows=2048,
    )
    assert result.rank_correlation(0) == pytest.approx(spearmanr(norms, activity).statistic)
    assert result.rank_correlation(1) == 0.0  # equal norms have no order
    finding = norms_finding(result)
    assert f"CNN layer 1: norms from {norms.min():.2f} to {norms.max():.2f}" in finding
    assert "CNN layer 2: norms from 2.00 to 2.00, median 2.00" in finding
    assert finding.endswith("No filter is dormant: each fires somewhere in the 2,048 test windows.")


def test_connections_are_norms_over_the_taps():
    weights = np.zeros((2, 3, 2))
    weights[0, 0], weights[0, 2], weights[1, 1] = (3, 4), (0, -1), (6, 8)
    result = connections(bank_of(weights, channels=("filter 0", "filter 1", "filter 2")))
    np.testing.assert_allclose(result.norms, [[5, 0, 1], [0, 10, 0]])
    assert result.rows.tolist() == [1, 0]
    assert result.columns.tolist() == [1, 0, 2]
    np.testing.assert_allclose(result.effective_inputs, [26**2 / (25**2 + 1), 1.0])
    frame = result.to_frame()
    assert frame.index.tolist() == [1, 0]
    assert frame.loc[0, 0] == 5.0
    assert frame.iloc[0, 0] == 10.0


def test_the_effective_number_of_inputs_lies_between_one_and_all():
    norms = np.array([[0.0, 7.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0], [1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    result = Connections("CNN layer 2", norms, taps=5)
    np.testing.assert_allclose(result.effective_inputs, [1, 4, 2, 0])
    assert result.concentration() == pytest.approx(100 * (49 + 4) / (49 + 16 + 2))  # the largest two of 16
    assert Connections("CNN layer 2", np.zeros((2, 3)), taps=5).concentration() == 0.0


@pytest.mark.parametrize(("channels", "taps"), [(32, 5), (10, 3), (64, 1)])
def test_untrained_weights_read_as_many_inputs_as_is_said(channels, taps):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        conv = nn.Conv1d(channels, 4000, taps)  # as PyTorch initialises it
    weights = conv.weight.detach().double().numpy()
    result = Connections("CNN layer 2", np.sqrt((weights**2).sum(axis=2)), taps)
    squares = result.norms**2
    ratio = (squares.sum(axis=1) ** 2).mean() / (squares**2).sum(axis=1).mean()
    assert result.untrained_inputs == pytest.approx(ratio, rel=0.01)
    assert np.median(result.effective_inputs) == pytest.approx(result.untrained_inputs, rel=0.03)


def test_a_concentrated_layer_is_told_from_an_even_one():
    even, narrow = np.ones((4, 8)), np.eye(4, 8)
    assert "reads 8.0 of the 8 filters before it" in connections_finding(Connections("CNN layer 2", even, 5))
    finding = connections_finding(Connections("CNN layer 2", narrow, 5))
    assert "reads 1.0 of the 8 filters before it (median; from 1.0 to 1.0)" in finding
    assert "largest tenth of the 32 connections holds 75 %" in finding  # three of the four
    assert Connections("CNN layer 2", narrow, 5).facts()["inputs_read"] == 1.0


def test_a_model_of_one_layer():
    model = Stack(nn.Conv1d(2, 3, 3, padding="same"), nn.ReLU(), channels=3).eval()
    (bank,) = filter_banks(model, WINDOWS)
    np.testing.assert_array_equal(bank.weights, model.stack[0].weight.detach().double())
    norms = filter_norms((bank,), measure_activity(model, WINDOWS))
    assert norms.layers == ("CNN layer 1",)
