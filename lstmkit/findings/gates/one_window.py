"""The gates of one window in words."""

from lstmkit.analysis.gates.one_window import OneWindowGates
from lstmkit.findings.lstms import layer_words
from lstmkit.wording import count


def one_window_gates_caption(gates: OneWindowGates) -> str:
    """What is drawn, in which order.

    Args:
        gates: of one layer and direction.
    """
    _, n_steps, n_units = gates.values.shape
    reads = "from the last step to the first" if gates.backward else "from the first step to the last"
    return (
        f"Gates of {count(n_units, 'unit')} of {layer_words(gates.name)} at {count(n_steps, 'step')}, which it reads "
        f"{reads}; the units whose forget gate keeps most in this window are on top."
    )
