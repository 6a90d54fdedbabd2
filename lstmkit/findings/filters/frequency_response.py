"""What the filters do with slow and fast changes, in sentences."""

from lstmkit.analysis.filters.frequency_response import KINDS, FrequencyResponse
from lstmkit.wording import count, feature_label


def response_caption(response: FrequencyResponse) -> str:
    """What is drawn.

    Args:
        response: of the first layer.
    """
    return (
        f"Left: gain of each filter of {response.layer} for the feature that it weighs most, relative to the filter's "
        f"largest, by period; no period below {response.calendar.duration(response.nyquist)}, two steps, is resolved "
        f"(Nyquist). Right: what the filters do with each feature, and what random taps would do."
    )


def response_finding(response: FrequencyResponse) -> str:
    """How many filters smooth and how many differentiate, beside what random taps would do.

    Args:
        response: of the first layer.
    """
    kind, random = response.kind, response.random
    others = [
        f"{kind.count(name)} {'is' if kind.count(name) == 1 else 'are'} {name}"
        for name in KINDS
        if name in kind and name not in ("low-pass", "high-pass")
    ]
    return (
        f"Of the {count(len(kind), 'filter')} of {response.layer}, each held against the feature that it weighs "
        f"most, {count(kind.count('low-pass'), 'smooths', 'smooth')} it (low-pass) and "
        f"{count(kind.count('high-pass'), 'differentiates', 'differentiate')} it (high-pass)"
        f"{''.join(f'; {part}' for part in others)}. Of all pairs of filter and feature, "
        f"{response.percent['low-pass']:.0f} % smooth and {response.percent['high-pass']:.0f} % differentiate; random "
        f"taps would give {random.get('low-pass', 0.0):.0f} % and {random.get('high-pass', 0.0):.0f} %. Filters that "
        f"smooth {feature_label(response.kinds.columns[0])}: {response.of_target['low-pass']}; that differentiate it: "
        f"{response.of_target['high-pass']}."
    )
