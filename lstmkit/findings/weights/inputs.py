"""What the gates of an LSTM read, and where they stand on their own, in sentences."""

from lstmkit.analysis.weights.inputs import GATES, Biases, InputWeights
from lstmkit.wording import count, digits, signed


def input_weights_caption(weights: InputWeights) -> str:
    """What is drawn, and in which order.

    Args:
        weights: of the first layer.
    """
    return (
        f"Left, the weights of {len(weights.inputs)} inputs to the {len(weights.units)} units of layer 1, gate by "
        f"gate; a unit has the same column in every gate. Units are sorted by the input that they weigh most over all "
        f"gates, then by its weight in the candidate. Colours end at ±{weights.limit:.2f}. Right, the share of each "
        f"input of the gate's squared weights."
    )


def input_weights_finding(weights: InputWeights) -> str:
    """Which inputs hold most of the weight, and whether units specialise.

    Args:
        weights: of the first layer.
    """
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
        f"{layer} {signed(row['mean bias'], 2)} (from {signed(row['smallest'], 2)} to {signed(row['largest'], 2)}), "
        f"which keeps {100 * row['value at zero input']:.0f} % of the cell state per step"
        for layer, row in forget.iterrows()
    ]
    return (
        f"Mean bias of the forget gates: {'; '.join(layers)}. PyTorch starts it around zero, where half is kept. "
        "What is kept beyond that has to come from the inputs and the states."
    )
