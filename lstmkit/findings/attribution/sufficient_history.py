"""How much history a forecast needs, in words."""

from lstmkit.analysis.attribution.sufficient_history import SufficientHistory
from lstmkit.data.calendar import Calendar
from lstmkit.findings.resampling.days import too_few
from lstmkit.wording import count, digits, percent


def sufficient_history_caption(history: SufficientHistory) -> str:
    """What was replaced by what.

    Args:
        history: that the forecast needs.
    """
    donors = "at any time, more than a lookback apart"
    if history.same_time:
        donors = f"{_same_point(history.calendar)}, so that the clock among the inputs stays true"
    if 0 < history.same_time < 1:
        other = (
            "at another day or time" if history.calendar.is_within_days else "at another point of the year"
        )
        donors += f" ({percent(history.same_time)} of them; the others {other})"
    block = history.calendar.block
    return (
        f"{history.n_windows:,} test windows of {count(history.n_days, block)}: the newest inputs are kept, and "
        f"everything older is the past of another test window, {donors}.{too_few(history.n_days, block)}"
    )


def _same_point(calendar: Calendar) -> str:
    """Where the other past comes from, if the clock is among the inputs."""
    if calendar.is_within_days:
        return "at the same time of another week"
    if calendar.resolves("week"):
        return "on the same weekday of the same month"
    return f"in the same {calendar.position_kind} of another year"


def sufficient_history_finding(history: SufficientHistory, untrained: SufficientHistory) -> str:
    """How much history the forecast needs, and how much determines the output before and after training.

    Args:
        history: that the forecast needs.
        untrained: of the same network before training.
    """
    rmse, alone = (f"{digits(error)} {history.unit}" for error in (history.rmse[-1], history.rmse_rule))
    errors, words = f"RMSE {rmse}, without its network {alone}", sufficient_history_words(history)
    said = f"In these windows {words} ({errors})."
    if history.hours is not None:
        said = f"{words[0].upper()}{words[1:]} ({errors})."
    return f"{said} {output_finding(history, untrained)}"


def output_finding(history: SufficientHistory, untrained: SufficientHistory) -> str:
    """How much history determines the network's output, before and after training.

    Args:
        history: of the trained network.
        untrained: of the same network before training.
    """
    after, before = (
        "never changes"
        if hours is None
        else f"is determined to 95 % by the newest {history.calendar.duration(hours)}"
        for hours in (history.output_hours, untrained.output_hours)
    )
    return f"Whatever it is worth, the network's output {after}; before training it {before}."


def sufficient_history_words(history: SufficientHistory) -> str:
    """What is enough of the input, as a clause.

    Args:
        history: that the forecast needs.
    """
    if history.hours is None:
        return (
            f"the forecast is not surely better than that of {history.rule} alone, so that there is no gain whose "
            "history could be measured"
        )
    interval = ""
    if history.interval_hours is not None:
        low, high = (history.calendar.duration(hours) for hours in history.interval_hours)
        interval = f" (95 % interval {low} to {high})"
    newest, lookback = map(history.calendar.duration, (history.hours, history.lookback_hours))
    return (
        f"the newest {newest}{interval} of the {lookback} of input give "
        f"95 % of what the network gains on {history.rule}"
    )
