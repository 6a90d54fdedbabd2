"""The atlas of lags and leads: linear models whose atlas is their weights, decays, ridges and corners."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.analysis.horizons.atlas import Atlas, Map, lag_lead_atlas
from lstmkit.data.windows import Windows
from lstmkit.findings.horizons.atlas import atlas_finding
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.tiny import make_test_windows, state_of, stirred


class Linear(nn.Module):
    """A forecast that is linear in the inputs, with given weights per lead, lag and feature."""

    def __init__(self, weights: np.ndarray):
        super().__init__()
        self.weights = nn.Parameter(torch.from_numpy(weights).float())

    def forward(self, x):
        return torch.einsum("btf,htf->bh", x, self.weights)


def hourly_windows(lookback: int = 24, horizon: int = 24, **changed) -> Windows:
    return make_test_windows(n=40, lookback=lookback, horizon=horizon, interval="1h", **changed)


def atlas_of(weights: np.ndarray, windows: Windows) -> Atlas:
    return lag_lead_atlas(Linear(weights), windows, seed=0)


def random_weights(windows: Windows, seed: int = 0) -> np.ndarray:
    shape = (windows.horizon, windows.lookback, len(windows.features))
    return np.random.default_rng(seed).normal(size=shape)


def test_the_atlas_of_a_linear_model_is_its_weights():
    windows = hourly_windows(lookback=6, horizon=3, target_scale=2.0)
    weights = random_weights(windows)
    atlas = atlas_of(weights, windows)
    assert list(atlas.maps) == ["all features", "CO₂ alone"]
    assert list(atlas.maps.values()) == [atlas.summed, atlas.own_past]
    np.testing.assert_allclose(atlas.summed.values, 2 * np.abs(weights).sum(axis=2), rtol=1e-5)  # float32
    np.testing.assert_allclose(atlas.own_past.values, 2 * np.abs(weights[..., 0]), rtol=1e-5)
    assert atlas.hours_ahead.tolist() == [1, 2, 3]
    assert atlas.hours_before.tolist() == [5, 4, 3, 2, 1, 0]
    assert atlas.lag_hours.tolist() == [0, 1, 2, 3, 4, 5]
    np.testing.assert_allclose(atlas.summed.hourly, atlas.summed.values[:, ::-1])
    np.testing.assert_allclose(atlas.summed.hourly_error, 0, atol=1e-6)  # the same in every window
    assert atlas.n_windows == 24
    assert atlas.unit == "ppm per standard deviation"


@pytest.mark.parametrize(("target", "label", "unit"), [(0, "CO₂", "ppm"), (1, "temperature", "°C")])
def test_of_two_targets_the_explained_ones_leads_and_own_past_are_shown(target, label, unit):
    windows = hourly_windows(lookback=6, horizon=3, targets=("co2", "temperature"), target_scale=(2.0, 0.5))
    both = np.stack([random_weights(windows, seed) for seed in (0, 1)], axis=-1)
    model = Linear(both)
    model.forward = lambda x: torch.einsum("btf,htfk->bhk", x, model.weights)
    atlas = lag_lead_atlas(model, dataclasses.replace(windows, target=target), seed=0)
    size = (2.0, 0.5)[target] * np.abs(both[..., target])
    assert list(atlas.maps) == ["all features", f"{label} alone"]
    assert atlas.unit == f"{unit} per standard deviation"
    np.testing.assert_allclose(atlas.summed.values, size.sum(axis=2), rtol=1e-5)  # float32
    np.testing.assert_allclose(atlas.own_past.values, size[..., target], rtol=1e-5)


def test_steps_are_summed_per_past_hour_and_averaged_per_hour_ahead():
    windows = make_test_windows(
        n=30, lookback=30, horizon=18
    )  # two and a half hours back, one and a half ahead
    weights = random_weights(windows)
    found = atlas_of(weights, windows)
    magnitude = np.abs(weights).sum(axis=2)
    expected = [
        [magnitude[leads][:, lags].sum() / (leads.stop - leads.start) for lags in lag_slices]
        for leads in (slice(0, 12), slice(12, 18))
        for lag_slices in [(slice(18, 30), slice(6, 18), slice(0, 6))]
    ]
    np.testing.assert_allclose(found.summed.hourly, expected, rtol=1e-5)  # float32
    assert found.lead_hours.tolist() == [1, 2]
    newest = [100 * row[0] / sum(row) for row in expected]
    np.testing.assert_allclose(found.summed.newest, newest, rtol=1e-5)


@pytest.mark.parametrize("kind", [LSTMForecaster, CNNLSTMForecaster])
@pytest.mark.parametrize("residual", ["none", "last"])
def test_equal_to_brute_force_whatever_the_network_adds_to(kind, residual):
    windows = hourly_windows(horizon=9)
    rule = dataclasses.replace(windows.residual, kind=residual, rate=np.full(1, float(residual == "last")))
    windows = dataclasses.replace(windows, residual=rule)
    model = stirred(kind(2, 9, hidden=3))
    atlas = lag_lead_atlas(model, windows, seed=0)
    gradients = []
    for x, _ in windows.spread(24).batches(1):
        gradients.append(torch.autograd.functional.jacobian(lambda one: model(one[None])[0, :, 0], x[0]))
    alone = torch.stack(gradients).double().numpy()
    for found, values in ((atlas.summed, np.abs(alone).sum(axis=3)), (atlas.own_past, np.abs(alone[..., 0]))):
        np.testing.assert_allclose(found.values, values.mean(axis=0), rtol=1e-4, atol=1e-6)  # float32


def test_a_steady_decay_has_no_ridge_and_the_day_before_has_one():
    windows = hourly_windows(features=("co2",))
    leads, before = np.arange(1, 25)[:, None], np.arange(23, -1, -1)[None]
    decay = np.exp(-before / 1.5) * (1 + leads / 10)
    flat = atlas_of(decay[..., None], windows).summed
    assert flat.ridge == pytest.approx(1, abs=1e-6)
    assert flat.ridge_error == pytest.approx(0, abs=1e-6)
    with_ridge = np.where(leads + before == 24, 3 * decay, decay)
    atlas = atlas_of(with_ridge[..., None], windows)
    assert atlas.summed.ridge == pytest.approx(3, rel=1e-5)
    assert (flat.has_ridge, atlas.summed.has_ridge) == (False, True)
    assert "beside it: 3.00 ± 0.00 times. The network has a daily ridge." in atlas_finding(atlas)
    early = np.where(leads + before == 23, 3 * decay, decay)  # an hour late is no ridge
    assert atlas_of(early[..., None], windows).summed.ridge < 1


def test_a_ridge_that_holds_next_to_nothing_is_none():
    windows = hourly_windows(features=("co2",))
    leads, before = np.arange(1, 25)[:, None], np.arange(23, -1, -1)[None]
    times = np.where(leads + before == 24, 3.0, 1.0)

    def around(decay: float) -> tuple[np.ndarray, Map, str]:
        weights = times * np.exp(-before / decay)
        atlas = atlas_of(weights[..., None], windows)
        kept = range(3, 20)  # the day before lies four hours before the origin and three within the lookback
        share = 100 * sum(weights[lead, lead] for lead in kept) / weights[kept].sum()
        return share, atlas.summed, atlas_finding(atlas)

    none = "no daily ridge: the hour around that time holds less than 1 % of its gradient."
    for decay, said in ((1.0, none), (4.0, "a daily ridge.")):
        share, found, finding = around(decay)
        assert found.ridge == pytest.approx(3, rel=1e-5)
        assert found.cycle_before == pytest.approx(share, rel=1e-5)  # float32
        assert (share < 1) == ("less than 1 %" in said) == found.is_faint == (not found.has_ridge)
        assert finding.endswith(f"beside it: 3.00 ± 0.00 times. The network has {said}")


def test_the_ridge_at_steps_of_five_minutes():
    windows = make_test_windows(n=24, lookback=288, horizon=240, features=("co2",))
    lead, before = np.arange(1, 241)[:, None], np.arange(287, -1, -1)[None]
    weights = np.where(lead + before == 288, 5.0, 1.0) * np.exp(-before / 100)
    found = atlas_of(weights[..., None], windows).summed
    assert found.ridge == pytest.approx(5, rel=1e-4)
    kept = range(36, 240)  # three hours from the lookback's start, four from the origin
    hour = sum(weights[k, k - 6 : k + 7].sum() for k in kept)  # half an hour on both sides
    assert found.cycle_before == pytest.approx(100 * hour / weights[kept].sum(), rel=1e-4)


@pytest.mark.parametrize(
    ("interval", "cycle", "reach", "told"),
    [
        ("1D", 7, 1, "the same time of the week before, as a multiple of what lies up to 1 day beside it"),
        (
            "business day",
            5,
            1,
            "the same time of the week before, as a multiple of what lies up to 1 business day",
        ),
        (
            "month",
            12,
            1,
            "the same time of the year before, as a multiple of what lies up to 1 month beside it",
        ),
        ("7D", 52, 6, "the same time of the year before, as a multiple of what lies up to 6 weeks beside it"),
    ],
)
def test_the_ridge_of_longer_steps_is_one_cycle_before(interval, cycle, reach, told):
    lookback = cycle + 8
    windows = make_test_windows(n=40, lookback=lookback, horizon=3, interval=interval, features=("co2",))
    lead, before = np.arange(1, 4)[:, None], np.arange(lookback - 1, -1, -1)[None]
    weights = np.where(lead + before == cycle, 3.0, 1.0) * np.exp(-before / 100)
    atlas = atlas_of(weights[..., None], windows)
    assert atlas.summed.ridge == pytest.approx(3, rel=1e-4)
    finding = atlas_finding(atlas)
    assert told in finding
    assert ("a weekly ridge" in finding) == (cycle < 12)
    assert ("an annual ridge" in finding) == (cycle >= 12)
    unit = atlas.calendar.unit_key
    assert list(atlas.to_frame().index.names) == ["map", f"{unit}s_ahead", f"{unit}s_before"]
    assert atlas.to_frame().index.levels[1].tolist() == pytest.approx([1, 2, 3])


def test_a_ridge_far_above_what_lies_beside_it_has_no_exact_height():
    weights = 0.01 * np.exp(-np.arange(23, -1, -1) / 4)[None, :, None] * np.ones((24, 1, 2))
    atlas = atlas_of(weights, hourly_windows())
    high = dataclasses.replace(atlas.summed, ridge=1e5)
    assert "beside it: more than 100 times." in atlas_finding(dataclasses.replace(atlas, summed=high))


@pytest.mark.parametrize(
    ("lookback", "horizon", "interval"),
    [(24, 1, "1h"), (6, 24, "1h"), (10, 6, "5h"), (6, 6, "4h")],
    ids=[
        "one step ahead",
        "short lookback",
        "steps that no day is made of",
        "steps longer than the neighbourhood",
    ],
)
def test_where_the_day_before_cannot_be_seen_nothing_is_said_of_it(lookback, horizon, interval):
    windows = make_test_windows(n=30, lookback=lookback, horizon=horizon, interval=interval)
    atlas = atlas_of(random_weights(windows), windows)
    assert all(each.ridge is None for each in atlas.maps.values())
    assert atlas_finding(atlas).endswith(
        "The same time of the day before cannot be set against what lies beside it."
    )


def test_a_network_that_is_silent():
    atlas = atlas_of(np.zeros((24, 24, 2)), hourly_windows())
    assert atlas_finding(atlas) == "All gradients are zero."
    assert all(np.isfinite(value) for value in atlas.facts().values())
    assert np.isfinite(atlas.to_frame()).all(axis=None)


def test_finding_tells_near_from_far():
    near = np.zeros((24, 24, 2))
    near[:12, -1] = 1.0  # the first half day reacts to the newest step alone
    near[12:] = 1.0  # the second to all alike
    atlas = atlas_of(near, hourly_windows())
    assert atlas_finding(atlas).startswith(
        "100 % of the gradient of the first hour ahead falls on the newest hour, and 4 % of that of the last, 24 h "
        "ahead; nine tenths reach back 1 h and 22 h."
    )
    assert atlas.facts() == {
        "newest_hour_percent nearest": 100,
        "newest_hour_percent farthest": pytest.approx(100 / 24),
    }
    single = atlas_of(near[:1], hourly_windows(horizon=1))
    assert atlas_finding(single).startswith(
        "100 % of the gradient falls on the newest hour, nine tenths on the newest 1 h."
    )


def test_errors_are_those_of_a_mean_over_windows():
    windows = hourly_windows(lookback=6, horizon=3)

    class Squares(Linear):
        def forward(self, x):
            return super().forward(x**2)

    weights = random_weights(windows)
    found = lag_lead_atlas(Squares(weights), windows, seed=0).own_past
    x = np.concatenate([x.numpy() for x, _ in windows.spread(24).batches(24)])[..., 0].astype(float)
    each = np.abs(2 * x[:, None, :] * weights[None, ..., 0])[..., ::-1]  # (window, lead, lag hour)
    np.testing.assert_allclose(found.hourly, each.mean(axis=0), rtol=1e-5)  # float32
    np.testing.assert_allclose(found.hourly_error, each.std(axis=0) / np.sqrt(24), rtol=0.25)  # 200 draws


def test_hours_that_hold_a_share():
    hourly = np.array([[5.0, 3.0, 2.0]])
    empty = np.zeros(2)
    each = Map(hourly, hourly, hourly, empty, empty, None, None, None)
    assert [each.hours_holding(0, share) for share in (0.5, 0.51, 0.8, 1.0)] == [1, 2, 2, 3]


def test_the_model_stays_as_it_was_and_the_answer_is_the_same_again():
    model, windows = stirred(LSTMForecaster(2, 24, hidden=3)), hourly_windows()
    before = state_of(model)
    first, again = (lag_lead_atlas(model, windows, seed=0) for _ in range(2))
    assert state_of(model) == before
    assert first.to_frame().equals(again.to_frame())


def test_the_atlas_of_a_model_with_two_targets_is_that_of_the_first():
    class TwoTargets(Linear):
        def forward(self, x):
            return torch.stack([super().forward(x), 7 * super().forward(x) ** 2], dim=2)

    windows = hourly_windows(lookback=6, horizon=3)
    weights = random_weights(windows)
    found = lag_lead_atlas(TwoTargets(weights), windows, seed=0)
    np.testing.assert_allclose(found.to_frame(), atlas_of(weights, windows).to_frame(), rtol=1e-5, atol=1e-6)
