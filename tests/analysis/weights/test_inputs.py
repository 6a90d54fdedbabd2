"""Weights of an LSTM: equal to what PyTorch's forward pass does with them, and shares and feedback by hand."""

import numpy as np
import pytest
import torch
from scipy.special import expit
from torch import nn

from lstmkit.analysis.weights.biases import biases
from lstmkit.analysis.weights.inputs import input_weights
from lstmkit.analysis.weights.layers import GATES, LayerWeights, read_weights
from lstmkit.analysis.weights.recurrent import recurrent_weights
from lstmkit.analysis.weights.singular_values import singular_values
from lstmkit.errors import LstmkitError
from lstmkit.findings.weights.inputs import biases_finding, input_weights_finding
from lstmkit.findings.weights.recurrent import recurrent_weights_finding
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.wording import feature_label
from tests.analysis.tiny import state_of, stirred
from tests.internals.derived import change, derive, every_kind, matrices, weights_by_hand

SHAPES = {
    "plain": {},
    "two layers": {"num_layers": 2},
    "both directions": {"num_layers": 2, "bidirectional": True},
    "projected": {"num_layers": 2, "proj_size": 2},
    "both directions, projected": {"bidirectional": True, "proj_size": 3},
    "without bias": {"bias": False},
    "one unit": {"hidden_size": 1},
}


def lstm_of(inputs: int = 3, **changed) -> nn.LSTM:
    return stirred(nn.LSTM(inputs, **({"hidden_size": 4, "batch_first": True} | changed))).double()


class Reads(nn.Module):
    """A model that is an LSTM and nothing else."""

    def __init__(self, lstm: nn.LSTM):
        super().__init__()
        self.lstm = lstm


def walk(layer: LayerWeights, x: np.ndarray) -> np.ndarray:
    """The recurrence in NumPy: states of one layer and direction, shape (time, state)."""
    units = layer.bias.shape[1]
    width = units if layer.projection is None else len(layer.projection)
    h, c, states = np.zeros(width), np.zeros(units), []
    for values in x:
        i, f, g, o = (layer.read[k] @ values + layer.recurrent[k] @ h + layer.bias[k] for k in range(4))
        c = expit(f) * c + expit(i) * np.tanh(g)
        h = expit(o) * np.tanh(c)
        if layer.projection is not None:
            h = layer.projection @ h
        states.append(h)
    return np.array(states)


@pytest.mark.parametrize("changed", SHAPES.values(), ids=SHAPES)
def test_the_weights_that_are_read_make_the_forward_pass(changed):
    lstm = lstm_of(**changed)
    x = torch.randn(1, 7, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    expected = lstm(x)[0][0].detach().numpy()
    layers, values = list(read_weights(lstm)), x[0].numpy()
    while layers:
        states = walk(layers.pop(0), values)
        if lstm.bidirectional:
            states = np.concatenate([states, walk(layers.pop(0), values[::-1])[::-1]], axis=1)
        values = states
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)


def test_layers_and_directions_are_named_in_order():
    labels = [layer.label for layer in read_weights(lstm_of(num_layers=2, bidirectional=True))]
    assert labels == ["layer 1 forward", "layer 1 backward", "layer 2 forward", "layer 2 backward"]
    assert [layer.label for layer in read_weights(lstm_of(num_layers=2))] == ["layer 1", "layer 2"]


@pytest.mark.parametrize("measure", [read_weights, biases, lambda m: recurrent_weights(m, 0),
                                     lambda m: input_weights(m, ("a",), 0)])  # fmt: skip
def test_a_model_without_an_lstm_is_refused(measure):
    with pytest.raises(LstmkitError, match=r"Linear contains no nn\.LSTM"):
        measure(nn.Linear(1, 1))


@every_kind
@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
@pytest.mark.filterwarnings("ignore:.*spectral_norm.* is deprecated")
@pytest.mark.parametrize("bias", [True, False])
def test_derived_weights_are_those_that_the_forward_pass_computes_with(kind, bias):
    lstm = lstm_of(num_layers=2, bias=bias)
    names = matrices(lstm)
    model, _ = derive(kind, lstm)
    change(model)
    model(torch.zeros(1, 1, 3, dtype=torch.float64))
    expected = weights_by_hand(kind, model, names)
    for k, layer in enumerate(read_weights(model)):
        np.testing.assert_allclose(np.concatenate(layer.read), expected[f"weight_ih_l{k}"], rtol=1e-12)
        np.testing.assert_allclose(np.concatenate(layer.recurrent), expected[f"weight_hh_l{k}"], rtol=1e-12)


def test_of_several_lstms_none_is_taken_for_the_first():
    model = nn.ModuleDict({"decoder": lstm_of(), "encoder": lstm_of()})
    said = (
        "^ModuleDict contains 2 LSTMs: give x, some inputs of the model, from which the order of their calls is known, "
        "or give one of decoder, encoder, not the whole model$"
    )
    with pytest.raises(LstmkitError, match=said):
        read_weights(model)
    assert len(read_weights(model["encoder"])) == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    "measure",
    [
        read_weights,
        biases,
        lambda m: recurrent_weights(m, 0),
        lambda m: input_weights(m, ("a",), 0),
        lambda m: singular_values(m, 0),
    ],
)
def test_weights_that_are_no_numbers_are_refused(measure, value):
    lstm = lstm_of(num_layers=2)
    with torch.no_grad():
        lstm.weight_hh_l1[1, 2] = value
    with pytest.raises(
        LstmkitError, match=r"^weight_hh of the LSTM's layer 2 holds NaN or infinity: train the"
    ):
        measure(Reads(lstm))


def test_weights_in_bfloat16_are_read_exactly():
    lstm = lstm_of().to(torch.bfloat16)
    expected = lstm.weight_ih_l0.detach().double().numpy()
    np.testing.assert_array_equal(np.concatenate(read_weights(lstm)[0].read), expected)


def by_hand(weights: list[list[list[float]]]) -> nn.LSTM:
    """An LSTM with given input weights, indexed by gate, unit and input."""
    values = torch.tensor(weights, dtype=torch.float64)
    lstm = nn.LSTM(values.shape[2], values.shape[1], batch_first=True).double()
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(values.flatten(0, 1))
    return lstm


# gates i, f, g, o; two units; inputs a, b, c, of which c is never read
HAND = by_hand(
    [
        [[3, 0, 0], [0, 1, 0]],
        [[1, 1, 0], [1, 1, 0]],
        [[-2, 0, 0], [0, 2, 0]],
        [[0, 4, 0], [0, 3, 0]],
    ]
)


def test_shares_of_the_squared_weights_by_hand():
    result = input_weights(Reads(HAND), ("a", "b", "c"), 0)
    np.testing.assert_allclose(result.share, [[90, 10, 0], [50, 50, 0], [50, 50, 0], [0, 100, 0]])
    np.testing.assert_allclose(result.total_share, 100 * np.array([15, 32, 0]) / 47)
    # unit 0 has 14 on a and 17 on b, unit 1 has 1 on a and 15 on b
    assert result.focus == pytest.approx(100 * (17 / 31 + 15 / 16) / 2)
    assert result.holding_half == 1
    assert result.inputs == ("a", "b", "c")
    frame = result.to_frame()
    assert list(frame.index) == ["b", "a", "c"]
    assert list(frame.columns) == [*GATES, "all gates"]
    assert result.facts() == {
        "leading_input": "b",
        "leading_input_share_percent": pytest.approx(100 * 32 / 47),
    }


def test_finding_names_leaders_gates_that_differ_and_inputs_that_are_not_read():
    finding = input_weights_finding(input_weights(Reads(HAND), ("a", "b", "c"), 0))
    assert finding.startswith(
        "Of the squared weights the largest shares fall on b (68.1 %), a (31.9 %), c (0 %); an even split would be "
        "33.3 % each, and 1 input holds half. Unlike the others, the input gate i weighs a more than b. A unit's "
        "strongest input holds 74 % of its squared weights in the mean, "
    )
    assert finding.endswith("No weight at all falls on c.")


def leading_gates(*leaders: int) -> str:
    """The finding about an LSTM of one unit whose gates weigh one of four inputs each, `d` leading over all."""
    gates = 9.0 * np.eye(4)[list(leaders)]
    gates[:, 3] = 8.0  # less than any gate's own, in sum more than any
    return input_weights_finding(input_weights(Reads(by_hand(gates[:, None].tolist())), tuple("abcd"), 0))


def test_gates_that_differ_are_listed():
    two, three = leading_gates(0, 1, 3, 3), leading_gates(0, 1, 3, 2)
    assert (
        "Unlike the others, the input gate i weighs a more and the forget gate f weighs b more than d. "
        in two
    )
    assert (
        "Unlike the others, the input gate i weighs a more, the forget gate f weighs b more and the output gate o "
        "weighs c more than d. "
    ) in three


def test_four_gates_that_differ_are_unlike_no_others():
    finding = leading_gates(0, 1, 2, 0)
    assert finding.startswith("Of the squared weights the largest shares fall on d (")
    assert (
        ". The input gate i weighs a more, the forget gate f weighs b more, the candidate g weighs c more and the "
        "output gate o weighs a more than d. "
    ) in finding


def test_a_single_input_holds_a_hundred_percent():
    finding = input_weights_finding(input_weights(Reads(by_hand([[[1.0]]] * 4)), ("a",), 0))
    assert finding.startswith(
        "Of the squared weights the largest shares fall on a (100 %); an even split would be 100 % each"
    )


def test_units_are_sorted_by_their_strongest_input_and_its_weight_in_the_candidate():
    candidate = [[0, 5, 0], [0.1, 0, 0], [0, -5, 0], [-0.2, 0, 0], [0, 0, 1]]
    other = [[0, 1, 0], [9, 0, 0], [0, 1, 0], [-9, 0, 0], [0, 0, 2]]
    result = input_weights(Reads(by_hand([other, other, candidate, other])), ("a", "b", "c"), 0)
    assert result.units.tolist() == [3, 1, 2, 0, 4]
    np.testing.assert_array_equal(result.weights[2], np.array(candidate)[[3, 1, 2, 0, 4]])
    np.testing.assert_array_equal(result.weights[0], np.array(other)[[3, 1, 2, 0, 4]])


def test_each_direction_is_sorted_by_itself_and_later_layers_are_left_out():
    lstm = lstm_of(num_layers=11, bidirectional=True)  # "layer 11" is not "layer 1"
    result = input_weights(Reads(lstm), ("a", "b", "c"), 0)
    assert result.weights.shape == (4, 8, 3)
    assert result.per_direction == 4
    assert sorted(result.units[:4]) == sorted(result.units[4:]) == [0, 1, 2, 3]
    backward = lstm.weight_ih_l0_reverse.detach().numpy().reshape(4, 4, 3)
    np.testing.assert_array_equal(result.weights[:, 4:], backward[:, result.units[4:]])


def test_inputs_are_called_what_they_are():
    features = (feature_label("co2_lag_24h"), feature_label("hour_sin"))
    assert input_weights(LSTMForecaster(2, 3, hidden=4), features, 0).inputs == ("CO₂ lag 24 h", "hour sin")
    convolved = CNNLSTMForecaster(2, 3, channels=(3, 2), hidden=4)  # as many channels as features
    assert input_weights(convolved, features, 0).inputs == ("channel 0", "channel 1")
    assert input_weights(Reads(lstm_of(3)), features, 0).inputs == ("input 0", "input 1", "input 2")


def test_units_of_one_input_each_are_focused_and_random_ones_are_not():
    eye = np.eye(6).tolist()
    result = input_weights(Reads(by_hand([eye] * 4)), tuple("abcdef"), 0)
    assert result.focus == 100
    # the largest of six sums of four squares of uniform numbers, by an independent simulation
    squares = (np.random.default_rng(9).uniform(-1, 1, (4, 100_000, 6)) ** 2).sum(axis=0)
    expected = 100 * (squares.max(axis=1) / squares.sum(axis=1)).mean()
    assert result.initial_focus == pytest.approx(expected, abs=1.5)  # 120 random units
    assert result.holding_half == 3


def test_an_lstm_that_reads_nothing_says_so():
    result = input_weights(Reads(by_hand(np.zeros((4, 3, 2)).tolist())), ("a", "b"), 0)
    assert input_weights_finding(result) == "All input weights are zero: the LSTM does not read its inputs."
    assert result.focus == 0
    assert result.limit == 1
    assert not np.isnan(result.share).any()


def test_biases_are_sums_and_tell_what_the_forget_gate_keeps():
    lstm = lstm_of(num_layers=2)
    with torch.no_grad():
        for name in ("bias_ih_l0", "bias_hh_l0", "bias_ih_l1", "bias_hh_l1"):
            getattr(lstm, name).zero_()
        lstm.bias_ih_l0[4:8] = torch.tensor([0.0, 1.0, 0.0, 1.0])
        lstm.bias_hh_l0[4:8] = torch.tensor([0.0, 1.0, 0.0, 1.0])
        lstm.bias_ih_l0[8:12] = 1.0
    result = biases(Reads(lstm))
    kept = (0.5 + expit(2)) / 2
    frame = result.to_frame().loc["layer 1"]
    assert frame["mean bias"].tolist() == [0, 1, 1, 0]
    assert frame["standard deviation"].tolist() == [0, 1, 0, 0]
    np.testing.assert_allclose(frame["value at zero input"], [0.5, kept, np.tanh(1), 0.5])
    assert result.facts() == {"forget_bias": 0.5, "kept_by_bias": pytest.approx((kept + 0.5) / 2)}
    assert biases_finding(result).startswith(
        "Mean bias of the forget gates: layer 1 +1.00 (from 0.00 to +2.00), which keeps 69 % of the cell state per "
        "step; layer 2 0.00 (from 0.00 to 0.00), which keeps 50 % of the cell state per step."
        " PyTorch starts it around zero, where half is kept."
    )


def feedback(loops: list[np.ndarray]) -> Reads:
    """An LSTM whose recurrent weights are given, gate by gate."""
    lstm = nn.LSTM(1, len(loops[0]), batch_first=True).double()
    with torch.no_grad():
        lstm.weight_hh_l0.copy_(torch.from_numpy(np.concatenate(loops)))
    return Reads(lstm)


def test_self_connections_radius_and_norm_of_matrices_that_are_known():
    turn = np.array([[0.0, -2.0], [2.0, 0.0]])  # a rotation, twice as long
    shear = np.array([[0.5, 3.0], [0.0, 0.5]])  # norm far above the radius
    result = recurrent_weights(feedback([np.diag([1.0, 3.0]), turn, shear, np.ones((2, 2))]), 0)
    table = result.table.loc["layer 1"]
    assert list(table.index) == list(GATES)
    np.testing.assert_allclose(table["self mean"], [2, 0, 0.5, 1], atol=1e-12)
    np.testing.assert_allclose(table["self error"], [1, 0, 0, 0], atol=1e-12)  # √2 / √2
    np.testing.assert_allclose(table["self rms"], [np.sqrt(5), 0, 0.5, 1])
    np.testing.assert_allclose(table["other rms"], [0, 2, 3 / np.sqrt(2), 1], atol=1e-12)
    np.testing.assert_allclose(table["radius"], [3, 2, 0.5, 2], rtol=1e-6)
    longest = np.sqrt(
        (9.5 + np.sqrt(9.5**2 - 4 * 0.5**4)) / 2
    )  # trace 9.5 and determinant 1/16 of shearᵀ shear
    np.testing.assert_allclose(table["norm"], [3, 2, longest, 2])


def test_a_projected_state_feeds_back_through_its_projection():
    lstm = lstm_of(hidden_size=5, proj_size=2)
    result = recurrent_weights(Reads(lstm), 0)
    product = (lstm.weight_hh_l0 @ lstm.weight_hr_l0).detach().numpy().reshape(4, 5, 5)
    order = result.units[0]
    np.testing.assert_allclose(result.weights[0], product[:, order][:, :, order])
    np.testing.assert_allclose(
        result.table["radius"], [np.abs(np.linalg.eigvals(gate)).max() for gate in product], rtol=1e-9
    )
    plain = recurrent_weights(Reads(lstm_of(hidden_size=5)), 0)
    assert result.table["initial norm"].iloc[0] < plain.table["initial norm"].iloc[0]


def test_the_order_puts_units_together_that_are_connected_alike():
    random = np.random.default_rng(3)
    group = random.permutation(np.repeat([0, 1, 2], 8))
    pattern = random.normal(size=(4, 3, 3))
    loops = [gate[group][:, group] + 0.1 * random.normal(size=(24, 24)) for gate in pattern]
    sorted_groups = group[recurrent_weights(feedback(loops), 0).units[0]]
    assert (np.diff(sorted_groups) != 0).sum() == 2  # three blocks


def test_the_numbers_do_not_depend_on_how_units_are_numbered():
    random = np.random.default_rng(4)
    loops, mixed = list(random.normal(size=(4, 9, 9))), random.permutation(9)
    one = recurrent_weights(feedback(loops), 0)
    other = recurrent_weights(feedback([gate[mixed][:, mixed] for gate in loops]), 0)
    np.testing.assert_allclose(one.table, other.table, rtol=1e-9)


def test_random_weights_are_what_training_starts_from():
    torch.manual_seed(11)
    fresh = recurrent_weights(nn.LSTM(2, 96), 0).table
    # the circular law: uniform weights of variance 1 / (3 H) have a radius near 1/√3 and a norm near 2/√3
    assert fresh["initial radius"].iloc[0] == pytest.approx(3**-0.5, rel=0.1)
    assert fresh["initial norm"].iloc[0] == pytest.approx(2 * 3**-0.5, rel=0.05)
    np.testing.assert_allclose(fresh["norm"], fresh["initial norm"], rtol=0.1)
    np.testing.assert_allclose(fresh["radius"], fresh["initial radius"], rtol=0.15)


def test_random_weights_are_seeded():
    first, again, other = (recurrent_weights(lstm_of(), seed).table["initial norm"] for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_finding_of_feedback_names_what_is_clear():
    alone = np.diag([0.5, 0.5, 0.5, 0.6])
    quiet = np.diag([0.1, -0.1, 0.1, -0.1])
    finding = recurrent_weights_finding(recurrent_weights(feedback([quiet, alone, quiet, quiet]), 0))
    assert finding.startswith(
        "Layer 1 feeds back most through the forget gate f: spectral norm 0.60 and radius 0.60, "
    )
    assert finding.endswith(
        "Self-connections average +0.525 ± 0.025 in the forget gate f; in the other gates zero is within three "
        "standard errors."
    )
    unclear = recurrent_weights_finding(recurrent_weights(feedback([quiet] * 4), 0))
    assert unclear.endswith("In no gate does the mean self-connection lie three standard errors from zero.")


def test_one_unit_and_no_feedback_at_all():
    single = recurrent_weights(feedback([np.array([[0.5]])] * 4), 0)
    assert single.units[0].tolist() == [0]
    assert recurrent_weights_finding(single).endswith("Of a single unit there is no mean self-connection.")
    none = recurrent_weights(feedback([np.zeros((3, 3))] * 4), 0)
    said = "Layer 1 has no recurrent weights but zeros: it forgets its state at once."
    assert recurrent_weights_finding(none) == said
    assert sorted(none.units[0]) == [0, 1, 2]
    assert none.limit == 1


def test_facts_are_of_the_first_and_the_last_layer():
    result = recurrent_weights(Reads(lstm_of(num_layers=3)), 0)
    radius = [result.table.loc[(f"layer {k}", "candidate g"), "radius"] for k in (1, 3)]
    assert list(result.facts().values()) == radius


def test_the_model_stays_as_it_was():
    model = stirred(CNNLSTMForecaster(2, 3, hidden=4))
    before = state_of(model)
    input_weights(model, ("a", "b"), 0)
    recurrent_weights(model, 0)
    biases(model)
    assert state_of(model) == before
