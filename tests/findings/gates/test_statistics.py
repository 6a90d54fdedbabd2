"""What is said of gates: exact sentences from statistics set by hand."""

from dataclasses import replace

import numpy as np
import pytest

from lstmkit.analysis.gates.facts import gate_facts
from lstmkit.analysis.gates.part import FORGET, PartStatistics
from lstmkit.analysis.gates.settling import settling_hours
from lstmkit.analysis.gates.statistics import GateStatistics, gate_statistics
from lstmkit.findings.gates import statistics as findings
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.wording import percent
from tests.analysis.gated import Gated, constant_gates, walked
from tests.analysis.gates.by_hand import NEEDS_3_H, TIME, gates_of, of_cell, of_forget, part_of
from tests.analysis.several_lstms import EncoderDecoder, Mixed
from tests.analysis.tiny import make_test_windows, stirred
from tests.groups import by_edges

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")

BESIDE = {  # what else some findings take
    "saturation_finding": lambda gates: (gates,),
    "timescale_finding": lambda gates: (gates, NEEDS_3_H),
}
FORWARD, BACKWARD = "layer 1 forward", "layer 1 backward"


def test_distribution():
    gates = np.array([0.2, 0.8, 0.0, 0.6])[:, None] + np.array([-0.1, 0.1])
    share = np.zeros((4, 2))
    share[FORGET] = [0.1, 0.3]
    part = part_of(gates=gates, spread=np.array([0.11, 0.12, 0.13, 0.14]), high=share, low=share / 10)
    assert findings.distribution_finding(gates_of(part)) == (
        "In layer 1 the forget gate averages 0.80 ± 0.12, 20 % of its values above 0.9 and 2.0 % below 0.1; the "
        "input gate averages 0.20 ± 0.11, the output gate 0.60 ± 0.14."
    )


@pytest.mark.parametrize(
    ("course", "hours", "said"),
    [
        ([0.9] * 8, 0.0, "shows no mark of its initial state: it stays at 0.900."),
        (
            [0.5, 0.7, *[0.9] * 6],
            0.5,
            "takes 30 min to lose the mark of its initial state and then stays at 0.900.",
        ),
        (  # the range is that of all steps after settling, also of those in the older half
            [0.5, 0.892, *[0.9] * 5, 0.904],
            0.25,
            "takes 15 min to lose the mark of its initial state and then stays between 0.892 and 0.904; at the "
            "newest step it is 0.904.",
        ),
        (  # what happens at the end does not belong to the start
            [0.5, *[0.9] * 6, 0.93],
            0.25,
            "takes 15 min to lose the mark of its initial state and then stays between 0.900 and 0.930; at the "
            "newest step it is 0.930.",
        ),
        (
            [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85],
            1.0,
            "has not settled by the middle of the lookback and then moves between 0.700 and 0.850; at the newest "
            "step it is 0.850.",
        ),
    ],
    ids=["constant", "transient", "range", "end", "drift"],
)
def test_evolution(course, hours, said):
    gates = gates_of(of_forget(course))
    assert settling_hours(gates, gates.parts[0]) == hours
    assert findings.evolution_finding(gates) == f"In layer 1 the mean forget gate {said}"


def test_evolution_of_a_backward_direction_is_told_in_the_order_of_reading():
    course = [0.5, 0.7, 0.9, 0.9, 0.9, 0.9, 0.9, 0.905]
    gates = gates_of(of_forget(course, FORWARD), of_forget(course[::-1], BACKWARD))
    settles = "takes 30 min to lose the mark of its initial state and then stays between 0.900 and 0.905"
    assert [settling_hours(gates, part) for part in gates.parts] == [0.5, 0.5]
    assert findings.evolution_finding(gates) == (
        f"In layer 1 forward the mean forget gate {settles}; at the newest step it is 0.905. In layer 1 backward, "
        f"which reads from the newest step to the oldest, the mean forget gate {settles}; at the oldest step it is "
        "0.905."
    )


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (5.0, "5.00 at the newest step, +25.0 % against the middle of the lookback: growing"),
        (4.1, "4.10 at the newest step, +2.5 % against the middle of the lookback: stable"),
        (3.0, "3.00 at the newest step, −25.0 % against the middle of the lookback: shrinking"),
    ],
)
def test_cell(last, said):
    part = of_cell([1, 2, 3, 4, 4, 4, 4, last], [1, 0.9, 0.8, 0.7, 0.1, 0.2, 0.3, 0.4])
    assert findings.cell_finding(gates_of(part)) == (
        f"In layer 1 the cell state's norm is {said}. Each step writes 25 % of that norm anew."
    )


def test_cell_of_a_backward_direction_grows_towards_the_oldest_step():
    norms, ratios = [1.0, 2, 3, 4, 4, 4, 4, 5], [1.0, 0.9, 0.8, 0.7, 0.1, 0.2, 0.3, 0.4]
    gates = gates_of(of_cell(norms, ratios, FORWARD), of_cell(norms[::-1], ratios[::-1], BACKWARD))
    grows = "+25.0 % against the middle of the lookback: growing. Each step writes 25 % of that norm anew."
    assert findings.cell_finding(gates) == (
        f"In layer 1 forward the cell state's norm is 5.00 at the newest step, {grows} In layer 1 backward, which "
        f"reads from the newest step to the oldest, the cell state's norm is 5.00 at the oldest step, {grows}"
    )
    facts = gate_facts(gates, gates)["layers"]
    assert [layer["update_ratio"] for layer in facts] == pytest.approx([0.25, 0.25])


def by_regime(first, second) -> PartStatistics:
    """Three units whose forget gate is 1/2 in Low and Medium, and in High higher by these in each half."""
    forget = np.full((2, 3, 1, 1, 3), 0.5)
    forget[:, 2, 0, 0] += np.array([first, second])
    return part_of(gates=forget, units=3)


def test_regimes():
    gates = gates_of(by_regime([0.0, 0.1, 0.2], [0.1, 0.0, 0.2]))
    assert findings.group_finding(gates) == (
        "In layer 1 the mean forget gate is 0.600 in High and 0.500 in Low (+0.100); unit 2 differs most "
        "(+0.200). Over units, the differences of the first and of the second half of the test part correlate by "
        "+0.50."
    )


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (
            [[10, 10, 0], [10, 10, 0]],
            "No window of the test part starts in the regime High. In layer 1 the mean forget gate is 0.500 in "
            "Medium and 0.500 in Low (0.000).",
        ),
        (
            [[0, 10, 0], [0, 10, 0]],
            "No window of the test part starts in the regimes Low and High. There is nothing to compare.",
        ),
        (  # one half has no High: no correlation
            [[10, 10, 10], [10, 10, 0]],
            "In layer 1 the mean forget gate is 0.600 in High and 0.500 in Low (+0.100).",
        ),
    ],
    ids=["one missing", "two missing", "missing in a half"],
)
def test_regimes_without_windows_are_named(counts, said):
    part = by_regime([0.0, 0.1, 0.2], [0.1, 0.0, 0.2])
    assert findings.group_finding(gates_of(part, counts=counts)) == said


def saturated(units: int, shut: dict[int, int], open_: dict[int, int]) -> PartStatistics:
    """A layer that keeps some gates of its first units shut or open in six of ten values."""
    low, high = np.zeros((2, 4, units))
    for share, kept in ((low, shut), (high, open_)):
        for gate, n in kept.items():
            share[gate, :n] = 0.6
    return part_of(units=units, low=low, high=high)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (saturated(4, {}, {}), "Of the 4 units of layer 1, none keeps a gate open or shut"),
        (saturated(1, {1: 1}, {}), "Of the 1 unit of layer 1, 1 keeps the forget gate shut"),
        (
            saturated(4, {0: 2, 2: 4}, {1: 1, 2: 4, 3: 3}),  # the candidate has no such states
            "Of the 4 units of layer 1, 2 keep the input gate shut, 1 keeps the forget gate open, 3 keep the output "
            "gate open",
        ),
    ],
    ids=["none", "one", "several"],
)
def test_saturation(part, said):
    gates = gates_of(part)
    before = gates_of(saturated(len(part.timescale), {}, {1: 1}))
    now, then = (percent(each.parts[0].saturated) for each in (gates, before))
    assert findings.saturation_finding(gates, before) == (
        f"{said} in most of the values; before training 1 keeps the forget gate open. Of the values of its three gates "
        f"{now} lie within 0.1 of 0 or 1, before training {then}."
    )
    assert f"{said} in most of the values, as before training. Of" in findings.saturation_finding(
        gates, gates
    )


def test_timescales():
    quantiles = np.array([[0.1, 0.1, 0.1], [1, 1, 1], [3, 5, 4]])
    part = part_of(units=3, timescale=np.array([0.5, 2.0, 1.0]), timescale_quantiles=quantiles)
    before = part_of(units=3, timescale=np.array([0.25, 0.75, 3.0]))
    said = (
        "In layer 1 the median unit has forgotten all but 1/e after 1 h (eight of ten units: 36 min to 1.8 h), the "
        "untrained network's after 45 min; the longest memory is unit 1's, 2 h (untrained 3 h). In a tenth of the "
        "steps the most retentive unit would remember 5 h. "
    )
    needed = (
        " Training made the median more than a tenth longer in layer 1. What the forecast needs is another matter: "
        "the newest 3 h of the 24 h of input give 95 % of what the network gains on the last value."
    )
    for lookback, end in (
        (24.0, "The lookback of 24 h is 12.0 times the longest timescale."),
        (1.5, "The longest timescale exceeds the lookback of 1.5 h."),
    ):
        gates, untrained = (gates_of(each, lookback_hours=lookback) for each in (part, before))
        assert findings.timescale_finding(gates, untrained, NEEDS_3_H) == said + end + needed
    facts = gate_facts(gates_of(part), gates_of(before))["layers"][0]
    assert facts["timescale_hours"] == pytest.approx(
        {"low": 0.6, "median": 1.0, "high": 1.8, "longest": 2.0, "untrained": 0.75}
    )


def scales(*medians: float) -> GateStatistics:
    parts = [part_of(f"layer {k}", timescale=np.full(2, hours)) for k, hours in enumerate(medians, 1)]
    return gates_of(*parts)


@pytest.mark.parametrize(
    ("trained", "untrained", "said"),
    [
        (
            (1.0, 1.0),
            (1.0, 1.1),
            "No median is more than a tenth longer than before training: the median unit learned no longer memory.",
        ),
        ((1.0, 1.09), (1.0, 1.0), "No median is more than a tenth longer than before training"),
        ((2.0, 1.0), (1.0, 1.1), "Training made the median more than a tenth longer in layer 1 alone."),
        ((2.0, 3.0), (1.0, 1.1), "Training made the median more than a tenth longer in layer 1 and layer 2."),
    ],
)
def test_a_memory_that_the_untrained_network_has_as_well_is_not_learned(trained, untrained, said):
    assert said in findings.timescale_finding(scales(*trained), scales(*untrained), NEEDS_3_H)


def test_a_forecast_that_gains_nothing_has_no_history_beside_the_timescales():
    nothing = replace(NEEDS_3_H, gain=None, sufficient=None)
    said = findings.timescale_finding(scales(1.0), scales(1.0), nothing)
    assert said.endswith(
        "What the forecast needs is another matter: the forecast is not surely better than that of the last value "
        "alone, so that there is no gain whose history could be measured."
    )


def test_a_lookback_of_a_single_step_has_a_length():
    gates = walked(constant_gates(0.5, 0.5, 0.5), make_test_windows(lookback=1))
    said = findings.timescale_finding(gates, gates, NEEDS_3_H)  # 5 min / log 2 = 7.2 min
    assert "has forgotten all but 1/e after 7.2 min" in said
    assert "The longest timescale exceeds the lookback of 5 min." in said


def test_findings_of_an_lstm_with_constant_gates():
    windows = make_test_windows(n=90, lookback=80)
    gates = walked(constant_gates(0.05, 0.99, 0.95), windows)
    assert findings.evolution_finding(gates) == (
        "In layer 1 the mean forget gate shows no mark of its initial state: it stays at 0.990."
    )
    assert findings.saturation_finding(gates, gates) == (
        "Of the 2 units of layer 1, 2 keep the input gate shut, 2 keep the forget gate open, 2 keep the output gate "
        "open in most of the values, as before training. Of the values of its three gates 100 % lie within 0.1 of 0 or "
        "1, before training 100 %."
    )
    said = findings.timescale_finding(gates, gates, NEEDS_3_H)
    assert "8.29 h" in said  # 5 minutes over −log 0.99
    assert "The longest timescale exceeds the lookback of 6.67 h." in said


@pytest.mark.parametrize(
    "model",
    [
        LSTMForecaster(2, 2, hidden=5, layers=2),
        LSTMForecaster(2, 2, hidden=1, layers=1),
        Gated(bidirectional=True, proj_size=3, batch_first=False, starts_from_inputs=True),
    ],
    ids=["two layers", "one unit", "bidirectional"],
)
@pytest.mark.parametrize("n", [1, 2, 31])
@pytest.mark.parametrize("lookback", [1, 2, 3])
def test_every_finding_is_finite_however_little_there_is(model, n, lookback):
    gates = walked(stirred(model), make_test_windows(n=n, lookback=lookback))
    for name in dir(findings):
        if name.endswith("_finding"):
            text = getattr(findings, name)(gates, *BESIDE.get(name, lambda _: ())(gates))
            assert text.endswith(".")
            assert "nan" not in text
            assert "inf" not in text


def test_a_cell_that_stays_empty_does_not_grow():
    part = of_cell(np.zeros(TIME), np.zeros(TIME))
    assert findings.cell_finding(gates_of(part)) == (
        "In layer 1 the cell state's norm is 0.00 at the newest step, 0.0 % against the middle of the lookback: "
        "stable. Each step writes 0 % of that norm anew."
    )


@pytest.mark.parametrize(
    ("model", "over"),
    [
        (LSTMForecaster(2, 2, hidden=3, layers=1), "over the lookback"),
        (EncoderDecoder(ahead=2), "of encoder over the lookback, of decoder over the horizon"),
        (
            Mixed(newest=5),
            "of first and second over the lookback, of recent over the steps that it reads",
        ),
    ],
)
def test_captions_name_the_steps_of_each_lstm(model, over):
    windows = make_test_windows(lookback=8)
    gates = gate_statistics(stirred(model), windows, by_edges(windows, (0.0, 1.0)))
    assert findings.evolution_caption(gates).startswith(f"Mean gates {over}. 40 test windows ")
    assert findings.cell_caption(gates).startswith(f"Norm of the cell state {over}; the band is ")
    steps = (
        "in hours (of recent in steps, whose length is not known)" if isinstance(model, Mixed) else "in hours"
    )
    said = findings.timescales_caption(gates, gates)
    assert said.startswith(f"Memory timescale of each unit, {steps}, over the same windows, ")
    assert "over 40 windows. Dotted:" in said
