"""Finds the numbers that loggers write where they have no measurement, such as -9999."""

import numpy as np
import pandas as pd

_LEAST_POSITIVE = 999  # below it, as of 99.9 %, such a number is more often a measurement
_FARTHER_THAN_GAPS = 3

_FILL = [1e20, 1e30, 9.969209968386869e36]  # of netCDF and climate models
# Campbell Scientific's codes, the UCI air quality data's, of a DS18B20 that is not connected
_OF_DEVICES = [7999, -7999, 6999, -6999, -200, -127]
_OF_INTEGERS = [2**15 - 1, -(2**15), 2**16 - 1, 2**31 - 1, -(2**31), 2**32 - 1]
_OF_SCALED_INTEGERS = [number / scale for number in _OF_INTEGERS[:3] for scale in (10, 100)]


def _of_nines() -> list[float]:
    numbers = [float("9" * digits + after) for digits in range(2, 6) for after in ("", ".9", ".99")]
    numbers += [999_999.0, 9_999_999.0]
    return [-number for number in numbers] + [number for number in numbers if number >= _LEAST_POSITIVE]


CODES = np.array(
    [*_of_nines(), *_OF_DEVICES, *_FILL, *(-code for code in _FILL), *_OF_INTEGERS, *_OF_SCALED_INTEGERS]
)


def sentinels(values: np.ndarray) -> np.ndarray:
    """Find the codes for a missing value in a column, by which numbers are known as such and how far off they lie.

    A number of `CODES` counts if no other value is below zero and it is, or if it lies off the other values by more
    than half their span and by more than three times the widest gap between them. A column of nothing but codes has
    no other values to judge by. Zero is never a code.

    Args:
        values: of any length, in the unit of the file; NaN where missing.

    Returns:
        The codes that were found, ascending, each once.
    """
    finite = values[np.isfinite(values)]
    with np.errstate(over="ignore"):  # files also hold single precision
        is_code = np.isin(finite.astype("float32"), CODES.astype("float32"))
    if not is_code.any() or is_code.all():
        return np.empty(0)
    others, codes = (np.sort(pd.unique(finite[kind])) for kind in (~is_code, is_code))
    off = np.maximum(others[0] - codes, codes - others[-1])
    widest_gap = np.diff(others).max(initial=0.0)
    is_far = (off > (others[-1] - others[0]) / 2) & (off > _FARTHER_THAN_GAPS * widest_gap)
    is_alone_below_zero = (codes < 0) & (others[0] >= 0)
    return codes[is_far | is_alone_below_zero]
