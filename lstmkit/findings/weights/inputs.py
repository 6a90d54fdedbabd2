"""What the gates of an LSTM read, and where they stand on their own, in sentences."""

from lstmkit.analysis.weights.biases import Biases
from lstmkit.analysis.weights.inputs import InputWeights
from lstmkit.analysis.weights.layers import GATES
from lstmkit.findings.lstms import layer_words
from lstmkit.wording import count, digits, signed


def input_weights_caption(*weights: InputWeights) -> str:
    """What is drawn, and in which order.

    Args:
        *weights: of the first layer of each LSTM.
    """
    drawn = "; ".join(_drawn(each) for each in weights)
    limits = " and ".join(f"±{each.limit:.2f}" for each in weights)
    return (
        f"Left, {drawn}, gate by gate; a unit has the same column in every gate. Units "
        "are sorted by the input that they weigh most over all gates, then by its weight in the candidate. Colours end "
        f"at {limits}. Right, the share of each input of the gate's squared weights."
    )


def _drawn(weights: InputWeights) -> str:
    layer = f"layer 1 of {weights.lstm}" if weights.lstm else "layer 1"
    inputs, units = count(len(weights.inputs), "input"), count(len(weights.units), "unit")
    return f"the weights of {inputs} to the {units} of {layer}"


def input_weights_finding(*weights: InputWeights) -> str:
    """Which inputs hold most of the weight, and whether units specialise.

    Args:
        *weights: of the first layer of each LSTM.
    """
    return " ".join(f"{each.lstm}: {_read(each)}" if each.lstm else _read(each) for each in weights)


def _read(weights: InputWeights) -> str:
    total = weights.to_frame()["all gates"]
    if not total.any():
        return "All input weights are zero: the LSTM does not read its inputs."
    largest = ", ".join(f"{name} ({digits(share)} %)" for name, share in total.iloc[:3].items())
    unread = f" No weight at all falls on {', '.join(weights.unread)}." if weights.unread else ""
    return (
        f"Of the squared weights the largest shares fall on {largest}; an even split would be "
        f"{digits(100 / len(total))} % each, and {count(weights.holding_half, 'input holds', 'inputs hold')} half. "
        f"{_other_leaders(weights, str(total.index[0]))} A unit's strongest input holds {weights.focus:.0f} % of its "
        f"squared weights in the mean, where random weights give {weights.initial_focus:.0f} %.{unread}"
    )


def _other_leaders(weights: InputWeights, first: str) -> str:
    """Which gates clearly weigh another input more than the one that leads over all gates."""
    apart = [f"the {gate} weighs {leader} more" for gate, leader in weights.other_leaders.items()]
    if not apart:
        return f"No gate clearly weighs another input than {first} more."
    *others, last = apart
    listed = f"{', '.join(others)} and {last}" if others else last
    listed = listed[0].upper() + listed[1:] if len(apart) == len(GATES) else f"Unlike the others, {listed}"
    return f"{listed} than {first}."


def biases_finding(biases: Biases) -> str:
    """How long the forget gate's bias alone lets a unit remember.

    Args:
        biases: of every layer.
    """
    forget = biases.to_frame().xs(GATES[1], level="gate")
    layers = [
        f"{layer_words(str(layer))} {signed(row['mean bias'], 2)} (from {signed(row['smallest'], 2)} to "
        f"{signed(row['largest'], 2)}), which keeps {100 * row['value at zero input']:.0f} % of the cell state per step"
        for layer, row in forget.iterrows()
    ]
    return (
        f"Mean bias of the forget gates: {'; '.join(layers)}. PyTorch starts it around zero, where half is kept. "
        "What is kept beyond that has to come from the inputs and the states."
    )
