"""What a caption says where an estimate rests on too few days, or steps that are longer."""

from lstmkit.analysis.resampling.statistics import FEWEST_DAYS


def too_few(n_days: int, block: str = "day") -> str:
    """A sentence for the caption of what rests on too few blocks, led by a blank; nothing where they are enough.

    Args:
        n_days: that were resampled.
        block: what they are, `day` or a longer step.
    """
    return f" {n_days} {block}s are too few to rely on this uncertainty." if n_days < FEWEST_DAYS else ""
