"""What windows are compared with: the training centre, their own mean, or given values."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lstmkit.errors import LstmkitError

CENTRE, WINDOW_MEAN = "centre", "window mean"
Baseline = str | Tensor | np.ndarray  # one of these two words, or scaled values


def input_baseline(
    baseline: Baseline | None, x: Float[Tensor, "window time feature"]
) -> Float[Tensor, "window time feature"]:
    """What each window is compared with, in the shape of the windows.

    Args:
        baseline: "centre" or None, the training centre, which is zero in scaled units; "window mean", the mean of each
            feature over the window's own lookback; or scaled values of shape (time, feature), the same for all
            windows, or (window, time, feature).
        x: scaled inputs.

    Raises:
        LstmkitError: another word, or values of another shape or that are not finite.
    """
    x = x.detach()
    if baseline is None or isinstance(baseline, str):
        if baseline in (None, CENTRE):
            return torch.zeros_like(x)
        if baseline == WINDOW_MEAN:
            return x.mean(dim=1, keepdim=True).expand_as(x)
        raise LstmkitError(
            f"unknown baseline {baseline!r}; {CENTRE!r}, {WINDOW_MEAN!r} or scaled values are expected"
        )
    values = torch.as_tensor(baseline, dtype=x.dtype, device=x.device)
    if values.shape not in (x.shape, x.shape[1:]):
        raise LstmkitError(
            f"the baseline has the shape {tuple(values.shape)}; {tuple(x.shape[1:])}, one for all windows, or "
            f"{tuple(x.shape)} is expected"
        )
    if not values.isfinite().all():
        raise LstmkitError("the baseline holds NaN or infinity")
    return values.expand_as(x)
