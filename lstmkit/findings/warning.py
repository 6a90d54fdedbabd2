"""What is found about warnings: how often there is something to warn of, who warns of it, and who could."""

from lstmkit.analysis.errors.warning_counts import PERSISTENCE
from lstmkit.analysis.errors.warning_rates import CAUGHT, Rate
from lstmkit.analysis.errors.warning_skill import WarningSkill
from lstmkit.wording import count, digits, percent, signed, whole_percent


def warning_finding(skill: WarningSkill) -> str:
    """How often there is something to warn of, who warns of it, and who could.

    Args:
        skill: of a model and the baselines.
    """
    if not skill.can_be_told:
        return " ".join([*_passed_over(skill), _too_few(skill)])
    return " ".join(
        [*_passed_over(skill), _occasions(skill), _at_the_level(skill), _tuned(skill), _everywhere(skill)]
    )


def _passed_over(skill: WarningSkill) -> list[str]:
    told = []
    for level, crossings in skill.passed_over:
        text = f"{digits(level.value)} {skill.unit}, {level.origin}, is {_crossed(crossings)} in the test part, whose "
        text += f"highest value is {digits(skill.highest)} {skill.unit}"
        told.append(f"{text}: too few to tell how well anyone warns of it." if crossings else f"{text}.")
    return told


def _level(skill: WarningSkill) -> str:
    return (
        f"{'The level instead' if skill.passed_over else 'The level'} is {skill.named}, {skill.level.origin}."
    )


def _too_few(skill: WarningSkill) -> str:
    if not skill.crossings:
        return (
            f"{_level(skill)} The target never reaches it from below in the test part, whose highest value is "
            f"{digits(skill.highest)} {skill.unit}: there is nothing to warn of."
        )
    return (
        f"{_level(skill)} The target reaches it from below {_times(skill.crossings)} in the test part, on "
        f"{count(skill.crossing_days, 'day')}: too few to tell how well anyone warns of it."
    )


def _occasions(skill: WarningSkill) -> str:
    onsets = skill.cases["onsets", "within"]
    outside = skill.cases["all windows", "within"].windows - onsets.windows
    return (
        f"{_level(skill)} The target reaches it from below, after an hour or more, {_times(skill.crossings)} on "
        f"{skill.crossing_days} of {skill.n_days} days. Of {onsets.windows:,} windows that start below it, "
        f"{onsets.events:,} ({percent(onsets.events / onsets.windows)}) reach it within {skill.lead}; in "
        f"{outside:,} others there is nothing to warn of, for it is reached already or was within the hour before."
    )


def _at_the_level(skill: WarningSkill) -> str:
    onsets, level = skill.cases["onsets", "within"], f"{100 * skill.confidence:.0f} % interval "
    own = onsets.warners[skill.model]
    text = (
        "The model's forecast reaches the level in none of the windows that start below, and warns of nothing"
    )
    if own.warnings:
        text = (
            f"The model's forecast reaches the level in {_rate(own.recall, level)} of these {onsets.events:,} "
            f"(recall), and {_rate(own.precision)} of its warnings are right (precision)"
        )
    return f"{text}; {PERSISTENCE} cannot warn of a crossing, for it stays below."


def _tuned(skill: WarningSkill) -> str:
    warners, best = skill.cases["onsets", "within"].warners, skill.best_rival()
    own, caught = warners[skill.model], f"{100 * CAUGHT:.0f} % of the crossings"
    if own.tuned.value is None:
        return f"No level that was tried lets the model warn of {caught}."
    text = (
        f"With a level of its own for each forecaster, at which it warns of {caught}, {_rate(own.tuned)} of the "
        f"model's warnings are right (level {digits(own.tuned_level)} {skill.unit})"
    )
    rivals = [name for name in dict.fromkeys([PERSISTENCE, best]) if name]
    return f"{text}, {' and '.join(_against(skill, name, best) for name in rivals)}."


def _against(skill: WarningSkill, name: str, best: str | None) -> str:
    rival = skill.cases["onsets", "within"].warners[name]
    rank = ", the best baseline" if name == best else ""
    if rival.tuned.value is None:
        return f"none of those of {name}, which warns of fewer at any level that was tried"
    now = " now" if name == PERSISTENCE else ""
    difference = f"{signed(100 * rival.ahead.value, 0)} points for the model"
    if rival.ahead.low is not None:
        difference += f", {signed(100 * rival.ahead.low, 0)} to {signed(100 * rival.ahead.high, 0)}"
        if not rival.ahead.is_sure:
            difference += ", which leaves open who is better"
    return (
        f"{whole_percent(rival.tuned.value)} of those of {name}{rank} (level {digits(rival.tuned_level)} "
        f"{skill.unit}{now}; {difference})"
    )


def _everywhere(skill: WarningSkill) -> str:
    warners = skill.cases["all windows", "within"].warners
    told = [
        f"{who} recall {_in_words(warners[name].recall)} and precision {_in_words(warners[name].precision)}"
        for who, name in (("the model has", skill.model), (PERSISTENCE, PERSISTENCE))
    ]
    return f"Over all windows, also those that start at or above it, {', '.join(told)}."


def _rate(rate: Rate, named: str = "") -> str:
    if rate.low is None:
        return f"{whole_percent(rate.value)} (too few days for an interval)"
    return f"{whole_percent(rate.value)} ({named}{100 * rate.low:.0f} to {100 * rate.high:.0f} %)"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def _crossed(number: int) -> str:
    return f"crossed {_times(number)}" if number else "never crossed"


def _in_words(rate: Rate) -> str:
    return "undefined, as it gives no warning" if rate.value is None else whole_percent(rate.value)
