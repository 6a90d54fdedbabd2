"""Sentences about how many directions two representations fill."""

from lstmkit.analysis.states.compactness import VarianceComparison
from lstmkit.wording import count


def variance_comparison_finding(comparison: VarianceComparison) -> str:
    """Which of the two is the more compact.

    Args:
        comparison: of two representations.
    """
    if same := [f"the {name}" for name in comparison.constant]:
        which = f"{' and '.join(same)} {'is' if len(same) == 1 else 'are'}"
        return f"{which[0].upper()}{which[1:]} the same for every window, so there is nothing to compare."
    parts = [
        f"{count(n, 'component')} hold{'s' if n == 1 else ''} nine tenths of the variance of the {name} "
        f"({units:,} numbers per window, participation ratio {ratio:.1f})"
        for n, name, units, ratio in zip(
            comparison.components, comparison.names, comparison.n_units, comparison.participation, strict=True
        )
    ]
    verdict = f"the {comparison.more_compact} is the more compact"
    if comparison.more_compact is None:
        verdict = "neither is the more compact"
    return (
        f"{parts[0]}, {parts[1]}: {verdict}. Both are counted on the same {comparison.n_windows:,} windows."
    )
