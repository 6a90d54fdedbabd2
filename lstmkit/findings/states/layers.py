"""Sentences about the layers of a stacked LSTM."""

from lstmkit.analysis.states.layers import LayerComparison
from lstmkit.findings.known import known_listed


def layer_comparison_finding(comparison: LayerComparison) -> str:
    """What changes from the first layer to the last.

    Args:
        comparison: of the layers of one LSTM.
    """
    first, last = comparison.layers[0], comparison.layers[-1]
    if comparison.alignment is None:
        still = comparison.constant or last
        return f"{still.representation.name} ends in the same state after every window: nothing to compare."
    known = known_listed([last.called(name) for name in last.known])
    account = "account" if len(last.known) > 1 else "accounts"
    inputs, outputs = comparison.change(last.together), comparison.change("correction")
    return (
        f"From {first.representation.name} to {last.representation.name} the effective number of dimensions goes "
        f"from {first.effective_dimension:.1f} to {last.effective_dimension:.1f}, the share of the variance that "
        f"{known} {account} for from {inputs[0]:.0f} to {inputs[1]:.0f} %, and that of the "
        f"correction from {outputs[0]:.0f} to {outputs[1]:.0f} %. {_direction(inputs, outputs)} Linear CKA of the "
        f"two: {comparison.alignment:.2f} (1 is the same up to a rotation)."
    )


def _direction(inputs: tuple[float, float], outputs: tuple[float, float]) -> str:
    less_input, more_output = round(inputs[1]) < round(inputs[0]), round(outputs[1]) > round(outputs[0])
    if less_input and more_output:
        return "The last layer lies further from what the moment shows, and nearer to the forecast."
    if more_output:
        return "The last layer lies nearer to the forecast, and no further from what the moment shows."
    return "The last layer lies no nearer to the forecast than the first."
