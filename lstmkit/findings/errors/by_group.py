"""Where the errors live, in sentences."""

from lstmkit.analysis.errors.by_group import ErrorByRegime
from lstmkit.findings.errors.predictions import windows_named
from lstmkit.wording import digits, signed_alike, signed_digits


def regimes_with_ranges(errors: ErrorByRegime) -> list[str]:
    """The regimes with their ranges, on two lines each.

    Args:
        errors: of one model.
    """
    (low, high), unit = errors.regimes.edges, errors.last.unit
    between = f"{digits(low)} to {digits(high)} {unit}" if low < high else "no value"
    ranges = (f"below {digits(low)} {unit}", between, f"from {digits(high)} {unit}")
    return [f"{name}\n{span}" for name, span in zip(errors.regimes.labels, ranges, strict=True)]


def error_by_regime_caption(errors: ErrorByRegime) -> str:
    """What is drawn.

    Args:
        errors: of one model.
    """
    return (
        f"Errors (forecast − observed) at the last step, {errors.last.lead} ahead, of "
        f"{windows_named(errors.last)}. Left, by regime of the true value: median, half (box) and nine in ten "
        f"(whiskers). Right, which share of the squared error lies in windows that go from one regime at the origin to "
        f"another at the last step."
    )


def error_by_regime_finding(errors: ErrorByRegime) -> str:
    """Which regime and which change of regime holds most of the squared error.

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
        f"{name} holds {100 * row['error_share']:.0f} % of the squared error in {100 * row['share']:.0f} % of the "
        f"windows: RMSE {digits(row['rmse'])} {unit}{f', against {others}' if others else ''}."
    )


def _opposite(errors: ErrorByRegime) -> str:
    known = errors.table["bias"].dropna()
    if len(known) < 2:
        return ""
    biases = zip(signed_alike(*known), known.index, strict=True)
    return f"The bias is {', '.join(f'{bias} {errors.last.unit} in {name}' for bias, name in biases)}."


def _changes(errors: ErrorByRegime) -> str:
    changed, held = 100 * errors.changing_windows_share, 100 * errors.changing_error_share
    if not changed:
        return "No window changes its regime between origin and last step."
    text = (
        f"Windows that change their regime between origin and last step are {changed:.0f} % of all and hold "
        f"{held:.0f} % of the squared error"
    )
    if not held:
        return f"{text}."
    names, there = errors.regimes.labels, errors.worst_change
    start, end = there
    return (
        f"{text}; among them {names[start]} to {names[end]} weighs most "
        f"({100 * errors.window_shares[there]:.1f} % of the windows, {100 * errors.error_shares[there]:.0f} % of the "
        f"squared error, bias {signed_digits(errors.errors[there] / errors.windows[there])} {errors.last.unit})."
    )


def _empty(errors: ErrorByRegime) -> str:
    if not errors.empty:
        return ""
    return f"No true value of the test part at this step lies in {' or '.join(errors.empty)}, so nothing is said of it."
