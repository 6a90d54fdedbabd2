"""The path of a hidden state over one window in words."""

from lstmkit.analysis.states.one_path import OnePath
from lstmkit.wording import count


def one_path_caption(path: OnePath) -> str:
    """What is drawn, over which states.

    Args:
        path: over one window.
    """
    return (
        f"Hidden state of {path.geometry.representation.name} after each of {count(len(path.points), 'step')} of the "
        f"window of {path.geometry.representation.calendar.duration(path.lookback_hours)}; grey, the final states of "
        f"{count(len(path.geometry.representation), 'test window')}."
    )
