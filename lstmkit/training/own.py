"""Takes a module that its user trained elsewhere: its weights are kept beside the results that come from them."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from lstmkit.data.dataset import Dataset
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.recurrent import lstm_calls
from lstmkit.internals.running import forecast, kind_of
from lstmkit.models.own import OwnForecaster
from lstmkit.params import ModuleParams
from lstmkit.training.checkpoints import load_model, save_model, sha256_of, weights_of
from lstmkit.training.trained import TrainedModel

TRIED = 8  # windows on which a module is tried
OUTCOME: dict[str, Any] = {"epochs": [], "best_epoch": None, "gain": 1.0, "precision": "32-true"}
ROUNDING = 1e-4  # of the outputs' size, by which they may depend on the other windows of a batch


def take_own(
    folder: Path, model: OwnForecaster, params: ModuleParams, dataset: Dataset, windows: Windows
) -> TrainedModel:
    """A user's module, tried on a few windows when it is first seen, and its card.

    Args:
        folder: where its weights and its card are kept.
        model: with the module, in evaluation mode.
        params: of the module.
        dataset: the series.
        windows: of the training part.

    Raises:
        LstmkitError: the module cannot read the windows, puts out another shape than forecasts of all steps, depends on
            the other windows of a batch, or calls no LSTM.
    """
    request = {
        "architecture": params.model_dump(),
        "weights": sha256_of(weights_of(model)),
        "horizon": windows.horizon,
        "targets": windows.task.targets,
        "features": windows.features,
        "scaler": {name: values.tolist() for name, values in asdict(windows.scaler).items()},
        "data": dataset.fingerprint,
    }
    request = json.loads(json.dumps(request))
    saved = load_model(folder, model, request)
    if saved is None:
        check_own(model, windows)
        saved = save_model(folder, model, request, OUTCOME)
    return TrainedModel(model, saved, None)


def untrained_own(make: Callable[[], OwnForecaster], seed: int) -> OwnForecaster:
    """A user's module with weights that are drawn from a seed; PyTorch's random numbers are left as they are.

    Args:
        make: draws the weights.
        seed: of the weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def check_own(model: torch.nn.Module, windows: Windows) -> None:
    """Refuse a module whose forecasts cannot be explained.

    Args:
        model: in evaluation mode.
        windows: that it shall read.

    Raises:
        LstmkitError: as `take_own`.
    """
    some = windows.spread(TRIED)
    x, _ = some.gather(torch.arange(len(some)))
    with torch.inference_mode():
        lstm_calls(model, x)
        together = forecast(model, x, windows.shape, list(some.origin))
        alone = torch.cat([forecast(model, one[None], windows.shape) for one in x])
    apart = float((together - alone).abs().max())
    if apart > ROUNDING * float(together.abs().max() + 1e-12):
        raise LstmkitError(
            f"the forecasts of {kind_of(model)} for a window depend on the other windows of its batch (by "
            f"{apart:.2g}): they cannot be explained window by window"
        )
