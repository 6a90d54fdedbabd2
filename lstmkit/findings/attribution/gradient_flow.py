"""What becomes of the gradient on its way back through a convolutional model, in words."""

from lstmkit.analysis.attribution.gradient_flow import GradientFlow

NO_STAGES = "This model reads its inputs directly: no stage lies between them and the LSTM."


def stage_gradients_caption(flow: GradientFlow) -> str:
    """What was averaged.

    Args:
        flow: of a convolutional model.
    """
    return f"Mean gradient magnitude at each stage over {flow.n_windows} test windows, each on its own scale."


def flow_ratio_caption(flow: GradientFlow) -> str:
    """What was compared.

    Args:
        flow: of a convolutional model.
    """
    return (
        f"Mean norm of the gradient at each stage over {flow.n_windows} test windows, and ratio of neighbouring "
        "means; whiskers are standard errors."
    )


def gradient_flow_finding(flow: GradientFlow) -> str:
    """What becomes of the gradient on its way back.

    Args:
        flow: of a convolutional model.
    """
    if not flow.norm.any():
        return "No gradient reaches any stage: the forecast does not depend on the inputs."
    dead = "; ".join(
        f"{n} of {len(channels)} channels of the {stage} carry no gradient"
        for n, channels, stage in zip(flow.silent_channels, flow.magnitude, flow.stages[1:], strict=True)
        if n
    )
    steps = list(zip(flow.stages[:-1], flow.stages[1:], flow.ratio, flow.ratio_error, strict=True))[::-1]
    ways = ", ".join(f"{ratio:.2f} ± {error:.2f} from {b} to {a}" for a, b, ratio, error in steps)
    return (
        f"On its way back the gradient's mean norm is multiplied by {ways}; at the input it is "
        f"{flow.arriving_percent:.0f} % of what it was at the {flow.stages[-1]}. "
        + (f"{dead[0].upper()}{dead[1:]}." if dead else "Every channel of every stage carries some gradient.")
    )
