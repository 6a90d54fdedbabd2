"""Whether different methods of attribution see the same, in words."""

from lstmkit.analysis.attribution.agreement import LEAST, Agreement
from lstmkit.wording import feature_label, plain


def agreement_caption(agreement: Agreement) -> str:
    """What is drawn.

    Args:
        agreement: of several methods.
    """
    return (
        f"Left, Spearman correlation of the maps of all methods, and below it the number of cells that it is of: "
        f"those of {agreement.n_cells:,} that reach {100 * LEAST:.0f} % of the largest in at least one of the two "
        f"maps. Right, the share that each method gives to each feature."
    )


def agreement_finding(agreement: Agreement) -> str:
    """Which methods agree least, and whether they name the same feature.

    Args:
        agreement: of several methods.
    """
    if not (pairs := agreement.pairs):
        return "Fewer than two methods tell inputs apart, so there is nothing to compare."
    fewest, most = agreement.cells_of_pairs
    cells = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    where = (
        f"{_leaders(agreement)}. Over the {cells} of {agreement.n_cells:,} cells that reach {100 * LEAST:.0f} % of the "
        f"largest in"
    )
    chance = f"shuffled cells give {plain(agreement.chance_correlation)}"
    uncounted = "".join(
        f" {method} does not add up here and is not counted." for method in agreement.incomplete
    )
    one, other = agreement.least_alike
    lowest = plain(pairs[one, other])
    if len(pairs) == 1:
        return f"{where} at least one of their maps, the rank correlation is {lowest} ({chance}).{uncounted}"
    return (
        f"{where} at least one of two maps, the rank correlation is {plain(agreement.median_correlation)} in the "
        f"median over pairs of methods ({chance}), lowest between {one} and {other} ({lowest}).{uncounted}"
    )


def _leaders(agreement: Agreement) -> str:
    leaders, leader = agreement.leaders, agreement.leader
    others = [f"{method} ({feature_label(name)})" for method, name in leaders.items() if name != leader]
    if others:
        share = f"{len(leaders) - len(others)} of {len(leaders)}"
        return f"{share} methods rank {feature_label(leader)} first; not so {', '.join(others)}"
    every = "Both" if len(leaders) == 2 else f"All {len(leaders)}"
    return f"{every} methods rank {feature_label(leader)} first"
