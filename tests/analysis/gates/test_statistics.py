"""Statistics of gates: those of the whole trace, and those of gates set by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.analysis.gates import statistics as module
from lstmkit.analysis.gates.part import FORGET, GATE_NAMES
from lstmkit.analysis.gates.settling import settling_hours
from lstmkit.analysis.gates.statistics import gate_statistics
from lstmkit.analysis.gates.stream import BIN_EDGES, BINS, TIMESCALE_EDGES, resolved, stride_of
from lstmkit.errors import LstmkitError
from lstmkit.findings.gates.statistics import sampling_words
from lstmkit.internals.activations import record
from lstmkit.internals.gates import GATES, trace_lstm
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.gated import EDGES, Gated, calm, constant_gates, walked
from tests.analysis.tiny import make_test_windows, state_of, stirred
from tests.groups import by_edges

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")

ALL = {"bidirectional": True, "proj_size": 3, "batch_first": False, "starts_from_inputs": True}
FEW = {"n": 90, "lookback": 80}
MANY = {"n": 2000, "lookback": 24}  # 300 and more per half and regime: walked 16 side by side
CASES = {
    "lstm": (lambda: stirred(LSTMForecaster(2, 2, hidden=5, layers=2)), FEW),
    "cnn_lstm": (
        lambda: stirred(CNNLSTMForecaster(2, 2, channels=(3, 4), hidden=5, layers=2, head=3)),
        FEW,
    ),
    "both directions": (lambda: calm(Gated(bidirectional=True)), FEW),
    "projection": (lambda: calm(Gated(proj_size=3)), FEW),
    "time first": (lambda: calm(Gated(batch_first=False)), FEW),
    "from a given state": (lambda: calm(Gated(starts_from_inputs=True)), FEW),
    "all of these": (lambda: calm(Gated(**ALL)), FEW),
    "many windows": (lambda: stirred(LSTMForecaster(2, 2, hidden=5, layers=2)), MANY),
    "all of these, many windows": (lambda: calm(Gated(**ALL)), MANY),
}


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES)
def case(request):
    model, windows = request.param
    return model(), make_test_windows(**windows)


@pytest.fixture(scope="module")
def model(case):
    return case[0]


@pytest.fixture(scope="module")
def windows(case):
    return case[1]


@pytest.fixture(scope="module")
def few_windows():
    return make_test_windows(**FEW)


@pytest.fixture(scope="module")
def traced(model, windows):
    """Every gate and state of every window, part by part: (window, time, unit)."""
    x = windows.gather(torch.arange(len(windows)))[0]
    state = model.starts(x) if isinstance(model, Gated) else None
    with torch.inference_mode():
        if isinstance(model, CNNLSTMForecaster):
            with record(model, ["pool"]) as outputs:
                model(x)
            x = outputs["pool"].transpose(1, 2)
        traces = trace_lstm(model.lstm, x, state)
    return [{name: getattr(trace, name).double().numpy() for name in (*GATES, "c")} for trace in traces]


@pytest.fixture(scope="module")
def gates(model, windows):
    return walked(model, windows)


def sampled(values: np.ndarray, time: int) -> np.ndarray:
    return values[:, :: -stride_of(time)]


def test_means_by_half_and_regime(gates, traced, windows):
    regime = np.digitize(windows.latest()[:, 0], EDGES)
    half = np.arange(len(windows)) >= len(windows) // 2
    for part, trace in zip(gates.parts, traced, strict=True):
        for k, name in enumerate(GATES):
            np.testing.assert_allclose(gates.mean(part)[:, k], trace[name].mean(axis=0), atol=1e-6)
            for r in range(3):
                np.testing.assert_allclose(
                    gates.group_mean(part, r)[:, k], trace[name][regime == r].mean(axis=0), atol=1e-6
                )
                found, expected = gates.group_mean(part, r, 1)[:, k], trace[name][(regime == r) & half]
                np.testing.assert_allclose(found, expected.mean(axis=0), atol=1e-6)
    assert gates.counts.tolist() == [
        [int(((regime == r) & (half == h)).sum()) for r in range(3)] for h in (0, 1)
    ]


def test_distributions(gates, traced):
    for part, trace in zip(gates.parts, traced, strict=True):
        time = trace["i"].shape[1]
        for k, name in enumerate(GATES):
            values = sampled(trace[name], time)
            assert part.spread[k] == pytest.approx(values.std(), abs=1e-5)
            assert part.least[k] == pytest.approx(values.min(), abs=1e-6)
            assert part.most[k] == pytest.approx(values.max(), abs=1e-6)
            edges = 2 * BIN_EDGES - 1 if name == "g" else BIN_EDGES
            counted = np.histogram(values, edges)[0] / values.size
            np.testing.assert_allclose(
                part.histogram[k], counted, atol=2.1 / values.size
            )  # values at an edge
            low = values < (-0.9 if name == "g" else 0.1)
            np.testing.assert_allclose(part.low[k], low.mean(axis=(0, 1)), atol=1e-3)
            np.testing.assert_allclose(part.high[k], (values > 0.9).mean(axis=(0, 1)), atol=1e-3)
            assert part.near_zero[k] == pytest.approx((np.abs(values) < 0.1).mean(), abs=1e-3)


def test_timescales(gates, traced, windows):
    for part, trace in zip(gates.parts, traced, strict=True):
        time = trace["f"].shape[1]
        hours = windows.lookback / 12 / time
        forget = sampled(trace["f"], time)
        np.testing.assert_allclose(part.timescale, -hours / np.log(forget).mean(axis=(0, 1)), rtol=1e-4)
        for q, found in zip((0.1, 0.5, 0.9), part.timescale_quantiles, strict=True):
            low, high = (
                -hours / np.log(np.quantile(forget, q, axis=(0, 1), method=method))
                for method in ("lower", "higher")
            )
            last = hours * TIMESCALE_EDGES[-1]  # what lies beyond is in the last bin
            assert (found >= 0.995 * np.minimum(low, last)).all()
            assert (found <= 1.005 * high).all()


def test_cells(gates, traced, model):
    for part, trace in zip(gates.parts, traced, strict=True):
        norm = np.linalg.norm(trace["c"], axis=2)
        written = np.linalg.norm(trace["i"] * trace["g"], axis=2)
        for found, expected in ((part.cell, norm), (part.update, written / norm)):
            np.testing.assert_allclose(found[:, 0], expected.mean(axis=0), rtol=1e-5)
            np.testing.assert_allclose(found[:, 1], expected.std(axis=0), atol=1e-4)
        if not getattr(model, "starts_from_inputs", False):  # the cell is empty before the first step
            first = -1 if part.name.endswith("backward") else 0
            np.testing.assert_allclose(part.update[first], [1, 0], atol=1e-4)


def test_batches_do_not_matter(model, windows, gates, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 32)
    monkeypatch.setattr(module, "SMALL_BATCH", 16)
    again = walked(model, windows)
    for one, other in zip(gates.parts, again.parts, strict=True):
        np.testing.assert_allclose(one.mean, other.mean, atol=1e-6)
        np.testing.assert_allclose(one.cell, other.cell, atol=1e-5)
        np.testing.assert_allclose(one.timescale, other.timescale, rtol=1e-5)


def test_gates_set_by_hand(few_windows):
    gates = walked(constant_gates(0.05, 0.99, 0.95), few_windows)
    (part,) = gates.parts
    mean = gates.mean(part).mean(axis=(0, 2))
    np.testing.assert_allclose(mean[[0, 1, 3]], [0.05, 0.99, 0.95], atol=1e-6)
    np.testing.assert_allclose(part.timescale, -1 / 12 / math.log(0.99), rtol=1e-4)  # 5-minute steps
    assert part.spread[FORGET] == pytest.approx(0, abs=1e-3)
    assert (part.low[0] == 1).all()
    assert (part.high[[1, 3]] == 1).all()
    table = gates.to_frame()
    assert table.loc[("layer 1", "input"), "below_0.1_percent"] == 100
    assert table.loc[("layer 1", "forget"), "above_0.9_percent"] == 100


def test_constant_gates_show_no_spread_and_no_more_digits_than_they_have(few_windows):
    gates = walked(constant_gates(0.05, math.exp(-5 / 60 / 20.58), 0.95), few_windows)
    (part,) = gates.parts
    np.testing.assert_allclose(part.timescale_quantiles, 20.58, rtol=1e-4)
    assert (part.spread == 0).all()
    assert (part.cell[:, 1] == 0).all()
    assert (part.update[:, 1] == 0).all()
    frame = gates.unit_frame()
    assert frame["timescale_hours"].tolist() == [20.58, 20.58]
    for column in ("quantile_10", "quantile_50", "quantile_90"):
        assert frame[column].tolist() == [20.6, 20.6]


def test_quantiles_of_timescales_are_exact_to_half_a_percent(few_windows):
    model = constant_gates(0.5, 0.5, 0.5)
    with torch.no_grad():
        model.lstm.weight_ih_l0[2:4, 0] = torch.tensor([0.5, 2.0])
        model.lstm.bias_ih_l0[2:4] = 4.0
    many = make_test_windows(n=3000, lookback=24)
    part = walked(model, many).parts[0]
    with torch.inference_mode():
        forget = trace_lstm(model.lstm, many.gather(torch.arange(len(many)))[0])[0].f.double().numpy()
    for q, found in zip((0.1, 0.5, 0.9), part.timescale_quantiles, strict=True):
        np.testing.assert_allclose(found, -1 / 12 / np.log(np.quantile(forget, q, axis=(0, 1))), rtol=0.005)


@pytest.mark.parametrize(
    ("steps", "written"), [(24.69613, 24.7), (2469.613, 2470), (246961.3, 250000), (2469613.0, 2000000)]
)
def test_long_timescales_have_the_digits_that_single_precision_resolves(steps, written):
    assert resolved(np.array([steps]), 1.0, 3).tolist() == [written]


def test_a_forget_gate_of_one_has_a_finite_timescale(few_windows):
    model = constant_gates(0.5, 0.5, 0.5)
    with torch.no_grad():
        model.lstm.bias_ih_l0[2:4] = 100.0
    gates = walked(model, few_windows)
    assert np.isfinite(gates.parts[0].timescale).all()
    assert np.isfinite(gates.parts[0].timescale_quantiles).all()


def test_a_regime_without_windows_has_no_mean(few_windows):
    groups = by_edges(few_windows, (-99.0, 99.0))
    gates = gate_statistics(constant_gates(0.5, 0.5, 0.5), few_windows, groups)
    assert gates.present == [1]
    assert gates.group_mean(gates.parts[0], 0) is None
    assert gates.group_frame().columns.tolist() == ["Medium"]


def test_a_planted_difference_between_regimes_is_found(few_windows):
    model = constant_gates(0.5, 0.5, 0.5)
    with torch.no_grad():
        model.lstm.weight_ih_l0[2, 0] = 2.0  # the forget gate of unit 0 follows the target
    gates = walked(model, few_windows)
    newest = [gates.group_mean(gates.parts[0], r)[-1, FORGET] for r in range(3)]
    assert newest[2][0] > newest[1][0] > newest[0][0]
    assert [values[1] for values in newest] == pytest.approx([0.5] * 3)


def test_frames_are_finite(gates):
    for frame in (gates.evolution_frame(), gates.forget_frame(), gates.cell_frame(), gates.unit_frame()):
        assert np.isfinite(frame.to_numpy()).all()
    assert gates.histogram_frame().sum().to_numpy() == pytest.approx(np.full(4 * len(gates.parts), 100))
    assert len(gates.histogram_frame()) == BINS
    assert gates.parts[0].lstm.check.deviation < 1e-5


def forget_gates_that_follow_the_state(both_ways: bool) -> Gated:
    """One unit with i = o = 1/2 and g = tanh 1, whose forget gate is σ(8 h) of the state before."""
    model = Gated(hidden_size=1, num_layers=1, bidirectional=both_ways)
    with torch.no_grad():
        for name, values in model.named_parameters():
            values.zero_()
            if "weight_hh" in name:
                values[1] = 8
            if "bias_ih" in name:
                values[2] = 1
    return model.eval()


def test_a_backward_direction_settles_from_the_newest_step_on(few_windows):
    c, expected = 0.0, []
    for _ in range(80):
        forget = 1 / (1 + math.exp(-8 * 0.5 * math.tanh(c)))
        c = forget * c + 0.5 * math.tanh(1)
        expected.append(forget)
    gates = walked(forget_gates_that_follow_the_state(both_ways=True), few_windows)
    forward, backward = gates.parts
    assert (forward.backward, backward.backward) == (False, True)
    np.testing.assert_allclose(gates.mean(forward)[:, FORGET, 0], expected, atol=1e-6)
    np.testing.assert_allclose(gates.mean(backward)[:, FORGET, 0], expected[::-1], atol=1e-6)
    steps = next(k for k in range(80) if abs(expected[k] - np.mean(expected[40:])) <= 0.01)
    assert steps >= 3
    for part in gates.parts:
        assert settling_hours(gates, part) == pytest.approx(steps / 12)


def test_the_lookback_is_that_of_the_windows():
    gates = walked(constant_gates(0.5, 0.5, 0.5), make_test_windows(lookback=1))
    assert gates.lookback_hours == pytest.approx(1 / 12)
    pooled = stirred(CNNLSTMForecaster(2, 2, channels=(3, 4), hidden=5, layers=1, head=3))
    gates = walked(pooled, make_test_windows(lookback=11))
    assert len(gates.parts[0].lstm.hours_before) == 6
    assert gates.lookback_hours == pytest.approx(11 / 12)


def test_which_steps_distributions_are_taken_from_is_said():
    model = constant_gates(0.5, 0.5, 0.5)
    for lookback, said in (
        (47, "every step of the lookback"),
        (48, "one of every 2 steps of the lookback, the newest among them"),
        (72, "one of every 3 steps of the lookback, the newest among them"),
    ):
        gates = walked(model, make_test_windows(n=2, lookback=lookback))
        assert sampling_words(gates) == said


@pytest.mark.parametrize("n", [1, 2, 31])
def test_few_windows_are_enough(n):
    gates = walked(constant_gates(0.5, 0.5, 0.5), make_test_windows(n=n, lookback=3))
    assert gates.n_windows == n


def test_a_model_left_in_training_mode_is_walked_in_evaluation_mode(few_windows):
    model = stirred(CNNLSTMForecaster(2, 2, channels=(3, 4), hidden=5, layers=2, head=3, dropout=0.5))
    expected = walked(model, few_windows)
    before = state_of(model.train())
    found = walked(model, few_windows)
    for one, other in zip(found.parts, expected.parts, strict=True):
        np.testing.assert_array_equal(one.mean, other.mean)
    assert state_of(model) == before


def test_weights_and_inputs_that_are_nan_are_refused(few_windows):
    model = stirred(LSTMForecaster(2, 2, hidden=5))
    inputs = few_windows.inputs.clone()
    inputs[int(few_windows.starts[-1]) + 79, 1] = float("nan")  # the newest step of the last window alone
    origin = few_windows.origin[-1]
    said = f"^what the LSTM reads of the window {origin} holds NaN or infinity$".replace("+", r"\+")
    with pytest.raises(LstmkitError, match=said):
        walked(model, replace(few_windows, inputs=inputs))
    with torch.no_grad():
        model.lstm.bias_ih_l1[3] = float("nan")
    with pytest.raises(
        LstmkitError, match=r"^the gates are NaN: the LSTM's weights or initial state are not finite"
    ):
        walked(model, few_windows)


class InBfloat16(LSTMForecaster):
    """Computes in bfloat16 whatever it is given."""

    def forward(self, x):
        return super().forward(x.bfloat16()).float()


def test_gates_in_bfloat16_are_those_in_single_precision_but_for_their_rounding(few_windows):
    torch.manual_seed(3)
    model = InBfloat16(2, 2, hidden=5).to(torch.bfloat16).eval()
    single = LSTMForecaster(2, 2, hidden=5)
    single.load_state_dict(model.state_dict())  # the same weights
    found, expected = (walked(m.eval(), few_windows) for m in (model, single))
    for one, other in zip(found.parts, expected.parts, strict=True):
        np.testing.assert_allclose(one.mean, other.mean, rtol=0, atol=0.02)
        np.testing.assert_allclose(one.timescale, other.timescale, rtol=0.05)
    assert found.parts[0].lstm.check.in_double < 1e-12


def test_a_model_without_an_lstm_is_refused(few_windows):
    with pytest.raises(LstmkitError, match=r"contains no nn\.LSTM"):
        walked(nn.Sequential(nn.Linear(2, 1)), few_windows)


def test_names_of_the_gates_follow_pytorch():
    assert [name[0] for name in GATE_NAMES] == ["i", "f", "c", "o"]
