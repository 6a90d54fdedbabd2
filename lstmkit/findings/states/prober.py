"""Words about what a linear probe reads."""

import numpy as np

from lstmkit.analysis.states.prober import Probe
from lstmkit.wording import plain

MOST_DECIMALS = 3


def error_words(probe: Probe) -> str:
    """The error with two digits and its unit.

    Args:
        probe: whose.
    """
    decimals = 1 - int(np.floor(np.log10(probe.error))) if probe.error else 0
    return f"{probe.error:,.{min(max(decimals, 0), MOST_DECIMALS)}f} {probe.unit}"


def probe_words(probe: Probe) -> str:
    """The concept, with the probe's error and score.

    Args:
        probe: whose.
    """
    if probe.measure == "R²":
        score = plain(probe.score, 3 if probe.score > 0.99 else 2)
        return f"{probe.concept} to within {error_words(probe)} (R² {score})"
    wrong = f"{error_words(probe)} of each misjudged" if probe.error else "none misjudged"
    return f"{probe.concept} with {wrong} (by chance {probe.constant_error:.0f} %)"
