"""Shifts of attribution between horizons: linear models whose shares are their weights."""

import dataclasses

import numpy as np
import pytest
import torch

from lstmkit.analysis.attribution.attributor import Attributor
from lstmkit.analysis.horizons.attribution_shift import AttributionShift, attribution_shift
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.findings.horizons.attribution_shift import attribution_shift_caption, attribution_shift_finding
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import AttributionParams, EvaluationParams
from tests.analysis.drawn import windows_drawn
from tests.analysis.tiny import Squared, Weighted, make_test_windows, state_of, stirred

PARAMS, DRAWS = AttributionParams(windows=64, batch_size=16), EvaluationParams(bootstrap=400)


def windows_of(horizon: int, n: int = 96, **changed) -> Windows:
    """Two horizons of one series: the windows start at the same rows."""
    long = make_test_windows(n=n, **({"lookback": 26, "horizon": 8, "interval": "1h"} | changed))
    return dataclasses.replace(long, task=dataclasses.replace(long.task, horizon=horizon))


def attributor(model: torch.nn.Module, windows: Windows, **changed) -> Attributor:
    return Attributor(model.eval(), windows, PARAMS.model_copy(update=changed), seed=0)


def weights(rows: dict[int, tuple[float, float]]) -> torch.Tensor:
    """Weights of both features at steps counted back from the newest, 0."""
    found = torch.zeros(26, 2)
    for lag, values in rows.items():
        found[25 - lag] = torch.tensor(values)
    return found


NEAR = Weighted(weights({0: (6.0, 1.0), 1: (0.0, -1.0)}), ahead=(1.0,))
FAR = Weighted(weights({0: (0.0, 2.0), 11: (-1.0, 0.0), 12: (0.0, 2.0), 25: (3.0, 0.0)}), ahead=(0.5,) * 4)


def linear_shift(**changed) -> AttributionShift:
    return attribution_shift(
        [attributor(NEAR, windows_of(1), **changed), attributor(FAR, windows_of(4), **changed)], DRAWS
    )


def test_shares_of_features_and_of_past_hours_by_hand():
    shift = linear_shift()
    assert shift.horizons == ("1 h", "4 h")
    np.testing.assert_allclose(shift.share, [[75, 25], [50, 50]])
    np.testing.assert_array_equal(shift.rank, [[1, 2], [1.5, 1.5]])
    np.testing.assert_array_equal(shift.place, [[1, 2], [1, 2]])
    assert shift.spans == ("newest hour", "1 to 12 h", "older than 12 h")
    np.testing.assert_allclose(shift.span_share, [[87.5, 12.5, 0], [25, 12.5, 62.5]])
    assert not shift.share_error.any()  # a linear model has the same gradient in every window
    assert shift.n_windows == 64


def test_order_of_the_attributors_does_not_matter():
    swapped = attribution_shift([attributor(FAR, windows_of(4)), attributor(NEAR, windows_of(1))], DRAWS)
    assert swapped.to_frame().equals(linear_shift().to_frame())


def test_short_lookbacks_have_fewer_spans():
    one = make_test_windows(n=300, lookback=6, horizon=3)  # half an hour of steps of five minutes
    pair = [attributor(Weighted(torch.ones(6, 2), ahead=(1.0,) * 3), one)] * 2
    shift = attribution_shift(pair, DRAWS)
    assert shift.spans == ("newest hour",)
    assert (
        "Of its gradient 100.0 % and 100.0 % (15 min and 15 min ahead) fall on the newest hour."
        in attribution_shift_finding(shift)
    )


@pytest.mark.parametrize("step", [None, 1])
@pytest.mark.parametrize("kind", ["none", "last"])
def test_shares_are_those_of_the_networks_gradient_whatever_it_adds_to(step, kind):
    pair = []
    for horizon in (1, 4):
        windows = windows_of(horizon)
        rule = dataclasses.replace(windows.residual, kind=kind, rate=np.full(1, float(kind == "last")))
        model = stirred(LSTMForecaster(2, horizon, hidden=3))
        pair.append(attributor(model, dataclasses.replace(windows, residual=rule), target_step=step))
    shift = attribution_shift(pair, DRAWS)
    for h, one in enumerate(pair):
        x, _ = one.windows.spread(64).gather(torch.arange(64))  # every window serves both horizons
        x.requires_grad_()
        ahead = one.forecast.model(x)[..., 0]
        scalar = ahead.mean(dim=1) if step is None else ahead[:, step - 1]
        (gradient,) = torch.autograd.grad(scalar.sum(), x)
        total = gradient.abs().double().sum(dim=(0, 1)).numpy()
        np.testing.assert_allclose(shift.share[h], 100 * total / total.sum(), rtol=1e-4)  # float32


def test_errors_resample_days():
    sensitive = Squared(weights({0: (1.0, 0.5)}), ahead=(1.0,))
    calm = Weighted(weights({0: (1.0, 1.0)}), ahead=(1.0,) * 4)
    pair = [
        attributor(sensitive, windows_of(1, n=95)),
        attributor(calm, windows_of(4, n=95)),
    ]  # four whole days
    each = attribution_shift(pair, EvaluationParams(bootstrap=3000))
    sample = pair[0].windows.spread(64)
    x, _ = sample.gather(torch.arange(64))
    gradients = 2 * x[:, -1].abs().double().numpy() * [1.0, 0.5]
    days = np.asarray(sample.origin.strftime("%j"))
    beyond = gradients - gradients.sum(axis=1, keepdims=True) * gradients.sum(axis=0) / gradients.sum()
    drawn = []
    for windows in windows_drawn(days, beyond, 3000, seed=7):
        sums = gradients[windows].sum(axis=0)
        drawn.append([100 * sums[0] / sums.sum(), sums[0] > sums[1]])
    share, first = np.array(drawn).T
    assert each.share_error[0, 0] == pytest.approx(share.std(), rel=0.1)  # two bootstraps of 3000 draws
    assert each.rank_error[0, 0] == pytest.approx(first.std(), abs=0.02)
    assert not each.share_error[1].any()


def test_a_change_is_clear_where_it_exceeds_twice_its_error():
    shift = linear_shift()
    moved = dataclasses.replace(
        shift, rank=np.array([[1.0, 2.0], [2.0, 1.0]]), move_error=np.array([0.49, 0.51])
    )
    assert moved.move.tolist() == [-1, 1]
    assert moved.clear.tolist() == [True, False]
    assert moved.moved.tolist() == [0]
    assert moved.leaders == {0: 0, 1: 0}


def test_finding_names_leaders_moves_and_hours():
    shift = linear_shift()
    shift = dataclasses.replace(
        shift,
        share=np.array([[70.0, 30.0], [40.0, 60.0]]),
        share_error=np.array([[1.0, 1.0], [2.0, 2.0]]),
        rank=np.array([[1.0, 2.0], [2.0, 1.0]]),
        move_error=np.array([0.1, 0.1]),
        span_share=np.array([[99.98, 0.02, 0.0], [25.0, 12.5, 62.5]]),
        span_error=np.array([[0.01, 0.01, 0.0], [1.5, 0.5, 2.0]]),
    )
    assert attribution_shift_finding(shift) == (
        "CO₂ leads 1 h ahead with 70.0 ± 1.0 %, temperature 4 h ahead with 60.0 ± 2.0 %. Ranks that "
        "change by more than twice the standard error of the change: CO₂ from 1 to 2, temperature from 2 to 1. Of its "
        "gradient 100.0 % and 25.0 ± 1.5 % (1 h and 4 h ahead) fall on the newest hour, less than 0.1 % and "
        "62.5 ± 2.0 % on what is older than 12 h."
    )
    still = dataclasses.replace(shift, move_error=np.array([5.0, 5.0]))
    assert "No rank changes by more than twice its standard error." in attribution_shift_finding(still)


def silent(horizon: int) -> Attributor:
    return attributor(Weighted(torch.zeros(26, 2), ahead=(1.0,) * horizon), windows_of(horizon))


def test_a_silent_network_gives_no_nan():
    shift = attribution_shift([silent(1), silent(4)], DRAWS)
    assert attribution_shift_finding(shift) == "All gradients are zero."
    assert shift.facts() == {}
    assert np.isfinite(shift.to_frame().loc["feature"]).all(axis=None)
    assert np.isfinite(shift.to_frame().loc["past hours", ["share", "share_error"]]).all(axis=None)


def test_a_horizon_of_zeros_has_no_leader_and_no_ranks_to_compare():
    shift = attribution_shift([silent(1), attributor(FAR, windows_of(4))], DRAWS)
    assert attribution_shift_finding(shift) == (
        "All gradients are zero 1 h ahead. CO₂ leads 4 h ahead with 50.0 %. Of its gradient 25.0 % "
        "(4 h ahead) fall on the newest hour, 62.5 % on what is older than 12 h."
    )
    assert shift.facts() == {"leading_feature 4 h": "co2", "newest_hour_percent 4 h": pytest.approx(25)}
    assert "Where all gradients are zero, there are no ranks." in attribution_shift_caption(shift)
    assert "no ranks" not in attribution_shift_caption(linear_shift())
    assert not shift.clear.any()


@pytest.mark.parametrize("zeros", [1, 4])
def test_horizons_with_a_gradient_are_compared_past_one_that_has_none(zeros):
    near = attributor(Weighted(NEAR.weights, ahead=(1.0,) * 2), windows_of(2))
    far = attributor(Weighted(weights({0: (1.0, 3.0)}), ahead=(1.0,) * 8), windows_of(8))
    shift = attribution_shift([silent(zeros), near, far], DRAWS)
    assert shift.move.tolist() == [-1, 1]
    assert shift.move_error.tolist() == [0, 0]
    assert attribution_shift_finding(shift) == (
        f"All gradients are zero {zeros} h ahead. CO₂ leads 2 h ahead with 75.0 %, temperature 8 h "
        "ahead with 75.0 %. Ranks that change by more than twice the standard error of the change: CO₂ from 1 to 2, "
        "temperature from 2 to 1. Of its gradient 87.5 % and 100.0 % (2 h and 8 h ahead) fall on the newest hour, "
        "less than 0.1 % and less than 0.1 % on what is older than 12 h."
    )


def test_frames_and_facts():
    shift = linear_shift()
    shares = shift.to_frame()["share"]
    assert shares["feature", "1 h", "co2"] == pytest.approx(75)
    assert shares["past hours", "4 h", "older than 12 h"] == pytest.approx(62.5)
    assert shift.facts() == {
        "leading_feature 1 h": "co2",
        "leading_feature 4 h": "co2",
        "newest_hour_percent 1 h": pytest.approx(87.5),
        "newest_hour_percent 4 h": pytest.approx(25),
    }


def test_one_horizon_is_refused():
    with pytest.raises(LstmkitError, match="needs two of them; the study has one"):
        attribution_shift([attributor(NEAR, windows_of(1))], DRAWS)


def test_models_stay_as_they_were():
    pair = [attributor(stirred(LSTMForecaster(2, h, hidden=3)), windows_of(h)) for h in (1, 4)]
    before = [state_of(one.forecast.model) for one in pair]
    attribution_shift(pair, DRAWS)
    assert [state_of(one.forecast.model) for one in pair] == before


@pytest.mark.parametrize(
    "build", [lambda h: LSTMForecaster(2, h, hidden=3), lambda h: Weighted(FAR.weights, (1.0,) * h)]
)
def test_models_with_an_axis_of_targets_are_compared_by_their_first(build):
    class TwoTargets(torch.nn.Module):
        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, x):
            ahead = self.model(x).flatten(1)  # with an axis for its only target or without
            return torch.stack([ahead, -3 * x.sum(dim=(1, 2))[:, None] * ahead], dim=2)

    plain = [stirred(build(horizon)) for horizon in (1, 4)]
    expected, found = (
        attribution_shift(
            [attributor(kind(m), windows_of(h)) for m, h in zip(plain, (1, 4), strict=True)], DRAWS
        )
        for kind in (torch.nn.Sequential, TwoTargets)
    )
    np.testing.assert_allclose(found.to_frame(), expected.to_frame(), rtol=1e-5, atol=1e-5)  # float32
