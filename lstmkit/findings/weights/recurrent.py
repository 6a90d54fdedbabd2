"""How the units of an LSTM feed back, in sentences."""

from lstmkit.analysis.weights.recurrent import RecurrentWeights
from lstmkit.findings.lstms import layer_words
from lstmkit.wording import signed


def recurrent_weights_caption(weights: RecurrentWeights) -> str:
    """What is drawn, and in which order.

    Args:
        weights: of every layer.
    """
    return (
        f"Weights from the state of each unit (columns) to each gate of each unit (rows). Units are sorted so that "
        f"neighbours are connected alike, in the same order along both sides, so the diagonal holds the "
        f"self-connections. Colours end at ±{weights.limit:.2f}."
    )


def recurrent_weights_finding(weights: RecurrentWeights) -> str:
    """Where the recurrence is strong, and whether units feed back on themselves.

    Args:
        weights: of every layer.
    """
    return " ".join(_sentence(weights, layer) for layer in weights.layers)


def _sentence(weights: RecurrentWeights, layer: str) -> str:
    words = layer_words(layer)
    name, gate = f"{words[0].upper()}{words[1:]}", weights.strongest_gate(layer)
    if gate is None:
        return f"{name} has no recurrent weights but zeros: it forgets its state at once."
    strongest = weights.table.loc[layer].loc[gate]
    return (
        f"{name} feeds back most through the {gate}: spectral norm {strongest['norm']:.2f} and radius "
        f"{strongest['radius']:.2f}, where random weights have {strongest['initial norm']:.2f} and "
        f"{strongest['initial radius']:.2f}. {_self_connections(weights, layer)}"
    )


def _self_connections(weights: RecurrentWeights, layer: str) -> str:
    table, clear = weights.table.loc[layer], weights.clear_self_connections(layer)
    if table["self error"].isna().any():
        return "Of a single unit there is no mean self-connection."
    if clear.empty:
        return "In no gate does the mean self-connection lie three standard errors from zero."
    means = ", ".join(
        f"{signed(row['self mean'], 3)} ± {row['self error']:.3f} in the {gate}"
        for gate, row in clear.iterrows()
    )
    rest = "; in the other gates zero is within three standard errors" if len(clear) < len(table) else ""
    return f"Self-connections average {means}{rest}."
