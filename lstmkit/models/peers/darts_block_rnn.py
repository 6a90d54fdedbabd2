"""A fitted `BlockRNNModel` of darts (Herzen et al. 2022), with the scalers that stood in front of it."""

from copy import copy, deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.errors import LstmkitError
from lstmkit.models.peers.linear_scaling import Linear, LinearlyScaled, linear_of
from lstmkit.wording import count

if TYPE_CHECKING:
    from darts.dataprocessing.transformers import Scaler
    from darts.models import BlockRNNModel


class DartsBlockRNN(LinearlyScaled):
    """A darts `BlockRNNModel` that forecasts `output_chunk_length` steps at once.

    Args:
        network: fitted, with its reversible instance normalisation where it has one.
        targets: scaling of each target.
        covariates: scaling of each past covariate.
    """

    def __init__(self, network: Any, targets: list[Linear], covariates: list[Linear]):
        super().__init__([*targets, *covariates], targets)
        self.network: Any = deepcopy(network).eval()
        self.normalises, self.network.use_reversible_instance_norm = (
            network.use_reversible_instance_norm,
            False,
        )
        self.n_targets = len(targets)

    def of_scaled(self, x: Float[Tensor, "batch time feature"]) -> Float[Tensor, "batch horizon target"]:
        """Forecasts of the network.

        Args:
            x: the targets and then the past covariates.
        """
        from darts.utils.data.torch_datasets.utils import PLModuleInput

        target, past = x[..., : self.n_targets], x[..., self.n_targets :]
        norm = self._norm_of(target)
        given = target if norm is None else norm.transform(target)
        ahead = self.network(PLModuleInput(given, past if past.shape[-1] else None)).prediction
        return (ahead if norm is None else norm.inverse(ahead))[..., 0]

    def _norm_of(self, target: Float[Tensor, "batch time target"]) -> Any:
        """The reversible normalisation by what is in each window, through which darts takes no gradient."""
        if not self.normalises:
            return None
        norm = copy(self.network.rin)  # it keeps the statistics, which shall not stay in the module
        norm.mean = target.mean(dim=1, keepdim=True)
        norm.stdev = (target.var(dim=1, keepdim=True, unbiased=False) + norm.eps).sqrt()
        return norm


def from_darts(
    fitted: "BlockRNNModel", scaler: "Scaler | None" = None, covariates_scaler: "Scaler | None" = None
) -> nn.Module:
    """A fitted `BlockRNNModel` of darts as a module, in evaluation mode; what was fitted is left as it is.

    It reads windows of `input_chunk_length` steps with the targets and then the past covariates, and puts out
    `output_chunk_length` steps ahead, equal to what `fitted.predict` forecasts and `scaler` scales back. A model that
    was fitted in double precision needs `.float()`.

    Args:
        fitted: after `fit` or `BlockRNNModel.load`.
        scaler: fitted, with which the targets were scaled; none where they were not.
        covariates_scaler: the same of the past covariates.

    Raises:
        LstmkitError: the model is not fitted or works in a way that a module cannot: with future or static covariates,
            a likelihood, or a shifted output; or a scaler is not linear.
    """
    network: Any = fitted.model
    if network is None:
        raise LstmkitError("the darts model is not fitted: call its fit first")
    n_targets = network.target_size
    n_covariates = network.input_size - n_targets
    if said := _refused(fitted):
        raise LstmkitError(f"the darts {type(fitted).__name__} {said}")
    targets = _scalings(scaler, n_targets, "scaler")
    return DartsBlockRNN(
        network, targets, _scalings(covariates_scaler, n_covariates, "covariates_scaler")
    ).eval()


def _refused(fitted: "BlockRNNModel") -> str:
    """Why a module cannot do what the model does; empty where it can."""
    if fitted.uses_future_covariates:
        return "reads future covariates: fit it without; past covariates alone are supported"
    if fitted.uses_static_covariates:
        return "reads static covariates: fit it with use_static_covariates=False"
    if fitted.likelihood is not None:
        return f"puts out several values per step for its likelihood {type(fitted.likelihood).__name__}: fit it without"
    if fitted.output_chunk_shift:
        return f"has output_chunk_shift={fitted.output_chunk_shift}: fit it without, to forecast what follows a window"
    return ""


def _scalings(scaler: "Scaler | None", n_columns: int, name: str) -> list[Linear]:
    """How a scaler scales each component of a series."""
    if scaler is None:
        return [Linear()] * n_columns
    from darts import TimeSeries

    def column(at: int, values: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
        return scaler.transform(TimeSeries.from_values(np.tile(values[:, None], n_columns))).values()[:, at]

    try:
        return [linear_of(partial(column, at), name) for at in range(n_columns)]
    except ValueError as error:
        if isinstance(error, LstmkitError):
            raise
        raise LstmkitError(f"{name} is not fitted to {count(n_columns, 'column')}: {error}") from None
