"""How much of the input one step behind the convolutions sees, in sentences."""

from lstmkit.analysis.filters.receptive_field import ReceptiveField
from lstmkit.wording import count

LONG = 120  # minutes from which one counts in hours


def receptive_field_caption() -> str:
    """What is drawn."""
    return (
        "What one step of each stage sees, to scale: above within the whole lookback, below step by step. "
        "The bars are the mean size of the gradient that reaches each input step of the field."
    )


def as_time(field: ReceptiveField, steps: int) -> str:
    """A number of steps as time.

    Args:
        field: of all stages.
        steps: of the input.
    """
    minutes = field.minutes(steps)
    if not field.calendar.is_within_days:
        return field.calendar.duration(minutes / 60)
    return f"{minutes:.0f} min" if minutes < LONG else f"{minutes / 60:.3g} h"


def receptive_field_finding(field: ReceptiveField) -> str:
    """The field of every stage, whether both ways agree, and what share of the lookback it is.

    Args:
        field: of all stages.
    """
    fields = ", ".join(
        f"{stage.steps} at {stage.label} ({as_time(field, stage.steps)})" for stage in field.stages
    )
    share = (
        f"That is {field.lookback_percent:.3g} % of the lookback of {count(field.lookback, 'step')}: "
        f"longer patterns are left to the memory."
        if field.stages[-1].steps < field.lookback
        else f"The lookback has {count(field.lookback, 'step')}, so one step sees all of it."
    )
    head = f"Input steps that a single step sees: {fields}."
    return " ".join([head, _agreement(field), *_pooling(field), _newest(field), share])


def _agreement(field: ReceptiveField) -> str:
    if field.agree:
        return "Gradients of single steps reach exactly these inputs."
    differ = "; ".join(
        f"{stage.label} {stage.measured} steps, not {stage.steps}"
        for stage in field.stages
        if stage.steps != stage.measured
    )
    return f"Gradients reach another number of inputs: {differ}."


def _pooling(field: ReceptiveField) -> list[str]:
    if not field.added_by_pool:
        return []
    return [
        f"Counting the convolutions alone, as the study's plan does, gives {field.convolutions}: the pool joins "
        f"neighbouring steps and adds {field.added_by_pool}. Neighbouring inputs of the memory begin "
        f"{count(field.stages[-1].stride, 'step')} apart and share {field.shared}."
    ]


def _newest(field: ReceptiveField) -> str:
    if field.after == 0:
        return "The field of the newest step of that stage ends with the origin: nothing after it is padding."
    if field.after < 0:
        return f"No step of that stage sees the newest {count(-field.after, 'step')} of the lookback."
    return (
        f"The newest step of that stage sees {count(field.newest, 'step')}; {field.after} more would lie after the "
        f"origin and are padding."
    )
