"""What a caption says where an estimate rests on too few days."""

from lstmkit.analysis.resampling.statistics import FEWEST_DAYS


def too_few(n_days: int) -> str:
    """A sentence for the caption of what rests on too few days, led by a blank; nothing where they are enough.

    Args:
        n_days: that were resampled.
    """
    return f" {n_days} days are too few to rely on this uncertainty." if n_days < FEWEST_DAYS else ""
