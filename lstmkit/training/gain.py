"""By how much a forecaster overstates deviations, from windows on which it was not fitted."""

import math
from collections.abc import Iterable

import torch
from jaxtyping import Float
from scipy.optimize import minimize_scalar
from torch import Tensor

from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.params import TrainingParams
from lstmkit.training.losses import cross_entropy_of


def held_out_windows(windows: dict[str, Windows], params: TrainingParams, seed: int) -> Windows:
    """The validation windows on which every forecaster of a study is tuned, the network and the baselines alike.

    Args:
        windows: of all parts.
        params: how many.
        seed: of the sample.
    """
    return windows["validation"].sample(params.validation_windows, seed)


def best_gain(
    batches: Iterable[tuple[Float[Tensor, "window *step"], Float[Tensor, "window *step"]]],
) -> float:
    """The factor between 0 and 1 by which outputs come nearest to what came true, by least squares.

    Args:
        batches: outputs and true values, some windows at a time.

    Returns:
        The gain; 1 where all outputs are zero.

    Raises:
        LstmkitError: outputs are NaN or infinite.
    """
    agreement, power = 0.0, 0.0
    for outputs, true in batches:
        agreement += float((outputs * true).sum())
        power += float((outputs**2).sum())
    if not (math.isfinite(agreement) and math.isfinite(power)):
        raise LstmkitError(
            "the outputs on the validation windows are NaN or too large: lower `training.learning_rate`, "
            "and look for extreme values in the data"
        )
    return min(1.0, max(0.0, agreement / power)) if power else 1.0


def best_class_gain(
    batches: Iterable[tuple[Float[Tensor, "window step target"], Float[Tensor, "window step target"]]],
    windows: Windows,
) -> float:
    """The factor between 0 and 1 by which outputs of classes have the lowest cross-entropy.

    Args:
        batches: outputs and true values, some windows at a time.
        windows: of the task.

    Raises:
        LstmkitError: outputs are NaN or infinite.
    """
    outputs, true = (torch.cat(each).cpu()[:, None] for each in zip(*batches, strict=True))
    if not outputs.isfinite().all():
        raise LstmkitError("the outputs on the validation windows are NaN: lower `training.learning_rate`")
    loss, every = cross_entropy_of(windows), torch.ones(len(outputs), 1, dtype=torch.bool)

    def entropy(gain: float) -> float:
        return loss(gain * outputs, true, every).item()

    return float(minimize_scalar(entropy, bounds=(0, 1), method="bounded").x)
