"""What the filters do in one window, in sentences."""

from lstmkit.analysis.filters.activation_map import FOLLOWS, ActivationMap, Example
from lstmkit.wording import count, digits, feature_label, listed, plural


def example_finding(example: Example) -> str:
    """Which window it is, and why this one.

    Args:
        example: the window.
    """
    origin = f"{example.origin:%d %B %Y at %H:%M}"
    if not example.window.calendar.is_within_days:
        origin = origin_named(example)
    return (
        f"The window that ends on {origin}, at {digits(example.latest)} {example.unit} "
        f"({example.group}): {example_rule(example)}."
    )


def origin_named(example: Example) -> str:
    """When the window ends.

    Args:
        example: the window.
    """
    calendar = example.window.calendar
    return (
        f"{example.origin:%d %B %Y, %H:%M}" if calendar.is_within_days else calendar.date_name(example.origin)
    )


def example_rule(example: Example) -> str:
    """By which rule the window was chosen.

    Args:
        example: the window.
    """
    noun = example.noun if len(example.typical) == 1 else plural(example.noun)
    preferred = f"the {noun} {listed(example.typical)}"
    among = f"those in {preferred}" if example.is_typical else f"all, for none is in {preferred}"
    return f"of {example.n_windows:,} test windows, the one whose mean activations lie nearest the median of {among}"


def activation_caption(activations: ActivationMap) -> str:
    """What is shown.

    Args:
        activations: of one layer.
    """
    example = activations.example
    return (
        f"Activations of {activations.layer} in the window before {origin_named(example)}, "
        f"{digits(example.latest)} {example.unit}; filters ordered by their correlation with "
        f"{feature_label(example.name)}, silent ones last."
    )


def activation_finding(activations: ActivationMap) -> str:
    """How many filters rise and fall with the target, and how many are silent.

    Args:
        activations: of one layer.
    """
    n_filters, silent = len(activations.activation), int(activations.silent.sum())
    target = feature_label(activations.example.name)
    if not activations.example.varies:
        how = "is constant" if activations.example.is_measured else "is hardly measured"
        return (
            f"{target} {how} in this window: nothing follows it, and {silent} of {count(n_filters, 'filter')} "
            f"{'is' if silent == 1 else 'are'} silent."
        )
    rise, fall = int(activations.rising.sum()), int(activations.falling.sum())
    neither = n_filters - rise - fall - silent
    return (
        f"Of the {count(n_filters, 'filter')} of {activations.layer}, {count(rise, 'rises', 'rise')} and "
        f"{count(fall, 'falls', 'fall')} with {target} in this window (correlation beyond ±{FOLLOWS}), "
        f"{count(neither, 'does', 'do')} neither, and {count(silent, 'stays', 'stay')} silent throughout."
    )
