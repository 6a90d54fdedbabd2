"""Where the errors live, in sentences."""

from lstmkit.analysis.errors.by_group import ErrorByRegime
from lstmkit.findings.errors.predictions import windows_named
from lstmkit.findings.groups import ranges
from lstmkit.wording import digits, listed, sentence_case, signed_alike, signed_digits


def groups_with_ranges(errors: ErrorByRegime) -> list[str]:
    """The groups with their ranges, on two lines each; on one where they are no ranges.

    Args:
        errors: of one model.
    """
    pairs = zip(errors.groups.labels, ranges(errors.groups), strict=True)
    return [f"{name}\n{span}".strip() for name, span in pairs]


def place_words(errors: ErrorByRegime) -> str:
    """By what the errors are parted: the group of the true value, or of the last step.

    Args:
        errors: of one model.
    """
    return f"{errors.groups.noun} {'of the true value' if errors.groups.of_target else 'at the last step'}"


def error_by_regime_caption(errors: ErrorByRegime) -> str:
    """What is drawn.

    Args:
        errors: of one model.
    """
    noun = errors.groups.noun
    return (
        f"Errors (forecast − observed) at the last step, {errors.last.lead} ahead, of "
        f"{windows_named(errors.last)}. Left, by {place_words(errors)}: median, half (box) and nine in ten "
        f"(whiskers). Right, which share of the squared error lies in windows that go from one {noun} at the "
        f"origin to another at the last step."
    )


def error_by_regime_finding(errors: ErrorByRegime) -> str:
    """Which group and which change of group holds most of the squared error.

    Args:
        errors: of one model.
    """
    if not errors.squares.any():
        return f"There is no error at all. {_empty(errors)}".strip()
    return " ".join(filter(None, [_most(errors), _opposite(errors), _changes(errors), _empty(errors)]))


def _most(errors: ErrorByRegime) -> str:
    name, unit = errors.worst, errors.last.unit
    row = errors.table.loc[name]
    others = ", ".join(
        f"{digits(rmse)} {unit} in {label}"
        for label, rmse in errors.table["rmse"].dropna().drop(name).items()
    )
    return (
        f"{sentence_case(name)} holds {100 * row['error_share']:.0f} % of the squared error in "
        f"{100 * row['share']:.0f} % of the windows: RMSE {digits(row['rmse'])} {unit}"
        f"{f', against {others}' if others else ''}."
    )


def _opposite(errors: ErrorByRegime) -> str:
    known = errors.table["bias"].dropna()
    if len(known) < 2:
        return ""
    biases = zip(signed_alike(*known), known.index, strict=True)
    return f"The bias is {', '.join(f'{bias} {errors.last.unit} in {name}' for bias, name in biases)}."


def _changes(errors: ErrorByRegime) -> str:
    changed, held = 100 * errors.changing_windows_share, 100 * errors.changing_error_share
    noun = errors.groups.noun
    if not changed:
        return f"No window changes its {noun} between origin and last step."
    text = (
        f"Windows that change their {noun} between origin and last step are {changed:.0f} % of all and hold "
        f"{held:.0f} % of the squared error"
    )
    if not held:
        return f"{text}."
    names, there = errors.groups.labels, errors.worst_change
    start, end = there
    return (
        f"{text}; among them {names[start]} to {names[end]} weighs most "
        f"({100 * errors.window_shares[there]:.1f} % of the windows, {100 * errors.error_shares[there]:.0f} % of the "
        f"squared error, bias {signed_digits(errors.errors[there] / errors.windows[there])} {errors.last.unit})."
    )


def _empty(errors: ErrorByRegime) -> str:
    if not errors.empty:
        return ""
    what = (
        "true value of the test part at this step"
        if errors.groups.of_target
        else "last step of the test part"
    )
    return f"No {what} lies in {listed(errors.empty, 'or')}, so nothing is said of it."
