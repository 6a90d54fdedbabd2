"""Gates of every LSTM that a model calls: those of a recurrence in NumPy, each at its own steps."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from lstmkit.analysis.gates import statistics as module
from lstmkit.analysis.gates.facts import gate_facts
from lstmkit.analysis.gates.settling import settling_hours
from lstmkit.analysis.gates.stream import stride_of
from lstmkit.errors import LstmkitError
from lstmkit.findings.gates import statistics as findings
from lstmkit.findings.gates.trace_check import trace_checks_finding
from lstmkit.internals.step_places import Place
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.gated import EDGES, Gated, calm, walked
from tests.analysis.gates.by_hand import NEEDS_3_H
from tests.analysis.several_lstms import BothWays, EncoderDecoder, Mixed, Stepwise, gates_by_hand
from tests.analysis.tiny import make_test_windows, state_of

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
LOOKBACK, HORIZON = 60, 3
MODELS = {"encoder and decoder": EncoderDecoder, "mixed": lambda: Mixed(HORIZON)}


def doubled(model: nn.Module) -> nn.Module:
    return calm(model).double().eval()


@pytest.fixture(scope="module")
def windows():
    windows = make_test_windows(n=90, lookback=LOOKBACK, horizon=HORIZON)
    return replace(windows, inputs=windows.inputs.double())


@pytest.fixture(scope="module", params=MODELS.values(), ids=MODELS)
def model(request):
    return doubled(request.param())


@pytest.fixture(scope="module")
def gates(model, windows):
    return walked(model, windows)


@pytest.fixture(scope="module")
def expected(model, windows):
    return gates_by_hand(model, windows.gather(torch.arange(len(windows)))[0].numpy())


def test_gates_are_those_of_the_recurrence_in_the_order_of_the_calls(gates, expected, windows):
    assert [part.name for part in gates.parts] == list(expected)
    high = np.digitize(windows.one(windows.latest()), EDGES) == 2
    for part in gates.parts:
        by_hand = expected[part.name]
        np.testing.assert_allclose(gates.mean(part), by_hand.mean(axis=0), rtol=0, atol=1e-12)
        np.testing.assert_allclose(gates.group_mean(part, 2), by_hand[high].mean(axis=0), rtol=0, atol=1e-12)
        sampled = by_hand[:, :: -stride_of(by_hand.shape[1])]
        np.testing.assert_allclose(part.least, sampled.min(axis=(0, 1, 3)), rtol=0, atol=1e-12)
        forget = np.log(sampled[:, :, 1]).mean(axis=(0, 1))
        step = part.lstm.step_hours or 1.0
        np.testing.assert_allclose(part.timescale, -step / forget, rtol=1e-10)
        assert part.lstm.check.deviation < 1e-12
        assert part.lstm.stride == stride_of(by_hand.shape[1])


def test_each_part_has_the_steps_of_its_own_lstm():
    windows = make_test_windows(n=30, lookback=LOOKBACK, horizon=HORIZON)
    coded = walked(calm(EncoderDecoder()), windows)
    encoder, decoder = coded.lstms
    assert (encoder.name, encoder.n_steps, encoder.place) == ("encoder", 60, Place.WINDOW)
    assert (decoder.name, decoder.n_steps, decoder.place) == ("decoder", 3, Place.AHEAD)
    np.testing.assert_allclose(encoder.hours_before, np.arange(59, -1, -1) / 12)
    np.testing.assert_allclose(decoder.hours_before, [-1 / 12, -2 / 12, -3 / 12])
    assert decoder.step_hours == pytest.approx(1 / 12)
    assert [part.layer for part in coded.parts_of(decoder)] == ["layer 1", "layer 2"]
    first, second, recent = walked(calm(Mixed(HORIZON)), windows).lstms
    assert (recent.n_steps, recent.hours_before, recent.step_hours) == (5, None, None)
    assert recent.index.tolist() == [1, 2, 3, 4, 5]
    assert (first.stride, second.stride, recent.stride) == (2, 2, 1)


def test_one_lstm_can_be_chosen(model, windows, gates):
    name = gates.lstms[-1].name
    (chosen,) = walked(model, windows, lstm=name).lstms
    assert chosen == gates.lstms[-1]
    found = walked(model, windows, name)
    for part, expected in zip(found.parts, gates.parts_of(chosen), strict=True):
        assert part.name == expected.name  # also alone it is one of several
        np.testing.assert_allclose(part.mean, expected.mean, rtol=0, atol=1e-15)
    assert found.evolution_frame().index.names == [chosen.index.name]
    with pytest.raises(LstmkitError, match=r"has no nn\.LSTM 'memory'"):
        walked(model, windows, "memory")


def test_an_lstm_that_is_never_called_cannot_be_chosen(windows):
    with pytest.raises(LstmkitError, match=r"never calls its nn\.LSTM unused; it calls encoder, decoder"):
        walked(doubled(EncoderDecoder()), windows, "unused")


def test_names_have_no_lstm_where_the_model_calls_one(windows):
    model = doubled(LSTMForecaster(2, HORIZON, hidden=4))
    model.spare = nn.LSTM(2, 3).double()
    gates = walked(model, windows)
    assert [part.name for part in gates.parts] == ["layer 1", "layer 2"]
    assert gates.evolution_frame().index.name == "hours_before"
    assert gates.evolution_frame().columns[0] == ("layer 1", "input")


def test_one_that_reads_the_window_from_its_end_is_told_in_the_order_of_time(windows):
    """The LSTM that reads the flipped window is the backward direction of one that does not."""
    model, both = BothWays(HORIZON), Gated(hidden_size=3, num_layers=1, bidirectional=True)
    doubled(model), doubled(both)
    for name, values in model.forwards.state_dict().items():
        both.lstm.state_dict()[name].copy_(values)
    for name, values in model.backwards.state_dict().items():
        both.lstm.state_dict()[f"{name}_reverse"].copy_(values)
    found, expected = (walked(each, windows) for each in (model, both))
    for part, other in zip(found.parts, expected.parts, strict=True):
        assert part.backward == other.backward
        np.testing.assert_allclose(part.mean, other.mean, rtol=0, atol=1e-14)
        np.testing.assert_allclose(part.cell, other.cell, rtol=0, atol=1e-12)
        np.testing.assert_allclose(part.timescale, other.timescale, rtol=1e-12)
        np.testing.assert_array_equal(part.lstm.hours_before, other.lstm.hours_before)
    assert (
        "layer 1 of backwards, which reads from the newest step to the oldest,"
        in findings.evolution_finding(found)
    )


def test_one_that_is_called_step_by_step_is_one_call(windows):
    model = doubled(Stepwise(HORIZON))
    whole = LSTMForecaster(2, HORIZON, hidden=3, layers=1).double().eval()
    whole.lstm.load_state_dict(model.memory.state_dict())
    (part,), (other,) = (walked(each, windows).parts for each in (model, whole))
    np.testing.assert_allclose(part.mean, other.mean, rtol=0, atol=1e-14)
    assert (part.name, part.lstm.n_steps) == ("layer 1", LOOKBACK)


def test_rows_of_each_lstm_stand_below_each_other(gates):
    steps = sum(lstm.n_steps for lstm in gates.lstms)
    for frame in (gates.evolution_frame(), gates.forget_frame(), gates.cell_frame()):
        assert frame.index.names == ["lstm", "step", "hours_before"]
        assert len(frame) == steps
        for lstm in gates.lstms:
            own = frame.loc[lstm.name].dropna(axis=1)
            assert [*dict.fromkeys(own.columns.get_level_values(0))] == [
                p.layer for p in gates.parts_of(lstm)
            ]
            hours = own.index.get_level_values("hours_before")
            assert hours.isna().all() if lstm.hours_before is None else list(hours) == list(lstm.hours_before)
    assert list(gates.unit_frame().index.unique("layer")) == [part.name for part in gates.parts]
    assert list(gates.to_frame().index.unique("layer")) == [part.name for part in gates.parts]


def test_times_without_a_known_length_are_in_steps_and_not_among_the_facts(windows):
    gates = walked(doubled(Mixed(HORIZON)), windows)
    recent = gates.unit_frame().loc["recent, layer 1"]
    assert recent["timescale_hours"].isna().all()
    assert recent["timescale_steps"].notna().all()
    assert gates.unit_frame().loc["first, layer 1 forward", "timescale_steps"].isna().all()
    names = [layer["name"] for layer in gate_facts(gates, gates)["layers"]]
    assert names == [part.name for part in gates.parts][:-1]
    assert gates.longest_timescale == max(part.longest_timescale for part in gates.parts[:-1])
    assert settling_hours(gates, gates.parts[-1]) <= 5


def test_every_finding_names_every_lstm(gates):
    said = [
        findings.gate_statistics_caption(gates),
        findings.distribution_finding(gates),
        findings.evolution_finding(gates),
        findings.group_finding(gates),
        findings.cell_finding(gates),
        findings.saturation_finding(gates, gates),
        findings.timescale_finding(gates, gates, NEEDS_3_H),
        trace_checks_finding(gates.lstms),
    ]
    for text in said:
        assert all(lstm.name in text for lstm in gates.lstms)
        assert "nan" not in text


def test_steps_that_are_not_the_windows_are_said(windows):
    coded, mixed = (walked(doubled(make()), windows) for make in MODELS.values())
    assert findings.sampling_words(coded) == (
        "in encoder one of every 2 steps of the lookback, the newest among them; in decoder every step ahead"
    )
    assert findings.sampling_words(mixed) == (
        "in first and second one of every 2 steps of the lookback, the newest among them; in recent every step"
    )
    said = "The LSTM decoder reads 3 steps, one for each step ahead of the forecast's origin."
    assert findings.evolution_finding(coded).endswith(said)
    said = (
        "The LSTM recent reads 5 steps, of which it is not known where in the window they lie: they are counted from "
        "the first, and its times are in steps."
    )
    assert findings.evolution_finding(mixed).endswith(said)
    assert " steps (eight of ten units: " in findings.timescale_finding(mixed, mixed, NEEDS_3_H)


def test_batches_do_not_matter(model, windows, gates, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 16)
    monkeypatch.setattr(module, "SMALL_BATCH", 8)
    for one, other in zip(walked(model, windows).parts, gates.parts, strict=True):
        np.testing.assert_allclose(one.mean, other.mean, rtol=0, atol=1e-14)


def test_the_model_stays_as_it_was(windows):
    model = calm(EncoderDecoder()).double().train()
    before = state_of(model)
    walked(model, windows)
    assert state_of(model) == before


def test_weights_that_are_no_numbers_are_told_with_their_lstm(windows):
    model = doubled(EncoderDecoder())
    with torch.no_grad():
        model.encoder.bias_ih_l1[3] = float("nan")
    with pytest.raises(LstmkitError, match=r"^the gates are NaN: the LSTM encoder's weights"):
        walked(model, windows)


class Moody(BothWays):
    """Calls its second LSTM for some windows alone."""

    def forward(self, x):
        if x[:, -1, 0].max() > 0.4:
            return super().forward(x)
        return self.head(self.forwards(x)[0][:, -1].repeat(1, 2))


def test_a_model_that_calls_its_lstms_now_and_then_is_refused(windows):
    with pytest.raises(LstmkitError, match="the model calls its LSTMs in another way for the windows from"):
        walked(doubled(Moody(HORIZON)), windows)


class Packed(LSTMForecaster):
    def forward(self, x):
        packed = pack_padded_sequence(x, [x.shape[1]] * len(x), batch_first=True)
        return self.head(self.lstm(packed)[1][0][-1])


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (nn.GRU(2, 3), r"^GRU contains no nn\.LSTM"),
        (nn.Sequential(nn.GRU(2, 3)), r"\(but GRU\).*train it with an nn\.LSTM in its place"),
        (nn.Sequential(nn.RNN(2, 3)), r"\(but RNN\).*train it with an nn\.LSTM in its place"),
        (nn.Sequential(nn.LSTMCell(2, 3)), "copy the weights of each LSTMCell into an nn.LSTM of one layer"),
        (
            Packed(2, HORIZON),
            "the LSTM lstm reads a packed sequence .* it must read a tensor of windows, steps",
        ),
    ],
    ids=["GRU", "with a GRU", "RNN", "LSTMCell", "packed"],
)
def test_what_has_no_gates_to_walk_through_is_refused_with_what_would_work(windows, model, said):
    with pytest.raises(LstmkitError, match=said):
        walked(model.double(), windows)
