"""Refuses values that are no numbers, which maxima and comparisons pass over."""

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.errors import LstmkitError


def check_finite(values: Float[np.ndarray, "window ..."], times: pd.DatetimeIndex, what: str) -> None:
    """Refuse NaN and infinity, which maxima, comparisons and gaps would pass over.

    Args:
        values: one row per window.
        times: at which each window's newest step is.
        what: the values are.

    Raises:
        LstmkitError: a value is not finite.
    """
    wrong = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if wrong.any():
        raise LstmkitError(
            f"{what} are NaN or infinite for the window {times[int(wrong.argmax())]}: look at the model's weights and "
            f"inputs, or train it anew"
        )
