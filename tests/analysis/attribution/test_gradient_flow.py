"""Gradient flow: equal to a model cut in two by hand, and to what a pool does to a gradient."""

import math
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.analysis.attribution.gradient_flow import GradientFlow, gradient_flow
from lstmkit.errors import LstmkitError
from lstmkit.findings.attribution.gradient_flow import (
    flow_ratio_caption,
    gradient_flow_finding,
    stage_gradients_caption,
)
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import AttributionParams
from tests.analysis.tiny import make_test_windows, state_of, stirred

STAGES = ("input", "CNN layer 1", "CNN layer 2", "LSTM input")


def windows_of(n: int = 12, lookback: int = 18, **changed):
    return make_test_windows(n=n, lookback=lookback, horizon=3, features=("a", "b"), **changed)


def small(**changed) -> CNNLSTMForecaster:
    return stirred(CNNLSTMForecaster(2, 3, **({"channels": (4, 5), "hidden": 4, "head": 6} | changed)))


def cut_in_two(model: CNNLSTMForecaster, x: torch.Tensor, step: int | None) -> list[torch.Tensor]:
    """Gradients at every stage: each half of the model is run on its own, on leaves of its own."""

    def first(x):
        return model.relu1(model.norm1(model.conv1(x.transpose(1, 2))))

    def second(maps):
        return model.relu2(model.norm2(model.conv2(maps)))

    def pooled(maps):
        if maps.shape[-1] % 2:
            maps = torch.cat([maps[..., :1], maps], dim=-1)
        older, newer = maps[..., 0::2], maps[..., 1::2]
        return torch.where(older >= newer, older, newer)  # of two zeros the older one, as nn.MaxPool1d

    def ahead(maps):
        states, _ = model.lstm(maps.transpose(1, 2))
        forecast = model.fc2(model.relu3(model.fc1(states[:, -1])))
        return forecast.mean(dim=1) if step is None else forecast[:, step - 1]

    halves, inputs = [first, second, pooled, ahead], [x]
    for half in halves[:-1]:
        inputs.append(half(inputs[-1].detach()).detach())
    leaves = [values.detach().requires_grad_() for values in inputs]
    gradient, gradients = None, []
    for half, leaf in zip(reversed(halves), reversed(leaves), strict=True):
        outputs = half(leaf)
        gradient = torch.ones_like(outputs) if gradient is None else gradient
        (gradient,) = torch.autograd.grad(outputs, leaf, gradient)
        gradients.insert(0, gradient)
    return gradients


@pytest.mark.parametrize("lookback", [18, 19])
@pytest.mark.parametrize(("batch_size", "step"), [(1, None), (5, 2), (64, None)])
def test_gradients_equal_those_of_a_model_cut_by_hand(lookback, batch_size, step):
    model, windows = small(dropout=0.3), windows_of(lookback=lookback)
    params = AttributionParams(batch_size=batch_size, target_step=step)
    flow = gradient_flow(model, windows, params, seed=0)
    x, _ = windows.gather(torch.arange(len(windows)))
    gradients = [g.double().numpy() for g in cut_in_two(model, x, step)]
    assert flow.stages == STAGES
    for values, gradient in zip(flow.magnitude, gradients[1:], strict=True):
        np.testing.assert_allclose(values, np.abs(gradient).mean(axis=0), rtol=1e-4, atol=1e-7)  # float32
    norms = np.array([[math.sqrt((one**2).sum()) for one in gradient] for gradient in gradients]).T
    means = norms.mean(axis=0)
    np.testing.assert_allclose(flow.norm, means, rtol=1e-5)  # float32
    np.testing.assert_allclose(flow.ratio, means[:-1] / means[1:], rtol=1e-5)
    error = norms.std(axis=0, ddof=1) / math.sqrt(12)
    np.testing.assert_allclose(flow.norm_error, error, rtol=1e-4, atol=1e-7)
    expected = [error_of_ratio(*pair) for pair in zip(norms.T[:-1], norms.T[1:], strict=True)]
    np.testing.assert_allclose(flow.ratio_error, expected, rtol=1e-4, atol=1e-6)  # the pool's is zero
    assert flow.n_windows == 12


def error_of_ratio(above: np.ndarray, below: np.ndarray) -> float:
    """Standard error of a ratio of two means by the propagation of errors, from variances and covariance."""
    a, b = above.mean(), below.mean()
    (var_a, cov), (_, var_b) = np.cov(above, below)
    relative = var_a / a**2 + var_b / b**2 - 2 * cov / (a * b)
    return a / b * math.sqrt(max(relative, 0.0) / len(above))


def test_what_is_gained_and_lost_multiplies_to_what_arrives():
    # one window's gradient is a thousand times the others': a mean of ratios would forget that
    model, windows = small(), windows_of()
    x, _ = windows.gather(torch.arange(12))
    with torch.no_grad():
        model.lstm.weight_ih_l0 *= 10
        x[0] *= 1e-3
    flow = gradient_flow(model, windows, AttributionParams(), seed=0)
    assert np.prod(flow.ratio) == pytest.approx(flow.norm[0] / flow.norm[-1], rel=1e-12)
    np.testing.assert_allclose(flow.to_frame()["ratio_to_next"].iloc[:-1], flow.norm[:-1] / flow.norm[1:])


def test_a_pool_passes_the_gradient_to_one_step_each_and_keeps_its_norm():
    # whatever wins a pool gets its gradient, the others none, so nothing is lost in an even window
    flow = gradient_flow(small(), windows_of(lookback=18), AttributionParams(), seed=0)
    assert flow.pairs[-1] == "CNN layer 2 / LSTM input"
    assert flow.ratio[-1] == pytest.approx(1, abs=1e-6)  # float32 sums in another order
    assert flow.ratio_error[-1] < 1e-6
    assert abs(flow.ratio[1] - 1) > 0.01


@pytest.mark.parametrize(
    ("lookback", "pool", "interval", "hours"),
    [
        (12, 2, "5min", np.array([50, 40, 30, 20, 10, 0]) / 60),
        (13, 2, "5min", np.array([60, 50, 40, 30, 20, 10, 0]) / 60),
        (7, 3, "1h", [6, 3, 0]),
        (9, 4, "1h", [8, 4, 0]),  # padded to 12: the oldest pooled step ends eight hours before the origin
        (6, 5, "1h", [5, 0]),
    ],
)
def test_hours_and_shape_of_the_pooled_stage(lookback, pool, interval, hours):
    windows = windows_of(n=4, lookback=lookback, interval=interval)
    flow = gradient_flow(small(pool=pool), windows, AttributionParams(), seed=0)
    steps = [lookback, lookback, len(hours)]
    assert [values.shape for values in flow.magnitude] == list(zip((4, 5, 5), steps, strict=True))
    unit = 1 / 12 if interval == "5min" else 1
    np.testing.assert_allclose(flow.hours_before[0], np.arange(lookback - 1, -1, -1) * unit, atol=1e-12)
    np.testing.assert_allclose(flow.hours_before[2], hours, atol=1e-12)


def test_the_newest_step_is_the_last_of_every_stage():
    model, windows = small(layers=1), windows_of()
    with torch.no_grad():  # a memory that forgets at once sees the newest pooled step alone
        model.lstm.bias_ih_l0[4:8] = -1e4
        model.lstm.weight_hh_l0.zero_()
    flow = gradient_flow(model, windows, AttributionParams(), seed=0)
    # the pool joins two steps, and over those two a causal filter of five taps reads six
    for values, reach in zip(flow.magnitude, (6, 2, 1), strict=True):
        used = values.max(axis=0) > 0
        assert used[-1]
        assert not used[:-reach].any()
    assert (flow.magnitude[0].max(axis=0) > 0)[-6]


def test_dead_channels_are_counted():
    model = small(layers=1)
    with torch.no_grad():
        model.lstm.weight_ih_l0[:, [1, 3]] = 0  # nothing downstream reads two of five channels
        model.conv2.weight[:, 0] = 0  # nor one of the four below
    flow = gradient_flow(model, windows_of(), AttributionParams(), seed=0)
    assert (flow.magnitude[2].max(axis=1) == 0).tolist() == [False, True, False, True, False]
    assert flow.silent_channels == (1, 2, 2)
    for caption in (stage_gradients_caption(flow), flow_ratio_caption(flow)):
        assert f" at each stage over {flow.n_windows} test windows, " in caption
    finding = gradient_flow_finding(flow)
    assert "1 of 4 channels of the CNN layer 1 carry no gradient" in finding
    assert "2 of 5 channels of the CNN layer 2 carry no gradient" in finding
    assert "2 of 5 channels of the LSTM input carry no gradient" in finding
    alive = gradient_flow(
        stirred(CNNLSTMForecaster(2, 3, hidden=8)), windows_of(), AttributionParams(), seed=0
    )
    quiet = sum(int((values.max(axis=1) < 1e-8).sum()) for values in alive.magnitude)
    assert ("Every channel of every stage carries some gradient." in gradient_flow_finding(alive)) == (
        quiet == 0
    )


def test_windows_without_any_gradient_do_not_spoil_the_ratios():
    model = small()
    windows = windows_of()
    full = gradient_flow(model, windows, AttributionParams(), seed=0)
    silent = small()
    with torch.no_grad():
        silent.fc2.weight.zero_()  # the forecast is a constant
    flow = gradient_flow(silent, windows, AttributionParams(), seed=0)
    assert (flow.norm == 0).all()
    assert flow.ratio.tolist() == flow.ratio_error.tolist() == [0, 0, 0]
    assert (
        gradient_flow_finding(flow)
        == "No gradient reaches any stage: the forecast does not depend on the inputs."
    )
    assert gradient_flow_finding(full) != gradient_flow_finding(flow)
    with torch.no_grad():  # the head's only unit is open for some windows and closed for others
        partly = small(head=1)
        x, _ = windows.gather(torch.arange(12))
        states, _ = partly.lstm(partly.pool(partly.relu2(partly.norm2(partly.conv2(partly.relu1(
            partly.norm1(partly.conv1(x.transpose(1, 2)))))))).transpose(1, 2))  # fmt: skip
        heights = partly.fc1(states[:, -1])[:, 0]
        middle = heights.sort().values[5:7].mean()  # of twelve, between two: rounding opens and closes none
        partly.fc1.bias -= middle
        is_open = heights > middle
    flow = gradient_flow(partly, windows, AttributionParams(), seed=0)
    alone = gradient_flow(partly, windows.select(torch.nonzero(is_open)[:, 0]), AttributionParams(), seed=0)
    assert 0 < int(is_open.sum()) < 12
    np.testing.assert_allclose(flow.ratio, alone.ratio, rtol=1e-5)  # float32
    assert (flow.ratio_error[:2] > 0).all()
    np.testing.assert_allclose(flow.norm * 12, alone.norm * int(is_open.sum()), rtol=1e-5)


class TwoTargets(CNNLSTMForecaster):
    """Three steps ahead of two targets, alone or under a name."""

    as_dict = False

    def forward(self, x):
        flow = super().forward(x).reshape(len(x), 3, 2)
        return {"flow": flow, "mean": flow.mean(dim=2)} if self.as_dict else flow


@pytest.mark.parametrize("as_dict", [False, True])
@pytest.mark.parametrize("target", [0, 1])
def test_the_gradient_of_one_target_of_one_output(target, as_dict):
    sizes = {"n_features": 2, "horizon": 6, "channels": (4, 5), "hidden": 4, "head": 6}
    plain, model = (stirred(kind(**sizes)) for kind in (CNNLSTMForecaster, TwoTargets))
    model.as_dict = as_dict
    # the second of three steps of two targets is the third or fourth of six numbers
    expected = gradient_flow(plain, windows_of(), AttributionParams(target_step=3 + target), seed=0)
    output = "flow" if as_dict else None
    found = gradient_flow(model, windows_of(), AttributionParams(target_step=2), 0, output, target)
    np.testing.assert_allclose(found.norm, expected.norm, rtol=1e-5)  # float32
    for values, others in zip(found.magnitude, expected.magnitude, strict=True):
        np.testing.assert_allclose(values, others, rtol=1e-4, atol=1e-7)


def test_a_model_without_stages_is_refused():
    with pytest.raises(LstmkitError, match="LSTMForecaster has no convolutional stages"):
        gradient_flow(LSTMForecaster(2, 3, hidden=2), windows_of(), AttributionParams(), seed=0)
    with pytest.raises(LstmkitError, match="Linear has no convolutional stages"):
        gradient_flow(nn.Linear(2, 3), windows_of(), AttributionParams(), seed=0)


def test_a_step_beyond_the_horizon_is_refused_and_hooks_come_off():
    model = small()
    before = state_of(model)
    with pytest.raises(LstmkitError, match=r"^step is 4, but output has 3 steps ahead, counted from 1$"):
        gradient_flow(model, windows_of(), AttributionParams(target_step=4), seed=0)
    assert state_of(model) == before


def test_the_model_stays_as_it_was():
    model = small(dropout=0.3)
    next(model.parameters()).requires_grad_(False)
    before = state_of(model)
    gradient_flow(model, windows_of(), AttributionParams(batch_size=5), seed=0)
    assert state_of(model) == before


def test_the_sample_is_seeded():
    model, windows = small(), windows_of(n=40)
    params = AttributionParams(windows=8)
    first, again, other = (gradient_flow(model, windows, params, seed) for seed in (1, 1, 2))
    assert first.n_windows == 8
    np.testing.assert_array_equal(first.norm, again.norm)
    assert not np.array_equal(first.norm, other.norm)


FLOW = GradientFlow(
    stages=("input", "first", "second"),
    magnitude=(np.ones((2, 4)), np.ones((3, 2))),
    hours_before=(np.arange(3.0, -1, -1), np.array([2.0, 0.0])),
    norm=np.array([0.2, 0.4, 0.8]),
    norm_error=np.array([0.01, 0.02, 0.03]),
    ratio_error=np.array([0.11, 0.13]),
    n_windows=9,
)


def test_frame():
    frame = FLOW.to_frame()
    assert list(frame.index) == ["input", "first", "second"]
    assert frame["norm"].tolist() == [0.2, 0.4, 0.8]
    assert frame["ratio_to_next"].tolist()[:2] == [0.5, 0.5]
    assert math.isnan(frame["ratio_to_next"].iloc[-1])
    assert FLOW.arriving_percent == pytest.approx(25)


def test_finding():
    assert gradient_flow_finding(FLOW) == (
        "On its way back the gradient's mean norm is multiplied by 0.50 ± 0.13 from second to first, 0.50 ± 0.11 from "
        "first to input; at the input it is 25 % of what it was at the second. "
        "Every channel of every stage carries some gradient."
    )


class OneStage(nn.Module):
    """Three times the positive part of the newest input: every number is known."""

    stages: ClassVar[dict[str, str]] = {"positive part": "relu"}

    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()

    def forward(self, x):
        return 3 * self.relu(x.transpose(1, 2))[:, 0, -1:] + 0 * x.sum(dim=(1, 2))[:, None]


def test_one_stage_by_hand():
    windows = make_test_windows(n=10, lookback=4, horizon=1)
    flow = gradient_flow(OneStage(), windows, AttributionParams(), seed=0)
    x, _ = windows.gather(torch.arange(10))
    share_open = (x[:, -1, 0] > 0).double().mean().item()
    assert 0 < share_open < 1
    assert flow.magnitude[0].tolist() == [[0, 0, 0, 3], [0, 0, 0, 0]]
    np.testing.assert_allclose(flow.norm, [3 * share_open, 3])
    np.testing.assert_allclose(flow.ratio, [share_open])
    # the later norm is always 3, so the error is that of a share of ten windows
    np.testing.assert_allclose(flow.ratio_error, [math.sqrt(share_open * (1 - share_open) / 9)])
