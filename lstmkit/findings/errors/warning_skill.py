"""How well forecasts warn, in sentences: how often there is something to warn of, who warns of it, and who could."""

import pandas as pd

from lstmkit.analysis.errors.warning_counts import PERSISTENCE
from lstmkit.analysis.errors.warning_rates import CAUGHT, Rate
from lstmkit.analysis.errors.warning_skill import WarningSkill
from lstmkit.wording import count, digits, percent, signed, whole_percent


def warning_caption(skill: WarningSkill) -> str:
    """What is drawn.

    Args:
        skill: of a model and the baselines.
    """
    named = _named(skill)
    band = (
        f"whiskers are {100 * skill.confidence:.0f} % intervals over resampled blocks of {skill.calendar.block}s"
        if skill.has_enough_crossings
        else "no intervals, for there are too few crossings"
    )
    quiet = " after at least an hour below it" if _knows_hours(skill) else " below it"
    return (
        f"Warnings that the target reaches {named} within {skill.calendar.duration(skill.hours_ahead)}; left in "
        f"windows that start{quiet}, right in all windows. Above, precision and recall as the level of the "
        f"forecast varies at which a warning is given; dots: that level is {named} itself; dashed: a warning in every "
        f"window. Below, precision and recall at the dots; {band}."
    )


def warning_table(skill: WarningSkill) -> pd.DataFrame:
    """The table that a reader sees: precision and recall of every forecaster, in words where undefined.

    Args:
        skill: of a model and the baselines.
    """
    columns = {}
    for (windows, reached), of in skill.cases.items():
        for key, nothing in (("precision", "no warning"), ("recall", "no event")):
            columns[windows, f"{reached} {skill.calendar.duration(skill.hours_ahead)}", key] = {
                name: nothing if (value := getattr(warner, key).value) is None else whole_percent(value)
                for name, warner in of.warners.items()
            }
    return pd.DataFrame(columns)


def warning_finding(skill: WarningSkill) -> str:
    """How often there is something to warn of, who warns of it, and who could.

    Args:
        skill: of a model and the baselines.
    """
    if not skill.has_enough_crossings:
        return " ".join([*_passed_over(skill), _too_few(skill)])
    return " ".join(
        [*_passed_over(skill), _occasions(skill), _at_the_level(skill), _tuned(skill), _everywhere(skill)]
    )


def _passed_over(skill: WarningSkill) -> list[str]:
    sentences = []
    for level, crossings in skill.passed_over:
        text = f"{digits(level.value)} {skill.unit}, {level.origin}, is {_crossed(crossings)} in the test part, whose "
        text += f"highest value is {digits(skill.highest)} {skill.unit}"
        sentences.append(f"{text}: too few to tell how well anyone warns of it." if crossings else f"{text}.")
    return sentences


def _named(skill: WarningSkill) -> str:
    """The level with its unit."""
    return f"{digits(skill.level.value)} {skill.unit}"


def _level(skill: WarningSkill) -> str:
    which = "The level instead" if skill.passed_over else "The level"
    return f"{which} is {_named(skill)}, {skill.level.origin}."


def _too_few(skill: WarningSkill) -> str:
    if not skill.crossings:
        return (
            f"{_level(skill)} The target never reaches it from below in the test part, whose highest value is "
            f"{digits(skill.highest)} {skill.unit}: there is nothing to warn of."
        )
    return (
        f"{_level(skill)} The target reaches it from below {_times(skill.crossings)} in the test part, {_on(skill)} "
        f"{count(skill.crossing_days, skill.calendar.block)}: too few to tell how well anyone warns of it."
    )


def _occasions(skill: WarningSkill) -> str:
    onsets = skill.cases["onsets", "within"]
    outside = skill.cases["all windows", "within"].windows - onsets.windows
    after, before = (
        (", after an hour or more,", " or was within the hour before") if _knows_hours(skill) else ("", "")
    )
    return (
        f"{_level(skill)} The target reaches it from below{after} {_times(skill.crossings)} {_on(skill)} "
        f"{skill.crossing_days} of {skill.n_days} {skill.calendar.block}s. Of {onsets.windows:,} windows that start "
        f"below it, {onsets.events:,} ({percent(onsets.share)}) reach it within "
        f"{skill.calendar.duration(skill.hours_ahead)}; in {outside:,} others there is nothing to warn of, for "
        f"it is reached already{before}."
    )


def _knows_hours(skill: WarningSkill) -> bool:
    """Whether the steps are short enough to know that the target was below the level for an hour."""
    return skill.calendar.is_within_days


def _on(skill: WarningSkill) -> str:
    return "on" if skill.calendar.block.endswith("day") else "in"


def _at_the_level(skill: WarningSkill) -> str:
    onsets, level = skill.cases["onsets", "within"], f"{100 * skill.confidence:.0f} % interval "
    own = onsets.warners[skill.model]
    text = (
        "The model's forecast reaches the level in none of the windows that start below, and warns of nothing"
    )
    if own.warnings:
        text = (
            f"The model's forecast reaches the level in {_rate(skill, own.recall, level)} of these {onsets.events:,} "
            f"(recall), and {_rate(skill, own.precision)} of its warnings are right (precision)"
        )
    if PERSISTENCE not in onsets.warners:
        return f"{text}."
    return f"{text}; {PERSISTENCE} cannot warn of a crossing, for it stays below."


def _tuned(skill: WarningSkill) -> str:
    warners, caught = skill.cases["onsets", "within"].warners, f"{100 * CAUGHT:.0f} % of the crossings"
    own = warners[skill.model]
    if own.tuned.value is None or own.tuned_level is None:
        return f"No level that was tried lets the model warn of {caught}."
    text = (
        f"With a level of its own for each forecaster, at which it warns of {caught}, {_rate(skill, own.tuned)} of the "
        f"model's warnings are right (level {digits(own.tuned_level)} {skill.unit})"
    )
    best = skill.best_rival()
    rivals = [name for name in dict.fromkeys([PERSISTENCE, best]) if name in warners]
    against = " and ".join(_against(skill, name, best) for name in rivals)
    return f"{text}, {against or f'and no baseline warns of {caught}'}."


def _against(skill: WarningSkill, name: str, best: str | None) -> str:
    rival = skill.cases["onsets", "within"].warners[name]
    rank = ", the best baseline" if name == best else ""
    if rival.tuned.value is None or rival.tuned_level is None:
        return f"none of those of {name}, which warns of fewer at any level that was tried"
    assert rival.ahead is not None  # it is that of the model alone
    now = " now" if name == PERSISTENCE else ""
    return (
        f"{whole_percent(rival.tuned.value)} of those of {name}{rank} (level {digits(rival.tuned_level)} "
        f"{skill.unit}{now}; {_difference(rival.ahead)})"
    )


def _difference(ahead: Rate) -> str:
    assert ahead.value is not None  # both precisions are known
    difference = f"{signed(100 * ahead.value, 0)} points for the model"
    if ahead.interval is None:
        return difference
    low, high = ahead.interval
    difference += f", {signed(100 * low, 0)} to {signed(100 * high, 0)}"
    return difference if ahead.is_sure else f"{difference}, which leaves open who is better"


def _everywhere(skill: WarningSkill) -> str:
    warners = skill.cases["all windows", "within"].warners
    clauses = [
        f"{who} recall {_in_words(warners[name].recall)} and precision {_in_words(warners[name].precision)}"
        for who, name in (("the model has", skill.model), (PERSISTENCE, PERSISTENCE))
        if name in warners
    ]
    return f"Over all windows, also those that start at or above it, {', '.join(clauses)}."


def _rate(skill: WarningSkill, rate: Rate, named: str = "") -> str:
    if rate.interval is None:
        return f"{_in_words(rate)} (too few {skill.calendar.block}s for an interval)"
    low, high = rate.interval
    return f"{_in_words(rate)} ({named}{100 * low:.0f} to {100 * high:.0f} %)"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def _crossed(number: int) -> str:
    return f"crossed {_times(number)}" if number else "never crossed"


def _in_words(rate: Rate) -> str:
    return "undefined, as it gives no warning" if rate.value is None else whole_percent(rate.value)
