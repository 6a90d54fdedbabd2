"""What is known of the moment at which a window ends, as a list in a sentence."""

from collections.abc import Sequence

from lstmkit.wording import listed

SHORT = {"hour of day": "hour", "day of week": "day of the week", "time of year": "time of the year"}


def known_listed(names: Sequence[str]) -> str:
    """What is known of a moment: `regime, hour and weekend`, or what there is of these.

    Args:
        names: the noun of the groups, the clock and the weekend, as far as there are such.
    """
    return listed([SHORT.get(name, name) for name in names])
