"""The level of the target that a warning is about, and the levels of a forecast at which a warning can be given."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lstmkit.data.dataset import Dataset
from lstmkit.data.windows import Windows
from lstmkit.params import StudyParams

QUANTILE, EVEN = 0.9, 0.5
TRIED_BELOW, TRIED_ABOVE = 120, 40


@dataclass(frozen=True)
class WarningLevel:
    """A level of the target.

    Attributes:
        value: in the target's unit; a value at the level has reached it.
        origin: where it comes from, in words.
        tried: levels of a forecast at which a warning can be given, rising; `TRIED_BELOW` are below the level itself.
    """

    value: float
    origin: str
    tried: Float[np.ndarray, "tried"]


def warning_levels(dataset: Dataset, windows: Windows, params: StudyParams) -> tuple[WarningLevel, ...]:
    """The level that the study states; without one that of the target's quantity, and what the target seldom reaches.

    Args:
        dataset: the series.
        windows: of its training part.
        params: of the study.

    Returns:
        One level, or several of which the first is taken that is crossed often enough.
    """
    training = windows.one(windows.values)[windows.rows]
    if params.evaluation.threshold is not None:
        return (_level(params.evaluation.threshold, "which the study states", training),)
    if windows.task.kind == "classes":
        return (_level(EVEN, "from which the class is more likely than not", training),)
    seldom = float(np.nanquantile(training, QUANTILE))
    exceeded_seldom = _level(seldom, f"the {100 * QUANTILE:.0f} % quantile of the training part", training)
    target = windows.task.targets[windows.target]
    quantity = dataset.quantities.get(target)
    if quantity and quantity.warning_level is not None and dataset.units[target] == quantity.unit:
        return (
            _level(quantity.warning_level, f"the default for {quantity.symbol}", training),
            exceeded_seldom,
        )
    return (exceeded_seldom,)


def _level(value: float, origin: str, training: Float[np.ndarray, "time"]) -> WarningLevel:
    """A level, and others down to the lowest value of the training part, and as far above as its median is below."""
    low, middle, high = np.nanquantile(training, [0.05, 0.5, 0.95])
    below = max(value - np.nanmin(training), high - low)
    above = max(abs(value - middle), high - low)
    steps = [
        below * np.arange(-TRIED_BELOW, 1) / TRIED_BELOW,
        above * np.arange(1, TRIED_ABOVE + 1) / TRIED_ABOVE,
    ]
    return WarningLevel(value, origin, value + np.concatenate(steps))
