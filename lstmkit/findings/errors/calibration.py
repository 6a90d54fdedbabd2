"""Whether the forecasts are calibrated, in sentences."""

from lstmkit.analysis.errors.calibration import Calibration
from lstmkit.findings.errors.predictions import windows_named
from lstmkit.wording import digits, plain, signed_beside

CLOSE = 0.05  # of a slope to one


def calibration_caption(calibration: Calibration) -> str:
    """What is drawn.

    Args:
        calibration: of one model.
    """
    last, groups = calibration.last, len(calibration.groups)
    return (
        f"True values against forecasts of the last step, {last.lead} ahead, of "
        f"{windows_named(last)}. Left, how many lie in each cell. Right, the error (forecast − observed) in each of "
        f"{groups} groups from the lowest to the highest forecasts: its mean, and the range of eight in ten."
    )


def calibration_note(calibration: Calibration) -> str:
    """R², the errors and the slope, one a line.

    Args:
        calibration: of one model.
    """
    unit = calibration.last.unit
    lines = [
        "R² not defined" if calibration.r2 is None else f"R² {plain(calibration.r2)}",
        f"RMSE {digits(calibration.rmse)} {unit}",
        f"MAE {digits(calibration.mae)} {unit}",
        f"bias {signed_beside(calibration.bias, calibration.rmse)} {unit}",
        "no slope" if calibration.line is None else f"slope {plain(calibration.line.slope)}",
        f"n {len(calibration.last):,}",
    ]
    return "\n".join(lines)


def calibration_finding(calibration: Calibration) -> str:
    """R², the errors, and what the slope says.

    Args:
        calibration: of one model.
    """
    unit, (predicted, true), r2 = calibration.last.unit, calibration.spread, calibration.r2
    explained = (
        "The true values are constant, so R² is not defined"
        if r2 is None
        else f"The forecasts explain {100 * r2:.0f} % of the variance at the last step"
        if r2 >= 0
        else f"At the last step the forecasts are worse than the mean of the test part (R² {plain(r2)})"
    )
    return (
        f"{explained}: RMSE {digits(calibration.rmse)} {unit}, MAE {digits(calibration.mae)} {unit}, bias "
        f"{signed_beside(calibration.bias, calibration.rmse)} {unit} over {len(calibration.last):,} windows. The "
        f"forecasts' standard deviation is {digits(predicted)} {unit}, that of the true values {digits(true)} {unit}. "
        f"{_slope_says(calibration)}"
    )


def _slope_says(calibration: Calibration) -> str:
    line, unit = calibration.line, calibration.last.unit
    if line is None:
        return "The forecasts are constant, so there is no slope to read."
    found = (
        f"Where the forecast is higher by 1 {unit}, the true value is higher by {plain(line.slope)} {unit}"
    )
    if line.interval is None:
        return f"{found}; too few {calibration.last.calendar.block}s for an interval."
    low, high = line.interval
    interval = f"{100 * calibration.confidence:.0f} % interval {plain(low)} to {plain(high)}"
    if low <= 1 <= high:
        meaning = "one lies inside, so this test part shows no miscalibration of the slope"
    elif abs(line.slope - 1) < CLOSE:
        meaning = "not one, but too close to it to matter"
    elif line.slope > 1:
        meaning = "the forecasts vary too little"
    else:
        meaning = "the forecasts vary too much"
    return f"{found} ({interval}): {meaning}."
