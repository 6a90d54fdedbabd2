"""Sentences about the path of a hidden state through its space."""

from lstmkit.analysis.states.trajectories import NoPathError, Trajectories
from lstmkit.wording import count, sentence_case


def no_path_finding(reason: NoPathError) -> str:
    """Why there are no trajectories.

    Args:
        reason: as the trajectories were asked for.
    """
    return f"{sentence_case(str(reason))}."


def trajectories_finding(trajectories: Trajectories) -> str:
    """When the paths reach their ends, and how much of the window they need.

    Args:
        trajectories: of the last layer.
    """
    if not trajectories.geometry.shares.any():
        return "Every window ends in the same state: all paths lead to one point."
    calendar, speed, per = trajectories.calendar, trajectories.speed[1], "hour"
    if not calendar.is_within_days:
        speed, per = speed * trajectories.step_hours, "step"
    needed, most = "No shorter history that was tried leads as near", ""
    if trajectories.needed_hours is not None:
        needed = (
            f"Reading no more than the newest {calendar.duration(trajectories.needed_hours)} leads as near"
        )
        most = f"; nine in ten need more than the {calendar.duration(trajectories.read_hours[-1])} that were tried"
    if trajectories.needed_by_most is not None:
        most = f"; nine in ten need {calendar.duration(trajectories.needed_by_most)}"
    return (
        f"{_settling(trajectories)}; it moves {speed:.2g} spreads per {per}. {needed} to where the whole "
        f"{calendar.duration(trajectories.lookback_hours)} lead, in the median of "
        f"{count(trajectories.n_followed, 'window')}{most}."
    )


def _settling(trajectories: Trajectories) -> str:
    early, median, late = (trajectories.calendar.duration(hours) for hours in trajectories.settled_hours)
    if not trajectories.settled_hours[1]:
        return (
            "The median path comes within a quarter of the cloud's spread of its end only with its last step"
        )
    return (
        f"The median path comes within a quarter of the cloud's spread of its end {median} before the forecast "
        f"and stays there (half of the paths between {early} and {late})"
    )
