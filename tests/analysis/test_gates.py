"""Statistics of gates: those of the whole trace, and those of gates set by hand."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.analysis import gate_findings as findings
from lstmkit.analysis import gates as room
from lstmkit.analysis.gate_stream import BIN_EDGES, BINS, TIMESCALE_EDGES, stride_of
from lstmkit.analysis.gates import FORGET, GATE_NAMES, gate_statistics
from lstmkit.data.regimes import Regimes
from lstmkit.errors import LstmkitError
from lstmkit.internals.gates import GATES, trace_lstm
from lstmkit.internals.recurrent import lstm_inputs
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.tiny import make_test_windows, stirred

REGIMES = Regimes(("Low", "Medium", "High"), (-0.4, 0.4))


@pytest.fixture(scope="module")
def windows():
    return make_test_windows(n=90, lookback=80)


@pytest.fixture(scope="module", params=["lstm", "cnn_lstm"])
def model(request):
    if request.param == "lstm":
        return stirred(LSTMForecaster(2, 2, hidden=5, layers=2))
    return stirred(CNNLSTMForecaster(2, 2, channels=(3, 4), hidden=5, layers=2, head=3))


@pytest.fixture(scope="module")
def traced(model, windows):
    """Every gate and state of every window, layer by layer: (window, time, unit)."""
    x = windows.gather(torch.arange(len(windows)))[0]
    with torch.inference_mode():
        traces = trace_lstm(model.lstm, lstm_inputs(model, x))
    return [{name: getattr(trace, name).double().numpy() for name in (*GATES, "c")} for trace in traces]


@pytest.fixture(scope="module")
def gates(model, windows):
    return gate_statistics(model, windows, REGIMES)


def sampled(values: np.ndarray, time: int) -> np.ndarray:
    return values[:, :: -stride_of(time)]


def test_means_by_half_and_regime(gates, traced, windows):
    regime, half = REGIMES.of(windows.latest()), np.arange(90) >= 45
    for part, trace in zip(gates.parts, traced, strict=True):
        for k, name in enumerate(GATES):
            np.testing.assert_allclose(gates.mean(part)[:, k], trace[name].mean(axis=0), atol=1e-6)
            for r in range(3):
                np.testing.assert_allclose(
                    gates.regime_mean(part, r)[:, k], trace[name][regime == r].mean(axis=0), atol=1e-6
                )
                found, expected = gates.regime_mean(part, r, 1)[:, k], trace[name][(regime == r) & half]
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


def test_timescales(gates, traced):
    for part, trace in zip(gates.parts, traced, strict=True):
        time = trace["f"].shape[1]
        hours = 80 / 12 / time
        forget = sampled(trace["f"], time)
        np.testing.assert_allclose(part.timescale, -hours / np.log(forget).mean(axis=(0, 1)), rtol=1e-4)
        for q, found in zip((0.1, 0.5, 0.9), part.timescale_quantiles, strict=True):
            expected = -hours / np.log(np.quantile(forget, q, axis=(0, 1)))
            expected = np.minimum(
                expected, hours * TIMESCALE_EDGES[-1]
            )  # what lies beyond is in the last bin
            assert np.abs(np.log10(found / expected)).max() < 0.11  # a bin is a tenth of a decade


def test_cells(gates, traced):
    for part, trace in zip(gates.parts, traced, strict=True):
        norm = np.linalg.norm(trace["c"], axis=2)
        written = np.linalg.norm(trace["i"] * trace["g"], axis=2)
        for found, expected in ((part.cell, norm), (part.update, written / norm)):
            np.testing.assert_allclose(found[:, 0], expected.mean(axis=0), rtol=1e-5)
            np.testing.assert_allclose(found[:, 1], expected.std(axis=0), atol=1e-4)
        np.testing.assert_allclose(
            part.update[0], [1, 0], atol=1e-4
        )  # the cell is empty before the first step


def test_batches_do_not_matter(model, windows, gates, monkeypatch):
    monkeypatch.setattr(room, "BATCH", 32)
    monkeypatch.setattr(room, "SMALL_BATCH", 16)
    again = gate_statistics(model, windows, REGIMES)
    for one, other in zip(gates.parts, again.parts, strict=True):
        np.testing.assert_allclose(one.mean, other.mean, atol=1e-6)
        np.testing.assert_allclose(one.cell, other.cell, atol=1e-5)
        np.testing.assert_allclose(one.timescale, other.timescale, rtol=1e-5)


def constant_gates(i: float, f: float, o: float) -> LSTMForecaster:
    """An LSTM of two units whose gates are the same at every step."""
    model = LSTMForecaster(2, 1, hidden=2, layers=1)
    with torch.no_grad():
        for values in model.parameters():
            values.zero_()
        logit = [math.log(value / (1 - value)) for value in (i, f, 0.75, o)]
        model.lstm.bias_ih_l0.copy_(torch.tensor(logit).repeat_interleave(2))
    return model.eval()


def test_gates_set_by_hand(windows):
    gates = gate_statistics(constant_gates(0.05, 0.99, 0.95), windows, REGIMES)
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
    said = findings.saturation_finding(gates)
    assert "2 keep the input gate shut, 2 keep the forget gate open, 2 keep the output gate open" in said
    assert "8.29 h" in findings.timescale_finding(gates)  # 5 minutes over −log 0.99
    assert "exceeds the lookback" in findings.timescale_finding(gates)


def test_a_forget_gate_of_one_has_a_finite_timescale(windows):
    model = constant_gates(0.5, 0.5, 0.5)
    with torch.no_grad():
        model.lstm.bias_ih_l0[2:4] = 100.0
    gates = gate_statistics(model, windows, REGIMES)
    assert np.isfinite(gates.parts[0].timescale).all()
    assert np.isfinite(gates.parts[0].timescale_quantiles).all()


def test_a_regime_without_windows_is_named(windows):
    gates = gate_statistics(
        constant_gates(0.5, 0.5, 0.5), windows, Regimes(("Low", "Medium", "High"), (-99.0, 99.0))
    )
    assert gates.present == [1]
    assert gates.regime_mean(gates.parts[0], 0) is None
    assert gates.regime_frame().columns.tolist() == ["Medium"]
    said = findings.regime_finding(gates)
    assert said == "No window of the test part starts in the regime Low, High. There is nothing to compare."


def test_a_planted_difference_between_regimes_is_found(windows):
    model = constant_gates(0.5, 0.5, 0.5)
    with torch.no_grad():
        model.lstm.weight_ih_l0[2, 0] = 2.0  # the forget gate of unit 0 follows the target
    gates = gate_statistics(model, windows, REGIMES)
    newest = [gates.regime_mean(gates.parts[0], r)[-1, FORGET] for r in range(3)]
    assert newest[2][0] > newest[1][0] > newest[0][0]
    assert [values[1] for values in newest] == pytest.approx([0.5] * 3)


def test_every_finding_and_fact_is_finite(gates):
    for name in dir(findings):
        if name.endswith("_finding"):
            text = getattr(findings, name)(gates)
            assert text.endswith(".")
            assert "nan" not in text
    facts = findings.gate_facts(gates)
    assert [layer["name"] for layer in facts["layers"]] == ["layer 1", "layer 2"]
    assert facts["deviation_from_fused"] < 1e-5
    for frame in (gates.evolution_frame(), gates.forget_frame(), gates.cell_frame(), gates.unit_frame()):
        assert np.isfinite(frame.to_numpy()).all()
    assert gates.histogram_frame().sum().to_numpy() == pytest.approx(np.full(8, 100))
    assert len(gates.histogram_frame()) == BINS


@pytest.mark.parametrize("n", [1, 2, 31])
def test_few_windows_are_enough(n):
    gates = gate_statistics(constant_gates(0.5, 0.5, 0.5), make_test_windows(n=n, lookback=3), REGIMES)
    assert gates.n_windows == n
    assert findings.regime_finding(gates)


def test_a_model_without_an_lstm_is_refused(windows):
    with pytest.raises(LstmkitError, match=r"contains no nn\.LSTM"):
        gate_statistics(nn.Sequential(nn.Linear(2, 1)), windows, REGIMES)


def test_names_of_the_gates_follow_pytorch():
    assert [name[0] for name in GATE_NAMES] == ["i", "f", "c", "o"]
