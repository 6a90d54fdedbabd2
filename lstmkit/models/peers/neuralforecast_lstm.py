"""A fitted `LSTM` of neuralforecast (Olivares et al. 2022), with its scaling of each window."""

from copy import copy, deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.errors import LstmkitError
from lstmkit.models.peers.linear_scaling import Linear, LinearlyScaled, linear_of

if TYPE_CHECKING:
    from neuralforecast import NeuralForecast


class NeuralForecastLSTM(LinearlyScaled):
    """A neuralforecast `LSTM` that forecasts all steps at once.

    Args:
        network: fitted.
        inputs: scaling of each feature by the `local_scaler_type`, the target first.
    """

    def __init__(self, network: Any, inputs: list[Linear]):
        super().__init__(inputs, inputs[:1])
        # the scaler keeps those of the last windows, with the graph that they came from
        kept = [network.scaler.x_shift, network.scaler.x_scale]
        self.network: Any = deepcopy(network, {id(each): each.detach() for each in kept}).eval()

    def of_scaled(self, x: Float[Tensor, "batch time feature"]) -> Float[Tensor, "batch horizon 1"]:
        """Forecasts of the network, which scales each window by what is in it (`scaler_type`).

        Args:
            x: the target and the historic exogenous columns.
        """
        scaler = copy(self.network.scaler)  # it keeps what it computes, which shall not stay in the module
        if scaler.scaler_type in ("standard", "revin"):
            scaler.compute_statistics = _mean_and_spread
        scaled = scaler.transform(x[..., None], torch.ones_like(x[..., :1, None]))[..., 0]
        target, others = scaled[..., :1], scaled[..., 1:]
        given = {
            "insample_y": target * 0 if self.network.exclude_insample_y else target,
            "insample_mask": torch.ones_like(target),
            "hist_exog": others if others.shape[-1] else None,
            "futr_exog": None,
            "stat_exog": None,
        }
        ahead = self.network.loss.domain_map(self.network(given))
        ahead = ahead.reshape(len(x), self.network.h, 1)
        return scaler.inverse_transform(ahead, scaler.x_shift[:, :, 0], scaler.x_scale[:, :, 0])


def _mean_and_spread(
    x: Float[Tensor, "batch time column 1"], mask: Tensor, dim: int, eps: float
) -> tuple[Float[Tensor, "batch 1 column 1"], Float[Tensor, "batch 1 column 1"]]:
    """The statistics of neuralforecast's standard scaler, which computes them in place and so loses the gradient."""
    mean = x.mean(dim, keepdim=True)
    spread = (x - mean).square().mean(dim, keepdim=True).sqrt()
    return mean, torch.where(spread == 0, 1.0, spread) + eps


def from_neuralforecast(
    fitted: "NeuralForecast", model: str | None = None, series: object = None
) -> nn.Module:
    """A fitted `LSTM` of neuralforecast as a module, in evaluation mode; what was fitted is left as it is.

    It reads windows of `input_size` steps with the target and then the columns of `hist_exog_list`, and puts out `h`
    steps ahead, equal to what `fitted.predict()` forecasts.

    Args:
        fitted: with the model, after `fit` or `NeuralForecast.load`.
        model: its name, where several were fitted.
        series: its `unique_id`, where a `local_scaler_type` scales several series each in its own way.

    Raises:
        LstmkitError: there is no such model or series, or the model works in a way that a module cannot: step by step
            (`recurrent=True`), with future, static or categorical columns, or with a loss of several outputs.
    """
    network = _network(fitted, model)
    if said := _refused(network):
        raise LstmkitError(f"the neuralforecast LSTM {network!r} {said}")
    columns = [fitted.target_col, *network.hist_exog_list]
    return NeuralForecastLSTM(network, [_scaling(fitted, column, series) for column in columns]).eval()


def _network(fitted: "NeuralForecast", name: str | None) -> Any:
    from neuralforecast.models import LSTM  # slow to import, and not installed everywhere

    found = {repr(each): each for each in fitted.models if isinstance(each, LSTM)}
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name not in found:
        known = ", ".join(found) or "none"
        asked = "name the one that is meant" if name is None else f"there is no {name!r}"
        raise LstmkitError(f"LSTMs of this NeuralForecast: {known}; {asked}")
    return found[name]


def _refused(network: Any) -> str:
    """Why a module cannot do what the model does; empty where it can."""
    if network.RECURRENT:
        return "has recurrent=True, and reads its own forecasts step by step: fit it with recurrent=False, the default"
    for columns in ("futr_exog_list", "stat_exog_list", "hist_cat_exog_list"):
        if names := getattr(network, columns):
            return f"reads {', '.join(names)} of its {columns}: fit it without; hist_exog_list alone is supported"
    if network.loss.is_distribution_output or network.loss.outputsize_multiplier > 1:
        return f"puts out several values per step for its loss {type(network.loss).__name__}: fit it with MAE or MSE"
    if network.hist_exog_list and network.scaler.scaler_type == "revin":
        return "has scaler_type='revin' with hist_exog_list, whose order neuralforecast does not keep: use another"
    return ""


def _scaling(fitted: "NeuralForecast", column: str, series: object) -> Linear:
    """How `local_scaler_type` scales a column of a series."""
    if column not in fitted.scalers_:
        return Linear()
    from coreforecast.grouped_array import GroupedArray

    names = list(fitted.uids)
    if len(names) > 1 and series not in names:
        known = ", ".join(map(str, names[:5]))
        raise LstmkitError(
            f"local_scaler_type scales each series in its own way: name one of {len(names)}: {known}, …"
        )
    at = names.index(series) if len(names) > 1 else 0

    def transform(values: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
        every = GroupedArray(np.tile(values, len(names)), np.arange(0, 3 * len(names) + 1, 3, dtype=np.int32))
        return fitted.scalers_[column].transform(every).reshape(-1, 3)[at]

    return linear_of(transform, f"local_scaler_type={fitted.local_scaler_type!r}")
