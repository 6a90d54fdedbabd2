"""Which inputs and which past steps drive a forecast, in words."""

from lstmkit.analysis.attribution.attributor import Attributor
from lstmkit.analysis.attribution.averages import Attribution
from lstmkit.wording import VISIBLE, feature_label, percent, whole_percent

BESIDE: dict[str | None, str] = {
    "window mean": ", compared with each window's own mean",
    "given values": ", compared with given values",
}


def attribution_caption(attribution: Attribution, summed_over: str = "") -> str:
    """What was averaged.

    Args:
        attribution: of one method.
        summed_over: what the figure sums over, `time` or `features`; a map sums over neither.
    """
    beside, n_windows = BESIDE.get(attribution.baseline, ""), attribution.n_windows
    of = "of one test window" if n_windows == 1 else f"averaged over {n_windows} test windows"
    summed = f", summed over {summed_over}" if summed_over else ""
    return f"{attribution.method} of the {attribution.explained}{beside}{summed}, {of}."


def attribution_finding(attribution: Attribution) -> str:
    """Which feature and which hours hold most of the attribution.

    Args:
        attribution: of one method.
    """
    if not attribution.by_step.any():
        return "All attributions are zero: the forecast does not depend on the inputs."
    complete = ""
    if attribution.completeness_error is not None:
        average = " on average" if attribution.n_windows > 1 else ""
        complete = (
            f" The attributions miss the change of the forecast that they should add up to by "
            f"{percent(attribution.completeness_error)}{average}."
        )
    if attribution.incomplete:
        return (
            f"{complete[1:]} The forecast changes too abruptly along the path for its points, so this map "
            f"does not say what the forecast owes to its inputs."
        )
    (first, most_of_it), *others = attribution.share.items()
    second = ""
    if others and others[0][1] > VISIBLE:
        second = f" and {feature_label(str(others[0][0]))} {others[0][1]:.0f} %"
    half, most = (attribution.calendar.duration(attribution.hours_holding(share)) for share in (0.5, 0.9))
    return (
        f"{feature_label(str(first))} holds {whole_percent(most_of_it / 100)} of the attribution{second}. "
        f"Half of it lies in the newest {half} of the window, nine tenths in the newest {most}."
        f"{complete}"
    )


def attributor_finding(attributor: Attributor) -> str:
    """What is explained, on which windows.

    Args:
        attributor: of one model.
    """
    rule, (many, few) = attributor.windows.residual.rule, attributor.sizes
    what = "the difference from"
    if attributor.windows.task.kind == "classes":
        what = "the logit that it adds to"
    return (
        f"Explained is what the network forecasts, {what} {rule} ({attributor.explained}). No map "
        f"contains what {rule} forecasts by itself. Methods of one backward pass see {many} of the "
        f"{len(attributor.windows):,} test windows, those of many passes {few}, drawn with seed {attributor.seed}. "
        f"Standard errors take the windows as independent; windows that overlap in time are not quite."
    )
