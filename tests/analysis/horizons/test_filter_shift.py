"""Shifts of filter importance: a first-order effect that is exact, filters that are permuted, and chance."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.analysis.attribution.attributor import Attributor
from lstmkit.analysis.horizons.filter_shift import FilterShift, filter_shift
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.findings.horizons.filter_shift import filter_shift_caption, filter_shift_finding
from lstmkit.internals.activations import record
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import AttributionParams, EvaluationParams
from tests.analysis.tiny import make_test_windows, state_of, stirred

DRAWS = EvaluationParams(bootstrap=300)


def windows_of(horizon: int, scale: float = 1.0) -> Windows:
    long = make_test_windows(n=96, lookback=12, horizon=6, interval="1h", target_scale=scale)
    return dataclasses.replace(long, task=dataclasses.replace(long.task, horizon=horizon))


def attributor(model: nn.Module, windows: Windows, **changed) -> Attributor:
    params = AttributionParams(windows=48, batch_size=20).model_copy(update=changed)
    return Attributor(model.eval(), windows, params, seed=0)


class Filters(nn.Module):
    """A convolution and a ReLU whose maps are averaged over time and weighed: linear in the maps."""

    def __init__(self, weights: torch.Tensor, filters: torch.Tensor, horizon: int):
        super().__init__()
        self.conv = nn.Conv1d(2, len(filters), 3, padding="same")
        self.relu = nn.ReLU()
        self.weights, self.horizon = nn.Parameter(weights), horizon
        with torch.no_grad():
            self.conv.weight.copy_(filters)
            self.conv.bias.fill_(0.2)

    def forward(self, x):
        maps = self.relu(self.conv(x.transpose(1, 2)))
        return (maps.mean(dim=2) @ self.weights)[:, None].expand(-1, self.horizon)


BANK = torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(2))
ORDER = [3, 0, 4, 1, 2]


def pair(weights: torch.Tensor, far_weights: torch.Tensor | None = None) -> list[Attributor]:
    """The same five filters, in another order in the second model."""
    far_weights = weights if far_weights is None else far_weights
    return [
        attributor(Filters(weights, BANK, 1), windows_of(1, scale=2.0)),
        attributor(Filters(far_weights[ORDER], BANK[ORDER], 4), windows_of(4, scale=2.0)),
    ]


WEIGHTS = torch.tensor([4.0, -2.0, 1.0, 0.5, 0.0])


def test_importance_is_what_holding_a_filter_at_its_mean_does_to_a_linear_head():
    first, _ = attributors = pair(WEIGHTS)
    shift = filter_shift(attributors, DRAWS)
    model, sample = first.forecast.model, first.windows.spread(48)
    x, _ = sample.gather(torch.arange(48))
    with record(model, ["relu"]) as outputs, torch.no_grad():
        intact = model(x)[:, 0].double()
        maps = outputs["relu"]
    expected = []
    for k, weight in enumerate(WEIGHTS):
        held = maps.clone()
        held[:, k] = maps[:, k].mean()
        changed = (held.mean(dim=2) @ WEIGHTS).double()
        expected.append(2.0 * (intact - changed).abs().mean().item())
        assert (expected[-1] > 0) == (weight != 0)
    np.testing.assert_allclose(shift.importance[0], expected, rtol=1e-4, atol=1e-6)  # float32
    np.testing.assert_allclose(shift.share[0], 100 * np.array(expected) / sum(expected), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(shift.rank[0], np.argsort(np.argsort(-np.array(expected))) + 1)


def test_filters_that_are_the_same_in_another_order_are_matched():
    shift = filter_shift(pair(WEIGHTS), DRAWS)
    assert shift.partner.tolist() == [ORDER.index(k) for k in range(5)]
    np.testing.assert_allclose(shift.likeness, 1, rtol=1e-6)
    assert np.abs(shift.same_number).max() < 0.9
    assert np.median(shift.chance) < 0.5
    np.testing.assert_allclose(shift.importance[1][shift.partner], shift.importance[0], rtol=1e-4)  # float32
    assert shift.agreement == pytest.approx(1)
    frame = shift.to_frame()
    assert frame.loc["1 h", "matched_filter_4 h"].astype(int).tolist() == shift.partner.tolist()


def test_matched_filters_of_opposite_importance_disagree():
    far = torch.tensor([0.0, 0.5, 1.0, 2.0, 4.0])
    shift = filter_shift(pair(WEIGHTS.abs(), far), DRAWS)
    assert shift.agreement < -0.5
    # with five filters chance alone gives 0 ± 0.50
    assert "does not differ clearly from 0." in filter_shift_finding(shift)


def test_a_cnn_lstm_equals_gradients_taken_by_hand():
    model = stirred(CNNLSTMForecaster(2, 4, channels=(3, 5), hidden=4, head=8, dropout=0.3))
    one = attributor(model, windows_of(4), target_step=3)
    shift = filter_shift([one, one], DRAWS)
    x, _ = one.windows.spread(48).gather(torch.arange(48))
    with record(model, ["relu2"]) as outputs:
        ahead = model(x)
    maps = outputs["relu2"]
    (gradient,) = torch.autograd.grad(ahead[:, 2].sum(), maps)
    centred = maps - maps.mean(dim=(0, 2), keepdim=True)
    expected = (gradient * centred).sum(dim=2).abs().mean(dim=0).detach().double().numpy()
    np.testing.assert_allclose(shift.importance[0], expected, rtol=1e-3, atol=1e-7)  # float32
    assert shift.partner.tolist() == list(range(5))
    assert shift.agreement == pytest.approx(1)


def test_how_many_filters_hold_half():
    even = filter_shift(pair(torch.full((5,), 1.0)), DRAWS)
    single = filter_shift(pair(torch.tensor([0.0, 0.0, 3.0, 0.0, 0.0])), DRAWS)
    assert single.half.tolist() == [1, 1]
    assert single.half_error.tolist() == [0, 0]
    ordered = np.sort(even.share[0])[::-1].cumsum()
    assert ordered[even.half[0] - 1] >= 50 > ordered[even.half[0] - 2]


def test_dead_filters_and_silent_heads_give_no_nan():
    attributors = pair(torch.zeros(5))
    with torch.no_grad():
        attributors[0].forecast.model.conv.bias[1] = -1e3  # never fires
    shift = filter_shift(attributors, DRAWS)
    assert (
        filter_shift_finding(shift)
        == "At some horizon no filter changes the forecast, so there is nothing to compare."
    )
    assert shift.half.tolist() == [0, 0]
    assert shift.agreement is None
    assert np.isfinite(shift.likeness).all()
    assert all(np.isfinite(value) for value in shift.facts().values())


def test_three_horizons_are_matched_at_the_ends():
    near, far = pair(WEIGHTS)
    middle = attributor(Filters(WEIGHTS.flip(0), BANK.flip(0), 2), windows_of(2, scale=2.0))
    shift = filter_shift([far, middle, near], DRAWS)
    assert shift.horizons == ("1 h", "2 h", "4 h")
    assert shift.partner.tolist() == [ORDER.index(k) for k in range(5)]
    np.testing.assert_allclose(shift.importance[1], shift.importance[0][::-1], rtol=1e-4)  # float32


SHIFT = FilterShift(
    horizons=("1 h", "24 h"),
    importance=(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])),
    share=(np.ones(3), np.ones(3)),
    share_error=(np.ones(3), np.ones(3)),
    rank=(np.ones(3), np.ones(3)),
    rank_error=(np.ones(3), np.ones(3)),
    half=np.array([1, 2]),
    half_error=np.array([0.2, 0.0]),
    partner=np.array([2, 1, 0]),
    likeness=np.array([0.9, 0.7, 0.5]),
    same_number=np.array([0.1, 0.0, -0.1]),
    chance=np.array([0.2, 0.1, 0.0]),
    agreement=0.25,
    unit="ppm",
    n_windows=8,
    n_days=3,
)


def test_finding():
    assert filter_shift_finding(SHIFT) == (
        "The models for 1 h and 24 h ahead were trained separately: filters of the same number correlate by 0.00 in "
        "the median. Matched so that they correlate most, pairs reach +0.70 in the median, and +0.10 where the windows "
        "of one model are shuffled; 1 of 3 reach 0.8 (0 shuffled). The importance of unrelated filters would have a "
        "rank correlation of 0 ± 0.71; that of matched ones, +0.25, does not differ clearly from 0. 1 filter holds "
        "half of the importance 1 h ahead (± 0.2), 2 filters hold half of the importance 24 h ahead (± 0.0)."
    )


def test_a_caption_says_when_the_days_are_too_few():
    assert filter_shift_caption(SHIFT).endswith(
        "over resampled blocks of days. 3 days are too few to rely on this uncertainty."
    )
    assert filter_shift_caption(dataclasses.replace(SHIFT, n_days=30)).endswith(
        "over resampled blocks of days."
    )


@pytest.mark.parametrize(
    ("agreement", "said"),
    [
        (0.8, "+0.80, lies further from 0 than that."),
        (-0.8, "−0.80, lies further from 0 than that."),
        (0.2, "+0.20, does not differ clearly from 0."),
        (-0.2, "−0.20, does not differ clearly from 0."),
    ],
)
def test_an_agreement_beyond_chance_is_told_on_either_side_of_zero(agreement, said):
    alike = dict.fromkeys(("likeness", "same_number", "chance"), np.zeros(64))
    many = dataclasses.replace(SHIFT, partner=np.arange(64), agreement=agreement, **alike)
    assert f"a rank correlation of 0 ± 0.13; that of matched ones, {said}" in filter_shift_finding(many)


def test_models_without_filters_and_single_horizons_are_refused():
    with pytest.raises(LstmkitError, match=r"LSTMForecaster contains no nn\.Conv1d"):
        filter_shift([attributor(LSTMForecaster(2, h, hidden=2), windows_of(h)) for h in (1, 4)], DRAWS)
    with pytest.raises(LstmkitError, match="needs two of them; the study has one"):
        filter_shift(pair(WEIGHTS)[:1], DRAWS)


def test_models_stay_as_they_were_and_the_answer_is_the_same_again():
    attributors = pair(WEIGHTS)
    before = [state_of(one.forecast.model) for one in attributors]
    first, again = (filter_shift(attributors, DRAWS) for _ in range(2))
    assert [state_of(one.forecast.model) for one in attributors] == before
    assert first.to_frame().equals(again.to_frame())
